//! Markdown for a ticket, a chat or a CI job's summary (GitHub flavoured; nothing in it needs more than tables).
//!
//! The raw record is left out: its history alone can be larger than such a place takes.

mod candidates;
mod compare;
mod escape;
mod incident;
mod limits;
mod machine;
mod overview;
mod signs;
mod timeline;
mod userspace;

use std::fmt::Write as _;

pub(crate) use self::escape::prose;
use crate::evidence::Evidence;
use crate::model;

/// Kills that are written whole; the others are in the overview.
const INCIDENTS: usize = 20;

/// The document of one stream or several.
#[must_use]
pub fn document(all: &[Evidence]) -> String {
    let mut out = String::new();
    let many = all.iter().map(|evidence| evidence.incidents.len()).sum::<usize>() != 1;
    if all.len() > 1 {
        compare::write(&mut out, all);
    }
    for evidence in all {
        overview::write(&mut out, evidence, many);
        for incident in evidence.incidents.iter().take(INCIDENTS) {
            out.push('\n');
            out.push_str(&self::incident(incident));
        }
        let more = evidence.incidents.len().saturating_sub(INCIDENTS);
        if more > 0 {
            line(
                &mut out,
                &format!(
                    "\n{more} more kills are in the table above only; `oomtrace report -f json` writes all of them."
                ),
            );
        }
        overview::elsewhere(&mut out, evidence);
        userspace::write(&mut out, &evidence.userspace_kills);
        signs::write(&mut out, crate::render::answers::signs::of(evidence));
        notes(&mut out, &evidence.unread.notes());
    }
    out
}

/// One kill, from its heading on.
#[must_use]
pub fn incident(incident: &model::Incident) -> String {
    let mut out = String::new();
    incident::write(&mut out, incident);
    out
}

fn notes(out: &mut String, notes: &[String]) {
    if !notes.is_empty() {
        out.push('\n');
    }
    notes.iter().for_each(|note| line(out, &format!("- Note: {}", prose(note))));
}

fn line(out: &mut String, text: &str) {
    // Writing to a String can't fail.
    let _ = writeln!(out, "{text}");
}

/// A table; cells are escaped already. Columns whose title begins with `>` are set right.
fn table(out: &mut String, titles: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let shown: Vec<_> = titles.iter().map(|title| title.trim_start_matches('>')).collect();
    line(out, &format!("| {} |", shown.join(" | ")));
    let rule: Vec<_> =
        titles.iter().map(|title| if title.starts_with('>') { "---:" } else { "---" }).collect();
    line(out, &format!("| {} |", rule.join(" | ")));
    for row in rows {
        line(out, &format!("| {} |", row.join(" | ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Advice, Diagnosis, Incident, Text, Victim};

    #[test]
    fn names_stay_in_their_cells() {
        let comm = Text::from("`|</script>\n%0A::error::@all");
        let victims = vec![Victim { comm, pid: 7, ..Victim::default() }];
        let kill = Incident { victims, ..Incident::default() };
        let all = Evidence { incidents: vec![kill.clone(), kill], ..Evidence::default() };
        let text = document(&[all]);
        assert!(text.contains(r"`\x60\x7c</script>\n%0A::error::@all`"), "{text}");
        assert!(!text.contains("</script>**"), "prose: {text}");
        assert!(!text.lines().any(|line| line.starts_with("::") || line.starts_with('<')), "{text}");
        // No name adds a cell: all rows of a table have as many as its rule.
        for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
            let cells: Vec<_> = table.lines().map(|line| line.matches('|').count()).collect();
            assert!(cells.len() > 2 && cells.iter().all(|count| *count == cells[1]), "{table}");
        }
    }

    #[test]
    fn every_command_can_be_copied_as_it_is() {
        let commands = ["echo 64M | sudo tee /sys/fs/cgroup/a/memory.max", r"echo `date` \| cat $'a\x7cb'"];
        let advice = commands.map(|command| Advice {
            action: "raise the limit".into(),
            command: Some(command.into()),
            why: "it is too low".into(),
            ..Advice::default()
        });
        let diagnosis = Some(Diagnosis { advice: advice.into(), ..Diagnosis::default() });
        let text = document(&[Evidence {
            incidents: vec![Incident { diagnosis, ..Incident::default() }],
            ..Evidence::default()
        }]);
        for command in commands {
            let mut lines = text.lines().map(str::trim_start);
            assert!(lines.any(|line| line == command), "{text}");
        }
        assert_eq!(text.matches("```sh").count(), 2, "{text}");
        assert!(
            text.contains("- Raise the limit.\n\n  ```sh\n") && text.contains("  It is too low."),
            "{text}"
        );
    }
}
