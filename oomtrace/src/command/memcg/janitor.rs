//! Empties and removes a cgroup of ours: by ourselves, or by a child that outlives us.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};

use super::held;
use super::leftover::Leftover;
use super::tree::{Kernel, Tree};

/// The hidden subcommand that is the janitor; the rest of its command line goes to [`child_main`].
pub const CHILD_COMMAND: &str = "cgroup-janitor";
/// Stands for an argument that is not given.
const NONE: &str = "-";

/// The child that watches over a cgroup.
#[derive(Debug)]
pub(in crate::command) struct Janitor(Child);

impl Janitor {
    /// Starts it.
    pub(in crate::command) fn start(leftover: &Leftover) -> Result<Self> {
        // Not the path of the program: that may have been replaced or deleted since. Out of reach of Ctrl-C.
        let mut command = Command::new("/proc/self/exe");
        command.arg0("oomtrace").arg(CHILD_COMMAND).process_group(0);
        let given = |path: &Option<PathBuf>| path.as_ref().map_or_else(|| NONE.into(), Clone::clone);
        command.arg(&leftover.dir).arg(given(&leftover.move_to)).arg(given(&leftover.switched_on));
        // Of a program with a setuid bit the janitor is root's alone, as anybody can type its name.
        // SAFETY: between fork and exec, plain calls.
        unsafe { command.pre_exec(held::be_who_we_act_as) };
        // Whoever reads our output must not have to wait for it.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command
            .spawn()
            .map(Self)
            .context("can't start the process that removes the cgroup afterwards (is /proc mounted?)")
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        // Its work, where any is left, begins when the pipe ends.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The hidden subcommand: `DIR MOVE_TO SWITCHED_ON`, each of the last two may be `-`.
#[must_use]
pub fn child_main(args: &[OsString]) -> ExitCode {
    let [dir, move_to, switched_on] = args else {
        eprintln!("oomtrace {CHILD_COMMAND} is started by oomtrace only");
        return ExitCode::from(2);
    };
    let given = |arg: &OsString| (arg != NONE).then(|| arg.into());
    let leftover = Leftover { dir: dir.into(), move_to: given(move_to), switched_on: given(switched_on) };
    match held::Held::take(&leftover) {
        Ok(held) => ExitCode::from(u8::from(wait_and_undo(&Kernel, held.leftover()).is_err())),
        Err(error) => {
            eprintln!("oomtrace {CHILD_COMMAND} is started by oomtrace only: {error}");
            ExitCode::from(2)
        }
    }
}

/// What the janitor does: wait until the pipe on standard input ends, then undo.
fn wait_and_undo(tree: &dyn Tree, leftover: &Leftover) -> io::Result<()> {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: ignoring a signal installs no handler.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    let _ = io::stdin().read(&mut [0]);
    leftover.undo(tree)
}
