//! The scores as Markdown.

use super::score::{
    Answer, BASELINES, Classes, Mark, Marks, Scored, Share, Truth, onset_error, quantile, rate_error,
};
use super::store::Store;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Kills that are counted together.
struct Group<'a> {
    name: String,
    suites: Vec<&'a str>,
    /// Only those of one place.
    place: Option<&'a str>,
}

/// All tables and all failures.
pub(crate) fn markdown(store: &Store, scored: &[Scored]) -> String {
    let mut text = String::new();
    let groups = groups(scored);
    culprits(&mut text, scored, &groups);
    for some in groups.chunk_by(|one, next| one.place == next.place) {
        baselines(&mut text, scored, some);
    }
    figures(&mut text, scored, &groups);
    for group in &groups {
        if group.suites.len() == 1 || groups.len() == 1 {
            confusion(&mut text, &group.name, &of(scored, group));
        }
    }
    by_class(&mut text, scored);
    failures(&mut text, store, scored);
    text
}

/// Each suite by itself, and B, C and D together where there are several; place by place where B to D ran in more than one.
fn groups(scored: &[Scored]) -> Vec<Group<'_>> {
    let others = || scored.iter().filter(|one| one.truth.suite != "A");
    let places: BTreeSet<&str> = others().map(|one| one.place.as_str()).collect();
    let mut groups = Vec::new();
    if scored.iter().any(|one| one.truth.suite == "A") {
        groups.push(Group { name: "A".to_owned(), suites: vec!["A"], place: None });
    }
    for place in places.iter().rev() {
        let suites: BTreeSet<&str> =
            others().filter(|one| one.place == *place).map(|one| one.truth.suite.as_str()).collect();
        let only = (places.len() > 1).then_some(*place);
        let together = (suites.len() > 1).then(|| suites.iter().copied().collect());
        for suites in suites.iter().map(|suite| vec![*suite]).chain(together) {
            let suffix = only.map(|place| format!(", {place}")).unwrap_or_default();
            groups.push(Group { name: format!("{}{suffix}", suites.join("+")), suites, place: only });
        }
    }
    groups
}

fn of<'a>(scored: &'a [Scored], group: &Group<'_>) -> Vec<&'a Scored> {
    let is_in = |one: &&Scored| {
        group.suites.contains(&one.truth.suite.as_str()) && group.place.is_none_or(|place| place == one.place)
    };
    scored.iter().filter(is_in).collect()
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

fn culprits(text: &mut String, scored: &[Scored], groups: &[Group<'_>]) {
    text.push_str("| suite | kills | culprit named right | names that are right | nobody named | cgroup named right | cgroups that are right |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for group in groups {
        let (name, some) = (&group.name, of(scored, group));
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

fn baselines(text: &mut String, scored: &[Scored], groups: &[Group<'_>]) {
    text.push_str("| culprit named right |");
    groups.iter().for_each(|group| text.push_str(&format!(" {0} | {0}, cgroup |", group.name)));
    text.push_str("\n|---|");
    groups.iter().for_each(|_| text.push_str("---|---|"));
    text.push('\n');
    let mut row = |name: &str, answer: &dyn Fn(&Scored) -> Answer| {
        let _ = write!(text, "| {name} |");
        for group in groups {
            let (mut process, mut cgroup) = (Marks::default(), Marks::default());
            for one in of(scored, group) {
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

fn figures(text: &mut String, scored: &[Scored], groups: &[Group<'_>]) {
    text.push_str("| suite | class right | macro-F1 | undetermined | rate: error, median (p90) | rate within 10 % | onset: error, median (p90) |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for group in groups {
        let (name, some) = (&group.name, of(scored, group));
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
    let key = |one: &Scored| (one.truth.suite.clone(), one.truth.class.clone(), one.place.clone());
    let keys: BTreeSet<(String, String, String)> = scored.iter().map(key).collect();
    text.push_str(
        "| suite, class, place | kills | culprit named right | class right | rate within 10 % |\n|---|---|---|---|---|\n",
    );
    for (suite, class, place) in keys {
        let is_one =
            |one: &&Scored| one.truth.suite == suite && one.truth.class == class && one.place == place;
        let some: Vec<&Scored> = scored.iter().filter(is_one).collect();
        let rates: Vec<f64> = some.iter().filter_map(|one| rate_error(one)).collect();
        let near = rates.iter().filter(|error| **error <= 0.1).count();
        let _ = writeln!(
            text,
            "| {suite}, {class}, {place} | {} | {} | {} | {} |",
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
