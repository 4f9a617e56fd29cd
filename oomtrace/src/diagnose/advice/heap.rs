//! How large a heap may be: what a runtime is allowed to take, less what it holds outside of its heap.

use super::facts::{Facts, Subject};
use super::round::{down, percent, size};

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

/// What is outside of the heap at the least: private memory beyond the heap's own maximum.
pub(super) fn outside(subject: &Subject<'_>, heap_max: Option<u64>) -> Option<u64> {
    subject.anon?.checked_sub(heap_max?).filter(|outside| *outside > 0)
}

/// The heap that fits into what the subject may hold; `None` when today's fits, or when none would be enough.
pub(super) fn fitting(facts: &Facts<'_>, subject: &Subject<'_>, heap_max: Option<u64>) -> Option<Heap> {
    let room = facts.room(subject)?;
    let limit = facts.limit()?;
    let place = match limit - room {
        0 => format!("The limit of {} leaves it all of that", size(limit)),
        others => format!(
            "The limit of {} leaves it {}, others there hold {}",
            size(limit),
            size(room),
            size(others)
        ),
    };
    let heap = match (outside(subject, heap_max), heap_max) {
        (Some(outside), Some(max)) => Heap {
            bytes: down(room.saturating_sub(percent(outside, HEADROOM))),
            why: format!(
                "{place}. It held {} of private memory, at least {} more than its heap may have ({}): that room less 1.25 \
                 times that, rounded down.",
                size(subject.anon?),
                size(outside),
                size(max)
            ),
        },
        (_, max) => Heap {
            bytes: down(percent(room, UNMEASURED)),
            why: format!(
                "{place}. {}: 75 % of it for the heap, the rest for stacks, code and buffers outside of it.",
                match max {
                    Some(max) => format!("Its heap may grow to {}, more than fits", size(max)),
                    None if subject.runtime.is_some_and(|runtime| runtime.environment_read) => {
                        "How large its heap may get is not set".into()
                    }
                    None =>
                        "How large its heap may get is not known (its environment could not be read)".into(),
                }
            ),
        },
    };
    let fits = heap_max.is_some_and(|max| heap.bytes >= max);
    let starves =
        heap_max.is_some_and(|max| heap.bytes < percent(max, LEAST)) && outside(subject, heap_max).is_some();
    (!fits && !starves && heap.bytes > 0).then_some(heap)
}
