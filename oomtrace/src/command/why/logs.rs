//! Kernel logs, as `explain` reads them.

use anyhow::Result;

use super::args::WhyArgs;
use super::gather::{Gathered, confidence};
use crate::command::explain::{self, Progress, Sink, place};
use crate::diagnose::diagnose;
use crate::klog::incident::{self, Known};
use crate::klog::input::{LogReader, Told};
use crate::model::{Confidence, Host, Sign, SignMeaning, UserspaceKill, Witness, WitnessKind};

/// Reads the files that were named.
///
/// # Errors
/// The first of those of the files, after all are read.
pub(super) fn files(args: &WhyArgs, gathered: &mut Gathered) -> Result<()> {
    let zone = args.tz.as_deref().map(explain::zone).transpose()?;
    if args.logs.is_empty() {
        return Ok(());
    }
    let known = Known { zone, ..Known::default() };
    explain::read_files(&args.logs, &mut LogReader::new(), &known, &mut Kills(gathered), Progress::new(false))
}

/// Reads what this machine has; that there is none to be read is a note.
pub(super) fn machine(gathered: &mut Gathered) {
    let read = explain::read_machine(
        &mut LogReader::new(),
        &Known::default(),
        &mut Kills(gathered),
        Progress::new(false),
    );
    if let Err(error) = read {
        gathered.notes.push(format!("{error:#}"));
    }
}

struct Kills<'a>(&'a mut Gathered);

impl Sink for Kills<'_> {
    fn of(&mut self, _: Host) {}

    fn read(&mut self, name: &str, _: u64) {
        self.0.logs.push(name.to_owned());
    }

    fn incomplete(&mut self, note: String) {
        if !self.0.notes.contains(&note) {
            self.0.notes.push(note);
        }
    }

    fn told(&mut self, told: &Told, known: &Known) {
        if !incident::kills(&told.report) {
            return;
        }
        let mut incident = incident::incident(told, known);
        place(&mut incident);
        incident.diagnosis = Some(diagnose(&incident));
        let name = incident.source.log.as_ref().map(|log| log.name.clone()).unwrap_or_default();
        let confidence = confidence(&incident);
        self.0.kill(incident, Witness { kind: WitnessKind::KernelLog, name, confidence });
    }

    fn signs(&mut self, found: Vec<Sign>) {
        let kills = [SignMeaning::OomKill, SignMeaning::Killed, SignMeaning::Signalled];
        for sign in found.iter().filter(|sign| kills.contains(&sign.meaning)) {
            let line = if sign.line == 0 { String::new() } else { format!(" (line {})", sign.line) };
            let text = sign.text.lossy();
            self.0.notes.push(format!("{}: {text:?} in {}{line}", sign.what, sign.log.lossy()));
        }
    }

    fn userspace(&mut self, kill: UserspaceKill) {
        let name = kill.log.name.clone();
        self.0.userspace(kill, Witness { kind: WitnessKind::ProgramLog, name, confidence: Confidence::High });
    }
}
