//! Programs are run by a helper that was started at start-up: the agent itself does not fork while memory is short.
//!
//! The helper reads requests from its standard input, a length and JSON, runs one program after the other, and answers each with a
//! line.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::http::Delivery;

/// The hidden subcommand that is the helper.
pub const COMMAND: &str = "agent-helper";
/// A longer request is none of ours.
const MOST: u32 = 64 << 20;
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Serialize, Deserialize)]
struct Request {
    command: Vec<String>,
    input: Vec<u8>,
    id: String,
    timeout_ms: u64,
}

/// The helper, shared by all sinks that run programs.
#[derive(Clone)]
pub struct Helper(Arc<Mutex<Pipes>>);

struct Pipes {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Helper {
    /// Starts it, before memory is locked.
    ///
    /// # Errors
    /// No process can be started.
    pub fn start() -> Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Signals from a terminal are for the agent, which closes the helper's input.
        command.process_group(0);
        let mut child = command.spawn().context("starting the helper that runs programs")?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            anyhow::bail!("the helper that runs programs has no pipes; this is a bug in oomtrace");
        };
        Ok(Self(Arc::new(Mutex::new(Pipes { child, to, from: BufReader::new(from) }))))
    }

    /// Runs a program with `input`, and waits for it.
    pub(super) fn run(&self, command: &[String], id: &str, input: &[u8], timeout: Duration) -> Delivery {
        let request = Request {
            command: command.to_vec(),
            input: input.to_vec(),
            id: id.to_owned(),
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        };
        let mut pipes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match pipes.ask(&request) {
            Ok(answer) if answer == "ok" => Delivery::Done,
            Ok(answer) => Delivery::Refused(answer),
            Err(error) => Delivery::Later(format!("the helper does not answer ({error}): restart the agent")),
        }
    }
}

impl Pipes {
    fn ask(&mut self, request: &Request) -> std::io::Result<String> {
        let text = serde_json::to_vec(request)?;
        let length = u32::try_from(text.len()).map_err(std::io::Error::other)?;
        self.to.write_all(&length.to_le_bytes())?;
        self.to.write_all(&text)?;
        self.to.flush()?;
        let mut answer = String::new();
        if self.from.read_line(&mut answer)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.trim_end().to_owned())
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        // Its input ends with us, and so does it; a program that still runs is not waited for.
        let _ = self.child.try_wait();
    }
}

/// The helper's own main function.
#[must_use]
pub fn child_main() -> ExitCode {
    let mut input = std::io::stdin().lock();
    loop {
        let mut length = [0; 4];
        if input.read_exact(&mut length).is_err() {
            return ExitCode::SUCCESS;
        }
        let length = u32::from_le_bytes(length);
        let mut text = Vec::new();
        let is_whole = length <= MOST
            && input
                .by_ref()
                .take(u64::from(length))
                .read_to_end(&mut text)
                .is_ok_and(|read| read == length as usize);
        let Some(request) = serde_json::from_slice::<Request>(&text).ok().filter(|_| is_whole) else {
            return ExitCode::FAILURE;
        };
        let answer = run(&request).map_or_else(|error| format!("{error:#}"), |()| "ok".to_owned());
        let mut output = std::io::stdout().lock();
        let line = answer.replace('\n', " ");
        if writeln!(output, "{line}").and_then(|()| output.flush()).is_err() {
            return ExitCode::SUCCESS;
        }
    }
}

fn run(request: &Request) -> Result<()> {
    let (program, arguments) = request.command.split_first().context("no program")?;
    let mut command = Command::new(program);
    command.args(arguments).env("OOMTRACE_ID", &request.id).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit()).process_group(0);
    let mut child = command.spawn().with_context(|| format!("{program} can't be started"))?;
    let to = child.stdin.take();
    let input = request.input.clone();
    // One that does not read its input must not hold us up.
    let feeder = std::thread::spawn(move || to.map(|mut to| to.write_all(&input)));
    let until = Instant::now() + Duration::from_millis(request.timeout_ms);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= until {
            let group = i32::try_from(child.id()).unwrap_or(0);
            if group > 1 {
                // SAFETY: a plain call; the group is the program's own.
                unsafe { libc::kill(-group, libc::SIGKILL) };
            }
            let _ = child.wait();
            anyhow::bail!("{program} took longer than {} ms and was killed", request.timeout_ms);
        }
        std::thread::sleep(PAUSE);
    };
    drop(feeder);
    anyhow::ensure!(status.success(), "{program} failed: {status}");
    Ok(())
}
