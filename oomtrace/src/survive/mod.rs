//! Staying alive and awake while the machine runs out of memory.
//!
//! Order at start: [`one_arena`] before the first thread and, for evidence that has to be written, [`no_huge_pages`] and
//! [`keep_pool`]; then load and attach, then [`settle`], then [`run_first`] and [`use_pool`] in the threads that have to be in
//! time. After that nothing is forked: a child of a locked process copies pages at the worst time.

mod heap;
mod huge;
mod memory;
mod pool;
mod priority;
mod step;
mod turn;

pub use heap::*;
pub use huge::*;
pub use memory::*;
pub use pool::*;
pub use priority::*;
pub use step::*;
pub use turn::*;

use crate::kernel::Roots;

/// Everything that is done once the probes are attached, in the order that matters; the outcomes are for `doctor` and
/// the header of a stream.
pub fn settle(roots: &Roots) -> Vec<Step> {
    // Trimming a locked heap does nothing, and only what is mapped by then is locked now rather than at a fault later.
    trim_heap();
    reserve_heap();
    prefault_stack();
    vec![lock_memory(), lower_oom_score(roots)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `VmLck` of this process in KiB.
    fn locked() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
    }

    /// The one test that locks: the lock is the whole process's.
    #[test]
    fn every_measure_tells_what_came_of_it() {
        // A made-up /proc: other tests start children, which would inherit our score.
        let tmp = tempfile::tempdir().unwrap();
        std::fs::create_dir(tmp.path().join("self")).unwrap();
        std::fs::write(tmp.path().join("self/oom_score_adj"), "0\n").unwrap();
        let outcomes = settle(&Roots { proc: tmp.path().into(), ..Roots::default() });
        let locked = locked();
        // SAFETY: a plain call.
        unsafe { libc::munlockall() };
        assert_eq!(outcomes.iter().map(|o| o.name).collect::<Vec<_>>(), ["memory lock", "oom_score_adj"]);
        assert_eq!(outcomes[0].state == State::Failed, locked == 0, "{outcomes:?}");
        assert_eq!(outcomes[1].state, State::Done);
        for step in &outcomes {
            assert_eq!(step.remedy.is_none(), step.state == State::Done, "{step:?}");
            assert_eq!(step.note().is_none(), step.state == State::Done, "{step:?}");
        }
    }
}
