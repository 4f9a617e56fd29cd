//! The demo itself: makes the sandbox, traces while a process in it is killed, and says what happened.

use std::{
    io::Write as _,
    sync::{Arc, OnceLock},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{
    LIMIT, Sandbox,
    args::DemoArgs,
    victims::{Killed, Victims},
};
use crate::{
    command::trace::renderer,
    filter::Filter,
    kernel::{Namespace, Roots},
    output::{self, Output},
    trace::{self, During, Ended, Session, Settings, Sink},
};

/// Name of the process that is killed.
const LEAK: &str = "demo-leak";
/// A report has come after this time, or does not come.
const PATIENCE: Duration = Duration::from_secs(3);

/// Causes an OOM kill in a cgroup of its own and reports it.
///
/// # Errors
/// When the cgroup can't be made, nothing can be traced, or the kill was not reported; with cause and remedy.
pub fn run(args: &DemoArgs) -> Result<()> {
    let roots = Roots::default();
    let sandbox = Sandbox::create(&roots, LIMIT)?;
    let dir = sandbox.dir().to_owned();
    say(
        args,
        &format!(
            "Starting a process that leaks memory until the kernel kills it (about 1 s), confined to\n{} ({} MiB).\n",
            dir.display(),
            LIMIT >> 20
        ),
    )?;
    let killed = Arc::new(OnceLock::new());
    let seen = Arc::clone(&killed);
    let settings = settings(args, &sandbox, &roots);
    let during = move |is_over: &dyn Fn() -> bool| leak(&sandbox, is_over, &seen);
    let ended = traced(args, &settings, Box::new(during));
    if dir.exists() {
        log::warn!("{} is still there; the next demo removes it", dir.display());
    }
    trace::let_signals_end();
    judge(ended?.reported, killed.get(), &dir.display().to_string())?;
    say(args, &format!("Done; cgroup {} removed.\n", dir.display()))
}

/// As a user would trace, but only this kill: others, those of other demos too, are none of ours.
fn settings(args: &DemoArgs, sandbox: &Sandbox, roots: &Roots) -> Settings {
    // In a cgroup namespace nobody tells us the kernel's path.
    let path = sandbox.path().filter(|_| Namespace::Cgroup.is_initial(roots) != Some(false));
    let filter = match path {
        Some(path) => Filter { cgroups: vec![path], ..Filter::default() },
        None => Filter { comms: vec![LEAK.to_owned()], ..Filter::default() },
    };
    Settings { count: Some(1), for_reader: true, debug: args.verbose > 1, filter, ..Settings::default() }
}

/// Traces while `during` runs in the background; it begins once the probes are attached.
fn traced(args: &DemoArgs, settings: &Settings, during: During) -> Result<Ended> {
    crate::survive::one_arena();
    let output = Output::open(None)?;
    let render = renderer(&output, args.is_ndjson(), args.color);
    let session = Session::open(settings)?;
    trace::run(session, settings, Some(Sink { output, render }), Some(during.into()))
}

/// Leaks until the kernel kills, then keeps the cgroup and the neighbour until the report was made.
fn leak(sandbox: &Sandbox, is_over: &dyn Fn() -> bool, seen: &OnceLock<Killed>) -> Result<()> {
    let mut victims = Victims::start(sandbox)?;
    let mut until = None;
    while !is_over() && until.is_none_or(|until| Instant::now() < until) {
        if until.is_none()
            && let Some(killed) = victims.poll()?
        {
            let _ = seen.set(killed);
            until = Some(Instant::now() + PATIENCE);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Success is a kill that was reported.
fn judge(reported: u64, killed: Option<&Killed>, dir: &str) -> Result<()> {
    match killed {
        _ if reported > 0 => Ok(()),
        // Whoever read our output has gone, and has seen enough.
        _ if output::reader_is_gone() => Ok(()),
        None => bail!("interrupted before the kernel killed anything; {dir} was removed"),
        Some(killed) => bail!(
            "the kernel killed process {} in {dir}, but no report of it came: run `oomtrace doctor` to see which hooks work \
             here",
            killed.victim
        ),
    }
}

/// A word to the user: on standard output where that is for people, else on standard error.
fn say(args: &DemoArgs, text: &str) -> Result<()> {
    if args.is_ndjson() {
        // Nobody may be there to read it.
        let _ = output::Stderr.write_all(text.as_bytes());
        return Ok(());
    }
    let _ = Output::open(None)?.block(text.as_bytes())?;
    Ok(())
}
