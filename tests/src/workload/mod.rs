//! Programs that use memory in a known way: `workload [OPTION=VALUE]... PROGRAM [ARGUMENT]...`.
//!
//! They print `ready` after each step and go on when a line arrives on standard input, so that nothing depends on time.

mod anon;
mod busy;
mod crowd;
mod family;
mod grow;
mod hung;
mod mapping;
mod reread;
mod sharing;
mod stamped;
mod storm;
mod threads;

use std::ffi::OsString;
use std::io::{BufRead as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::sys;

/// Runs the workload that the arguments (without `workload`) name; returns its exit code.
///
/// # Errors
/// When an option or program is unknown, or a system call fails.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> Result<i32> {
    let mut uid = None;
    let program = loop {
        let argument = arguments.next().context("no workload named")?.into_vec();
        let Some(equals) = argument.iter().position(|byte| *byte == b'=') else { break argument };
        let value = argument[equals + 1..].to_vec();
        match &argument[..equals] {
            b"uid" => uid = Some(parse(&value)?),
            option => apply(option, value)?,
        }
    };
    if let Some(uid) = uid {
        sys::set_uid(uid)?;
    }
    // After setuid, which clears it.
    sys::die_with_parent()?;
    run(&program, &arguments.map(OsString::into_vec).collect::<Vec<_>>())
}

fn run(program: &[u8], arguments: &[Vec<u8>]) -> Result<i32> {
    match program {
        b"grow" => grow::run(arguments),
        b"reread" => reread::run(path(arguments, 0)?),
        b"exec" => exec(arguments),
        b"spawn" => family::spawn(arguments),
        b"hold" => hold(),
        b"hung" => hung::run(path(arguments, 0)?, &sizes(&arguments[1..])?),
        b"spin" => busy::spin(&sizes(arguments)?),
        b"forks" => busy::forks(&sizes(arguments)?),
        b"crowd" => crowd::run(&sizes(arguments)?),
        b"threads" => threads::run(&sizes(arguments)?),
        b"anon" => anon::run(&sizes(arguments)?),
        b"shmem" => mapping::shmem(&sizes(arguments)?),
        b"shmem-write" => mapping::shmem_write(&sizes(arguments)?),
        b"file" => mapping::file(path(arguments, 0)?, &sizes(&arguments[1..])?),
        b"share-mm" => sharing::share_mm(&sizes(arguments)?),
        b"leader-exit" => sharing::leader_exit(&sizes(arguments)?),
        b"stamped" => stamped::run(path(arguments, 0)?, &sizes(&arguments[1..])?),
        b"storm" => storm::run(path(arguments, 0)?, &sizes(&arguments[1..])?),
        b"write" => {
            ready();
            wait();
            std::fs::write(path(arguments, 0)?, arguments.get(1).context("no value")?)?;
            Ok(0)
        }
        other => bail!("no workload {}", String::from_utf8_lossy(other)),
    }
}

fn apply(option: &[u8], value: Vec<u8>) -> Result<()> {
    match option {
        b"cgroup" => {
            let file = Path::new(&OsString::from_vec(value)).join("cgroup.procs");
            std::fs::write(&file, "0").with_context(|| format!("can't join {}", file.display()))?;
        }
        b"adj" => std::fs::write("/proc/self/oom_score_adj", value).context("can't set oom_score_adj")?,
        b"root" => {
            let root = Path::new(std::ffi::OsStr::from_bytes(&value));
            sys::change_root(root).context("can't change root")?;
        }
        b"dir" => std::env::set_current_dir(std::ffi::OsStr::from_bytes(&value))
            .context("can't change directory")?,
        b"comm" => sys::set_comm(&value)?,
        b"nodes" => sys::bind_nodes(parse(&value)?).context("can't bind memory to nodes")?,
        other => bail!("no option {}", String::from_utf8_lossy(other)),
    }
    Ok(())
}

/// Becomes another program.
fn exec(arguments: &[Vec<u8>]) -> Result<i32> {
    use std::os::unix::process::CommandExt as _;
    let (program, rest) = arguments.split_first().context("exec PROGRAM [ARGUMENT]...")?;
    let program = std::ffi::OsStr::from_bytes(program);
    let rest = rest.iter().map(|argument| std::ffi::OsStr::from_bytes(argument));
    Err(std::process::Command::new(program).args(rest).exec())
        .with_context(|| format!("can't run {}", program.display()))
}

fn path(arguments: &[Vec<u8>], at: usize) -> Result<&Path> {
    Ok(Path::new(std::ffi::OsStr::from_bytes(arguments.get(at).context("no path")?)))
}

fn sizes(arguments: &[Vec<u8>]) -> Result<Vec<usize>> {
    arguments.iter().map(|argument| parse(argument)).collect()
}

fn parse<T: std::str::FromStr>(value: &[u8]) -> Result<T> {
    let text = String::from_utf8_lossy(value);
    text.parse().ok().with_context(|| format!("not a number: {text}"))
}

/// Says that a step is done.
fn ready() {
    say("ready");
}

/// One line for the scenario.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Waits for a line; without one to come, for the end.
fn wait() {
    let mut line = Vec::new();
    // Unbuffered by a byte at a time would do as well: one line is all that ever comes at once.
    if std::io::stdin().lock().read_until(b'\n', &mut line).unwrap_or(0) == 0 {
        hold();
    }
}

/// Stays until killed.
fn hold() -> ! {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
}

/// Takes the steps one by one: each as soon as a line has arrived for it, the first at once.
fn steps(sizes: &[usize], mut take: impl FnMut(usize) -> Result<()>) -> Result<i32> {
    for (at, size) in sizes.iter().enumerate() {
        if at > 0 {
            wait();
        }
        take(*size)?;
        ready();
    }
    hold();
}
