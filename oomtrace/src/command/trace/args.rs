//! Options of `trace`.

use std::path::PathBuf;

use clap::Args;

use crate::command::options::{Format, RING_SIZE, Redact};
use crate::command::terminal::ColorChoice;
use crate::filter::Filter;
use crate::trace::Settings;

/// Options of `trace`.
#[derive(Clone, Debug, Default, Args)]
pub struct TraceArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Same as --format ndjson
    #[arg(long)]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Stop after this long, e.g. 90s, 15m, 2h
    #[arg(long, value_name = "TIME", value_parser = crate::words::size::duration)]
    pub duration: Option<std::time::Duration>,
    /// Also report SIGKILLs that did not come from the OOM killer, and who sent them (exit code 137 isn't always an OOM kill)
    #[arg(long)]
    pub sigkill: bool,
    /// Stop after this many reported kills
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// What to hide in command lines
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub redact: Redact,
    /// Print records only; no messages about probes or lost events on standard error
    #[arg(short, long)]
    pub quiet: bool,
    /// Print more to standard error; repeat for the log of the BPF programs
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Size of the ring buffer between kernel and user space; rounded up to a power of two of whole pages
    #[arg(long, value_name = "SIZE", default_value = RING_SIZE, value_parser = crate::words::size::bytes, help_heading = "Kernel")]
    pub ring_size: u32,
    /// Read the kernel's type information (BTF) from FILE instead of /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE", help_heading = "Kernel")]
    pub btf: Option<PathBuf>,
    /// Leave out a kind of hook (fentry, kprobe, tp_btf, raw_tp, tp), a fact (candidates, signal, exit, ...) or a program
    #[arg(long, value_name = "NAME", hide = true)]
    pub without_probe: Vec<String>,
    /// Don't sample memory; reports then cover only the kill, not what led up to it
    #[arg(long, help_heading = "History")]
    pub no_history: bool,
    /// Time between samples of cgroups and the machine [default: 100ms]; processes are sampled ten times less often unless a limit
    /// is close. Stretched if sampling would use more than 1 % of a CPU
    #[arg(long, value_name = "TIME", value_parser = crate::words::size::duration, help_heading = "History", conflicts_with = "no_history")]
    pub sample_interval: Option<std::time::Duration>,
    /// While a limit is close, also hook the allocation path to see each step of 2 MiB; this costs every process 60 to 130 ns per
    /// new page during that time
    #[arg(long, help_heading = "History", conflicts_with = "no_history")]
    pub alloc_hook: bool,
    /// Which kills to report
    #[command(flatten)]
    pub filter: Filter,
}

impl TraceArgs {
    /// True when records are to be JSON.
    #[must_use]
    pub fn is_ndjson(&self) -> bool {
        self.json || self.format == Format::Ndjson
    }

    /// What the engine takes of them.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            duration: self.duration,
            count: self.count,
            sigkill: self.sigkill,
            hides_secrets: self.redact.hides(),
            framed: self.is_ndjson() || !self.quiet,
            for_reader: self.output.is_none(),
            debug: self.verbose > 1,
            ring_size: self.ring_size,
            btf: self.btf.clone(),
            without_probe: self.without_probe.clone(),
            history: !self.no_history,
            sample_interval: self.sample_interval,
            alloc_hook: self.alloc_hook,
            filter: self.filter.clone(),
        }
    }
}
