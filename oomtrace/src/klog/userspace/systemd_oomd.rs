//! systemd-oomd, systemd 248 and later. Since 2025 it marks a cgroup first and kills it a moment later.

use super::scan::{NAME_MAX, PATH_MAX, decimal, number, once};
use super::{Kill, Meaning};
use crate::model::{CgroupRef, KillReason, KillReasonKind, KillSignal, KillTarget, Text};

const MARKED: &str = "it was marked for killing; that it was killed has no line of its own";

pub(super) fn read(text: &[u8]) -> Option<Meaning> {
    let (path, reason, notes) = if let Some(rest) = text.strip_prefix(b"Killed ") {
        let (path, reason) = split(rest, b" due to ")?;
        (path, reason, Vec::new())
    } else {
        let (path, reason) = split(text.strip_prefix(b"Marked ")?, b" for killing due to ")?;
        (path, reason, vec![MARKED])
    };
    let reason = pressure(reason).or_else(|| used(reason))?;
    let target =
        KillTarget { cgroup: Some(CgroupRef { path: Text::new(path), id: None }), ..KillTarget::default() };
    Some(Meaning::Kill(Box::new(Kill { signal: Some(KillSignal::Kill), target, reason, notes })))
}

/// A path may hold anything; one in which the words stand as well is nobody's.
fn split<'a>(text: &'a [u8], words: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    once(text, words).filter(|(path, _)| path.starts_with(b"/") && path.len() <= PATH_MAX)
}

/// `memory pressure for /a being 71.73% > 60.00% for > 30s with reclaim activity`
fn pressure(text: &[u8]) -> Option<KillReason> {
    let (cgroup, rest) = once(text.strip_prefix(b"memory pressure for ")?, b" being ")?;
    let (is, rest) = decimal(rest)?;
    let (limit, rest) = decimal(rest.strip_prefix(b"% > ")?)?;
    let (time, rest) = once(rest.strip_prefix(b"% for > ")?, b" with reclaim activity")?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || *b == b' ';
    if !rest.is_empty() || time.len() > 32 || !time.iter().all(plain) {
        return None;
    }
    Some(KillReason {
        kind: KillReasonKind::MemoryPressure,
        pressure_percent: Some(is),
        pressure_limit_percent: Some(limit),
        pressure_for: Some(String::from_utf8_lossy(time).into_owned()),
        pressure_cgroup: Some(Text::new(cgroup))
            .filter(|path| (1..=PATH_MAX).contains(&path.as_bytes().len())),
        ..KillReason::default()
    })
}

/// `memory used (1) / total (2) and swap used (3) / total (4) being more than 90.00%`; in 248 of swap alone.
fn used(text: &[u8]) -> Option<KillReason> {
    let pair = |text: &'_ [u8], name: &[u8]| {
        let (used, rest) = number::<u64>(text.strip_prefix(name)?.strip_prefix(b" used (")?)?;
        let (total, rest) = number::<u64>(rest.strip_prefix(b") / total (")?)?;
        Some((used, total, text.len() - rest.strip_prefix(b")")?.len()))
    };
    let memory = pair(text, b"memory");
    let rest = match memory {
        Some((_, _, length)) => text[length..].strip_prefix(b" and ")?,
        None => text,
    };
    let (swap_used, swap_total, length) = pair(rest, b"swap")?;
    let (limit, end) = decimal(rest[length..].strip_prefix(b" being more than ")?)?;
    if end != b"%" {
        return None;
    }
    Some(KillReason {
        kind: if memory.is_some() { KillReasonKind::MemoryUsed } else { KillReasonKind::SwapUsed },
        mem_total_bytes: memory.map(|(_, total, _)| total),
        mem_available_bytes: memory.and_then(|(used, total, _)| total.checked_sub(used)),
        swap_total_bytes: Some(swap_total),
        swap_free_bytes: swap_total.checked_sub(swap_used),
        limits: Some(format!("{limit:.2}% in use")),
        ..KillReason::default()
    })
}

/// `shop.service: systemd-oomd killed 3 process(es) in this unit.`, which systemd writes.
pub(super) fn counted(text: &[u8]) -> Option<Meaning> {
    let (unit, rest) = once(text, b": systemd-oomd killed ")?;
    let (processes, rest) = number::<u64>(rest)?;
    let known =
        rest == b" process(es) in this unit." && (1..=NAME_MAX).contains(&unit.len()) && processes > 0;
    let unit = String::from_utf8(unit.to_vec()).ok().filter(|_| known)?;
    Some(Meaning::Counted { unit, processes })
}
