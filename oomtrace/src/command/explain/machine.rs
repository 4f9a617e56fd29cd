//! The logs that this machine has of itself: the journal, with earlier boots, and the kernel's ring buffer.

use std::io::{BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Result, anyhow};

use super::progress::Progress;
use super::sink::{Sink, harmless};
use crate::claim::killers_units;
use crate::kernel::proc::Meminfo;
use crate::kernel::{Roots, clock, host};
use crate::klog::incident::Known;
use crate::klog::input::{Found, LogLine, LogReader, Stamp, Writer};
use crate::klog::instead::Signs;
use crate::klog::{KmsgReader, KmsgRecord, Next, Start};
use crate::model::Host;
use crate::rights::{system_program, with_all};

const RING_BUFFER: &str = "/dev/kmsg";
const JOURNAL: &str = "the journal";

/// Reads both. A kill that both tell of is one.
///
/// # Errors
/// When neither can be read, with the remedy.
pub(in crate::command) fn read(
    reader: &mut LogReader,
    known: &Known,
    collector: &mut dyn Sink,
    progress: Progress,
) -> Result<()> {
    let this = host::host(&Roots::default());
    collector.of(this.clone());
    let swap = Meminfo::read(&Roots::default()).and_then(|read| read.swap_total);
    let boot = this.boot_id.clone();
    let mut sink = |found: Found| {
        let mut known = known.clone();
        // What the machine is now says nothing about an earlier boot.
        let of = match &found {
            Found::Report(told) => &told.context.boot_id,
            Found::Userspace(told) => &told.kill.host.boot_id,
        };
        if boot.is_some() && *of == boot {
            (known.host, known.total_swap_bytes) = (Some(this.clone()), swap);
        }
        collector.found(&found, &known);
    };
    // The ring buffer has exact times, callers and fragments, so it goes first; the journal adds what it has lost.
    let (of_ring, of_journal) = (Signs::new(), Signs::new());
    let ring = ring_buffer(reader, &this, &of_ring, &mut sink);
    reader.finish(&mut sink);
    let journal = journal(reader, &of_journal, &mut sink, progress);
    reader.finish(&mut sink);
    // The journal has what the ring buffer has, so that both together would count it twice.
    let signs = if journal.is_ok() { of_journal } else { of_ring };
    collector.signs(harmless(signs.take()));
    match (ring, journal) {
        (Err(ring), Err(journal)) => Err(anyhow!("no kernel log can be read here:\n{ring:#}\n{journal:#}")),
        (ring, journal) => {
            settle(RING_BUFFER, ring, collector);
            settle(JOURNAL, journal, collector);
            Ok(())
        }
    }
}

/// What reading a source came to, with a note on what it does not have.
type Read = Result<(u64, Option<String>)>;

fn settle(name: &str, read: Read, collector: &mut dyn Sink) {
    match read {
        Ok((bytes, note)) => {
            collector.read(name, bytes);
            note.into_iter().for_each(|note| collector.incomplete(note));
        }
        Err(error) => collector.incomplete(format!("{name} was not read: {error:#}")),
    }
}

fn ring_buffer(reader: &mut LogReader, this: &Host, signs: &Signs, sink: &mut dyn FnMut(Found)) -> Read {
    let mut bytes = 0;
    let mut each = |record: &KmsgRecord| {
        bytes += record.text.len() as u64;
        signs.push(&line(record, this), RING_BUFFER);
    };
    let ring = records(reader, this, &mut each, sink)?;
    let overwritten = ring.first_seq.unwrap_or(0) + ring.kmsg.lost();
    let mut notes = Vec::new();
    if overwritten > 0 {
        notes.push(format!("the first {overwritten} messages of this boot are no longer in the ring buffer"));
    }
    if ring.kmsg.malformed() > 0 {
        notes.push(format!("{} records of the ring buffer could not be read", ring.kmsg.malformed()));
    }
    Ok((bytes, (!notes.is_empty()).then(|| notes.join("; "))))
}

/// The kernel's ring buffer, read to its end.
pub(in crate::command) struct Ring {
    /// Gives what is printed from now on.
    pub(in crate::command) kmsg: KmsgReader,
    /// Number of the oldest record that is still there.
    pub(in crate::command) first_seq: Option<u64>,
}

/// Reads the kernel's ring buffer, and what it tells of this boot.
///
/// # Errors
/// It can't be opened or read, with the remedy.
pub(in crate::command) fn read_ring(known: &Known, this: &Host, sink: &mut dyn Sink) -> Result<Ring> {
    let mut reader = LogReader::new();
    let mut found = |found: Found| sink.found(&found, known);
    let ring = records(&mut reader, this, &mut |_| {}, &mut found)?;
    reader.finish(&mut found);
    Ok(ring)
}

fn records(
    reader: &mut LogReader,
    this: &Host,
    each: &mut dyn FnMut(&KmsgRecord),
    sink: &mut dyn FnMut(Found),
) -> Result<Ring> {
    let mut kmsg = with_all(|| KmsgReader::open(Path::new(RING_BUFFER), Start::Oldest))?;
    let source: Arc<str> = RING_BUFFER.into();
    let mut first_seq = None;
    while let Next::Record(record) = kmsg.next_record()? {
        first_seq = first_seq.or(Some(record.seq));
        each(&record);
        reader.push(&line(&record, this), &source, sink);
    }
    Ok(Ring { kmsg, first_seq })
}

/// printk's clock stands still while the machine sleeps, so that times before a suspend come out late.
fn line<'a>(record: &'a KmsgRecord, this: &Host) -> LogLine<'a> {
    let time = clock::rfc3339(record.usec.saturating_mul(1000));
    let utc_ns = time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_nanosecond);
    LogLine {
        program: None,
        format: RING_BUFFER,
        writer: if record.facility == 0 { Writer::Kernel } else { Writer::Process },
        host: Some(this.name.clone()),
        boot_id: this.boot_id.clone(),
        stamp: Some(Stamp { utc_ns, digits: 6, text: time, ..Stamp::default() }),
        usec: Some(record.usec),
        seq: Some(record.seq),
        fragment: record.fragment,
        caller: record.caller,
        text: record.text.as_slice().into(),
    }
}

/// Of all boots that it has.
fn journal(reader: &mut LogReader, signs: &Signs, sink: &mut dyn FnMut(Found), progress: Progress) -> Read {
    let mut child = start()?;
    let output = child.stdout.take().ok_or_else(|| anyhow!("journalctl has no output"))?;
    let errors = child.stderr.take();
    let output = progress.watch(JOURNAL, None, Box::new(BufReader::with_capacity(1 << 20, output)));
    let read = reader.read_for(JOURNAL, output, Some(&signs.without_numbers()), sink);
    let mut said = String::new();
    let _ = errors.map(|errors| errors.take(4096).read_to_string(&mut said));
    let status = child.wait()?;
    let said = said.lines().next().unwrap_or_default().to_owned();
    match read {
        Ok(summary) if status.success() => Ok((summary.bytes, summary.error)),
        Ok(summary) => Ok((summary.bytes, Some(format!("journalctl ended with {status}: {said}")))),
        Err(_) if status.success() || said.is_empty() => Err(anyhow!(
            "journalctl has no messages of the kernel: {}",
            if said.is_empty() { "the journal is empty, or not kept" } else { &said }
        )),
        Err(_) => {
            Err(anyhow!("journalctl: {said}; run with sudo, or as a member of the group systemd-journal"))
        }
    }
}

fn start() -> Result<Child> {
    let mut command = Command::new(system_program("journalctl"));
    command.args(["--no-pager", "--quiet", "--output=export", "_TRANSPORT=kernel"]);
    // A plus sign is an "or".
    for unit in killers_units() {
        command.args(["+", &format!("_SYSTEMD_UNIT={unit}")]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|error| anyhow!("journalctl can't be started: {error}"))
}
