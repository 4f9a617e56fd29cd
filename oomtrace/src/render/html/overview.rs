//! Many kills: what the streams prove, and what died how often.

use super::incident::Place;
use super::parts::{card, number, table};
use crate::evidence::{Evidence, Group, Verdict, groups};
use crate::model::Incident;
use crate::render::answers;
use crate::render::answers::signs::{MISSING, prove_a_kill};
use crate::render::markup::Markup;
use crate::render::text::words;

/// Rows.
const GROUPS: usize = 100;

pub(super) fn title(all: &[Evidence]) -> String {
    let kills: usize = all.iter().map(|evidence| evidence.incidents.len()).sum();
    let host = all.iter().find_map(host).map_or(String::new(), |host| format!(" on {host}"));
    match (kills, all.iter().all(|evidence| evidence.verdict() == Verdict::Pass)) {
        (0, true) => format!("No OOM kill{host}"),
        (0, false) if all.iter().any(prove_a_kill) => format!("{MISSING}{host}"),
        (0, false) => format!("No OOM kill seen{host}"),
        (1, _) => format!("1 OOM kill{host}"),
        (many, _) => format!("{many} OOM kills{host}"),
    }
}

fn host(evidence: &Evidence) -> Option<&str> {
    let host = evidence.header.as_ref().map(|header| header.host.name.as_str());
    host.filter(|host| !host.is_empty())
        .or(evidence.incidents.first().map(|incident| incident.host.name.as_str()))
        .filter(|host| !host.is_empty())
}

pub(super) fn write(page: &mut Markup, all: &[Evidence]) {
    page.tag("header", &[("class", "head")], |page| {
        page.tag("div", &[("class", "kicker")], |page| {
            all.iter().for_each(|evidence| summary(page, evidence));
        });
        page.text_tag("h1", &[], &title(all));
    });
    all.iter().for_each(|evidence| doubts(page, evidence));
    let numbered = all.iter().flat_map(|evidence| &evidence.incidents).enumerate();
    let numbered: Vec<_> = numbered.map(|(at, incident)| (at + 1, incident)).collect();
    if !numbered.is_empty() {
        card(page, "Kills by process", |page| kinds(page, &numbered));
    }
}

fn summary(page: &mut Markup, evidence: &Evidence) {
    let verdict = evidence.verdict();
    let class = match verdict {
        Verdict::Pass => "pill pass",
        Verdict::Fail => "pill kill",
        Verdict::Unknown => "pill unknown",
    };
    page.text_tag("span", &[("class", class)], verdict.name());
    let times = evidence.header.as_ref().map(|header| words::time(&header.time));
    let end = evidence.footer.as_ref().map(|footer| words::time(&footer.time));
    let span = match (times, end) {
        (Some(read), _) if evidence.is_of_logs() => format!("read at {read}"),
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (Some(from), None) => format!("from {from}"),
        _ => String::new(),
    };
    page.text_tag("span", &[], &format!("{} {span}", evidence.name));
}

/// Kills that are not of the command that the recording is about.
pub(super) fn elsewhere(page: &mut Markup, evidence: &Evidence) {
    let Some(heading) = answers::elsewhere_heading(evidence) else { return };
    card(page, &heading, |page| {
        let titles =
            [("Killed", false), ("Times", true), ("Whose limit", false), ("First", false), ("Last", false)];
        table(page, "Kills by name and limit, the most frequent first", &titles, |page| {
            for group in groups(&evidence.elsewhere).iter().take(GROUPS) {
                let (Some(first), Some(last)) = (group.incidents.first(), group.incidents.last()) else {
                    continue;
                };
                page.tag("tr", &[], |page| {
                    page.text_tag("td", &[("class", "name")], &words::name(&group.comm));
                    number(page, &group.incidents.len().to_string());
                    page.text_tag("td", &[("class", "where")], &answers::limit(first));
                    page.text_tag("td", &[("class", "when")], &answers::when(first));
                    page.text_tag("td", &[("class", "when")], &answers::when(last));
                });
            }
        });
    });
}

/// Why there may have been more.
pub(super) fn doubts(page: &mut Markup, evidence: &Evidence) {
    let doubts = evidence.doubts();
    if doubts.is_empty() {
        return;
    }
    page.tag("div", &[("class", "doubt"), ("role", "note")], |page| {
        let text = format!("{} is not complete: there may have been more than it shows.", evidence.name);
        page.text_tag("strong", &[], text.trim_start());
        page.tag("ul", &[], |page| {
            for doubt in &doubts {
                page.text_tag("li", &[], doubt);
            }
        });
    });
}

fn kinds(page: &mut Markup, numbered: &[(usize, &Incident)]) {
    let all = groups(numbered.iter().map(|(_, incident)| *incident));
    let judged = numbered.iter().any(|(_, incident)| incident.diagnosis.is_some());
    let mut titles = vec![("Killed", false), ("Times", true), ("Whose limit", false)];
    titles.extend(judged.then_some(("Verdict", false)));
    titles.extend([("First", false), ("Last", false)]);
    table(page, "Kills by name and limit, the most frequent first", &titles, |page| {
        for group in all.iter().take(GROUPS) {
            page.tag("tr", &[], |page| kind(page, group, numbered, judged));
        }
    });
    if all.len() > GROUPS {
        page.text_tag("p", &[("class", "dim")], &format!("and {} more kinds", all.len() - GROUPS));
    }
}

fn kind(page: &mut Markup, group: &Group<'_>, numbered: &[(usize, &Incident)], judged: bool) {
    page.text_tag("td", &[("class", "name")], &words::name(&group.comm));
    number(page, &group.incidents.len().to_string());
    let (Some(first), Some(last)) = (group.incidents.first(), group.incidents.last()) else { return };
    page.text_tag("td", &[("class", "where")], &answers::limit(first));
    if judged {
        page.text_tag("td", &[("class", "words")], &answers::cause(group));
    }
    link(page, first, numbered);
    if group.incidents.len() > 1 {
        link(page, last, numbered);
    } else {
        page.text_tag("td", &[], "");
    }
}

/// The kill's time, which leads to it.
fn link(page: &mut Markup, incident: &Incident, numbered: &[(usize, &Incident)]) {
    let number =
        numbered.iter().find(|(_, other)| std::ptr::eq(*other, incident)).map_or(0, |(number, _)| *number);
    page.tag("td", &[("class", "when")], |page| {
        page.text_tag("a", &[("href", &format!("#{}", Place::anchor(number)))], &answers::when(incident));
    });
}
