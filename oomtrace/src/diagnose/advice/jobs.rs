//! Builds: fewer jobs at a time, in the option of the tool that starts them.

use super::facts::Facts;
use crate::model::{Culprit, EntityKind, Text};

/// A build tool, by its executable, and its option for so many jobs.
const TOOLS: [(&str, &str); 8] = [
    ("make", "make -j"),
    ("gmake", "gmake -j"),
    ("ninja", "ninja -j"),
    ("cargo", "cargo build -j"),
    ("bazel", "bazel build --jobs="),
    ("xargs", "xargs -P"),
    ("parallel", "parallel -j"),
    ("pytest", "pytest -n"),
];

/// Words of a member's command line that name what starts several of it, and its option.
const LINES: [(&[u8], &str); 4] = [
    (b"org.gradle", "gradle --max-workers="),
    (b"jest", "npx jest --maxWorkers="),
    (b"vitest", "npx vitest --maxWorkers="),
    (b"pytest", "pytest -n "),
];

/// Advice for so many jobs where the tool that starts them is known, whatever they are.
pub(super) fn of_tool(facts: &Facts<'_>, culprit: &Culprit, count: u64) -> Option<(String, Option<String>)> {
    let victims = facts.incident.victims.iter();
    let members = victims.filter(|victim| Some(&victim.comm) == culprit.comm.as_ref());
    let has = |word: &[u8]| {
        let mut args = members.clone().flat_map(|victim| &victim.cmdline);
        args.any(|arg| arg.as_bytes().windows(word.len()).any(|part| part == word))
    };
    if let Some((_, option)) = LINES.iter().find(|(word, _)| has(word)) {
        return Some((
            "Run fewer workers at a time (other arguments as before).".into(),
            Some(format!("{option}{count}")),
        ));
    }
    tool(facts, culprit).map(|_| fewer(facts, culprit, count))
}

/// Advice for so many jobs.
pub(super) fn fewer(facts: &Facts<'_>, culprit: &Culprit, count: u64) -> (String, Option<String>) {
    let action = "Build with fewer jobs at a time.";
    match tool(facts, culprit) {
        // What they run is not known, and without it they wait for input.
        Some(option) if option.starts_with("xargs") || option.starts_with("parallel") => {
            (format!("{action} Its starter takes {option}{count}."), None)
        }
        Some(option) if option.starts_with("bazel") => {
            (action.into(), Some(format!("{option}{count} //...")))
        }
        Some(option) => (action.into(), Some(format!("{option}{count}"))),
        None => (format!("{action} make, ninja, cargo and others take -j {count}."), None),
    }
}

/// The tool that was there with them; else the one that a compiler is started by.
fn tool(facts: &Facts<'_>, culprit: &Culprit) -> Option<&'static str> {
    let entities = facts.incident.history.as_ref().map_or(&[][..], |history| &history.entities);
    let near = entities.iter().filter(|entity| {
        entity.kind == EntityKind::Process && entity.exited_ms.is_none() && entity.path == culprit.cgroup
    });
    let there = near.filter_map(|entity| entity.exe.as_ref().or(entity.comm.as_ref())).find_map(named);
    there.or_else(|| (base(culprit.exe.as_ref()?) == b"rustc").then_some("cargo build -j"))
}

fn base(path: &Text) -> &[u8] {
    path.as_bytes().rsplit(|b| *b == b'/').next().unwrap_or_default()
}

fn named(path: &Text) -> Option<&'static str> {
    TOOLS.iter().find(|(name, _)| name.as_bytes() == base(path)).map(|(_, option)| *option)
}
