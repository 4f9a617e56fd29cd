//! Results: kernel by scenario.

use super::console::Outcome;
use crate::test::tally::Tally;
use std::fmt::Write as _;
use std::time::Duration;

/// One scenario on one kernel.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) kernel: String,
    pub(super) boot: String,
    pub(super) scenario: String,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
    /// Why it failed the first time, when this is the second.
    pub(super) first: Option<String>,
}

impl Row {
    /// One line, as it is shown when the result arrives.
    pub(super) fn line(&self) -> String {
        let Self { kernel, boot, scenario, outcome, took, first } = self;
        match outcome {
            Outcome::Pass(text) => {
                let second = match first {
                    Some(why) => format!("; FAILED the first time: {why}"),
                    None => String::new(),
                };
                let seconds = took.as_secs_f64();
                format!("passed   {kernel:<14} {boot:<7} {scenario} ({seconds:.1} s) {text}{second}")
            }
            Outcome::Fail(text) => format!("FAILED   {kernel:<14} {boot:<7} {scenario}: {text}"),
            Outcome::Skip(text) => format!("SKIPPED  {kernel:<14} {boot:<7} {scenario}: {text}"),
        }
    }

    /// The first line of why it failed: more brings the console's tail.
    pub(super) fn why(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Fail(why) => Some(why.lines().next().unwrap_or_default().to_owned()),
            Outcome::Pass(_) | Outcome::Skip(_) => None,
        }
    }
}

/// A column of the table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) kernel: String,
    /// What ran: `uname -r` and the package's version.
    pub(super) what: String,
}

/// All results.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// Scenarios in the order they are listed; results arrive in another.
    pub(super) order: Vec<String>,
}

impl Matrix {
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for row in &self.rows {
            match &row.outcome {
                Outcome::Pass(_) => {
                    tally.passed += 1;
                    tally.second += u32::from(row.first.is_some());
                }
                Outcome::Fail(_) => tally.failed += 1,
                Outcome::Skip(_) => tally.skipped += 1,
            }
        }
        tally
    }

    /// Scenarios that have results, and what else a row is about, such as a kernel that can't be had.
    fn scenarios(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.order.iter().map(String::as_str).collect();
        names.retain(|name| self.rows.iter().any(|row| row.scenario == *name));
        for row in &self.rows {
            if !names.contains(&row.scenario.as_str()) {
                names.push(&row.scenario);
            }
        }
        names
    }

    fn cell(&self, scenario: &str, kernel: &str) -> &'static str {
        let row = self.rows.iter().find(|row| row.scenario == scenario && row.kernel == kernel);
        match row.map(|row| &row.outcome) {
            Some(Outcome::Pass(_)) => "pass",
            Some(Outcome::Fail(_)) => "FAIL",
            Some(Outcome::Skip(_)) => "skip",
            None => "",
        }
    }

    /// A Markdown table, and below it the kernels and every reason for a cell that is not `pass`.
    pub(super) fn markdown(&self) -> String {
        let line = |first: &str, cells: Vec<&str>| format!("| {first} | {} |\n", cells.join(" | "));
        let kernels: Vec<&str> = self.columns.iter().map(|column| column.kernel.as_str()).collect();
        let mut text = line("scenario", kernels.clone());
        text.push_str(&line("---", vec!["---"; kernels.len()]));
        for scenario in self.scenarios() {
            text.push_str(&line(
                scenario,
                kernels.iter().map(|kernel| self.cell(scenario, kernel)).collect(),
            ));
        }
        text.push_str("\nKernels:\n\n");
        for Column { kernel, what } in &self.columns {
            let _ = writeln!(text, "* {kernel}: {what}");
        }
        text + &self.reasons()
    }

    /// One line for what has the same reason on the same kernel.
    fn reasons(&self) -> String {
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for row in &self.rows {
            let (word, why) = match (&row.outcome, &row.first) {
                (Outcome::Pass(_), None) => continue,
                (Outcome::Pass(_), Some(why)) => ("passed the second time only", why),
                (Outcome::Fail(why), _) => ("failed", why),
                (Outcome::Skip(why), _) => ("skipped", why),
            };
            // A failure brings the console's tail; the report takes the reason alone.
            let why = why.lines().next().unwrap_or_default();
            let reason = format!("{word} on {}: {why}", row.kernel);
            match groups.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, names)) => names.push(&row.scenario),
                None => groups.push((reason, vec![&row.scenario])),
            }
        }
        let lines: String =
            groups.iter().map(|(reason, names)| format!("* {} {reason}\n", names.join(", "))).collect();
        if lines.is_empty() { lines } else { format!("\nNot passed, or not at once:\n\n{lines}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> Matrix {
        let row = |kernel: &str, scenario: &str, outcome| Row {
            kernel: kernel.into(),
            boot: "v2".into(),
            scenario: scenario.into(),
            outcome,
            took: Duration::from_secs(1),
            first: None,
        };
        let column = |name: &str| Column { kernel: name.into(), what: format!("{name}.1") };
        Matrix {
            columns: vec![column("6.1"), column("6.12")],
            order: vec!["never-run".into(), "swap".into()],
            rows: vec![
                row("6.1", "swap", Outcome::Pass("ok".into())),
                row("6.12", "swap", Outcome::Fail("limit differs\n    | tail".into())),
                row("6.12", "v1", Outcome::Skip("no v1".into())),
            ],
        }
    }

    #[test]
    fn every_result_counts_once() {
        let tally = matrix().tally();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 1, 1));
    }

    #[test]
    fn what_passed_the_second_time_only_is_counted_and_named() {
        let mut matrix = matrix();
        matrix.rows[0].first = Some("rss differs".into());
        assert_eq!(matrix.tally().second, 1);
        assert!(matrix.rows[0].line().ends_with("ok; FAILED the first time: rss differs"));
        let text = matrix.markdown();
        assert!(text.contains("* swap passed the second time only on 6.1: rss differs\n"), "{text}");
    }

    #[test]
    fn the_table_has_a_cell_for_each_pair_and_a_reason_for_each_that_did_not_pass() {
        let text = matrix().markdown();
        assert!(text.contains("| swap | pass | FAIL |\n| v1 |  | skip |\n"), "{text}");
        assert!(text.contains("* swap failed on 6.12: limit differs\n") && !text.contains("tail"), "{text}");
        assert!(text.contains("* v1 skipped on 6.12: no v1\n"), "{text}");
    }
}
