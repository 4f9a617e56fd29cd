//! What earlier lives of the same workload needed.

use super::super::case::Case;
use super::super::series::cut;
use super::super::thresholds::{LIFE_MUCH_LESS, LIFE_NEAR_LIMIT};
use super::super::words;
use crate::model::{Culprit, Life};

/// Earlier lives that ended by themselves.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lives {
    /// None.
    None,
    /// All of them were killed for memory.
    Killed { count: usize },
    /// They came close to the limit, and were fine.
    NearLimit { count: usize, peak: i64 },
    /// They needed much less than this one.
    MuchLess { count: usize, peak: i64 },
    /// Something between.
    Between { count: usize, peak: i64 },
}

/// Those of the culprit's executable in a cgroup of its path.
pub(super) fn of(case: &Case<'_, '_, '_>, culprit: &Culprit) -> Lives {
    let all = case.incident.history.as_ref().map_or(&[][..], |history| &history.earlier_lives);
    let same = |life: &&Life| {
        let name = match (&life.exe, &culprit.exe) {
            (Some(life), Some(own)) => life == own,
            _ => culprit.comm.as_ref() == Some(&life.comm),
        };
        name && (life.path.is_none() || life.path == culprit.cgroup)
    };
    let ended = || all.iter().filter(same).filter(|life| !life.oom_killed);
    let killed = all.iter().filter(same).count() - ended().count();
    let Some(peak) = ended().map(|life| cut(life.peak_bytes)).max() else {
        return if killed == 0 { Lives::None } else { Lives::Killed { count: killed } };
    };
    let (count, now) = (ended().count(), culprit.bytes.map_or(0, cut) as f64);
    let limit = case.scope.limit.map_or(now, |limit| limit as f64);
    if peak as f64 >= LIFE_NEAR_LIMIT * limit {
        Lives::NearLimit { count, peak }
    } else if (peak as f64) < LIFE_MUCH_LESS * now {
        Lives::MuchLess { count, peak }
    } else {
        Lives::Between { count, peak }
    }
}

impl Lives {
    /// The reason that they are.
    pub(super) fn told(&self) -> Option<String> {
        let lives = |count: usize| {
            if count == 1 { "an earlier life".to_owned() } else { format!("{count} earlier lives") }
        };
        match self {
            Self::None => None,
            Self::Killed { count: 1 } => Some("its earlier life was killed for memory, too".into()),
            Self::Killed { count } => Some(format!("its {count} earlier lives were killed for memory, too")),
            Self::NearLimit { count, peak } => Some(format!(
                "{} came up to {} and ended by itself: it needs about the limit",
                lives(*count),
                words::size(*peak)
            )),
            Self::MuchLess { count, peak } => {
                Some(format!("{} never needed more than {}", lives(*count), words::size(*peak)))
            }
            Self::Between { count, peak } => {
                Some(format!("{} came up to {}", lives(*count), words::size(*peak)))
            }
        }
    }
}
