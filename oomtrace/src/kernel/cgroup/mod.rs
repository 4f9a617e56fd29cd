//! Memory cgroups: where they are mounted, how their files are named, and what a path says.

pub mod container;
mod files;
mod hierarchy;
mod level;
mod memcgs;
mod of_process;

pub(crate) use files::file_in;
pub use hierarchy::{Hierarchy, Version};
pub(crate) use level::{Level, kills};
pub(crate) use memcgs::Memcgs;
pub(crate) use of_process::parse_cgroup;
