//! Who wrote a line: which of the known programs, and by what that is known.

use crate::claim::{Claim, Marks, Origin, judge};
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
    /// Its user, as the journal found it: `_UID`.
    pub uid: Option<u32>,
    /// Process id.
    pub pid: Option<u32>,
}

/// Any process can call itself by another's name to syslog.
pub(super) const BY_TAG: &str =
    "not certain: only a tag names the program that wrote this line, and any process can log under any tag";

impl Program {
    /// The known program that it is or calls itself, of those whose lines are read. Where the journal has looked itself, a tag
    /// counts for nothing.
    pub(super) fn claim(&self) -> Option<Claim> {
        let marks = Marks {
            origin: if self.is_by_tag() { Origin::Tag } else { Origin::Journal },
            name: self.tag.as_deref().map(str::as_bytes),
            exe: self.exe.as_deref().map(str::as_bytes),
            unit: self.unit.as_deref(),
            uid: self.uid,
            pid: self.pid,
            ..Marks::default()
        };
        judge(&marks)
            .filter(|claim| !matches!(claim.kind, SenderKind::ContainerRuntime | SenderKind::Timeout))
    }

    /// Whether nothing but what the writer says of itself is known.
    pub(super) fn is_by_tag(&self) -> bool {
        self.exe.is_none() && self.unit.is_none()
    }

    /// What is left where the findings stand in a text that anyone may have written.
    #[must_use]
    pub fn without_findings(self) -> Self {
        Self { exe: None, unit: None, uid: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_journal_found_goes_before_a_tag() {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let claim = |tag, exe, unit, uid| {
            let program =
                Program { tag: some(tag), exe: some(exe), unit: some(unit), uid: Some(uid), pid: None };
            program.claim().map(|claim| (claim.kind, claim.is_proved()))
        };
        let earlyoom = |proved| Some((SenderKind::Earlyoom, proved));
        assert_eq!(claim("earlyoom", "", "", 0), earlyoom(false));
        assert_eq!(claim("earlyoom", "/usr/bin/earlyoom", "session-1.scope", 0), earlyoom(true));
        assert_eq!(claim("earlyoom", "/usr/bin/earlyoom", "user@1000.service", 1000), earlyoom(false));
        assert_eq!(
            claim("nohang", "/usr/bin/python3.11", "nohang.service", 0),
            Some((SenderKind::Nohang, true))
        );
        assert_eq!(claim("earlyoom", "/usr/bin/logger", "user@1000.service", 1000), None, "an impostor");
        assert_eq!(claim("earlyoom", "", "session-3.scope", 0), None, "an impostor");
        assert_eq!(claim("app", "", "", 0), None);
        assert_eq!(claim("runc", "/usr/bin/runc", "docker.service", 0), None, "its lines are not read");
    }
}
