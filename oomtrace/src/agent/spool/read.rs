//! Reading the spool, also beside a running agent.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use redb::{Database, ReadableTable as _, TableError};

use super::pending::Peak;
use super::store::{self, number};
use super::tables::{EVENTS, META, PEAKS, QUEUE, name};
use super::trouble::{Trouble, of};
use super::{FILE, pack::unpack, writer::Mark};
use crate::model::Event;

/// How long the agent may have the file open.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// The highest memory of a cgroup in an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeakOf {
    /// Hours since 1970.
    pub hour: u32,
    /// Path of the cgroup; empty for the machine.
    pub path: Vec<u8>,
    /// What it was.
    pub peak: Peak,
}

/// What is in the spool.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Records, in the order in which they became known.
    pub events: Vec<Event>,
    /// Number of the last record.
    pub last_seq: u64,
    /// Peaks, oldest first.
    pub peaks: Vec<PeakOf>,
    /// Records that wait for a sink: its name and their numbers.
    pub queue: Vec<(String, u64)>,
    /// How far the counters and the log were followed.
    pub mark: Option<Mark>,
    /// When the last kill was, seconds since 1970.
    pub last_kill: Option<i64>,
    /// Kills, and other records, that gave way to newer ones.
    pub dropped: (u64, u64),
    /// Records that could not be read.
    pub unread: u64,
}

/// Whether there is a spool in `dir`.
#[must_use]
pub fn exists(dir: &Path) -> bool {
    dir.join(FILE).exists()
}

/// Reads what is not older than `since`. An agent that writes at this moment is waited for.
///
/// # Errors
/// It can't be opened, or is damaged.
pub fn read(dir: &Path, since: Option<Timestamp>) -> Result<Stored, Trouble> {
    let path = dir.join(FILE);
    let until = Instant::now() + PATIENCE;
    let database = loop {
        match store::open(&path, false) {
            Err(Trouble::Busy) if Instant::now() < until => std::thread::sleep(PAUSE),
            opened => break opened?,
        }
    };
    stored(&database, since)
}

fn stored(database: &Database, since: Option<Timestamp>) -> Result<Stored, Trouble> {
    let transaction = database.begin_read().map_err(of)?;
    let mut stored = Stored::default();
    let since_ms = since.map_or(i64::MIN, Timestamp::as_millisecond);
    if let Some(events) = there(transaction.open_table(EVENTS))? {
        stored.last_seq = events.last().map_err(of)?.map_or(0, |(seq, _)| seq.value());
        for row in events.iter().map_err(of)? {
            let (_, value) = row.map_err(of)?;
            let (_, time_ms, packed) = value.value();
            if time_ms < since_ms {
                continue;
            }
            match unpack(packed) {
                Ok(event) => stored.events.push(event),
                Err(_) => stored.unread += 1,
            }
        }
    }
    if let Some(peaks) = there(transaction.open_table(PEAKS))? {
        let first = u32::try_from(since_ms.max(0) / 3_600_000).unwrap_or(u32::MAX);
        for row in peaks.range((first, &[][..])..).map_err(of)? {
            let (key, value) = row.map_err(of)?;
            let ((hour, path), (bytes, limit)) = (key.value(), value.value());
            stored.peaks.push(PeakOf { hour, path: path.to_vec(), peak: Peak { bytes, limit } });
        }
    }
    if let Some(queue) = there(transaction.open_table(QUEUE))? {
        for row in queue.iter().map_err(of)? {
            let (key, _) = row.map_err(of)?;
            let (name, seq) = key.value();
            stored.queue.push((name.to_owned(), seq));
        }
    }
    if let Some(meta) = there(transaction.open_table(META))? {
        stored.dropped = (number(&meta, name::DROPPED_KILLS)?, number(&meta, name::DROPPED_OTHERS)?);
        let text = |name| meta.get(name).map_err(of).map(|value| value.map(|value| value.value().to_owned()));
        stored.mark = text(name::MARK)?.and_then(|mark| serde_json::from_str(&mark).ok());
        stored.last_kill = text(name::LAST_KILL)?.and_then(|second| second.parse().ok());
    }
    Ok(stored)
}

/// One record; `None` when it is there no more, or can't be read now.
pub(super) fn one(path: &Path, seq: u64) -> Result<Option<Event>, Trouble> {
    let database = store::open(path, false)?;
    let transaction = database.begin_read().map_err(of)?;
    let Some(events) = there(transaction.open_table(EVENTS))? else { return Ok(None) };
    let value = events.get(seq).map_err(of)?;
    Ok(value.and_then(|value| unpack(value.value().2).ok()))
}

/// A table that nobody has written to is not there.
fn there<T>(table: Result<T, TableError>) -> Result<Option<T>, Trouble> {
    match table {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(of(error)),
    }
}
