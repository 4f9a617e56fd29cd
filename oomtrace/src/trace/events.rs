//! The event path: ring buffer to assembler to worker. Nothing here opens files, forks or waits for output.

use std::{
    sync::{Arc, atomic::Ordering, mpsc::Sender},
    time::{Duration, Instant},
};

use anyhow::Result;
use oomtrace_common::UNKNOWN_32;

use super::{
    Session,
    counts::{Counts, Unseen},
    first::Early,
    job::Job,
    source::{Source, drain, flush, readable},
    stop::{Asked, Stop},
    worker::Shared,
};
use crate::{
    collect::{Assembler, Closed, Decoded, Loss, LossReader, Sigkills, Witness},
    kernel::clock,
    model::NoKillReason,
    probe::Fact,
};

/// Bytes of jobs that may wait for the worker; beyond it the ring buffer holds what comes, and counts what does not fit.
const ROOM: u64 = 16 << 20;
/// How long the ring buffer is left alone then before the event loop looks again.
const FULL: Duration = Duration::from_millis(1);
/// Quiet time after which kills seen are compared with kills counted.
const RECONCILE_AFTER: Duration = Duration::from_millis(500);
/// A report in the kernel's log is complete after this long without a further line.
const REPORT_QUIET: Duration = Duration::from_millis(1_100);

/// The event path's state.
pub(super) struct EventPath {
    assembler: Assembler,
    sigkills: Sigkills,
    jobs: Sender<Job>,
    /// Who writes the first account of a kill.
    early: Option<Early>,
    pub(super) shared: Arc<Shared>,
    counts: Counts,
    /// What was reported as lost.
    loss: Loss,
    lost_kills: u64,
    /// First record's time of a kill whose scene is to be taken as soon as its victim is known.
    scene: Option<u64>,
    /// When to compare kills seen with kills counted.
    reconcile: Option<Instant>,
    /// At the last comparison, kills were numbered of which nothing had come.
    doubted: bool,
}

impl EventPath {
    pub(super) fn new(
        session: &mut Session,
        jobs: Sender<Job>,
        early: Option<Early>,
        shared: Arc<Shared>,
    ) -> Self {
        let witness = Witness {
            signal: session.knows(Fact::Signal),
            mark: session.knows(Fact::Victim),
            exit: session.knows(Fact::Exit),
            returned: session.knows(Fact::Return),
        };
        Self {
            assembler: Assembler::new(witness),
            sigkills: Sigkills::default(),
            jobs,
            early,
            shared,
            counts: Counts::new(session.vmstat.take(), session.vmstat_at_start),
            loss: Loss::default(),
            lost_kills: 0,
            scene: None,
            reconcile: None,
            doubted: false,
        }
    }

    /// Follows the ring buffer until asked to stop.
    ///
    /// # Errors
    /// The ring buffer can't be waited for.
    pub(super) async fn follow(&mut self, source: &mut Source, stop: &mut Stop) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        while !shared.done.load(Ordering::Acquire) {
            let Source { ring, loss, log, kmsg } = source;
            let due = self.due();
            let is_full = self.shared.weight.load(Ordering::Relaxed) >= ROOM;
            tokio::select! {
                biased;
                // First, so that no storm of kills keeps it from being heard.
                asked = stop.asked() => match asked {
                    Asked::End => return Ok(()),
                    Asked::EndNow => {
                        shared.hurry();
                        return Ok(());
                    }
                    Asked::Reopen => self.send(Job::Reopen),
                },
                () = tokio::time::sleep(FULL), if is_full => {}
                undecoded = drain(ring.as_mut(), |record| self.take(record)), if !is_full => {
                    if undecoded? > 0 {
                        log::error!("records of an unknown kind: kernel side and user side do not fit together");
                    }
                }
                () = sleep_until(due) => {}
                () = flush(log.as_mut()) => {}
                () = readable(kmsg.as_ref()) => self.read_kernel_log(),
                () = shared.wake.notified() => {}
            }
            self.lost(loss.as_ref());
            self.close();
            if source.ring.is_some() {
                self.reconcile();
            } else if self.reconcile.is_some_and(|at| Instant::now() >= at) {
                self.reconcile = None;
                self.send(Job::KernelLog(false));
            }
        }
        Ok(())
    }

    /// Reads the kernel's log now, and once more when the report that is being printed has been quiet for long enough.
    fn read_kernel_log(&mut self) {
        self.send(Job::KernelLog(false));
        self.reconcile = Some(Instant::now() + REPORT_QUIET);
    }

    /// When something is due without a record coming in.
    fn due(&self) -> Option<Instant> {
        let now = clock::boottime_ns();
        let records = self.assembler.next_due().into_iter().chain(self.sigkills.next_due()).min();
        let records = records.map(|at| Instant::now() + Duration::from_nanos(at.saturating_sub(now)));
        // While records of a kill are awaited there is nothing to compare.
        records.into_iter().chain(self.reconcile.filter(|_| !self.assembler.is_busy())).min()
    }

    /// Takes a record; what can't wait for the kill to be complete is asked for at once.
    fn take(&mut self, record: Decoded) {
        if let Decoded::SigKill(sent) = record {
            self.send(Job::Who(sent.task.tgid, sent.task.start_time, true));
            self.send(Job::Who(sent.header.current_tgid, sent.sender_start_time, false));
            return self.sigkills.push(sent);
        }
        if let Decoded::Startup(startup, environ) = record {
            return self.send(Job::Startup(startup, environ));
        }
        let who = match &record {
            Decoded::Signal(v) | Decoded::Mark(v) => Some((v.task.tgid, v.task.start_time)),
            Decoded::Kill(k) => Some((k.chosen.tgid, k.chosen.start_time)),
            _ => None,
        };
        let victim = match &record {
            Decoded::Plain(plain) => Some(plain.pid),
            _ => who.map(|(tgid, _)| tgid).filter(|tgid| *tgid != UNKNOWN_32),
        };
        let first = !matches!(record, Decoded::Exit(_));
        let opened = self.assembler.push(record);
        self.scene = opened.filter(|_| first).or(self.scene);
        if let Some(victim) = victim
            && let Some(begun) = self.scene.take()
        {
            self.send(Job::Scene(begun, victim));
        }
        if let Some((tgid, start_time)) = who {
            self.send(Job::Who(tgid, start_time, true));
        }
    }

    /// Sends what the assembler has to say.
    fn close(&mut self) {
        let now = clock::boottime_ns();
        for closed in self.assembler.poll(now) {
            self.say(closed);
        }
        for sent in self.sigkills.poll(now) {
            self.send(Job::SigKill(sent));
        }
    }

    fn say(&mut self, closed: Closed) {
        if let Closed::Kill(draft) | Closed::NoKill(draft, _) = &closed
            && self.scene == Some(draft.first)
        {
            // Its victim did not become known.
            self.scene = None;
        }
        match closed {
            Closed::Kill(draft) => {
                self.counts.seen(&draft);
                self.sigkills.claim(&draft);
                self.reconcile = Some(Instant::now() + RECONCILE_AFTER);
                let draft = Arc::from(draft);
                if let Some(early) = &self.early {
                    early.tell(&draft, self.loss.records);
                }
                self.send(Job::Kill(draft, self.loss.records));
            }
            Closed::NoKill(draft, true) => self.send(Job::NoKill(draft, NoKillReason::AlreadyDying)),
            Closed::NoKill(draft, false) => self.send(Job::NoKill(draft, NoKillReason::AlreadyExited)),
            Closed::LateExit { first, tgid, kill_to_exit } => {
                self.send(Job::LateExit(first, tgid, kill_to_exit));
            }
            Closed::LateVictim { first, member, levels } => {
                self.counts.seen_late(&member);
                self.sigkills.claim_one(member.task.tgid, member.task.start_time);
                self.send(Job::LateVictim(first, member, levels));
            }
        }
    }

    /// Hands over a job. It never waits: when the worker is far behind, the ring buffer is left alone ([`ROOM`]).
    ///
    /// The channel grows with what waits: a bounded one would take, and lock, a megabyte from the start.
    fn send(&self, job: Job) {
        if crate::survive::pool_is_low() && job.can_be_left_out() {
            self.shared.left_out.fetch_add(u64::from(matches!(job, Job::Kill(..))), Ordering::Relaxed);
            return;
        }
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        self.shared.weight.fetch_add(job.weight(), Ordering::Relaxed);
        // A worker that has gone has said why.
        let _ = self.jobs.send(job);
    }

    /// Reports records that did not fit into the ring since the last time.
    fn lost(&mut self, reader: Option<&LossReader>) {
        let Some(now) = reader.map(LossReader::read) else { return };
        let records = now.records - self.loss.records;
        if records > 0 {
            self.assembler.set_lossy(true);
            let why = "the ring buffer was full; use a larger --ring-size".to_owned();
            self.send(Job::Lost(0, records, why));
        } else if !self.assembler.is_busy() {
            self.assembler.set_lossy(false);
        }
        self.loss = now;
    }

    /// When all is quiet after a kill: are there kills that were counted and not seen?
    fn reconcile(&mut self) {
        if self.assembler.is_busy() || self.reconcile.is_none_or(|at| Instant::now() < at) {
            return;
        }
        self.reconcile = None;
        // A kill may have begun between the last look at the ring and that at the counters.
        let missing = self.assembler.missing(self.loss.kills_numbered) > self.lost_kills;
        if missing && !std::mem::replace(&mut self.doubted, missing) {
            self.reconcile = Some(Instant::now() + RECONCILE_AFTER);
            return;
        }
        self.doubted = false;
        self.lost_whole_kills();
        match self.counts.unseen(self.lost_kills) {
            Unseen::None => {}
            Unseen::Perhaps => self.reconcile = Some(Instant::now() + RECONCILE_AFTER),
            Unseen::Some(unseen) => {
                let why = format!("/proc/vmstat counted {unseen} more kills than were seen");
                self.send(Job::Lost(unseen, 0, why));
            }
        }
    }

    /// Reports kills whose every record was lost: their numbers are missing.
    fn lost_whole_kills(&mut self) {
        let missing = self.assembler.missing(self.loss.kills_numbered);
        if missing > self.lost_kills {
            let more = missing - self.lost_kills;
            self.lost_kills = missing;
            let why =
                "no record of these kills fitted into the ring buffer; use a larger --ring-size".to_owned();
            self.send(Job::Lost(more, 0, why));
        }
    }

    /// Reads what is left, reports what is open, and says goodbye.
    pub(super) fn finish(mut self, source: &mut Source) {
        // Of kills that begin from now on nothing is owed.
        self.lost(source.loss.as_ref());
        let numbered = self.loss.kills_numbered;
        if let Some(ring) = source.ring.as_mut() {
            let mut left = Vec::new();
            ring.drain_now(|record| left.push(record));
            for record in left {
                self.take(record);
            }
        }
        self.lost(source.loss.as_ref());
        self.loss.kills_numbered = numbered;
        for closed in self.assembler.finish() {
            self.say(closed);
        }
        for sent in self.sigkills.poll(u64::MAX) {
            self.send(Job::SigKill(sent));
        }
        self.lost_whole_kills();
        // Read once: another kill may come at any moment.
        let vmstat_oom_kill = self.counts.risen();
        let mut notes: Vec<String> = if source.ring.is_some() {
            self.counts.verdict(vmstat_oom_kill, self.lost_kills).into_iter().collect()
        } else {
            // The worker knows how many kills the log told of.
            self.send(Job::KernelLog(true));
            Vec::new()
        };
        let left_out = self.shared.left_out.load(Ordering::Relaxed);
        if left_out > 0 {
            notes.push(format!("{left_out} kills are recorded in short only: memory was out for too long"));
        }
        if let Some(early) = self.early.take() {
            early.finish();
        }
        let complete = self.lost_kills == 0 && self.loss.records == 0 && notes.is_empty();
        self.send(Job::Finish { lost_kills: self.lost_kills, vmstat_oom_kill, complete, notes });
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
