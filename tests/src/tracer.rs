//! oomtrace as its users run it: a process, a file of NDJSON, a signal.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::sys;

/// Time to start, attach and flush; generous because guests are emulated.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a tracer is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Arguments beside format and output.
    pub arguments: Vec<String>,
    /// It alone sees the second in place of the first.
    pub masks: Vec<(PathBuf, PathBuf)>,
    /// It alone has tracefs there.
    pub tracefs: Option<PathBuf>,
}

impl Options {
    /// A command that sees what these options show it; their arguments are left to the caller.
    #[must_use]
    pub fn command(&self, binary: &Path) -> Command {
        let mut command = Command::new(binary);
        let before = self.clone();
        // SAFETY: glibc makes the allocator usable in the child of a process with threads, too.
        unsafe { command.pre_exec(move || before.apply()) };
        command
    }

    /// In the child, between fork and exec.
    fn apply(&self) -> std::io::Result<()> {
        if self.masks.is_empty() && self.tracefs.is_none() {
            return Ok(());
        }
        sys::own_mounts()?;
        for (place, mask) in &self.masks {
            sys::bind_mount(mask, place)?;
        }
        self.tracefs.iter().try_for_each(|place| sys::mount("tracefs", place, "tracefs", ""))
    }
}

/// A running tracer.
#[derive(Debug)]
pub struct Tracer {
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

/// All that a tracer said.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// All lines.
    pub lines: Vec<Value>,
    /// What it said on standard error.
    pub errors: String,
}

impl Stream {
    /// The records of one type.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["type"] == kind)
    }

    /// The kills.
    #[must_use]
    pub fn kills(&self) -> Vec<&Value> {
        self.of("oom_kill").collect()
    }

    /// The last line of a stream that ended well.
    ///
    /// # Errors
    /// When there is none.
    pub fn footer(&self) -> Result<&Value> {
        self.of("footer").next().context("the stream has no footer")
    }
}

impl Tracer {
    /// Starts `binary` with `options` and its output in `directory`, and waits until it is attached, which its header says.
    ///
    /// # Errors
    /// When it can't be started, ends early or does not attach in time.
    pub fn start(binary: &Path, directory: &Path, options: &Options) -> Result<Self> {
        let output = directory.join("trace.ndjson");
        let errors = directory.join("trace.err");
        let _ = std::fs::remove_file(&output);
        let child = options
            .command(binary)
            .args(["--json", "-o"])
            .arg(&output)
            .args(&options.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&errors).context("can't make the file for standard error")?)
            .spawn()
            .with_context(|| format!("can't start {}", binary.display()))?;
        let mut tracer = Self { child, output, errors };
        tracer.wait_for("a header", |stream| stream.of("header").next().is_some())?;
        Ok(tracer)
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until what it has written so far is enough.
    ///
    /// # Errors
    /// When it ends or the time is over.
    pub fn wait_for(&mut self, what: &str, enough: impl Fn(&Stream) -> bool) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let started = Instant::now();
            if enough(&self.read(false)?) {
                return Ok(());
            }
            // A long stream takes long to read: leave the CPUs to those under test.
            let pause = (started.elapsed() * 3).max(Duration::from_millis(10));
            if let Some(status) = self.child.try_wait()? {
                let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
                bail!("oomtrace ended ({status}) before {what}: {errors}");
            }
            if Instant::now() > end {
                let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
                bail!("oomtrace gave no sign of {what} in {PATIENCE:?}: {errors}");
            }
            std::thread::sleep(pause);
        }
    }

    /// Interrupts it and reads all it wrote.
    ///
    /// # Errors
    /// When it does not end with code 0, or a line is broken.
    pub fn finish(mut self) -> Result<Stream> {
        let pid = i32::try_from(self.child.id()).context("pid")?;
        sys::kill(pid, libc::SIGINT).context("can't interrupt oomtrace")?;
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() > end {
                bail!("oomtrace did not end within {PATIENCE:?} of SIGINT");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let stream = self.read(true)?;
        if !status.success() {
            bail!("oomtrace ended with {status} after SIGINT: {}", stream.errors);
        }
        Ok(stream)
    }

    /// What is written by now; a last line without its end is one still being written, unless all should be there.
    fn read(&self, all: bool) -> Result<Stream> {
        let text = std::fs::read_to_string(&self.output).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        if all && !text.is_empty() && !text.ends_with('\n') {
            bail!("the last line is cut off: {}", &text[whole.len()..]);
        }
        let lines = whole
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
            .collect::<Result<_>>()?;
        Ok(Stream { lines, errors: std::fs::read_to_string(&self.errors).unwrap_or_default() })
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
