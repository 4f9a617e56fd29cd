//! A kill in a few lines, for places that show no more: annotations of CI systems and bodies of JUnit failures.

use super::answers;
use crate::model::{Constraint, Incident};
use crate::words::bytes;

/// `OOM kill: python3 was killed at a memory limit of 64 MiB`; safe to show, one line.
#[must_use]
pub(crate) fn title(incident: &Incident) -> String {
    let victim = answers::victim(incident);
    let limit = incident.scope.memcg.as_ref().and_then(|memcg| memcg.level.limit_bytes);
    match (incident.scope.constraint, limit) {
        // The path of a cgroup can be longer than a title may be: it is in the text.
        (Some(Constraint::Memcg), Some(limit)) => {
            format!("OOM kill: {victim} was killed at a memory limit of {}", bytes::size(limit))
        }
        _ => format!("OOM kill: {victim} was killed ({})", answers::limit(incident)),
    }
}

/// The answers in a line each: what died of whose limit, the process that grew, what to change with its command.
#[must_use]
pub(crate) fn lines(incident: &Incident) -> Vec<String> {
    let [_, _, growth, change] = answers::of(incident);
    let verdict = incident.diagnosis.as_ref().map(answers::growth::judged);
    let verdict = verdict.map_or(String::new(), |verdict| format!(" Verdict: {verdict}."));
    let mut lines = vec![answers::headline(incident), growth.short + &verdict, change.short];
    lines.extend(change.command.map(|command| format!("  {command}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Advice, Diagnosis, Text, Victim};

    #[test]
    fn the_answers_in_a_line_each() {
        let victims = vec![Victim { comm: Text::from("a\nb"), pid: 7, ..Victim::default() }];
        let advice = vec![Advice {
            action: "raise the limit".into(),
            command: Some("docker update x".into()),
            ..Advice::default()
        }];
        let diagnosis = Some(Diagnosis { advice, ..Diagnosis::default() });
        let kill = Incident { victims, diagnosis, ..Incident::default() };
        assert!(title(&kill).starts_with("OOM kill: a\\nb was killed"), "{}", title(&kill));
        let lines = lines(&kill);
        assert!(lines[0].starts_with("a\\nb (pid\u{a0}7) was killed"), "{lines:?}");
        assert_eq!(lines[2..], ["raise the limit.", "  docker update x"]);
        assert!(lines.iter().all(|line| !line.contains('\n')));
    }
}
