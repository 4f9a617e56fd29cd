//! Programs of processes. Nothing is remembered: the same process runs another one after exec.

use super::{Image, ProcessKey, bpf::Identities};
use crate::{
    kernel::Roots,
    kernel::{
        cgroup::Memcgs,
        proc::{Dir, Stat},
    },
};

/// Bytes of a path that are read.
const PATH_MAX: usize = 1024;
/// `stat` is shorter.
const TEXT_MAX: usize = 2048;

/// Looks up programs. `/proc/<pid>/exe` is a link whose text the kernel makes without waiting for `mmap_lock`.
pub(crate) struct Exes {
    proc: Option<Dir>,
    identities: Option<Identities>,
}

impl Exes {
    /// `identities` know processes that are gone, and when a process called exec.
    pub(crate) fn open(roots: &Roots, identities: Option<Identities>) -> Self {
        Self { proc: Dir::open(&roots.proc).ok(), identities }
    }

    /// The program of a process: of one that is gone what it was given to exec, where the kernel side kept that.
    pub(crate) fn of(&self, key: ProcessKey, memcgs: &Memcgs) -> Image {
        let kept = self.identities.as_ref().and_then(|identities| identities.of(key, memcgs.tick_ns));
        let exec_ns = kept.as_ref().map(|kept| kept.exec_ns);
        match self.read(key, memcgs.tick_ns) {
            Some((comm, exe)) => Image { exe: Some(exe), comm: Some(comm), exec_ns },
            None => Image { exe: kept.and_then(|kept| kept.exe), comm: None, exec_ns },
        }
    }

    fn read(&self, key: ProcessKey, tick_ns: u64) -> Option<([u8; 16], Vec<u8>)> {
        let dir = super::files::directory(self.proc.as_ref()?, key.pid).ok()?;
        // The link before the name: after an exec in between the name is the later one, and shows it.
        let mut exe = dir.read_link(c"exe").ok()?;
        exe.truncate(PATH_MAX);
        let stat = Stat::parse(dir.read(c"stat", &mut [0; TEXT_MAX]).ok()?)?;
        // The number may be another process's by now.
        if stat.start_ticks != key.start_ns / tick_ns {
            return None;
        }
        let mut comm = [0; 16];
        for (to, from) in comm[..15].iter_mut().zip(&stat.comm) {
            *to = *from;
        }
        Some((comm, exe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_and_no_other_ones() {
        let memcgs = Memcgs::find(&Roots::default()).0;
        let exes = Exes::open(&Roots::default(), None);
        let pid = std::process::id();
        let stat = std::fs::read(format!("/proc/{pid}/stat")).unwrap();
        let start_ns = Stat::parse(&stat).unwrap().start_ticks * memcgs.tick_ns;
        let own = std::env::current_exe().unwrap().into_os_string().into_encoded_bytes();
        // The kernel side gives ns, /proc ticks.
        assert_eq!(exes.of(ProcessKey { pid, start_ns: start_ns + 1 }, &memcgs).exe, Some(own));
        assert_eq!(exes.of(ProcessKey { pid, start_ns: start_ns + memcgs.tick_ns }, &memcgs).exe, None);
    }
}
