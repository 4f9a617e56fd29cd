//! One boot of one guest: starts it, listens to its console, ends it when it hangs.

use super::console::{self, Line, Outcome};
use anyhow::{Context as _, Result};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// From power-on to the first line of the protocol, on a busy emulated machine.
const TO_START: Duration = Duration::from_secs(180);
/// Between lines; the guest itself ends a scenario that takes longer than 600 s.
const SILENCE: Duration = Duration::from_secs(660);
/// After a panic it has this long to print what it can, and to end.
const PANIC: Duration = Duration::from_secs(60);
/// A guest that talks without end is ended, too.
const WHOLE: Duration = Duration::from_secs(3000);
/// Lines of the console that are shown with a failure.
const TAIL: usize = 25;

/// What a boot came to.
#[derive(Debug, Default)]
pub(super) struct Boot {
    /// Verdicts in their order, with the time each took.
    pub(super) verdicts: Vec<(String, Outcome, Duration)>,
    /// The scenario that was started last and has no verdict.
    pub(super) running: Option<String>,
    /// It said something: the kernel came up and our program ran.
    pub(super) spoken: bool,
    /// Why the guest ended before it said that it was done.
    pub(super) broken: Option<String>,
    /// The last lines of the console, or those from a panic on: its reason and its stack, which tasks and memory follow.
    pub(super) tail: VecDeque<String>,
    /// The kernel has panicked.
    pub(super) panicked: bool,
}

/// Boots, calls `on_verdict` for each verdict, and writes the console to `log`.
pub(super) fn run(
    mut qemu: Command,
    log: &Path,
    on_verdict: impl Fn(&str, &Outcome, Duration),
) -> Result<Boot> {
    let mut child = qemu
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start QEMU (cargo xtask setup --only vm installs it)")?;
    let (sender, lines) = channel();
    for stream in [child.stdout.take().map(boxed), child.stderr.take().map(boxed)].into_iter().flatten() {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                if sender.send(text).is_err() {
                    break;
                }
            }
        });
    }
    drop(sender);
    let mut log = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let boot = listen(&lines, &mut log, on_verdict);
    end(&mut child);
    boot
}

fn boxed(stream: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(stream)
}

/// Until the guest is done, gone or silent for too long.
fn listen(
    lines: &Receiver<String>,
    log: &mut std::fs::File,
    on_verdict: impl Fn(&str, &Outcome, Duration),
) -> Result<Boot> {
    let mut boot = Boot::default();
    let begin = Instant::now();
    let (mut heard, mut started) = (begin, begin);
    let mut panicked = None;
    loop {
        if boot.panicked && panicked.get_or_insert_with(Instant::now).elapsed() > PANIC {
            boot.broken = Some("its kernel has panicked and did not end the guest".into());
            return Ok(boot);
        }
        let patience = if boot.spoken { SILENCE } else { TO_START };
        let line = match lines.recv_timeout(Duration::from_millis(500)) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => {
                boot.broken = Some("the guest ended without @@ done".into());
                return Ok(boot);
            }
            Err(RecvTimeoutError::Timeout) if heard.elapsed() > patience || begin.elapsed() > WHOLE => {
                boot.broken = Some(format!("the guest said nothing for {} s", heard.elapsed().as_secs()));
                return Ok(boot);
            }
            Err(RecvTimeoutError::Timeout) => continue,
        };
        writeln!(log, "{line}")?;
        let parsed = console::parse(&line);
        if parsed.is_some() {
            (heard, boot.spoken) = (Instant::now(), true);
        }
        boot.keep(line);
        match parsed {
            Some(Line::Start { name }) => {
                boot.running = Some(name);
                started = Instant::now();
            }
            Some(Line::Verdict { name, outcome }) => {
                on_verdict(&name, &outcome, started.elapsed());
                boot.running = None;
                boot.verdicts.push((name, outcome, started.elapsed()));
            }
            Some(Line::Done) => return Ok(boot),
            Some(Line::Log { .. }) | None => {}
        }
        if begin.elapsed() > WHOLE {
            boot.broken = Some(format!("the guest was not done after {} s", WHOLE.as_secs()));
            return Ok(boot);
        }
    }
}

impl Boot {
    fn keep(&mut self, line: String) {
        if !self.panicked && line.contains("Kernel panic") {
            self.panicked = true;
            self.tail.clear();
        }
        if self.tail.len() == TAIL {
            if self.panicked {
                return;
            }
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }
}

/// A guest that is done powers off by itself within a moment.
fn end(child: &mut Child) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(script: &str) -> Boot {
        let dir = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script);
        run(shell, &dir.path().join("log"), |_, _, _| {}).unwrap()
    }

    #[test]
    fn verdicts_are_collected_until_done() {
        let boot = play(
            "echo noise; echo '@@ start a'; echo '@@ pass a ok'; echo '@@ skip b no swap'; echo '@@ done'",
        );
        let names: Vec<_> = boot.verdicts.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!((boot.broken, boot.running, boot.spoken), (None, None, true));
    }

    #[test]
    fn a_kernel_that_does_not_come_up_has_said_nothing() {
        let boot = play("echo 'Kernel panic - not syncing'");
        assert_eq!((boot.spoken, boot.broken.is_some()), (false, true));
    }

    #[test]
    fn a_guest_that_dies_names_what_was_running() {
        let boot = play("echo '@@ start a'; echo 'Kernel panic - not syncing'; seq 1000");
        assert_eq!(boot.running.as_deref(), Some("a"));
        assert!(boot.broken.is_some());
        assert_eq!((boot.tail.len(), boot.tail[0].as_str()), (TAIL, "Kernel panic - not syncing"));
    }
}
