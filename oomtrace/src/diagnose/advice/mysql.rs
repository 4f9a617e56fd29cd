//! MySQL and MariaDB: the buffer pool, and tables that queries hold in memory.

use super::facts::Facts;
use super::round::{down, percent, size};
use super::{Ranked, push};
use crate::model::{Advice, RuntimeKind, Text, VerdictKind};

/// Of what it may use, for the buffer pool: connections, temporary tables and caches are beside it.
const POOL: u64 = 50;
/// The same, for one temporary table.
const TABLE: u64 = 5;
/// The buffer pool where none is set.
const DEFAULT_POOL: u64 = 128 << 20;

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    use VerdictKind::{Burst, Leak, LimitTooLow, Neighbour, NoLimit};
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Mysql) else {
        return;
    };
    let Some(may_hold) = facts.room(&subject).or(subject.held) else {
        return;
    };
    let pool = runtime.bytes("innodb_buffer_pool_size");
    let exceeds = pool.is_some_and(|pool| pool > may_hold);
    if !facts.is(&[Burst, Leak, LimitTooLow, Neighbour, NoLimit]) && !exceeds {
        return;
    }
    let exe = facts.culprit().and_then(|culprit| culprit.exe.as_ref()).map(Text::as_bytes);
    let client = if exe.is_some_and(|exe| exe.ends_with(b"mariadbd")) { "mariadb" } else { "mysql" };
    let here = format!(
        "the {} that it {}",
        size(may_hold),
        if facts.room(&subject).is_some() { "may use here" } else { "held when memory ran out" }
    );
    let value = down(percent(may_hold, POOL));
    if value > 0 && pool.unwrap_or(DEFAULT_POOL) > value {
        let action = "Make the InnoDB buffer pool smaller, now and as innodb_buffer_pool_size in my.cnf.";
        let why = format!(
            "It is {}; 50 % of {here} are for it, rounded down. Connections and temporary tables need the rest.",
            pool.map_or("128 MiB by default".into(), |pool| format!("set to {}", size(pool)))
        );
        push(into, 8, set(client, action, &format!("innodb_buffer_pool_size = {value}"), value, why));
        return;
    }
    let value = down(percent(may_hold, TABLE));
    if value > 0 {
        let action = "Let temporary tables of queries go to disk earlier, now and as tmp_table_size and max_heap_table_size in \
                      my.cnf; and allow fewer connections (max_connections).";
        let why = format!(
            "The buffer pool fits, so the rest is in connections: each query may hold temporary tables in memory. 5 % of {here} \
             for one table, rounded down."
        );
        let variables = format!("tmp_table_size = {value}, GLOBAL max_heap_table_size = {value}");
        push(into, 12, set(client, action, &variables, value, why));
    }
}

fn set(client: &str, action: &str, variables: &str, value: u64, why: String) -> Advice {
    Advice {
        action: action.into(),
        command: Some(format!("{client} -e 'SET GLOBAL {variables}'")),
        value_bytes: Some(value),
        why,
    }
}
