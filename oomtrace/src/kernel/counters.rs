//! The kernel's own count of OOM kills, to check oneself against.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::Roots;
use super::proc::text;

/// Twice what /proc/vmstat is on the newest kernels (6 kB).
const BUFFER_LEN: usize = 16 << 10;

/// OOM kills since boot, machine-wide: the `oom_kill` line of /proc/vmstat (4.13 and later).
///
/// The kernel counts processes it sent SIGKILL to; with `memory.oom.group` it counts the first victim twice.
#[must_use]
pub fn vmstat_oom_kill(roots: &Roots) -> Option<u64> {
    VmstatOomKill::open(roots)?.read()
}

/// The same with the file kept open and the memory at hand, so that nothing is opened or allocated during an OOM.
#[derive(Debug)]
pub struct VmstatOomKill {
    file: File,
    buffer: Box<[u8]>,
}

impl VmstatOomKill {
    /// Opens /proc/vmstat; `None` when it is not there.
    #[must_use]
    pub fn open(roots: &Roots) -> Option<Self> {
        let file = File::open(roots.proc.join("vmstat")).ok()?;
        Some(Self { file, buffer: vec![0; BUFFER_LEN].into_boxed_slice() })
    }

    /// OOM kills since boot, `None` when the kernel does not count them.
    pub fn read(&mut self) -> Option<u64> {
        let mut filled = 0;
        // procfs hands out about a page at a time.
        while filled < self.buffer.len() {
            match self.file.read_at(&mut self.buffer[filled..], filled as u64) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        oom_kill(&self.buffer[..filled])
    }
}

/// Of `vmstat`, `memory.events` or `memory.oom_control`: how many processes were killed.
pub(crate) fn oom_kill(text: &[u8]) -> Option<u64> {
    text::value(text, b"oom_kill")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_shows_later_values() {
        let dir = tempfile::tempdir().unwrap();
        let roots = Roots { proc: dir.path().into(), ..Roots::default() };
        assert!(VmstatOomKill::open(&roots).is_none());
        let padding = "nr_something 123456\n".repeat(400);
        std::fs::write(dir.path().join("vmstat"), format!("{padding}oom_kill 1\n")).unwrap();
        let mut kept = VmstatOomKill::open(&roots).unwrap();
        assert_eq!(kept.read(), Some(1));
        std::fs::write(dir.path().join("vmstat"), "oom_kill 22\n").unwrap();
        assert_eq!(kept.read(), Some(22));
    }

    #[test]
    fn the_running_kernel_counts() {
        let direct = std::fs::read("/proc/vmstat").unwrap();
        let Some(expected) = oom_kill(&direct) else {
            return assert!(vmstat_oom_kill(&Roots::default()).is_none());
        };
        // Another test may make a kill in between: the count never falls.
        assert!(vmstat_oom_kill(&Roots::default()).unwrap() >= expected);
    }
}
