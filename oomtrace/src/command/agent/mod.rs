//! `oomtrace agent`: always there, remembers every kill, and catches up with those that happened while it was not.

mod alerts;
mod args;
mod delivery;
mod kernel_log;
mod log_line;
mod peaks;
mod positions;
mod recent;
mod setup;
mod state;
mod turn;

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::agent::config::{self, Settings};
use crate::agent::metrics::{Server, Shared};
use crate::agent::sinks::Helper;
use crate::agent::watch::{View, Watched};
use crate::agent::{notify::Notify, spool::Spool};
use crate::kernel::clock;
use crate::model::Event;
use crate::trace::{self, Beside, Session};
use delivery::Delivery;
use setup::{engine, policy};
use state::{Agent, Parts};
use turn::{Message, run_loop};

pub use args::AgentArgs;

/// Events that may wait for the agent: a storm of kills beyond it is counted.
const WAITING: usize = 4096;

/// Watches until told to stop.
///
/// # Errors
/// The configuration is wrong, another agent runs, or nothing can be traced here; each names cause and remedy.
pub fn run(args: &AgentArgs) -> Result<()> {
    let settings = settings(args)?;
    if args.check_config {
        crate::output::tell("the configuration is right");
        return Ok(());
    }
    if args.print_config {
        return setup::print(args);
    }
    let notify = Notify::from_env();
    notify.status("attaching the hooks");
    crate::survive::one_arena();
    crate::survive::no_huge_pages();
    let (spool, stored, notes) = Spool::open(&settings.state_dir, policy(&settings))?;
    notes.iter().for_each(|note| log::warn!("{note}"));
    let helper = Delivery::needs_helper(&settings).then(Helper::start).transpose()?;
    let stats = Shared::default();
    if let Some(address) = settings.metrics_listen {
        let server = Server::start(address, stats.clone())?;
        log::info!("metrics are served on http://{}/metrics", server.address);
    }
    let engine = engine(args, &settings);
    let began_ns = clock::boottime_ns();
    let mut session = Session::open(&engine)?;
    let view = View::default();
    session.samples =
        session.samples.take().map(|inner| Box::new(Watched::new(inner, view.clone())) as Box<_>);
    let (events, inbox) = sync_channel(WAITING);
    let parts = Parts { args: args.clone(), settings, spool, stored, view, notify, stats, helper, began_ns };
    let agent = Agent::new(parts, &session);
    let missed = agent.missed();
    let reload = events.clone();
    let tap = move |event: &Event| {
        if !matches!(event, Event::Sample(_))
            && events.try_send(Message::Event(Box::new(event.clone()))).is_err()
        {
            missed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let beside = Beside {
        during: Box::new(move |is_over: &dyn Fn() -> bool| run_loop(agent, &inbox, is_over)),
        tap: Some(Box::new(tap)),
        // SIGHUP comes here, in order with the events; the hooks stay attached.
        reopen: Some(Box::new(move |_: &Event| drop(reload.try_send(Message::Reload)))),
        first: None,
        linger: Duration::ZERO,
        own_signals: false,
    };
    trace::run(session, &engine, None, Some(beside)).map(|_| ())
}

/// Flags, variables, file and defaults.
///
/// # Errors
/// Names the file, the line and the key.
fn settings(args: &AgentArgs) -> Result<Settings> {
    let file = config::load(args.config.as_deref())?;
    Settings::of(args.partial().or(file)).map_err(anyhow::Error::msg).context("the configuration is wrong")
}
