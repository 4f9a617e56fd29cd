//! Samples from the files of /proc and of the cgroup file system.

mod cgroups;
mod hierarchy;
mod kept;
mod meminfo;
mod parts;
mod process;
mod processes;
mod status;
pub(crate) mod text;

pub(crate) use cgroups::{FileCgroups, root_usage};
pub(crate) use hierarchy::Memcgs;
pub(crate) use meminfo::Meminfo;
pub(crate) use process::directory;
pub(crate) use processes::FileProcesses;
