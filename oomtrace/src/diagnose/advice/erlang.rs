//! Erlang and Elixir: a bound for the whole VM, which leaves a crash dump.

use super::command::{self, VARIABLE_PLACE};
use super::facts::Facts;
use super::round::{down, mib, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, VerdictKind};

/// Of what it may use: code, stacks of threads and drivers are beside the super carrier.
const PART: u64 = 80;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow, NoLimit};
    let Some((subject, _)) = facts.managed_by(RuntimeKind::Erlang) else {
        return;
    };
    let Some(may_hold) = facts.room(&subject).or(subject.held) else {
        return;
    };
    let value = down(percent(may_hold, PART));
    if !facts.is(&[Burst, Leak, LimitTooLow, NoLimit]) || value == 0 {
        return;
    }
    push(
        into,
        12,
        Advice {
            action: format!(
                "Bound the memory of the Erlang VM: when it is full, the VM ends and writes erl_crash.dump, which shows the \
                 processes and tables that hold it. {VARIABLE_PLACE}."
            ),
            command: Some(command::export("ERL_FLAGS", &format!("+MMscs {}", mib(value)))),
            value_bytes: Some(value),
            why: format!(
                "80 % of the {} that it {}, rounded down; the VM reserves it as address space at its start.",
                size(may_hold),
                if facts.room(&subject).is_some() { "may use here" } else { "held when memory ran out" }
            ),
        },
    );
}
