//! `oomtrace record` on a disk while the whole machine is out of memory. Guests only.

mod disk;
mod recorder;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::MIB;
use super::global::too_much;
use super::judge::{Plan, judge, same, verdict};
use super::stage::{Evidence, Stage, keyed_kb};
use super::worker::{Worker, arguments};
use crate::compare::{Rung, compare};
use crate::protocol::Verdict;
use crate::still::Still;
use crate::tracer::Options;
use disk::{Disk, is_short};
use recorder::Recorder;

/// One after the other: two at once would move while the kernel compares them.
const HOGS: usize = 3;
/// What they find. Filling all of an emulated machine takes long.
const ROOM: u64 = 192 * MIB;

/// A file that grows, with its journal.
pub(super) fn file(stage: &Stage) -> Result<Verdict> {
    record(stage, "evidence.ndjson", "evidence.ndjson.journal", &[])
}

/// Flight recorder: a file of fixed size.
pub(super) fn flight(stage: &Stage) -> Result<Verdict> {
    record(stage, "evidence.ring", "evidence.ring", &["--max-size", "16M"])
}

/// `early` is where kills go in short.
fn record(stage: &Stage, name: &str, early: &str, options: &[&str]) -> Result<Verdict> {
    let Some(binary) = &stage.tracer else {
        return Ok(Verdict::Skip("without a tracer nothing is recorded".into()));
    };
    let mut disk = match Disk::mount()? {
        Ok(disk) => disk,
        Err(why) => return Ok(Verdict::Skip(why)),
    };
    let home = stage.cgroup()?;
    let _ballast = Ballast::take()?;
    let _still = Still::keep()?;
    let recorder = Recorder::start(binary, stage, &disk.file(name), options)?;
    // The kernel's log alone: the stream is what `report` reads back.
    let alone = stage.without_tracer();
    let watch = alone.watch_with(&Options::default())?;
    let faults = recorder.faults()?;
    let more = too_much(stage);
    let mut victims = BTreeSet::new();
    for _ in 0..HOGS {
        let mut hog = Worker::start(arguments(&[&home.join(), &"comm=hog", &"anon", &more]))?;
        hog.killed()?;
        victims.insert(hog.pid());
    }
    let shorts = disk.shorts(&disk.file(early), &victims)?;
    let faults = [faults, recorder.faults()?];
    let mut evidence = watch.end(HOGS)?;
    let (stream, mut findings) = recorder.finish()?;
    (evidence.stream, evidence.tracer) = (Some(stream), stage.tracer.clone());
    let plan = Plan { comm: Some(b"hog".into()), home: Some(home.path()), ..Plan::global() };
    let judged = judge(stage.name, &evidence, &vec![plan; HOGS])?;
    let Verdict::Pass(agreed) = judged else { return Ok(judged) };
    if faults[0] != faults[1] {
        findings.push(format!("page faults of the threads that must not wait: {faults:?}"));
    }
    let stream = evidence.stream.as_ref().context("it was compared")?;
    for kill in stream.kills().iter().filter(|kill| is_short(kill) || kill.get("history").is_none()) {
        findings.push(format!("the kill of {} is in the file in short only", kill["victims"][0]["pid"]));
    }
    let in_short = compare_shorts(&evidence, &shorts, &mut findings);
    if findings.is_empty() {
        return Ok(Verdict::Pass(format!("{agreed}; in short on the disk: {in_short} fields")));
    }
    Ok(verdict(stage.name, &evidence, stream, 0, &findings))
}

/// Kills in short against the kernel's report, as whole ones are; the number of fields that agreed.
fn compare_shorts(evidence: &Evidence, shorts: &[Value], findings: &mut Vec<String>) -> usize {
    let mut agreed = 0;
    if shorts.len() != evidence.reports.len() {
        findings.push(format!("in short: {} records for {} kills", shorts.len(), evidence.reports.len()));
    }
    for report in &evidence.reports {
        let Some(short) = shorts.iter().find(|short| same(short, report)) else {
            findings.push(format!("in short: no record for {:?}", report.killed.first().map(|k| k.pid)));
            continue;
        };
        let outcome = compare(short, report, &evidence.machine, Rung::Full);
        agreed += outcome.agreed.len();
        findings.extend(outcome.mismatches.iter().map(|mismatch| format!("in short: {mismatch}")));
    }
    agreed
}

/// Memory that nobody can use and that need not be filled: huge pages.
struct Ballast;

const HUGE_PAGES: &str = "/proc/sys/vm/nr_hugepages";

impl Ballast {
    /// Leaves [`ROOM`].
    fn take() -> Result<Self> {
        let available = keyed_kb("/proc/meminfo", "MemAvailable:") << 10;
        let size = keyed_kb("/proc/meminfo", "Hugepagesize:") << 10;
        let pages = available.saturating_sub(ROOM).checked_div(size).context("no huge pages")?;
        fs::write(HUGE_PAGES, pages.to_string()).context("can't take huge pages")?;
        Ok(Self)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = fs::write(HUGE_PAGES, "0");
    }
}
