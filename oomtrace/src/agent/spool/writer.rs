//! The agent's side of the spool.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FILE;
use super::pack::{pack, unpack};
use super::pending::{Peak, Pending, Waiting};
use super::read::{Stored, one, read};
use super::store::{self, Bounds};
use super::tables::{KILL, OTHER, name};
use super::trouble::Trouble;
use crate::agent::config::Fsync;
use crate::model::Event;

/// Between two tries while the disk takes nothing.
const AGAIN: Duration = Duration::from_secs(5);
/// Pages of the tree and copies of what changes take as much as the records again.
const SLACK: u64 = 2;

/// What is kept, and how safely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Bytes that the file may take.
    pub max_size: u64,
    /// How long records are kept.
    pub max_age: Duration,
    /// When it is brought to the disk.
    pub fsync: Fsync,
}

/// How far the kernel's counters and its log were followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of which boot.
    pub boot_id: String,
    /// `oom_kill` of /proc/vmstat, as far as all of it is accounted for.
    pub oom_kills: u64,
    /// Number of the last record of the kernel's log that was seen.
    pub kmsg_seq: Option<u64>,
    /// When that was, `CLOCK_BOOTTIME` ns.
    pub boottime_ns: u64,
}

/// What came of a write.
#[derive(Debug)]
pub enum Flushed {
    /// Nothing waited, or it is not time to try again.
    Nothing,
    /// All is written; true when it was not, before.
    Done(bool),
    /// It waits; true when that is news.
    Failed(Trouble, bool),
}

/// Writes to the file in a state directory, which is this one's alone.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    policy: Policy,
    pending: Pending,
    last_seq: u64,
    /// What waits is to be brought to the disk.
    urgent: bool,
    /// When the last try failed.
    failed: Option<Instant>,
    /// Held as long as this.
    _lock: File,
}

impl Spool {
    /// Takes the directory, and returns what is in it with what a reader should know.
    ///
    /// A damaged file is put aside, not deleted. A full disk is no error: the spool is tried again later.
    ///
    /// # Errors
    /// Another agent uses it, or it can't be used at all.
    pub fn open(dir: &Path, policy: Policy) -> Result<(Self, Stored, Vec<String>)> {
        let lock = super::lock::take(dir)?;
        let path = dir.join(FILE);
        let mut notes = Vec::new();
        let stored = match Self::look(dir, &path) {
            Ok(stored) => stored,
            Err(Trouble::Damaged(why)) => {
                let aside = dir.join(format!("{FILE}.damaged-{}", Timestamp::now().as_second()));
                std::fs::rename(&path, &aside)?;
                notes.push(format!("the spool {path:?} is damaged ({why}): it is put aside as {aside:?}, and a new one is begun"));
                Stored::default()
            }
            Err(trouble @ (Trouble::Full(_) | Trouble::Busy)) => {
                notes.push(format!("the spool {path:?} can't be used yet: {trouble}; kills are watched, and kept in memory until then"));
                Stored::default()
            }
            Err(trouble) => bail!("can't use the spool {path:?}: {trouble}"),
        };
        let last_seq = stored.last_seq;
        let spool = Self {
            path,
            policy,
            pending: Pending::default(),
            last_seq,
            urgent: false,
            failed: None,
            _lock: lock,
        };
        Ok((spool, stored, notes))
    }

    /// Makes sure that the file can be written, and reads it.
    fn look(dir: &Path, path: &Path) -> Result<Stored, Trouble> {
        let bounds = Bounds { bytes: u64::MAX, file: u64::MAX, since_ms: i64::MIN, since_hour: 0 };
        store::write(path, &Pending::default(), bounds, true)?;
        read(dir, None)
    }

    /// What is kept from now on.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Takes a record that happened at `time`, and returns its number.
    pub fn put(&mut self, event: &Event, time: Timestamp) -> Result<u64> {
        let now = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or(0);
        // Numbers grow with time, also past a spool that could not be read.
        let seq = now.max(self.last_seq + 1);
        self.replace(seq, event, time)?;
        self.last_seq = seq;
        Ok(seq)
    }

    /// Puts a record in the place of an earlier account of the same.
    pub fn replace(&mut self, seq: u64, event: &Event, time: Timestamp) -> Result<()> {
        let kind = if matches!(event, Event::OomKill(_)) { KILL } else { OTHER };
        if kind == KILL {
            self.pending.values.insert(name::LAST_KILL, time.as_second().to_string());
        }
        self.urgent = true;
        let packed = pack(event)?;
        self.pending.push(Waiting { seq, kind, time_ms: time.as_millisecond(), packed });
        Ok(())
    }

    /// Takes the highest memory of a cgroup in the hour of `time`.
    pub fn peak(&mut self, time: Timestamp, path: &[u8], peak: Peak) {
        self.pending.peak(hour(time.as_second()), path, peak);
    }

    /// Takes how far the counters and the log were followed.
    pub fn mark(&mut self, mark: &Mark) {
        // Of numbers and a string: it can't fail.
        self.pending.values.insert(name::MARK, serde_json::to_string(mark).unwrap_or_default());
    }

    /// A record for a sink, until it is [`delivered`](Self::delivered).
    pub fn queue(&mut self, sink: &str, seq: u64) {
        self.pending.queue.insert((sink.to_owned(), seq), true);
    }

    /// A record has arrived, or is given up.
    pub fn delivered(&mut self, sink: &str, seq: u64) {
        self.pending.queue.insert((sink.to_owned(), seq), false);
    }

    /// A record by its number; what waits to be written is found as well.
    #[must_use]
    pub fn get(&self, seq: u64) -> Option<Event> {
        let waiting = self.pending.records.iter().find(|record| record.seq == seq);
        match waiting {
            Some(record) => unpack(&record.packed).ok(),
            None => one(&self.path, seq).ok().flatten(),
        }
    }

    /// Whether the last write succeeded.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failed.is_none()
    }

    /// What waits: records, and those of them that gave way.
    #[must_use]
    pub fn waiting(&self) -> (usize, u64) {
        (self.pending.records.len(), self.pending.dropped.0 + self.pending.dropped.1)
    }

    /// Writes what waits, unless the last try has just failed and nothing is `last`.
    pub fn flush(&mut self, last: bool) -> Flushed {
        if self.pending.is_empty() || !last && self.failed.is_some_and(|at| at.elapsed() < AGAIN) {
            return Flushed::Nothing;
        }
        let sync = match self.policy.fsync {
            Fsync::Always => true,
            Fsync::Kills => self.urgent || last,
            Fsync::Never => false,
        };
        match store::write(&self.path, &self.pending, self.bounds(), sync) {
            Ok(()) => {
                self.pending.done();
                self.urgent = false;
                Flushed::Done(self.failed.take().is_some())
            }
            // Somebody reads it: the next tick will do.
            Err(Trouble::Busy) => Flushed::Failed(Trouble::Busy, false),
            Err(trouble) => {
                let is_news = self.failed.replace(Instant::now()).is_none();
                Flushed::Failed(trouble, is_news)
            }
        }
    }

    fn bounds(&self) -> Bounds {
        let age = i64::try_from(self.policy.max_age.as_secs()).unwrap_or(i64::MAX);
        let since = Timestamp::now().as_second().saturating_sub(age);
        Bounds {
            bytes: self.policy.max_size / SLACK,
            file: self.policy.max_size,
            since_ms: since.saturating_mul(1000),
            since_hour: hour(since),
        }
    }
}

fn hour(second: i64) -> u32 {
    u32::try_from(second.max(0) / 3600).unwrap_or(u32::MAX)
}
