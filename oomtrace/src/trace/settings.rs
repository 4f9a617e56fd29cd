//! What a trace is to do.

use std::path::PathBuf;
use std::time::Duration;

use crate::filter::Filter;
use crate::output::Output;
use crate::render::Render;

/// What a trace is to do; by default it goes on until it is told to stop, and everything is reported.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Ends after this time.
    pub duration: Option<Duration>,
    /// Ends after so many reported kills.
    pub count: Option<u64>,
    /// Reports other SIGKILLs than the OOM killer's as well.
    pub sigkill: bool,
    /// Hides secrets in command lines.
    pub hides_secrets: bool,
    /// Begins with a header and ends with a footer.
    pub framed: bool,
    /// Ends when nobody reads standard output any more.
    pub for_reader: bool,
    /// The BPF programs write a log.
    pub debug: bool,
    /// Bytes of the ring buffer.
    pub ring_size: u32,
    /// The kernel's types, instead of those of the running one.
    pub btf: Option<PathBuf>,
    /// Kinds of hooks, facts and programs that are left out.
    pub without_probe: Vec<String>,
    /// Samples memory.
    pub history: bool,
    /// Time between samples, unless it is the usual one.
    pub sample_interval: Option<Duration>,
    /// Sees allocations while a limit is close.
    pub alloc_hook: bool,
    /// Which kills are reported.
    pub filter: Filter,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            duration: None,
            count: None,
            sigkill: false,
            hides_secrets: true,
            framed: true,
            for_reader: false,
            debug: false,
            ring_size: 1 << 20,
            btf: None,
            without_probe: Vec::new(),
            history: true,
            sample_interval: None,
            alloc_hook: false,
            filter: Filter::default(),
        }
    }
}

/// Where a trace is written to, and in what form.
pub struct Sink {
    /// An open output.
    pub output: Output,
    /// Its form.
    pub render: Box<dyn Render + Send>,
}
