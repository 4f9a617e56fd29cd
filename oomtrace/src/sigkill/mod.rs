//! Who sent a SIGKILL: exit code 137 says only that somebody did.

mod classify;
mod known;

pub use classify::{Recognised, recognise};
