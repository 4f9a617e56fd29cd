//! What a kernel-side ring had no room for.

use aya::{
    Ebpf,
    maps::{MapData, PerCpuArray},
};

/// A counter of lost records.
pub(crate) struct Loss {
    map: PerCpuArray<MapData, u64>,
    told: u64,
}

impl Loss {
    /// `None` when the object lacks the map.
    pub(crate) fn take(ebpf: &mut Ebpf, name: &str) -> Option<Self> {
        let map = ebpf.take_map(name)?.try_into().ok()?;
        Some(Self { map, told: 0 })
    }

    /// Lost since the last call.
    pub(crate) fn new_ones(&mut self) -> u64 {
        let total = self.map.get(&0, 0).map_or(self.told, |values| values.iter().sum());
        let new = total.saturating_sub(self.told);
        self.told = total;
        new
    }
}
