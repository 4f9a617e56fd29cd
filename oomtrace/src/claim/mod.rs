//! What a program calls itself, and whether that is proved.
//!
//! Any process can take any name, and any user can log under any tag. A known program is one by marks that only root can give:
//! the system unit it runs in, or its executable in directories that only root writes together with the user it runs as. All
//! else is a claim, and is shown as one.

mod judge;
mod live;
mod path;
mod programs;
mod unit;

pub use judge::{Claim, File, Marks, Origin, judge, runtime_copy};
pub use live::{executable, user_id};
pub use path::is_sealed_copy;
pub use programs::{killers_units, service_user};
pub use unit::{is_of_container, system_unit};
