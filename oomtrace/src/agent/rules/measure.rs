//! A rule's figure of a subject.

use super::forecast::Track;
use super::rule::{Metric, Rule, Unit};
use super::snapshot::{ById, Effective, Psi, used};
use crate::sample::{CgroupSample, ProcessSample, SystemSample};

/// What is known of a subject, for any rule.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// The rule's figure; absent when it is unknown.
    pub value: Option<f64>,
    /// Memory in use that can't be given back.
    pub used: u64,
    /// The effective limit.
    pub limit: Option<u64>,
    /// Bytes until it is hit.
    pub headroom: Option<u64>,
    /// Swap in use, and the most that it can be.
    pub swap: Option<(u64, Option<u64>)>,
    /// Growth, bytes in a second.
    pub rate: Option<f64>,
    /// Seconds to the limit: likely, earliest, latest.
    pub time: Option<(f64, [f64; 2])>,
}

impl Measured {
    /// The machine.
    pub(super) fn system(system: &SystemSample) -> Self {
        Self {
            used: system.total.saturating_sub(system.available),
            limit: Some(system.total),
            // Swap takes what memory can't hold.
            headroom: Some(system.available.saturating_add(system.swap_free)),
            swap: Some((system.swap_total.saturating_sub(system.swap_free), Some(system.swap_total))),
            ..Self::default()
        }
    }

    /// A memory cgroup.
    pub(super) fn cgroup(
        cgroup: &CgroupSample,
        limit: Option<Effective>,
        system: Option<&SystemSample>,
    ) -> Self {
        Self {
            used: used(cgroup),
            limit: limit.map(|found| found.limit),
            headroom: limit.map(|found| found.headroom),
            swap: cgroup.swap.map(|swap| (swap, system.map(|system| system.swap_total))),
            ..Self::default()
        }
    }

    /// A process, under the limit of its cgroup or of the machine.
    pub(super) fn process(process: &ProcessSample, by_id: &ById<'_>, system: Option<&SystemSample>) -> Self {
        let limit = super::snapshot::effective(process.cgroup, by_id);
        let machine = system.map(|system| (system.total, system.available.saturating_add(system.swap_free)));
        let (limit, headroom) = match (limit, machine) {
            (Some(found), machine) => {
                let headroom = machine.map_or(found.headroom, |(_, machine)| machine.min(found.headroom));
                (Some(found.limit), Some(headroom))
            }
            (None, machine) => (machine.map(|(total, _)| total), machine.map(|(_, headroom)| headroom)),
        };
        Self {
            used: process.anon + process.shmem + process.page_tables,
            limit,
            headroom,
            swap: Some((process.swap, system.map(|system| system.swap_total))),
            ..Self::default()
        }
    }

    /// Adds how it has grown.
    pub(super) fn grown(mut self, track: Option<&Track>) -> Self {
        if let Some(forecast) = track.and_then(Track::forecast) {
            self.rate = Some(forecast.rate);
            self.time = self.headroom.map(|headroom| forecast.time_to(headroom));
        }
        self
    }

    /// Adds the figure that `rule` looks at.
    #[expect(clippy::cast_precision_loss, reason = "compared with a threshold")]
    pub(super) fn of(mut self, rule: &Rule, psi: Option<Psi>, events: Option<f64>) -> Self {
        let share = |part: u64, whole: Option<u64>| {
            whole.filter(|whole| *whole > 0).map(|whole| part as f64 / whole as f64)
        };
        self.value = match (rule.metric, rule.unit) {
            (Metric::Usage, Unit::Share) => share(self.used, self.limit),
            (Metric::Usage, _) => Some(self.used as f64),
            (Metric::Swap, Unit::Share) => self.swap.and_then(|(swap, most)| share(swap, most)),
            (Metric::Swap, _) => self.swap.map(|(swap, _)| swap as f64),
            (Metric::PsiSome, _) => psi.map(|psi| psi.some),
            (Metric::PsiFull, _) => psi.map(|psi| psi.full),
            (Metric::Growth, _) => self.rate,
            (Metric::TimeToLimit, _) => self.time.map(|(time, _)| time),
            (Metric::HighEvents | Metric::LimitEvents, _) => events,
        };
        self
    }
}
