//! What to change: each with a line to copy and its reason.

use super::page::{Page, Rich, Tone};
use super::{verdict, words};
use crate::model::Incident;

/// Writes the section, nothing where no diagnosis was made.
pub(super) fn write(page: &mut Page, incident: &Incident) {
    let Some(diagnosis) = &incident.diagnosis else {
        return;
    };
    // That there is none, the answer in short has said.
    page.section("Change");
    for (nth, advice) in diagnosis.advice.iter().enumerate() {
        let number = format!("{}. ", nth + 1);
        let action = Rich::from(number).with(Tone::Bold, verdict::sentence(&advice.action));
        page.para(action, 3);
        if let Some(command) = &advice.command {
            page.command(&words::safe(command), 5);
        }
        if !advice.why.is_empty() {
            page.indented(Rich::new().with(Tone::Dim, verdict::sentence(&advice.why)), 3);
        }
    }
    if !diagnosis.what_if.is_empty() {
        page.section("What if");
    }
    for one in &diagnosis.what_if {
        page.para(Rich::from(verdict::sentence(&one.text)), 0);
    }
}
