//! Two recordings or more side by side: who held how much at most, and how fast it grew.

use std::collections::BTreeMap;

use super::Evidence;
use crate::model::{Entity, EntityKind, Text};

/// Whose memory it is; processes of one name in one cgroup count as one, so that two runs can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The machine.
    System,
    /// Path of a memory cgroup.
    Cgroup(Vec<u8>),
    /// Name of processes, and the path of their memory cgroup where it is known.
    Process(Vec<u8>, Vec<u8>),
}

/// What a recording says of a subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Highest value, bytes; of processes the largest one's.
    pub peak: u64,
    /// First and last value with their times, `CLOCK_BOOTTIME` ns.
    first: (u64, u64),
    last: (u64, u64),
}

impl Use {
    /// Bytes a second between first and last value; `None` where they are less than a second apart.
    #[must_use]
    pub fn growth_per_s(&self) -> Option<i64> {
        let span = self.last.0.checked_sub(self.first.0).filter(|span| *span >= 1_000_000_000)?;
        let change = i128::from(self.last.1) - i128::from(self.first.1);
        i64::try_from(change * 1_000_000_000 / i128::from(span)).ok()
    }

    fn add(&mut self, time: u64, bytes: u64) {
        self.peak = self.peak.max(bytes);
        if self.first.0 == 0 || time < self.first.0 {
            self.first = (time, bytes);
        }
        if time >= self.last.0 {
            self.last = (time, bytes);
        }
    }
}

/// A subject, with what each recording says of it; in the order of the recordings.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who.
    pub subject: Subject,
    /// Absent where a recording has nothing of it.
    pub uses: Vec<Option<Use>>,
}

/// Compares; the largest peak first.
#[must_use]
pub fn compare(all: &[Evidence]) -> Vec<Row> {
    let maps: Vec<_> = all.iter().map(uses).collect();
    let mut subjects: Vec<_> = maps.iter().flat_map(BTreeMap::keys).cloned().collect();
    subjects.sort_unstable();
    subjects.dedup();
    let row =
        |subject: Subject| Row { uses: maps.iter().map(|map| map.get(&subject).copied()).collect(), subject };
    let mut rows: Vec<_> = subjects.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.uses.iter().flatten().map(|one| one.peak).max()));
    rows
}

fn uses(evidence: &Evidence) -> BTreeMap<Subject, Use> {
    let mut map: BTreeMap<Subject, Use> = BTreeMap::new();
    let mut add = |subject, time, bytes| map.entry(subject).or_default().add(time, bytes);
    let bytes = |text: Option<&Text>| text.map(|text| text.as_bytes().to_vec()).unwrap_or_default();
    for sample in &evidence.samples {
        if let Some(system) = &sample.system {
            let used = system.mem_total_bytes.saturating_sub(system.mem_available_bytes);
            let swap = system.swap_total_bytes.saturating_sub(system.swap_free_bytes);
            add(Subject::System, sample.boottime_ns, used.saturating_add(swap));
        }
        for cgroup in &sample.cgroups {
            add(Subject::Cgroup(cgroup.path.as_bytes().to_vec()), sample.boottime_ns, cgroup.usage_bytes);
        }
        for process in &sample.processes {
            let subject = Subject::Process(process.comm.as_bytes().to_vec(), bytes(process.cgroup.as_ref()));
            add(subject, sample.boottime_ns, process.bytes);
        }
    }
    for incident in &evidence.incidents {
        for entity in incident.history.iter().flat_map(|history| &history.entities) {
            let Some(subject) = subject(entity) else { continue };
            for (t, value) in &entity.points {
                add(subject.clone(), at(incident.boottime_ns, *t), *value);
            }
        }
    }
    map
}

fn subject(entity: &Entity) -> Option<Subject> {
    let path = || entity.path.as_ref().map(|path| path.as_bytes().to_vec());
    Some(match entity.kind {
        EntityKind::System => Subject::System,
        EntityKind::Cgroup => Subject::Cgroup(path()?),
        EntityKind::Process => {
            Subject::Process(entity.comm.as_ref()?.as_bytes().to_vec(), path().unwrap_or_default())
        }
        // Its members are counted one by one.
        EntityKind::Family => return None,
    })
}

/// A time that counts from the kill, on `CLOCK_BOOTTIME`.
#[must_use]
pub fn at(kill_ns: u64, t_ms: i64) -> u64 {
    kill_ns.saturating_add_signed(t_ms.saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CgroupUse, Sample};

    fn run(name: &str, usage: [u64; 3]) -> Evidence {
        let sample = |(second, usage): (u64, u64)| Sample {
            boottime_ns: (second + 1) * 1_000_000_000,
            cgroups: vec![CgroupUse { path: Text::from("/a"), usage_bytes: usage, limit_bytes: None }],
            ..Sample::default()
        };
        Evidence { name: name.into(), samples: (0..).zip(usage).map(sample).collect(), ..Evidence::default() }
    }

    #[test]
    fn peaks_and_growth_side_by_side() {
        let rows = compare(&[run("good", [100, 140, 120]), run("bad", [100, 500, 900])]);
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        let figures: Vec<_> = row.uses.iter().flatten().map(|one| (one.peak, one.growth_per_s())).collect();
        assert_eq!(figures, [(140, Some(10)), (900, Some(400))]);
    }
}
