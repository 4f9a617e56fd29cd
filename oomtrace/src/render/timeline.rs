//! Whose memory a timeline shows, in which order and under which name: shared by all renderers that draw one.

use crate::model::{Culprit, CulpritKind, Entity, EntityKind, History, Incident, Text};
use crate::render::text::words;

/// Entities that are shown besides scope, victim and culprit.
const OTHERS: usize = 4;

/// What part an entity plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// What ran out: the memory cgroup whose limit was hit, or the machine.
    Scope,
    /// It grew and was killed.
    VictimAndCulprit,
    /// It was killed.
    Victim,
    /// It grew.
    Culprit,
    /// Neither.
    Other,
}

impl Part {
    /// In a word or three.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::VictimAndCulprit => "victim, culprit",
            Self::Victim => "victim",
            Self::Culprit => "culprit",
            Self::Other => "",
        }
    }
}

/// An entity with its part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series<'a> {
    pub part: Part,
    pub entity: &'a Entity,
}

/// The entities to show: the scope, the victims, the culprit, then the largest of the others.
pub(super) fn series<'a>(incident: &Incident, history: &'a History) -> Vec<Series<'a>> {
    let shown = history.entities.iter().filter(|entity| !entity.points.is_empty());
    let mut all: Vec<_> = shown.map(|entity| Series { part: part(incident, entity), entity }).collect();
    // The limit's own cgroup says what the machine says, and better.
    let has_limit = all.iter().any(|s| s.part == Part::Scope && s.entity.kind == EntityKind::Cgroup);
    all.retain(|s| !(has_limit && s.entity.kind == EntityKind::System));
    all.sort_by_key(|s| (s.part, std::cmp::Reverse(peak(s.entity))));
    let named = all.iter().filter(|s| s.part != Part::Other).count().min(8);
    all.truncate(named + OTHERS);
    all
}

fn part(incident: &Incident, entity: &Entity) -> Part {
    if is_scope(incident, entity) {
        return Part::Scope;
    }
    let victim =
        entity.kind == EntityKind::Process && incident.victims.iter().any(|v| Some(v.pid) == entity.pid);
    let culprit = incident.diagnosis.as_ref().and_then(|diagnosis| diagnosis.culprit.as_ref());
    match (victim, culprit.is_some_and(|culprit| is_culprit(culprit, entity))) {
        (true, true) => Part::VictimAndCulprit,
        (true, false) => Part::Victim,
        (false, true) => Part::Culprit,
        (false, false) => Part::Other,
    }
}

fn is_scope(incident: &Incident, entity: &Entity) -> bool {
    match &incident.scope.memcg {
        Some(memcg) => entity.kind == EntityKind::Cgroup && entity.path.as_ref() == Some(&memcg.level.path),
        None => entity.kind == EntityKind::System,
    }
}

/// Whether `culprit` is this entity.
pub(super) fn is_culprit(culprit: &Culprit, entity: &Entity) -> bool {
    match (culprit.kind, entity.kind) {
        (CulpritKind::Process, EntityKind::Process) => culprit.pid.is_some() && culprit.pid == entity.pid,
        (CulpritKind::Family, EntityKind::Family) => {
            culprit.comm == entity.comm && culprit.cgroup == entity.path && culprit.exe == entity.exe
        }
        (CulpritKind::Cgroup, EntityKind::Cgroup) => {
            culprit.cgroup.is_some() && culprit.cgroup == entity.path
        }
        _ => false,
    }
}

/// Highest value.
pub(super) fn peak(entity: &Entity) -> u64 {
    entity.points.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0)
}

/// `java (pid 4711)`, `worker (12 processes)`, a cgroup's path, `the machine`.
pub(super) fn name(entity: &Entity) -> String {
    let comm = || entity.comm.as_ref().map_or("unnamed".into(), words::name);
    let path = || entity.path.as_ref().map_or("a memory cgroup".into(), short_path);
    match entity.kind {
        EntityKind::Process => format!("{}{}", comm(), entity.pid.map_or(String::new(), words::with_pid)),
        EntityKind::Family => {
            let members = entity.members.map_or(String::new(), |members| format!(" ({members} processes)"));
            format!("{}{members}", comm())
        }
        EntityKind::Cgroup => path(),
        EntityKind::System => "the machine".into(),
    }
}

/// The end of a path: `/` where it is the root, `/a` where it has one level, else `…/z`. What is too long for a line is cut in
/// the middle, where ids are.
pub(super) fn short_path(path: &Text) -> String {
    const MAX: usize = 48;
    let shown = words::shown(path);
    let last = shown.rsplit('/').next().unwrap_or_default();
    let chars: Vec<char> = last.chars().collect();
    let last = if chars.len() > MAX {
        let [head, tail] =
            [&chars[..MAX / 2], &chars[chars.len() - MAX / 2..]].map(|part| part.iter().collect::<String>());
        format!("{head}…{tail}")
    } else {
        last.to_owned()
    };
    if shown.matches('/').count() > 1 { format!("…/{last}") } else { format!("/{last}") }
}

/// `100 ms`, `1 s`, `1.5 s`.
pub(super) fn interval(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms}\u{a0}ms"),
        _ if ms.is_multiple_of(1_000) => format!("{}\u{a0}s", ms / 1_000),
        _ => words::duration(ms.saturating_mul(1_000_000)),
    }
}

/// `2 min 3 s` of milliseconds.
pub(super) fn span(ms: i64) -> String {
    words::duration(ms.unsigned_abs().saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Diagnosis, LimitMemcg, MemcgLevel, Victim};

    fn entity(kind: EntityKind, pid: u32, path: &str, peak: u64) -> Entity {
        Entity {
            kind,
            pid: Some(pid).filter(|pid| *pid > 0),
            path: Some(Text::from(path)),
            points: vec![(-10, 1), (0, peak)],
            ..Entity::default()
        }
    }

    #[test]
    fn paths_are_told_by_their_end() {
        let short = |path: &str| short_path(&Text::from(path));
        assert_eq!([short("/"), short("/a"), short("/a/b.slice")], ["/", "/a", "…/b.slice"]);
        assert_eq!(short(&format!("/a/{}", "x".repeat(60))).chars().count(), 51);
    }

    #[test]
    fn scope_victim_culprit_and_the_largest_others() {
        let path = Text::from("/a");
        let mut incident =
            Incident { victims: vec![Victim { pid: 1, ..Victim::default() }], ..Incident::default() };
        let level = MemcgLevel { path: path.clone(), ..MemcgLevel::default() };
        incident.scope.memcg = Some(LimitMemcg { level, levels_above_victim: None });
        let culprit = Some(Culprit { pid: Some(2), ..Culprit::default() });
        incident.diagnosis = Some(Diagnosis { culprit, ..Diagnosis::default() });
        let mut entities =
            vec![entity(EntityKind::System, 0, "", 999), entity(EntityKind::Cgroup, 0, "/a", 50)];
        entities.extend((1..=9).map(|pid| entity(EntityKind::Process, pid, "/a", u64::from(pid))));
        let history = History { entities, ..History::default() };
        let shown: Vec<_> = series(&incident, &history).iter().map(|s| (s.part, s.entity.pid)).collect();
        let others = [9, 8, 7, 6].map(|pid| (Part::Other, Some(pid)));
        assert_eq!(shown[..3], [(Part::Scope, None), (Part::Victim, Some(1)), (Part::Culprit, Some(2))]);
        assert_eq!(shown[3..], others);
    }
}
