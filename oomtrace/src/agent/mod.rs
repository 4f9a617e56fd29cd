//! The agent's engine: configuration, the spool on disk, catching up, and what the service manager is told.
//!
//! It knows nothing of hooks: `command/agent` hands it the events of a trace, and what the sampler read.

pub mod catch_up;
pub mod config;
pub mod metrics;
pub mod notify;
pub mod pressure;
pub mod rules;
pub mod sinks;
pub mod spool;
pub mod watch;
