//! Options of `doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::command::terminal::ColorChoice;

/// Options of `doctor`.
#[derive(Clone, Debug, Default, Args)]
pub struct DoctorArgs {
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Print more to standard error; repeat to include the BPF verifier log
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Read the kernel's type information (BTF) from FILE instead of /sys/kernel/btf/vmlinux
    #[arg(long, value_name = "FILE")]
    pub btf: Option<PathBuf>,
    /// Leave out a kind of hook, a fact or a program
    #[arg(long, value_name = "NAME", hide = true)]
    pub without_probe: Vec<String>,
}
