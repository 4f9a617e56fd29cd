//! What to change?

use super::Answer;
use crate::model::Incident;
use crate::render::text::words;

/// What is said where there is no advice.
pub(in crate::render) const NONE: &str = "No recommendation: this kill's data does not support one.";

pub(super) fn answer(incident: &Incident) -> Answer {
    let question = "What to change?";
    let Some(advice) = incident.diagnosis.as_ref().and_then(|diagnosis| diagnosis.advice.first()) else {
        let short = NONE.into();
        return Answer { question, short, ..Answer::default() };
    };
    Answer {
        question,
        short: sentence(&words::safe(&advice.action)),
        more: Some(words::safe(&advice.why))
            .filter(|why| !why.is_empty())
            .map(|why| sentence(&why))
            .into_iter()
            .collect(),
        command: advice.command.as_deref().map(words::safe),
    }
}

/// With a full stop.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}
