//! Samples from the files of /proc and of the cgroup file system.

mod cgroups;
mod kept;
mod meminfo;
mod parts;
mod process;
mod processes;
mod status;

pub(crate) use cgroups::{FileCgroups, root_usage};
pub(crate) use meminfo::Meminfo;
pub(crate) use process::directory;
pub(crate) use processes::FileProcesses;
