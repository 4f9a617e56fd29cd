//! From what is known of a sender to what it is.

use super::known::{PROGRAMS, Program};
use crate::model::{Sender, SenderKind, SentHow, Text, Victim};

/// What a sender is, and by what that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// What.
    pub kind: SenderKind,
    /// For a person.
    pub why: String,
}

/// Recognises the sender of a SIGKILL to `target`. `ns_init` tells that the sender is the first process of a pid
/// namespace of its own.
///
/// A program is recognised by its name together with its executable or its unit; where a mark contradicts it is an
/// ordinary process, and where none but the name is known the answer says so.
#[must_use]
pub fn recognise(sender: &Sender, how: SentHow, target: &Victim, ns_init: bool) -> Recognised {
    let is = |kind, why: &str| Recognised { kind, why: why.to_owned() };
    if how == SentHow::Kernel {
        return is(SenderKind::Kernel, kernel_reason(sender, target, ns_init));
    }
    if sender.pid == Some(target.pid) {
        return is(SenderKind::Itself, "sender and target are one process");
    }
    if let Some(known) = program(sender) {
        return known;
    }
    if sender.pid.is_some() && sender.pid == target.ppid {
        return is(SenderKind::Parent, "the sender is the target's parent");
    }
    if how == SentHow::CgroupKill {
        return is(SenderKind::Process, "it wrote to cgroup.kill of the target's cgroup or of one above");
    }
    is(SenderKind::Process, "no known program")
}

/// The kernel gives no reason with the signal; these are what its source has besides the OOM killer.
fn kernel_reason(sender: &Sender, target: &Victim, ns_init: bool) -> &'static str {
    if ns_init {
        "the first process of its pid namespace (of its container) ended, which ends all others in it"
    } else if sender.pid == Some(target.pid) {
        "the kernel ended it in its own context: its limit of CPU time (RLIMIT_CPU), or an error from which it could not \
         go on, e.g. a failed exec"
    } else {
        "the kernel sent it, and no OOM kill followed: e.g. SysRq-i or a security module"
    }
}

/// The known program that the sender is.
fn program(sender: &Sender) -> Option<Recognised> {
    let named: Vec<&Program> =
        PROGRAMS.iter().filter(|p| p.comm.as_bytes() == sender.comm.as_bytes()).collect();
    let first = *named.first()?;
    let exe = sender.exe.as_ref().map(file_name);
    if named.iter().any(|p| p.unit.is_some() && p.unit == sender.unit.as_deref()) {
        let unit = sender.unit.as_deref().unwrap_or_default();
        return Some(Recognised { kind: first.kind, why: format!("its name and its unit {unit}") });
    }
    match exe {
        Some(exe) if named.iter().any(|p| p.exe.as_bytes() == exe) => {
            Some(Recognised { kind: first.kind, why: "its name and its executable".to_owned() })
        }
        // Another program under this name.
        Some(_) => None,
        None => Some(Recognised {
            kind: first.kind,
            why: "its name alone: it was gone before its executable could be read".to_owned(),
        }),
    }
}

/// The last part of a path, without what the kernel adds for a file that was replaced.
fn file_name(path: &Text) -> &[u8] {
    let bytes = path.as_bytes();
    let bytes = bytes.strip_suffix(b" (deleted)").unwrap_or(bytes);
    bytes.rsplit(|b| *b == b'/').next().unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(comm: &str, exe: Option<&str>, unit: Option<&str>) -> Sender {
        Sender {
            pid: Some(700),
            comm: comm.into(),
            exe: exe.map(Text::from),
            unit: unit.map(str::to_owned),
            ..Sender::default()
        }
    }

    fn kind(sender: &Sender) -> SenderKind {
        let target = Victim { pid: 42, ppid: Some(41), ..Victim::default() };
        recognise(sender, SentHow::Kill, &target, false).kind
    }

    #[test]
    fn a_name_needs_a_second_mark() {
        let unit = Some("earlyoom.service");
        assert_eq!(kind(&sender("earlyoom", Some("/usr/bin/earlyoom"), None)), SenderKind::Earlyoom);
        assert_eq!(kind(&sender("earlyoom", Some("/tmp/earlyoom (deleted)"), None)), SenderKind::Earlyoom);
        assert_eq!(kind(&sender("earlyoom", Some("/opt/other/bin/e"), unit)), SenderKind::Earlyoom);
        assert_eq!(
            kind(&sender("earlyoom", Some("/usr/bin/perl"), None)),
            SenderKind::Process,
            "an impostor"
        );
        assert_eq!(
            kind(&sender("nohang", Some("/usr/bin/python3.11"), Some("nohang.service"))),
            SenderKind::Nohang
        );
        assert_eq!(
            kind(&sender("nohang", Some("/usr/bin/python3.11"), Some("x.service"))),
            SenderKind::Process
        );
    }

    #[test]
    fn where_nothing_else_is_known_the_answer_says_so() {
        let target = Victim { pid: 42, ..Victim::default() };
        let told = recognise(&sender("timeout", None, None), SentHow::Kill, &target, false);
        assert_eq!(told.kind, SenderKind::Timeout);
        assert!(told.why.contains("name alone"), "{told:?}");
    }

    #[test]
    fn relatives() {
        let at = |pid| Sender { pid: Some(pid), comm: "x".into(), ..Sender::default() };
        assert_eq!(kind(&at(42)), SenderKind::Itself);
        assert_eq!(kind(&at(41)), SenderKind::Parent);
        assert_eq!(kind(&at(7)), SenderKind::Process);
    }

    #[test]
    fn the_kernel_s_own() {
        let target = Victim { pid: 42, ..Victim::default() };
        let at = |pid| Sender { pid: Some(pid), comm: "earlyoom".into(), ..Sender::default() };
        let why = |pid, init| {
            let told = recognise(&at(pid), SentHow::Kernel, &target, init);
            assert_eq!(told.kind, SenderKind::Kernel);
            told.why
        };
        assert!(why(7, true).contains("pid namespace"));
        assert!(why(42, false).contains("RLIMIT_CPU"));
        assert!(why(7, false).contains("SysRq-i"));
    }
}
