use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::model::{EntityKind, Incident, SampleSource};
use crate::sample::{Image, Pass, SystemSample};

const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;
const MIB: u64 = 1 << 20;

/// A clock that its owner turns; CPU time goes on with each pass.
#[derive(Clone, Default)]
struct Turned(Arc<Hands>);

#[derive(Default)]
struct Hands {
    now: AtomicU64,
    slept: AtomicU64,
    cpu: AtomicU64,
}

impl Clock for Turned {
    fn now_ns(&self) -> u64 {
        self.0.now.load(Ordering::Relaxed)
    }

    fn slept_ns(&self) -> u64 {
        self.0.slept.load(Ordering::Relaxed)
    }

    fn cpu_ns(&self) -> u64 {
        self.0.cpu.load(Ordering::Relaxed)
    }
}

/// What the fake machine shows, and how often it was looked at.
#[derive(Default)]
struct Machine {
    usage: AtomicU64,
    available: AtomicU64,
    fails: AtomicU64,
    pass_cpu: AtomicU64,
    all: AtomicU64,
    some: AtomicU64,
    cgroups: AtomicU64,
    parts: AtomicU64,
}

struct Fake(Arc<Machine>, Turned);

impl Fake {
    fn pass(&self, of: &AtomicU64) -> Pass {
        of.fetch_add(1, Ordering::Relaxed);
        self.1.0.cpu.fetch_add(self.0.pass_cpu.load(Ordering::Relaxed), Ordering::Relaxed);
        let complete = self.0.fails.load(Ordering::Relaxed) == 0;
        Pass { time_ns: self.1.now_ns(), missed: 0, complete }
    }
}

impl Source for Fake {
    fn kind(&self) -> SampleSource {
        if self.0.fails.load(Ordering::Relaxed) > 0 { SampleSource::Mixed } else { SampleSource::Iterators }
    }

    fn notes(&mut self) -> Vec<String> {
        let failed = self.0.fails.load(Ordering::Relaxed) == 1;
        failed
            .then(|| "the iterator over tasks failed; files are read instead".to_owned())
            .into_iter()
            .collect()
    }

    fn processes(&mut self, into: &mut Vec<ProcessSample>) -> Pass {
        into.clear();
        let pass = self.pass(&self.0.all);
        if pass.complete {
            into.push(one(self.0.usage.load(Ordering::Relaxed)));
        }
        pass
    }

    fn processes_of(&mut self, cgroups: &[u64], into: &mut Vec<ProcessSample>) -> Pass {
        assert_eq!(cgroups, [2]);
        into.clear();
        into.push(one(self.0.usage.load(Ordering::Relaxed)));
        self.pass(&self.0.some)
    }

    fn cgroups(&mut self, _: bool, into: &mut Vec<CgroupSample>) -> Pass {
        into.clear();
        into.push(CgroupSample { id: 1, ..CgroupSample::default() });
        let usage = self.0.usage.load(Ordering::Relaxed);
        into.push(CgroupSample {
            id: 2,
            parent: 1,
            usage,
            limit: Some(100 * MIB),
            ..CgroupSample::default()
        });
        self.pass(&self.0.cgroups)
    }

    fn parts(&mut self, of: &mut [CgroupSample]) {
        self.0.parts.fetch_add(of.len() as u64, Ordering::Relaxed);
        for sample in of {
            sample.anon = Some(sample.usage);
        }
    }

    fn system(&mut self) -> Option<SystemSample> {
        let available = self.0.available.load(Ordering::Relaxed);
        Some(SystemSample { total: 1000 * MIB, available, ..SystemSample::default() })
    }

    fn exited(&mut self, into: &mut Vec<Exited>) -> Pass {
        into.clear();
        Pass::default()
    }

    fn cgroup_path(&mut self, id: u64) -> Option<Vec<u8>> {
        Some(if id == 1 { b"/".to_vec() } else { b"/pod".to_vec() })
    }

    fn image(&mut self, _: ProcessKey) -> Image {
        Image { exe: Some(b"/bin/it".to_vec()), ..Image::default() }
    }
}

fn one(anon: u64) -> ProcessSample {
    let key = ProcessKey { pid: 7, start_ns: 1 };
    ProcessSample {
        key,
        cgroup: 2,
        comm: *b"it\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        anon,
        ..ProcessSample::default()
    }
}

/// A sampler on a machine that is well, from one second after its boot on.
fn sampler() -> (Sampler, Arc<Machine>, Turned) {
    let (machine, clock) = (Arc::new(Machine::default()), Turned::default());
    clock.0.now.store(S, Ordering::Relaxed);
    machine.usage.store(MIB, Ordering::Relaxed);
    machine.available.store(900 * MIB, Ordering::Relaxed);
    let source = Box::new(Fake(Arc::clone(&machine), clock.clone()));
    (Sampler::new(source, INTERVAL, Box::new(clock.clone())), machine, clock)
}

/// Runs for a time, as the thread does.
fn run(sampler: &mut Sampler, clock: &Turned, time: u64) {
    let end = clock.now_ns() + time;
    while clock.now_ns() < end {
        let pause = ns(sampler.step()).max(MS);
        clock.0.now.fetch_add(pause, Ordering::Relaxed);
    }
}

fn count(of: &AtomicU64) -> u64 {
    of.swap(0, Ordering::Relaxed)
}

#[test]
fn ten_times_a_second_cgroups_and_once_processes() {
    let (mut sampler, machine, clock) = sampler();
    run(&mut sampler, &clock, 10 * S);
    assert!((99..=101).contains(&count(&machine.cgroups)));
    assert!((10..=11).contains(&count(&machine.all)));
    assert_eq!((count(&machine.some), count(&machine.parts)), (0, 2), "each is asked for its parts once");
}

#[test]
fn a_scope_that_is_close_to_its_limit_is_looked_at_more_often() {
    let (mut sampler, machine, clock) = sampler();
    run(&mut sampler, &clock, S);
    machine.usage.store(85 * MIB, Ordering::Relaxed);
    run(&mut sampler, &clock, S);
    count(&machine.some);
    count(&machine.all);
    count(&machine.parts);
    run(&mut sampler, &clock, 10 * S);
    let (some, all) = (count(&machine.some), count(&machine.all));
    assert!((80..=101).contains(&(some + all)) && (9..=11).contains(&all), "{some} {all}");
    assert!((99..=101).contains(&count(&machine.parts)), "its kinds of memory each time");
    machine.usage.store(MIB, Ordering::Relaxed);
    run(&mut sampler, &clock, S);
    count(&machine.some);
    run(&mut sampler, &clock, 5 * S);
    assert_eq!(count(&machine.some), 0);
}

#[test]
fn little_memory_and_pressure_make_all_processes_matter() {
    let (mut sampler, machine, clock) = sampler();
    run(&mut sampler, &clock, S);
    sampler.pressure();
    count(&machine.all);
    run(&mut sampler, &clock, S);
    assert!(count(&machine.all) >= 9);
    run(&mut sampler, &clock, 3 * S);
    count(&machine.all);
    run(&mut sampler, &clock, 5 * S);
    assert!(count(&machine.all) <= 6, "pressure is over");
    machine.available.store(50 * MIB, Ordering::Relaxed);
    run(&mut sampler, &clock, S);
    count(&machine.all);
    run(&mut sampler, &clock, 5 * S);
    assert!(count(&machine.all) >= 48);
}

#[test]
fn its_own_cpu_time_stays_below_one_percent_and_the_record_says_so() {
    let (mut sampler, machine, clock) = sampler();
    machine.pass_cpu.store(20 * MS, Ordering::Relaxed);
    machine.usage.store(90 * MIB, Ordering::Relaxed);
    run(&mut sampler, &clock, 20 * S);
    let before = clock.cpu_ns();
    run(&mut sampler, &clock, 200 * S);
    let share = clock.cpu_ns().saturating_sub(before);
    assert!(share < 2 * S + 100 * MS && share > S, "{share} ns of 200 s");
    let history = lock(&sampler.history).before(&Incident::default(), clock.now_ns());
    assert!(history.interval_ms > 1000, "{}", history.interval_ms);
    assert!(history.notes.iter().any(|note| note.contains("times further apart")), "{:?}", history.notes);
}

#[test]
fn an_iterator_that_fails_at_run_time_takes_nobody_for_dead() {
    let (mut sampler, machine, clock) = sampler();
    run(&mut sampler, &clock, 3 * S);
    machine.fails.store(1, Ordering::Relaxed);
    run(&mut sampler, &clock, 3 * S);
    machine.fails.store(2, Ordering::Relaxed);
    run(&mut sampler, &clock, S);
    let history = lock(&sampler.history).before(&Incident::default(), clock.now_ns());
    let it = history.entities.iter().find(|e| e.kind == EntityKind::Process).unwrap();
    assert_eq!((it.exited_ms, history.source), (None, SampleSource::Mixed));
    assert_eq!(history.notes.iter().filter(|note| note.contains("iterator over tasks failed")).count(), 1);
}

#[test]
fn a_sleep_of_the_machine_is_noticed_and_a_set_clock_is_not() {
    let (mut sampler, _, clock) = sampler();
    run(&mut sampler, &clock, 3 * S);
    let names = |sampler: &Sampler, now| lock(&sampler.history).before(&Incident::default(), now);
    assert!(!names(&sampler, clock.now_ns()).notes.iter().any(|note| note.contains("slept")));
    clock.0.slept.fetch_add(3600 * S, Ordering::Relaxed);
    clock.0.now.fetch_add(3600 * S, Ordering::Relaxed);
    run(&mut sampler, &clock, 2 * S);
    let history = names(&sampler, clock.now_ns());
    assert!(history.span_ms < 3000, "{}", history.span_ms);
    assert!(history.entities.iter().flat_map(|e| &e.points).all(|(t, _)| *t > -3000));
}

#[test]
fn what_was_missed_is_not_made_up_for() {
    let (mut sampler, machine, clock) = sampler();
    run(&mut sampler, &clock, S);
    clock.0.now.fetch_add(60 * S, Ordering::Relaxed);
    count(&machine.cgroups);
    run(&mut sampler, &clock, S);
    assert!(count(&machine.cgroups) <= 11);
}

#[test]
fn the_thread_samples_and_ends() {
    let (machine, clock) = (Arc::new(Machine::default()), Real);
    let fake = Fake(Arc::clone(&machine), Turned::default());
    let sampler = Sampler::new(Box::new(fake), Duration::from_millis(1), Box::new(clock));
    let tmp = tempfile::tempdir().unwrap();
    let roots = crate::kernel::Roots { proc: tmp.path().into(), ..crate::kernel::Roots::default() };
    let image = start(sampler, &roots).unwrap();
    while machine.all.load(Ordering::Relaxed) < 3 {
        std::thread::yield_now();
    }
    assert!(image.history().is_some());
    drop(image);
    // The thread lets go of the machine.
    while Arc::strong_count(&machine) > 1 {
        std::thread::yield_now();
    }
}

/// A hook that saw one growth, and whether it is in place.
struct Seen(Arc<AtomicU64>, Turned);

impl Hook for Seen {
    fn arm(&mut self) -> std::io::Result<()> {
        self.0.store(1, Ordering::Relaxed);
        Ok(())
    }

    fn disarm(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn take(&mut self, each: &mut dyn FnMut(Growth)) -> u64 {
        let time_ns = self.1.now_ns() + MS;
        each(Growth { time_ns, pid: 7, kind: crate::model::PartKind::Anon, bytes: 99 * MIB });
        0
    }
}

#[test]
fn the_hook_is_armed_only_while_a_limit_is_close() {
    let (sampler, machine, clock) = sampler();
    let armed = Arc::new(AtomicU64::new(0));
    let mut sampler = sampler.with_hook(Box::new(Seen(Arc::clone(&armed), clock.clone())));
    run(&mut sampler, &clock, 3 * S);
    assert_eq!(armed.load(Ordering::Relaxed), 0);
    machine.usage.store(85 * MIB, Ordering::Relaxed);
    run(&mut sampler, &clock, S);
    assert_eq!(armed.load(Ordering::Relaxed), 1);
    let history = lock(&sampler.history).before(&Incident::default(), clock.now_ns());
    let it = history.entities.iter().find(|e| e.kind == EntityKind::Process).unwrap();
    assert!(it.points.iter().any(|(_, bytes)| *bytes == 99 * MIB), "{:?}", it.points);
    machine.usage.store(MIB, Ordering::Relaxed);
    run(&mut sampler, &clock, 10 * S);
    assert_eq!(armed.load(Ordering::Relaxed), 0);
}
