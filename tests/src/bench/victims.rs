//! One kill at a time, in a memory cgroup of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::cgroup::{Cgroup, Hierarchy};
use crate::scenario::PREFIX;

/// A killed process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victim {
    pub(super) pid: u32,
    /// Boot time just before the page fault that ended in the kill.
    pub(super) last_fault: u64,
}

/// What makes kills.
#[derive(Debug)]
pub(super) struct Victims {
    driver: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Removed when dropped, after the driver.
    _cgroup: Cgroup,
}

impl Victims {
    /// In a cgroup limited to `limit` bytes.
    pub(super) fn new(limit: u64) -> Result<Self> {
        let name = format!("{PREFIX}{}-bench", std::process::id());
        let cgroup = Cgroup::new(&Hierarchy::find()?, name.as_bytes())?;
        cgroup.limit(limit)?;
        let mut driver = Command::new("/proc/self/exe")
            .args(["workload", "stamped"])
            .arg(cgroup.file(""))
            .arg((limit * 2).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("can't start the workload")?;
        let commands = driver.stdin.take().context("no input")?;
        let answers = BufReader::new(driver.stdout.take().context("no output")?);
        let mut victims = Self { driver, commands, answers, _cgroup: cgroup };
        victims.answer()?;
        Ok(victims)
    }

    /// Makes one kill; returns when the victim is gone.
    pub(super) fn kill(&mut self) -> Result<Victim> {
        self.commands.write_all(b"kill\n")?;
        let answer = self.answer()?;
        let mut words = answer.split_whitespace();
        let pid = words.next().and_then(|word| word.parse().ok());
        let last_fault = words.next().and_then(|word| word.parse().ok());
        let (pid, last_fault) = pid.zip(last_fault).with_context(|| format!("odd answer: {answer:?}"))?;
        Ok(Victim { pid, last_fault })
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the workload has ended");
        }
        Ok(line)
    }
}

impl Drop for Victims {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
