//! A hook on allocations, armed only while somebody is close to a limit.

use std::sync::Mutex;
use std::time::Duration;

use super::{History, lock};
use crate::model::PartKind;

/// What an armed hook tells is taken this often: what is still in its buffer at a kill is missing in the report.
pub(super) const EMPTY: Duration = Duration::from_millis(20);
/// It stays armed for this long after it last mattered: to arm it takes some 30 ms.
const STAY_NS: u64 = 3_000_000_000;

/// One kind of a process's memory has changed by a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// When, `CLOCK_BOOTTIME` ns.
    pub time_ns: u64,
    /// Whose.
    pub pid: u32,
    /// Anonymous, file, shared memory or swap.
    pub kind: PartKind,
    /// How much it is now.
    pub bytes: u64,
}

/// A hook that tells of growth as it happens.
pub trait Hook: Send {
    /// Puts the hook in place.
    ///
    /// # Errors
    /// When the kernel refuses.
    fn arm(&mut self) -> std::io::Result<()>;
    /// Takes it away.
    fn disarm(&mut self);
    /// Hands over what it saw since the last call; returns how much more there was.
    fn take(&mut self, each: &mut dyn FnMut(Growth)) -> u64;
}

/// A hook and when it last mattered.
pub(super) struct Armed {
    hook: Box<dyn Hook>,
    until: Option<u64>,
    refused: bool,
}

impl Armed {
    pub(super) fn new(hook: Box<dyn Hook>) -> Self {
        Self { hook, until: None, refused: false }
    }

    /// Whether it is in place.
    pub(super) fn on(&self) -> bool {
        self.until.is_some()
    }

    /// Arms or disarms it and takes what it has told; returns what a reader must know.
    pub(super) fn turn(&mut self, matters: bool, now: u64, history: &Mutex<History>) -> Option<String> {
        if matters && !self.refused {
            if self.until.is_none()
                && let Err(error) = self.hook.arm()
            {
                self.refused = true;
                return Some(format!("the allocation hook was asked for and can't be armed: {error}"));
            }
            self.until = Some(now.saturating_add(STAY_NS));
        }
        let until = self.until?;
        let mut history = lock(history);
        let lost = self.hook.take(&mut |growth| history.grew(&growth));
        drop(history);
        if now >= until {
            self.hook.disarm();
            self.until = None;
        }
        (lost > 0)
            .then(|| "the allocation hook saw more than could be read; samples tell the rest".to_owned())
    }
}
