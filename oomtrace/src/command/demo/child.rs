//! What the demo's children do.

use std::ffi::{CStr, OsString};
use std::fs;
use std::hint::black_box;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use super::CHILD_COMMAND;

/// Memory of the neighbour.
const SMALL: usize = 8 << 20;
/// A step of the leak, and the time between two: about a second up to the limit, so that its growth can be watched.
const STEP: usize = 1 << 20;
const PAUSE: Duration = Duration::from_millis(15);
/// Exit code of a leak that was not killed in time.
pub(super) const SPARED: u8 = 3;

/// What a child in the sandbox does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Takes more and more memory, up to that many bytes.
    Leak(u64),
    /// Takes a little, says so, and waits.
    Neighbour,
}

/// A command that starts this program again as a child of kind `kind`, out of reach of the terminal's Ctrl-C.
pub(super) fn command(kind: &str) -> Command {
    // Not the path of the program: that may have been replaced or deleted since.
    let mut command = Command::new("/proc/self/exe");
    command.arg0("oomtrace").args([CHILD_COMMAND, kind]).process_group(0);
    command
}

/// The hidden subcommand: `leak BYTES` or `neighbour`.
#[must_use]
pub fn child_main(args: &[OsString]) -> ExitCode {
    let words: Vec<&str> = args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect();
    match words.as_slice() {
        ["leak", bytes] => leak(bytes.parse().unwrap_or(0)),
        ["neighbour"] => neighbour(),
        _ => {
            eprintln!("oomtrace {CHILD_COMMAND} is started by oomtrace demo only");
            ExitCode::from(2)
        }
    }
}

/// Takes memory step by step until it is killed, or has `bytes`.
fn leak(bytes: usize) -> ExitCode {
    prepare(c"demo-leak");
    if !told() {
        return ExitCode::SUCCESS;
    }
    let mut taken = Vec::new();
    while taken.len() * STEP < bytes {
        taken.push(black_box(vec![1u8; STEP]));
        thread::sleep(PAUSE);
    }
    ExitCode::from(SPARED)
}

/// Takes a little memory, says so, and keeps it until the pipe ends.
fn neighbour() -> ExitCode {
    prepare(c"demo-neighbour");
    if told() {
        let taken = black_box(vec![1u8; SMALL]);
        let _ = io::stdout().write_all(b"ready\n").and_then(|()| io::stdout().flush());
        told();
        drop(taken);
    }
    ExitCode::SUCCESS
}

/// Takes a name and an ordinary place among the kernel's candidates.
fn prepare(name: &CStr) {
    // The tracer's own protection is inherited; the victim must not have it. To raise the score needs no privilege.
    let score = fs::read_to_string("/proc/self/oom_score_adj").ok().and_then(|text| text.trim().parse().ok());
    if score.is_some_and(|score: i32| score < 0) {
        let _ = fs::write("/proc/self/oom_score_adj", "0");
    }
    // SAFETY: the name is a C string.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Waits for the parent's byte; false when its pipe ended.
fn told() -> bool {
    matches!(io::stdin().read(&mut [0]), Ok(1))
}
