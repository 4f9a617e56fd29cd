//! A sink's own thread: brings out one record after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};

use anyhow::{Context as _, Result};

use super::body::{alertmanager, slack};
use super::helper::Helper;
use super::http::{Client, Delivery};
use super::sink::{Kind, Sink};
use crate::model::Event;

/// Stack of the thread: TLS needs some.
const STACK: usize = 512 * 1024;

/// A record to bring out.
pub(super) struct Job {
    pub(super) event: Arc<Event>,
}

/// The way to the thread.
pub(super) struct Worker {
    to: SyncSender<Job>,
    from: Receiver<Delivery>,
}

impl Worker {
    /// Starts it.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn start(
        sink: &Sink,
        labels: &BTreeMap<String, String>,
        helper: Option<Helper>,
    ) -> Result<Self> {
        let (to, jobs) = sync_channel(1);
        let (answers, from) = channel();
        let (sink, labels) = (sink.clone(), labels.clone());
        let builder = std::thread::Builder::new().name("oomtrace-sink".to_owned()).stack_size(STACK);
        let run = move || serve(&sink, &labels, helper.as_ref(), &jobs, &answers);
        builder.spawn(run).context("starting the thread of a sink")?;
        Ok(Self { to, from })
    }

    /// Hands over a record; false when the thread has gone.
    pub(super) fn give(&self, job: Job) -> bool {
        self.to.try_send(job).is_ok()
    }

    /// What came of the last one, if it is known by now.
    pub(super) fn answer(&self) -> Option<Delivery> {
        match self.from.try_recv() {
            Ok(delivery) => Some(delivery),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Delivery::Later("its thread has gone".to_owned())),
        }
    }
}

fn serve(
    sink: &Sink,
    labels: &BTreeMap<String, String>,
    helper: Option<&Helper>,
    jobs: &Receiver<Job>,
    answers: &Sender<Delivery>,
) {
    let mut client = None;
    for job in jobs {
        if answers.send(deliver(sink, labels, helper, &mut client, &job.event)).is_err() {
            return;
        }
    }
}

fn deliver(
    sink: &Sink,
    labels: &BTreeMap<String, String>,
    helper: Option<&Helper>,
    client: &mut Option<Client>,
    event: &Event,
) -> Delivery {
    let body = match sink.kind() {
        Kind::Webhook | Kind::Exec => serde_json::to_vec(event),
        Kind::Slack => serde_json::to_vec(&slack(event)),
        Kind::Alertmanager => serde_json::to_vec(&alertmanager(event, labels)),
    };
    let Ok(body) = body else { return Delivery::Refused("it can't be written as JSON".to_owned()) };
    let id = id(event);
    if sink.kind() == Kind::Exec {
        let Some(helper) = helper else {
            return Delivery::Later(
                "programs are run by a helper that is started with the agent: restart it".to_owned(),
            );
        };
        return helper.run(sink.command(), &id, &body, sink.timeout());
    }
    // Certificates may be there the next time.
    let client = match client {
        Some(client) => client,
        none => match Client::new(sink) {
            Ok(new) => none.insert(new),
            Err(error) => return Delivery::Later(format!("{error:#}")),
        },
    };
    let url = match sink.kind() {
        Kind::Alertmanager => format!("{}/api/v2/alerts", sink.url().trim_end_matches('/')),
        _ => sink.url().to_owned(),
    };
    client.post(&url, &id, &body)
}

/// Tells doubles.
fn id(event: &Event) -> String {
    match event {
        Event::OomKill(kill) => kill.id.clone(),
        Event::Alert(alert) => {
            let state = if alert.state == crate::model::AlertState::Firing { "firing" } else { "resolved" };
            format!("{}-{state}", alert.id)
        }
        Event::Lost(lost) => format!("lost-{}", lost.time),
        _ => String::new(),
    }
}
