//! The scores as Markdown.

use super::score::{
    Answer, BASELINES, Classes, Mark, Marks, Scored, Share, Truth, onset_error, quantile, rate_error,
};
use super::store::Store;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// All tables and all failures.
pub(crate) fn markdown(store: &Store, scored: &[Scored]) -> String {
    let mut text = String::new();
    let suites: BTreeSet<&str> = scored.iter().map(|one| one.truth.suite.as_str()).collect();
    let groups = groups(&suites);
    culprits(&mut text, scored, &groups);
    baselines(&mut text, scored, &groups);
    figures(&mut text, scored, &groups);
    for (name, members) in &groups {
        if members.len() == 1 || groups.len() == 1 {
            confusion(&mut text, name, &of(scored, members));
        }
    }
    by_class(&mut text, scored);
    failures(&mut text, store, scored);
    text
}

/// Each suite by itself, and B, C and D together where there are several.
fn groups<'a>(suites: &BTreeSet<&'a str>) -> Vec<(String, Vec<&'a str>)> {
    let mut groups: Vec<(String, Vec<&str>)> =
        suites.iter().map(|suite| ((*suite).to_owned(), vec![*suite])).collect();
    let others: Vec<&str> = suites.iter().copied().filter(|suite| *suite != "A").collect();
    if others.len() > 1 {
        groups.push((others.join("+"), others));
    }
    groups
}

fn of<'a>(scored: &'a [Scored], suites: &[&str]) -> Vec<&'a Scored> {
    scored.iter().filter(|one| suites.contains(&one.truth.suite.as_str())).collect()
}

fn places(scored: &[&Scored]) -> String {
    let names: BTreeSet<&str> = scored.iter().map(|one| one.place.as_str()).collect();
    let count = |name: &str| scored.iter().filter(|one| one.place == name).count();
    names.iter().map(|name| format!("{} {name}", count(name))).collect::<Vec<_>>().join(", ")
}

fn marks<'a>(
    scored: &[&'a Scored],
    mark: fn(&Truth, &Answer) -> Mark,
    answer: impl Fn(&'a Scored) -> &'a Answer,
) -> Marks {
    scored.iter().map(|one| mark(&one.truth, answer(one))).collect()
}

fn culprits(text: &mut String, scored: &[Scored], groups: &[(String, Vec<&str>)]) {
    text.push_str("| suite | kills | culprit named right | names that are right | nobody named | cgroup named right | cgroups that are right |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for (name, members) in groups {
        let some = of(scored, members);
        let process = marks(&some, Truth::mark, |one| &one.answer);
        let cgroup = marks(&some, Truth::mark_cgroup, |one| &one.answer);
        let _ = writeln!(
            text,
            "| {name} | {} ({}) | {} | {} | {} | {} | {} |",
            some.len(),
            places(&some),
            process.recall(),
            process.precision(),
            process.abstained(),
            cgroup.recall(),
            cgroup.precision()
        );
    }
    text.push('\n');
}

fn baselines(text: &mut String, scored: &[Scored], groups: &[(String, Vec<&str>)]) {
    text.push_str("| culprit named right |");
    groups.iter().for_each(|(name, _)| text.push_str(&format!(" {name} | {name}, cgroup |")));
    text.push_str("\n|---|");
    groups.iter().for_each(|_| text.push_str("---|---|"));
    text.push('\n');
    let mut row = |name: &str, answer: &dyn Fn(&Scored) -> Answer| {
        let _ = write!(text, "| {name} |");
        for (_, members) in groups {
            let (mut process, mut cgroup) = (Marks::default(), Marks::default());
            for one in of(scored, members) {
                process.add(one.truth.mark(&answer(one)));
                cgroup.add(one.truth.mark_cgroup(&answer(one)));
            }
            let _ = write!(text, " {} | {} |", process.recall(), cgroup.recall());
        }
        text.push('\n');
    };
    row("oomtrace", &|one| one.answer.clone());
    for (at, (name, _)) in BASELINES.iter().enumerate() {
        row(name, &|one| one.baselines[at].clone());
    }
    text.push('\n');
}

fn figures(text: &mut String, scored: &[Scored], groups: &[(String, Vec<&str>)]) {
    text.push_str("| suite | class right | macro-F1 | undetermined | rate: error, median (p90) | rate within 10 % | onset: error, median (p90) |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for (name, members) in groups {
        let some = of(scored, members);
        let classes = Classes::of(some.iter().copied());
        let rates: Vec<f64> = some.iter().filter_map(|one| rate_error(one)).collect();
        let onsets: Vec<f64> = some.iter().filter_map(|one| Some(onset_error(one)?.0)).collect();
        let near = rates.iter().filter(|error| **error <= 0.1).count();
        let near = Share { hits: count(near), of: count(rates.len()) };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} of {} | {near} | {} of {} |",
            classes.accuracy(),
            classes.macro_f1().map_or("-".into(), |f1| format!("{f1:.3}")),
            classes.undetermined(),
            spread(&rates, |error| format!("{:.1} %", error * 100.0)),
            rates.len(),
            spread(&onsets, |error| format!("{error:.2} s")),
            onsets.len(),
        );
    }
    text.push('\n');
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn spread(values: &[f64], show: impl Fn(f64) -> String) -> String {
    match (quantile(values, 0.5), quantile(values, 0.9)) {
        (Some(median), Some(p90)) => format!("{} ({})", show(median), show(p90)),
        _ => "-".into(),
    }
}

fn confusion(text: &mut String, name: &str, scored: &[&Scored]) {
    let classes = Classes::of(scored.iter().copied());
    let answers = classes.answers();
    let _ = write!(text, "Suite {name}, classes (rows are true):\n\n| |");
    answers.iter().for_each(|answer| text.push_str(&format!(" {answer} |")));
    text.push_str(" F1 |\n|---|");
    answers.iter().for_each(|_| text.push_str("---|"));
    text.push_str("---|\n");
    for truth in classes.truths() {
        let _ = write!(text, "| {truth} |");
        for answer in &answers {
            let count = classes.count(truth, answer);
            let _ = write!(text, " {} |", if count == 0 { String::new() } else { count.to_string() });
        }
        let _ = writeln!(text, " {:.2} |", classes.f1(truth));
    }
    text.push('\n');
}

fn by_class(text: &mut String, scored: &[Scored]) {
    let keys: BTreeSet<(&str, &str)> =
        scored.iter().map(|one| (one.truth.suite.as_str(), one.truth.class.as_str())).collect();
    text.push_str("| suite, class | kills | culprit named right | class right | rate within 10 % |\n|---|---|---|---|---|\n");
    for (suite, class) in keys {
        let some: Vec<&Scored> =
            scored.iter().filter(|one| one.truth.suite == suite && one.truth.class == class).collect();
        let rates: Vec<f64> = some.iter().filter_map(|one| rate_error(one)).collect();
        let near = rates.iter().filter(|error| **error <= 0.1).count();
        let _ = writeln!(
            text,
            "| {suite}, {class} | {} | {} | {} | {} |",
            some.len(),
            marks(&some, Truth::mark, |one| &one.answer).recall(),
            Classes::of(some.iter().copied()).accuracy(),
            Share { hits: count(near), of: count(rates.len()) }
        );
    }
    text.push('\n');
}

/// Every answer that is wrong or missing.
fn failures(text: &mut String, store: &Store, scored: &[Scored]) {
    let wrong: Vec<String> = scored.iter().filter_map(failure).collect();
    let _ = writeln!(text, "Failures ({} of {} kills):\n", wrong.len(), scored.len());
    text.push_str("| case | true | answered | it said |\n|---|---|---|---|\n");
    wrong.iter().for_each(|line| text.push_str(line));
    if !store.failed.is_empty() {
        let _ = writeln!(
            text,
            "\nCases without a kill or a record ({}), which are not scored:\n",
            store.failed.len()
        );
        for (id, why) in &store.failed {
            let _ = writeln!(text, "- {id}: {}", why.replace('\n', " "));
        }
    }
}

/// A row, if culprit, class or rate is not right.
fn failure(one: &Scored) -> Option<String> {
    let mark = one.truth.mark(&one.answer);
    let culprit = matches!(mark, Mark::Right | Mark::RightlySilent);
    let class = one.truth.class_for(&one.answer.verdict) == one.answer.verdict;
    let rate = rate_error(one).filter(|error| *error > 0.1);
    if culprit && class && rate.is_none() {
        return None;
    }
    let truth = one.truth.culprit.as_ref().map_or("nobody".to_owned(), |named| {
        let pid = if named.pids.len() == 1 { format!(" {}", named.pids[0]) } else { String::new() };
        format!("{} {}{pid}", named.kind, named.comm.as_deref().unwrap_or_default())
    });
    let off = match (one.truth.rate, one.answer.rate) {
        (Some(truth), Some(answer)) if rate.is_some() => {
            format!("; {:.2} MB/s for {:.2} MB/s", answer / 1e6, truth / 1e6)
        }
        _ => String::new(),
    };
    Some(format!(
        "| {} ({}, {}) | {}: {truth} | {}: {}{off} | {} ({}) |\n",
        one.truth.id,
        one.truth.variant,
        one.place,
        one.truth.class,
        one.answer.verdict,
        one.answer.describe(),
        one.answer.summary.replace('|', "/"),
        one.answer.confidence
    ))
}
