//! A tracer under test: oomtrace or one of its peers, with the moment each line of its output was complete.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::sys;

/// Which tracer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Oomtrace,
    /// bpftrace's oomkill.bt.
    Bpftrace,
    /// bcc's oomkill.
    Bcc,
}

impl Kind {
    /// True for the line that says that it is ready.
    fn is_ready(self, line: &str) -> bool {
        match self {
            Self::Oomtrace => line.contains("\"type\":\"header\""),
            Self::Bpftrace => line.contains("Tracing oom_kill_process()"),
            Self::Bcc => line.contains("Tracing OOM kills"),
        }
    }

    /// The killed process, when the line reports one.
    pub(super) fn victim(self, line: &str) -> Option<u32> {
        if self == Self::Oomtrace {
            let record: Value = serde_json::from_str(line).ok()?;
            let pid = &record["victims"][0]["pid"];
            return (record["type"] == "oom_kill").then(|| pid.as_u64()?.try_into().ok())?;
        }
        let rest = &line[line.find("OOM kill of PID ")? + 16..];
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

/// A line and when it was complete.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// Boot time in nanoseconds.
    pub(super) at: u64,
}

/// A running tracer.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    child: Child,
    lines: Receiver<Line>,
    /// Boot time just before it was started.
    pub(super) started: u64,
}

impl Subject {
    /// Starts it; `errors` gets its standard error.
    pub(super) fn start(kind: Kind, command: &mut Command, errors: &Path) -> Result<Self> {
        let errors = std::fs::File::create(errors).context("can't make the file for standard error")?;
        let started = sys::boottime_ns();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .with_context(|| format!("can't start {}", command.get_program().to_string_lossy()))?;
        let output = child.stdout.take().context("no output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || read(output, &sender));
        Ok(Self { kind, child, lines, started })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error with what it said once it has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let said: Vec<String> = self.lines.iter().map(|line| line.text).collect();
        bail!("{status}, having said {said:?}");
    }

    /// Waits for the line that says that it is ready.
    pub(super) fn ready(&mut self, limit: Duration) -> Result<Line> {
        let kind = self.kind;
        self.line(limit, |line| kind.is_ready(line).then_some(()))?
            .map(|(line, ())| line)
            .context("it did not say that it is ready")
    }

    /// Waits for the report of `pid`'s death.
    pub(super) fn report(&mut self, pid: u32, limit: Duration) -> Result<Option<Line>> {
        let kind = self.kind;
        let found = self.line(limit, |line| (kind.victim(line)? == pid).then_some(()))?;
        Ok(found.map(|(line, ())| line))
    }

    /// Waits for a line of which `wanted` makes something; lines before it are dropped.
    pub(super) fn line<T>(
        &mut self,
        limit: Duration,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<(Line, T)>> {
        let end = Instant::now() + limit;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match self.lines.recv_timeout(left.min(Duration::from_millis(200))) {
                Ok(line) => {
                    if let Some(found) = wanted(&line.text) {
                        return Ok(Some((line, found)));
                    }
                }
                Err(_) => {
                    if let Some(status) = self.child.try_wait()? {
                        bail!("it ended with {status}");
                    }
                }
            }
        }
        Ok(None)
    }

    /// Interrupts it and returns what it still said.
    pub(super) fn finish(mut self, limit: Duration) -> Result<Vec<Line>> {
        sys::kill(i32::try_from(self.child.id())?, libc::SIGINT)?;
        let end = Instant::now() + limit;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > end {
                bail!("it did not end within {limit:?} of SIGINT");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // The reader hangs up at the end of the pipe.
        Ok(self.lines.iter().collect())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut output: ChildStdout, lines: &Sender<Line>) {
    if let Err(error) = sys::run_first() {
        println!("the reader waits its turn ({error}): times to a line are too long on a busy machine");
    }
    let mut line = Vec::new();
    let mut chunk = [0; 65536];
    while let Ok(length @ 1..) = output.read(&mut chunk) {
        let at = sys::boottime_ns();
        for part in chunk[..length].split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if line.ends_with(b"\n") {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                if lines.send(Line { text, at }).is_err() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn reports_of_all_three_are_read() {
        let bcc =
            "18:12:02 Triggered by PID 7 (\"a\"), OOM kill of PID 4321 (\"b\"), 3850642 pages, loadavg: 0.99";
        assert_eq!(Kind::Bcc.victim(bcc), Some(4321));
        assert_eq!(Kind::Bpftrace.victim("Tracing oom_kill_process()... Hit Ctrl-C to end."), None);
        let record = r#"{"type":"oom_kill","victims":[{"pid":12}]}"#;
        assert_eq!(Kind::Oomtrace.victim(record), Some(12));
        assert_eq!(Kind::Oomtrace.victim(&record.replace("oom_kill", "update")), None);
    }
}
