//! The texts of `/proc`: how they are opened, and what their lines say.

mod dir;
mod stat;
pub(crate) mod text;

pub(crate) use dir::Dir;
pub(crate) use stat::{Stat, tick_ns};
