//! What processes were given to exec, from the kernel side's identity maps.

use std::os::fd::AsFd as _;

use aya::{
    Ebpf, Pod,
    maps::{HashMap, Map, MapData},
};
use oomtrace_common::Identity;

use crate::sample::ProcessKey;

/// [`Identity`] as a map value.
#[repr(transparent)]
#[derive(Clone, Copy)]
struct Value(Identity);
// SAFETY: integers and arrays of integers without padding, any bit pattern is valid.
unsafe impl Pod for Value {}

/// The identity maps, by descriptors of our own: the trace reads them, too.
pub(crate) struct Identities {
    identity: HashMap<MapData, u32, Value>,
    forked: HashMap<MapData, u32, u32>,
}

impl Identities {
    /// `None` when the maps are not there or were taken.
    pub(crate) fn share(ebpf: &Ebpf) -> Option<Self> {
        let identity = HashMap::try_from(share(ebpf, "IDENTITY")?).ok()?;
        let forked = HashMap::try_from(share(ebpf, "FORKED")?).ok()?;
        Some(Self { identity, forked })
    }

    /// The last exec of a process, or of the one that it was forked from.
    pub(crate) fn of(&self, key: ProcessKey, tick_ns: u64) -> Option<Exec> {
        let of = |pid: u32| self.identity.get(&pid, 0).ok().map(|value| value.0);
        let same = |identity: &Identity| identity.start_time / tick_ns == key.start_ns / tick_ns;
        let identity = of(key.pid).filter(same).or_else(|| {
            let origin = self.forked.get(&key.pid, 0).ok()?;
            // It may have called exec after the fork.
            of(origin).filter(|identity| identity.time <= key.start_ns)
        })?;
        let exe = identity.exe.split(|b| *b == 0).next().filter(|exe| !exe.is_empty());
        Some(Exec { exe: exe.map(<[u8]>::to_vec), exec_ns: identity.time })
    }
}

/// One exec.
pub(crate) struct Exec {
    /// Path that was given to it.
    pub(crate) exe: Option<Vec<u8>>,
    /// When, `CLOCK_BOOTTIME` ns.
    pub(crate) exec_ns: u64,
}

fn share(ebpf: &Ebpf, name: &str) -> Option<Map> {
    let Map::LruHashMap(map) = ebpf.map(name)? else { return None };
    let fd = map.fd().as_fd().try_clone_to_owned().ok()?;
    Some(Map::LruHashMap(MapData::from_fd(fd).ok()?))
}
