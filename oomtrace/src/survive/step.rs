//! What came of a measure.

/// How far a measure went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As wanted.
    Done,
    /// In part.
    Partly,
    /// Not at all.
    Failed,
}

/// What came of a measure, to show to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The measure.
    pub name: &'static str,
    /// How far it went.
    pub state: State,
    /// What was reached and, where that is not all, the cause.
    pub detail: String,
    /// What to do about it; absent when it is as wanted.
    pub remedy: Option<String>,
}

impl Step {
    /// As wanted.
    pub(super) fn done(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Done, detail: detail.into(), remedy: None }
    }

    /// Not as wanted.
    pub(super) fn short(
        name: &'static str,
        state: State,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { name, state, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    /// For the header of a stream: cause and remedy; `None` when all is well.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let remedy = self.remedy.as_ref()?;
        Some(format!("{}: {}; {remedy}", self.name, self.detail))
    }
}
