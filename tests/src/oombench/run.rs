//! One case from its cgroups to its record.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::actors::{Places, Running, prepare};
use super::case::{Actor, Case, Earlier, Onset, Who, Work};
use super::ledger::Ledger;
use super::site::{Site, comm};
use super::stream::Stream;
use crate::cgroup::Hierarchy;
use crate::sys;

/// How often it is looked whether somebody was killed.
const POLL: Duration = Duration::from_millis(10);
/// The others live on for so long after the kill, as they would elsewhere.
const AFTER: Duration = Duration::from_millis(150);
/// The tracer has so long to tell.
const TO_TELL: Duration = Duration::from_secs(20);
/// A declared rate of which certainly less than this part was reached was not kept, and is no truth.
const KEPT: f64 = 0.8;
/// Between two lives.
const BETWEEN_LIVES: Duration = Duration::from_millis(400);

/// Runs a case; the label and the record, or why there is none.
pub(super) fn run(
    case: &Case,
    number: usize,
    hierarchy: &Hierarchy,
    stream: &Stream,
    places: &Places,
) -> Result<Value> {
    std::fs::create_dir_all(&places.directory)?;
    let outcome = scene(case, number, hierarchy, stream, places);
    let errors = errors(places);
    let _ = std::fs::remove_dir_all(&places.directory);
    outcome.with_context(|| format!("{}{errors}", case.id))
}

/// What actors said on standard error.
fn errors(places: &Places) -> String {
    let files = std::fs::read_dir(&places.directory).into_iter().flatten().flatten();
    let logs = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "err"));
    let said: String = logs.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
    let said: Vec<&str> = said.lines().rev().take(5).collect();
    if said.is_empty() { String::new() } else { format!(" (it said: {})", said.join(" | ")) }
}

fn scene(
    case: &Case,
    number: usize,
    hierarchy: &Hierarchy,
    stream: &Stream,
    places: &Places,
) -> Result<Value> {
    let ledger = Ledger::new()?;
    let site = Site::new(hierarchy, case, number)?;
    let mut scene =
        Scene { case, site, ledger, places, running: Vec::new(), names: BTreeMap::new(), at_onset: None };
    let last = case.actors.len().checked_sub(1).context("a case without actors")?;
    for actor in &case.actors {
        prepare(&actor.work, places)?;
    }
    for at in 0..last {
        scene.start(at)?;
    }
    for life in &case.earlier {
        scene.live(last, *life)?;
        stream.forget(|record| scene.site.concerns(record))?;
    }
    let lives = scene.site.kills();
    scene.start(last)?;
    let killed_ns = scene.wait_for_kill(lives)?;
    scene.check_burst(killed_ns)?;
    let mut label = scene.label(killed_ns);
    std::thread::sleep(AFTER);
    scene.end();
    let begin = scene.running.iter().map(|running| running.started_ns).min().unwrap_or(0);
    let ours = |record: &Value| match case.limit {
        Some(_) => scene.site.concerns(record),
        None => {
            record["boottime_ns"].as_str().and_then(|ns| ns.parse().ok()).or(record["boottime_ns"].as_u64())
                > Some(begin)
        }
    };
    let record = stream.kill(TO_TELL, ours)?.context("the tracer told of no kill")?;
    stream.forget(ours)?;
    label["id"] = json!(case.id);
    Ok(json!({ "label": label, "record": record }))
}

struct Scene<'a> {
    case: &'a Case,
    site: Site,
    ledger: Ledger,
    places: &'a Places,
    running: Vec<Running>,
    /// Names of processes in the cgroups, also of those that are gone.
    names: BTreeMap<u32, String>,
    /// What its cgroups held, and when (`CLOCK_BOOTTIME` ns), soon after a program said that it begins to grow.
    at_onset: Option<(u64, u64)>,
}

impl Scene<'_> {
    fn start(&mut self, at: usize) -> Result<()> {
        let actor = &self.case.actors[at];
        let mut running = self.spawn(actor, at, &[])?;
        running.ready(&actor.work, &self.ledger).with_context(|| format!("actor {at}"))?;
        self.running.push(running);
        std::thread::sleep(actor.pause);
        Ok(())
    }

    fn spawn(&self, actor: &Actor, at: usize, more: &[String]) -> Result<Running> {
        let cgroups = self.site.join(actor.place);
        Running::start(actor, at, &cgroups, &self.ledger, self.places, more)
    }

    /// An earlier life of the last actor.
    fn live(&mut self, at: usize, life: Earlier) -> Result<()> {
        let actor = &self.case.actors[at];
        let (limit, more) = match life {
            Earlier::Killed => (self.case.limit, Vec::new()),
            Earlier::Ended { limit, after } => {
                let generated = matches!(actor.work, Work::Grow { .. });
                let more = generated.then(|| format!("exit_ms={}", after.as_millis()));
                (Some(limit), more.into_iter().collect())
            }
        };
        self.site.limit(limit)?;
        let mut running = self.spawn(actor, at, &more)?;
        running.wait(self.case.patience).context("an earlier life")?;
        drop(running);
        self.ledger.put(at, &super::ledger::Entry::default());
        self.site.limit(self.case.limit)?;
        std::thread::sleep(BETWEEN_LIVES);
        Ok(())
    }

    /// Waits until the kernel counts more kills than `before`; the time.
    fn wait_for_kill(&mut self, before: u64) -> Result<u64> {
        let end = Instant::now() + self.case.patience;
        let programs = self.case.actors.iter().any(|actor| matches!(actor.work, Work::Program { .. }));
        let mut rounds = 0_u32;
        while self.site.kills() <= before {
            self.listen();
            // Reading names costs; they are needed for other people's programs alone.
            if programs && rounds.is_multiple_of(3) {
                self.take_names();
            }
            rounds += 1;
            ensure!(
                Instant::now() < end,
                "nobody was killed within {:?}, {}",
                self.case.patience,
                self.site.state()
            );
            std::thread::sleep(POLL);
        }
        self.listen();
        Ok(sys::boottime_ns())
    }

    fn listen(&mut self) {
        self.running.iter_mut().for_each(Running::listen);
        if self.at_onset.is_none() && self.running.iter().any(|running| running.onset_ns.is_some()) {
            self.at_onset = self.site.held().map(|held| (held, sys::boottime_ns()));
        }
    }

    /// The most that can have been taken each second since a program said that it begins to grow, bytes: up to the limit.
    /// The kernel's figures alone tell it.
    fn at_most(&self, killed_ns: u64) -> Option<f64> {
        let (held, at) = self.at_onset?;
        let seconds = killed_ns.checked_sub(at).filter(|ns| *ns > 0)? as f64 / 1e9;
        Some(self.case.limit?.saturating_sub(held) as f64 / seconds)
    }

    /// On a machine too busy a burst of the generator is none: no label would be true.
    fn check_burst(&self, killed_ns: u64) -> Result<()> {
        let generated = self.case.suite == "A" && self.case.class == "burst";
        let Some(at) = self.case.culprit.actor().filter(|_| generated) else { return Ok(()) };
        let lived = killed_ns.saturating_sub(self.running[at].started_ns);
        let burst = killed_ns.saturating_sub(self.ledger.entry(at).onset_ns);
        ensure!(
            burst * 5 < lived,
            "the burst took {} of {} ms: this machine is too busy",
            burst / 1_000_000,
            lived / 1_000_000
        );
        Ok(())
    }

    fn take_names(&mut self) {
        for pid in self.site.pids() {
            if let Some(name) = comm(pid) {
                self.names.insert(pid, name);
            }
        }
    }

    fn end(&mut self) {
        self.site.clear();
        self.running.clear();
        self.site.clear();
    }

    /// The truth, as far as it is known without the tracer.
    fn label(&self, killed_ns: u64) -> Value {
        let case = self.case;
        let (rate, onset) = self.pace();
        let at_most = self.at_most(killed_ns);
        json!({
            "suite": case.suite,
            "class": case.class,
            "also": case.also,
            "variant": case.variant,
            "seed": case.seed,
            "cgroup": self.site.top(),
            "limit_bytes": case.limit,
            "culprit": self.culprit(),
            "rate_bytes_per_s": rate.filter(|rate| case.declared_rate.is_none() || is_kept(*rate, at_most)),
            "declared_rate_bytes_per_s": case.declared_rate,
            "reached_at_most_bytes_per_s": at_most,
            "onset_boottime_ns": onset,
            "killed_boottime_ns": killed_ns,
            "earlier_lives": case.earlier.len(),
            "command": self.command(),
        })
    }

    /// Rate and onset of the culprit, where they can be told.
    fn pace(&self) -> (Option<f64>, Option<u64>) {
        let Some(actor) = self.case.culprit.actor() else { return (None, None) };
        let entry = self.ledger.entry(actor);
        let written = matches!(self.case.actors[actor].work, Work::Grow { .. });
        let rate = self.case.declared_rate.or(if written { entry.rate() } else { None });
        let onset = match self.case.onset {
            Onset::Ledger => (entry.onset_ns > 0).then_some(entry.onset_ns),
            Onset::Said => self.running.get(actor).and_then(|running| running.onset_ns),
            Onset::SaidBy(other) => self.running.get(other).and_then(|running| running.onset_ns),
            Onset::Start => self.running.get(actor).map(|running| running.started_ns),
            Onset::Unknown => None,
        };
        (rate.filter(|_| self.case.has_rate), onset)
    }

    fn culprit(&self) -> Value {
        let Some(at) = self.case.culprit.actor() else { return Value::Null };
        let cgroup = self.site.path(self.case.actors[at].place);
        let pid = self.running.get(at).map(Running::pid);
        let named = |name: &str| -> Vec<u32> {
            self.names.iter().filter(|(_, comm)| *comm == name).map(|(pid, _)| *pid).collect()
        };
        match &self.case.culprit {
            Who::Nobody => Value::Null,
            Who::Process(_) => json!({ "kind": "process", "pids": [pid], "cgroup": cgroup }),
            Who::Slot(at) => {
                json!({ "kind": "process", "pids": [self.ledger.entry(*at).pid], "cgroup": cgroup })
            }
            Who::Said(at) => {
                let pid = self.running.get(*at).and_then(|running| running.grower);
                json!({ "kind": "process", "pids": Vec::from_iter(pid), "cgroup": cgroup })
            }
            Who::Named(_, name) => {
                json!({ "kind": "process", "pids": named(name), "comm": name, "cgroup": cgroup })
            }
            Who::Family(_, name, exe) => {
                json!({ "kind": "family", "pids": named(name), "comm": name, "exe": exe, "cgroup": cgroup })
            }
            Who::KindNamed(kind, _, name) => {
                json!({ "kind": kind, "pids": named(name), "comm": name, "cgroup": cgroup })
            }
            Who::Kind(kind, _) => json!({ "kind": kind, "pids": [pid], "cgroup": cgroup }),
        }
    }

    fn command(&self) -> Value {
        let Some(actor) = self.case.actors.last() else { return Value::Null };
        match &actor.work {
            Work::Grow { name, arguments } => json!(format!("{name} {}", arguments.join(" "))),
            Work::Program { argv, .. } => json!(argv.join(" ")),
            Work::Reread { .. } => Value::Null,
        }
    }
}

/// Whether a declared rate can have been reached: a machine that is too slow for it makes it untrue.
fn is_kept(declared: f64, at_most: Option<f64>) -> bool {
    at_most.is_none_or(|at_most| at_most >= KEPT * declared)
}

/// A case that did not come to its kill.
pub(super) fn failed(case: &Case, error: &anyhow::Error) -> Value {
    json!({ "label": { "id": case.id, "suite": case.suite, "class": case.class }, "failed": format!("{error:#}") })
}

/// A case whose kill is told of must have been labelled in full.
pub(super) fn check(outcome: &Value) -> Result<()> {
    let label = &outcome["label"];
    let process = label["culprit"]["kind"] == "process";
    if process && label["culprit"]["pids"].as_array().is_some_and(Vec::is_empty) {
        bail!("{}: no process of the culprit's name was seen", label["id"]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_the_machine_was_too_slow_for_is_no_truth() {
        assert!(is_kept(10.0, None), "nothing was measured");
        assert!(is_kept(10.0, Some(9.0)) && is_kept(10.0, Some(30.0)));
        assert!(!is_kept(10.0, Some(7.9)));
    }
}
