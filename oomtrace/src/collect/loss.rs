//! Records that did not fit into the ring buffer, counted by the kernel side.

use anyhow::{Context, Result};
use aya::{
    Ebpf,
    maps::{Array, MapData, PerCpuArray},
};
use oomtrace_common::{counter, kind};

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Records of any kind that did not fit.
    pub records: u64,
    /// Kill numbers that were given out.
    pub kills_numbered: u64,
}

/// Reads the counters.
pub struct LossReader {
    lost: PerCpuArray<MapData, u64>,
    counters: Array<MapData, u64>,
}

impl LossReader {
    /// Takes the counter maps out of the loaded object.
    ///
    /// # Errors
    /// When the object lacks them.
    pub fn take(ebpf: &mut Ebpf) -> Result<Self> {
        let lost = ebpf.take_map("LOST").context("the BPF object holds no map LOST")?;
        let counters = ebpf.take_map("COUNTERS").context("the BPF object holds no map COUNTERS")?;
        Ok(Self { lost: lost.try_into()?, counters: counters.try_into()? })
    }

    /// The counts now; what can't be read counts as 0.
    #[must_use]
    pub fn read(&self) -> Loss {
        let of_kind = |k: u32| self.lost.get(&k, 0).map_or(0, |values| values.iter().sum::<u64>());
        Loss {
            records: (0..kind::COUNT).map(of_kind).sum(),
            kills_numbered: self.counters.get(&counter::KILLS, 0).unwrap_or(0),
        }
    }
}
