//! What ends a trace: a signal, its time, or a reader that has gone.

use std::{os::fd::OwnedFd, time::Instant};

use anyhow::{Context, Result};
use tokio::{
    io::{Interest, unix::AsyncFd},
    signal::unix::{Signal, SignalKind, signal},
};

use crate::command::cli::TraceArgs;

/// Why a trace ends.
pub(super) struct Stop {
    signals: Option<[Signal; 3]>,
    until: Option<Instant>,
    reader: Option<AsyncFd<OwnedFd>>,
}

impl Stop {
    /// With `ours`, signals and a closed standard output end the trace; else both are somebody else's.
    pub(super) fn new(args: &TraceArgs, ours: bool) -> Result<Self> {
        let on = |kind| signal(kind).context("handling signals");
        let signals = || {
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(on);
            let [interrupt, terminate, hangup] = kinds;
            Ok::<_, anyhow::Error>([interrupt?, terminate?, hangup?])
        };
        Ok(Self {
            signals: ours.then(signals).transpose()?,
            until: args.duration.map(|d| Instant::now() + d),
            reader: if ours && args.output.is_none() { closing_pipe() } else { None },
        })
    }

    /// Waits for a signal, the end of the time, or the reader of our output to go away.
    pub(super) async fn asked(&mut self) {
        let Self { signals, until, reader } = self;
        let signalled = async {
            match signals {
                Some([interrupt, terminate, hangup]) => tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
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
            () = signalled => {}
            () = over => {}
            () = gone => {}
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
