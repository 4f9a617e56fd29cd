//! Many processes of one program.

use std::time::Duration;

use anyhow::{Result, bail};

use super::pages::Pages;
use super::spec::{Kind, Shape, Spec};
use crate::oombench::ledger::{Entry, Ledger};
use crate::sys;

/// Children that each take little and stay, one after the other, until somebody is killed.
pub(super) fn swarm(spec: &Spec, children: u64) -> Result<i32> {
    let ledger = spec.ledger.as_deref().map(Ledger::open).transpose()?;
    let mut entry = Entry { pid: u64::from(std::process::id()), ready: 1, ..Entry::default() };
    let note = |entry: &Entry| {
        if let Some(ledger) = &ledger {
            ledger.put(spec.slot, entry);
        }
    };
    note(&entry);
    std::thread::sleep(spec.wait);
    entry.onset_ns = sys::boottime_ns();
    let pause = Duration::from_secs_f64(spec.child_bytes as f64 / spec.rate.max(1.0));
    for _ in 0..children {
        fork(|| hold(spec.child_bytes))?;
        entry.grown += spec.child_bytes;
        entry.last_ns = sys::boottime_ns();
        note(&entry);
        std::thread::sleep(pause);
    }
    crate::workload::hold();
}

/// Workers that come and go in size, of which one grows.
pub(super) fn pool(spec: &Spec, children: u64) -> Result<i32> {
    for number in 0..children {
        let mut worker = Spec { children: None, seed: spec.seed.wrapping_add(number), ..spec.clone() };
        if spec.leaker == Some(number) {
            fork(|| super::one(&worker, spec.slot))?;
            continue;
        }
        worker.ledger = None;
        worker.kind = Kind::Anon;
        let period = Duration::from_millis(300 + 170 * number);
        worker.shape = Shape::Sawtooth { top: (spec.base as f64 / 2.0).max(65536.0), period };
        fork(|| super::one(&worker, 0))?;
    }
    crate::workload::hold();
}

fn hold(bytes: u64) -> Result<i32> {
    let mut pages = Pages::anon(bytes, false)?;
    pages.take(bytes);
    crate::workload::hold();
}

/// Runs `child` in a child process that dies with this one.
fn fork(child: impl FnOnce() -> Result<i32>) -> Result<()> {
    // SAFETY: this process has one thread, so the child may go on using everything.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        bail!("can't fork: {}", std::io::Error::last_os_error());
    }
    if pid == 0 {
        let code = sys::die_with_parent().map_err(Into::into).and_then(|()| child()).unwrap_or(1);
        // SAFETY: ends the child without running what is the parent's to run.
        unsafe { libc::_exit(code) };
    }
    Ok(())
}
