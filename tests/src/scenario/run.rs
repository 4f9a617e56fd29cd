//! `oomtrace run`: how a command ends, what is said of it, and the record of each kill compared with the kernel's report.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::MIB;
use super::judge::{Plan, judge};
use super::stage::Stage;
use super::worker::SETTING;
use crate::cgroup::Cgroup;
use crate::protocol::Verdict;
use crate::tracer::{Options, Stream};

const LIMIT: &str = "32M";
/// Does not fit into it.
const TOO_MUCH: &str = "134217728";

/// A command, how it has to end, and what has to be said.
struct Case {
    name: &'static str,
    options: &'static [&'static str],
    /// Of `workload`.
    command: &'static [&'static str],
    /// Exit code, or 128 and the signal that ended it.
    code: i32,
    says: &'static [&'static str],
    /// Name of the process that the kernel has to kill.
    victim: Option<&'static str>,
}

const CASES: [Case; 6] = [
    Case {
        name: "survivor",
        options: &["--memory-max", LIMIT],
        command: &["spawn", "7", "comm=child", "spin", "1000"],
        code: 7,
        says: &["oomtrace run: command failed", "no OOM kill", "exited with 7"],
        victim: None,
    },
    Case {
        name: "victim",
        options: &["--memory-max", LIMIT],
        command: &["comm=victim", "anon", TOO_MUCH],
        code: 128 + libc::SIGKILL,
        says: &["oomtrace run: FAIL", "by the OOM killer"],
        victim: Some("victim"),
    },
    Case {
        name: "grandchild",
        options: &["--memory-max", LIMIT],
        command: &["spawn", "0", "spawn", "0", "comm=grandchild", "anon", TOO_MUCH],
        code: 86,
        says: &["oomtrace run: FAIL", "grandchild (pid"],
        victim: Some("grandchild"),
    },
    Case {
        name: "exit-code",
        options: &["--memory-max", LIMIT, "--exit-code", "99"],
        command: &["spawn", "0", "comm=other", "anon", TOO_MUCH],
        code: 99,
        says: &["other (pid"],
        victim: Some("other"),
    },
    Case {
        name: "own-failure",
        options: &["--memory-max", LIMIT],
        command: &["spawn", "5", "comm=failed", "anon", TOO_MUCH],
        code: 5,
        says: &["oomtrace run: FAIL", "failed (pid"],
        victim: Some("failed"),
    },
    Case {
        name: "timeout",
        options: &["--timeout", "2s"],
        command: &["spawn", "0", "hold"],
        code: 124,
        says: &["ended within"],
        victim: None,
    },
];

/// All cases, one after the other.
pub(super) fn commands(stage: &Stage) -> Result<Verdict> {
    let Some(tracer) = &stage.tracer else {
        return Ok(Verdict::Skip("without a tracer there is no `run`".into()));
    };
    let home = stage.cgroup()?;
    home.limit(256 * MIB)?;
    // In v2 a cgroup is made beside the caller's, so that one has to be below another.
    let caller = home.child(b"caller")?;
    let mut passed = Vec::new();
    for case in &CASES {
        let verdict = one(stage, tracer, &caller, case).with_context(|| case.name)?;
        match verdict {
            Verdict::Pass(what) => passed.push(format!("{}: {what}", case.name)),
            Verdict::Fail(why) => return Ok(Verdict::Fail(format!("{}: {why}", case.name))),
            skip @ Verdict::Skip(_) => return Ok(skip),
        }
        let left = [&home, &caller].map(below);
        ensure!(left == [vec!["caller".to_owned()], vec![]], "{}: cgroups are left: {left:?}", case.name);
    }
    Ok(Verdict::Pass(passed.join("; ")))
}

fn one(stage: &Stage, tracer: &Path, caller: &Cgroup, case: &Case) -> Result<Verdict> {
    // The kernel's log alone: the stream is that of `run`.
    let alone = stage.without_tracer();
    let watch = alone.watch_with(&Options::default())?;
    let file = stage.directory.join("evidence.ndjson");
    let _ = std::fs::remove_file(&file);
    let output = command(tracer, caller, case, &file)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code().or(output.status.signal().map(|signal| 128 + signal));
    ensure!(code == Some(case.code), "it ended with {code:?} instead of {}: {said}", case.code);
    for words in case.says {
        ensure!(said.contains(words), "it does not say {words:?}: {said}");
    }
    let stream = read(&file, &said)?;
    let Some(victim) = case.victim else {
        let evidence = watch.stop()?;
        ensure!(evidence.reports.is_empty(), "the kernel has killed");
        let kills = stream.kills().len();
        ensure!(kills == 0 || stage.native, "{kills} kills are recorded, and there was none");
        return Ok(Verdict::Pass(format!("code {}", case.code)));
    };
    let mut evidence = watch.end(1)?;
    (evidence.stream, evidence.tracer) = (Some(stream), stage.tracer.clone());
    let plan = Plan { comm: Some(victim.into()), ..Plan::memcg() };
    judge(stage.name, &evidence, &[plan])
}

/// Runs it from within the caller's cgroup.
fn command(tracer: &Path, caller: &Cgroup, case: &Case, evidence: &Path) -> Result<Output> {
    let own = std::env::current_exe().context("can't find this program")?;
    let mut command = Command::new(&own);
    command.arg("workload").arg(caller.join()).arg("adj=0").arg("exec").arg(tracer);
    command.arg("run").args(case.options).arg("--evidence").arg(evidence);
    command.args(["--annotations", "none", "--"]).arg(&own).arg("workload").args(case.command);
    for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER"] {
        command.env_remove(name);
    }
    command.env(SETTING.0, SETTING.1).stdin(Stdio::null()).output().context("can't start oomtrace run")
}

fn read(file: &Path, said: &str) -> Result<Stream> {
    let text = std::fs::read_to_string(file).with_context(|| format!("no evidence: {said}"))?;
    let lines =
        text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")));
    let stream = Stream { lines: lines.collect::<Result<_>>()?, errors: said.to_owned() };
    if stream.footer().is_err() {
        bail!("the evidence has no footer: {said}");
    }
    Ok(stream)
}

/// Names of the cgroups below.
fn below(cgroup: &Cgroup) -> Vec<String> {
    let entries = std::fs::read_dir(cgroup.file("")).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    directories.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
