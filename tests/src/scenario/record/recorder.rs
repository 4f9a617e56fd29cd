//! `oomtrace record` as a process, and what `oomtrace report` reads back of its file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::super::stage::{Stage, owned};
use crate::sys;
use crate::tracer::{Options, Stream};

/// Generous because guests are emulated.
const PATIENCE: Duration = Duration::from_secs(60);
/// The threads that write a kill in short: the event path, and the one that writes.
const URGENT: [&str; 2] = ["oomtrace", "oomtrace-first"];

/// Page faults of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Faults {
    /// Without the disk. It may have waited for a free page all the same.
    minor: u64,
    /// It waited for the disk.
    major: u64,
}

/// A running recorder; killed when dropped.
pub(super) struct Recorder {
    child: Child,
    binary: PathBuf,
    file: PathBuf,
    errors: PathBuf,
}

impl Recorder {
    /// Starts it, with the kernel's log hidden from it, and waits until it is attached.
    ///
    /// # Errors
    /// When it does not get there.
    pub(super) fn start(binary: &Path, stage: &Stage, file: &Path, options: &[&str]) -> Result<Self> {
        let errors = stage.directory.join("record.err");
        let hidden = [(PathBuf::from("/dev/kmsg"), PathBuf::from("/dev/null"))];
        let seen = Options { masks: hidden.into(), ..Options::default() };
        let child = seen
            .command(binary)
            .args(["record", "-o"])
            .arg(file)
            .args(owned(options))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&errors)?)
            .spawn()
            .context("can't start oomtrace record")?;
        let mut recorder = Self { child, binary: binary.into(), file: file.into(), errors };
        let end = Instant::now() + PATIENCE;
        while recorder.report().is_err() {
            let ended = recorder.child.try_wait()?;
            if ended.is_some() || Instant::now() > end {
                bail!("oomtrace record wrote no header ({ended:?}): {}", recorder.said());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(recorder)
    }

    /// Page faults so far of the threads that may not wait for a page.
    ///
    /// # Errors
    /// When they can't be read, or the threads are not there.
    pub(super) fn faults(&self) -> Result<[Faults; 2]> {
        let mut faults = [None; 2];
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))?.flatten() {
            let stat = fs::read_to_string(task.path().join("stat"))?;
            let parts = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(") "));
            let (name, fields) = parts.context("an odd stat")?;
            let number = |n: usize| fields.split(' ').nth(n)?.parse::<u64>().ok();
            if let Some(at) = URGENT.iter().position(|urgent| *urgent == name) {
                faults[at] = number(7).zip(number(9)).map(|(minor, major)| Faults { minor, major });
            }
        }
        let [Some(events), Some(first)] = faults else { bail!("not all of {URGENT:?} are running") };
        Ok([events, first])
    }

    /// Interrupts it, and reads its file back; what is wrong with how it ended.
    ///
    /// # Errors
    /// When it does not end, or there is nothing to read.
    pub(super) fn finish(mut self) -> Result<(Stream, Vec<String>)> {
        sys::kill(i32::try_from(self.child.id())?, libc::SIGINT).context("can't interrupt the recorder")?;
        let status = self.end()?;
        let said = self.said();
        let mut findings = Vec::new();
        if !status.success() {
            findings.push(format!("the recorder ended with {status}: {said}"));
        }
        if said.contains("direct I/O") {
            findings.push(format!("the recorder writes through the page cache: {said}"));
        }
        let journal = self.file.with_file_name(format!("{}.journal", self.name()));
        if journal.exists() {
            findings.push("the journal is still there".into());
        }
        Ok((Stream { lines: self.report()?, errors: said }, findings))
    }

    fn end(&mut self) -> Result<ExitStatus> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(Instant::now() < end, "the recorder did not end within {PATIENCE:?} of SIGINT");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What `oomtrace report` reads back.
    fn report(&self) -> Result<Vec<Value>> {
        let output = Command::new(&self.binary).args(["report", "-f", "json"]).arg(&self.file).output()?;
        ensure!(output.status.success(), "report: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).context("report")?;
        text.lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
            .collect()
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    fn name(&self) -> String {
        self.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
