//! That the OOM killer did not do it: only what covers a time without a gap proves that.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::gather::{Gathered, Here, Stream, instant};
use super::target::Target;
use crate::filter::Verdict;
use crate::model::{Confidence, Incident, Role, Text, Witness, WitnessKind};

/// For which time it is proved that no kill was of what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    /// RFC 3339 UTC; `None` is from the beginning of what was asked for.
    pub from: Option<String>,
    pub to: Option<String>,
    pub reason: String,
    pub witness: Witness,
}

/// All proofs there are; one that covers nothing after `since` is none.
pub(super) fn proofs(target: &Target, since: Option<Timestamp>, gathered: &Gathered) -> Vec<Proof> {
    let here = gathered.here.iter().flat_map(|here| {
        let vmstat = vmstat(target, here, gathered);
        vmstat.into_iter().chain(cgroup(here))
    });
    let all = here.chain(gathered.streams.iter().filter_map(|stream| whole(target, stream)));
    let is_late = |to: &Option<String>| {
        let to = to.as_deref().and_then(instant);
        since.is_none_or(|since| to.is_none_or(|to| to > since))
    };
    all.filter(|proof| is_late(&proof.to)).collect()
}

/// What /proc/vmstat counts, against what is known.
fn vmstat(target: &Target, here: &Here, gathered: &Gathered) -> Option<Proof> {
    let counted = here.counters.vmstat?;
    let known = known(here, gathered);
    let reason = match counted {
        0 => "the kernel has counted no OOM kill since boot (oom_kill of /proc/vmstat)".to_owned(),
        // Reports come before counts are read, and a group's first victim is counted twice: never too many are known.
        n if known.len() as u64 >= n && others_only(target, known.iter().map(|(_, kill)| *kill)) => format!(
            "all {n} OOM kills that the kernel has counted since boot (oom_kill of /proc/vmstat) are told of, and are of others"
        ),
        _ => return None,
    };
    let witness = counter("/proc/vmstat");
    Some(Proof { from: Some(here.boot.clone()), to: Some(here.now.clone()), reason, witness })
}

/// Processes that were killed since boot by all accounts, with their incidents. An id that was used again counts once.
pub(super) fn known<'a>(here: &Here, gathered: &'a Gathered) -> Vec<(u32, &'a Incident)> {
    let mut seen = BTreeSet::new();
    let of_boot = |incident: &&Incident| here.boot_id.is_some() && incident.host.boot_id == here.boot_id;
    let kills = gathered.kills.iter().map(|kill| &kill.incident).filter(of_boot);
    let victims = kills.flat_map(|kill| kill.victims.iter().map(move |victim| (victim, kill)));
    // Those that only shared the memory are not counted.
    let counted = victims.filter(|(victim, _)| victim.role != Role::SharedMm);
    counted.filter(|(victim, _)| seen.insert(victim.pid)).map(|(victim, kill)| (victim.pid, kill)).collect()
}

/// The cgroup's own count. One of cgroup v1 does not have what was below and is gone.
fn cgroup(here: &Here) -> Option<Proof> {
    let counter = here.counters.cgroup.as_ref().filter(|counter| counter.is_whole && counter.kills == 0)?;
    let file = counter.file.display().to_string();
    Some(Proof {
        from: None,
        to: Some(here.now.clone()),
        reason: format!("the cgroup has counted no OOM kill since it was made (oom_kill of {file})"),
        witness: self::counter(&file),
    })
}

fn counter(name: &str) -> Witness {
    Witness { kind: WitnessKind::Counter, name: Text::from(name), confidence: Confidence::High }
}

/// A stream without a gap.
fn whole(target: &Target, stream: &Stream) -> Option<Proof> {
    if !stream.doubts.is_empty() || !others_only(target, stream.kills.iter()) {
        return None;
    }
    let (from, to) = (stream.from.clone()?, stream.to.clone()?);
    let reason = format!("{} is complete and has no OOM kill of it", stream.name);
    let witness = Witness {
        kind: WitnessKind::Evidence,
        name: stream.name.as_str().into(),
        confidence: Confidence::High,
    };
    Some(Proof { from: Some(from), to: Some(to), reason, witness })
}

/// True when no kill is, or may be, of what was asked for.
fn others_only<'a>(target: &Target, mut kills: impl Iterator<Item = &'a Incident>) -> bool {
    kills.all(|kill| {
        let of = |victim| target.verdict(victim) == Verdict::No;
        !kill.victims.is_empty() && kill.victims.iter().all(of)
    })
}
