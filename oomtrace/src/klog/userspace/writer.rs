//! Who wrote a line: which of the known programs, and by what that is known.

use crate::model::SenderKind;

/// The program that a log names as the writer of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// What it calls itself: syslog's tag, `SYSLOG_IDENTIFIER`, `_COMM`.
    pub tag: Option<String>,
    /// Its executable, as the journal found it: `_EXE`.
    pub exe: Option<String>,
    /// The system unit that the journal found it in: `_SYSTEMD_UNIT`.
    pub unit: Option<String>,
    /// Process id.
    pub pid: Option<u32>,
}

/// Name, unit and kind. systemd itself counts what systemd-oomd killed.
const KNOWN: [(&str, &str, SenderKind); 7] = [
    ("systemd-oomd", "systemd-oomd.service", SenderKind::SystemdOomd),
    ("earlyoom", "earlyoom.service", SenderKind::Earlyoom),
    ("oomd", "oomd.service", SenderKind::Oomd),
    ("nohang", "nohang.service", SenderKind::Nohang),
    ("nohang", "nohang-desktop.service", SenderKind::Nohang),
    ("kubelet", "kubelet.service", SenderKind::Kubelet),
    ("systemd", "init.scope", SenderKind::ServiceManager),
];

/// Any process can call itself by another's name to syslog.
pub(super) const BY_TAG: &str =
    "not certain: the log tells by a tag who wrote it, and any process can write under any tag";

impl Program {
    /// Which of the known programs it is, and by what that is known. Where the journal has looked itself, a tag counts for
    /// nothing.
    pub(super) fn kind(&self) -> Option<(SenderKind, &'static str)> {
        let of = |hit: &dyn Fn(&(&str, &str, SenderKind)) -> bool| {
            KNOWN.iter().find(|known| hit(known)).map(|known| known.2)
        };
        if self.is_by_tag() {
            let tag = self.tag.as_deref()?;
            return of(&|known| known.0 == tag).map(|kind| (kind, "the tag of its line"));
        }
        let file = self.exe.as_deref().and_then(|exe| exe.rsplit('/').next());
        let by_unit = of(&|known| self.unit.as_deref() == Some(known.1));
        let by_exe = of(&|known| file == Some(known.0));
        match (by_unit, by_exe) {
            (Some(kind), _) => Some((kind, "the unit that the journal found it in")),
            (None, Some(kind)) => Some((kind, "its executable, which the journal found out")),
            (None, None) => None,
        }
    }

    /// Whether nothing but what the writer says of itself is known.
    pub(super) fn is_by_tag(&self) -> bool {
        self.exe.is_none() && self.unit.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_journal_found_goes_before_a_tag() {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let kind = |tag, exe, unit| {
            let program = Program { tag: some(tag), exe: some(exe), unit: some(unit), pid: None };
            program.kind().map(|(kind, _)| kind)
        };
        assert_eq!(kind("earlyoom", "", ""), Some(SenderKind::Earlyoom));
        assert_eq!(kind("earlyoom", "/usr/bin/earlyoom", "user@1000.service"), Some(SenderKind::Earlyoom));
        assert_eq!(kind("nohang", "/usr/bin/python3.11", "nohang.service"), Some(SenderKind::Nohang));
        assert_eq!(kind("earlyoom", "/usr/bin/logger", "user@1000.service"), None, "an impostor");
        assert_eq!(kind("earlyoom", "", "session-3.scope"), None, "an impostor");
        assert_eq!(kind("app", "", ""), None);
    }
}
