//! Bytes of the binary users get.

use crate::userspace::{self, Arch, Profile};
use anyhow::{Result, ensure};

/// What it may grow to: 6 MiB for the tracer, 4 for the agent's store, HTTP and TLS.
const LIMIT: u64 = 10 << 20;

/// Bytes of the stripped static binary.
#[derive(clap::Args)]
pub(crate) struct Size {
    /// Only this architecture (may be repeated)
    #[arg(long, value_enum)]
    arch: Vec<Arch>,
}

impl Size {
    pub(crate) fn run(self) -> Result<()> {
        let archs = if self.arch.is_empty() { Arch::ALL.to_vec() } else { self.arch };
        let mut worst = 0;
        for arch in archs {
            for file in userspace::build_static(arch, Profile::Release, &[userspace::OOMTRACE])? {
                let bytes = std::fs::metadata(&file)?.len();
                println!("{:<8} {bytes} bytes ({:.2} MiB)", arch.name(), mib(bytes));
                worst = worst.max(bytes);
            }
        }
        ensure!(worst <= LIMIT, "{worst} bytes are more than {LIMIT}");
        Ok(())
    }
}

fn mib(bytes: u64) -> f64 {
    // A binary is far below 2^53 bytes.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let bytes = bytes as f64;
    bytes / f64::from(1 << 20)
}
