//! The kernel's log at the start: its kills of this boot.

use crate::agent::catch_up::Log;
use crate::command::explain::{self, Sink};
use crate::diagnose::diagnose;
use crate::enrich::locate;
use crate::klog::KmsgReader;
use crate::klog::incident::{self, Known};
use crate::klog::input::Told;
use crate::model::{Host, Incident, UserspaceKill};

struct Kills(Vec<Incident>);

impl Sink for Kills {
    fn of(&mut self, _: Host) {}

    fn read(&mut self, _: &str, _: u64) {}

    fn incomplete(&mut self, _: String) {}

    fn told(&mut self, told: &Told, known: &Known) {
        if incident::kills(&told.report) {
            let mut incident = incident::incident(told, known);
            locate(&mut incident);
            incident.diagnosis = Some(diagnose(&incident));
            self.0.push(incident);
        }
    }

    fn userspace(&mut self, _: UserspaceKill) {}
}

/// Reads it, and returns what gives the records from then on.
pub(super) fn read(host: &Host) -> (Log, Option<KmsgReader>) {
    let mut kills = Kills(Vec::new());
    let known = Known { host: Some(host.clone()), ..Known::default() };
    match explain::read_ring(&known, host, &mut kills) {
        Ok(ring) => (Log { kills: kills.0, first_seq: ring.first_seq, unread: None }, Some(ring.kmsg)),
        Err(error) => (Log { unread: Some(format!("{error:#}")), ..Log::default() }, None),
    }
}
