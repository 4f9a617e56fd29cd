//! Who a killed process is: what the kernel side kept at its exec, before its /proc entry goes.

use anyhow::Result;
use aya::{
    Ebpf, Pod,
    maps::{HashMap, MapData},
};
use oomtrace_common::Identity;

use crate::enrich::Enricher;

/// [`Identity`] as a map value.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct IdentityValue(Identity);
// SAFETY: integers and arrays of integers without padding, any bit pattern is valid.
unsafe impl Pod for IdentityValue {}

/// The kernel side's identity maps.
pub(super) struct Who {
    identity: HashMap<MapData, u32, IdentityValue>,
    forked: HashMap<MapData, u32, u32>,
}

impl Who {
    /// Takes the maps out of the loaded object.
    ///
    /// # Errors
    /// When the object lacks them.
    pub(super) fn take(ebpf: &mut Ebpf) -> Result<Self> {
        let take = |ebpf: &mut Ebpf, name: &str| {
            ebpf.take_map(name).ok_or_else(|| anyhow::anyhow!("the BPF object holds no map {name}"))
        };
        Ok(Self { identity: take(ebpf, "IDENTITY")?.try_into()?, forked: take(ebpf, "FORKED")?.try_into()? })
    }

    /// Takes over what is known of a process into `enricher`.
    pub(super) fn tell(&self, tgid: u32, start_time: u64, enricher: &mut Enricher) {
        if let Some(own) = self.of(tgid).filter(|i| i.start_time == start_time) {
            enricher.learn(tgid, &own);
        } else if let Ok(origin) = self.forked.get(&tgid, 0) {
            enricher.learn_fork(tgid, start_time, origin, self.of(origin).as_ref());
        }
    }

    fn of(&self, tgid: u32) -> Option<Identity> {
        self.identity.get(&tgid, 0).ok().map(|value| value.0)
    }
}
