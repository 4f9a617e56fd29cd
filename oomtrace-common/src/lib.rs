//! What the kernel side and the user side of oomtrace agree on: the records of the ring buffer, the field offsets of
//! the running kernel, and the limits of both. No dependencies, no allocation, integers only.
#![no_std]

mod layout;
mod limits;
mod record;
mod sample;

pub use layout::*;
pub use limits::*;
pub use record::*;
pub use sample::*;
