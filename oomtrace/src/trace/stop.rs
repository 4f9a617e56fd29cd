//! What ends a trace: a signal, its time, or a reader that has gone.

use std::{os::fd::OwnedFd, time::Instant};

use anyhow::{Context, Result};
use tokio::{
    io::{Interest, unix::AsyncFd},
    signal::unix::{Signal, SignalKind, signal},
};

use super::settings::Settings;

/// What a trace is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To end, because its time is over or its reader has gone.
    End,
    /// To end at once: a signal.
    EndNow,
    /// To go on in a new file of the same name.
    Reopen,
}

/// What ends a trace.
pub(super) struct Stop {
    signals: Option<[Signal; 3]>,
    /// SIGHUP asks for a new file.
    reopens: bool,
    until: Option<Instant>,
    reader: Option<AsyncFd<OwnedFd>>,
}

impl Stop {
    /// With `ours`, signals and a closed standard output end the trace; else both are somebody else's. With `reopens`, SIGHUP
    /// does not end it.
    pub(super) fn new(settings: &Settings, ours: bool, reopens: bool) -> Result<Self> {
        let on = |kind| signal(kind).context("handling signals");
        let signals = || {
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(on);
            let [interrupt, terminate, hangup] = kinds;
            Ok::<_, anyhow::Error>([interrupt?, terminate?, hangup?])
        };
        Ok(Self {
            signals: ours.then(signals).transpose()?,
            reopens,
            until: settings.duration.map(|d| Instant::now() + d),
            reader: if ours && settings.for_reader { closing_pipe() } else { None },
        })
    }

    /// Waits for a signal, the end of the time, or the reader of our output to go away.
    pub(super) async fn asked(&mut self) -> Asked {
        let Self { signals, reopens, until, reader } = self;
        let signalled = async {
            match signals {
                Some([interrupt, terminate, hangup]) => tokio::select! {
                    _ = interrupt.recv() => Asked::EndNow,
                    _ = terminate.recv() => Asked::EndNow,
                    _ = hangup.recv() => if *reopens { Asked::Reopen } else { Asked::EndNow },
                },
                None => std::future::pending().await,
            }
        };
        let over = async {
            match until {
                Some(until) => tokio::time::sleep_until((*until).into()).await,
                None => std::future::pending().await,
            }
        };
        let gone = async {
            match reader {
                Some(pipe) => drop(pipe.ready(Interest::ERROR).await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            asked = signalled => asked,
            () = over => Asked::End,
            () = gone => Asked::End,
        }
    }
}

/// Standard output when it is a pipe: an error condition on it tells that nobody reads on.
fn closing_pipe() -> Option<AsyncFd<OwnedFd>> {
    use std::os::{fd::AsFd, unix::fs::FileTypeExt};
    let fd = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
    let file = std::fs::File::from(fd);
    if !file.metadata().ok()?.file_type().is_fifo() {
        return None;
    }
    // SAFETY: an owned descriptor is one and the same until it is dropped.
    unsafe { AsyncFd::register_with_interest(file.into(), Interest::ERROR) }.ok()
}

/// From now on signals end the program at once, as they do before a trace.
pub fn let_signals_end() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: no handler is installed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
