//! All processes by their files: `statm` of each at every pass, the rest when that has changed or from time to time.
//!
//! Nothing here reads `smaps`, `maps` or `cmdline`, which wait for the process's `mmap_lock`.

use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::ops::ControlFlow;

use super::{
    kept::{Budget, Kept, exhausted, gone},
    process::{self, Seen, TEXT_MAX},
    status::statm,
};
use crate::{
    kernel::{Roots, cgroup::Memcgs, proc::Dir},
    sample::{Pass, ProcessSample, source::pass_of},
};

/// Everything of a process is read again after this many passes, also when its `statm` is the same.
const RECHECK: u32 = 16;
/// Bytes for entries of /proc between calls of the kernel.
const LISTING: usize = 32 * 1024;

/// Reads processes.
#[derive(Debug)]
pub(crate) struct FileProcesses {
    proc: Option<Dir>,
    known: HashMap<u32, Known>,
    budget: Budget,
    pids: Vec<u32>,
    listing: Vec<u8>,
    buf: Vec<u8>,
    pass: u32,
    refused: u64,
    notes: Vec<String>,
}

/// What is remembered of a number under /proc.
#[derive(Debug)]
struct Known {
    /// Of the pass in which it was seen last.
    seen: u32,
    /// Of the pass in which everything was read last.
    read: u32,
    statm: Option<Kept>,
    pages: [u64; 3],
    /// `None` for a kernel thread or a zombie.
    sample: Option<ProcessSample>,
}

impl FileProcesses {
    pub(crate) fn open(roots: &Roots) -> Self {
        let proc = Dir::open(&roots.proc);
        let failed =
            |error: &io::Error| format!("processes can't be read in {}: {error}", roots.proc.display());
        let mut notes: Vec<String> = proc.as_ref().err().map(failed).into_iter().collect();
        notes.extend(hidden(roots));
        Self {
            proc: proc.ok(),
            known: HashMap::new(),
            budget: Budget::of_limits(),
            pids: Vec::new(),
            listing: vec![0; LISTING],
            buf: vec![0; TEXT_MAX],
            pass: 0,
            refused: 0,
            notes,
        }
    }

    pub(crate) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// All processes.
    pub(crate) fn all(&mut self, memcgs: &mut Memcgs, into: &mut Vec<ProcessSample>) -> Pass {
        pass_of(|| {
            into.clear();
            self.pass = self.pass.wrapping_add(1);
            let complete = self.list().is_ok();
            let missed = self.sample(memcgs, into);
            if complete {
                self.forget_the_gone();
            }
            (missed, complete)
        })
    }

    /// The processes of these numbers.
    pub(crate) fn of(&mut self, pids: &[u32], memcgs: &mut Memcgs, into: &mut Vec<ProcessSample>) -> Pass {
        pass_of(|| {
            into.clear();
            self.pids.clear();
            self.pids.extend_from_slice(pids);
            (self.sample(memcgs, into), true)
        })
    }

    /// Lists the numbers there are.
    fn list(&mut self) -> io::Result<()> {
        self.pids.clear();
        let proc = self.proc.as_ref().ok_or(io::ErrorKind::NotFound)?;
        proc.numbers(&mut self.listing, |pid| {
            self.pids.push(pid);
            ControlFlow::Continue(())
        })
    }

    /// Samples the listed ones; returns how many could not be read although they were there.
    fn sample(&mut self, memcgs: &mut Memcgs, into: &mut Vec<ProcessSample>) -> u64 {
        let mut missed = 0;
        for at in 0..self.pids.len() {
            let pid = self.pids[at];
            match self.one(pid, memcgs) {
                Ok(Some(sample)) => into.push(sample),
                Ok(None) => {}
                Err(error) => {
                    self.forget(pid);
                    if !gone(&error) {
                        missed += 1;
                        self.failed(&error);
                    }
                }
            }
        }
        missed
    }

    /// One process, as it was at its last full look when its `statm` is the same.
    fn one(&mut self, pid: u32, memcgs: &mut Memcgs) -> io::Result<Option<ProcessSample>> {
        let proc = self.proc.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let pass = self.pass;
        let mut pages = None;
        if let Some(known) = self.known.get_mut(&pid) {
            known.seen = pass;
            // Spread, so that not all are read again in one pass.
            let due = pass.wrapping_sub(known.read) >= RECHECK + pid % RECHECK;
            if known.sample.is_none() && !due {
                return Ok(None);
            }
            pages = match &known.statm {
                Some(kept) => statm(kept.read(&mut self.buf)?),
                None => statm(proc.read(&CString::new(format!("{pid}/statm"))?, &mut self.buf)?),
            };
            if pages == Some(known.pages) && !due {
                return Ok(known.sample);
            }
        }
        self.look(pid, pages, memcgs)
    }

    /// Reads everything of a process.
    fn look(
        &mut self,
        pid: u32,
        pages: Option<[u64; 3]>,
        memcgs: &mut Memcgs,
    ) -> io::Result<Option<ProcessSample>> {
        let proc = self.proc.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let dir = process::directory(proc, pid)?;
        let old = self.known.remove(&pid);
        let recheck = old.as_ref().is_none_or(|old| self.pass.wrapping_sub(old.read) >= RECHECK);
        let cgroup = old.as_ref().and_then(|old| old.sample).filter(|_| !recheck).map(|old| old.cgroup);
        let kept = old.and_then(|old| old.statm);
        let had = kept.is_some();
        let seen = process::look(&dir, pid, cgroup, memcgs, &mut self.buf);
        let sample = match seen {
            Ok(Seen::Process(sample)) => Some(sample),
            Ok(Seen::KernelThread | Seen::Zombie) => None,
            Err(error) => {
                self.return_files(had);
                return Err(error);
            }
        };
        let statm_file = match kept {
            Some(kept) if sample.is_some() && !self.budget.exceeded() => Some(kept),
            Some(_) => {
                self.budget.give();
                None
            }
            None if sample.is_some() => self.budget.keep(&dir, c"statm"),
            None => None,
        };
        let pages = pages.or_else(|| statm(dir.read(c"statm", &mut self.buf).ok()?)).unwrap_or_default();
        self.known.insert(pid, Known { seen: self.pass, read: self.pass, statm: statm_file, pages, sample });
        Ok(sample)
    }

    fn return_files(&mut self, had: bool) {
        if had {
            self.budget.give();
        }
    }

    fn forget(&mut self, pid: u32) {
        let had = self.known.remove(&pid).is_some_and(|known| known.statm.is_some());
        self.return_files(had);
    }

    fn forget_the_gone(&mut self) {
        let (pass, budget) = (self.pass, &mut self.budget);
        self.known.retain(|_, known| {
            let there = known.seen == pass;
            if !there && known.statm.is_some() {
                budget.give();
            }
            there
        });
    }

    /// Says once why processes can't be read, and makes room when it is for want of descriptors.
    fn failed(&mut self, error: &io::Error) {
        if exhausted(error) && self.budget.halve() {
            let budget = &mut self.budget;
            for known in self.known.values_mut() {
                if budget.exceeded() && known.statm.take().is_some() {
                    budget.give();
                }
            }
        }
        self.refused += 1;
        if self.refused == 1 {
            self.notes.push(format!("some processes can't be read in /proc ({error}): samples lack them"));
        }
    }
}

/// A remark when /proc hides other users' processes from this program.
fn hidden(roots: &Roots) -> Option<String> {
    let mounts = std::fs::read_to_string(roots.proc.join("self/mounts")).ok()?;
    // SAFETY: a plain call.
    hides(&mounts, unsafe { libc::geteuid() } == 0).then(|| {
        "/proc is mounted with hidepid: other users' processes are not sampled unless this runs as root"
            .to_owned()
    })
}

fn hides(mounts: &str, root: bool) -> bool {
    let hiding = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (place, kind, options) = (words.next(), words.next(), words.next().unwrap_or_default());
        let shown = ["hidepid=0", "hidepid=off"];
        place == Some("/proc")
            && kind == Some("proc")
            && options.split(',').any(|o| o.starts_with("hidepid=") && !shown.contains(&o))
    };
    !root && mounts.lines().any(hiding)
}

#[cfg(test)]
#[path = "processes_tests.rs"]
mod tests;
