//! The data is inconclusive: how to get what is missing.

use super::facts::Facts;
use super::round::seconds;
use super::{Ranked, push};
use crate::model::{Advice, VerdictKind};

/// Fewer samples of the system than this say nothing about how memory grew.
const ENOUGH: usize = 15;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    if facts.verdict() != VerdictKind::Undetermined {
        return;
    }
    let (action, why) = match facts.incident.history.as_ref() {
        None => (
            "Keep oomtrace running, so that the next kill has a history.",
            "Nothing was sampled before this kill, and one moment does not show which process grew."
                .to_owned(),
        ),
        Some(history) if history.entities.iter().all(|entity| entity.points.len() < ENOUGH) => (
            "Keep oomtrace running: the next kill has a longer history.",
            format!(
                "It had sampled for {}, every {} ms: fewer than {ENOUGH} samples do not show which process grew.",
                seconds(std::time::Duration::from_millis(history.span_ms).as_secs_f64()),
                history.interval_ms
            ),
        ),
        Some(_) => return,
    };
    // Where one moment supports something, that comes first.
    let rank = if facts.incident.history.is_none() { 95 } else { 0 };
    push(into, rank, Advice { action: action.into(), why, ..Advice::default() });
}
