//! Clocks of the sampler, so that tests can hand it others.

use crate::kernel::clock::{asleep_ns, boottime_ns, thread_cpu_ns};

/// What time it is.
pub trait Clock: Send {
    /// `CLOCK_BOOTTIME`, in ns.
    fn now_ns(&self) -> u64;
    /// How long the machine has slept since boot, in ns.
    fn slept_ns(&self) -> u64;
    /// CPU time of the calling thread, in ns.
    fn cpu_ns(&self) -> u64;
}

/// The machine's.
#[derive(Clone, Copy, Debug)]
pub struct Real;

impl Clock for Real {
    fn now_ns(&self) -> u64 {
        boottime_ns()
    }

    fn slept_ns(&self) -> u64 {
        asleep_ns()
    }

    fn cpu_ns(&self) -> u64 {
        thread_cpu_ns()
    }
}
