//! The settings as the parts want them.

use anyhow::Result;

use super::AgentArgs;
use crate::agent::config::{self, Redaction, Settings};
use crate::agent::spool::Policy;
use crate::command::cli::{Redact, TraceArgs};
use crate::output::{Output, Wrote};

/// What the trace is to do.
pub(super) fn trace_args(args: &AgentArgs, settings: &Settings) -> TraceArgs {
    TraceArgs {
        json: true,
        quiet: true,
        verbose: args.verbose,
        ring_size: settings.ring_size,
        redact: match settings.redact {
            Redaction::Secrets => Redact::Secrets,
            Redaction::Off => Redact::Off,
        },
        sample_interval: Some(settings.sample_interval),
        without_probe: args.without_probe.clone(),
        ..TraceArgs::default()
    }
}

/// What the spool keeps.
pub(super) fn policy(settings: &Settings) -> Policy {
    Policy { max_size: settings.spool_max_size, max_age: settings.spool_max_age, fsync: settings.fsync }
}

/// Prints what flags, variables and file come to, as a file.
pub(super) fn print(args: &AgentArgs) -> Result<()> {
    let partial = args.partial().or(config::load(args.config.as_deref())?);
    let mut output = Output::open(None)?;
    match output.block(toml::to_string(&partial)?.as_bytes())? {
        Wrote::All => output.finish(),
        Wrote::Closed => Ok(()),
    }
}
