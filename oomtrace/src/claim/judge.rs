//! From marks to an identity.

use super::path::{file_name, is_of_root, is_sealed_copy};
use super::programs::{Account, PROGRAMS, Program};
use crate::model::{Confidence, SenderKind};

/// Users that systemd makes up for a service while it runs (`DynamicUser=`).
const DYNAMIC: std::ops::RangeInclusive<u32> = 61_184..=65_519;
/// The first user id of people.
const PEOPLE: u32 = 1000;

/// What is known of an executable's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum File {
    /// Nothing but its path: it is another machine's, or the process was gone.
    #[default]
    PathAlone,
    /// It is the file of that path on this machine, and only root can change it or a directory above it.
    OfRoot,
    /// Others than root can change it or a directory above it, or it is another file than the path says.
    OfOthers,
}

/// Where the marks come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A process of this machine.
    #[default]
    Process,
    /// The journal's own findings on who wrote a line: a name counts for nothing beside them.
    Journal,
    /// What a line says of its writer.
    Tag,
}

/// What is known of one that may be a known program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks<'a> {
    /// See [`Origin`].
    pub origin: Origin,
    /// What it calls itself.
    pub name: Option<&'a [u8]>,
    /// Path of its executable.
    pub exe: Option<&'a [u8]>,
    /// See [`File`].
    pub file: File,
    /// The system unit it runs in.
    pub unit: Option<&'a str>,
    /// Its user.
    pub uid: Option<u32>,
    /// The user id of the program's own user on this machine.
    pub service_uid: Option<u32>,
    /// It runs in a container, where paths are not the machine's.
    pub in_container: bool,
    /// Process id.
    pub pid: Option<u32>,
}

/// A known program, or one that calls itself so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The program.
    pub kind: SenderKind,
    /// How sure that is; low: it only calls itself so.
    pub confidence: Confidence,
    /// Something speaks against it.
    pub is_contradicted: bool,
    /// What it is known by, or what is missing.
    pub why: String,
}

impl Claim {
    /// Whether it is that program, and does not only call itself so.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.confidence > Confidence::Low
    }
}

/// The known program that something claims to be; `None` when it claims nothing.
#[must_use]
pub fn judge(marks: &Marks<'_>) -> Option<Claim> {
    let program = PROGRAMS.iter().find(|program| is_claimed(program, marks))?;
    let proved =
        |confidence, why: String| Claim { kind: program.kind, confidence, is_contradicted: false, why };
    if marks.origin == Origin::Tag {
        return Some(proved(
            Confidence::Low,
            "the tag of its line alone, which any process can choose".to_owned(),
        ));
    }
    if marks.pid == Some(1) && marks.origin == Origin::Process && program.kind == SenderKind::ServiceManager {
        return Some(proved(Confidence::High, "it is the first process of the machine".to_owned()));
    }
    let unit = marks.unit.filter(|unit| program.units.contains(unit));
    if let Some(unit) = unit.filter(|_| marks.uid.is_none_or(is_system_user)) {
        // An export without the user ids says less.
        let sure = if marks.uid.is_some() { Confidence::High } else { Confidence::Medium };
        return Some(proved(sure, format!("its system unit {unit}")));
    }
    Some(match doubt(program, marks) {
        None => by_executable(program, marks),
        Some(doubt) => {
            let is_contradicted = marks.exe.is_some() || marks.uid.is_some_and(|uid| !is_system_user(uid));
            Claim { kind: program.kind, confidence: Confidence::Low, is_contradicted, why: doubt }
        }
    })
}

/// A container runtime that runs a sealed copy of itself: its executable has no path then, so that its parent and its cgroup
/// have to prove it.
#[must_use]
pub fn runtime_copy(marks: &Marks<'_>, parent: &Claim) -> Option<Claim> {
    let is_copy = marks.exe.is_some_and(is_sealed_copy) && !marks.in_container;
    let by_runtime = parent.kind == SenderKind::ContainerRuntime && parent.is_proved();
    (is_copy && by_runtime).then(|| Claim {
        why: "a sealed copy of a container runtime: its parent is one, and its cgroup is no container's"
            .to_owned(),
        ..parent.clone()
    })
}

fn is_claimed(program: &Program, marks: &Marks<'_>) -> bool {
    let named = |text: &[u8]| program.names.iter().any(|name| name.as_bytes() == text);
    let by_name = marks.origin != Origin::Journal && marks.name.is_some_and(named);
    let by_exe = marks.exe.is_some_and(|exe| named(file_name(exe)));
    // Of a process the unit alone says only which service it is a part of.
    let by_unit =
        marks.origin == Origin::Journal && marks.unit.is_some_and(|unit| program.units.contains(&unit));
    by_name || by_exe || by_unit
}

fn by_executable(program: &Program, marks: &Marks<'_>) -> Claim {
    let root = marks.uid == Some(0);
    let own = marks.uid.is_some() && marks.uid == marks.service_uid;
    let live = marks.origin == Origin::Process;
    let (confidence, why) = if (root || own) && live && marks.file == File::PathAlone {
        (
            Confidence::Medium,
            "the path of its executable: it was gone before the file could be looked at".to_owned(),
        )
    } else if root || own {
        (Confidence::High, "its executable, which only root can change, and its user".to_owned())
    } else {
        // What a user runs can be made to do anything; a service's user on a machine that is not this one is not known.
        let uid = marks.uid.map_or(String::new(), |uid| format!(", run by uid {uid}"));
        (Confidence::Medium, format!("its executable, which only root can change{uid}"))
    };
    Claim { kind: program.kind, confidence, is_contradicted: false, why }
}

/// Why executable and user prove nothing; `None` when they do.
fn doubt(program: &Program, marks: &Marks<'_>) -> Option<String> {
    let Some(exe) = marks.exe else {
        return Some("its name alone: its executable is not known".to_owned());
    };
    let shown = String::from_utf8_lossy(exe);
    let file = file_name(exe);
    let is = |names: &[&str]| names.iter().any(|name| name.as_bytes() == file);
    if !is(program.names) && !is(program.multicall) {
        return Some(format!("its name alone: its executable is {shown}"));
    }
    if !is_of_root(exe) {
        return Some(format!(
            "its name alone: its executable {shown} is not in a directory that only root writes"
        ));
    }
    if marks.file == File::OfOthers {
        return Some(format!(
            "its name alone: not only root can change the executable {shown}, or it is another file than the machine has there"
        ));
    }
    if marks.in_container && marks.file != File::OfRoot {
        return Some(format!("its name alone: it runs in a container, whose {shown} may be any file"));
    }
    of_wrong_user(program, marks)
}

fn of_wrong_user(program: &Program, marks: &Marks<'_>) -> Option<String> {
    let Some(uid) = marks.uid else {
        return Some("its executable, without the user it ran as".to_owned());
    };
    let is_own = marks.service_uid == Some(uid);
    // The ids of services differ from machine to machine.
    let may_be_own = marks.origin == Origin::Journal && is_system_user(uid);
    match program.account {
        Account::Anyone => None,
        Account::Service(_) if uid == 0 || is_own => None,
        Account::Service(Some(_)) if may_be_own => None,
        Account::Service(_) => {
            Some(format!("its name and executable, but it runs as uid {uid}, which is not its user"))
        }
    }
}

/// Root, a user of the system, or one that systemd made up for a service.
fn is_system_user(uid: u32) -> bool {
    uid < PEOPLE || DYNAMIC.contains(&uid)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
