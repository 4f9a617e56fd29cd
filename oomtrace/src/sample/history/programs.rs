//! Which program a process runs: after exec it is another one, with memory that begins at nothing.

use std::sync::Arc;

use super::processes::Process;
use crate::sample::Image;

/// Times that a process is asked for again because its name changed between its sample and the answer.
const TRIES: u8 = 3;

/// What a process ran before its last exec.
#[derive(Debug)]
pub(super) struct Previous {
    pub(super) comm: [u8; 16],
    pub(super) exe: Option<Arc<[u8]>>,
}

/// The program of one process.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// When it called exec last, `CLOCK_BOOTTIME` ns; 0 when it has not, as far as the samples show.
    pub(super) exec_ns: u64,
    pub(super) previous: Option<Box<Previous>>,
    change: Option<Box<Change>>,
    tries: u8,
}

/// Another name, or much less memory than in the sample before: an exec, unless the answer says otherwise.
#[derive(Debug)]
struct Change {
    /// The last sample before it, and the first after it.
    between: (u64, u64),
    comm: [u8; 16],
    exe: Option<Arc<[u8]>>,
    renamed: bool,
    fell: bool,
    /// Highest and lowest size before it, in pages.
    peak: u32,
    low: u32,
}

impl Process {
    /// When the memory of its program began at nothing.
    pub(super) fn born_ns(&self) -> u64 {
        self.key.start_ns.max(self.program.exec_ns)
    }

    /// A sample differs from the one before: it is asked for its program again. Sizes count anew until the answer.
    pub(super) fn changed(&mut self, now_ns: u64, renamed: bool, fell: bool, exe: Option<Arc<[u8]>>) {
        self.asked = false;
        self.program.tries = 0;
        if let Some(change) = &mut self.program.change {
            change.renamed |= renamed;
            change.fell |= fell;
            return;
        }
        let between = (self.last_ns, now_ns);
        let (comm, peak, low) = (self.comm, self.peak, self.low);
        self.program.change = Some(Box::new(Change { between, comm, exe, renamed, fell, peak, low }));
        (self.peak, self.low) = (0, u32::MAX);
    }

    /// The answer is about a later name than that of the last sample: true where it is to be asked for again.
    pub(super) fn renamed_since(&mut self, image: &Image) -> bool {
        let again = image.comm.is_some_and(|comm| comm != self.comm) && self.program.tries < TRIES;
        self.program.tries += u8::from(again);
        self.asked &= !again;
        again
    }

    /// Takes the answer; true where it called exec since it was known.
    pub(super) fn runs(&mut self, image: &Image) -> bool {
        let told = image.exec_ns.filter(|exec| *exec > self.key.start_ns);
        if let Some(change) = self.program.change.take() {
            let exes = image.exe.as_deref().zip(change.exe.as_deref());
            let differs = exes.is_some_and(|(now, before)| now != before);
            let called = match told {
                Some(exec) => differs || exec > self.program.exec_ns.max(self.first_ns),
                None => differs || (change.renamed && change.fell),
            };
            self.settle(*change, called, told);
            if called {
                return true;
            }
        }
        if let Some(exec) = told.filter(|exec| *exec > self.program.exec_ns) {
            // Before its first sample, as a rule: between fork and exec a process is rarely sampled.
            self.program.exec_ns = exec;
        }
        false
    }

    /// No answer comes any more.
    pub(super) fn unanswered(&mut self) {
        if let Some(change) = self.program.change.take() {
            let called = change.renamed && change.fell;
            self.settle(*change, called, None);
        }
    }

    fn settle(&mut self, change: Change, called: bool, told: Option<u64>) {
        if !called {
            self.peak = self.peak.max(change.peak);
            self.low = self.low.min(change.low);
            return;
        }
        let (last, first) = change.between;
        // A sample bears the time of the end of its pass, so an exec may seem to come before it.
        let exec = told.unwrap_or_else(|| last.midpoint(first));
        self.program.exec_ns = exec.clamp(last.saturating_add(1_000_000).min(first), first);
        self.program.previous = Some(Box::new(Previous { comm: change.comm, exe: change.exe }));
    }
}
