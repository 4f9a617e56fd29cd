//! The kernel's allocation hook, as the sampler wants it.

use super::{Growth, Hook};
use crate::model::PartKind;
use crate::sample::{AllocHook, AllocKind, Step};

/// The hook on `kmem:rss_stat`.
pub struct Allocations {
    hook: AllocHook,
    steps: Vec<Step>,
}

impl Allocations {
    /// Not armed yet.
    #[must_use]
    pub fn new(hook: AllocHook) -> Self {
        Self { hook, steps: Vec::new() }
    }
}

impl Hook for Allocations {
    fn arm(&mut self) -> std::io::Result<()> {
        self.hook.arm()
    }

    fn disarm(&mut self) {
        self.hook.disarm();
    }

    fn take(&mut self, each: &mut dyn FnMut(Growth)) -> u64 {
        let lost = self.hook.steps(&mut self.steps);
        for step in &self.steps {
            let kind = match step.kind {
                AllocKind::File => PartKind::File,
                AllocKind::Anon => PartKind::Anon,
                AllocKind::Swap => PartKind::Swap,
                AllocKind::Shmem => PartKind::Shmem,
            };
            // Whose memory it is is not known where another process changed it, e.g. by reclaim.
            let Some(pid) = step.pid else { continue };
            each(Growth { time_ns: step.time_ns, pid, kind, bytes: step.bytes });
        }
        lost
    }
}
