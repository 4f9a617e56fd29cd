//! memcached: the size of its cache.

use super::command;
use super::facts::{Facts, Subject};
use super::round::{down, mib, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, Text, VerdictKind};

/// Of what it may use: the hash table and buffers of connections are beside the items.
const PART: u64 = 75;
/// `-m` counts in MiB; what it is where nothing is set.
const DEFAULT: u64 = 64;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow, NoLimit};
    let Some(subject) = facts.subject().filter(|subject| is_memcached(facts, subject)) else {
        return;
    };
    let Some(may_hold) = facts.room(&subject).or(subject.held) else {
        return;
    };
    let value = down(percent(may_hold, PART));
    let line = command::line(facts, &subject);
    let set = set(facts, &subject);
    let exceeds = set.is_some_and(|set| set > mib(may_hold));
    if value == 0
        || !(facts.is(&[Burst, Leak, LimitTooLow, NoLimit]) || exceeds)
        || set.is_some_and(|set| set <= mib(value))
    {
        return;
    }
    push(
        into,
        8,
        Advice {
            action: format!(
                "Set the size of its cache below the limit: -m {} (MiB); it then evicts the oldest items.",
                mib(value)
            ),
            command: line.as_deref().map(|line| with(line, mib(value))),
            value_bytes: Some(value),
            why: format!(
                "{} 75 % of the {} that it {}, rounded down; the rest is for its hash table and connections.",
                set.map_or("Its -m is unknown.".into(), |set| format!("-m is {set} MiB today.")),
                size(may_hold),
                if facts.room(&subject).is_some() { "may use here" } else { "held when memory ran out" }
            ),
        },
    );
}

/// The size of its cache in MiB, where it is memcached and its command line is known.
pub(super) fn set(facts: &Facts<'_>, subject: &Subject<'_>) -> Option<u64> {
    let line = command::line(facts, subject).filter(|_| is_memcached(facts, subject))?;
    Some(of(&line).unwrap_or(DEFAULT))
}

fn is_memcached(facts: &Facts<'_>, subject: &Subject<'_>) -> bool {
    let exe = facts.culprit().and_then(|culprit| culprit.exe.as_ref()).map(Text::as_bytes);
    let base = exe.and_then(|exe| exe.rsplit(|b| *b == b'/').next());
    base.or(subject.comm.map(Text::as_bytes)) == Some(b"memcached")
}

/// Its `-m`, in MiB.
fn of(line: &[String]) -> Option<u64> {
    let mut found = None;
    for (at, arg) in line.iter().enumerate() {
        let value = match arg.as_str() {
            "-m" | "--memory-limit" => line.get(at + 1).map(String::as_str),
            arg => arg.strip_prefix("--memory-limit=").or_else(|| arg.strip_prefix("-m")),
        };
        found = value.and_then(|value| value.parse().ok()).or(found);
    }
    found
}

/// The same command line with another `-m`: of several the last counts.
fn with(line: &[String], mib: u64) -> String {
    format!("{} -m {mib}", line.join(" "))
}
