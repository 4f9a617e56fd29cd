//! A trace for ui.perfetto.dev and its tools: a counter for each cgroup and process, and an instant for each kill.
//!
//! Times are `CLOCK_BOOTTIME`, as the trace format assumes them. Numbers of fields are those of Perfetto's published
//! definitions (trace_packet, track_descriptor, track_event).

mod proto;

use std::collections::BTreeMap;

use proto::Message;

use crate::evidence::{Evidence, at};
use crate::model::{Entity, EntityKind, Incident, Sample};
use crate::render::answers;
use crate::render::text::words;
use crate::render::timeline;

/// Names one writer's packets.
const SEQUENCE: u64 = 1;
const INSTANT: u64 = 3;
const COUNTER: u64 = 4;
/// `UNIT_SIZE_BYTES`.
const BYTES: u64 = 3;
/// The track of the kills.
const KILLS: u64 = 1;

/// The trace of one stream or several.
#[must_use]
pub fn document(all: &[Evidence]) -> Vec<u8> {
    let mut trace = Trace::default();
    trace.packet(Message::new().message(60, &Message::new().number(1, KILLS).text(2, "OOM kills")));
    for evidence in all {
        evidence.samples.iter().for_each(|sample| trace.sample(sample));
        evidence.incidents.iter().for_each(|incident| trace.incident(incident));
        // It has no other place for what is missing.
        let last = evidence.incidents.last().map(|incident| incident.boottime_ns);
        let last = last.or(evidence.samples.last().map(|sample| sample.boottime_ns)).unwrap_or(0);
        evidence.unread.notes().iter().for_each(|note| {
            trace.instant(last, &format!("note: {}", words::safe(note)), &[]);
        });
    }
    trace.out
}

#[derive(Default)]
struct Trace {
    out: Vec<u8>,
    /// Tracks by name; their numbers follow [`KILLS`].
    tracks: BTreeMap<String, u64>,
}

impl Trace {
    fn packet(&mut self, packet: Message) {
        let packet = packet.number(10, SEQUENCE);
        self.out.extend(Message::new().message(1, &packet).bytes());
    }

    fn event(&mut self, time_ns: u64, event: &Message) {
        self.packet(Message::new().number(8, time_ns).message(11, event));
    }

    /// The number of the counter with this name, which is made when it is new; a process's is part of the process.
    fn counter(&mut self, name: &str, process: Option<(u32, &str)>) -> u64 {
        if let Some(track) = self.tracks.get(name) {
            return *track;
        }
        let parent = process.map(|(pid, comm)| self.process(pid, comm));
        let track = self.new_track(name);
        let mut descriptor = Message::new().number(1, track).text(2, name);
        if let Some(parent) = parent {
            descriptor = descriptor.number(5, parent);
        }
        let counter = Message::new().number(3, BYTES);
        self.packet(Message::new().message(60, &descriptor.message(8, &counter)));
        track
    }

    fn process(&mut self, pid: u32, comm: &str) -> u64 {
        let name = format!("process {pid} {comm}");
        if let Some(track) = self.tracks.get(&name) {
            return *track;
        }
        let track = self.new_track(&name);
        let process = Message::new().number(1, pid.into()).text(6, comm);
        self.packet(Message::new().message(60, &Message::new().number(1, track).message(3, &process)));
        track
    }

    fn new_track(&mut self, name: &str) -> u64 {
        let track = KILLS + 1 + self.tracks.len() as u64;
        self.tracks.insert(name.to_owned(), track);
        track
    }

    fn value(&mut self, track: u64, time_ns: u64, bytes: u64) {
        let value = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.event(time_ns, &Message::new().number(9, COUNTER).number(11, track).signed(30, value));
    }

    fn instant(&mut self, time_ns: u64, name: &str, facts: &[(&str, String)]) {
        let mut event = Message::new().number(9, INSTANT).number(11, KILLS).text(22, "oom").text(23, name);
        for (key, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            event = event.message(4, &Message::new().text(10, key).text(6, value));
        }
        self.event(time_ns, &event);
    }

    fn sample(&mut self, sample: &Sample) {
        let time = sample.boottime_ns;
        if let Some(system) = &sample.system {
            let track = self.counter("machine: memory and swap in use", None);
            let used = system.mem_total_bytes.saturating_sub(system.mem_available_bytes);
            let swap = system.swap_total_bytes.saturating_sub(system.swap_free_bytes);
            self.value(track, time, used.saturating_add(swap));
        }
        for cgroup in &sample.cgroups {
            let path = words::shown(&cgroup.path);
            let track = self.counter(&format!("cgroup {path}"), None);
            self.value(track, time, cgroup.usage_bytes);
            if let Some(limit) = cgroup.limit_bytes {
                let track = self.counter(&format!("limit of {path}"), None);
                self.value(track, time, limit);
            }
        }
        for process in &sample.processes {
            let comm = words::name(&process.comm);
            let track = self.counter(&memory_of(&comm, process.pid), Some((process.pid, &comm)));
            self.value(track, time, process.bytes);
        }
    }

    fn incident(&mut self, incident: &Incident) {
        // A log need not tell when it was since boot, and there is no other clock here.
        if incident.boottime_ns == 0 {
            return;
        }
        for entity in incident.history.iter().flat_map(|history| &history.entities) {
            self.entity(incident.boottime_ns, entity);
        }
        if let Some(trigger) = &incident.trigger {
            let name = format!("trigger: {}", words::task(&trigger.comm, trigger.pid).replace('\u{a0}', " "));
            self.instant(incident.boottime_ns, &name, &[]);
        }
        for victim in &incident.victims {
            let task = words::task(&victim.comm, victim.pid).replace('\u{a0}', " ");
            let facts = [
                ("what", answers::headline(incident).replace('\u{a0}', " ")),
                ("id", words::safe(&incident.id)),
                (
                    "cgroup",
                    victim.cgroup.as_ref().map(|cgroup| words::shown(&cgroup.path)).unwrap_or_default(),
                ),
            ];
            self.instant(incident.boottime_ns, &format!("kill: {task}"), &facts);
            if let Some(ns) = victim.kill_to_exit_ns {
                self.instant(incident.boottime_ns.saturating_add(ns), &format!("exit: {task}"), &[]);
            }
        }
    }

    fn entity(&mut self, kill_ns: u64, entity: &Entity) {
        let comm = entity.comm.as_ref().map(words::name).unwrap_or_default();
        let (name, process) = match (entity.kind, entity.pid) {
            (EntityKind::Process, Some(pid)) => (memory_of(&comm, pid), Some((pid, comm.as_str()))),
            (EntityKind::System, _) => ("machine: memory and swap in use".to_owned(), None),
            (EntityKind::Cgroup, _) => {
                let path = entity.path.as_ref().map(words::shown).unwrap_or_default();
                (format!("cgroup {path}"), None)
            }
            (EntityKind::Process | EntityKind::Family, _) => {
                (format!("family {}", timeline::name(entity).replace('\u{a0}', " ")), None)
            }
        };
        let track = self.counter(&name, process);
        entity.points.iter().for_each(|(t, bytes)| self.value(track, at(kill_ns, *t), *bytes));
        if let (EntityKind::Cgroup, Some(limit), Some((first, _))) =
            (entity.kind, entity.limit_bytes, entity.points.first())
        {
            let path = entity.path.as_ref().map(words::shown).unwrap_or_default();
            let track = self.counter(&format!("limit of {path}"), None);
            self.value(track, at(kill_ns, *first), limit);
            self.value(track, kill_ns, limit);
        }
    }
}

fn memory_of(comm: &str, pid: u32) -> String {
    format!("memory of {comm} ({pid})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Text, Victim};

    #[test]
    fn every_packet_is_whole_and_named() {
        let victims = vec![Victim {
            pid: 7,
            comm: Text::from("a\u{1b}b"),
            kill_to_exit_ns: Some(5),
            ..Victim::default()
        }];
        let incident = Incident { victims, boottime_ns: 100, ..Incident::default() };
        let trace = document(&[Evidence { incidents: vec![incident], ..Evidence::default() }]);
        // Each begins with field 1 and its length, and they fill the file.
        let (mut at, mut packets) = (0, 0);
        while at < trace.len() {
            assert_eq!(trace[at], 0x0a);
            let low = usize::from(trace[at + 1] & 0x7f);
            let two = trace[at + 1] > 0x7f;
            let length = if two { low | usize::from(trace[at + 2]) << 7 } else { low };
            at += 2 + usize::from(two) + length;
            packets += 1;
        }
        assert_eq!((at, packets), (trace.len(), 3));
        let text = String::from_utf8_lossy(&trace);
        assert!(text.contains(r"kill: a\x1bb (pid 7)") && text.contains(r"exit: a\x1bb (pid 7)"), "{text}");
    }
}
