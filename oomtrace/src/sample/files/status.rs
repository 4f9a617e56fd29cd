//! What `status` and `statm` of a process say of its memory. Neither waits for the process's `mmap_lock`.

use crate::kernel::proc::text;
use crate::sample::ProcessSample;

/// Memory and owner of a process, from `/proc/<pid>/status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Real user id.
    pub uid: u32,
    /// `None` for a task that has given its memory back: a zombie, or a leader that exited before its threads.
    pub memory: Option<Memory>,
}

/// Parts of a process's memory, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    anon: u64,
    file: u64,
    shmem: u64,
    swap: u64,
    page_tables: u64,
}

impl Status {
    /// Parses `status`. `Name:` comes first, but the kernel escapes newlines there.
    pub(crate) fn parse(status: &[u8]) -> Self {
        let mut parsed = Self::default();
        let mut memory = Memory::default();
        let mut has_memory = false;
        text::lines(status, b':', |key, value| {
            let field = match key {
                b"Uid" => {
                    let uid = text::number(value).and_then(|uid| u32::try_from(uid).ok());
                    parsed.uid = uid.unwrap_or_default();
                    return;
                }
                b"RssAnon" => &mut memory.anon,
                b"RssFile" => &mut memory.file,
                b"RssShmem" => &mut memory.shmem,
                b"VmSwap" => &mut memory.swap,
                b"VmPTE" => &mut memory.page_tables,
                _ => return,
            };
            if let Some(bytes) = text::kilobytes(value) {
                *field = bytes;
                has_memory = true;
            }
        });
        parsed.memory = has_memory.then_some(memory);
        parsed
    }
}

impl Memory {
    /// Puts the parts into a sample.
    pub(crate) fn fill(&self, sample: &mut ProcessSample) {
        sample.anon = self.anon;
        sample.file = self.file;
        sample.shmem = self.shmem;
        sample.swap = self.swap;
        sample.page_tables = self.page_tables;
    }
}

/// The first three numbers of `statm`, in pages: address space, resident, of that file mappings and shmem. As long as they stay the same, the
/// rest is taken to be the same.
pub(crate) fn statm(statm: &[u8]) -> Option<[u64; 3]> {
    let mut words = statm.split(|b| *b == b' ');
    let mut next = || text::number(words.next()?);
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_memory() {
        let text =
            b"Name:\tx\\nUid:\t7\nUid:\t1000\t0\t0\t0\nVmSize:\t 9 kB\nRssAnon:\t 3 kB\nRssFile:\t 2 kB\n\
            RssShmem:\t 1 kB\nVmPTE:\t 44 kB\nVmSwap:\t 5 kB\nThreads:\t3\n";
        let status = Status::parse(text);
        assert_eq!(status.uid, 1000);
        let mut sample = ProcessSample::default();
        status.memory.unwrap().fill(&mut sample);
        assert_eq!(sample.footprint(), (3 + 2 + 1 + 44 + 5) * 1024);
        assert_eq!((sample.anon, sample.page_tables), (3 << 10, 44 << 10));
    }

    #[test]
    fn a_zombie_has_none() {
        assert_eq!(Status::parse(b"Name:\tz\nState:\tZ (zombie)\nUid:\t5\t5\t5\t5\n").memory, None);
        assert_eq!(Status::parse(b"VmSwap:\t99999999999999999999 kB\n").memory, None);
    }

    #[test]
    fn statm_of_a_process() {
        assert_eq!(statm(b"2042 470 445 75 0 117 0\n"), Some([2042, 470, 445]));
        assert_eq!(statm(b"1 2\n"), None);
        assert_eq!(statm(b""), None);
    }
}
