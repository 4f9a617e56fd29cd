//! The agent's state, and what it does with each record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::alerts::{Alerts, left_open};
use super::delivery::Delivery;
use super::positions::Positions;
use super::recent::Waiting;
use super::{AgentArgs, kernel_log, log_line, peaks, setup};
use crate::agent::catch_up::{Counted, missed};
use crate::agent::config::Settings;
use crate::agent::metrics::{self, Shared};
use crate::agent::notify::Notify;
use crate::agent::rules::{Change, alert};
use crate::agent::sinks::Helper;
use crate::agent::spool::{Flushed, Spool, Stored};
use crate::agent::watch::View;
use crate::kernel::clock;
use crate::klog::{Same, same};
use crate::model::{Event, Host, Incident, Lost, Update};
use crate::trace::Session;

/// Kills of the time of attaching are taken from the log when the trace has not told of them by then.
const SETTLE: Duration = Duration::from_secs(3);
/// Between two looks at peaks, and two at the counters.
const SLOW: Duration = Duration::from_secs(10);
/// Between two writes of what is not urgent.
const WRITE: Duration = Duration::from_secs(60);

/// Everything that lasts.
pub(super) struct Agent {
    pub(super) args: AgentArgs,
    pub(super) settings: Settings,
    pub(super) notify: Notify,
    spool: Spool,
    stored: Stored,
    host: Host,
    counted: Counted,
    positions: Positions,
    waiting: Waiting,
    /// Kills of the time of attaching that the log told of, until when.
    unsettled: Option<(Vec<Incident>, Instant)>,
    view: View,
    alerts: Alerts,
    delivery: Delivery,
    stats: Shared,
    missed: Arc<AtomicU64>,
    said_missed: u64,
    slow: Instant,
    write: Instant,
    /// Kills since the start.
    kills: u64,
    /// The metrics' file could not be written.
    no_textfile: bool,
}

/// What the agent is made of.
pub(super) struct Parts {
    pub(super) args: AgentArgs,
    pub(super) settings: Settings,
    pub(super) spool: Spool,
    pub(super) stored: Stored,
    pub(super) view: View,
    pub(super) notify: Notify,
    pub(super) stats: Shared,
    pub(super) helper: Option<Helper>,
    /// When the kernel's counter was read, `CLOCK_BOOTTIME` ns.
    pub(super) began_ns: u64,
}

impl Agent {
    pub(super) fn new(parts: Parts, session: &Session) -> Self {
        let Parts { args, settings, spool, stored, view, notify, stats, helper, began_ns } = parts;
        let boot_id = session.host.boot_id.clone().unwrap_or_default();
        let now = Instant::now();
        {
            let mut stats = stats.lock();
            stats.probes = session.probes();
            stats.last_kill = stored.last_kill;
            stats.since = seconds(Timestamp::now());
        }
        Self {
            alerts: Alerts::new(settings.rules.clone(), view.clone(), &session.roots),
            delivery: Delivery::new(&settings, helper),
            stats,
            no_textfile: false,
            args,
            settings,
            notify,
            spool,
            stored,
            host: session.host.clone(),
            counted: Counted { oom_kills: session.vmstat_at_start, at_ns: began_ns },
            positions: Positions::new(&session.roots, boot_id),
            waiting: Waiting::default(),
            unsettled: None,
            view,
            missed: Arc::default(),
            said_missed: 0,
            slow: now,
            write: now + WRITE,
            kills: 0,
        }
    }

    /// Records for which there was no room on the way here.
    pub(super) fn missed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.missed)
    }

    /// Adds what happened since the last record, by the kernel's log and its counter.
    pub(super) fn catch_up(&mut self) {
        let (log, kmsg) = kernel_log::read(&self.host);
        if let Some(why) = &log.unread {
            log::warn!("kills before the start are not looked for in the kernel's log: {why}");
        }
        self.positions.follow(kmsg);
        let stored = std::mem::take(&mut self.stored);
        if let Err(error) = self.delivery.set(&self.settings, stored.queue, &mut self.spool) {
            log::error!("nothing is delivered: {error:#}");
        }
        self.spool.mark(&self.positions.begin(self.counted.oom_kills, self.counted.at_ns));
        for alert in left_open(&stored.events) {
            self.record(Event::Alert(Box::new(alert)));
        }
        let boot_id = self.host.boot_id.clone().unwrap_or_default();
        let known: Vec<Incident> = stored.events.into_iter().filter_map(of_boot(&boot_id)).collect();
        let found = missed(log, &known, stored.mark.as_ref(), &boot_id, self.counted);
        for kill in found.kills {
            self.kill(kill);
        }
        if let Some((kills, why)) = found.lost {
            self.record(Event::Lost(Lost {
                time: clock::rfc3339(clock::boottime_ns()),
                kills,
                records: 0,
                why,
            }));
        }
        if !found.unsettled.is_empty() {
            self.unsettled = Some((found.unsettled, Instant::now() + SETTLE));
        }
        self.flush(false);
    }

    /// Takes a record of the trace.
    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::OomKill(incident) => {
                if let Some((unsettled, _)) = &mut self.unsettled {
                    unsettled.retain(|known| same(known, &incident) != Same::Yes);
                }
                self.kill(*incident);
            }
            Event::Update(update) => {
                if let Some(update) = self.waiting.update(update) {
                    self.late(update);
                }
            }
            Event::Header(_) | Event::Footer(_) => log_line::say(&event),
            Event::Sample(_) => {}
            other => self.record(other),
        }
        self.flush(false);
    }

    /// A kill is on the disk at once, and again when its updates have come.
    fn kill(&mut self, incident: Incident) {
        let event = Event::OomKill(Box::new(incident));
        log_line::say(&event);
        let time = time_of(&event);
        let seq = self.spool.put(&event, time);
        self.kills += 1;
        if let (Ok(seq), Event::OomKill(incident)) = (&seq, &event) {
            self.stats.lock().kill(incident, time.as_second());
            self.delivery.promise(&event, *seq, &mut self.spool);
        }
        match (seq, event) {
            (Ok(seq), Event::OomKill(incident)) => self.waiting.push(seq, *incident),
            (Err(error), _) => log::error!("a kill could not be stored: {error:#}"),
            _ => {}
        }
    }

    /// An update whose kill has been handed on already is a record of its own.
    fn late(&mut self, update: Update) {
        self.record(Event::Update(update));
    }

    fn record(&mut self, event: Event) {
        log_line::say(&event);
        if let Event::Lost(lost) = &event {
            let mut stats = self.stats.lock();
            stats.lost = (stats.lost.0 + lost.kills, stats.lost.1 + lost.records);
        }
        match self.spool.put(&event, time_of(&event)) {
            Ok(seq) => {
                self.delivery.promise(&event, seq, &mut self.spool);
                self.delivery.push(event, seq, &mut self.spool);
            }
            Err(error) => log::error!("a record could not be stored: {error:#}"),
        }
    }

    /// What is due, about once a second.
    pub(super) fn tick(&mut self) {
        self.settle(false);
        let changes = self.alerts.turn();
        self.alert(&changes);
        let now = Instant::now();
        if now >= self.slow {
            self.slow = now + SLOW;
            peaks::take(&mut self.spool, &self.view.lock());
            if let Some(mark) = self.positions.turn(false) {
                self.spool.mark(&mark);
            }
            self.say_missed();
            self.publish();
            self.notify.status(&self.status());
        }
        if now >= self.write || self.spool.waiting().0 > 0 {
            self.write = now + WRITE;
            self.flush(false);
        }
    }

    /// Records what rules say.
    fn alert(&mut self, changes: &[Change]) {
        for change in changes {
            let alert = alert(change, &self.host, &self.settings.labels);
            self.record(Event::Alert(Box::new(alert)));
        }
    }

    /// Brings out to the sinks what is due; whether there is more soon.
    pub(super) fn deliver(&mut self) -> bool {
        self.delivery.turn(&mut self.spool);
        self.delivery.is_busy()
    }

    /// Brings the figures up to date, also in the file.
    fn publish(&mut self) {
        let mut stats = self.stats.lock();
        stats.firing = self.alerts.firing().collect();
        stats.sinks = self.delivery.accounts();
        let (waiting, dropped) = self.spool.waiting();
        (stats.spool_waiting, stats.spool_dropped) = (waiting as u64, dropped);
        stats.spool_ok = self.spool.is_ok();
        let Some(dir) = &self.settings.textfile else { return };
        let written = metrics::write_textfile(dir, &stats);
        drop(stats);
        match written {
            Err(error) if !std::mem::replace(&mut self.no_textfile, true) => {
                log::error!("textfile: {error:#}");
            }
            Err(_) => {}
            Ok(()) => self.no_textfile = false,
        }
    }

    /// The end: everything that waits is written.
    pub(super) fn finish(&mut self) {
        self.settle(true);
        if let Some(mark) = self.positions.turn(true) {
            self.spool.mark(&mark);
        }
        self.flush(true);
        let (waiting, dropped) = self.spool.waiting();
        if waiting > 0 || dropped > 0 {
            log::error!(
                "{waiting} records could not be written to the spool, {dropped} more gave way before"
            );
        }
    }

    /// For `systemctl status`.
    pub(super) fn status(&self) -> String {
        format!("watching; {} OOM kills since the start", self.kills)
    }

    /// Takes over new settings.
    pub(super) fn set(&mut self, settings: Settings) {
        for key in self.settings.needs_restart(&settings) {
            log::warn!("{key} has changed: it takes effect when the agent is restarted");
        }
        self.spool.set_policy(setup::policy(&settings));
        let ended = self.alerts.replace(settings.rules.clone());
        self.alert(&ended);
        if self.delivery.differs(&settings)
            && let Err(error) = self.delivery.set(&settings, Vec::new(), &mut self.spool)
        {
            log::error!("nothing is delivered: {error:#}");
        }
        self.settings = settings;
    }

    fn settle(&mut self, end: bool) {
        if let Some((unsettled, _)) = self.unsettled.take_if(|(_, until)| end || Instant::now() >= *until) {
            unsettled.into_iter().for_each(|kill| self.kill(kill));
        }
        while let Some(recent) = self.waiting.pop(end) {
            let event = Event::OomKill(Box::new(recent.incident));
            if recent.is_changed
                && let Err(error) = self.spool.replace(recent.seq, &event, time_of(&event))
            {
                log::error!("a kill could not be stored: {error:#}");
            }
            self.delivery.push(event, recent.seq, &mut self.spool);
        }
    }

    fn flush(&mut self, last: bool) {
        match self.spool.flush(last) {
            Flushed::Nothing | Flushed::Done(false) | Flushed::Failed(_, false) => {}
            Flushed::Done(true) => log::warn!("the spool is written again"),
            Flushed::Failed(trouble, true) => log::error!(
                "the spool can't be written: {trouble}; kills are watched and kept in memory until it can"
            ),
        }
    }

    fn say_missed(&mut self) {
        let missed = self.missed.load(Ordering::Relaxed);
        if missed > self.said_missed {
            let why = "more records came at once than the agent could take".to_owned();
            let time = clock::rfc3339(clock::boottime_ns());
            let records = missed - std::mem::replace(&mut self.said_missed, missed);
            self.record(Event::Lost(Lost { time, kills: 0, records, why }));
        }
    }
}

/// A kill of this boot.
fn of_boot(boot_id: &str) -> impl Fn(Event) -> Option<Incident> {
    move |event| match event {
        Event::OomKill(incident) if incident.host.boot_id.as_deref() == Some(boot_id) => Some(*incident),
        _ => None,
    }
}

/// When it happened; now where it does not say.
fn time_of(event: &Event) -> Timestamp {
    let text = match event {
        Event::OomKill(incident) => &incident.time,
        Event::OomNoKill(no_kill) => &no_kill.time,
        Event::Lost(lost) => &lost.time,
        Event::Alert(alert) => &alert.time,
        _ => return Timestamp::now(),
    };
    text.parse().unwrap_or_else(|_| Timestamp::now())
}

#[expect(clippy::cast_precision_loss, reason = "ms since 1970 stay below 2^53")]
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
