//! The settings as the parts want them.

use anyhow::Result;

use super::AgentArgs;
use crate::agent::config::{self, Redaction, Settings};
use crate::agent::spool::Policy;
use crate::output::{Output, Wrote};
use crate::trace;

/// What the engine is to do.
pub(super) fn engine(args: &AgentArgs, settings: &Settings) -> trace::Settings {
    trace::Settings {
        ring_size: settings.ring_size,
        hides_secrets: settings.redact == Redaction::Secrets,
        sample_interval: Some(settings.sample_interval),
        without_probe: args.without_probe.clone(),
        ..trace::Settings::default()
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
