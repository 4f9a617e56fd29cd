//! Which processes of a run used the most memory.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::kernel::Roots;
use crate::model::Text;

/// Processes remembered; the smallest give way.
const KEPT: usize = 256;
/// Processes looked at in one pass.
const PASS: usize = 4096;
/// First pass after the start, and the longest time between two.
const SOON: Duration = Duration::from_millis(50);
const LATER: Duration = Duration::from_secs(1);
/// A pass may take this part of the time: a run is not to be slowed down by being watched.
const SHARE: u32 = 400;

/// A process and the most that was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Consumer {
    /// Process id, as we see it.
    pub(super) pid: u32,
    /// Name.
    pub(super) comm: Text,
    /// Highest resident memory seen, bytes.
    pub(super) peak: u64,
}

/// Watches the processes of a run.
#[derive(Debug)]
pub(super) struct Consumers {
    roots: Roots,
    page_size: u64,
    seen: HashMap<u32, Consumer>,
    /// Resident memory of all at the last pass.
    total: Option<u64>,
    due: Instant,
    pause: Duration,
}

impl Consumers {
    pub(super) fn new(roots: &Roots) -> Self {
        // SAFETY: a plain call.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let page_size = u64::try_from(page).unwrap_or(4096);
        Self {
            roots: roots.clone(),
            page_size,
            seen: HashMap::new(),
            total: None,
            due: Instant::now() + SOON,
            pause: SOON,
        }
    }

    /// Looks at the processes that `members` names, when it is time to. The first passes follow each other quickly, because
    /// most commands are short.
    pub(super) fn tick(&mut self, members: impl FnOnce() -> Vec<u32>) {
        let start = Instant::now();
        if start < self.due {
            return;
        }
        self.pass(&members());
        self.pause = (self.pause * 2).min(LATER).max(start.elapsed() * SHARE);
        self.due = Instant::now() + self.pause;
    }

    fn pass(&mut self, pids: &[u32]) {
        let mut total = 0;
        for pid in pids.iter().take(PASS) {
            if let Some((comm, resident)) = self.read(*pid) {
                total += resident;
                self.take(*pid, comm, resident);
            }
        }
        self.total = Some(total);
        self.forget();
    }

    /// Name and resident memory of a process.
    fn read(&self, pid: u32) -> Option<(Text, u64)> {
        let dir = self.roots.proc.join(pid.to_string());
        let statm = fs::read_to_string(dir.join("statm")).ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        let mut comm = fs::read(dir.join("comm")).ok()?;
        // The kernel adds a newline; one in the name itself stays.
        comm.pop();
        Some((Text::new(comm), pages * self.page_size))
    }

    fn take(&mut self, pid: u32, comm: Text, resident: u64) {
        let seen = self.seen.entry(pid).or_insert_with(|| Consumer { pid, comm: comm.clone(), peak: 0 });
        seen.peak = seen.peak.max(resident);
        // It may have called exec since.
        seen.comm = comm;
    }

    /// Keeps the largest.
    fn forget(&mut self) {
        if self.seen.len() > KEPT {
            let largest = self.top(KEPT / 2).into_iter().map(|consumer| (consumer.pid, consumer));
            self.seen = largest.collect();
        }
    }

    /// Resident memory of all at the last pass, shared memory counted for each.
    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    /// The largest, by the most that was seen of each.
    pub(super) fn top(&self, count: usize) -> Vec<Consumer> {
        let mut all: Vec<Consumer> = self.seen.values().cloned().collect();
        all.sort_by(|a, b| b.peak.cmp(&a.peak).then(a.pid.cmp(&b.pid)));
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_each_and_the_largest_first() {
        let proc = tempfile::tempdir().unwrap();
        let roots = Roots { proc: proc.path().into(), ..Roots::default() };
        let set = |pid: u32, comm: &str, pages: u64| {
            let dir = proc.path().join(pid.to_string());
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("statm"), format!("999 {pages} 1 1 0 1 0\n")).unwrap();
            fs::write(dir.join("comm"), format!("{comm}\n")).unwrap();
        };
        let mut consumers = Consumers::new(&roots);
        consumers.page_size = 4096;
        set(7, "sh", 10);
        set(8, "a\nb", 100);
        consumers.pass(&[7, 8, 9]);
        assert_eq!(consumers.total(), Some(110 * 4096));
        set(7, "java", 50);
        set(8, "a\nb", 20);
        consumers.pass(&[7, 8]);
        let top: Vec<_> = consumers.top(5).into_iter().map(|c| (c.comm, c.peak / 4096)).collect();
        assert_eq!(top, [(Text::from("a\nb"), 100), (Text::from("java"), 50)]);
    }

    #[test]
    fn many_processes_are_bounded() {
        let mut consumers = Consumers::new(&Roots::default());
        for pid in 0..10_000 {
            consumers.take(pid, Text::from("x"), u64::from(pid));
            consumers.forget();
        }
        assert!(consumers.seen.len() <= KEPT);
        assert_eq!(consumers.top(1)[0].pid, 9_999);
    }
}
