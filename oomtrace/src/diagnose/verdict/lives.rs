//! What earlier runs of the same workload needed.

use super::super::case::Case;
use super::super::series::cut;
use super::super::thresholds::{LIFE_MUCH_LESS, LIFE_NEAR_LIMIT, SAME_END_MS, SAME_START_MS};
use super::super::words;
use crate::model::{Culprit, Incident, Life, Victim};

/// Earlier runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lives {
    /// None.
    None,
    /// All of them were killed for memory: how many in the time from the start of the first, ms before the kill, and how long
    /// they ran in the middle.
    Killed { count: usize, since: i64, ran: i64 },
    /// They came close to the limit and ended by themselves.
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
    let own = distinct(case.incident, all.iter().filter(same));
    let ended = || own.iter().filter(|life| !life.oom_killed);
    let killed = own.len() - ended().count();
    let Some(peak) = ended().map(|life| cut(life.peak_bytes)).max() else {
        return if killed == 0 { Lives::None } else { all_killed(&own) };
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

fn all_killed(lives: &[Life]) -> Lives {
    let mut ran: Vec<_> =
        lives.iter().map(|life| life.exited_ms.saturating_sub(life.started_ms).max(0)).collect();
    ran.sort_unstable();
    let since = lives.iter().map(|life| life.started_ms).min().unwrap_or(0);
    Lives::Killed { count: lives.len(), since, ran: ran.get(ran.len() / 2).copied().unwrap_or(0) }
}

/// Each process once: one whose exit was seen twice is in the record twice, and the second time nothing says that it was
/// killed. A victim of this kill is no earlier run.
fn distinct<'l>(incident: &Incident, lives: impl Iterator<Item = &'l Life>) -> Vec<Life> {
    let born = |victim: &Victim| {
        Some((victim.pid, -words::between_ms(victim.start_time.as_deref()?, &incident.time)?))
    };
    let victims: Vec<_> = incident.victims.iter().filter_map(born).collect();
    let may_be = |life: &Life, pid: Option<u32>| life.pid.zip(pid).is_none_or(|(one, other)| one == other);
    let mut all: Vec<Life> = Vec::new();
    for life in lives {
        let is_victim = |(pid, born): &(u32, i64)| {
            may_be(life, Some(*pid)) && born.abs_diff(life.started_ms) <= SAME_START_MS
        };
        if victims.iter().any(is_victim) {
            continue;
        }
        let is_it = |known: &&mut Life| {
            known.started_ms.abs_diff(life.started_ms) <= SAME_START_MS
                && known.exited_ms.abs_diff(life.exited_ms) <= SAME_END_MS
                && match known.pid.zip(life.pid) {
                    Some((one, other)) => one == other,
                    None => known.oom_killed != life.oom_killed,
                }
        };
        match all.iter_mut().find(is_it) {
            Some(known) => {
                known.oom_killed |= life.oom_killed;
                known.peak_bytes = known.peak_bytes.max(life.peak_bytes);
            }
            None => all.push(life.clone()),
        }
    }
    all
}

impl Lives {
    /// The reason that they are.
    pub(super) fn told(&self) -> Option<String> {
        let lives = |count: usize| {
            if count == 1 { "an earlier run".to_owned() } else { format!("{count} earlier runs") }
        };
        match self {
            Self::None => None,
            Self::Killed { count, since, ran } => Some(format!(
                "it was OOM-killed {} times in {}: its {} {} killed as well, after {}{}",
                count + 1,
                words::span(*since),
                if *count == 1 { "earlier run".to_owned() } else { format!("{count} earlier runs") },
                if *count == 1 { "was" } else { "were" },
                words::span(*ran),
                if *count == 1 { "" } else { " each (median)" },
            )),
            Self::NearLimit { count, peak } => Some(format!(
                "{} reached {} and ended by itself: it needs about as much as the limit",
                lives(*count),
                words::size(*peak)
            )),
            Self::MuchLess { count, peak } => {
                Some(format!("{} never needed more than {}", lives(*count), words::size(*peak)))
            }
            Self::Between { count, peak } => {
                Some(format!("{} reached {}", lives(*count), words::size(*peak)))
            }
        }
    }
}
