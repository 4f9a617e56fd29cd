//! Whose rights count: who called a program that runs as root, and how to act with no more than that user's rights.
//!
//! `run` gives its command these rights, and every file that a user names is opened with them.

mod act;
mod caller;
mod capabilities;
mod descend;
mod directory;
mod environment;
mod ids;
mod owner;
mod trusted;
mod user;

pub use caller::Caller;
pub use capabilities::{give_up_privileges, read_file, with_all};
pub use descend::Descent;
pub use directory::Directory;
pub use environment::environment_of;
pub use owner::{Owner, caller};
pub use trusted::{only_root_writes, system_program};
pub use user::User;
