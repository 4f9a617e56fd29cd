//! How large a heap may be: what a runtime is allowed to take, less what it holds outside of its heap.

use super::facts::{Facts, Subject};
use super::own_limit;
use super::round::{down, percent, size};
use crate::model::VerdictKind;

/// Room for what is outside of the heap to grow, in percent of what was measured.
const HEADROOM: u64 = 125;
/// Of the room, where what is outside of the heap could not be measured.
const UNMEASURED: u64 = 75;
/// A smaller heap than this part of today's is no advice: the program would hardly run.
const LEAST: u64 = 50;

/// A heap that fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heap {
    pub(super) bytes: u64,
    /// Why that much.
    pub(super) why: String,
}

/// A verdict for which the size of the heap matters, or a heap that may exceed the limit, which is a fact at any confidence.
pub(super) fn matters(facts: &Facts<'_>, subject: &Subject<'_>, heap_max: Option<u64>) -> bool {
    use VerdictKind::{Burst, Leak, LimitTooLow, Neighbour, NoLimit, Undetermined};
    let exceeds = || facts.room(subject).zip(heap_max).is_some_and(|(room, max)| max > room);
    facts.is(&[Leak, Burst, LimitTooLow, NoLimit])
        || [Leak, Burst, LimitTooLow, Neighbour, Undetermined].contains(&facts.verdict()) && exceeds()
}

/// Private memory beyond the heap's maximum, which is a lower bound of what is outside of the heap.
pub(super) fn outside(subject: &Subject<'_>, heap_max: Option<u64>) -> Option<u64> {
    subject.anon?.checked_sub(heap_max?).filter(|outside| *outside > 0)
}

/// The heap that fits into what the subject may hold; `None` when today's fits, or when none would be enough.
pub(super) fn fitting(facts: &Facts<'_>, subject: &Subject<'_>, heap_max: Option<u64>) -> Option<Heap> {
    let (room, place) = room(facts, subject)?;
    let heap = match (outside(subject, heap_max), heap_max) {
        (Some(outside), Some(max)) => Heap {
            bytes: down(room.saturating_sub(percent(outside, HEADROOM))),
            why: format!(
                "{place} It held {} of private memory, at least {} more than its heap may have ({}): the heap gets that \
                 room less 1.25 times the {}, rounded down.",
                size(subject.anon?),
                size(outside),
                size(max),
                size(outside)
            ),
        },
        (_, max) => Heap {
            bytes: down(percent(room, UNMEASURED)),
            why: format!(
                "{place} {}. 75 % is for the heap, the rest for stacks, code and buffers outside of it.",
                match max {
                    Some(max) if max > room => format!("Its heap may grow to {}, more than fits", size(max)),
                    Some(max) => format!("Its heap may grow to {}", size(max)),
                    None if subject.runtime.is_some_and(|runtime| runtime.environment_read) =>
                        "No heap limit is set".into(),
                    None => "Its heap limit is unknown (its environment could not be read)".into(),
                }
            ),
        },
    };
    let fits = heap_max.is_some_and(|max| heap.bytes >= max);
    let starves =
        heap_max.is_some_and(|max| heap.bytes < percent(max, LEAST)) && outside(subject, heap_max).is_some();
    (!fits && !starves && heap.bytes > 0).then_some(heap)
}

/// What the subject may hold: what the limit that was hit leaves it, or the limit that is proposed for it.
fn room(facts: &Facts<'_>, subject: &Subject<'_>) -> Option<(u64, String)> {
    if let (Some(room), Some(limit)) = (facts.room(subject), facts.limit()) {
        let place = match limit - room {
            0 => format!("It may use all of the limit of {}.", size(limit)),
            others => format!(
                "Of the limit of {}, {} are left to it (others there use {}).",
                size(limit),
                size(room),
                size(others)
            ),
        };
        return Some((room, place));
    }
    let proposal = own_limit::proposal(facts)?;
    let room = proposal.bytes.checked_sub(proposal.others)?;
    Some((room, format!("A limit of {} leaves it {}.", size(proposal.bytes), size(room))))
}
