//! Who ate the memory, how fast, since when, and what to change: pure functions over the record and its history.

pub mod advice;

use crate::model::{Diagnosis, Incident};

/// Works out the diagnosis of an incident from what its record holds, its `history` included; it can be repeated on a
/// stored record at any time.
#[must_use]
pub fn diagnose(incident: &Incident) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    diagnosis.advice = advice::advise(incident, &diagnosis);
    diagnosis
}
