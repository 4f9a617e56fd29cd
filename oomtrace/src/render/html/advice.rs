//! All advice, each with its reason, and what the verdict rests on.

use super::parts::card;
use crate::model::{Diagnosis, Incident};
use crate::render::markup::Markup;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    let Some(diagnosis) = &incident.diagnosis else { return };
    if diagnosis.advice.len() > 1 {
        card(page, "What to change, the most useful first", |page| list(page, diagnosis));
    }
    if !diagnosis.what_if.is_empty() {
        card(page, "What if", |page| {
            page.tag("ul", &[("class", "advice")], |page| {
                for one in &diagnosis.what_if {
                    page.text_tag("li", &[], &one.text);
                }
            });
        });
    }
    if !diagnosis.reasons.is_empty() {
        card(page, "What the verdict rests on", |page| {
            page.tag("ol", &[("class", "advice")], |page| {
                for reason in &diagnosis.reasons {
                    page.text_tag("li", &[], reason);
                }
            });
        });
    }
}

fn list(page: &mut Markup, diagnosis: &Diagnosis) {
    page.tag("ol", &[("class", "advice")], |page| {
        for advice in &diagnosis.advice {
            page.tag("li", &[], |page| {
                page.text_tag("strong", &[], &advice.action);
                if let Some(command) = &advice.command {
                    page.text_tag("code", &[("class", "cmd")], command);
                }
                page.text_tag("p", &[("class", "dim small")], &advice.why);
            });
        }
    });
}
