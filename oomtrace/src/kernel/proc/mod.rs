//! The texts of `/proc`: how they are opened, and what their lines say.

mod dir;
pub(crate) mod meminfo;
mod stat;
pub(crate) mod text;

pub(crate) use dir::Dir;
pub(crate) use meminfo::Meminfo;
pub(crate) use stat::{Stat, tick_ns};
