//! Kills during a `run` that are not of its command.

use super::super::text::words;
use crate::evidence::Evidence;

/// `Other OOM kills during the run, not of make: 39`; nothing where there were none.
#[must_use]
pub fn elsewhere_heading(evidence: &Evidence) -> Option<String> {
    let command = evidence.header.as_ref().and_then(|header| header.command.as_ref());
    let name = command.map_or("the command".to_owned(), |command| words::safe(&command.name));
    let count = evidence.elsewhere.len();
    (count > 0).then(|| format!("Other OOM kills during the run, not of {name}: {count}"))
}
