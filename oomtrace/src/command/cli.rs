//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{filter::Filter, terminal::ColorChoice};

/// Size of the ring buffer, unless asked otherwise.
pub const RING_SIZE: &str = "1M";

/// Find out why Linux killed a process for running out of memory: whose limit was hit, why this process, and who used the memory.
#[derive(Debug, Parser)]
#[command(name = "oomtrace", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    /// What to do; without one: trace.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `trace`.
    #[command(flatten)]
    pub trace: TraceArgs,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Report every OOM kill as it happens (the default)
    Trace(Box<TraceArgs>),
    /// Run a command in its own memory cgroup and report whether the OOM killer hit it
    Run(Box<super::run::RunArgs>),
    /// Cause a real OOM kill in a temporary memory cgroup and report it
    Demo(DemoArgs),
    /// Show what works on this machine, what does not, and how to fix it
    Doctor(DoctorArgs),
    /// Record OOM kills and periodic memory samples to a file
    Record(Box<super::record::RecordArgs>),
    /// Turn a recording into a report: HTML, text, Markdown, JUnit, JSON or Perfetto
    Report(super::report::ReportArgs),
    /// Watch for good: remember every OOM kill in a spool on disk, also those before the start
    Agent(Box<super::agent::AgentArgs>),
    /// List the kills in the agent's spool
    List(super::list::ListArgs),
    /// Explain OOM kills found in existing kernel logs
    Explain(Box<ExplainArgs>),
    /// Find out what killed a process: the OOM killer, someone else's SIGKILL, or neither
    Why(Box<super::why::WhyArgs>),
    /// Print the memory of all processes and cgroups as the history samples it
    #[command(hide = true)]
    Sample(SampleArgs),
    /// Print the JSON Schema of the records
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(hide = true)]
    Man,
    /// Diagnose stored records anew
    #[command(hide = true)]
    DiagnoseRecord {
        /// NDJSON; `-` for standard input
        file: PathBuf,
    },
    /// Removes a cgroup after whoever made it
    #[command(hide = true, name = super::memcg::CHILD_COMMAND)]
    Janitor {
        /// What there is to remove.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    /// Runs the programs of the agent's sinks
    #[command(hide = true, name = crate::agent::sinks::HELPER_COMMAND)]
    AgentHelper,
    /// A child of `demo`
    #[command(hide = true, name = super::demo::CHILD_COMMAND)]
    DemoChild {
        /// What it is to do.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
}

/// Output format of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Human-readable
    #[default]
    Text,
    /// One JSON object per line
    Ndjson,
}

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
}

/// What to hide in command lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Redact {
    /// Values that look like passwords, tokens and keys
    #[default]
    Secrets,
    /// Nothing
    Off,
}

/// Options of `demo`.
#[derive(Clone, Debug, Default, Args)]
pub struct DemoArgs {
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    pub format: Format,
    /// Same as --format ndjson
    #[arg(long)]
    pub json: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Print more to standard error; repeat for the log of the BPF programs
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl DemoArgs {
    /// True when records are to be JSON.
    #[must_use]
    pub fn is_ndjson(&self) -> bool {
        self.json || self.format == Format::Ndjson
    }
}

/// Options of `explain`.
#[derive(Clone, Debug, Default, Args)]
pub struct ExplainArgs {
    /// Logs, oldest first, or - for standard input: dmesg, the journal, syslog, consoles, JSON, also compressed. Default: this
    /// machine's ring buffer and journal
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Output format (default: by the extension of --output, else text). Text and json are written as kills are found; the
    /// others are one document that keeps 20,000 kills, the first 200 of them in full, and says what it leaves out
    #[arg(short, long, value_enum)]
    pub format: Option<super::report::Format>,
    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Time zone of the log where it names none: UTC, local, or a name like Europe/Paris
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Print only the reports, without overview and totals
    #[arg(short, long)]
    pub quiet: bool,
    /// Exit with 1 if anything in the logs could not be read or is known to be missing
    #[arg(long)]
    pub strict: bool,
    /// Print more to standard error
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Which kills to report
    #[command(flatten)]
    pub filter: Filter,
}

impl ExplainArgs {
    /// The format that was asked for, or that the output's name asks for.
    ///
    /// # Errors
    /// Neither says which.
    pub fn format(&self) -> anyhow::Result<super::report::Format> {
        let chosen = super::report::Format::chosen(self.format, self.json, self.output.as_deref())?;
        Ok(chosen.unwrap_or_default())
    }
}

/// Options of `sample`.
#[derive(Clone, Debug, Default, Args)]
pub struct SampleArgs {
    /// Which way to look: one JSON object for each
    #[arg(long, value_enum, default_value_t, value_name = "WAY")]
    pub by: SampleBy,
    /// Instead of samples: the CPU time of N passes
    #[arg(long, value_name = "N")]
    pub cost: Option<u32>,
    /// Instead of samples: what the allocation hook costs per page, in N rounds
    #[arg(long, value_name = "N")]
    pub hook_cost: Option<u32>,
    /// Leave out a kind of hook, a fact or a program
    #[arg(long, value_name = "NAME")]
    pub without_probe: Vec<String>,
    /// Memory cgroups whose own processes are listed apart
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// How `sample` looks at the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SampleBy {
    /// As a trace would and by files
    #[default]
    Both,
    /// As a trace would: iterators where there are any
    Iterators,
    /// Files alone
    Files,
}

/// Options of `doctor`.
#[derive(Clone, Debug, Default, Args)]
pub struct DoctorArgs {
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Print more to standard error; repeat to include the BPF verifier log
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Read the kernel's type information (BTF) from FILE instead of /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE")]
    pub btf: Option<PathBuf>,
    /// Leave out a kind of hook, a fact or a program
    #[arg(long, value_name = "NAME", hide = true)]
    pub without_probe: Vec<String>,
}
