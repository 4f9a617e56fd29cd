//! Threads that pile up: their kernel stacks are in no process's resident memory.

use super::growth::Growth;
use super::thresholds::{KERNEL_PER_THREAD, KERNEL_STACK, MANY_THREADS};
use super::tracks::Track;
use super::words;

/// The process whose threads became more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Risen<'t, 'a> {
    pub track: &'t Track<'a>,
    /// Threads in its first sample and in its last.
    pub from: u32,
    pub to: u32,
}

impl Risen<'_, '_> {
    /// What the kernel keeps for the new ones at least: a stack each.
    pub(super) fn stacks(&self) -> i64 {
        i64::from(self.to - self.from).saturating_mul(KERNEL_STACK)
    }

    /// Of `unattributed` bytes, what they may account for.
    pub(super) fn explains(&self, unattributed: i64) -> i64 {
        unattributed.clamp(0, i64::from(self.to - self.from).saturating_mul(KERNEL_PER_THREAD))
    }

    /// `the threads of java (pid 7) rose from 12 to 3412; the kernel keeps a stack of 16 KiB for each, 53.1 MiB together`
    pub(super) fn told(&self) -> String {
        format!(
            "the threads of {} rose from {} to {}; the kernel keeps a stack of {} for each, {} together, in no process's resident memory",
            words::task(self.track.comm, self.track.pid),
            self.from,
            self.to,
            words::size(KERNEL_STACK),
            words::size(self.stacks())
        )
    }
}

/// The one with most new threads, where these are many.
pub(super) fn risen<'t, 'a>(growth: &Growth<'t, 'a>) -> Option<Risen<'t, 'a>> {
    let there = growth.processes.iter().map(|grown| grown.track).filter(|track| track.exited.is_none());
    let risen = there.filter_map(|track| {
        let entity = track.entity?;
        let (from, to) = entity.threads_first.zip(entity.threads)?;
        (to >= from.saturating_add(MANY_THREADS)).then_some(Risen { track, from, to })
    });
    risen.max_by_key(|risen| risen.to - risen.from)
}
