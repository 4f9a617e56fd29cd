//! What the agent counts, for Prometheus: served on a port, or written to a file for node_exporter.

mod page;
mod server;
mod stats;
mod textfile;

pub use server::{Address, Server};
pub use stats::Shared;
pub use textfile::write as write_textfile;
