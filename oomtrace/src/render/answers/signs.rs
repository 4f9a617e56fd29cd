//! Lines of a log about memory that are no report of the OOM killer, in words that all renderers share.

use crate::evidence::Evidence;
use crate::model::{Sign, SignMeaning};
use crate::render::text::words;

/// The heading over them.
pub(in crate::render) const HEADING: &str = "Other lines about memory";

/// The title of a log without a report of a kill that has others' words of one.
pub(in crate::render) const MISSING: &str = "The kernel's report of an OOM kill is missing";

/// Of a stream.
pub(in crate::render) fn of(evidence: &Evidence) -> &[Sign] {
    evidence.footer.as_ref().map_or(&[], |footer| &footer.signs)
}

/// Whether one of them says that the OOM killer has killed.
pub(in crate::render) fn prove_a_kill(evidence: &Evidence) -> bool {
    of(evidence).iter().any(|sign| sign.meaning == SignMeaning::OomKill)
}

/// `3 lines`
pub(in crate::render) fn count(sign: &Sign) -> String {
    format!("{}\u{a0}line{}", sign.count, if sign.count == 1 { "" } else { "s" })
}

/// What they mean, without a full stop.
pub(in crate::render) fn what(sign: &Sign) -> String {
    match &sign.detail {
        Some(detail) if sign.count > 1 => {
            format!("{} (the first: {})", words::safe(&sign.what), words::safe(detail))
        }
        Some(detail) => format!("{}: {}", words::safe(detail), words::safe(&sign.what)),
        None => words::safe(&sign.what),
    }
}

/// Where the first is, and what it says.
pub(in crate::render) fn first(sign: &Sign) -> String {
    let line = if sign.line == 0 { String::new() } else { format!(" line {}", sign.line) };
    let time = sign.time.as_ref().map_or(String::new(), |time| format!(", {}", words::safe(time)));
    format!("{}{line}{time}: {}", words::name(&sign.log), words::name(&sign.text))
}
