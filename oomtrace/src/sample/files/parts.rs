//! What a memory cgroup's memory is made of, and its events.

use crate::{
    kernel::{
        cgroup::Version,
        counters::oom_kill,
        proc::{Dir, text},
    },
    sample::CgroupSample,
};

/// Longer than any `memory.stat`.
pub(crate) const TEXT_MAX: usize = 16 * 1024;

/// Reads limits, swap and events of a cgroup; what can't be read is absent.
pub(crate) fn limits(dir: &Dir, v1: bool, buf: &mut [u8], sample: &mut CgroupSample) {
    let files = Version::of(v1).files();
    sample.limit = dir.read(files.limit, buf).ok().and_then(text::limit);
    let swap = dir.read(files.swap, buf).ok().and_then(text::number);
    if let Ok(counts) = dir.read(files.kills, buf) {
        sample.oom_kills = oom_kill(counts);
        // Of v2.
        sample.limit_hits = text::value(counts, b"max");
        sample.high_hits = text::value(counts, b"high");
    }
    if v1 {
        sample.swap = swap.map(|both| both.saturating_sub(sample.usage));
        sample.limit_hits = dir.read(c"memory.failcnt", buf).ok().and_then(text::number);
        return;
    }
    sample.swap = swap;
    sample.high = dir.read(c"memory.high", buf).ok().and_then(text::limit);
}

/// Reads kinds of memory from `memory.stat`.
pub(crate) fn kinds(dir: &Dir, v1: bool, buf: &mut [u8], sample: &mut CgroupSample) {
    if let Ok(stat) = dir.read(c"memory.stat", buf) {
        if v1 { of_v1(stat, sample) } else { of_v2(stat, sample) }
    }
    if v1 {
        // Absent since 6.16 and with cgroup.memory=nokmem.
        sample.kernel = dir.read(c"memory.kmem.usage_in_bytes", buf).ok().and_then(text::number);
        sample.sock = dir.read(c"memory.kmem.tcp.usage_in_bytes", buf).ok().and_then(text::number);
    }
}

/// The `total_` lines are the cgroup's with all below it.
fn of_v1(stat: &[u8], sample: &mut CgroupSample) {
    let (mut cache, mut refaults) = (None, None);
    text::lines(stat, b' ', |key, value| {
        let value = text::number(value);
        match key {
            b"total_rss" => sample.anon = value,
            b"total_cache" => cache = value,
            b"total_shmem" => sample.shmem = value,
            b"total_workingset_refault"
            | b"total_workingset_refault_anon"
            | b"total_workingset_refault_file" => {
                refaults = add(refaults, value);
            }
            _ => {}
        }
    });
    sample.refaults = refaults;
    sample.file = cache.zip(sample.shmem).map(|(cache, shmem)| cache.saturating_sub(shmem));
}

fn of_v2(stat: &[u8], sample: &mut CgroupSample) {
    let (mut file, mut refaults, mut kernel, mut parts) = (None, None, None, None);
    text::lines(stat, b' ', |key, value| {
        let value = text::number(value);
        match key {
            b"anon" => sample.anon = value,
            b"file" => file = value,
            b"shmem" => sample.shmem = value,
            b"sock" => sample.sock = value,
            b"workingset_refault" | b"workingset_refault_anon" | b"workingset_refault_file" => {
                refaults = add(refaults, value);
            }
            // Since 5.18.
            b"kernel" => kernel = value,
            b"slab" => sample.slab = value,
            // Since 5.15.
            b"pagetables" => sample.page_tables = value,
            b"kernel_stack" | b"percpu" | b"vmalloc" => parts = add(parts, value),
            _ => {}
        }
    });
    sample.refaults = refaults;
    sample.file = file.zip(sample.shmem).map(|(file, shmem)| file.saturating_sub(shmem));
    let summed = [sample.slab, sample.page_tables].into_iter().fold(parts, add);
    sample.kernel = kernel.or(summed);
}

fn add(sum: Option<u64>, value: Option<u64>) -> Option<u64> {
    match (sum, value) {
        (Some(sum), Some(value)) => Some(sum.saturating_add(value)),
        (known, None) | (None, known) => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2() {
        let mut sample = CgroupSample::default();
        let stat = b"anon 10\nfile 30\nkernel 9\nkernel_stack 1\npagetables 2\nsock 3\nshmem 20\nslab 4\n\
            slab_reclaimable 3\nworkingset_refault_anon 5\nworkingset_refault_file 6\n";
        of_v2(stat, &mut sample);
        assert_eq!((sample.anon, sample.file, sample.shmem), (Some(10), Some(10), Some(20)));
        assert_eq!((sample.kernel, sample.slab, sample.sock), (Some(9), Some(4), Some(3)));
        assert_eq!((sample.page_tables, sample.refaults), (Some(2), Some(11)));
    }

    #[test]
    fn without_a_line_for_the_kernel_its_parts_are_summed() {
        let mut sample = CgroupSample::default();
        of_v2(b"kernel_stack 1\nslab 4\npercpu 8\n", &mut sample);
        assert_eq!((sample.kernel, sample.file, sample.refaults), (Some(13), None, None));
    }

    #[test]
    fn version_1_counts_what_is_below() {
        let mut sample = CgroupSample::default();
        let stat =
            b"cache 1\nrss 1\ntotal_cache 50\ntotal_rss 7\ntotal_shmem 20\ntotal_workingset_refault_anon 1\n\
            total_workingset_refault_file 2\n";
        of_v1(stat, &mut sample);
        assert_eq!((sample.anon, sample.file, sample.shmem), (Some(7), Some(30), Some(20)));
        assert_eq!((sample.refaults, sample.kernel), (Some(3), None));
    }

    #[test]
    fn limits_of_either_version() {
        let tmp = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(tmp.path().join(name), text).unwrap();
        write("memory.max", "max\n");
        write("memory.high", "4096\n");
        write("memory.events", "low 0\nhigh 3\nmax 4\noom 1\noom_kill 2\noom_group_kill 9\n");
        write("memory.limit_in_bytes", "8192\n");
        write("memory.memsw.usage_in_bytes", "900\n");
        write("memory.failcnt", "77\n");
        write("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
        let dir = Dir::open(tmp.path()).unwrap();
        let (mut buf, mut v1, mut v2) = ([0; 512], CgroupSample::default(), CgroupSample::default());
        v1.usage = 400;
        limits(&dir, true, &mut buf, &mut v1);
        assert_eq!(
            (v1.limit, v1.swap, v1.limit_hits, v1.oom_kills),
            (Some(8192), Some(500), Some(77), Some(5))
        );
        limits(&dir, false, &mut buf, &mut v2);
        assert_eq!((v2.limit, v2.high, v2.swap), (None, Some(4096), None));
        assert_eq!((v2.limit_hits, v2.high_hits, v2.oom_kills), (Some(4), Some(3), Some(2)));
    }
}
