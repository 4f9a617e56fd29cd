//! The incident record `oomtrace/1`: the types here are the public schema (docs/events.md).
//!
//! Bytes are integers, 64-bit ids are strings (JSON readers lose bits above 2^53), times are RFC 3339 UTC with
//! nanoseconds beside `boottime_ns`. What is not known is absent, never zero. Fields are only added within a major
//! version; readers ignore what they do not know.

mod alert;
mod answer;
mod bytes_text;
mod diagnosis;
mod history;
mod holders;
mod incident;
mod runtime;
mod sample;
mod scope;
mod sigkill;
mod sign;
mod stream;
mod system;
mod userspace_kill;
mod victim;

pub use alert::*;
pub use answer::*;
pub use bytes_text::*;
pub use diagnosis::*;
pub use history::*;
pub use holders::*;
pub use incident::*;
pub use runtime::*;
pub use sample::*;
pub use scope::*;
pub use sigkill::*;
pub use sign::*;
pub use stream::*;
pub use system::*;
pub use userspace_kill::*;
pub use victim::*;

/// Name and major version of the record.
pub const SCHEMA: &str = "oomtrace/1";

/// The kernel's log among the probes of a record or of a stream.
pub const KERNEL_LOG: &str = "kernel log";
