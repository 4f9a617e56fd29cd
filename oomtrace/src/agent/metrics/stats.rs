//! The figures.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::agent::sinks::Account;
use crate::model::{Constraint, Incident};
use crate::words::escape;

/// Cgroups that are counted by name; kills of others are counted together.
const CGROUPS: usize = 100;
/// The name under which the others are counted.
const OTHERS: &str = "other";

/// All figures. Each series is there from the start, so that its first rise is seen.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// When the counters began, seconds since 1970.
    pub since: f64,
    /// Kills by constraint: none, cpuset, memory_policy, memcg.
    pub kills: [u64; 4],
    /// Kills by the path of the limit's cgroup, escaped.
    pub cgroups: BTreeMap<String, u64>,
    /// When the last kill was, seconds since 1970; survives restarts.
    pub last_kill: Option<i64>,
    /// Kills, and other records, known to be lost.
    pub lost: (u64, u64),
    /// Alerts that fire, by rule.
    pub firing: BTreeMap<String, u64>,
    /// What became of each sink's records.
    pub sinks: Vec<(String, Account)>,
    /// Records that wait for the spool.
    pub spool_waiting: u64,
    /// Records that gave way before they reached it.
    pub spool_dropped: u64,
    /// The spool can be written.
    pub spool_ok: bool,
    /// Attached hooks.
    pub probes: Vec<String>,
}

/// Shared with who serves them.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<Mutex<Stats>>);

impl Shared {
    /// The figures.
    pub fn lock(&self) -> MutexGuard<'_, Stats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stats {
    /// Counts a kill.
    pub fn kill(&mut self, kill: &Incident, second: i64) {
        let at = match kill.scope.constraint {
            Some(Constraint::Cpuset) => 1,
            Some(Constraint::MemoryPolicy) => 2,
            Some(Constraint::Memcg) => 3,
            _ => 0,
        };
        self.kills[at] += 1;
        self.last_kill = self.last_kill.max(Some(second));
        if let Some(memcg) = &kill.scope.memcg {
            let name = escape::bytes(memcg.level.path.as_bytes()).into_owned();
            let is_known = self.cgroups.contains_key(&name) || self.cgroups.len() < CGROUPS;
            *self.cgroups.entry(if is_known { name } else { OTHERS.to_owned() }).or_default() += 1;
        }
    }
}
