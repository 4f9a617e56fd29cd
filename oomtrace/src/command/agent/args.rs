//! Its options: each is also a key of the file and a variable.

use std::path::PathBuf;

use clap::Args;

use crate::agent::config::{self, Fsync, Partial, Redaction, Size, Span};
use crate::agent::metrics::Address;
use crate::agent::rules::Rule;
use crate::agent::sinks::Sink;

/// Options of `agent`. A flag goes before its variable, that before the file, and that before the default.
#[derive(Clone, Debug, Default, Args)]
pub struct AgentArgs {
    /// Read FILE instead of /etc/oomtrace/oomtrace.toml
    #[arg(long, value_name = "FILE", env = "OOMTRACE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Check the configuration and exit
    #[arg(long)]
    pub check_config: bool,
    /// Print the configuration that flags, variables and file come to, and exit
    #[arg(long, conflicts_with = "check_config")]
    pub print_config: bool,
    /// Directory of the spool [default: /var/lib/oomtrace]
    #[arg(long, value_name = "DIR", env = "OOMTRACE_STATE_DIR", help_heading = "Spool")]
    pub state_dir: Option<PathBuf>,
    /// Size of the spool's file; the oldest records give way [default: 64M]
    #[arg(long, value_name = "SIZE", env = "OOMTRACE_SPOOL_MAX_SIZE", help_heading = "Spool")]
    pub spool_max_size: Option<Size>,
    /// How long records are kept [default: 90d]
    #[arg(long, value_name = "TIME", env = "OOMTRACE_SPOOL_MAX_AGE", help_heading = "Spool")]
    pub spool_max_age: Option<Span>,
    /// When the spool is brought to the disk [default: kills]
    #[arg(long, value_enum, value_name = "WHEN", env = "OOMTRACE_FSYNC", help_heading = "Spool")]
    pub fsync: Option<Fsync>,
    /// Time between samples of cgroups and the machine; processes are sampled ten times less often unless a limit is close
    /// [default: 1s]
    #[arg(long, value_name = "TIME", env = "OOMTRACE_SAMPLE_INTERVAL")]
    pub sample_interval: Option<Span>,
    /// What to hide in command lines [default: secrets]
    #[arg(long, value_enum, value_name = "WHAT", env = "OOMTRACE_REDACT")]
    pub redact: Option<Redaction>,
    /// Labels of this machine, e.g. cluster=a,zone=b
    #[arg(long, value_name = "NAME=VALUE", env = "OOMTRACE_LABELS", value_delimiter = ',', value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// Whether the rules that are built in hold: above 85 % for 5 min, a limit in less than 10 min [default: true]
    #[arg(long, value_name = "BOOL", env = "OOMTRACE_DEFAULT_RULES", help_heading = "Alerts")]
    pub default_rules: Option<bool>,
    /// Rules instead of the file's, as there: [{name = "...", on = "cgroup", metric = "usage", above = "90%"}]
    #[arg(long, value_name = "TOML", env = "OOMTRACE_RULES", value_parser = rules, help_heading = "Alerts")]
    pub rules: Option<Rules>,
    /// Sinks instead of the file's, as there: [{name = "...", kind = "webhook", url = "https://..."}]
    #[arg(long, value_name = "TOML", env = "OOMTRACE_SINKS", value_parser = sinks, help_heading = "Alerts")]
    pub sinks: Option<Sinks>,
    /// Serve Prometheus metrics on a port of the loopback, or on an address like 10.0.0.1:9464
    #[arg(long, value_name = "ADDRESS", env = "OOMTRACE_METRICS_LISTEN", help_heading = "Metrics")]
    pub metrics_listen: Option<Address>,
    /// Write oomtrace.prom to DIR every 10 s, for node_exporter's textfile collector
    #[arg(long, value_name = "DIR", env = "OOMTRACE_TEXTFILE", help_heading = "Metrics")]
    pub textfile: Option<PathBuf>,
    /// Size of the ring buffer between kernel and user space [default: 1M]
    #[arg(long, value_name = "SIZE", env = "OOMTRACE_RING_SIZE", help_heading = "Kernel")]
    pub ring_size: Option<Size>,
    /// Leave out a kind of hook, a fact or a program
    #[arg(long, value_name = "NAME", hide = true)]
    pub without_probe: Vec<String>,
    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,
    /// Print more to standard error
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl AgentArgs {
    /// What flags and variables say.
    #[must_use]
    pub fn partial(&self) -> Partial {
        let labels = self.labels.iter().cloned().collect();
        Partial {
            state_dir: self.state_dir.clone(),
            spool_max_size: self.spool_max_size.clone(),
            spool_max_age: self.spool_max_age.clone(),
            fsync: self.fsync,
            sample_interval: self.sample_interval.clone(),
            ring_size: self.ring_size.clone(),
            redact: self.redact,
            labels: Some(labels).filter(|_| !self.labels.is_empty()),
            default_rules: self.default_rules,
            metrics_listen: self.metrics_listen.clone(),
            textfile: self.textfile.clone(),
            rules: self.rules.clone().map(|rules| rules.0),
            sinks: self.sinks.clone().map(|sinks| sinks.0),
        }
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("{text:?} is no label: write name=value"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// All rules that a flag gives.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

/// All sinks that a flag gives.
#[derive(Clone, Debug, Default)]
pub struct Sinks(Vec<Sink>);

fn rules(text: &str) -> Result<Rules, String> {
    Ok(Rules(config::parse(&format!("rules = {text}"))?.rules.unwrap_or_default()))
}

fn sinks(text: &str) -> Result<Sinks, String> {
    Ok(Sinks(config::parse(&format!("sinks = {text}"))?.sinks.unwrap_or_default()))
}
