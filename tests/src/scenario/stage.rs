//! What a scenario stands on: the machine, its cgroups, the tracer under test.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::cgroup::{Cgroup, Hierarchy, Version};
use crate::compare::{Machine, Rung};
use crate::counters::vmstat_kills;
use crate::kmsg::{Line, Log};
use crate::report::{self, Report};
use crate::sys;
use crate::tracer::{Options, Stream, Tracer};

/// How long the kernel and the tracer may take to tell of a kill that has happened.
const PATIENCE: Duration = Duration::from_secs(10);
/// What comes later than this after the last kill is not waited for.
const SETTLE: Duration = Duration::from_millis(300);

/// The surroundings of one scenario.
#[derive(Debug)]
pub struct Stage {
    /// The scenario.
    pub name: &'static str,
    /// The hierarchy with the memory controller.
    pub hierarchy: Hierarchy,
    /// The tracer; `None` to look at the kernel's report alone.
    pub tracer: Option<PathBuf>,
    /// For the scenario's files.
    pub directory: PathBuf,
    /// On a development machine: others use it at the same time.
    pub native: bool,
}

/// Part of the message when the kernel's log has no report of a kill.
pub const NO_REPORT: &str = "the kernel's log lacks";

/// The name of every cgroup that the tests make begins with this.
pub const PREFIX: &str = "oomtrace-test-";

impl Stage {
    /// The same without a tracer of its own, for a scenario that runs oomtrace by itself.
    pub(super) fn without_tracer(&self) -> Self {
        Self { tracer: None, hierarchy: self.hierarchy.clone(), directory: self.directory.clone(), ..*self }
    }

    /// A memory cgroup of this scenario's own.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn cgroup(&self) -> Result<Cgroup> {
        Cgroup::new(&self.hierarchy, &self.prefix())
    }

    /// First bytes of the names of this scenario's cgroups.
    #[must_use]
    pub fn prefix(&self) -> Vec<u8> {
        format!("{PREFIX}{}-{}", std::os::unix::process::parent_id(), self.name).into_bytes()
    }

    /// True on cgroup v1.
    #[must_use]
    pub fn v1(&self) -> bool {
        self.hierarchy.version == Version::V1
    }

    /// What the comparison must know.
    #[must_use]
    pub fn machine(&self) -> Machine {
        let meminfo = |key| keyed_kb("/proc/meminfo", key) * 1024 / sys::page_size();
        Machine {
            page: sys::page_size(),
            cpus: sys::possible_cpus(),
            ram_pages: meminfo("MemTotal:"),
            swap_pages: meminfo("SwapTotal:"),
            counters: Machine::counters_of(sys::kernel_version()),
        }
    }

    /// Starts to watch, in a guest with the kernel's log hidden from the tracer: what it tells comes from its hooks. A
    /// development machine may refuse the hooks; there the log is left to it.
    ///
    /// # Errors
    /// As [`Stage::watch_with`].
    pub fn watch(&self, arguments: &[&str]) -> Result<Watch<'_>> {
        let mut options = Options { arguments: owned(arguments), ..Options::default() };
        if !self.native {
            options.masks.push((PathBuf::from("/dev/kmsg"), PathBuf::from("/dev/null")));
        }
        self.watch_with(&options)
    }

    /// Starts to watch: the log, the counter, and the tracer with `options`.
    ///
    /// # Errors
    /// When the log can't be read or the tracer does not attach.
    pub fn watch_with(&self, options: &Options) -> Result<Watch<'_>> {
        let tracer = match &self.tracer {
            Some(binary) => Some(Tracer::start(binary, &self.directory, options)?),
            None => None,
        };
        let log = Log::from_now().context("can't read /dev/kmsg")?;
        Ok(Watch { stage: self, machine: self.machine(), log, kills_before: vmstat_kills(), tracer })
    }

    /// True when a report is about one of this scenario's cgroups.
    fn concerns(&self, report: &Report) -> bool {
        let prefix = [b"/".as_slice(), &self.prefix()].concat();
        !self.native || report.choice.as_ref().is_some_and(|choice| choice.task_memcg.starts_with(&prefix))
    }
}

/// Arguments as a tracer's options want them.
pub(super) fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|&argument| argument.to_owned()).collect()
}

/// The KiB behind `key` in a file such as /proc/meminfo; 0 when it is not there.
pub(super) fn keyed_kb(file: &str, key: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

/// Watching, from before the kill on.
#[derive(Debug)]
pub struct Watch<'a> {
    stage: &'a Stage,
    machine: Machine,
    log: Log,
    kills_before: Option<u64>,
    tracer: Option<Tracer>,
}

impl Watch<'_> {
    /// The tracer's process id.
    #[must_use]
    pub fn tracer_pid(&self) -> Option<u32> {
        self.tracer.as_ref().map(Tracer::pid)
    }

    /// Waits until `kills` runs of the OOM killer have been reported by kernel and tracer, and stops.
    ///
    /// # Errors
    /// When the kernel's log lacks them, or the tracer fails.
    pub fn end(mut self, kills: usize) -> Result<Evidence> {
        self.told(kills)?;
        self.stop()
    }

    /// As [`Watch::end`], but goes on watching.
    ///
    /// # Errors
    /// When the kernel's log lacks them, or the tracer fails.
    pub fn told(&mut self, kills: usize) -> Result<()> {
        let stage = self.stage;
        let enough = |lines: &[Line]| concerning(stage, lines).len() >= kills;
        if !self.log.read_until(PATIENCE, enough)? {
            let log = readable(&self.log.lines);
            bail!("{NO_REPORT} some of {kills} kills:\n{log}");
        }
        if let Some(tracer) = &mut self.tracer {
            tracer.wait_for("the kill", |stream| ours(stage, stream) >= kills)?;
        }
        Ok(())
    }

    /// Reads what the log has by now.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn drain(&mut self) -> Result<()> {
        self.log.read().context("can't read /dev/kmsg")
    }

    /// As [`Watch::end`] for many kills, of which the tracer may have lost some and said so.
    ///
    /// # Errors
    /// When the kernel's log lacks them, or the tracer fails.
    pub fn end_of_storm(mut self, kills: usize) -> Result<Evidence> {
        let killed = |lines: &[Line]| lines.iter().filter(|line| is_kill(line)).count();
        if !self.log.read_until(PATIENCE, |lines| killed(lines) >= kills)? {
            bail!("the kernel's log has {} kills instead of {kills}", killed(&self.log.lines));
        }
        let stage = self.stage;
        if let Some(tracer) = &mut self.tracer {
            let told = |stream: &Stream| {
                let lost: u64 = stream.of("lost").filter_map(|line| line["kills"].as_u64()).sum();
                ours(stage, stream) + usize::try_from(lost).unwrap_or(0)
            };
            // A tracer that never tells of them all is found out by the sums.
            let _ = tracer.wait_for("all kills", |stream| told(stream) >= kills);
        }
        self.stop()
    }

    /// Stops after the usual time; for when no kill is expected.
    ///
    /// # Errors
    /// As [`Watch::end`].
    pub fn stop(mut self) -> Result<Evidence> {
        std::thread::sleep(SETTLE);
        let stream = self.tracer.take().map(Tracer::finish).transpose()?;
        self.log.read()?;
        let after = vmstat_kills();
        Ok(Evidence {
            native: self.stage.native,
            prefix: self.stage.prefix(),
            machine: self.machine,
            unkillable: report::reports(&self.log.lines).iter().any(|report| report.nothing_killable),
            reports: concerning(self.stage, &self.log.lines),
            vmstat: self.kills_before.zip(after).map(|(before, after)| after - before),
            overrun: self.log.overrun,
            log: self.log.lines,
            tracer: self.stage.tracer.clone(),
            stream,
        })
    }
}

fn is_kill(line: &Line) -> bool {
    line.text.windows(17).any(|words| words == b": Killed process ")
}

fn concerning(stage: &Stage, lines: &[Line]) -> Vec<Report> {
    let mut reports = report::reports(lines);
    reports.retain(|report| !report.killed.is_empty() && stage.concerns(report));
    reports
}

fn ours(stage: &Stage, stream: &Stream) -> usize {
    stream.kills().iter().filter(|kill| concerns_record(stage.native, &stage.prefix(), kill)).count()
}

/// As [`Stage::concerns`], for a record.
pub(super) fn concerns_record(native: bool, prefix: &[u8], kill: &serde_json::Value) -> bool {
    let path = crate::compare::bytes_at(kill, "/victims/0/cgroup/path").unwrap_or_default();
    !native || path.get(1..).is_some_and(|path| path.starts_with(prefix))
}

/// Log lines for a human, without stacks, registers and statistics.
#[must_use]
pub(super) fn readable(lines: &[Line]) -> String {
    const TELLING: &[&str] =
        &["oom", "usage ", "Killed ", "[ ", "CPU: ", "Out of memory", "Huh", "suppressed"];
    lines
        .iter()
        .map(|line| crate::protocol::printable(&line.text))
        .filter(|line| TELLING.iter().any(|words| line.contains(words)))
        .map(|line| line + "\n")
        .collect()
}

/// All that was said about the kills of a scenario.
#[derive(Debug)]
pub struct Evidence {
    /// On a development machine.
    pub native: bool,
    /// First bytes of the names of the scenario's cgroups.
    pub prefix: Vec<u8>,
    /// The machine.
    pub machine: Machine,
    /// The kernel found nobody to kill, once at least. That also happens right after a kill: the victim has left the
    /// list of tasks and its memory is not free yet.
    pub(crate) unkillable: bool,
    /// The kernel's reports of kills.
    pub reports: Vec<Report>,
    /// By how much vmstat's `oom_kill` rose.
    pub vmstat: Option<u64>,
    /// The kernel overwrote log records before they were read.
    pub overrun: bool,
    /// The log as it was.
    pub log: Vec<Line>,
    /// The program under test.
    pub tracer: Option<PathBuf>,
    /// What the tracer wrote.
    pub stream: Option<Stream>,
}

/// The rung that a tracer's probes make.
#[must_use]
pub(super) fn rung_of(probes: &[String]) -> Rung {
    let any = |prefixes: &[&str]| probes.iter().any(|probe| prefixes.iter().any(|p| probe.starts_with(p)));
    if any(&["fentry:oom_kill_process", "kprobe:oom_kill_process"]) {
        Rung::Full
    } else if any(&["tp_btf:mark_victim", "raw_tp:mark_victim"]) {
        Rung::Mark
    } else if any(&["tp:mark_victim"]) {
        Rung::Pid
    } else {
        Rung::Log
    }
}
