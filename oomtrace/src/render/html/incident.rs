//! One kill, from its headline to its raw record.

use super::{OPEN, advice, answers, badness, chain, origin, raw, request, scene, tasks, timeline, victims};
use crate::model::Incident;
use crate::render::answers as words_of;
use crate::render::markup::Markup;
use crate::render::text::words;

/// Where in the page a kill is.
pub(super) struct Place {
    /// From 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
}

impl Place {
    /// The kill's anchor.
    pub(super) fn anchor(number: usize) -> String {
        format!("kill-{number}")
    }

    /// A page of many kills has to stay small.
    pub(super) fn is_plain(&self) -> bool {
        self.of > OPEN
    }
}

pub(super) fn write(page: &mut Markup, incident: &Incident, place: &Place) {
    let anchor = Place::anchor(place.number);
    if place.is_plain() {
        page.tag("details", &[("class", "kill"), ("id", &anchor)], |page| {
            let headline = words_of::headline(incident);
            page.text_tag("summary", &[], &format!("{}. {headline}", place.number));
            page.tag("article", &[], |page| inside(page, incident, place));
        });
    } else {
        page.tag("article", &[("id", &anchor)], |page| inside(page, incident, place));
    }
}

fn inside(page: &mut Markup, incident: &Incident, place: &Place) {
    head(page, incident, place);
    answers::write(page, incident);
    timeline::write(page, incident, place);
    advice::write(page, incident);
    badness::write(page, incident);
    chain::write(page, incident);
    request::write(page, incident);
    victims::write(page, incident);
    tasks::write(page, incident, place);
    scene::write(page, incident, place);
    origin::write(page, incident);
    raw::write(page, incident);
}

fn head(page: &mut Markup, incident: &Incident, place: &Place) {
    page.tag("header", &[("class", "head")], |page| {
        page.tag("div", &[("class", "kicker")], |page| {
            let kill = if place.of > 1 {
                format!("OOM kill {} of {}", place.number, place.of)
            } else {
                "OOM kill".into()
            };
            page.text_tag("span", &[("class", "pill kill")], &kill);
            match incident.time.as_str() {
                "" => page.text_tag("span", &[], &words_of::when(incident)),
                time => page.text_tag("time", &[("datetime", time)], &words::time(time)),
            };
            if !incident.host.name.is_empty() {
                page.text_tag("span", &[], &incident.host.name);
            }
            if !incident.host.kernel.is_empty() {
                let kernel = format!("Linux {} {}", incident.host.kernel, incident.host.machine);
                page.text_tag("span", &[("class", "more")], &kernel);
            }
            if let Some(diagnosis) = &incident.diagnosis {
                page.text_tag("span", &[("class", "pill verdict")], &words_of::growth::judged(diagnosis));
                if words_of::is_moment(incident) {
                    page.text_tag("span", &[], "as of one moment");
                }
            }
        });
        page.text_tag(if place.of > 1 { "h2" } else { "h1" }, &[], &words_of::headline(incident));
    });
}
