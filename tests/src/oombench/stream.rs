//! One tracer over many cases, and the kills it has told of.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::sys;

/// Time to attach, on an emulated machine.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

/// A running tracer and its stream so far.
#[derive(Debug)]
pub(super) struct Stream {
    child: Child,
    errors: PathBuf,
    told: Mutex<Told>,
}

#[derive(Debug)]
struct Told {
    file: File,
    /// An unfinished line.
    rest: Vec<u8>,
    header: Option<Value>,
    kills: Vec<Value>,
}

impl Stream {
    /// Starts it, with its output in `directory`, and waits for its header.
    pub(super) fn start(tracer: &Path, arguments: &[String], directory: &Path) -> Result<Self> {
        let (output, errors) = (directory.join("trace.ndjson"), directory.join("trace.err"));
        let _ = std::fs::remove_file(&output);
        let child = Command::new(tracer)
            .args(["--json", "-o"])
            .arg(&output)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&errors).context("can't make the file for standard error")?)
            // Ctrl-C is the runner's to handle.
            .process_group(0)
            .spawn()
            .with_context(|| format!("can't start {}", tracer.display()))?;
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&output)?;
        let told = Told { file, rest: Vec::new(), header: None, kills: Vec::new() };
        let mut stream = Self { child, errors, told: Mutex::new(told) };
        let end = Instant::now() + PATIENCE;
        while stream.header()?.is_none() {
            if stream.child.try_wait()?.is_some() || Instant::now() > end {
                bail!("oomtrace did not start: {}", stream.said());
            }
            std::thread::sleep(POLL);
        }
        Ok(stream)
    }

    /// The stream's first line.
    pub(super) fn header(&self) -> Result<Option<Value>> {
        Ok(self.update()?.header.clone())
    }

    /// What it said on standard error.
    fn said(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Waits for the first kill that `wanted` accepts, and takes it out.
    pub(super) fn kill(&self, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Option<Value>> {
        let end = Instant::now() + limit;
        loop {
            let mut told = self.update()?;
            if let Some(at) = told.kills.iter().position(&wanted) {
                return Ok(Some(told.kills.remove(at)));
            }
            drop(told);
            if Instant::now() > end {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Forgets the kills that `unwanted` accepts.
    pub(super) fn forget(&self, unwanted: impl Fn(&Value) -> bool) -> Result<()> {
        self.update()?.kills.retain(|kill| !unwanted(kill));
        Ok(())
    }

    fn update(&self) -> Result<std::sync::MutexGuard<'_, Told>> {
        let mut told = self.told.lock().map_err(|_| anyhow::anyhow!("a thread has panicked"))?;
        let mut new = Vec::new();
        told.file.read_to_end(&mut new)?;
        told.rest.extend_from_slice(&new);
        let Some(end) = told.rest.iter().rposition(|byte| *byte == b'\n') else { return Ok(told) };
        let left = told.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut told.rest, left);
        for line in whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let value: Value = serde_json::from_slice(line).context("the tracer wrote a broken line")?;
            match value["type"].as_str() {
                Some("header") => told.header = Some(value),
                Some("oom_kill") => told.kills.push(value),
                _ => {}
            }
        }
        Ok(told)
    }

    /// Interrupts it and waits for its end; its last line.
    pub(super) fn finish(mut self) -> Result<Value> {
        sys::kill(i32::try_from(self.child.id())?, libc::SIGINT)?;
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > end {
                bail!("oomtrace did not end within {PATIENCE:?} of SIGINT");
            }
            std::thread::sleep(POLL);
        }
        let mut told = self.told.lock().map_err(|_| anyhow::anyhow!("a thread has panicked"))?;
        let mut text = String::new();
        told.file.seek(SeekFrom::Start(0))?;
        told.file.read_to_string(&mut text)?;
        let last = text.lines().next_back().unwrap_or_default();
        serde_json::from_str(last).context("the tracer's last line is broken")
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
