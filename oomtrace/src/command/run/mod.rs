//! `oomtrace run`: a command in a memory cgroup of its own, watched for OOM kills, with a verdict at the end.
//!
//! The command finds everything as it would without us: standard input and outputs, terminal, process group, environment,
//! limits, signals. [`place`] is its cgroup, [`family`] the process tree where it can't have one, [`supervise`] waits for it in
//! a thread beside the trace, [`verdict`] judges.

mod args;
mod child;
mod ci;
mod consumers;
mod family;
mod job;
mod meter;
mod place;
mod prepare;
mod reports;
mod scope;
mod series;
mod signals;
mod summary;
mod supervise;
mod user;
mod verdict;
mod watch;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};

use self::child::Failed;
use self::job::{Done, Job};
use self::prepare::Prepared;
use self::reports::Files;
use self::user::Users;
use self::verdict::{Case, Exit, Outcome, Verdict, Witness};
use self::watch::{Seen, Watch};
use crate::kernel::{Roots, counters};
use crate::output::Output;
use crate::render::Ndjson;
use crate::trace::{self, Session, Settings, Sink};

pub use args::RunArgs;

/// Exit code of a failure of oomtrace itself.
pub const FAILED: u8 = verdict::FAILED;

/// Everything about a run that has ended, for the reports.
pub(super) struct Report<'a> {
    args: &'a RunArgs,
    done: &'a Done,
    ended: &'a supervise::Ended,
    seen: &'a Seen,
    witness: &'a Witness,
    verdict: &'a Verdict,
    exit: Exit,
}

/// Runs the command and judges. Where a signal ended the command, this process ends by it as well, and does not return.
///
/// # Errors
/// What oomtrace itself could not do; the exit code is [`FAILED`].
pub fn run(args: &RunArgs) -> Result<ExitCode> {
    crate::survive::one_arena();
    let roots = Roots::default();
    let Users { command, owner } = Users::of(args)?;
    // Before the signals are held: waiting for a FIFO's reader can be interrupted.
    let mut files = Files::open(args, &owner)?;
    let prepared = Prepared::new(args, command, &roots)?;
    let settings = args.settings();
    let session = match Session::open(&settings) {
        Ok(session) => Some(session),
        Err(error) if args.require_ebpf => return Err(error),
        Err(error) => {
            log::warn!("kills are only counted, not seen: {error:#}");
            None
        }
    };
    let mut witness =
        Witness { ebpf: session.as_ref().is_some_and(|s| s.ebpf.is_some()), ..Witness::default() };
    if args.require_ebpf && !witness.ebpf {
        let notes = session.map(|session| session.notes.join("\n")).unwrap_or_default();
        bail!(
            "--require-ebpf: no kill can be seen by eBPF here; `oomtrace doctor` names what is missing\n{notes}"
        );
    }
    let before = counters::vmstat_oom_kill(&roots);
    let (done, seen, failure) = perform(session, &settings, prepared, files.evidence.take(), witness.ebpf)?;
    witness.vmstat =
        counters::vmstat_oom_kill(&roots).zip(before).map(|(now, then)| now.saturating_sub(then));
    witness.own = done.own_kills;
    witness.notes.extend(done.notes.iter().cloned());
    let ended = match &done.ended {
        Ok(ended) => ended,
        Err(failed) => return Ok(ExitCode::from(not_started(args, failed))),
    };
    if let Some(error) = &failure {
        log::error!("the trace ended early: {error:#}");
        witness.notes.push(format!("the trace ended early: {error:#}"));
    }
    let case = Case { args, seen: &seen, measured: &done.measured, witness: &witness, ended };
    let verdict = case.judge();
    let failed = failure.is_some() || (args.require_ebpf && !seen.is_complete());
    let exit = verdict::exit(ended, verdict.outcome(), failed, args.exit_code);
    let mut report =
        Report { args, done: &done, ended, seen: &seen, witness: &witness, verdict: &verdict, exit };
    signals::release();
    summary::write(&report);
    let failures = files.write(&report);
    failures.iter().for_each(|error| log::error!("{error:#}"));
    if !failures.is_empty() {
        report.exit = verdict::exit(ended, verdict.outcome(), true, args.exit_code);
    }
    Ok(leave(report.exit))
}

/// Runs the command, with a trace around it where there is one.
///
/// # Errors
/// The trace could not begin, and so the command was not started.
fn perform(
    session: Option<Session>,
    settings: &Settings,
    prepared: Prepared,
    output: Option<Output>,
    ebpf: bool,
) -> Result<(Done, Seen, Option<anyhow::Error>)> {
    let watch = Watch::default();
    let scope = prepared.scope.clone();
    let job = Job::new(prepared, watch.clone(), session.is_some() && !ebpf);
    let Some(session) = session else { return Ok((job.run(), watch.into_seen(), None)) };
    let (send, receive) = std::sync::mpsc::channel();
    let beside = trace::Beside {
        reopen: None,
        first: None,
        during: Box::new(move |_| {
            // Whether the trace has ended before is none of the command's business.
            let _ = send.send(job.run());
            Ok(())
        }),
        tap: Some(watch.tap(scope)),
        linger: std::time::Duration::ZERO,
        own_signals: true,
    };
    let sink = output.map(|output| Sink { output, render: Box::new(Ndjson::default()) });
    let failure = trace::run(session, settings, sink, Some(beside)).err();
    // A trace that fails lets the command go on to its end, unless it had not begun.
    match (receive.recv(), failure) {
        (Ok(done), failure) => Ok((done, watch.into_seen(), failure)),
        (Err(_), Some(failure)) => Err(failure),
        (Err(_), None) => bail!("the command's thread ended; this is a bug in oomtrace"),
    }
}

/// Says why the command could not be started, and returns the exit code.
fn not_started(args: &RunArgs, failed: &Failed) -> u8 {
    let program = args.program();
    let (code, text) = match failed {
        Failed::NotFound(error) => (verdict::NOT_FOUND, format!("can't run {program}: {error}")),
        Failed::NotExecutable(error) => (verdict::NOT_EXECUTABLE, format!("can't run {program}: {error}")),
        Failed::Ours(step, error) => (FAILED, format!("can't run {program}: could not {step}: {error}")),
    };
    let _ = writeln!(crate::output::Stderr, "oomtrace: {text}");
    code
}

/// The exit code; a signal is passed on by dying of it.
fn leave(exit: Exit) -> ExitCode {
    match exit {
        Exit::Code(code) => ExitCode::from(code),
        Exit::Signal(signal) => {
            signals::die_of(signal);
            ExitCode::from(supervise::End::Signalled(signal).code())
        }
    }
}

/// Whether the verdict is worth a word although nobody asked for one.
fn is_noteworthy(report: &Report<'_>) -> bool {
    report.verdict.outcome() == Outcome::Fail || report.exit != Exit::Code(0)
}
