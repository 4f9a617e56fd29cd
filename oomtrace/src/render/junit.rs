//! JUnit XML, the subset that CI services agree on: suites, cases, failure, error, skipped, properties, output.
//!
//! A stream becomes a suite of two cases: "no OOM kill", which a kill fails, and "observation complete", which is an error
//! when something can have been missed; of logs it is "logs read whole". Whoever wraps a command adds cases of its own.

use jiff::Timestamp;

use super::answers::{elsewhere_heading, signs};
use super::markup::{Attribute, Markup};
use super::text::words;
use super::{Render as _, Text, TextStyle, answers, other_lines};
use crate::evidence::{Evidence, LOGS, Verdict};
use crate::model::{Event, Incident, UserspaceKill};

/// Columns of the reports in the output.
const WIDTH: usize = 100;
/// Kills that are reported whole; the others are counted.
const REPORTS: usize = 50;
/// Kills of which a line is written.
const HEADLINES: usize = 1000;

/// A suite: one stream, or one run of a command.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// Name.
    pub name: String,
    /// When it began, RFC 3339.
    pub time: Option<String>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// Host.
    pub host: Option<String>,
    /// Facts for whoever reads the file.
    pub properties: Vec<(String, String)>,
    /// Its cases.
    pub cases: Vec<Case>,
    /// Text for people.
    pub output: String,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name.
    pub name: String,
    /// How it went.
    pub outcome: Outcome,
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Passed,
    /// Not well: kind, one line, details.
    Failed(&'static str, String, String),
    /// It can't be told: kind, one line, details.
    Error(&'static str, String, String),
    /// It was not looked at: why.
    Skipped(String),
}

/// The suite of a stream.
#[must_use]
pub fn suite(evidence: &Evidence) -> Suite {
    let verdict = evidence.verdict();
    let header = evidence.header.as_ref();
    let time = header.map(|header| header.time.clone());
    let end = evidence.footer.as_ref().map(|footer| footer.time.as_str());
    let mut properties = vec![
        ("oomtrace.verdict".to_owned(), verdict.name().to_owned()),
        ("oomtrace.kills".to_owned(), evidence.incidents.len().to_string()),
    ];
    if !evidence.userspace_kills.is_empty() {
        let count = evidence.userspace_kills.len();
        properties.push(("oomtrace.userspace_kills".to_owned(), count.to_string()));
    }
    properties.extend(header.map(|header| ("oomtrace.version".to_owned(), header.version.clone())));
    properties.extend(header.map(|header| ("kernel".to_owned(), header.host.kernel.clone())));
    // Logs need not tell.
    properties.retain(|(_, value)| !value.is_empty());
    properties.extend(header.map(|header| ("oomtrace.probes".to_owned(), header.probes.join(" "))));
    let observed = if evidence.is_of_logs() { "logs read whole" } else { "observation complete" };
    Suite {
        name: format!("oomtrace {}", evidence.name),
        seconds: time
            .as_deref()
            .zip(end)
            .and_then(|(from, to)| words::between(from, to))
            .map(|ns| ns as f64 / 1e9),
        time,
        host: header.map(|header| header.host.name.clone()).filter(|name| !name.is_empty()),
        properties,
        cases: vec![
            Case { name: "no OOM kill".into(), outcome: kills(evidence, verdict) },
            Case { name: observed.into(), outcome: complete(evidence) },
        ],
        output: reports(&evidence.incidents)
            + &elsewhere_heading(evidence).map_or(String::new(), |heading| heading + "\n")
            + &by_programs(&evidence.userspace_kills)
            + &other_lines(signs::of(evidence), TextStyle { width: WIDTH, ..TextStyle::default() })
            + &evidence.unread.notes().iter().map(|note| format!("note: {note}\n")).collect::<String>(),
    }
}

fn kills(evidence: &Evidence, verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Pass => Outcome::Passed,
        Verdict::Unknown => Outcome::Skipped(match signs::prove_a_kill(evidence) {
            true => "the kernel's report of a kill is missing, and other lines say that there was one".into(),
            false => "no kill was seen, and one can have been missed".into(),
        }),
        Verdict::Fail => {
            let count = evidence.incidents.len();
            let mut headlines: Vec<_> =
                evidence.incidents.iter().take(HEADLINES).map(answers::headline).collect();
            let message = match (count, headlines.first()) {
                (1, Some(one)) => one.clone(),
                (_, first) => {
                    format!("{count} OOM kills; the first: {}", first.map_or("", String::as_str))
                }
            };
            if count > HEADLINES {
                headlines.push(format!(
                    "and {} more; `oomtrace report -f json` writes all of them",
                    count - HEADLINES
                ));
            }
            Outcome::Failed("oom_kill", message, headlines.join("\n"))
        }
    }
}

fn complete(evidence: &Evidence) -> Outcome {
    let mut doubts = evidence.doubts();
    // That logs prove nothing is no fault of these: the other case tells it.
    doubts.retain(|doubt| doubt != LOGS);
    match doubts.first() {
        None => Outcome::Passed,
        Some(first) => Outcome::Error("incomplete", first.clone(), doubts.join("\n")),
    }
}

fn reports(incidents: &[Incident]) -> String {
    let mut out = Vec::new();
    let mut text = Text::new(TextStyle { width: WIDTH, ..TextStyle::default() });
    for incident in incidents.iter().take(REPORTS) {
        // Writing to memory can't fail.
        let _ = text.event(&Event::OomKill(Box::new(incident.clone())), &mut out);
    }
    let mut out = String::from_utf8_lossy(&out).into_owned();
    if incidents.len() > REPORTS {
        out += &format!("\n{} more kills are not shown here.\n", incidents.len() - REPORTS);
    }
    out
}

/// Kills by programs are no OOM kills, so that they fail no case.
fn by_programs(kills: &[UserspaceKill]) -> String {
    let mut out = Vec::new();
    let mut text = Text::new(TextStyle { width: WIDTH, ..TextStyle::default() });
    for kill in kills.iter().take(REPORTS) {
        let _ = text.event(&Event::UserspaceKill(Box::new(kill.clone())), &mut out);
    }
    let mut out = String::from_utf8_lossy(&out).into_owned();
    if kills.len() > REPORTS {
        out += &format!("\n{} more kills by programs are not shown here.\n", kills.len() - REPORTS);
    }
    out
}

/// The document.
#[must_use]
pub fn document(suites: &[Suite]) -> String {
    let mut xml = Markup::new();
    xml.own("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = Counts::of(suites.iter().flat_map(|suite| &suite.cases));
    // The sum of nothing is -0.
    let seconds = seconds(suites.iter().filter_map(|suite| suite.seconds).sum::<f64>().abs());
    let mut attributes = vec![("name", "oomtrace")];
    counts.attributes(&mut attributes);
    // The schema has no count of these here.
    attributes.retain(|(name, _)| *name != "skipped");
    attributes.push(("time", &seconds));
    xml.tag("testsuites", &attributes, |xml| {
        for suite in suites {
            xml.own("\n ");
            write_suite(xml, suite);
        }
        xml.own("\n");
    });
    xml.own("\n");
    xml.finish()
}

fn write_suite(xml: &mut Markup, suite: &Suite) {
    let counts = Counts::of(&suite.cases);
    let seconds = seconds(suite.seconds.unwrap_or(0.0));
    // Without a zone, as the schema wants it.
    let time = suite.time.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
    let time = time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    let mut attributes = vec![("name", suite.name.as_str())];
    counts.attributes(&mut attributes);
    attributes.push(("time", &seconds));
    attributes.extend(time.as_deref().map(|time| ("timestamp", time)));
    attributes.extend(suite.host.as_deref().map(|host| ("hostname", host)));
    xml.tag("testsuite", &attributes, |xml| {
        if !suite.properties.is_empty() {
            xml.own("\n  ").tag("properties", &[], |xml| {
                for (name, value) in &suite.properties {
                    xml.own("\n   ").empty("property", &[("name", name), ("value", value)]);
                }
                xml.own("\n  ");
            });
        }
        for case in &suite.cases {
            xml.own("\n  ");
            write_case(xml, suite, case);
        }
        if !suite.output.is_empty() {
            xml.own("\n  ").tag("system-out", &[], |xml| {
                xml.lines(&suite.output);
            });
        }
        xml.own("\n ");
    });
}

fn write_case(xml: &mut Markup, suite: &Suite, case: &Case) {
    let seconds = seconds(suite.seconds.unwrap_or(0.0));
    let attributes = [("classname", suite.name.as_str()), ("name", &case.name), ("time", &seconds)];
    let (tag, kind, message, details) = match &case.outcome {
        Outcome::Passed => {
            xml.empty("testcase", &attributes);
            return;
        }
        Outcome::Failed(kind, message, details) => ("failure", Some(*kind), message, details.as_str()),
        Outcome::Error(kind, message, details) => ("error", Some(*kind), message, details.as_str()),
        Outcome::Skipped(why) => ("skipped", None, why, ""),
    };
    xml.tag("testcase", &attributes, |xml| {
        let mut attributes = vec![("message", message.as_str())];
        attributes.extend(kind.map(|kind| ("type", kind)));
        xml.tag(tag, &attributes, |xml| {
            xml.lines(details);
        });
    });
}

/// Texts of the counts, which have to live as long as the attributes.
struct Counts {
    tests: String,
    failures: String,
    errors: String,
    skipped: String,
}

impl Counts {
    fn of<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        let (mut tests, mut failures, mut errors, mut skipped) = (0_u32, 0_u32, 0_u32, 0_u32);
        for case in cases {
            tests += 1;
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Failed(..) => failures += 1,
                Outcome::Error(..) => errors += 1,
                Outcome::Skipped(_) => skipped += 1,
            }
        }
        let [tests, failures, errors, skipped] = [tests, failures, errors, skipped].map(|n| n.to_string());
        Self { tests, failures, errors, skipped }
    }

    fn attributes<'a>(&'a self, to: &mut Vec<Attribute<'a>>) {
        let Self { tests, failures, errors, skipped } = self;
        to.extend([
            ("tests", tests.as_str()),
            ("failures", failures.as_str()),
            ("errors", errors.as_str()),
            ("skipped", skipped.as_str()),
        ]);
    }
}

fn seconds(seconds: f64) -> String {
    // A sum of nothing is -0.
    format!("{:.3}", seconds.max(0.0) + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Footer, Text as Name, Victim};

    fn hostile() -> Evidence {
        let victim =
            Victim { comm: Name::from("]]></failure>\u{1b}\u{0}%0A::error::x"), ..Victim::default() };
        let incidents = vec![Incident { victims: vec![victim], ..Incident::default() }];
        Evidence { name: "a\"><b".into(), incidents, ..Evidence::default() }
    }

    #[test]
    fn a_kill_fails_and_a_missing_footer_is_an_error() {
        let xml = document(&[suite(&hostile())]);
        assert!(xml.contains(r#"tests="2" failures="1" errors="1" skipped="0""#), "{xml}");
        assert!(xml.contains("]]&gt;&lt;/failure&gt;\\x1b\\x00%0A::error::x"), "{xml}");
        assert_eq!(xml.matches("</failure>").count(), 1, "{xml}");
        assert!(!xml.lines().any(|line| line.starts_with("::")), "{xml}");
    }

    #[test]
    fn nothing_seen_and_nothing_missed_passes() {
        let footer = Some(Footer { complete: true, ..Footer::default() });
        let xml = document(&[suite(&Evidence { footer, ..Evidence::default() })]);
        assert!(xml.contains(r#"tests="2" failures="0" errors="0" skipped="0""#), "{xml}");
        assert!(xml.contains(r#"errors="0" time="0.000">"#), "{xml}");
        let xml = document(&[suite(&Evidence::default())]);
        assert!(xml.contains(r#"tests="2" failures="0" errors="1" skipped="1""#), "{xml}");
    }
}
