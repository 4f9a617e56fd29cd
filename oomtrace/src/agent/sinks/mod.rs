//! Where kills and alerts go: each sink has a queue in the spool and a thread of its own, so that one that is down or slow holds
//! up nobody. Delivery is at least once; ids tell doubles.

mod backoff;
mod body;
mod helper;
mod http;
mod outbox;
mod sink;
mod worker;

pub use helper::{COMMAND as HELPER_COMMAND, Helper, child_main};
pub use outbox::{Account, Outbox};
pub use sink::{Kind, Sink};

#[cfg(test)]
mod tests;
