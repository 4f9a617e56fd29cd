//! What became of each rung.

use super::{Fact, Rung};

/// What became of a rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Loaded and attached.
    Attached,
    /// A better rung serves.
    NotNeeded,
    /// It was tried and works; a better rung serves.
    Spare,
    /// Switched off on the command line.
    SwitchedOff,
    /// The kernel lacks what it needs.
    Unsupported(String),
    /// The kernel refused; the reason in one line.
    Refused(String),
}

/// A rung and its state.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it would tell.
    pub fact: Fact,
    /// The rung.
    pub rung: &'static Rung,
    /// Its state.
    pub state: State,
}

impl Outcome {
    /// True when it serves.
    #[must_use]
    pub fn attached(&self) -> bool {
        self.state == State::Attached
    }
}

/// The label of the rung that serves a fact.
#[must_use]
pub fn serving(outcomes: &[Outcome], fact: Fact) -> Option<&'static Rung> {
    outcomes.iter().find(|o| o.fact == fact && o.attached()).map(|o| o.rung)
}

/// What reports will lack, one sentence per fact that no rung serves.
#[must_use]
pub fn shortfalls(outcomes: &[Outcome]) -> Vec<String> {
    let mut facts: Vec<Fact> = outcomes.iter().map(|o| o.fact).collect();
    facts.dedup();
    let lacking = facts.into_iter().filter(|fact| serving(outcomes, *fact).is_none());
    lacking.map(|fact| format!("no hook for the {}: {}", fact.name(), fact.without())).collect()
}
