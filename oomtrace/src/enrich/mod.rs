//! What user space can add to an incident.

mod dir;
pub mod identity;
pub mod process;
pub mod roots;
pub mod scene;
