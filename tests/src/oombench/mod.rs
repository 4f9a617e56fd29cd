//! A labelled suite of real kills: who ate the memory is known, because the suite did it.
//!
//! Each case is a set of processes in cgroups of their own, of which one is to run out of memory. One tracer watches over
//! all cases, as it would on a machine. The outcome is a line for each: the label, and the record that the tracer made.
//! Nothing here looks at a diagnosis; `cargo xtask oombench` scores it.

mod actors;
pub mod case;
pub mod generated;
mod guest;
pub mod ledger;
pub mod options;
pub mod programs;
pub mod random;
mod run;
mod site;
mod stream;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::cgroup::{Hierarchy, sweep};
use crate::{protocol, sys};
pub use guest::in_guest;

use actors::Places;
use case::{Case, Ground};
use options::Options;
use stream::Stream;

/// The tracer has watched for so long before the first case begins.
const LEAD: Duration = Duration::from_secs(3);

/// Runs all cases that are asked for.
///
/// # Errors
/// When it is not root, there is no memory controller, or the tracer does not start. A case that fails is an outcome.
pub fn run(options: &Options, expendable: bool) -> Result<()> {
    ensure!(sys::is_root(), "real OOM kills need root: run with sudo");
    let hierarchy = Hierarchy::find()?;
    if expendable {
        sweep(&hierarchy, site::PREFIX)?;
    }
    let cases = cases(options, &ground(options, expendable));
    ensure!(!cases.is_empty(), "no case is called so");
    std::fs::create_dir_all(&options.scratch)?;
    let programs = programs(&options.scratch, expendable)?;
    let stream = Stream::start(&options.tracer, &options.arguments, &options.scratch)?;
    let out = Mutex::new(
        File::create(&options.out).with_context(|| format!("can't write {}", options.out.display()))?,
    );
    let version = format!("{:?}", hierarchy.version).to_lowercase();
    write(&out, &json!({ "header": stream.header()?, "cgroup": version, "whole_machine": expendable }))?;
    std::thread::sleep(LEAD);
    work(&cases, options, |case, number| {
        let directory = options.scratch.join(format!("case-{number}"));
        let places = Places { programs: programs.clone(), directory, root: options.root.clone() };
        protocol::start(&case.id);
        let outcome = run::run(case, number, &hierarchy, &stream, &places)
            .and_then(|outcome| run::check(&outcome).map(|()| outcome))
            .unwrap_or_else(|error| run::failed(case, &error));
        tell(case, &outcome);
        write(&out, &outcome)
    })?;
    let footer = stream.finish()?;
    write(&out, &json!({ "footer": footer }))
}

/// All cases that are asked for.
fn cases(options: &Options, ground: &Ground) -> Vec<Case> {
    let mut all = Vec::new();
    if options.wants("A") {
        all.extend(generated::cases(&options.classes, &options.seeds, ground));
    }
    all.extend(programs::cases(options));
    let (all, absent): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|case| programs::are_there(case, options));
    if !absent.is_empty() {
        let ids: Vec<&str> = absent.iter().map(|case| case.id.as_str()).collect();
        protocol::log("oombench", &format!("left out, their programs are not installed: {}", ids.join(" ")));
    }
    let mut all = all;
    if !options.cases.is_empty() {
        all.retain(|case| options.cases.iter().any(|id| case.id.starts_with(id)));
    }
    all
}

fn ground(options: &Options, expendable: bool) -> Ground {
    const MOST: u64 = 512 << 20;
    let free = available();
    let most = if expendable { MOST.min(free * 6 / 10) } else { MOST };
    Ground { most, expendable, free, disk: options.scratch.clone() }
}

/// MemAvailable in bytes.
fn available() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// This program under the names of the generator.
fn programs(scratch: &Path, expendable: bool) -> Result<PathBuf> {
    // In a guest on the file system that it is on: a link costs no memory.
    let directory = if expendable { PathBuf::from("/bin") } else { scratch.join("bin") };
    std::fs::create_dir_all(&directory)?;
    let own = std::env::current_exe().context("can't find this program")?;
    for name in generated::NAMES {
        let path = directory.join(name);
        let _ = std::fs::remove_file(&path);
        std::fs::hard_link(&own, &path)
            .or_else(|_| std::fs::copy(&own, &path).map(drop))
            .with_context(|| format!("can't make {}", path.display()))?;
    }
    Ok(directory)
}

/// `jobs` cases at a time.
fn work(cases: &[Case], options: &Options, one: impl Fn(&Case, usize) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<()> {
        while let Some((number, case)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, cases.get(at)?)))
        {
            one(case, number)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => anyhow::bail!("a thread of the suite has panicked"),
        })
    })
}

fn tell(case: &Case, outcome: &Value) {
    let verdict = match outcome["failed"].as_str() {
        Some(why) => protocol::Verdict::Fail(why.to_owned()),
        None => protocol::Verdict::Pass(format!("{} {}", case.class, case.variant)),
    };
    protocol::verdict(&case.id, &verdict);
}

fn write(out: &Mutex<File>, value: &Value) -> Result<()> {
    let mut file = out.lock().map_err(|_| anyhow::anyhow!("a thread has panicked"))?;
    file.write_all(format!("{value}\n").as_bytes()).context("can't write the outcome")
}

/// `oomtrace-guest oombench KEY=VALUE...`
///
/// # Errors
/// As [`run`].
pub fn main(words: impl Iterator<Item = String>) -> Result<()> {
    run(&Options::parse(words)?, false)
}
