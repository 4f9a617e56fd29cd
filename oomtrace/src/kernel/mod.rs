//! What kernel this is: its types (BTF), field layout, symbols, flag names, clocks and limits on this program.
//!
//! Everything that reads files takes [`Roots`], so that tests and other mount points can stand in for /proc and /sys.

pub mod btf;
pub mod capability;
pub mod cgroup;
pub mod clock;
pub mod counters;
pub mod gfp;
pub mod grant;
pub mod host;
pub mod layout;
pub mod lockdown;
pub mod namespace;
pub(crate) mod proc;
pub mod roots;
pub mod symbols;
pub mod text_symbols;

pub use btf::{Btf, Named, Numbered, blob_of};
pub use gfp::GfpNames;
pub use lockdown::Lockdown;
pub use namespace::Namespace;
pub use roots::Roots;
