//! What was asked for, and why there was no memory for it: the memory report in words.
//!
//! request → zones that it may use → watermarks → free blocks → verdict. It follows `__zone_watermark_ok()`: a zone can give
//! memory while its free pages, without those that the request may not use, stay above its minimum and the reserve that it
//! keeps from requests of this class, and while it has a free block that is large enough.

mod charge;
mod class;
mod judge;
mod memcg;
mod request;
mod slab;
#[cfg(test)]
mod tests;
mod usable;
mod words;

pub(super) use self::judge::{Judged, judge};
pub(super) use self::request::Request;

use super::{Facts, Report};
use crate::model::{Allocation, Constraint, Shortage};

/// Free memory of this part of what the zones have, in percent, is too much for a machine that ran out of it.
const ROOMY_PERCENT: u64 = 10;

/// The allocation that failed.
pub(super) fn allocation(report: &Report, facts: &Facts) -> Option<Allocation> {
    let trigger = report.trigger.as_ref()?;
    let order = trigger.order?;
    let request = Request::of(report)?;
    let found = match report.domain.constraint {
        _ if order < 0 => None,
        Some(Constraint::Memcg) => memcg::failure(report).map(|text| (Shortage::Limit, text)),
        _ => charge::failure(report, &request, facts).or_else(|| machine(report, &request, facts)),
    };
    let (shortage, failure) = found.unzip();
    let bytes = if order < 0 { None } else { facts.bytes(request.pages()) };
    Some(Allocation { bytes, meaning: words::meaning(order, &request, bytes), failure, shortage })
}

/// Why no zone gave memory, and what kind of shortage that is.
fn machine(report: &Report, request: &Request<'_>, facts: &Facts) -> Option<(Shortage, String)> {
    let judged = judge(report, request, facts)?;
    let usable = || judged.iter().filter(|one| one.usable());
    usable().next()?;
    let mut text;
    let shortage;
    if usable().all(Judged::is_short) {
        (shortage, text) = words::all_short(request, &judged);
    } else if request.order > 0 && !usable().any(|one| !one.is_short() && one.has_block) {
        shortage = Shortage::Fragmented;
        text = words::in_pieces(report, request, &judged, facts);
    } else if is_roomy(&judged) {
        shortage = Shortage::NotShort;
        text = words::room_left(&judged);
    } else {
        (shortage, text) = words::at_watermarks(request, &judged);
    }
    text.push_str(&slab::fills(report, &judged, facts).unwrap_or_default());
    text.push_str(&words::swap(report));
    Some((shortage, text))
}

/// More is free above the high watermarks than a shortage leaves.
fn is_roomy(judged: &[Judged<'_>]) -> bool {
    let usable = || judged.iter().filter(|one| one.usable());
    let spare: u64 = usable().map(Judged::above_high_kb).fold(0, u64::saturating_add);
    let all: u64 = usable().map(Judged::size_kb).fold(0, u64::saturating_add);
    spare > all / 100 * ROOMY_PERCENT
}
