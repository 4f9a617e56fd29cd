//! Options of `run`.

use std::os::unix::ffi::OsStrExt as _;
use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use crate::command::options::{RING_SIZE, Redact};
use crate::command::terminal::ColorChoice;
use crate::enrich::redact::redact;
use crate::trace::Settings;
use crate::words::{escape, size};

/// Exit code when a rule was hit while the command itself succeeded. k6, nextest, pytest and timeout use others.
pub const RULE_HIT: u8 = 86;

/// Options of `run`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = EXIT_CODES)]
pub struct RunArgs {
    /// The command and its arguments; options of oomtrace come before it
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    pub command: Vec<OsString>,

    /// Memory limit for CMD and everything it starts, e.g. 512M
    #[arg(long, value_name = "SIZE", value_parser = memory_max, help_heading = "Limits")]
    pub memory_max: Option<u64>,
    /// Swap limit on top of that (0 = none)
    #[arg(long, value_name = "SIZE", value_parser = crate::words::bytes::parse, help_heading = "Limits")]
    pub swap_max: Option<u64>,
    /// Terminate CMD after this long with SIGTERM, and with SIGKILL 10 s later; e.g. 90s, 15m, 1h30m
    #[arg(long, value_name = "TIME", value_parser = size::duration, help_heading = "Limits")]
    pub timeout: Option<Duration>,

    /// Which OOM kills count as failure
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Rules")]
    pub fail_on: FailOn,
    /// Also fail if peak memory exceeds this share of the limit, e.g. 90%
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "Rules")]
    pub fail_above: Option<u8>,
    /// Exit code when a rule was violated although CMD succeeded
    #[arg(long, value_name = "N", default_value_t = RULE_HIT, help_heading = "Rules")]
    pub exit_code: u8,
    /// Fail (125) if eBPF can't see kills or some may have been missed
    #[arg(long, help_heading = "Rules")]
    pub require_ebpf: bool,

    /// What counts as CMD: a memory cgroup made for it, its process tree, or the whole machine
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub scope: ScopeKind,
    /// Run CMD as this user, by name or number
    #[arg(short, long, value_name = "USER")]
    pub user: Option<String>,
    /// Under sudo: run CMD as root instead of as the user who called sudo
    #[arg(long, conflicts_with = "user")]
    pub keep_root: bool,

    /// Write all recorded events as NDJSON
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub evidence: Option<PathBuf>,
    /// Write the verdict as JUnit XML
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub junit: Option<PathBuf>,
    /// Write the report as Markdown
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub summary: Option<PathBuf>,
    /// Emit CI annotations; auto detects the CI system
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", help_heading = "Reports")]
    pub annotations: Annotations,
    /// Print nothing on standard error unless something failed
    #[arg(short, long, help_heading = "Reports")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", help_heading = "Reports")]
    pub color: ColorChoice,
    /// What to hide in command lines
    #[arg(long, value_enum, default_value_t, value_name = "WHAT", help_heading = "Reports")]
    pub redact: Redact,

    /// Print more to standard error
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Size of the ring buffer between kernel and user space
    #[arg(long, value_name = "SIZE", default_value = RING_SIZE, value_parser = size::bytes, help_heading = "Kernel")]
    pub ring_size: u32,
    /// Read the kernel's type information (BTF) from FILE instead of /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE", help_heading = "Kernel")]
    pub btf: Option<PathBuf>,
    /// Leave out a kind of hook, a fact or a program
    #[arg(long, value_name = "NAME", hide = true)]
    pub without_probe: Vec<String>,
}

/// No program starts in less: the new address space, its stack and page tables, and the pages that the loader touches.
const MEMORY_MIN: u64 = 1 << 20;
/// The same in pages, where they are large.
const PAGES_MIN: u64 = 64;

/// A limit that a process can start in.
fn memory_max(text: &str) -> Result<u64, String> {
    let bytes = crate::words::bytes::parse(text)?;
    let least = MEMORY_MIN.max(PAGES_MIN.saturating_mul(crate::kernel::host::page_size()));
    if bytes < least {
        let least = least >> 10;
        return Err(format!(
            "{text} can't hold a process: the kernel would kill the command while it starts. Give {least}K at least"
        ));
    }
    Ok(bytes)
}

const EXIT_CODES: &str = "Exit codes: CMD's own (128+N if a signal ended it); 86 if a rule was violated although CMD succeeded; \
                          124 after --timeout; 125 if oomtrace itself failed; 126 if CMD can't be executed; 127 if it \
                          was not found.";

/// Which kills are a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any kill on this machine
    Any,
    /// Those of CMD and what it started
    #[default]
    InScope,
    /// None; only report them
    None,
}

/// What belongs to the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ScopeKind {
    /// A memory cgroup made for it; the process tree if none can be made
    #[default]
    Cgroup,
    /// Its descendants
    Tree,
    /// The whole machine
    System,
}

/// Whom to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Annotations {
    /// The CI system that the environment names
    #[default]
    Auto,
    /// GitHub Actions: annotation, job summary, outputs
    Github,
    /// GitLab CI: oomtrace-annotations.json
    Gitlab,
    /// No annotations
    None,
}

impl RunArgs {
    /// The command's name, safe to show. One that holds a secret (`PGPASSWORD=x psql`, all in one word) is shown without it.
    #[must_use]
    pub fn program(&self) -> String {
        let name = self.command.first().map(|name| name.as_bytes().to_vec()).unwrap_or_default();
        let shown = match self.redact {
            Redact::Secrets => redact(&[name]).concat(),
            Redact::Off => name,
        };
        escape::text(&String::from_utf8_lossy(&shown)).into_owned()
    }

    /// What the engine is to do: every kill of the machine, as NDJSON into the evidence file.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            sigkill: true,
            hides_secrets: self.redact.hides(),
            debug: self.verbose > 1,
            ring_size: self.ring_size,
            btf: self.btf.clone(),
            without_probe: self.without_probe.clone(),
            ..Settings::default()
        }
    }
}

/// `90%` or `90`: a whole number from 1 to 100.
fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    number
        .parse()
        .ok()
        .filter(|value| (1..=100).contains(value))
        .ok_or_else(|| format!("invalid percentage {text:?}: use a whole number from 1 to 100, e.g. 90%"))
}

#[cfg(test)]
mod tests {
    use super::{Redact, RunArgs, percent};

    #[test]
    fn a_secret_in_the_name_of_the_command_is_not_shown() {
        let named =
            |redact| RunArgs { command: vec!["TOKEN=hunter2 app".into()], redact, ..RunArgs::default() };
        assert!(!named(Redact::Secrets).program().contains("hunter2"));
        assert_eq!(named(Redact::Off).program(), "TOKEN=hunter2 app");
        let plain = RunArgs { command: vec!["/usr/bin/make".into(), "-j4".into()], ..RunArgs::default() };
        assert_eq!(plain.program(), "/usr/bin/make");
    }

    #[test]
    fn percents() {
        for (text, value) in [("90%", 90), ("90", 90), ("1%", 1), ("100 %", 100)] {
            assert_eq!(percent(text), Ok(value), "{text}");
        }
        for text in ["", "%", "0", "101%", "-5%", "9.5%", "many"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
