//! Kernel logs, as `explain` reads them.

use anyhow::Result;

use super::args::WhyArgs;
use super::gather::{Gathered, confidence};
use super::mentions::{self, Mention};
use super::target::Target;
use crate::command::explain::{self, Progress, Sink};
use crate::diagnose::diagnose;
use crate::enrich::locate;
use crate::klog::incident::{self, Known};
use crate::klog::input::{LogReader, Told};
use crate::model::{Confidence, Host, Sign, SignMeaning, UserspaceKill, Witness, WitnessKind};

/// Reads the files that were named.
///
/// # Errors
/// The first of those of the files, after all are read.
pub(super) fn files(args: &WhyArgs, target: &Target, gathered: &mut Gathered) -> Result<()> {
    let zone = args.tz.as_deref().map(explain::zone).transpose()?;
    if args.logs.is_empty() {
        return Ok(());
    }
    let known = Known { zone, ..Known::default() };
    let mut sink = Kills(gathered, target);
    explain::read_files(&args.logs, &mut LogReader::new(), &known, &mut sink, Progress::new(false))
}

/// Reads what this machine has; that there is none to be read is a note.
pub(super) fn machine(target: &Target, gathered: &mut Gathered) {
    let read = explain::read_machine(
        &mut LogReader::new(),
        &Known::default(),
        &mut Kills(gathered, target),
        Progress::new(false),
    );
    if let Err(error) = read {
        gathered.notes.push(format!("{error:#}"));
    }
}

struct Kills<'a>(&'a mut Gathered, &'a Target);

impl Kills<'_> {
    /// A report without a kill names its candidates all the same.
    fn names(&mut self, told: &Told, known: &Known) {
        let report = incident::no_kill(told, known).report;
        if let Some(report) = report.filter(|report| mentions::incident(self.1, report)) {
            self.0.mentions.push(Mention { boot: report.host.boot_id, stream: None });
        }
    }
}

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
            return self.names(told, known);
        }
        let mut incident = incident::incident(told, known);
        locate(&mut incident);
        incident.diagnosis = Some(diagnose(&incident));
        let name = incident.source.log.as_ref().map(|log| log.name.clone()).unwrap_or_default();
        let confidence = confidence(&incident);
        self.0.kill(incident, Witness { kind: WitnessKind::KernelLog, name, confidence });
    }

    fn signs(&mut self, found: Vec<Sign>) {
        if found.iter().any(|sign| mentions::word(self.1, &sign.text.lossy())) {
            self.0.mentions.push(Mention::default());
        }
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
