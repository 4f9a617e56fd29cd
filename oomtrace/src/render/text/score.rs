//! Badness in figures: what unit the kernel scored in, and who would have been chosen without `oom_score_adj`.

use super::words;
use crate::model::{Candidate, Incident, Victim};
use crate::words::bytes;

/// The least favoured value of `oom_score_adj`: a task with it is never chosen.
pub(in crate::render) const EXEMPT: i32 = -1000;

/// In what badness is shown; the record has it in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render) enum Unit {
    /// Pages of so many bytes.
    Pages(u64),
    /// Pages, but their size is not known.
    BarePages,
}

impl Unit {
    pub(in crate::render) fn of(incident: &Incident) -> Self {
        match incident.host.page_size {
            0 => Self::BarePages,
            size => Self::Pages(size),
        }
    }

    /// A score as a figure that compares with sizes: `514 MiB`.
    pub(in crate::render) fn figure(self, points: i64) -> String {
        match self {
            // Task origin: swapoff and KSM make themselves the first choice with the highest score there is.
            _ if points == i64::MAX => "highest".into(),
            Self::Pages(size) => bytes::signed_size(i128::from(points) * i128::from(size)),
            Self::BarePages => bytes::pages(points),
        }
    }

    /// The same, kept on one line.
    pub(in crate::render) fn tied(self, points: i64) -> String {
        self.figure(points).replace(' ', "\u{a0}")
    }
}

/// The victim's score: the kernel's, else the sum of its parts, else that of its row among the candidates.
pub(in crate::render) fn of(incident: &Incident, victim: &Victim) -> Option<i64> {
    let badness = victim.badness.as_ref();
    let row = || incident.candidates.iter().find(|c| c.pid == victim.pid)?.points;
    badness.and_then(|badness| badness.points.or(badness.recomputed)).or_else(row)
}

/// The scores with `oom_score_adj` taken out again, highest first.
///
/// `None` when it changed nothing, or when a score or the size of the domain is missing.
pub(in crate::render) fn without_adj(incident: &Incident) -> Option<Vec<(&Candidate, i64)>> {
    if incident.candidates.iter().all(|c| matches!(c.oom_score_adj, None | Some(0))) {
        return None;
    }
    // The kernel divides first: oom_badness() multiplies adj with totalpages / 1000.
    let step = i64::try_from(incident.scope.total_pages? / 1000).ok()?;
    let plain = |c: &'_ Candidate| {
        let added = i64::from(c.oom_score_adj?).checked_mul(step)?;
        c.points.filter(|points| *points != i64::MAX)?.checked_sub(added)
    };
    let scored = incident.candidates.iter().filter(|c| c.points.is_some());
    let mut plain: Vec<_> = scored.map(|c| Some((c, plain(c)?))).collect::<Option<_>>()?;
    plain.sort_by_key(|(_, points)| std::cmp::Reverse(*points));
    Some(plain)
}

/// The largest task that could not be chosen, with its size, when it is larger than `than` bytes.
pub(in crate::render) fn larger_exempt(incident: &Incident, than: u64) -> Option<(&Candidate, u64)> {
    let exempt = incident.candidates.iter().filter(|c| c.oom_score_adj == Some(EXEMPT));
    let sized = exempt.filter_map(|c| Some((c, footprint(c)?)));
    sized.filter(|(_, size)| *size > than).max_by_key(|(_, size)| *size)
}

/// What the badness counts, in bytes.
pub(in crate::render) fn footprint(c: &Candidate) -> Option<u64> {
    let more = c.swap_bytes.unwrap_or(0).saturating_add(c.page_table_bytes.unwrap_or(0));
    Some(c.rss_bytes?.saturating_add(more))
}

/// ` among the 32 tasks recorded` where not all scored ones were.
pub(in crate::render) fn among(incident: &Incident) -> String {
    // Those that could not be chosen are in the list and not in the count.
    let recorded = incident.candidates.iter().filter(|c| c.points.is_some()).count();
    match incident.candidates_scored {
        Some(scored) if (scored as usize) > recorded => {
            format!(" among the {recorded} task{} recorded", words::plural(recorded))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(Unit::Pages(4096).figure(131_072), "512 MiB");
        assert_eq!(Unit::Pages(4096).figure(-256), "-1 MiB");
        assert_eq!(Unit::Pages(4096).figure(i64::MAX), "highest");
        assert_eq!(Unit::BarePages.figure(1000), "1,000 pages");
    }
}
