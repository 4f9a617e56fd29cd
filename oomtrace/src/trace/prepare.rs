//! What a trace opens before its first kill: everything that the worker is to have at hand.

use std::sync::Arc;

use anyhow::Result;

use super::{
    cgroup_path::CgroupPaths,
    history,
    kernel_log::KernelLog,
    run::Tap,
    session::Session,
    settings::{Settings, Sink},
    stream::Tally,
    who::Who,
    worker::Worker,
};
use crate::{
    collect::{Builder, Facts},
    enrich::{Enricher, Redactor, redact},
    kernel::clock,
    model::{Header, SCHEMA},
    pen::Pen,
    render::{Ndjson, Render},
};

/// Opens everything that is kept ready for a kill, for a `sink` that is open already.
///
/// # Errors
/// No kill can be seen here.
pub(super) fn prepare(
    session: &mut Session,
    settings: &Settings,
    sink: Option<Sink>,
    (tap, reopen): (Option<Tap>, Option<Tap>),
) -> Result<(Worker, Header)> {
    let redactor: Option<Redactor> = settings.hides_secrets.then(|| {
        redact::prepare();
        redact::redact_part as Redactor
    });
    let enricher = Enricher::new(&session.roots, redactor);
    let sampler = history::start(session, settings);
    let mut notes = std::mem::take(&mut session.notes);
    notes.extend(enricher.notes());
    let log = KernelLog::open().map_err(|e| notes.push(e)).ok();
    anyhow::ensure!(
        session.ebpf.is_some() || log.is_some(),
        "no kill can be seen here:\n{}\nrun `oomtrace doctor` for what is missing and how to get it",
        notes.join("\n")
    );
    let now = clock::boottime_ns();
    let header = Header {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        time: clock::rfc3339(now),
        boottime_ns: now,
        host: session.host.clone(),
        probes: session.probes(),
        notes,
    };
    let facts = Facts {
        host: session.host.clone(),
        cpus: u64::from(session.layout.cpus),
        gfp: session.gfp.clone(),
        probes: session.probe_labels(),
        symbols: Arc::clone(&session.symbols),
    };
    let (pen, render): (_, Box<dyn Render + Send>) = match sink {
        Some(Sink { output, render }) => (Some(Pen::start(Box::new(output))?), render),
        None => (None, Box::new(Ndjson::default())),
    };
    let worker = Worker {
        roots: session.roots.clone(),
        builder: Builder::new(facts),
        enricher,
        sampler,
        who: session.ebpf.as_mut().and_then(|ebpf| Who::take(ebpf).ok()),
        log,
        paths: settings.sigkill.then(|| CgroupPaths::open(&session.roots)).flatten(),
        filter: settings.filter.clone(),
        render,
        pen,
        tap,
        reopen,
        count: settings.count,
        shared: Arc::default(),
        framed: settings.framed,
        tally: Tally::default(),
    };
    Ok((worker, header))
}
