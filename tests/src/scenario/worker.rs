//! A workload as a child process.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Generous: guests are emulated, and the machine is out of memory.
const PATIENCE: Duration = Duration::from_secs(90);

/// A variable of every workload's environment that a record has to tell.
pub(super) const SETTING: (&str, &str) = ("MALLOC_ARENA_MAX", "2");

/// A running workload; killed when dropped.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    lines: Receiver<String>,
}

impl Worker {
    /// Starts `workload ARGUMENTS`.
    ///
    /// # Errors
    /// When it can't be started.
    pub(super) fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Self> {
        let mut child = Command::new("/proc/self/exe")
            .arg("workload")
            // The scenario may not be killed; what it starts must be like any other process.
            .arg("adj=0")
            .args(arguments)
            .env(SETTING.0, SETTING.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("can't start a workload")?;
        let output = child.stdout.take().context("no standard output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Its process id.
    #[must_use]
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line it says.
    ///
    /// # Errors
    /// When it says nothing for long or has ended.
    pub(super) fn line(&mut self) -> Result<String> {
        self.lines.recv_timeout(PATIENCE).with_context(|| {
            format!("workload {} said nothing (state: {:?})", self.pid(), self.child.try_wait())
        })
    }

    /// The next line, when there is one in time.
    ///
    /// # Errors
    /// When it has ended.
    pub(super) fn line_within(&mut self, limit: Duration) -> Result<Option<String>> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("workload {} ended: {:?}", self.pid(), self.end()?),
        }
    }

    /// Waits until its step is done.
    ///
    /// # Errors
    /// When it does not get there.
    pub(super) fn ready(&mut self) -> Result<()> {
        match self.line()?.as_str() {
            "ready" => Ok(()),
            other => bail!("workload said {other} instead of ready"),
        }
    }

    /// Lets it take its next step.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn go(&mut self) -> Result<()> {
        let input = self.child.stdin.as_mut().context("no standard input")?;
        input.write_all(b"\n").context("the workload is gone")
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it goes on.
    pub(super) fn end(&mut self) -> Result<ExitStatus> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > end {
                bail!("workload {} has not ended", self.pid());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until SIGKILL has ended it.
    ///
    /// # Errors
    /// When it goes on or ends in another way.
    pub(super) fn killed(&mut self) -> Result<()> {
        let status = self.end()?;
        if status.signal() == Some(libc::SIGKILL) {
            return Ok(());
        }
        bail!("workload {} ended with {status} instead of SIGKILL", self.pid())
    }

    /// For a trigger that was not the victim: waits until its step is done (`false`) or it has been killed after all.
    ///
    /// The kernel may do that: between the victim's leaving the list of tasks and its memory being free, the trigger
    /// meets the limit again and is the only one left.
    ///
    /// # Errors
    /// When it ends in another way.
    pub(super) fn followed(&mut self) -> Result<bool> {
        match self.ready() {
            Ok(()) => Ok(false),
            Err(_) => self.killed().map(|()| true),
        }
    }

    /// Fails when it is dead.
    ///
    /// # Errors
    /// When it has ended.
    pub(super) fn alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("workload {} should have been spared: {status}", self.pid()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Arguments of different kinds as one list.
#[must_use]
pub(super) fn arguments(parts: &[&dyn AsRef<OsStr>]) -> Vec<OsString> {
    parts.iter().map(|part| AsRef::<OsStr>::as_ref(*part).to_owned()).collect()
}
