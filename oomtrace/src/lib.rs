//! oomtrace tells why Linux killed a process for memory.
//!
//! Data flows one way: kernel hooks → ring buffer → [`collect`] (decode, assemble) → [`enrich`] → [`render`].

// `pub` says what a room offers to the others, not to other crates: of those that nobody uses the compiler tells.
#![allow(unreachable_pub)]

mod agent;
mod claim;
mod collect;
mod command;
mod decompress;
mod diagnose;
mod enrich;
mod evidence;
mod filter;
mod kernel;
mod klog;
pub mod model;
mod output;
mod pen;
mod probe;
mod render;
mod rights;
mod sample;
mod sigkill;
mod survive;
mod trace;
mod words;

pub use command::main;
pub use survive::Allocator;

/// What the tests and fuzzers outside of this crate look at; it may change at any time.
#[doc(hidden)]
pub mod inside {
    #[cfg(feature = "schema")]
    pub use crate::command::doctor::Diagnosis as Doctor;
    pub use crate::decompress::open as decompress;
    pub use crate::diagnose::{advice::advise, diagnose};
    pub use crate::enrich::redact::redact;
    pub use crate::evidence::Evidence;
    pub use crate::kernel::{Btf, GfpNames, Roots, layout};
    pub use crate::render::{Ndjson, Render, SCHEMA_JSON, Text, TextStyle, html, junit, markdown, perfetto};
    #[cfg(feature = "schema")]
    pub use crate::render::{schema, schema_of};
    pub use crate::words::width;

    /// Kernel logs.
    pub mod klog {
        pub use crate::klog::incident::{self, Known, incident};
        pub use crate::klog::input::{Found, LogReader};
        pub use crate::klog::same;
    }
}

#[cfg(test)]
mod tests {
    /// Of what is open to other crates the compiler does not say that nobody uses it.
    #[test]
    fn rooms_are_closed() {
        let open = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod "));
        assert_eq!(open.collect::<Vec<_>>(), ["model;", "inside {"]);
    }
}
