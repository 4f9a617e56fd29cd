//! The two processes in the sandbox, and the wait for the kill.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::child::{Role, SPARED};
use super::sandbox::Sandbox;

/// The leak ends by itself at that many times the limit.
const TIMES: u64 = 4;
/// The leak takes about a second; a machine that is short of memory or under emulation is much slower.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who died and who did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Killed {
    /// Process id of the one that leaked and was killed.
    pub victim: u32,
    /// Process id of the one beside it.
    pub neighbour: u32,
}

/// The running children; dropping it ends them.
#[derive(Debug)]
pub struct Victims {
    leak: Child,
    neighbour: Child,
    limit: u64,
    start: Instant,
}

impl Victims {
    /// Starts the neighbour and, once that has its memory, the leak.
    ///
    /// # Errors
    /// A child could not be started or moved into the cgroup.
    pub fn start(sandbox: &Sandbox) -> Result<Self> {
        let mut neighbour = Neighbour(Some(sandbox.spawn(Role::Neighbour)?));
        neighbour.wait_until_ready()?;
        let leak = sandbox.spawn(Role::Leak(sandbox.limit().saturating_mul(TIMES)))?;
        let neighbour = neighbour.0.take().context("the neighbour is gone")?;
        Ok(Self { leak, neighbour, limit: sandbox.limit(), start: Instant::now() })
    }

    /// Whether the kernel has killed the leak by now. Does not wait.
    ///
    /// # Errors
    /// The leak ended otherwise, or lives on for too long; with the likely cause.
    pub fn poll(&mut self) -> Result<Option<Killed>> {
        match self.leak.try_wait().context("can't ask for the state of the demo's child")? {
            Some(status) => self.ended(status).map(Some),
            None if self.start.elapsed() > PATIENCE => bail!(
                "the demo's child lives on after {} s: does something else handle this cgroup's OOMs, or is the \
                 machine stuck?",
                PATIENCE.as_secs()
            ),
            None => Ok(None),
        }
    }

    fn ended(&self, status: ExitStatus) -> Result<Killed> {
        if status.signal() == Some(libc::SIGKILL) {
            return Ok(Killed { victim: self.leak.id(), neighbour: self.neighbour.id() });
        }
        if status.code() == Some(i32::from(SPARED)) {
            bail!(
                "the demo's child took {TIMES} times its limit of {} MiB and was not killed: was it swapped out? (try \
                 swapoff -a, or boot with swapaccount=1)",
                self.limit >> 20
            );
        }
        bail!("the demo's child ended without being killed ({status})")
    }
}

impl Drop for Victims {
    fn drop(&mut self) {
        end(&mut self.leak);
        end(&mut self.neighbour);
    }
}

/// The neighbour while there is no leak yet; dropping it ends it.
struct Neighbour(Option<Child>);

impl Neighbour {
    /// Waits until it has its memory.
    fn wait_until_ready(&mut self) -> Result<()> {
        let pipe = self.0.as_mut().and_then(|child| child.stdout.as_mut());
        let mut word = [0; 6];
        pipe.context("no pipe to the demo's child")?
            .read_exact(&mut word)
            .context("the demo's small child ended at once: is the machine itself out of memory?")
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.0.as_mut().map(end);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
