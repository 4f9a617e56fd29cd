//! `KEY=VALUE` arguments of the generator.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// What is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Private pages.
    #[default]
    Anon,
    /// Private huge pages.
    Huge,
    /// Shared anonymous pages, touched.
    Shared,
    /// A memfd, by write(): nobody maps it.
    Memfd,
    /// A file on a tmpfs of its own, by write().
    Tmpfs,
    /// A System V segment, touched.
    SysV,
    /// Pipes, filled.
    Pipe,
    /// Unix sockets, filled.
    Socket,
    /// Empty files on a tmpfs of its own: inodes and dentries.
    Inode,
    /// A mapped file, locked.
    Locked,
    /// A file on a ramfs of its own: page cache that can't be reclaimed.
    Ramfs,
}

/// How bytes held follow from time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Shape {
    /// At an even rate.
    #[default]
    Linear,
    /// In portions, one a period.
    Portions {
        /// Time between two.
        period: Duration,
    },
    /// Ever slower towards `top` bytes, two thirds of them after `tau`.
    Saturating {
        /// Bytes.
        top: f64,
        /// Time constant.
        tau: Duration,
    },
    /// Up to `top` bytes within each period, then all is given back.
    Sawtooth {
        /// Bytes.
        top: f64,
        /// Of one tooth.
        period: Duration,
    },
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) ledger: Option<PathBuf>,
    pub(super) slot: usize,
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    /// Bytes touched at once, before the wait.
    pub(super) base: u64,
    /// From the base to the onset.
    pub(super) wait: Duration,
    /// Bytes per second.
    pub(super) rate: f64,
    /// Each portion may be so much smaller or larger, 0 to 1.
    pub(super) jitter: f64,
    pub(super) seed: u64,
    /// At most so many bytes at a time.
    pub(super) step: u64,
    /// Ends by itself so long after the onset.
    pub(super) exit_after: Option<Duration>,
    /// Number of children: a swarm, or with `leaker` a pool.
    pub(super) children: Option<u64>,
    /// Bytes of each child of a swarm.
    pub(super) child_bytes: u64,
    /// Number of the child of a pool that grows.
    pub(super) leaker: Option<u64>,
    /// For files.
    pub(super) directory: PathBuf,
}

impl Spec {
    pub(super) fn parse(arguments: &[Vec<u8>]) -> Result<Self> {
        let mut spec = Self { step: 4 << 20, directory: "/tmp".into(), ..Self::default() };
        let (mut shape, mut top, mut tau, mut period) = (String::new(), 0.0, Duration::ZERO, Duration::ZERO);
        for argument in arguments {
            let text = String::from_utf8_lossy(argument);
            let (key, value) = text.split_once('=').with_context(|| format!("not KEY=VALUE: {text}"))?;
            match key {
                "ledger" => spec.ledger = Some(value.into()),
                "slot" => spec.slot = value.parse()?,
                "kind" => spec.kind = kind(value)?,
                "shape" => value.clone_into(&mut shape),
                "top" => top = value.parse()?,
                "tau_ms" => tau = Duration::from_millis(value.parse()?),
                "period_ms" => period = Duration::from_millis(value.parse()?),
                "base" => spec.base = value.parse()?,
                "wait_ms" => spec.wait = Duration::from_millis(value.parse()?),
                "rate" => spec.rate = value.parse()?,
                "jitter" => spec.jitter = value.parse()?,
                "seed" => spec.seed = value.parse()?,
                "exit_ms" => spec.exit_after = Some(Duration::from_millis(value.parse()?)),
                "children" => spec.children = Some(value.parse()?),
                "child_bytes" => spec.child_bytes = value.parse()?,
                "leaker" => spec.leaker = Some(value.parse()?),
                "dir" => spec.directory = value.into(),
                other => bail!("the generator knows no {other}"),
            }
        }
        spec.shape = match shape.as_str() {
            "" | "linear" => Shape::Linear,
            "portions" => Shape::Portions { period },
            "saturating" => Shape::Saturating { top, tau },
            "sawtooth" => Shape::Sawtooth { top, period },
            other => bail!("the generator knows no shape {other}"),
        };
        Ok(spec)
    }

    /// The most that it may come to hold; what is reserved beforehand.
    pub(super) fn most(&self) -> u64 {
        match self.shape {
            Shape::Saturating { top, .. } | Shape::Sawtooth { top, .. } => top as u64 + (64 << 20),
            // More than any machine that this runs on has to give.
            Shape::Linear | Shape::Portions { .. } => 8 << 30,
        }
    }
}

fn kind(name: &str) -> Result<Kind> {
    Ok(match name {
        "anon" => Kind::Anon,
        "huge" => Kind::Huge,
        "shared" => Kind::Shared,
        "memfd" => Kind::Memfd,
        "tmpfs" => Kind::Tmpfs,
        "sysv" => Kind::SysV,
        "pipe" => Kind::Pipe,
        "socket" => Kind::Socket,
        "inode" => Kind::Inode,
        "locked" => Kind::Locked,
        "ramfs" => Kind::Ramfs,
        other => bail!("the generator knows no kind {other}"),
    })
}
