//! What the families ask of an incident.

use super::command;
use crate::model::{
    Confidence, Culprit, CulpritKind, Diagnosis, Entity, EntityKind, Incident, LimitMemcg, PartKind, Role,
    Runtime, RuntimeKind, Text, VerdictKind, Victim,
};
use crate::words::escape;

/// An incident with its diagnosis.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) incident: &'a Incident,
    pub(super) diagnosis: &'a Diagnosis,
}

/// The one whose memory use is to be changed: the culprit where it is one, else the victim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// Process id of a single process.
    pub(super) pid: Option<u32>,
    pub(super) comm: Option<&'a Text>,
    /// Its memory cgroup.
    pub(super) cgroup: Option<&'a Text>,
    pub(super) runtime: Option<&'a Runtime>,
    /// What it held at the kill: resident, swap, page tables.
    pub(super) held: Option<u64>,
    /// Of it anonymous and swapped out.
    pub(super) anon: Option<u64>,
    /// It was killed.
    pub(super) killed: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn verdict(&self) -> VerdictKind {
        self.diagnosis.verdict
    }

    /// The verdict is one of these, and its confidence is above low.
    pub(super) fn is(&self, verdicts: &[VerdictKind]) -> bool {
        self.diagnosis.confidence > Confidence::Low && verdicts.contains(&self.verdict())
    }

    /// The memory cgroup whose limit was hit.
    pub(super) fn memcg(&self) -> Option<&'a LimitMemcg> {
        self.incident.scope.memcg.as_ref()
    }

    /// Its limit.
    pub(super) fn limit(&self) -> Option<u64> {
        self.memcg()?.level.limit_bytes
    }

    /// What the scope can hold: the limit that was hit, else the machine's memory.
    pub(super) fn whole(&self) -> Option<u64> {
        self.limit().or_else(|| self.incident.system.as_ref()?.mem_total_bytes)
    }

    pub(super) fn culprit(&self) -> Option<&'a Culprit> {
        self.diagnosis.culprit.as_ref()
    }

    pub(super) fn victim(&self) -> Option<&'a Victim> {
        let victims = &self.incident.victims;
        victims.iter().find(|victim| victim.role == Role::Chosen).or(victims.first())
    }

    /// The culprit's rate of growth, bytes a second.
    pub(super) fn rate(&self) -> Option<f64> {
        self.culprit()?.rate_bytes_per_s.filter(|rate| *rate >= 1.0)
    }

    /// What the culprit held when it began to grow, which may be long before the window of the diagnosis begins. Without its
    /// samples: what it held less its growth within the window.
    pub(super) fn before_growth(&self) -> Option<u64> {
        let culprit = self.culprit()?;
        let sampled = || {
            let (since, entity) = (culprit.since_ms?, self.entity()?);
            let at = entity.points.iter().rposition(|(t, _)| *t <= since);
            let Some(at) = at else { return entity.started_ms.or(entity.exec_ms).map(|_| 0) };
            let files = entity.part(PartKind::File).filter(|_| culprit.kind != CulpritKind::Cgroup);
            let files = files.and_then(|files| files.get(at).copied()).unwrap_or(0);
            Some(entity.points.get(at)?.1.saturating_sub(files))
        };
        sampled().or_else(|| culprit.bytes?.checked_sub(culprit.growth_bytes))
    }

    /// The culprit among those that were sampled.
    pub(super) fn entity(&self) -> Option<&'a Entity> {
        let culprit = self.culprit()?;
        let kind = match culprit.kind {
            CulpritKind::Process => EntityKind::Process,
            CulpritKind::Family => EntityKind::Family,
            CulpritKind::Cgroup => EntityKind::Cgroup,
            CulpritKind::KernelMemory | CulpritKind::Shmem | CulpritKind::PageCache => return None,
        };
        let entities = &self.incident.history.as_ref()?.entities;
        entities.iter().find(|entity| {
            entity.kind == kind
                && entity.path == culprit.cgroup
                && match kind {
                    EntityKind::Process => entity.pid == culprit.pid,
                    EntityKind::Family => entity.exe == culprit.exe && entity.comm == culprit.comm,
                    EntityKind::Cgroup | EntityKind::System => true,
                }
        })
    }

    /// Whose memory use is to be changed; `None` when it is not a process's.
    pub(super) fn subject(&self) -> Option<Subject<'a>> {
        match self.culprit() {
            Some(culprit) if matches!(culprit.kind, CulpritKind::Process | CulpritKind::Family) => {
                Some(self.of_culprit(culprit))
            }
            Some(_) => None,
            None => self.victim().map(of_victim),
        }
    }

    fn of_culprit(&self, culprit: &'a Culprit) -> Subject<'a> {
        let victim = self.incident.victims.iter().find(|victim| Some(victim.pid) == culprit.pid);
        let entity = self.entity();
        let last = |kind| entity.and_then(|entity| entity.part(kind)?.last().copied());
        let as_victim = victim.map(of_victim);
        Subject {
            pid: culprit.pid,
            comm: culprit.comm.as_ref().or(as_victim.and_then(|v| v.comm)),
            cgroup: culprit.cgroup.as_ref().or(as_victim.and_then(|v| v.cgroup)),
            runtime: as_victim.and_then(|v| v.runtime).or(entity.and_then(|entity| entity.runtime.as_ref())),
            held: culprit.bytes.or(as_victim.and_then(|v| v.held)),
            anon: as_victim
                .and_then(|v| v.anon)
                .or(last(PartKind::Anon).map(|anon| anon.saturating_add(last(PartKind::Swap).unwrap_or(0)))),
            killed: culprit.is_victim,
        }
    }

    /// The subject, if its memory is managed by `kind`.
    pub(super) fn managed_by(&self, kind: RuntimeKind) -> Option<(Subject<'a>, &'a Runtime)> {
        let subject = self.subject()?;
        let runtime = subject.runtime.filter(|runtime| runtime.kind == kind)?;
        Some((subject, runtime))
    }

    /// The subject's command line, each argument quoted, where it can be typed again.
    pub(super) fn line(&self) -> Option<Vec<String>> {
        command::line(self, &self.subject()?)
    }

    /// What the subject may hold under the limit that was hit, with all others there as they were at the kill.
    pub(super) fn room(&self, subject: &Subject<'_>) -> Option<u64> {
        let memcg = self.memcg()?;
        let limit = memcg.level.limit_bytes?;
        let inside = is_below(subject.cgroup?.as_bytes(), memcg.level.path.as_bytes());
        // Swap is in what it held and not in the usage.
        let others = memcg.level.usage_bytes.unwrap_or(limit).saturating_sub(subject.held?);
        limit.checked_sub(others).filter(|_| inside)
    }
}

fn of_victim(victim: &Victim) -> Subject<'_> {
    let memory = &victim.memory;
    let sum = |parts: &[Option<u64>]| parts.iter().flatten().copied().reduce(u64::saturating_add);
    Subject {
        pid: Some(victim.pid),
        comm: Some(&victim.comm),
        cgroup: victim.cgroup.as_ref().map(|cgroup| &cgroup.path),
        runtime: victim.runtime.as_ref(),
        held: sum(&[
            memory.anon_bytes,
            memory.file_bytes,
            memory.shmem_bytes,
            memory.swap_bytes,
            memory.page_table_bytes,
        ]),
        anon: memory.anon_bytes.map(|anon| anon.saturating_add(memory.swap_bytes.unwrap_or(0))),
        killed: true,
    }
}

impl Subject<'_> {
    /// `java (pid 4711)`, safe for any output.
    pub(super) fn name(&self) -> String {
        name(self.comm, self.pid)
    }
}

/// `java (pid 4711)` or `java`.
pub(super) fn name(comm: Option<&Text>, pid: Option<u32>) -> String {
    let known = comm.map(Text::as_bytes).filter(|comm| !comm.is_empty());
    match (known.map(escape::bytes), pid) {
        (Some(comm), Some(pid)) => format!("{comm} (pid {pid})"),
        (Some(comm), None) => comm.into_owned(),
        (None, Some(pid)) => format!("pid {pid}"),
        (None, None) => "the process that grew".into(),
    }
}

/// Whether `path` is `above` or lies below it.
pub(super) fn is_below(path: &[u8], above: &[u8]) -> bool {
    let above = above.strip_suffix(b"/").unwrap_or(above);
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}
