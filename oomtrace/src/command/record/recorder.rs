//! The file that is being written, and the journal that goes before it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};

use super::{RecordArgs, lock, shorts::Shorts};
use crate::evidence::ring::{self, Lane, Ring, Sizes};
use crate::model::{Event, Footer, SourceKind};
use crate::output::{Output, Owner, Place, Wanted};
use crate::pen::{Account, Count, Last, Packed, Pen};

/// Kills that the journal holds: 4 MiB.
const JOURNAL: u64 = 1024;
/// Room for a line that is kept from one to the next.
const LINE: usize = 256 * 1024;

/// A file of fixed size, and where it is. What was opened first holds the lock on it.
struct Journal {
    ring: Ring,
    place: Place,
    file: File,
}

/// Where records go.
enum Main {
    /// Lines, as they are or compressed. Each sync ends a part of the compressed ones that can be read by itself.
    Lines(Pen),
    /// A file of fixed size, which needs no room, and so no patience.
    Ring(Journal),
}

/// Writes records. Kills in short are written by another thread, which never waits for this one.
pub(super) struct Recorder {
    main: Main,
    shorts: Arc<Mutex<Shorts>>,
    /// Beside a file that grows.
    journal: Option<Journal>,
    line: Vec<u8>,
    /// What reached the file of fixed size, and what did not.
    account: Account,
    /// The end, which is written last: nothing comes after it.
    footer: Option<Footer>,
    /// The file can be made anew.
    can_reopen: bool,
}

impl Recorder {
    /// Makes the file for `owner` and takes all room that a kill needs. A FIFO is waited for until it has a reader, at the
    /// longest for the time of the recording.
    ///
    /// # Errors
    /// Names the file, the cause and the remedy.
    pub(super) fn create(args: &RecordArgs, owner: &Owner) -> Result<Self> {
        let path = args.output.as_path();
        let until = args.duration.and_then(|duration| Instant::now().checked_add(duration));
        let mut can_reopen = false;
        let mut main = match args.ring_bytes() {
            Some(bytes) => Main::Ring(ring(path, owner, Sizes::of_file(bytes))?),
            None => {
                let output = Output::open_for(path, owner, Wanted::Emptied, until)?;
                can_reopen = output.can_reopen();
                let packed = args.compress;
                Main::Lines(Pen::start(if packed {
                    Box::new(Packed::new(output))
                } else {
                    Box::new(output)
                })?)
            }
        };
        let mut journal = match &main {
            Main::Ring(_) => None,
            Main::Lines(_) => Some(ring(&ring::journal_of(path), owner, Sizes::of_journal(JOURNAL))?),
        };
        let ring = match (&mut main, &mut journal) {
            (Main::Ring(file), _) => Some(&mut file.ring),
            (_, Some(journal)) => Some(&mut journal.ring),
            (Main::Lines(_), None) => None,
        };
        let shorts = Arc::new(Mutex::new(Shorts::new(ring.and_then(Ring::shorts))));
        let line = Vec::with_capacity(LINE);
        Ok(Self { main, shorts, journal, line, account: Account::default(), footer: None, can_reopen })
    }

    /// Whether [`reopen`](Self::reopen) serves; a file of fixed size is not made anew.
    pub(super) fn can_reopen(&self) -> bool {
        self.can_reopen
    }

    /// Goes on in a new file of the same name; `footer` ends the old one.
    pub(super) fn reopen(&mut self, footer: &Event) {
        if let (Main::Lines(pen), Ok(mut line)) = (&self.main, serde_json::to_vec(footer)) {
            line.push(b'\n');
            pen.reopen(line);
        }
    }

    /// What writes kills in short.
    pub(super) fn shorts(&self) -> Arc<Mutex<Shorts>> {
        Arc::clone(&self.shorts)
    }

    /// Writes a record. What fails is counted, and the next one tried: a disk may have room again.
    pub(super) fn event(&mut self, event: &Event) {
        if self.footer.is_some() {
            return;
        }
        if let Event::Footer(footer) = event {
            self.footer = Some(footer.clone());
            return;
        }
        let tried = self.try_event(event);
        if let Err(error) = tried {
            self.account.unwritten.records += 1;
            self.account.why.get_or_insert(format!("{error:#}"));
        }
    }

    fn try_event(&mut self, event: &Event) -> Result<()> {
        // A kill that only the kernel's log told of has no first account yet.
        if let Event::OomKill(incident) = event
            && incident.source.kind == SourceKind::KernelLog
        {
            lock(&self.shorts).put(incident, true);
        }
        let lane = match event {
            Event::Header(_) => Lane::Header,
            Event::Sample(_) => Lane::Samples,
            _ => Lane::Kills,
        };
        self.line.clear();
        serde_json::to_writer(&mut self.line, event)?;
        if lane == Lane::Header
            && let Some(journal) = &mut self.journal
        {
            journal.ring.put(lane, &self.line)?;
        }
        let count = Count::one(matches!(event, Event::OomKill(_)));
        match &mut self.main {
            Main::Ring(file) => {
                file.ring.put(lane, &self.line)?;
                self.account.written.records += 1;
                self.account.written.kills += count.kills;
            }
            Main::Lines(pen) => {
                let mut line = Vec::with_capacity(self.line.len() + 1);
                line.extend_from_slice(&self.line);
                line.push(b'\n');
                // A file that nobody reads any more is none.
                let _ = match lane {
                    Lane::Header => pen.header(line),
                    Lane::Kills => pen.put(line, count, true),
                    Lane::Samples => pen.put(line, count, false),
                };
            }
        }
        Ok(())
    }

    /// Closes the file; what it is waiting for is not waited for after `until`. The journal is removed when the file has all
    /// that it has.
    ///
    /// # Errors
    /// What was not written and why, with what can be done.
    pub(super) fn finish(self, until: Option<Instant>) -> Result<()> {
        let Self { main, shorts, journal, mut account, footer, .. } = self;
        match main {
            Main::Lines(pen) => {
                let last = footer.map(|footer| -> Last { Box::new(move |account| closing(footer, account)) });
                account = pen.finish(last, until);
            }
            Main::Ring(mut file) => {
                if let Some(footer) = footer {
                    let line = closing(footer, &account);
                    file.ring.put(Lane::Kills, line.trim_ascii_end()).context("the end can't be written")?;
                }
            }
        }
        let only_short = lock(&shorts).sure.saturating_sub(account.written.kills);
        let missing = account.unwritten.records > 0 || account.unsynced.is_some();
        match journal {
            Some(journal) if missing && only_short > 0 => Err(anyhow!(
                "{}; kills are in {:?} in short, keep it",
                account.notes().join("; "),
                journal.place.path()
            )),
            _ if missing => Err(anyhow!("{}", account.notes().join("; "))),
            Some(journal) if only_short > 0 && !account.is_closed => Err(anyhow!(
                "{only_short} kills could be recorded in short only; they are in {:?}, keep it",
                journal.place.path()
            )),
            Some(journal) => journal.place.remove(&journal.file).context("the journal is left"),
            None => Ok(()),
        }
    }
}

/// The footer, which knows what did not reach the file.
fn closing(mut footer: Footer, account: &Account) -> Vec<u8> {
    footer.lost_kills += account.unwritten.kills;
    footer.notes.extend(account.notes());
    footer.complete &= footer.notes.is_empty();
    let mut line = serde_json::to_vec(&Event::Footer(footer)).unwrap_or_default();
    line.push(b'\n');
    line
}

fn ring(path: &Path, owner: &Owner, sizes: Sizes) -> Result<Journal> {
    let place = Place::find(path, owner)?;
    let file = place.open(Wanted::Blocks, None)?.file;
    let ring = Ring::fill(&file, |flags| place.open_again(&file, flags), sizes);
    let ring = ring.map_err(|error| cannot(path, &error))?;
    if !ring.is_direct() {
        log::warn!(
            "{path:?} is on a file system without direct I/O: a kill while memory is out may not reach the disk"
        );
    }
    Ok(Journal { ring, place, file })
}

fn cannot(path: &Path, error: &io::Error) -> anyhow::Error {
    let remedy = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or ask for less (--max-size)"
        }
        io::ErrorKind::NotFound => "; make its directory first",
        io::ErrorKind::PermissionDenied => "; run as its owner or root",
        _ => "; write elsewhere (-o FILE)",
    };
    anyhow!("can't make {path:?}: {error}{remedy}")
}
