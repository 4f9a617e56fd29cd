//! What a stream proves about kills.

use super::Evidence;

/// Why a log without a kill proves nothing.
pub const LOGS: &str = "it is made from logs: that a kill is not in a log is no proof, lines are never written, lost, rotated away";

/// The answer to "was anything killed?", which has three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was killed, and nothing can have been missed.
    Pass,
    /// Something was killed.
    Fail,
    /// No kill was seen, and one can have been missed.
    Unknown,
}

impl Verdict {
    /// `pass`, `fail`, `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

impl Evidence {
    /// What the evidence proves.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.incidents.is_empty(), self.doubts().is_empty()) {
            (false, _) => Verdict::Fail,
            (true, true) => Verdict::Pass,
            (true, false) => Verdict::Unknown,
        }
    }

    /// Whether it was read from logs that had been there before (`oomtrace explain`), which are never proof that there was
    /// no kill. A trace that has nothing but the kernel's log compares with the kernel's counter.
    #[must_use]
    pub fn is_of_logs(&self) -> bool {
        let of_log =
            self.header.as_ref().is_some_and(|header| header.probes.iter().eq([crate::model::KERNEL_LOG]));
        of_log && self.footer.as_ref().is_some_and(|footer| footer.vmstat_oom_kill.is_none())
    }

    /// Why there may have been more than the evidence holds; empty when it is complete.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        match &self.footer {
            Some(footer) if self.is_of_logs() => {
                doubts.extend(footer.notes.iter().cloned());
                if self.incidents.is_empty() {
                    doubts.push(LOGS.into());
                }
            }
            None => doubts.push(
                "it has no footer: whoever wrote it was cut off, and what came after is not known".into(),
            ),
            Some(footer) if !footer.complete => {
                doubts.push("its footer says that it is not complete".into());
                doubts.extend(footer.notes.iter().cloned());
            }
            Some(_) => {}
        }
        let kills: u64 = self.losses.iter().map(|lost| lost.kills).sum();
        let records: u64 = self.losses.iter().map(|lost| lost.records).sum();
        if kills + records > 0 {
            doubts.push(format!("lost: {}, {}", counted(kills, "kill"), counted(records, "record")));
        }
        if self.unread.lines > 0 || self.unread.cut.is_some() {
            doubts.push("some of it could not be read".into());
        }
        doubts
    }
}

/// `1 kill`, `2 kills`.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Footer, Header, Incident, Lost};

    fn complete() -> Evidence {
        Evidence { footer: Some(Footer { complete: true, ..Footer::default() }), ..Evidence::default() }
    }

    #[test]
    fn only_a_whole_stream_without_a_kill_passes() {
        assert_eq!(complete().verdict(), Verdict::Pass);
        let dead = Evidence { footer: None, ..complete() };
        assert_eq!(dead.verdict(), Verdict::Unknown);
        let lossy = Evidence { losses: vec![Lost { records: 1, ..Lost::default() }], ..complete() };
        assert_eq!(lossy.verdict(), Verdict::Unknown);
        let mut damaged = complete();
        damaged.unread.lines = 1;
        assert_eq!(damaged.verdict(), Verdict::Unknown);
        let header = Header { probes: vec![crate::model::KERNEL_LOG.into()], ..Header::default() };
        let log = Evidence { header: Some(header), ..complete() };
        assert_eq!((log.verdict(), log.doubts().len()), (Verdict::Unknown, 1), "a log is no proof");
        let told = Evidence { incidents: vec![Incident::default()], ..log };
        assert_eq!((told.verdict(), told.doubts().len()), (Verdict::Fail, 0));
        let kill = Evidence { incidents: vec![Incident::default()], footer: None, ..complete() };
        assert_eq!(kill.verdict(), Verdict::Fail, "a kill that was seen is one, whatever else is missing");
    }
}
