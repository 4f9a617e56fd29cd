//! What a trace opens before its first kill: everything that the worker is to have at hand.

use std::sync::Arc;

use anyhow::Result;

use super::{
    Session, cgroup_path::CgroupPaths, history, kernel_log::KernelLog, run::Tap, stream::Tally, who::Who,
    worker::Worker,
};
use crate::{
    collect::{Builder, Facts},
    command::{
        cli::{Redact, TraceArgs},
        terminal::Look,
    },
    enrich::{Enricher, Redactor, redact},
    kernel::clock,
    model::{Header, SCHEMA},
    output::Output,
    pen::Pen,
    render::{Ndjson, Render, Text as Report, TextStyle},
};

/// Opens everything that is kept ready for a kill, for an `output` that is open already.
///
/// # Errors
/// No kill can be seen here.
pub(super) fn prepare(
    session: &mut Session,
    args: &TraceArgs,
    output: Option<Output>,
    (tap, reopen): (Option<Tap>, Option<Tap>),
) -> Result<(Worker, Header)> {
    let redactor: Option<Redactor> = match args.redact {
        Redact::Secrets => {
            redact::prepare();
            Some(redact::redact_part)
        }
        Redact::Off => None,
    };
    let enricher = Enricher::new(&session.roots, redactor);
    let sampler = history::start(session, args);
    // First, because a start in short shows one.
    let mut notes = args.filter.absent(&session.roots);
    notes.append(&mut session.notes);
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
        command: session.command.take(),
    };
    let facts = Facts {
        host: session.host.clone(),
        cpus: u64::from(session.layout.cpus),
        gfp: session.gfp.clone(),
        probes: session.probe_labels(),
        symbols: Arc::clone(&session.symbols),
    };
    let worker = Worker {
        roots: session.roots.clone(),
        builder: Builder::new(facts),
        enricher,
        sampler,
        who: session.ebpf.as_mut().and_then(|ebpf| Who::take(ebpf).ok()),
        log,
        paths: args.sigkill.then(|| CgroupPaths::open(&session.roots)).flatten(),
        filter: args.filter.clone(),
        render: renderer(args, output.as_ref()),
        pen: output.map(|output| Pen::start(Box::new(output))).transpose()?,
        tap,
        reopen,
        count: args.count,
        shared: Arc::default(),
        framed: args.is_ndjson() || !args.quiet,
        tally: Tally::default(),
    };
    Ok((worker, header))
}

fn renderer(args: &TraceArgs, output: Option<&Output>) -> Box<dyn Render + Send> {
    let Some(output) = output.filter(|_| !args.is_ndjson()) else { return Box::new(Ndjson::default()) };
    let look = Look::of(output, args.color).laid_out(args.layout);
    Box::new(Report::new(TextStyle { verbose: args.verbose > 0, ..look.style() }))
}
