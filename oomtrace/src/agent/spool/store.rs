//! The file while it is open.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use redb::{Database, ReadableTable as _, ReadableTableMetadata as _, Table, WriteTransaction};

use super::pending::Pending;
use super::tables::{EVENTS, KILL, META, PEAKS, QUEUE, name};
use super::trouble::{Trouble, of};

/// Bytes of the file that are held in memory while it is open.
const CACHE: usize = 1 << 20;
/// Most rows of peaks: a month of 64 cgroups.
const PEAKS_MOST: u64 = 50_000;

/// Times that what is kept is halved at once.
const SHRINKS: usize = 6;

/// Bounds of what is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Packed bytes.
    pub(super) bytes: u64,
    /// Bytes of the file.
    pub(super) file: u64,
    /// What is from before, ms since 1970, goes.
    pub(super) since_ms: i64,
    /// Peaks from before that hour go.
    pub(super) since_hour: u32,
}

/// Opens the file, and makes it where `create` says so.
pub(super) fn open(path: &Path, create: bool) -> Result<Database, Trouble> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).truncate(false).mode(0o600);
    let file: File = options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC).open(path)?;
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).create_with_file_format_v3(true);
    builder.create_file(file).map_err(of)
}

/// Writes what waits, lets the oldest go, and brings it to the disk where `sync` says so.
///
/// Pages are powers of two, so that the file may be several times as large as what is in it: then it is compacted, and where that
/// does not do, more of the oldest goes.
pub(super) fn write(path: &Path, pending: &Pending, bounds: Bounds, sync: bool) -> Result<(), Trouble> {
    let mut database = open(path, true)?;
    commit(&database, pending, bounds, sync)?;
    let mut bytes = bounds.bytes;
    for _ in 0..SHRINKS {
        if std::fs::metadata(path)?.len() <= bounds.file {
            break;
        }
        while database.compact().map_err(of)? {}
        if std::fs::metadata(path)?.len() <= bounds.file {
            break;
        }
        bytes /= 2;
        commit(&database, &Pending::default(), Bounds { bytes, ..bounds }, sync)?;
    }
    Ok(())
}

fn commit(database: &Database, pending: &Pending, bounds: Bounds, sync: bool) -> Result<(), Trouble> {
    let mut transaction = database.begin_write().map_err(of)?;
    transaction.set_durability(if sync { redb::Durability::Immediate } else { redb::Durability::Eventual });
    apply(&transaction, pending, bounds)?;
    transaction.commit().map_err(of)
}

fn apply(transaction: &WriteTransaction, pending: &Pending, bounds: Bounds) -> Result<(), Trouble> {
    let mut meta = transaction.open_table(META).map_err(of)?;
    let (mut kills, mut others) = pending.dropped;
    let mut bytes = number(&meta, name::BYTES)?;
    {
        let mut events = transaction.open_table(EVENTS).map_err(of)?;
        for record in &pending.records {
            let value = (record.kind, record.time_ms, record.packed.as_slice());
            let before = events.insert(record.seq, value).map_err(of)?;
            let before = before.map_or(0, |before| before.value().2.len() as u64);
            bytes = bytes.saturating_sub(before) + record.packed.len() as u64;
        }
        while let Some((length, kind)) = oldest(&events, bytes, bounds)? {
            events.pop_first().map_err(of)?;
            bytes = bytes.saturating_sub(length);
            *(if kind == KILL { &mut kills } else { &mut others }) += 1;
        }
    }
    peaks(transaction, pending, bounds)?;
    queue(transaction, pending)?;
    let mut add = |name, more: u64| -> Result<(), Trouble> {
        let sum = number(&meta, name)?.saturating_add(more).to_string();
        meta.insert(name, sum.as_str()).map_err(of).map(|_| ())
    };
    add(name::DROPPED_KILLS, kills)?;
    add(name::DROPPED_OTHERS, others)?;
    meta.insert(name::BYTES, bytes.to_string().as_str()).map_err(of)?;
    for (name, value) in &pending.values {
        meta.insert(*name, value.as_str()).map_err(of)?;
    }
    Ok(())
}

/// Length and kind of the oldest record, when it is to go.
fn oldest(
    events: &Table<'_, u64, (u8, i64, &'static [u8])>,
    bytes: u64,
    bounds: Bounds,
) -> Result<Option<(u64, u8)>, Trouble> {
    let Some((_, value)) = events.first().map_err(of)? else { return Ok(None) };
    let (kind, time_ms, packed) = value.value();
    Ok((bytes > bounds.bytes || time_ms < bounds.since_ms).then_some((packed.len() as u64, kind)))
}

fn peaks(transaction: &WriteTransaction, pending: &Pending, bounds: Bounds) -> Result<(), Trouble> {
    let mut peaks = transaction.open_table(PEAKS).map_err(of)?;
    for ((hour, path), peak) in &pending.peaks {
        let key = (*hour, path.as_slice());
        let before = peaks.get(key).map_err(of)?.map_or(0, |before| before.value().0);
        if peak.bytes >= before {
            peaks.insert(key, (peak.bytes, peak.limit)).map_err(of)?;
        }
    }
    loop {
        let first = peaks.first().map_err(of)?.map(|(key, _)| key.value().0);
        let is_old = first.is_some_and(|hour| hour < bounds.since_hour);
        if !is_old && peaks.len().map_err(of)? <= PEAKS_MOST {
            return Ok(());
        }
        peaks.pop_first().map_err(of)?;
    }
}

fn queue(transaction: &WriteTransaction, pending: &Pending) -> Result<(), Trouble> {
    let mut queue = transaction.open_table(QUEUE).map_err(of)?;
    for ((name, seq), waits) in &pending.queue {
        let key = (name.as_str(), *seq);
        if *waits {
            queue.insert(key, ()).map_err(of)?;
        } else {
            queue.remove(key).map_err(of)?;
        }
    }
    Ok(())
}

/// A single value that is a number; 0 when there is none.
pub(super) fn number(
    meta: &impl redb::ReadableTable<&'static str, &'static str>,
    name: &'static str,
) -> Result<u64, Trouble> {
    let value = meta.get(name).map_err(of)?;
    Ok(value.and_then(|value| value.value().parse().ok()).unwrap_or(0))
}
