//! Executables of processes, remembered from the first time they were asked for.

use std::collections::HashMap;

use super::{ProcessKey, bpf::Identities, files::Memcgs};
use crate::{
    enrich::{dir::Dir, process::Stat},
    kernel::Roots,
};

/// Processes that are remembered at the most.
const ENTRIES_MAX: usize = 8192;
/// Bytes of a path that are remembered.
const PATH_MAX: usize = 1024;
/// `stat` is shorter.
const TEXT_MAX: usize = 2048;

/// Looks up executables. `/proc/<pid>/exe` is a link whose text the kernel makes without waiting for `mmap_lock`.
pub(crate) struct Exes {
    proc: Option<Dir>,
    identities: Option<Identities>,
    known: HashMap<ProcessKey, Option<Box<[u8]>>>,
}

impl Exes {
    /// `identities` tell of processes that are gone.
    pub(crate) fn open(roots: &Roots, identities: Option<Identities>) -> Self {
        Self { proc: Dir::open(&roots.proc).ok(), identities, known: HashMap::new() }
    }

    /// The path of a process that lives or was asked for while it did.
    pub(crate) fn of(&mut self, key: ProcessKey, memcgs: &Memcgs) -> Option<Vec<u8>> {
        if let Some(known) = self.known.get(&key) {
            return known.as_deref().map(<[u8]>::to_vec);
        }
        let kept = || self.identities.as_ref()?.exe(key, memcgs.tick_ns);
        let exe = self.read(key, memcgs.tick_ns).or_else(kept);
        if self.known.len() >= ENTRIES_MAX {
            // Who is still asked for comes back with the next question.
            self.known.clear();
        }
        self.known.insert(key, exe.clone().map(Vec::into_boxed_slice));
        exe
    }

    fn read(&self, key: ProcessKey, tick_ns: u64) -> Option<Vec<u8>> {
        let dir = super::files::directory(self.proc.as_ref()?, key.pid).ok()?;
        let stat = Stat::parse(dir.read(c"stat", &mut [0; TEXT_MAX]).ok()?)?;
        // The number may be another process's by now.
        if stat.start_ticks != key.start_ns / tick_ns {
            return None;
        }
        let mut exe = dir.read_link(c"exe").ok()?;
        exe.truncate(PATH_MAX);
        Some(exe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_and_no_other_ones() {
        let memcgs = Memcgs::find(&Roots::default()).0;
        let mut exes = Exes::open(&Roots::default(), None);
        let pid = std::process::id();
        let stat = std::fs::read(format!("/proc/{pid}/stat")).unwrap();
        let start_ns = Stat::parse(&stat).unwrap().start_ticks * memcgs.tick_ns;
        let own = std::env::current_exe().unwrap().into_os_string().into_encoded_bytes();
        // The kernel side gives ns, /proc ticks.
        assert_eq!(exes.of(ProcessKey { pid, start_ns: start_ns + 1 }, &memcgs), Some(own));
        assert_eq!(exes.of(ProcessKey { pid, start_ns: start_ns + memcgs.tick_ns }, &memcgs), None);
    }
}
