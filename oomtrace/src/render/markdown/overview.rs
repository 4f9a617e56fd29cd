//! The head of a document: what the stream proves, and what died how often.

use super::{escape, line, table};
use crate::evidence::{Evidence, Group, Verdict, groups};
use crate::render::answers;
use crate::render::answers::signs;

/// Groups that are listed.
const GROUPS: usize = 50;

pub(super) fn write(out: &mut String, evidence: &Evidence, many: bool) {
    if many {
        line(out, &format!("# {}\n", title(evidence)));
    }
    let doubts = evidence.doubts();
    if evidence.verdict() == Verdict::Pass {
        line(
            out,
            match evidence.elsewhere.is_empty() {
                true => "No process was killed, and nothing was missed.",
                false => "No process of the command was killed, and nothing was missed.",
            },
        );
    }
    if let Some(first) = doubts.first() {
        line(out, &format!("**Not complete:** {}. There may have been more.", escape::prose(first)));
        doubts[1..].iter().for_each(|doubt| line(out, &format!("- {}", escape::prose(doubt))));
    }
    if many && !evidence.incidents.is_empty() {
        out.push('\n');
        let rows = groups(&evidence.incidents);
        table(
            out,
            &["Killed", ">Times", "Whose limit", "Verdict", "First", "Last"],
            rows.iter().take(GROUPS).map(row),
        );
        if rows.len() > GROUPS {
            line(out, &format!("\n{} more kinds of kills.", rows.len() - GROUPS));
        }
    }
}

/// Kills that are not of the command that the recording is about.
pub(super) fn elsewhere(out: &mut String, evidence: &Evidence) {
    let Some(heading) = answers::elsewhere_heading(evidence) else { return };
    line(out, &format!("\n### {}\n", escape::prose(&heading)));
    let rows = groups(&evidence.elsewhere);
    table(
        out,
        &["Killed", ">Times", "Whose limit", "Verdict", "First", "Last"],
        rows.iter().take(GROUPS).map(row),
    );
}

fn title(evidence: &Evidence) -> String {
    let host = evidence.header.as_ref().map(|header| header.host.name.as_str());
    let host = host.filter(|host| !host.is_empty());
    let host = host.or(evidence.incidents.first().map(|incident| incident.host.name.as_str()));
    let on = host
        .filter(|host| !host.is_empty())
        .map_or(String::new(), |host| format!(" on {}", escape::prose(host)));
    let kills = match evidence.incidents.len() {
        0 if signs::prove_a_kill(evidence) => signs::MISSING.to_owned(),
        0 => "No OOM kill seen".to_owned(),
        1 => "1 OOM kill".into(),
        many => format!("{many} OOM kills"),
    };
    format!("{kills}{on}")
}

fn row(group: &Group<'_>) -> Vec<String> {
    let time =
        |incident: Option<&&crate::model::Incident>| incident.map_or(String::new(), |i| answers::when(i));
    let known = group.incidents.first().map(|incident| answers::limit(incident));
    vec![
        escape::name(&group.comm),
        group.incidents.len().to_string(),
        match &group.limit {
            Some(path) => escape::name(path),
            None => escape::prose(&known.unwrap_or_default()),
        },
        escape::prose(&answers::cause(group)),
        escape::prose(&time(group.incidents.first())),
        escape::prose(&time(group.incidents.last())),
    ]
}
