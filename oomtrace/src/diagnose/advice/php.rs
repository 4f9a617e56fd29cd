//! PHP: the limit that it keeps by itself.

use super::command;
use super::facts::Facts;
use super::round::{down, mib, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, CulpritKind, RuntimeKind, VerdictKind};

/// Of what one process may use: the interpreter and its extensions are beside what scripts allocate.
const PART: u64 = 75;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow, NoLimit};
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Php) else {
        return;
    };
    let single = facts.culprit().is_none_or(|culprit| culprit.kind == CulpritKind::Process);
    let Some(may_hold) = facts.room(&subject).or(subject.held).filter(|_| single) else {
        return;
    };
    let value = down(percent(may_hold, PART));
    let set = runtime.bytes("memory_limit");
    if !facts.is(&[Burst, Leak, LimitTooLow, NoLimit]) || value == 0 || set.is_some_and(|set| set <= value) {
        return;
    }
    let mib = mib(value);
    let command = command::line(facts, &subject).and_then(|line| {
        let (php, rest) = line.split_first()?;
        let rest = without_limit(rest);
        (!rest.is_empty() && !php.contains("fpm"))
            .then(|| format!("{php} -d memory_limit={mib}M {}", rest.join(" ")))
    });
    push(
        into,
        12,
        Advice {
            action: format!(
                "Set PHP's own limit, memory_limit = {mib}M (php.ini; PHP-FPM: php_admin_value[memory_limit] of its pool): a \
                 script then ends with a fatal error that names the line."
            ),
            command,
            value_bytes: Some(value),
            why: format!(
                "{} 75 % of the {} that it {}, rounded down.",
                set.map_or("On the command line PHP has no limit unless one is set.".into(), |set| format!(
                    "memory_limit is {} today.",
                    size(set)
                )),
                size(may_hold),
                if facts.room(&subject).is_some() { "may use here" } else { "held when memory ran out" }
            ),
        },
    );
}

/// Of two settings of one name the last one counts: today's goes.
fn without_limit(line: &[String]) -> Vec<String> {
    let mut rest: Vec<String> = Vec::with_capacity(line.len());
    for word in line {
        let bare = word.trim_start_matches('\'');
        if bare.starts_with("-dmemory_limit=") {
            continue;
        }
        if bare.starts_with("memory_limit=") && rest.last().is_some_and(|last| last == "-d") {
            rest.pop();
            continue;
        }
        rest.push(word.clone());
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::without_limit;

    #[test]
    fn todays_limit_does_not_override_the_new_one() {
        let line = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for before in
            ["-d 'memory_limit=-1' -d a=b x.php", "'-dmemory_limit=-1' -d a=b x.php", "-d a=b x.php"]
        {
            assert_eq!(without_limit(&line(before)), line("-d a=b x.php"), "{before}");
        }
    }
}
