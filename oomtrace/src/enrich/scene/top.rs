//! The largest processes by resident memory, within a time budget.

use std::ffi::CStr;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::pressure::swap_of_status;
use crate::kernel::proc::Dir;
use crate::model::{Text, TopProcess};

/// Processes that are listed.
pub(crate) const TOP: usize = 10;
/// Bytes of `/proc/<pid>/status` up to and with `VmSwap`; supplementary groups before it take at most 2 KiB of a
/// usual process.
const STATUS_MAX: usize = 8 * 1024;
/// How many processes are read between two looks at the clock.
const STRIDE: u32 = 16;

/// A scan of `/proc`.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The largest, largest first.
    pub(crate) top: Vec<TopProcess>,
    /// Processes that were read.
    pub(crate) read: u32,
    /// Processes that were left alone.
    pub(crate) left_alone: Vec<u32>,
    /// The last process that was looked at, when the budget ended before the list of processes.
    pub(crate) stopped_at: Option<u32>,
}

/// Reads `statm` of the processes below `proc` but those to be `left_alone`, until all are read or `budget` is used up;
/// `buf` holds the listing.
pub(crate) fn scan(
    proc: &Dir,
    budget: Duration,
    page_size: u64,
    buf: &mut [u8],
    left_alone: impl Fn(u32) -> bool,
) -> Scan {
    let start = Instant::now();
    let (mut seen, mut scan) = (0u32, Scan::default());
    let mut largest: Vec<(u64, u32)> = Vec::with_capacity(TOP + 1);
    // A listing that breaks off is as good as one that was stopped; /proc gives no reason to.
    let _ = proc.numbers(buf, |pid| {
        if seen.is_multiple_of(STRIDE) && start.elapsed() >= budget {
            scan.stopped_at = Some(pid);
            return ControlFlow::Break(());
        }
        seen += 1;
        if left_alone(pid) {
            scan.left_alone.push(pid);
        } else if let Some(pages) = resident_pages(proc, pid) {
            scan.read += 1;
            insert(&mut largest, pages, pid);
        }
        ControlFlow::Continue(())
    });
    scan.top =
        largest.into_iter().map(|(pages, pid)| details(proc, pid, pages.saturating_mul(page_size))).collect();
    scan
}

/// Keeps the [`TOP`] largest, largest first.
fn insert(largest: &mut Vec<(u64, u32)>, pages: u64, pid: u32) {
    // Kernel threads and zombies have none.
    if pages > 0 {
        let at = largest.partition_point(|(other, _)| *other >= pages);
        largest.insert(at, (pages, pid));
        largest.truncate(TOP);
    }
}

/// Adds one to the largest, in place of what was read of it.
pub(super) fn add(top: &mut Vec<TopProcess>, process: TopProcess) {
    top.retain(|listed| listed.pid != process.pid);
    let at = top.partition_point(|listed| listed.rss_bytes > process.rss_bytes);
    top.insert(at, process);
    top.truncate(TOP);
}

/// Name and swap of one of the largest.
fn details(proc: &Dir, pid: u32, rss_bytes: u64) -> TopProcess {
    let mut process = TopProcess { pid, rss_bytes, ..TopProcess::default() };
    let mut buf = [0; STATUS_MAX];
    if let Some(bytes) = read(proc, pid, "comm", &mut buf) {
        process.comm = Text::new(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    }
    process.swap_bytes = read(proc, pid, "status", &mut buf).and_then(swap_of_status);
    process
}

/// The second number of `statm`.
fn resident_pages(proc: &Dir, pid: u32) -> Option<u64> {
    let mut buf = [0; 128];
    parse_statm(read(proc, pid, "statm", &mut buf)?)
}

fn parse_statm(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Reads `<pid>/<file>` without a path on the heap.
fn read<'b>(proc: &Dir, pid: u32, file: &str, buf: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut name = [0u8; 32];
    write!(&mut name[..], "{pid}/{file}\0").ok()?;
    proc.read(CStr::from_bytes_until_nul(&name).ok()?, buf).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    fn tree(sizes: &[u64]) -> tempfile::TempDir {
        let tmp = tempfile::tempdir().unwrap();
        for (pid, pages) in (1..).zip(sizes) {
            let dir = tmp.path().join(format!("{pid}"));
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join("statm"), format!("900 {pages} 1 1 0 1 0\n")).unwrap();
            fs::write(dir.join("comm"), format!("p\n{pid}\n")).unwrap();
            fs::write(dir.join("status"), format!("Name:\tp\nVmSwap:\t{pid} kB\n")).unwrap();
        }
        tmp
    }

    #[test]
    fn the_ten_largest() {
        let tmp = tree(&[0, 5, 90, 7, 8, 1, 2, 3, 4, 10, 11, 12, 13, 14, 90]);
        fs::remove_file(tmp.path().join("15/status")).unwrap();
        fs::create_dir(tmp.path().join("99")).unwrap();
        let found =
            scan(&Dir::open(tmp.path()).unwrap(), Duration::from_secs(60), 4096, &mut [0; 4096], |_| false);
        let pages: Vec<u64> = found.top.iter().map(|p| p.rss_bytes / 4096).collect();
        assert_eq!(pages, [90, 90, 14, 13, 12, 11, 10, 8, 7, 5]);
        assert_eq!((found.read, found.stopped_at), (15, None));
        let of = |pid| found.top.iter().find(|p| p.pid == pid).unwrap();
        assert_eq!((of(3).comm.clone(), of(3).swap_bytes), (Text::from("p\n3"), Some(3072)));
        assert_eq!(of(15).swap_bytes, None);
    }

    #[test]
    fn a_used_up_budget_is_told() {
        let tmp = tree(&[1, 2, 3]);
        let found = scan(&Dir::open(tmp.path()).unwrap(), Duration::ZERO, 4096, &mut [0; 4096], |_| false);
        assert!(found.stopped_at.is_some() && found.top.is_empty());
    }

    #[test]
    fn we_are_among_the_processes() {
        let found = scan(
            &Dir::open("/proc".as_ref()).unwrap(),
            Duration::from_secs(60),
            4096,
            &mut [0; 4096],
            |_| false,
        );
        assert!(found.read > 1 && !found.top.is_empty());
        assert!(found.top.windows(2).all(|pair| pair[0].rss_bytes >= pair[1].rss_bytes));
    }

    proptest! {
        #[test]
        fn the_largest_are_kept(sizes in proptest::collection::vec(0u64..50, 0..40)) {
            let mut largest = Vec::new();
            sizes.iter().for_each(|pages| insert(&mut largest, *pages, 1));
            let mut all: Vec<u64> = sizes.into_iter().filter(|p| *p > 0).collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            all.truncate(TOP);
            prop_assert_eq!(largest.into_iter().map(|(pages, _)| pages).collect::<Vec<_>>(), all);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse_statm(&bytes);
        }
    }
}
