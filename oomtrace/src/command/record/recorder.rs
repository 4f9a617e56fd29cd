//! The file that is being written, and the journal that goes before it.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use flate2::{Compression, write::GzEncoder};

use super::{RecordArgs, lock, shorts::Shorts};
use crate::evidence::ring::{self, Lane, Ring, Sizes};
use crate::model::{Event, SourceKind};
use crate::output::{Output, Owner, Place, Wanted};

/// Kills that the journal holds: 4 MiB.
const JOURNAL: u64 = 1024;
/// Room for a line that is kept from one to the next.
const LINE: usize = 256 * 1024;

/// A file of fixed size, and where it is.
struct Journal {
    ring: Ring,
    place: Place,
    file: File,
}

/// Where records go.
enum Main {
    /// Lines, as they are.
    Lines(Output),
    /// The same, compressed. Each flush ends a part that can be read by itself.
    Gzip(GzEncoder<File>),
    /// A file of fixed size.
    Ring(Ring),
}

/// Writes records. Kills in short are written by another thread, which never waits for this one.
pub(super) struct Recorder {
    main: Main,
    shorts: Arc<Mutex<Shorts>>,
    /// Beside a file that grows.
    journal: Option<Journal>,
    line: Vec<u8>,
    /// Kills that did.
    whole: u64,
    /// Records that did not reach the file.
    unwritten: u64,
    /// The first reason for it.
    why: Option<anyhow::Error>,
    /// The footer is written: nothing comes after it.
    ended: bool,
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
        let mut main = match args.ring_bytes() {
            Some(bytes) => Main::Ring(ring(path, owner, Sizes::of_file(bytes))?.ring),
            None if args.compress => {
                let file = Place::find(path, owner)?.open(Wanted::Emptied, until)?.waiting()?;
                Main::Gzip(GzEncoder::new(file, Compression::fast()))
            }
            None => Main::Lines(Output::open_for(path, owner, Wanted::Emptied, until)?),
        };
        let mut journal = match &main {
            Main::Ring(_) => None,
            Main::Lines(_) | Main::Gzip(_) => {
                Some(ring(&ring::journal_of(path), owner, Sizes::of_journal(JOURNAL))?)
            }
        };
        let ring = match (&mut main, &mut journal) {
            (Main::Ring(ring), _) => Some(ring),
            (_, Some(journal)) => Some(&mut journal.ring),
            (Main::Lines(_) | Main::Gzip(_), None) => None,
        };
        let shorts = Arc::new(Mutex::new(Shorts::new(ring.and_then(Ring::shorts))));
        let line = Vec::with_capacity(LINE);
        Ok(Self { main, shorts, journal, line, whole: 0, unwritten: 0, why: None, ended: false })
    }

    /// What writes kills in short.
    pub(super) fn shorts(&self) -> Arc<Mutex<Shorts>> {
        Arc::clone(&self.shorts)
    }

    /// Writes a record. What fails is counted, and the next one tried: a disk may have room again.
    pub(super) fn event(&mut self, event: &Event) {
        if self.ended {
            return;
        }
        let tried = self.try_event(event);
        if let Err(error) = tried {
            self.unwritten += 1;
            self.why.get_or_insert(error);
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
        if let Event::Footer(footer) = event {
            let closing = Event::Footer(self.closing(footer));
            serde_json::to_writer(&mut self.line, &closing)?;
        } else {
            serde_json::to_writer(&mut self.line, event)?;
        }
        if lane == Lane::Header
            && let Some(journal) = &mut self.journal
        {
            journal.ring.put(lane, &self.line)?;
        }
        self.ended = matches!(event, Event::Footer(_));
        match &mut self.main {
            Main::Ring(ring) => ring.put(lane, &self.line)?,
            Main::Lines(output) => {
                self.line.push(b'\n');
                // A file that nobody reads any more is none.
                let _ = output.block(&self.line)?;
                if lane == Lane::Kills {
                    output.sync()?;
                }
            }
            Main::Gzip(gzip) => {
                self.line.push(b'\n');
                gzip.write_all(&self.line)?;
                if lane != Lane::Samples {
                    gzip.flush()?;
                    gzip.get_ref().sync_data()?;
                }
            }
        }
        self.whole += u64::from(matches!(event, Event::OomKill(_)));
        Ok(())
    }

    /// The footer, which knows what did not reach the file.
    fn closing(&self, footer: &crate::model::Footer) -> crate::model::Footer {
        let mut footer = footer.clone();
        if self.unwritten > 0 {
            footer.complete = false;
            footer.notes.push(format!("{} records could not be written", self.unwritten));
        }
        footer
    }

    /// Closes the file. The journal is removed when the file has all that it has.
    ///
    /// # Errors
    /// The first write that failed, with what can be done.
    pub(super) fn finish(self) -> Result<()> {
        let Self { main, shorts, journal, whole, unwritten, why, .. } = self;
        let only_short = lock(&shorts).sure.saturating_sub(whole);
        match main {
            Main::Lines(output) => output.finish()?,
            Main::Gzip(gzip) => {
                gzip.finish().and_then(|file| file.sync_all()).context("the file can't be closed")?;
            }
            Main::Ring(_) => {}
        }
        match (why, journal) {
            (Some(why), journal) => {
                let kept = journal.map_or(String::new(), |journal| {
                    format!("; kills are in {:?} in short, keep it", journal.place.path())
                });
                Err(anyhow!("{unwritten} records could not be written: {why:#}{kept}"))
            }
            (None, Some(journal)) if only_short > 0 => Err(anyhow!(
                "{only_short} kills could be recorded in short only; they are in {:?}, keep it",
                journal.place.path()
            )),
            (None, Some(journal)) => journal.place.remove(&journal.file).context("the journal is left"),
            (None, None) => Ok(()),
        }
    }
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
