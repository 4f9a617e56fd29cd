//! The agent's spool as evidence, for commands that read it.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use jiff::Timestamp;

pub(in crate::command) use crate::agent::config::STATE_DIR;
use crate::agent::spool::{self, Stored, Trouble};
use crate::evidence::Evidence;
use crate::model::Footer;

/// The state directory that was asked for; else the usual one, if there is a spool in it.
pub(in crate::command) fn directory(asked: Option<&Path>) -> Option<PathBuf> {
    match asked {
        Some(dir) => Some(dir.to_owned()),
        None => Some(PathBuf::from(STATE_DIR)).filter(|dir| spool::exists(dir)),
    }
}

/// Reads the spool.
///
/// # Errors
/// It can't be read, with the remedy.
pub(in crate::command) fn read(dir: &Path, since: Option<Timestamp>) -> Result<Stored> {
    spool::read(dir, since).map_err(|trouble| {
        let remedy = match &trouble {
            Trouble::Other(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                ": run with sudo"
            }
            Trouble::Other(error) if error.kind() == std::io::ErrorKind::NotFound => {
                ": `oomtrace agent` makes one; name its directory with --state-dir"
            }
            _ => "",
        };
        anyhow!("can't read the spool in {dir:?}: {trouble}{remedy}")
    })
}

/// The spool as a stream of records that was read.
pub(in crate::command) fn evidence(dir: &Path, stored: &Stored) -> Result<Evidence> {
    let mut lines = Vec::new();
    for event in &stored.events {
        serde_json::to_writer(&mut lines, event)?;
        lines.push(b'\n');
    }
    let mut evidence = Evidence::of_lines(&dir.display().to_string(), &lines);
    let note = "a spool has no end: it proves what was killed, not that nothing else was".to_owned();
    let kills = evidence.incidents.len() as u64;
    evidence.footer = Some(Footer { kills, notes: vec![note], ..Footer::default() });
    Ok(evidence)
}

/// What a reader should know of a spool.
pub(in crate::command) fn notes(stored: &Stored) -> Vec<String> {
    let mut notes = Vec::new();
    let (kills, others) = stored.dropped;
    if kills + others > 0 {
        notes.push(format!(
            "{kills} kills and {others} other records gave way to newer ones: spool_max_size, spool_max_age"
        ));
    }
    if stored.unread > 0 {
        notes.push(format!("{} records can't be read by this version", stored.unread));
    }
    notes
}
