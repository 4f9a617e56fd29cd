//! Where what was asked for is named: what no source names may be misspelt, and nothing can be concluded about it.

use super::gather::Gathered;
use super::target::Target;
use crate::evidence::Evidence;
use crate::filter::Verdict;
use crate::kernel::cgroup::container;
use crate::model::{CgroupRef, Entity, Incident, Sample, Text, Victim};

/// A source that names the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mention {
    /// The boot that it is about; process ids mean nothing in another one.
    pub boot: Option<String>,
    /// The recording, where it is one.
    pub stream: Option<String>,
}

/// Where a claim of absence comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// As in [`Mention`].
    pub boot: Option<&'a str>,
    /// As in [`Mention`].
    pub stream: Option<&'a str>,
}

impl Mention {
    /// Whether it makes the target known to that source. A name is known once any source has it; a process id is only
    /// known within its boot, or within the same recording.
    fn serves(&self, target: &Target, origin: Origin<'_>) -> bool {
        let same_boot = self.boot.is_some() && self.boot.as_deref() == origin.boot;
        let same_stream = self.stream.is_some() && self.stream.as_deref() == origin.stream;
        target.pid().is_none() || same_boot || same_stream
    }
}

/// Whether the target is known where that claim comes from.
pub(super) fn is_known(target: &Target, gathered: &Gathered, origin: Origin<'_>) -> bool {
    all(target, gathered).iter().any(|mention| mention.serves(target, origin))
}

/// All sources that name the target.
pub(super) fn all(target: &Target, gathered: &Gathered) -> Vec<Mention> {
    let kills = gathered.kills.iter().filter(|kill| incident(target, &kill.incident));
    let kills = kills.map(|kill| Mention { boot: kill.incident.host.boot_id.clone(), stream: None });
    let sigkills = gathered.sigkills.iter().filter(|(sent, _)| is_of(target, &sent.target));
    let userspace = gathered.userspace.iter().filter(|(kill, _)| target.userspace(kill) == Verdict::Yes);
    let others = sigkills.count() + userspace.count();
    let streams = gathered.mentions.iter().cloned();
    streams
        .chain(kills)
        .chain(here(target, gathered))
        .chain((0..others).map(|_| Mention::default()))
        .collect()
}

/// This machine has it, or has had it.
fn here(target: &Target, gathered: &Gathered) -> Option<Mention> {
    let here = gathered.here.as_ref()?;
    // Process ids in another namespace are other processes'.
    let is_ours = here.same_pids || target.pid().is_none();
    let is_there = !here.running.is_empty() || here.exists || here.counters.cgroup.is_some();
    (is_ours && is_there).then(|| Mention { boot: here.boot_id.clone(), stream: None })
}

/// What a recording says about it, whether or not it died.
pub(super) fn in_evidence(target: &Target, evidence: &Evidence) -> Option<Mention> {
    let killed = evidence.incidents.iter().any(|one| incident(target, one))
        || evidence.sigkills.iter().any(|sent| is_of(target, &sent.target))
        || evidence.userspace_kills.iter().any(|kill| target.userspace(kill) == Verdict::Yes)
        || evidence.no_kills.iter().filter_map(|run| run.report.as_deref()).any(|one| incident(target, one));
    let named = killed || evidence.samples.iter().any(|one| sample(target, one));
    named.then(|| Mention {
        boot: evidence.header.as_ref().and_then(|header| header.host.boot_id.clone()),
        stream: Some(evidence.name.clone()),
    })
}

/// True when a report names it: as victim, candidate, trigger, cgroup, or in the history.
pub(super) fn incident(target: &Target, incident: &Incident) -> bool {
    let process = |pid: u32, comm: &Text| is_of(target, &task(pid, comm, None, None));
    let limit = incident.scope.memcg.iter().map(|memcg| &memcg.level);
    let mut levels = limit.chain(&incident.scope.ancestors).chain(&incident.scope.below);
    let entities = incident.history.iter().flat_map(|history| &history.entities);
    incident.victims.iter().any(|victim| is_of(target, victim))
        || incident.candidates.iter().any(|one| process(one.pid, &one.comm))
        || incident
            .scope
            .holders
            .iter()
            .flat_map(|holders| &holders.tasks)
            .any(|one| process(one.pid, &one.comm))
        || incident
            .system
            .iter()
            .flat_map(|system| &system.top_processes)
            .any(|one| process(one.pid, &one.comm))
        || incident.trigger.as_ref().is_some_and(|one| process(one.pid, &one.comm))
        || levels.any(|level| cgroup(target, level.path.as_bytes()))
        || entities.into_iter().any(|one| entity(target, one))
}

fn entity(target: &Target, one: &Entity) -> bool {
    let comm = one.comm.clone().unwrap_or_default();
    let path = one.path.as_ref().map(Text::as_bytes);
    is_of(target, &task(one.pid.unwrap_or_default(), &comm, one.exe.clone(), path))
}

fn sample(target: &Target, sample: &Sample) -> bool {
    let process = sample
        .processes
        .iter()
        .any(|one| is_of(target, &task(one.pid, &one.comm, None, one.cgroup.as_ref().map(Text::as_bytes))));
    process || sample.cgroups.iter().any(|one| cgroup(target, one.path.as_bytes()))
}

/// Whether a line of a log has the name as a word of its own; a number in it need not be a process id.
pub(super) fn word(target: &Target, line: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@');
    target.pid().is_none()
        && line.split(|c: char| !is_part(c)).any(|word| word.trim_end_matches(['.', '-']) == target.text())
}

/// Whether the cgroup at this path is, or is below, or belongs to the target.
pub(super) fn cgroup(target: &Target, path: &[u8]) -> bool {
    is_of(target, &task(0, &Text::default(), None, Some(path)))
}

fn task(pid: u32, comm: &Text, exe: Option<Text>, path: Option<&[u8]>) -> Victim {
    let identity = path.map(container::identify).unwrap_or_default();
    Victim {
        pid,
        comm: comm.clone(),
        exe,
        cgroup: path.map(|path| CgroupRef { path: Text::new(path), id: None }),
        container: identity.container,
        unit: identity.unit,
        ..Victim::default()
    }
}

fn is_of(target: &Target, victim: &Victim) -> bool {
    target.verdict(victim) == Verdict::Yes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Candidate, CgroupUse, ProcessUse};

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    #[test]
    fn samples_and_reports_name_what_did_not_die() {
        let path = Text::from(
            "/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
        );
        let process =
            ProcessUse { pid: 7, comm: "web".into(), bytes: 1, cgroup: Some("/a/shop.service".into()) };
        let seen = Sample {
            processes: vec![process],
            cgroups: vec![CgroupUse { path, ..CgroupUse::default() }],
            ..Sample::default()
        };
        for yes in ["7", "web", "shop", "/a", "0123456789ab", "/system.slice"] {
            assert!(sample(&target(yes), &seen), "{yes}");
        }
        for no in ["8", "wep", "/b", "0123456789ac"] {
            assert!(!sample(&target(no), &seen), "{no}");
        }
        let report = Incident {
            candidates: vec![Candidate { pid: 9, comm: "db".into(), ..Candidate::default() }],
            ..Incident::default()
        };
        assert!(incident(&target("9"), &report) && incident(&target("db"), &report));
        assert!(!incident(&target("10"), &report) && !incident(&target("dbx"), &report));
    }

    #[test]
    fn lines_name_whole_words() {
        let line = "systemd[1]: shop.service: Main process exited, code=killed (web-1).";
        assert!(word(&target("shop.service"), line) && word(&target("web-1"), line));
        assert!(!word(&target("shop"), line) && !word(&target("web"), line));
        assert!(!word(&target("1"), line), "a number is no process id");
    }
}
