//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{
    agent::AgentArgs, demo::DemoArgs, doctor::DoctorArgs, explain::ExplainArgs, list::ListArgs,
    record::RecordArgs, report::ReportArgs, run::RunArgs, sample::SampleArgs, trace::TraceArgs, why::WhyArgs,
};

/// Find out why Linux killed a process for running out of memory: whose limit was hit, why this process, and who used the memory.
#[derive(Debug, Parser)]
#[command(name = "oomtrace", version, args_conflicts_with_subcommands = true, max_term_width = 100, after_help = super::examples::TRACE)]
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
    #[command(after_help = super::examples::TRACE)]
    Trace(Box<TraceArgs>),
    /// Run a command in its own memory cgroup and report whether the OOM killer hit it
    #[command(after_help = super::examples::RUN)]
    Run(Box<RunArgs>),
    /// Cause a real OOM kill in a temporary memory cgroup and report it
    #[command(after_help = super::examples::DEMO)]
    Demo(DemoArgs),
    /// Show what works on this machine, what does not, and how to fix it
    #[command(after_help = super::examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Record OOM kills and periodic memory samples to a file
    #[command(after_help = super::examples::RECORD)]
    Record(Box<RecordArgs>),
    /// Turn a recording into a report: HTML, text, Markdown, JUnit, JSON or Perfetto
    #[command(after_help = super::examples::REPORT)]
    Report(ReportArgs),
    /// Watch for good: remember every OOM kill in a spool on disk, also those before the start
    #[command(after_help = super::examples::AGENT)]
    Agent(Box<AgentArgs>),
    /// List the kills in the agent's spool
    #[command(after_help = super::examples::LIST)]
    List(ListArgs),
    /// Explain OOM kills found in existing kernel logs
    #[command(after_help = super::examples::EXPLAIN)]
    Explain(Box<ExplainArgs>),
    /// Find out what killed a process: the OOM killer, someone else's SIGKILL, or neither
    #[command(after_help = super::examples::WHY)]
    Why(Box<WhyArgs>),
    /// Print the memory of all processes and cgroups as the history samples it
    #[command(hide = true)]
    Sample(SampleArgs),
    /// Print the JSON Schema of the records
    #[command(after_help = super::examples::SCHEMA)]
    Schema {
        /// What the schema is of
        #[arg(value_enum, default_value_t)]
        of: super::schema::Of,
    },
    /// Print a completion script for a shell
    #[command(after_help = super::examples::COMPLETIONS)]
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
