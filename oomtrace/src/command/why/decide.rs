//! What it comes to: from all that is known to answers.

use jiff::Timestamp;

use super::gather::{Gathered, Here, Kill, instant};
use super::proof::{self, Proof};
use super::target::Target;
use crate::filter::Verdict;
use crate::model::{
    Answer, Cause, Confidence, Role, Running, SCHEMA, Sender, Sigkill, UserspaceKill, Victim, Witness,
    WitnessKind,
};

/// A program logs before it kills, and may wait for a SIGTERM to be heeded.
const NEAR_SECONDS: u64 = 15;
/// Reasons why nothing can be told, at most.
const REASONS: usize = 12;

/// The answers: what runs, then deaths, newest first, those without a time last. Never none.
pub(super) fn decide(target: &Target, since: Option<Timestamp>, gathered: &Gathered) -> Vec<Answer> {
    let mut deaths: Vec<Answer> = gathered.kills.iter().filter_map(|kill| oom_kill(target, kill)).collect();
    deaths.extend(gathered.sigkills.iter().filter_map(|(sent, witness)| sigkill(target, sent, witness)));
    let told = gathered.userspace.iter().filter_map(|(kill, witness)| userspace(target, kill, witness));
    for answer in told.collect::<Vec<_>>() {
        add(&mut deaths, answer);
    }
    let time = |answer: &Answer| answer.time.as_deref().and_then(instant);
    // A death whose time is not known may be one of those that are asked for.
    deaths.retain(|death| since.is_none_or(|since| time(death).is_none_or(|time| time >= since)));
    deaths.sort_by_key(|death| std::cmp::Reverse(time(death)));
    let mut answers: Vec<Answer> = gathered.here.iter().filter_map(|here| running(target, here)).collect();
    if deaths.is_empty() && (answers.is_empty() || target.pid().is_none()) {
        deaths.push(none_found(target, since, gathered));
    }
    answers.append(&mut deaths);
    answers
}

fn answer(target: &Target, cause: Cause) -> Answer {
    Answer { schema: SCHEMA.to_owned(), target: target.text().to_owned(), answer: cause, ..Answer::default() }
}

fn is_of<'a>(target: &Target, victims: &'a [Victim]) -> Option<&'a Victim> {
    victims.iter().find(|victim| target.verdict(victim) == Verdict::Yes)
}

fn oom_kill(target: &Target, kill: &Kill) -> Option<Answer> {
    let victim = is_of(target, &kill.incident.victims)?;
    let mut reasons = Vec::new();
    match victim.role {
        Role::GroupMember => {
            reasons.push("the kernel chose another one, and memory.oom.group took it along".to_owned());
        }
        Role::SharedMm => reasons.push("it shared the memory of the one that was chosen".to_owned()),
        Role::Chosen | Role::Signalled => {}
    }
    if kill.witnesses.len() > 1 {
        reasons.push(format!("{} sources tell of it", kill.witnesses.len()));
    }
    Some(Answer {
        confidence: kill.witnesses.iter().map(|witness| witness.confidence).max(),
        time: Some(kill.incident.time.clone()).filter(|time| !time.is_empty()),
        pid: Some(victim.pid),
        comm: Some(victim.comm.clone()),
        reasons,
        sources: kill.witnesses.clone(),
        incident: Some(Box::new(kill.incident.clone())),
        ..answer(target, Cause::OomKill)
    })
}

fn sigkill(target: &Target, sent: &Sigkill, witness: &Witness) -> Option<Answer> {
    let victim = is_of(target, std::slice::from_ref(&sent.target))?;
    // It is an answer to who it was, so it is as sure as that.
    let confidence = sent.sender.confidence.map_or(witness.confidence, |sure| sure.min(witness.confidence));
    Some(Answer {
        confidence: Some(confidence),
        time: Some(sent.time.clone()).filter(|time| !time.is_empty()),
        pid: Some(victim.pid),
        comm: Some(victim.comm.clone()),
        reasons: Some(sent.sender.why.clone()).into_iter().filter(|why| !why.is_empty()).collect(),
        sources: vec![witness.clone()],
        sigkill: Some(Box::new(sent.clone())),
        ..answer(target, Cause::Sigkill)
    })
}

fn userspace(target: &Target, kill: &UserspaceKill, witness: &Witness) -> Option<Answer> {
    (target.userspace(kill) == Verdict::Yes).then_some(())?;
    let mut reasons = vec![format!("the program is known by {}", kill.sender.why)];
    reasons.extend(kill.notes.iter().cloned());
    Some(Answer {
        confidence: Some(witness.confidence),
        time: Some(kill.time.clone()).filter(|time| !time.is_empty()),
        pid: kill.target.pid,
        comm: kill.target.comm.clone(),
        reasons,
        sources: vec![witness.clone()],
        userspace_kill: Some(Box::new(kill.clone())),
        ..answer(target, Cause::UserspaceKill)
    })
}

/// A program's account of a SIGKILL that was seen is a further witness of that.
fn add(deaths: &mut Vec<Answer>, told: Answer) {
    let near = |one: &Answer, other: &Answer| {
        let instants = one.time.as_deref().and_then(instant).zip(other.time.as_deref().and_then(instant));
        instants
            .is_some_and(|(one, other)| one.duration_since(other).as_secs().unsigned_abs() <= NEAR_SECONDS)
    };
    let Some(teller) = told.userspace_kill.as_ref().map(|kill| kill.sender.clone()) else {
        return deaths.push(told);
    };
    // An account whose teller is proved is not of a signal by one that only calls itself so.
    let may_be = |sender: &Sender| {
        sender.program() == teller.program() && (sender.claims.is_none() || teller.claims.is_some())
    };
    let seen = deaths.iter_mut().find(|death| {
        let sender = death.sigkill.as_ref().map(|sigkill| &sigkill.sender);
        told.pid.is_some() && death.pid == told.pid && sender.is_some_and(may_be) && near(death, &told)
    });
    match seen {
        Some(seen) => {
            seen.sources.extend(told.sources);
            seen.userspace_kill = told.userspace_kill;
        }
        None => deaths.push(told),
    }
}

fn running(target: &Target, here: &Here) -> Option<Answer> {
    let first = here.running.first().filter(|_| here.same_pids || target.pid().is_none())?;
    let one = (here.running.len() == 1).then_some(first);
    let witness =
        Witness { kind: WitnessKind::ProcessTable, name: "/proc".into(), confidence: Confidence::High };
    let processes = here.running.iter().map(|process| Running {
        pid: process.pid,
        comm: process.comm.clone(),
        start_time: process.start_time.clone(),
    });
    Some(Answer {
        confidence: Some(Confidence::High),
        time: one.and_then(|process| process.start_time.clone()),
        pid: one.map(|process| process.pid),
        comm: one.map(|process| process.comm.clone()),
        sources: vec![witness],
        processes: processes.collect(),
        ..answer(target, Cause::Running)
    })
}

/// No source tells of its death.
fn none_found(target: &Target, since: Option<Timestamp>, gathered: &Gathered) -> Answer {
    if let Some(counted) = gathered.here.as_ref().and_then(|here| counted(target, here)) {
        return counted;
    }
    let mut proofs = proof::proofs(target, since, gathered);
    if proofs.is_empty() {
        return Answer { reasons: why_not(target, gathered), ..answer(target, Cause::Unknown) };
    }
    // The one that reaches back furthest, then the latest; the others are further reasons when they cover as much.
    proofs.sort_by_key(|proof| {
        let from = proof.from.as_deref().and_then(instant).unwrap_or(Timestamp::MIN);
        (from, std::cmp::Reverse(proof.to.as_deref().and_then(instant)))
    });
    let Proof { from, to, reason, witness } = proofs.swap_remove(0);
    let mut reasons = vec![reason];
    if gathered.sigkills.is_empty() {
        reasons.push("who else ended it, or whether it ended by itself, no source tells".to_owned());
    }
    Answer {
        confidence: Some(witness.confidence),
        from,
        to,
        reasons,
        sources: vec![witness],
        ..answer(target, Cause::NotOom)
    }
}

/// The cgroup's counter has kills that no source tells of.
fn counted(target: &Target, here: &Here) -> Option<Answer> {
    let counter = here.counters.cgroup.as_ref().filter(|counter| counter.kills > 0)?;
    let name = counter.file.display().to_string();
    let reason = format!(
        "its counter says that the OOM killer has hit it {} since it was made (oom_kill of {name}); which processes, when \
         and why, no source tells",
        times(counter.kills)
    );
    let witness = Witness {
        kind: WitnessKind::Counter,
        name: name.as_str().into(),
        // That it happened is sure; that it is the death that was asked for, is not.
        confidence: Confidence::Medium,
    };
    Some(Answer {
        confidence: Some(Confidence::Medium),
        reasons: vec![reason],
        sources: vec![witness],
        ..answer(target, Cause::OomKill)
    })
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// What each source lacks.
fn why_not(target: &Target, gathered: &Gathered) -> Vec<String> {
    let mut reasons: Vec<String> = gathered
        .streams
        .iter()
        .map(|stream| match stream.doubts.as_slice() {
            [] => format!("{} has no kill that is certainly of it, and does not cover the time", stream.name),
            doubts => format!("{} has no kill of it, and may lack one: {}", stream.name, doubts.join("; ")),
        })
        .collect();
    if !gathered.logs.is_empty() {
        let logs = gathered.logs.join(", ");
        reasons.push(format!("no OOM kill of it is in {logs}; that a log does not have one proves nothing"));
    }
    reasons.extend(gathered.notes.iter().cloned());
    reasons.extend(perhaps(target, gathered));
    reasons.extend(gathered.here.iter().flat_map(|here| counts(here, gathered)));
    if gathered.sigkills.is_empty() {
        reasons.push(
            "no source has other SIGKILLs: only a trace with --sigkill that ran at the time tells who sent one".into(),
        );
    }
    reasons.truncate(REASONS);
    reasons
}

/// Kills of which it is not known whether they are of it.
fn perhaps(target: &Target, gathered: &Gathered) -> Option<String> {
    let unknown = |kill: &&Kill| {
        let victims = &kill.incident.victims;
        victims.is_empty() || victims.iter().any(|victim| target.verdict(victim) == Verdict::Unknown)
    };
    let count = gathered.kills.iter().filter(unknown).count();
    let missing = "their victim, its executable or its cgroup is not known";
    (count > 0).then(|| format!("{count} of the OOM kills that were found may be of it: {missing}"))
}

fn counts(here: &Here, gathered: &Gathered) -> Vec<String> {
    let known = proof::known(here, gathered).len();
    let vmstat = match here.counters.vmstat {
        Some(count) => format!(
            "the kernel has counted {count} OOM-killed processes since boot (oom_kill of /proc/vmstat); {known} of them are \
             known"
        ),
        None => "the kernel does not count OOM kills (before 4.13), or /proc/vmstat can't be read".to_owned(),
    };
    let local = here.counters.cgroup.as_ref().filter(|counter| counter.kills == 0).map(|counter| {
        let file = counter.file.display();
        format!("{file} counts none, but lacks those of cgroups below that are gone")
    });
    std::iter::once(vmstat).chain(local).collect()
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
