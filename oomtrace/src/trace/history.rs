//! What led to a kill: the sampler, and what a report takes from its history.

use std::sync::atomic::Ordering;

use super::{session::Session, settings::Settings, worker::Shared};
use crate::{
    diagnose::diagnose,
    kernel::clock,
    model::Incident,
    sample::{
        self, AllocHook, Source,
        sampler::{self, Allocations, INTERVAL, Real, Running, Sampler},
    },
};

/// With this many jobs waiting the history is left out of reports: a storm of kills is reported late otherwise.
const BUSY: u64 = 64;

/// Opens what samples are read from; `None` when they are not wanted. Before memory is locked.
pub(super) fn open(
    settings: &Settings,
    ebpf: Option<&mut aya::Ebpf>,
    layout: &oomtrace_common::Layout,
    roots: &crate::kernel::Roots,
) -> Option<Box<dyn Source>> {
    settings.history.then(|| sample::open(ebpf, layout, roots))
}

/// Loads the allocation hook where it was asked for; a note says why it can't be had.
pub(super) fn alloc_hook(
    settings: &Settings,
    ebpf: Option<&mut aya::Ebpf>,
    layout: &oomtrace_common::Layout,
    notes: &mut Vec<String>,
) -> Option<AllocHook> {
    let ebpf = ebpf.filter(|_| settings.alloc_hook);
    if settings.alloc_hook && ebpf.is_none() {
        notes.push("--alloc-hook: no hook can be had here; run `oomtrace doctor` for the reason".to_owned());
    }
    let hook = AllocHook::take(ebpf?, layout);
    hook.map_err(|error| notes.push(format!("--alloc-hook: {error:#}; memory is sampled without it"))).ok()
}

/// Starts to sample; what stands in the way is added to the session's notes.
pub(super) fn start(session: &mut Session, settings: &Settings) -> Option<Running> {
    let mut source = session.samples.take()?;
    session.notes.extend(source.notes());
    let mut sampler = Sampler::new(source, settings.sample_interval.unwrap_or(INTERVAL), Box::new(Real));
    if let Some(hook) = session.alloc_hook.take() {
        sampler = sampler.with_hook(Box::new(Allocations::new(hook)));
    }
    match sampler::start(sampler, &session.roots) {
        Ok(running) => Some(running),
        Err(error) => {
            session.notes.push(format!(
                "memory is not sampled, reports lack their history: no thread could be started ({error}); raise the \
                 limit on processes or free memory"
            ));
            None
        }
    }
}

/// Fills in how memory was used before the kill.
pub(super) fn fill(incident: &mut Incident, sampler: Option<&Running>, shared: &Shared) {
    let Some(sampler) = sampler else { return };
    if shared.waiting.load(Ordering::Relaxed) > BUSY {
        incident.source.notes.push("the history was left out: too many kills at once".to_owned());
        return;
    }
    let Some(mut history) = sampler.history() else {
        incident.source.notes.push("the history was left out: the sampler did not let go of it".to_owned());
        return;
    };
    history.asleep_before(incident.boottime_ns, clock::asleep_ns());
    incident.history = Some(history.before(incident, incident.boottime_ns));
    history.victims(incident, incident.boottime_ns);
}

/// Takes note of a victim that came after the report of its kill, which began at `first`.
pub(super) fn killed(sampler: Option<&Running>, shared: &Shared, pid: u32, first: u64) {
    let sampler = sampler.filter(|_| shared.waiting.load(Ordering::Relaxed) <= BUSY);
    if let Some(mut history) = sampler.and_then(Running::history) {
        history.killed(&[pid], first);
    }
}

/// Works out who ate the memory, once all that is known is in the record.
pub(super) fn conclude(incident: &mut Incident) {
    incident.diagnosis = Some(diagnose(incident));
}
