//! What writes kills in short: the first that reaches the disk.

use super::short;
use crate::evidence::ring::Strip;
use crate::model::Incident;

/// Writes kills in short, each before anything else is done about it.
pub(super) struct Shorts {
    /// Where to; absent where nothing is kept for them.
    strip: Option<Strip>,
    /// Kills written that were surely asked for.
    pub(super) sure: u64,
    /// A write failed, and that was said.
    failed: bool,
}

impl Shorts {
    pub(super) fn new(strip: Option<Strip>) -> Self {
        Self { strip, sure: 0, failed: false }
    }

    /// Writes a kill; `is_sure` when the filters are sure of it. It is on the disk when this returns.
    pub(super) fn put(&mut self, incident: &Incident, is_sure: bool) {
        let Some(strip) = &mut self.strip else { return };
        match strip.put(&short::line(incident)) {
            Ok(()) => self.sure += u64::from(is_sure),
            Err(error) if !self.failed => {
                self.failed = true;
                log::warn!(
                    "kills can't be written in short ({error}): they are recorded once all is known of them"
                );
            }
            Err(_) => {}
        }
    }
}
