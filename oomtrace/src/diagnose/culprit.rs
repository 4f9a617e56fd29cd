//! Who it was: a process, a family of them, a cgroup, or memory that no process has; nobody where the figures do not tell.

use std::collections::HashMap;

use super::growth::{Family, Grown, Growth};
use super::scope;
use super::series::Series;
use super::thresholds::{CHILD_OF_CGROUP, CULPRIT_SHARE, MEMBER_OF_FAMILY};
use super::tracks::Track;
use crate::model::{Culprit, CulpritKind, Incident, Text};

/// One that grew, with what its course is read from.
#[derive(Clone, Debug)]
pub(super) struct Suspect<'t, 'a> {
    pub found: Culprit,
    pub bytes: i64,
    /// Its course.
    pub series: Series,
    /// The process that it is.
    pub track: Option<&'t Track<'a>>,
    /// When it began, of a family the first of those that are known, ms from the kill; absent: before the samples.
    pub born: Option<i64>,
}

impl Suspect<'_, '_> {
    /// Whether a process is it, or part of it.
    pub(super) fn is(&self, track: &Track<'_>) -> bool {
        match self.found.kind {
            CulpritKind::Family => {
                let name = self.found.exe.as_ref().or(self.found.comm.as_ref());
                name.is_some() && name == track.exe.or(track.comm) && self.found.cgroup.as_ref() == track.path
            }
            CulpritKind::Cgroup => {
                scope::inside(track.path.map(Text::as_bytes), self.found.cgroup.as_ref().map(Text::as_bytes))
            }
            // After exec one process is two tracks.
            _ => match self.track {
                Some(own) => std::ptr::eq(own, track),
                None => track.pid.is_some() && track.pid == self.found.pid,
            },
        }
    }
}

/// The one that made at least half of the growth: the process, unless it is one of many alike; else the family; else the
/// cgroup.
pub(super) fn of<'t, 'a>(incident: &Incident, growth: &Growth<'t, 'a>) -> Option<Suspect<'t, 'a>> {
    let process = growth.processes.iter().max_by_key(|grown| grown.bytes).filter(|grown| grown.bytes > 0);
    let family = growth.families.iter().max_by_key(|family| family.bytes).filter(|family| family.bytes > 0);
    let enough = |bytes: i64| growth.share(bytes) >= CULPRIT_SHARE;
    if let Some(process) =
        process.filter(|process| enough(process.bytes) && stands_for_itself(process, family))
    {
        return Some(of_process(incident, growth, process));
    }
    if let Some(family) = family.filter(|family| enough(family.bytes) && family.count > 1) {
        return Some(of_family(incident, growth, family));
    }
    if let Some(process) = process.filter(|process| enough(process.bytes)) {
        return Some(of_process(incident, growth, process));
    }
    cgroup(growth).filter(|grown| enough(grown.bytes)).map(|grown| of_cgroup(incident, growth, grown))
}

/// Not when its family grew by much more than it did.
fn stands_for_itself(process: &Grown<'_, '_>, family: Option<&Family<'_, '_>>) -> bool {
    let own = family.filter(|family| {
        let name = family.track.and_then(Track::family);
        family.track.is_some() && name == process.track.family() || family.members.len() > 1
    });
    own.is_none_or(|family| process.bytes as f64 >= MEMBER_OF_FAMILY * family.bytes as f64)
}

/// The one that grew most, followed down as long as one below it made most of its growth. Nobody where that is the root or
/// one that merely holds others: neither is a workload.
fn cgroup<'t, 'a>(growth: &Growth<'t, 'a>) -> Option<Grown<'t, 'a>> {
    let workloads = growth.cgroups.iter().filter(|grown| !is_root(grown.track));
    let mut top = workloads.max_by_key(|grown| grown.bytes).copied()?;
    while let Some(child) = below(growth, top).max_by_key(|grown| grown.bytes) {
        if (child.bytes as f64) < CHILD_OF_CGROUP * top.bytes as f64 {
            break;
        }
        top = *child;
    }
    (top.bytes > 0 && !merely_holds(growth, top)).then_some(top)
}

fn is_root(track: &Track<'_>) -> bool {
    track.path.is_none_or(|path| path.as_bytes() == b"/")
}

/// Several grew in cgroups of their own at or below it, and none of them made most of it.
fn merely_holds(growth: &Growth<'_, '_>, top: Grown<'_, '_>) -> bool {
    let path = top.track.path.map(Text::as_bytes);
    let mut parts: HashMap<Option<&[u8]>, i64> = HashMap::new();
    for grown in growth.processes.iter().filter(|grown| grown.bytes > 0) {
        let own = grown.track.path.map(Text::as_bytes);
        if scope::inside(own, path) {
            *parts.entry(own).or_default() += grown.bytes;
        }
    }
    for grown in below(growth, top).filter(|grown| grown.bytes > 0) {
        let part = parts.entry(grown.track.path.map(Text::as_bytes)).or_default();
        *part = (*part).max(grown.bytes);
    }
    let largest = parts.values().max().copied().unwrap_or(0);
    parts.len() > 1 && (largest as f64) < CULPRIT_SHARE * top.bytes as f64
}

fn below<'g, 't, 'a>(
    growth: &'g Growth<'t, 'a>,
    top: Grown<'t, 'a>,
) -> impl Iterator<Item = &'g Grown<'t, 'a>> {
    let path = top.track.path.map(Text::as_bytes);
    growth.cgroups.iter().filter(move |grown| {
        let own = grown.track.path.map(Text::as_bytes);
        // Longer each time, so that this ends whatever the record holds.
        own.map_or(0, <[u8]>::len) > path.map_or(0, <[u8]>::len) && scope::inside(own, path)
    })
}

/// A process.
pub(super) fn of_process<'t, 'a>(
    incident: &Incident,
    growth: &Growth<'t, 'a>,
    grown: &Grown<'t, 'a>,
) -> Suspect<'t, 'a> {
    let track = grown.track;
    let found = Culprit {
        kind: CulpritKind::Process,
        pid: track.pid,
        is_victim: incident.victims.iter().any(|victim| Some(victim.pid) == track.pid),
        likely: track.assumed,
        ..named(growth, track, grown.bytes)
    };
    Suspect {
        found,
        bytes: grown.bytes,
        series: track.series.clone(),
        track: Some(track),
        born: track.started,
    }
}

/// A family.
pub(super) fn of_family<'t, 'a>(
    incident: &Incident,
    growth: &Growth<'t, 'a>,
    family: &Family<'t, 'a>,
) -> Suspect<'t, 'a> {
    let members = || family.members.iter().map(|at| growth.processes[*at].track);
    let Some(name) = family.track.or_else(|| members().next()) else {
        return Suspect {
            found: Culprit::default(),
            bytes: 0,
            series: Series::default(),
            track: None,
            born: None,
        };
    };
    let series = family.track.map_or_else(
        || Series::sum(members().map(|track| (&track.series, track.exited))),
        |track| track.series.clone(),
    );
    let is_member = |pid: u32, comm: &Text, path: Option<&Text>| {
        members().any(|track| track.pid == Some(pid)) || (name.comm == Some(comm) && name.path == path)
    };
    let found = Culprit {
        kind: CulpritKind::Family,
        members: u32::try_from(family.count).ok(),
        is_victim: incident.victims.iter().any(|victim| {
            is_member(victim.pid, &victim.comm, victim.cgroup.as_ref().map(|cgroup| &cgroup.path))
        }),
        bytes: series.last().and_then(|last| u64::try_from(last.high).ok()),
        ..named(growth, name, family.bytes)
    };
    let births: Option<Vec<i64>> = members().map(|track| track.started).collect();
    let born = births.and_then(|births| births.into_iter().min());
    Suspect { found, bytes: family.bytes, series, track: None, born }
}

/// A cgroup.
pub(super) fn of_cgroup<'t, 'a>(
    incident: &Incident,
    growth: &Growth<'t, 'a>,
    grown: Grown<'t, 'a>,
) -> Suspect<'t, 'a> {
    let path = grown.track.path.map(Text::as_bytes);
    let inside = |path_of: &Text| scope::inside(Some(path_of.as_bytes()), path);
    let found = Culprit {
        kind: CulpritKind::Cgroup,
        is_victim: incident
            .victims
            .iter()
            .filter_map(|victim| victim.cgroup.as_ref())
            .any(|c| inside(&c.path)),
        comm: None,
        exe: None,
        ..named(growth, grown.track, grown.bytes)
    };
    Suspect { found, bytes: grown.bytes, series: grown.track.series.clone(), track: None, born: None }
}

fn named(growth: &Growth<'_, '_>, track: &Track<'_>, bytes: i64) -> Culprit {
    Culprit {
        comm: track.comm.cloned(),
        exe: track.exe.cloned(),
        cgroup: track.path.cloned(),
        share_of_growth: growth.share(bytes),
        growth_bytes: u64::try_from(bytes).unwrap_or(0),
        bytes: u64::try_from(track.at_kill()).ok(),
        ..Culprit::default()
    }
}

/// Part of the growth that the killed ones made themselves.
pub(super) fn victims_share(incident: &Incident, growth: &Growth<'_, '_>) -> Option<f64> {
    let is_victim = |pid: Option<u32>| incident.victims.iter().any(|victim| Some(victim.pid) == pid);
    let own = || growth.processes.iter().filter(|grown| is_victim(grown.track.pid));
    own().next().map(|_| growth.share(own().map(|grown| grown.bytes).sum()))
}
