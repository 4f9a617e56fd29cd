//! What user space can add to an incident.

mod dir;
pub mod process;
pub mod roots;
