//! Real OOM kills, compared field by field with what the kernel says about them.
//!
//! The oracle ([`report`], [`compare`]) shares no code with oomtrace: it reads the kernel's log and the tracer's JSON as
//! a stranger would, so that one mistake can't be made on both sides.

pub mod bench;
pub mod cgroup;
pub mod compare;
pub mod counters;
pub mod disk;
pub mod guest;
pub mod kmsg;
pub mod oombench;
pub mod protocol;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod silent;
pub mod still;
pub mod sys;
pub mod tracer;
pub mod workload;
