//! Runs scenarios, each in a process of its own: a panic, a hang or a leak stays there.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::cgroup::{self, Hierarchy};
use crate::protocol::{self, Verdict};
use crate::scenario::{self, PREFIX, Scenario, Stage};

/// The kernel prints at most 10 reports in 5 s; a scenario makes up to 8, most make one.
const BETWEEN: Duration = Duration::from_millis(500);
/// Before and after scenarios that make many.
const WINDOW: Duration = Duration::from_millis(5200);

/// Where scenarios run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The tracer; `None` for the kernel's reports alone.
    pub tracer: Option<PathBuf>,
    /// On a development machine.
    pub native: bool,
}

/// What came out of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
    /// Could not run.
    pub skipped: u32,
}

/// The exit codes by which a scenario's process tells how it ended.
const PASSED: i32 = 0;
const FAILED: i32 = 10;
const SKIPPED: i32 = 11;

/// Runs them one after the other.
pub fn run_all(scenarios: &[&Scenario], settings: &Settings) -> Tally {
    let mut tally = Tally::default();
    for scenario in scenarios {
        protocol::start(scenario.name);
        if many(scenario.name) {
            std::thread::sleep(WINDOW);
        }
        let code = run_apart(scenario, settings).unwrap_or_else(|error| {
            protocol::verdict(scenario.name, &Verdict::Fail(format!("{error:#}")));
            FAILED
        });
        match code {
            PASSED => tally.passed += 1,
            SKIPPED => tally.skipped += 1,
            _ => tally.failed += 1,
        }
        clean_up(settings);
        std::thread::sleep(if many(scenario.name) { WINDOW } else { BETWEEN });
    }
    tally
}

fn many(name: &str) -> bool {
    name.contains("storm") || name.contains("hostile")
}

fn run_apart(scenario: &Scenario, settings: &Settings) -> Result<i32> {
    let mut command = Command::new("/proc/self/exe");
    command.arg("scenario").arg(scenario.name).process_group(0);
    if let Some(tracer) = &settings.tracer {
        command.env("OOMTRACE_BIN", tracer);
    } else {
        command.env_remove("OOMTRACE_BIN");
    }
    if settings.native {
        command.env("OOMTRACE_NATIVE", "1");
    }
    let mut child = command.spawn().context("can't start the scenario's process")?;
    let group = -i32::try_from(child.id())?;
    let end = Instant::now() + scenario.limit;
    let code = loop {
        if let Some(status) = child.try_wait()? {
            break status.code().filter(|code| [PASSED, FAILED, SKIPPED].contains(code)).or_else(|| {
                let text = format!("the scenario's process ended with {status}");
                protocol::verdict(scenario.name, &Verdict::Fail(text));
                Some(FAILED)
            });
        }
        if Instant::now() > end {
            let text = format!("no end within {:?}", scenario.limit);
            protocol::verdict(scenario.name, &Verdict::Fail(text));
            break Some(FAILED);
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    // Also what the scenario has left in its group.
    let _ = crate::sys::kill(group, libc::SIGKILL);
    let _ = child.wait();
    Ok(code.unwrap_or(FAILED))
}

/// PID 1 ends everything else, then reaps it; on a development machine only our cgroups are touched.
fn clean_up(settings: &Settings) {
    if !settings.native {
        let _ = crate::sys::kill(-1, libc::SIGKILL);
        std::thread::sleep(Duration::from_millis(20));
        while crate::sys::reap().is_some() {}
    }
    let swept = Hierarchy::find().and_then(|hierarchy| {
        let prefix =
            if settings.native { format!("{PREFIX}{}-", std::process::id()) } else { PREFIX.to_owned() };
        cgroup::sweep(&hierarchy, &prefix)
    });
    if let Err(error) = swept {
        protocol::log("clean-up", &format!("{error:#}"));
    }
}

/// The process of one scenario; returns its exit code.
#[must_use]
pub fn scenario_main(name: &str) -> i32 {
    let verdict = one(name).unwrap_or_else(|error| {
        for line in format!("{error:#}").lines().skip(1).take(150) {
            protocol::log(name, line);
        }
        Verdict::Fail(format!("{error:#}").lines().next().unwrap_or_default().to_owned())
    });
    protocol::verdict(name, &verdict);
    match verdict {
        Verdict::Pass(_) => PASSED,
        Verdict::Fail(_) => FAILED,
        Verdict::Skip(_) => SKIPPED,
    }
}

fn one(name: &str) -> Result<Verdict> {
    let scenario = scenario::find(name).context("no such scenario")?;
    let native = std::env::var_os("OOMTRACE_NATIVE").is_some();
    if !native {
        // Whoever is killed, it must not be the judge.
        std::fs::write("/proc/self/oom_score_adj", "-1000").context("can't protect the scenario")?;
    }
    let directory = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let stage = Stage {
        name: scenario.name,
        hierarchy: Hierarchy::find()?,
        tracer: std::env::var_os("OOMTRACE_BIN").map(PathBuf::from),
        directory: directory.clone(),
        native,
    };
    let result = attempts(scenario, &stage);
    let _ = std::fs::remove_dir_all(directory);
    result
}

/// On a development machine others make the kernel report too, and it prints 10 reports in 5 s for all of them: a kill
/// whose report is missing is made again. What oomtrace says is never asked for twice.
fn attempts(scenario: &Scenario, stage: &Stage) -> Result<Verdict> {
    let mut left = if stage.native { 6 } else { 0 };
    loop {
        match (scenario.run)(stage) {
            Err(error) if left > 0 && format!("{error:#}").contains(scenario::NO_REPORT) => {
                left -= 1;
                protocol::log(scenario.name, "the kernel did not report the kill (rate limit): once more");
                std::thread::sleep(WINDOW);
            }
            result => return result,
        }
    }
}
