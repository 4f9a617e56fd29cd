//! The four answers, on the first screen.

use crate::model::Incident;
use crate::render::answers::{self, Answer};
use crate::render::markup::Markup;

/// Sentences that are shown below an answer; the sections have the rest.
const MORE: usize = 3;

pub(super) fn write(page: &mut Markup, incident: &Incident) {
    page.tag("div", &[("class", "answers")], |page| {
        answers::of(incident).iter().for_each(|answer| one(page, answer));
    });
}

fn one(page: &mut Markup, answer: &Answer) {
    page.tag("section", &[("class", "card answer")], |page| {
        page.text_tag("h2", &[], answer.question);
        page.text_tag("p", &[("class", "short")], &answer.short);
        if let Some(command) = &answer.command {
            page.text_tag("code", &[("class", "cmd")], command);
        }
        if !answer.more.is_empty() {
            page.tag("ul", &[], |page| {
                for more in answer.more.iter().take(MORE) {
                    page.text_tag("li", &[], more);
                }
            });
        }
    });
}
