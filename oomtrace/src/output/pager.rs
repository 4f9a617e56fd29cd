//! A pager on the terminal, as git has one.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Owner;
use crate::rights::{Descent, environment_of, system_program};

/// What `less` is to do unless the user has said: leave what fits on one screen as it is, keep colours, do not clear.
const LESS: &str = "FRX";

/// A running pager. It has ended when this is dropped, so that nothing is written to the terminal beside it.
#[derive(Debug)]
pub(super) struct Pager {
    child: Child,
    /// What an interrupt did before.
    interrupt: libc::sighandler_t,
}

impl Pager {
    /// Starts the user's pager, with the caller's rights; with it comes what to write to. `None` where there is none, or the
    /// user wants none: then the terminal itself is written to.
    pub(super) fn start() -> Option<(Self, File)> {
        let mut command = command(|name| std::env::var_os(name))?;
        if let Owner::User(caller) = Owner::of_process().ok()? {
            // A pager runs programs and writes files for whoever sits there; with sudo that is not root.
            environment_of(&caller, &mut command);
            let mut descent = Descent::new(&caller);
            // SAFETY: the closure makes system calls only.
            unsafe { command.pre_exec(move || descent.make()) };
        }
        let mut child = command.stdin(Stdio::piped()).spawn().ok()?;
        let pipe = File::from(OwnedFd::from(child.stdin.take()?));
        // An interrupt is the pager's: it ends a search there, and would leave the terminal to two readers here.
        // SAFETY: ignoring a signal installs no handler.
        let interrupt = unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
        Some((Self { child, interrupt }, pipe))
    }
}

impl Drop for Pager {
    /// The pipe has to be closed by then.
    fn drop(&mut self) {
        let _ = self.child.wait();
        // SAFETY: what was there before.
        unsafe { libc::signal(libc::SIGINT, self.interrupt) };
    }
}

/// `$OOMTRACE_PAGER`, `$PAGER`, else `less`.
fn command(var: impl Fn(&str) -> Option<OsString>) -> Option<Command> {
    let asked = var("OOMTRACE_PAGER").or_else(|| var("PAGER"));
    let mut command = match asked {
        Some(asked) if asked.is_empty() || asked == "cat" => return None,
        Some(asked) => {
            let first = asked.as_bytes().split(u8::is_ascii_whitespace).find(|word| !word.is_empty())?;
            // A shell would swallow what is written to it and say that it knows no such command.
            is_there(OsStr::from_bytes(first), var("PATH"))?;
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(asked);
            shell
        }
        None => {
            Command::new(Some(system_program("less")).filter(|less| less.exists() || less.is_relative())?)
        }
    };
    for (name, value) in [("LESS", LESS), ("LV", "-c")] {
        if var(name).is_none() {
            command.env(name, value);
        }
    }
    Some(command)
}

/// Whether a word of a command names a program; what is no plain word is left to the shell.
fn is_there(word: &OsStr, path: Option<OsString>) -> Option<()> {
    let is_plain = word.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(byte));
    let is_file = |path: &Path| path.is_file();
    let found = match word.as_bytes().contains(&b'/') {
        true => is_file(Path::new(word)),
        false => std::env::split_paths(&path.unwrap_or_default()).any(|dir| is_file(&dir.join(word))),
    };
    (!is_plain || found).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(vars: &[(&str, &str)]) -> Option<(Vec<OsString>, Vec<OsString>)> {
        let var = |name: &str| {
            let found = vars.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value)).or((name == "PATH").then(|| "/usr/bin:/bin".into()))
        };
        let command = command(var)?;
        let words = std::iter::once(command.get_program()).chain(command.get_args()).map(OsStr::to_owned);
        let names = command.get_envs().map(|(name, _)| name.to_owned());
        Some((words.collect(), names.collect()))
    }

    #[test]
    fn the_users_choice_goes_first() {
        let (words, envs) = arguments(&[("PAGER", "cat -n"), ("LESS", "R")]).unwrap();
        assert_eq!((words.join(OsStr::new(" ")), envs), ("/bin/sh -c cat -n".into(), vec!["LV".into()]));
        let (words, _) = arguments(&[("OOMTRACE_PAGER", "head"), ("PAGER", "cat -n")]).unwrap();
        assert_eq!(words.last().unwrap(), "head");
        // What a shell has to read first is not judged.
        assert!(arguments(&[("PAGER", "$HOME/my-pager")]).is_some());
    }

    #[test]
    fn no_pager_where_none_is_wanted_or_there() {
        for none in ["", "cat", "no-such-pager-at-all", "/no/such/pager -R", "  "] {
            assert!(arguments(&[("PAGER", none)]).is_none(), "{none:?}");
        }
        assert!(arguments(&[("OOMTRACE_PAGER", ""), ("PAGER", "head")]).is_none());
    }
}
