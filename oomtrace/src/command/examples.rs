//! Examples of `--help`. A test parses each as it stands.

/// Of `trace`, which is the default.
pub(super) const TRACE: &str = "\
Examples:
  sudo oomtrace                                report every OOM kill until Ctrl-C
  sudo oomtrace --unit nginx --brief           only kills in this unit, in short
  sudo oomtrace --sigkill --duration 15m       also who sent other SIGKILLs
  sudo oomtrace -o kills.ndjson                records for programs, to a file";

/// Of `run`.
pub(super) const RUN: &str = "\
Examples:
  oomtrace run -- make test                    run it in its own cgroup, with a verdict
  oomtrace run --memory-max 512M -- make test  the same with a limit
  oomtrace run --fail-above 90% --junit r.xml --evidence r.ndjson -- make test

Exit codes: CMD's own (128+N if a signal ended it); 86 if a rule was violated although CMD succeeded; 124 after --timeout; \
125 if oomtrace itself failed; 126 if CMD can't be executed; 127 if it was not found.";

/// Of `demo`.
pub(super) const DEMO: &str = "\
Examples:
  sudo oomtrace demo                           cause a kill in a cgroup of 64 MiB and report it
  sudo oomtrace demo --brief                   only the answer";

/// Of `doctor`.
pub(super) const DOCTOR: &str = "\
Examples:
  sudo oomtrace doctor                         what works here, what does not, and how to fix it
  sudo oomtrace doctor --json                  the same for programs (oomtrace schema doctor)

Exit codes: 0 everything works, 3 degraded, 4 unusable.";

/// Of `record`.
pub(super) const RECORD: &str = "\
Examples:
  sudo oomtrace record -o night.ndjson         until Ctrl-C, with a sample of memory each second
  sudo oomtrace record -o box.ndjson --max-size 64M   the newest 64 MiB, in a file of fixed size";

/// Of `report`.
pub(super) const REPORT: &str = "\
Examples:
  oomtrace report night.ndjson                 as text
  oomtrace report night.ndjson -o night.html   as a page; also .md, .xml (JUnit), .json, .pftrace
  oomtrace report night.ndjson --since 2h --unit nginx --brief
  oomtrace report good.ndjson bad.ndjson       two recordings side by side";

/// Of `explain`.
pub(super) const EXPLAIN: &str = "\
Examples:
  oomtrace explain /var/log/kern.log.1 /var/log/kern.log   files, oldest first, also compressed
  journalctl -k -o export | oomtrace explain - from a pipe
  sudo oomtrace explain --last 3               this machine's ring buffer and journal, the last three kills
  oomtrace explain kern.log -o kills.html      as a page";

/// Of `why`.
pub(super) const WHY: &str = "\
Examples:
  sudo oomtrace why 4711                       a process id, on this machine
  sudo oomtrace why java --since 2h            a name of a process, executable, unit or container
  sudo oomtrace why /system.slice/shop.service a cgroup and what is below it
  oomtrace why 4711 --evidence night.ndjson    from a recording; --log FILE from a kernel log

Exit codes: 0 answered, 3 the cause is unknown, 1 failed, 2 wrong usage.";

/// Of `agent`.
pub(super) const AGENT: &str = "\
Examples:
  sudo oomtrace agent                          watch, with the rules and the spool that are the default
  sudo oomtrace agent --check-config           whether /etc/oomtrace/oomtrace.toml is right
  sudo oomtrace agent --metrics-listen 9464    also serve Prometheus on the loopback";

/// Of `list`.
pub(super) const LIST: &str = "\
Examples:
  sudo oomtrace list --since 1d                the kills of the last day that the agent has seen
  sudo oomtrace list --peaks                   the highest memory of each cgroup";

/// Of `schema`.
pub(super) const SCHEMA: &str = "\
Examples:
  oomtrace schema                              of the records of a stream
  oomtrace schema doctor                       of doctor --json; also: why";

/// Of `completions`.
pub(super) const COMPLETIONS: &str = "\
Examples:
  oomtrace completions bash                    to /etc/bash_completion.d/oomtrace
  oomtrace completions zsh                     to a file _oomtrace in a directory of $fpath";

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::super::cli::Cli;

    /// The command lines of the examples of a help text: up to the remark.
    fn lines(help: &str) -> Vec<Vec<String>> {
        let examples = help.lines().filter(|line| line.starts_with("  ") && line.contains("oomtrace"));
        let command = |line: &str| {
            let line = line.split("| ").last().unwrap_or_default();
            let line = line.trim().trim_start_matches("sudo ");
            let line = line.split("   ").next().unwrap_or_default();
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        examples.map(command).collect()
    }

    #[test]
    fn each_subcommand_has_examples_that_are_command_lines() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands().filter(|command| !command.is_hide_set()) {
            if command.get_name() == "help" {
                continue;
            }
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = lines(&help);
            assert!((2..=4).contains(&lines.len()), "{}: {lines:?}", command.get_name());
            for line in lines {
                // A remark that follows by one blank is no argument.
                let ends = (2..=line.len()).rev();
                let parses = ends.map(|end| Cli::try_parse_from(&line[..end])).any(|parsed| parsed.is_ok());
                assert!(parses || line.len() == 1, "{}: {line:?}", command.get_name());
            }
        }
    }
}
