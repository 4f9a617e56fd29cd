//! Processes whose memory can't be read, because the lock of their address space is never free: the tracer goes on.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::MIB;
use super::history::{points, process};
use super::judge::{Plan, judge, verdict};
use super::ladder::without;
use super::stage::{Evidence, Stage, concerns_record};
use super::worker::{Worker, arguments};
use crate::cgroup::Cgroup;
use crate::protocol::Verdict;
use crate::silent::{self, SilentFile};
use crate::sys;
use crate::tracer::Options;

/// Generous: nothing here depends on time.
const PATIENCE: Duration = Duration::from_secs(60);
const LIMIT: u64 = 64 * MIB;
const STEP: u64 = 2 * MIB;
/// The bystander has the biggest part of the limit.
const HOARDER_STEPS: usize = 17;
const STUCK_STEPS: usize = 8;
/// Processes are sampled once a second.
const PAUSE: Duration = Duration::from_millis(450);
/// Makes who has it the victim, whatever its size; to lower it for the others takes a right that need not be there.
const CHOSEN: &str = "adj=900";

/// By iterators, where the kernel has them.
pub(super) fn hooked(stage: &Stage) -> Result<Verdict> {
    both(stage, &Options::default())
}

/// By files.
pub(super) fn files(stage: &Stage) -> Result<Verdict> {
    both(stage, &without(&["iter"]))
}

/// A process that hangs, and what makes it.
struct Hung {
    /// Dropped first: that lets go who waits, so that it can end.
    file: SilentFile,
    worker: Worker,
    arguments: Vec<String>,
    /// Somebody who reads its arguments, and waits.
    reader: Option<Waiting>,
}

impl Hung {
    /// Starts it in `cgroup`, with `steps` to be taken.
    fn start(stage: &Stage, cgroup: Option<&Cgroup>, name: &str, adj: &str, steps: usize) -> Result<Self> {
        let mut file = SilentFile::mount(&stage.directory, name)?;
        let (comm, place) = (format!("comm={name}"), file.path().display().to_string());
        let mut words = vec![comm, adj.to_owned(), "hung".to_owned(), place];
        words.extend(std::iter::repeat_n(STEP.to_string(), steps));
        let join = cgroup.map(Cgroup::join);
        let worker = Worker::start(join.into_iter().chain(words.iter().map(Into::into)))?;
        file.serve_one(PATIENCE)?;
        Ok(Self { file, worker, arguments: words, reader: None })
    }

    /// Lets it take its steps and hang.
    fn grow(&mut self, steps: usize) -> Result<()> {
        for _ in 0..steps {
            self.worker.ready()?;
            std::thread::sleep(PAUSE);
            self.worker.go()?;
        }
        ensure!(self.file.asked(PATIENCE)?, "the silent file is not read");
        self.worker.go()?;
        let end = Instant::now() + PATIENCE;
        // It waits for something that no signal interrupts.
        while sys::state(self.worker.pid()) != Some('D') {
            ensure!(Instant::now() < end, "process {} does not hang", self.worker.pid());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.reader = Some(Waiting::start(self.worker.pid())?);
        Ok(())
    }

    /// Fails when it can be read: then nothing was shown.
    fn still(&mut self) -> Result<()> {
        self.worker.alive()?;
        self.reader.as_mut().context("it does not hang yet")?.still()
    }
}

/// One that reads a process's arguments.
struct Waiting {
    child: Child,
}

impl Waiting {
    fn start(pid: u32) -> Result<Self> {
        let mut cat = Command::new("cat");
        cat.arg(format!("/proc/{pid}/cmdline"));
        // What it says when the process is gone is no news.
        cat.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { child: cat.spawn().context("can't start cat")? })
    }

    fn still(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the arguments could be read: cat ended with {status}"),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two kills: one beside a hung process, which has the memory, and one of a hung process. A third one has hung since before
/// the tracer started.
fn both(stage: &Stage, options: &Options) -> Result<Verdict> {
    if !stage.native {
        return Ok(Verdict::Skip(
            "for a development machine: guests' kernels have FUSE as a module, if at all".into(),
        ));
    }
    if !silent::possible() {
        return Ok(Verdict::Skip("/dev/fuse can't be opened: nothing to hang on".into()));
    }
    // Nobody else is to run into a file that does not answer.
    sys::own_mounts().context("no mounts of our own")?;
    let cgroup = stage.cgroup()?;
    cgroup.limit(LIMIT)?;
    let mut early = Hung::start(stage, None, "early", "adj=0", 1)?;
    early.grow(1)?;
    let mut watch = stage.watch_with(options)?;

    let mut hoarder = Hung::start(stage, Some(&cgroup), "hoarder", "adj=0", HOARDER_STEPS)?;
    hoarder.grow(HOARDER_STEPS)?;
    let hung_ns = sys::boottime_ns();
    let first = arguments(&[&cgroup.join(), &"comm=first", &CHOSEN, &"anon", &LIMIT.to_string()]);
    let mut first = Worker::start(first)?;
    first.killed()?;
    hoarder.still()?;

    let mut stuck = Hung::start(stage, Some(&cgroup), "stuck", CHOSEN, STUCK_STEPS)?;
    stuck.grow(STUCK_STEPS)?;
    stuck.still()?;
    let asker_size = (16 * MIB).to_string();
    // Before the victim's memory is free the asker may meet the limit again: then it is the next, and not the bystander.
    let asker = arguments(&[&cgroup.join(), &"comm=asker", &"adj=500", &"anon", &asker_size]);
    let mut asker = Worker::start(asker)?;
    stuck.worker.killed()?;
    let kills = 2 + usize::from(asker.followed()?);
    watch.told(kills)?;
    let waiting = watch.tracer_pid().map_or(Ok(()), |tracer| waits_for(tracer, 2));
    let evidence = watch.end(kills)?;
    // The tracer has ended, and those it could not read hang all the same.
    early.still()?;
    hoarder.still()?;

    let plan = |victim: &Worker, comm: &str, trigger: &Worker| Plan {
        victim: Some(victim.pid()),
        comm: Some(comm.into()),
        trigger: Some(trigger.pid()),
        limit: Some(cgroup.path()),
        home: Some(cgroup.path()),
        ..Plan::memcg()
    };
    let plans = [plan(&first, "first", &first), plan(&stuck.worker, "stuck", &asker)];
    let judged = judge(stage.name, &evidence, &plans)?;
    let Verdict::Pass(agreed) = judged else { return Ok(judged) };
    told(stage, &evidence, &Cast { hoarder: &hoarder, hung_ns, stuck: &stuck, waiting }, &agreed)
}

/// Waits until so many of the tracer's readers hang: that of its start on the one that hung before, and that of the first
/// record on the bystander. Without them the scenario would show nothing.
fn waits_for(tracer: u32, readers: usize) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let threads = fs::read_dir(format!("/proc/{tracer}/task")).context("the tracer is gone")?;
        let hang = |stat: &String| stat.contains("(oomtrace-read) D");
        let stats =
            threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
        let found = stats.filter(hang).count();
        if found >= readers {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{found} of the tracer's readers hang instead of {readers}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whom the kills were about.
struct Cast<'a> {
    hoarder: &'a Hung,
    /// When it hung, on the boot's clock.
    hung_ns: u64,
    stuck: &'a Hung,
    /// Whether the tracer's readers were seen to hang.
    waiting: Result<()>,
}

/// Beside the kernel's log: nothing that can't be read is told, all else is, and samples went on.
fn told(stage: &Stage, evidence: &Evidence, cast: &Cast<'_>, agreed: &str) -> Result<Verdict> {
    let stream = evidence.stream.as_ref().context("a record was compared")?;
    let kills = stream.kills();
    let mut ours = kills.iter().filter(|kill| concerns_record(evidence.native, &evidence.prefix, kill));
    let (Some(beside), Some(killed)) = (ours.next(), ours.next()) else { bail!("two records were compared") };
    let mut findings = Vec::new();
    let header = stream.of("header").map(Value::to_string).collect::<String>();
    if !header.contains("/proc did not answer in time") {
        findings.push(format!("the header does not tell that command lines are not known: {header}"));
    }
    if let Err(error) = &cast.waiting {
        findings.push(format!("{error:#}; history: {}", beside["history"]));
    }
    hoarded(beside, cast.hoarder, &mut findings);
    // Its arguments are known from its exec, and read by itself at its end.
    let arguments: Vec<&str> = cast.stuck.arguments.iter().map(String::as_str).collect();
    let found: Vec<&str> = strings(&killed["victims"][0]["cmdline"]);
    if !found.ends_with(&arguments) {
        findings.push(format!("the hung victim's arguments: record {found:?}, scenario {arguments:?}"));
    }
    let samples = went_on(killed, cast, &mut findings);
    if findings.is_empty() {
        let source = &beside["history"]["source"];
        return Ok(Verdict::Pass(format!("{agreed}; by {source}, {samples} samples after the first hang")));
    }
    Ok(verdict(stage.name, evidence, stream, 0, &findings))
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The bystander's growth is told, and that its environment was not read.
fn hoarded(record: &Value, hoarder: &Hung, findings: &mut Vec<String>) {
    let Some(found) = process(record, hoarder.worker.pid()) else {
        return findings.push("the hung bystander is not in the history".into());
    };
    let points = points(found);
    if points.last().is_none_or(|(_, bytes)| *bytes < HOARDER_STEPS as u64 * STEP) {
        findings.push(format!("the hung bystander's memory: {points:?}"));
    }
    let runtime = &found["runtime"];
    if runtime["environment_read"] == true || runtime.get("settings").is_some() {
        findings.push(format!("what can't be read is told of the hung bystander: {runtime}"));
    }
}

/// How many points of the hung victim are from after the first hang and before its kill. What is told at the kill itself is no
/// sample.
fn went_on(record: &Value, cast: &Cast<'_>, findings: &mut Vec<String>) -> usize {
    let Some(stuck) = process(record, cast.stuck.worker.pid()) else {
        findings.push("the hung victim is not in the history".into());
        return 0;
    };
    let killed_ms = record["boottime_ns"].as_u64().unwrap_or_default() / 1_000_000;
    let since =
        i64::try_from(cast.hung_ns / 1_000_000).unwrap_or(i64::MAX).saturating_sub_unsigned(killed_ms);
    let points = points(stuck);
    let sampled: Vec<_> = points.iter().filter(|(at, _)| *at > since && *at < 0).collect();
    let grew = sampled.first().zip(sampled.last()).is_some_and(|(first, last)| last.1 >= first.1 + STEP);
    if !grew {
        findings.push(format!("samples after {since} ms, the first hang: {points:?}"));
    }
    sampled.len()
}
