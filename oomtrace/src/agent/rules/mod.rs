//! Alerts before the kill: what the sampler read, compared with rules.
//!
//! [`Engine::step`] is a pure function of its state, a [`Snapshot`] and the time in it: no file is read and no clock is asked.

mod defaults;
mod engine;
mod forecast;
mod glob;
mod measure;
mod raw;
mod rule;
mod snapshot;
mod summary;

pub use defaults::defaults;
pub use engine::{Change, Engine};
pub use glob::matches;
pub use rule::{Metric, Rule};
pub use snapshot::{Psi, Snapshot};
pub use summary::alert;

#[cfg(test)]
mod tests;
