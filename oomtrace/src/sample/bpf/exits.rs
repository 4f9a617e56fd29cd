//! Processes that have exited, from the kernel side's ring.

use aya::{
    Ebpf,
    maps::{MapData, RingBuf},
};
use oomtrace_common::{ExitedTask, UNKNOWN, decode};

use super::{bytes, loss::Loss};
use crate::sample::{Exited, ProcessKey, ProcessSample};

/// The reading end.
pub(crate) struct Exits {
    ring: RingBuf<MapData>,
    loss: Loss,
    page_size: u64,
}

impl Exits {
    /// `None` when the hook is not attached or the object lacks its maps.
    pub(crate) fn take(ebpf: &mut Ebpf, page_size: u64) -> Option<Self> {
        super::program(ebpf, "raw_tp_exited")?;
        let ring = ebpf.take_map("EXITS")?.try_into().ok()?;
        Some(Self { ring, loss: Loss::take(ebpf, "EXITS_LOST")?, page_size })
    }

    /// Those since the last call; returns how many more there were.
    pub(crate) fn drain(&mut self, into: &mut Vec<Exited>) -> u64 {
        into.clear();
        let mut undecoded = 0;
        while let Some(item) = self.ring.next() {
            match decode(&item) {
                Some(record) => into.push(exited(&record, self.page_size)),
                None => undecoded += 1,
            }
        }
        undecoded + self.loss.new_ones()
    }
}

fn exited(record: &ExitedTask, page_size: u64) -> Exited {
    let [file, anon, swap, shmem] = record.counters.map(|pages| bytes(pages, page_size));
    let known = |value: u64| if value == UNKNOWN { 0 } else { value };
    let last = ProcessSample {
        key: ProcessKey { pid: record.tgid, start_ns: record.start_time },
        ppid: record.ppid,
        uid: record.uid,
        cgroup: record.memcg_id,
        comm: record.comm,
        oom_score_adj: i16::try_from(record.oom_score_adj).unwrap_or_default(),
        threads: 0,
        anon,
        file,
        shmem,
        swap,
        page_tables: known(record.pgtables_bytes),
        major_faults: record.major_faults,
    };
    Exited { last, peak: known(record.peak).saturating_mul(page_size), time_ns: record.time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_zero() {
        let zeros: ExitedTask = decode(&[0; size_of::<ExitedTask>()]).unwrap();
        let record =
            ExitedTask { counters: [i64::MIN; 4], pgtables_bytes: UNKNOWN, peak: 10, time: 3, ..zeros };
        let exited = exited(&record, 4096);
        assert_eq!((exited.last.footprint(), exited.peak, exited.time_ns), (0, 40960, 3));
    }
}
