//! The agent's thread: takes records, and does once a second what is due.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::settings;
use super::state::Agent;
use crate::model::Event;

/// Between two looks at what is due.
const TICK: Duration = Duration::from_secs(1);

/// The same while an answer of a sink is waited for.
const SOON: Duration = Duration::from_millis(100);

/// What comes from the trace.
pub(super) enum Message {
    /// A record.
    Event(Box<Event>),
    /// Read the configuration anew.
    Reload,
}

/// Runs until the trace has handed over its last record.
pub(super) fn run_loop(
    mut agent: Agent,
    inbox: &Receiver<Message>,
    is_over: &dyn Fn() -> bool,
) -> Result<()> {
    // The hooks are attached: whatever happens from now on is seen.
    agent.notify.ready("watching; looking for kills before the start");
    agent.catch_up();
    agent.notify.status(&agent.status());
    let (mut stopping, mut next) = (false, Instant::now() + TICK);
    let every = agent.notify.every();
    let mut alive = Instant::now();
    loop {
        let pause = next.saturating_duration_since(Instant::now());
        let pause = if agent.deliver() { pause.min(SOON) } else { pause };
        match inbox.recv_timeout(pause) {
            Ok(Message::Event(event)) => agent.event(*event),
            Ok(Message::Reload) => reload(&mut agent),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if is_over() && !std::mem::replace(&mut stopping, true) {
            agent.notify.stopping();
        }
        if Instant::now() >= next {
            next = Instant::now() + TICK;
            agent.tick();
        }
        if every.is_some_and(|every| alive.elapsed() >= every.saturating_sub(TICK)) {
            alive = Instant::now();
            agent.notify.alive();
        }
    }
    agent.finish();
    Ok(())
}

/// Reads the configuration anew. A wrong one changes nothing.
fn reload(agent: &mut Agent) {
    agent.notify.reloading();
    match settings(&agent.args) {
        Ok(settings) => {
            agent.set(settings);
            log::info!("the configuration is read anew");
        }
        Err(error) => {
            log::error!("the configuration is not taken over, the old one stays in force: {error:#}");
        }
    }
    agent.notify.ready(&agent.status());
}
