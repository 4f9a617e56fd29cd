//! The agent's settings: flags go before variables, these before the file, and that before the defaults.

mod file;
mod near;
mod partial;
mod settings;
mod values;

pub use file::{load, parse};
pub use partial::Partial;
pub use settings::{STATE_DIR, Settings};
pub use values::{Fsync, Redaction, Size, Span};

#[cfg(test)]
mod tests;
