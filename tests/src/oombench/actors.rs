//! The processes of a case.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::case::{Actor, Work};
use super::ledger::Ledger;
use crate::sys;

/// Time to become ready; programs of others start slowly on an emulated machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where programs and files of a runner are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The generator under its names.
    pub(super) programs: PathBuf,
    /// A directory on a disk, of the case's own.
    pub(super) directory: PathBuf,
    /// Root directory of other people's programs.
    pub(super) root: Option<PathBuf>,
}

impl Places {
    /// The directory as other people's programs see it.
    fn inside(&self) -> String {
        let root = self.root.as_deref().unwrap_or(Path::new("/"));
        let below = self.directory.strip_prefix(root).unwrap_or(&self.directory);
        Path::new("/").join(below).display().to_string()
    }
}

/// A line that a program said, and when (`CLOCK_BOOTTIME` ns).
type Said = (String, u64);

/// One that runs; killed when dropped.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    lines: Receiver<Said>,
    slot: Option<usize>,
    /// When it was started, `CLOCK_BOOTTIME` ns.
    pub(super) started_ns: u64,
    /// When it said that it begins to grow.
    pub(super) onset_ns: Option<u64>,
    /// The process that it said it was.
    pub(super) grower: Option<u32>,
}

impl Running {
    /// Starts `actor` as number `slot` of the case, in these cgroups.
    pub(super) fn start(
        actor: &Actor,
        slot: usize,
        cgroups: &[OsString],
        ledger: &Ledger,
        places: &Places,
        more: &[String],
    ) -> Result<Self> {
        let mut command = command(actor, slot, cgroups, ledger, places)?;
        command.args(more);
        let started_ns = sys::boottime_ns();
        let log = places.directory.join(format!("actor-{slot}.err"));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).context("can't make an actor's log")?)
            .spawn()
            .context("can't start an actor")?;
        let output = child.stdout.take().context("no standard output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                // Read on when nobody listens any more: a full pipe would stop the program.
                let _ = sender.send((line, sys::boottime_ns()));
            }
        });
        let slot = matches!(actor.work, Work::Grow { .. }).then_some(slot);
        Ok(Self { child, lines, slot, started_ns, onset_ns: None, grower: None })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it is as far as it was to come before the next one starts.
    pub(super) fn ready(&mut self, work: &Work, ledger: &Ledger) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        match (work, self.slot) {
            (_, Some(slot)) => {
                while ledger.entry(slot).ready == 0 {
                    if let Some(status) = self.child.try_wait()? {
                        bail!("actor {slot} ended before it was ready: {status}");
                    }
                    if Instant::now() > end {
                        bail!("actor {slot} was not ready within {PATIENCE:?}");
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
                Ok(())
            }
            (Work::Program { says_ready: true, .. }, None) => self.hear("ready"),
            _ => Ok(()),
        }
    }

    /// Waits until it says `word`.
    fn hear(&mut self, word: &str) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(Duration::from_millis(200)) {
                Ok((line, _)) if line == word => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => bail!("a program ended before it said {word}"),
                Err(RecvTimeoutError::Timeout) if Instant::now() > end => {
                    bail!("a program did not say {word} within {PATIENCE:?}")
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Takes down the onset when it has been said by now.
    pub(super) fn listen(&mut self) {
        while let Ok((line, at)) = self.lines.try_recv() {
            if let Some(pid) = line.strip_prefix("grow") {
                self.onset_ns = self.onset_ns.or(Some(at));
                self.grower = self.grower.or(pid.trim().parse().ok());
            }
        }
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > end {
                bail!("an actor did not end within {limit:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(
    actor: &Actor,
    slot: usize,
    cgroups: &[OsString],
    ledger: &Ledger,
    places: &Places,
) -> Result<Command> {
    let mut command = match &actor.work {
        Work::Grow { name, .. } => Command::new(places.programs.join(name)),
        Work::Reread { .. } | Work::Program { .. } => Command::new("/proc/self/exe"),
    };
    // The runner may be spared by the OOM killer; what it starts must be like any other process.
    command.args(["workload", "adj=0"]).args(cgroups);
    match &actor.work {
        Work::Grow { arguments, .. } => {
            let own = [
                format!("ledger={}", ledger.path().display()),
                format!("slot={slot}"),
                format!("dir={}", places.directory.display()),
            ];
            command.arg("grow").args(own).args(arguments);
        }
        Work::Reread { size } => {
            command.arg("reread").arg(cold_file(&places.directory, *size)?);
        }
        Work::Program { argv, .. } => program(&mut command, argv, places),
    }
    Ok(command)
}

fn program(command: &mut Command, argv: &[String], places: &Places) {
    let inside = places.inside();
    if let Some(root) = &places.root {
        // PID 1 of a guest has none, and some are where only root looks.
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.arg(format!("root={}", root.display()));
    }
    command.arg(format!("dir={inside}")).arg("exec");
    command.args(argv.iter().map(|argument| argument.replace("@DIR@", &inside)));
}

/// Writes the files of a program, and runs what is to run before it, outside of all cgroups.
pub(super) fn prepare(work: &Work, places: &Places) -> Result<()> {
    let Work::Program { files, prepare, .. } = work else { return Ok(()) };
    for (name, content) in files {
        std::fs::write(places.directory.join(name), content)?;
    }
    for argv in prepare {
        let mut command = Command::new("/proc/self/exe");
        command.arg("workload");
        program(&mut command, argv, places);
        let output = command.stdin(Stdio::null()).output().context("can't prepare a program")?;
        if !output.status.success() {
            bail!("{} failed: {}", argv.join(" "), String::from_utf8_lossy(&output.stderr));
        }
    }
    Ok(())
}

/// A file that is on the disk and not in the page cache: whoever reads it is charged for it.
fn cold_file(directory: &Path, size: u64) -> Result<PathBuf> {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    let path = directory.join("working-set");
    let mut file = std::fs::File::create(&path)?;
    let block = vec![7_u8; 1 << 20];
    for _ in 0..size.div_ceil(1 << 20) {
        file.write_all(&block)?;
    }
    file.sync_all()?;
    // SAFETY: no memory is involved.
    unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    Ok(path)
}
