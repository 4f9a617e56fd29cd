//! The disk that recordings are made on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::compare::array;
use crate::disk::{BLOCK, Raw, of_serial};
use crate::sys;

const SERIAL: &str = "oomtrace-record";
const PLACE: &str = "/record";
const KIND: &str = "ext4";
/// The machine is emulated, and has just been out of memory.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file system on a disk, unmounted when dropped.
pub(super) struct Disk {
    raw: Raw,
}

impl Disk {
    /// Mounts it, or says what is missing for that.
    ///
    /// # Errors
    /// When all is there and it can't be mounted.
    pub(super) fn mount() -> Result<Result<Self, String>> {
        let Some(device) = of_serial(SERIAL) else {
            return Ok(Err(format!("no disk with serial number {SERIAL}")));
        };
        let known = fs::read_to_string("/proc/filesystems")?;
        if !known.split_whitespace().any(|kind| kind == KIND) {
            return Ok(Err(format!("this kernel has no {KIND}")));
        }
        fs::create_dir_all(PLACE)?;
        sys::mount(&device.to_string_lossy(), Path::new(PLACE), KIND, "")
            .with_context(|| format!("can't mount {}", device.display()))?;
        Ok(Ok(Self { raw: Raw::open(&device).context("can't read the disk past the caches")? }))
    }

    /// A file on it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        Path::new(PLACE).join(name)
    }

    /// The kills in short of these victims, as soon as `file` has all of them. Whatever can be read of it has to be on the
    /// disk by then.
    ///
    /// # Errors
    /// When it does not get them, or the disk does not have them.
    pub(super) fn shorts(&mut self, file: &Path, victims: &BTreeSet<u32>) -> Result<Vec<Value>> {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
            let known = text.as_chunks::<BLOCK>().0.iter().filter_map(short);
            let known: BTreeSet<u32> = known.filter_map(|short| victim(&short)).collect();
            let mut shorts = Vec::new();
            self.raw.each(|block| shorts.extend(short(block))).context("can't read the disk")?;
            shorts.retain(|short| victim(short).is_some_and(|pid| victims.contains(&pid)));
            let kept: BTreeSet<u32> = shorts.iter().filter_map(victim).collect();
            ensure!(
                known.intersection(victims).all(|pid| kept.contains(pid)),
                "the kills of {known:?} can be read in short, the disk has those of {kept:?}"
            );
            if kept == *victims {
                return Ok(shorts);
            }
            ensure!(Instant::now() < end, "of the kills of {victims:?} the disk has {kept:?} in short");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = sys::unmount(Path::new(PLACE));
    }
}

/// Begins a block of a recording of fixed size.
const MAGIC: &[u8] = b"oomR";
/// Where a block has its record, and before it the part's number, the number of parts and the bytes.
const HEAD: usize = 32;
/// The note of a kill of which only the first account was written.
const NOTE: &str = "written in short at the kill; the whole record is missing";

/// The kill in short that a block holds.
fn short(block: &[u8; BLOCK]) -> Option<Value> {
    let word = |at: usize| Some(u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?));
    if !block.starts_with(MAGIC) || word(20) != Some(1) {
        return None;
    }
    let length = usize::try_from(word(24)?).ok()?;
    let record: Value = serde_json::from_slice(block.get(HEAD..HEAD.checked_add(length)?)?).ok()?;
    (record["type"] == "oom_kill" && is_short(&record)).then_some(record)
}

/// Whether a kill is told in short.
pub(super) fn is_short(kill: &Value) -> bool {
    array(kill, "/source/notes").iter().any(|note| note == NOTE)
}

fn victim(record: &Value) -> Option<u32> {
    record["victims"][0]["pid"].as_u64()?.try_into().ok()
}
