//! What user space can add to an incident: who its victims were, and the machine's memory.
//!
//! Readers take [`Roots`](crate::kernel::Roots), find every part optional, and treat what processes say of themselves as hostile bytes.

mod enricher;
mod grown;
pub mod identity;
mod late;
pub mod process;
pub mod redact;
pub mod runtime;
pub mod scene;

pub use enricher::*;
