//! earlyoom, versions 1.0 to 1.9. It logs what it is about to do, then whether it did.

use super::scan::{MIB, NAME_MAX, decimal, last, nanoseconds, number, once};
use super::{Kill, Meaning};
use crate::model::{KillReason, KillReasonKind, KillSignal, KillTarget, Text};

/// Longest name of a process, which may hold anything.
const COMM_MAX: usize = 15;

pub(super) fn read(text: &[u8]) -> Option<Meaning> {
    if let Some(rest) = text.strip_prefix(b"mem avail: ") {
        return memory(rest).map(Meaning::Reason);
    }
    if let Some(rest) = text.strip_prefix(b"low memory! at or below ") {
        return limits(rest);
    }
    if text.starts_with(b"escalating to SIGKILL after ") {
        return Some(Meaning::Escalated);
    }
    if text.starts_with(b"dryrun, not actually sending any signal") || text.starts_with(b"kill failed: ") {
        return Some(Meaning::NotKilled);
    }
    if let Some(rest) = text.strip_prefix(b"process ") {
        return exited(rest);
    }
    sending(text).or_else(|| killing(text)).map(|kill| Meaning::Kill(Box::new(kill)))
}

/// `123 of 7834 MiB ( 1.57%), swap free: 0 of 0 MiB ( 0.00%)`; up to 1.5 ` 1 %`.
fn memory(text: &[u8]) -> Option<KillReason> {
    let pair = |text| {
        let (free, rest) = number::<u64>(text)?;
        let (total, rest) = number::<u64>(rest.strip_prefix(b" of ")?)?;
        let rest = rest.strip_prefix(b" MiB (")?;
        Some((free.checked_mul(MIB)?, total.checked_mul(MIB)?, rest))
    };
    let (available, total, rest) = pair(text)?;
    let (_, rest) = once(rest, b"), swap free: ")?;
    let (swap_free, swap_total, _) = pair(rest)?;
    Some(KillReason {
        kind: KillReasonKind::MemoryUsed,
        mem_available_bytes: Some(available),
        mem_total_bytes: Some(total),
        swap_free_bytes: Some(swap_free),
        swap_total_bytes: Some(swap_total),
        ..KillReason::default()
    })
}

/// `SIGTERM limits: mem 10.00%, swap 10.00%`
fn limits(text: &[u8]) -> Option<Meaning> {
    let rest = text.strip_prefix(b"SIGTERM limits: ").or_else(|| text.strip_prefix(b"SIGKILL limits: "))?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b" ,.%".contains(b);
    let whole = rest.len() < 64 && rest.ends_with(b"%") && rest.iter().all(plain);
    let limits = whole.then(|| String::from_utf8_lossy(rest).into_owned());
    Some(Meaning::Reason(KillReason { kind: KillReasonKind::MemoryUsed, limits, ..KillReason::default() }))
}

/// `process 123 exited after 0.100 seconds`, before 1.8 without the id, which the caller has cut off.
fn exited(text: &[u8]) -> Option<Meaning> {
    let (pid, rest) = match number::<u32>(text) {
        Some((pid, rest)) => (Some(pid), rest.strip_prefix(b" ")?),
        None => (None, text),
    };
    let (seconds, rest) = decimal(rest.strip_prefix(b"exited after ")?)?;
    (rest == b" seconds").then(|| Meaning::Exited(pid, nanoseconds(seconds)))
}

/// `sending SIGTERM to process 4711 uid 1000 "java": oom_score 800, oom_score_adj 0, VmRSS 1234 MiB, cmdline "..."` (1.8 and
/// later, without oom_score_adj before 1.9), `..."java": badness 800, VmRSS 1234 MiB` (1.3 to 1.7, without uid in 1.3).
fn sending(text: &[u8]) -> Option<Kill> {
    let rest = text.strip_prefix(b"sending ")?;
    let (signal, rest) = match (rest.strip_prefix(b"SIGTERM"), rest.strip_prefix(b"SIGKILL")) {
        (Some(rest), _) => (KillSignal::Term, rest),
        (_, Some(rest)) => (KillSignal::Kill, rest),
        _ => return None,
    };
    let (pid, rest) = number::<u32>(rest.strip_prefix(b" to process ")?)?;
    let (uid, rest) = match rest.strip_prefix(b" uid ") {
        Some(rest) => number::<u32>(rest).map(|(uid, rest)| (Some(uid), rest))?,
        None => (None, rest),
    };
    let rest = rest.strip_prefix(b" \"")?;
    let target = KillTarget { pid: Some(pid), uid, ..figures(rest) };
    Some(Kill { signal: Some(signal), target, ..Kill::default() })
}

/// The name and what follows it. A name that looks like what follows names is left out.
fn figures(text: &[u8]) -> KillTarget {
    let ends = (0..=COMM_MAX.min(text.len())).filter_map(|at| Some((at, numbers(&text[at..])?)));
    match ends.collect::<Vec<_>>().as_slice() {
        [(at, found)] => KillTarget { comm: Some(Text::new(&text[..*at])), ..found.clone() },
        _ => KillTarget::default(),
    }
}

fn numbers(text: &[u8]) -> Option<KillTarget> {
    let rest = text.strip_prefix(b"\": ")?;
    let score = rest.strip_prefix(b"oom_score ");
    let is_badness = score.is_none();
    let (score, rest) = number::<i32>(score.or_else(|| rest.strip_prefix(b"badness "))?)?;
    let (adj, rest) = match rest.strip_prefix(b", oom_score_adj ") {
        Some(rest) => number::<i32>(rest).map(|(adj, rest)| (Some(adj), rest))?,
        None => (None, rest),
    };
    let (mib, rest) = number::<u64>(rest.strip_prefix(b", VmRSS ")?)?;
    rest.strip_prefix(b" MiB")?;
    Some(KillTarget {
        // "badness" is oom_score with the program's own preferences added.
        oom_score: Some(score).filter(|_| !is_badness),
        oom_score_adj: adj,
        bytes: mib.checked_mul(MIB),
        ..KillTarget::default()
    })
}

/// `Killing process 'java' with signal 15, pid: 4711, badness: 800, VmRSS: 1234 MiB` (1.1, 1.2), `Killing process 4711 java`
/// (1.0 and older, always by SIGKILL).
fn killing(text: &[u8]) -> Option<Kill> {
    let rest = text.strip_prefix(b"Killing process ")?;
    let Some(quoted) = rest.strip_prefix(b"'") else {
        let (pid, name) = number::<u32>(rest)?;
        let name = name.strip_prefix(b" ").filter(|name| name.len() <= NAME_MAX)?;
        let target = KillTarget { pid: Some(pid), comm: Some(Text::new(name)), ..KillTarget::default() };
        return Some(Kill { signal: Some(KillSignal::Kill), target, ..Kill::default() });
    };
    let (name, rest) = last(quoted, b"' with signal ").filter(|(name, _)| name.len() <= NAME_MAX)?;
    let (signal, rest) = number::<u32>(rest)?;
    let (pid, rest) = number::<u32>(rest.strip_prefix(b", pid: ")?)?;
    let (_, rest) = number::<i32>(rest.strip_prefix(b", badness: ")?)?;
    let (mib, rest) = number::<u64>(rest.strip_prefix(b", VmRSS: ")?)?;
    rest.strip_prefix(b" MiB")?;
    let signal = match signal {
        9 => KillSignal::Kill,
        15 => KillSignal::Term,
        _ => return None,
    };
    let target = KillTarget {
        pid: Some(pid),
        comm: Some(Text::new(name)),
        bytes: mib.checked_mul(MIB),
        ..KillTarget::default()
    };
    Some(Kill { signal: Some(signal), target, ..Kill::default() })
}
