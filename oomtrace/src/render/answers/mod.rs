//! The four questions that every report answers, in plain words, for the renderers that lay them out themselves.
//!
//! All text is safe to show: what comes from traced programs has been through `escape`. It still has to be escaped for the
//! format that it goes to.

pub(super) mod change;
mod choice;
mod elsewhere;
pub(super) mod growth;
pub(super) mod limit;
mod pressure;
pub(super) mod program;
pub(super) mod ran_out;
pub(super) mod signs;
pub(super) mod userspace;

pub use elsewhere::elsewhere_heading;
pub(crate) use growth::verdict_name;
pub(super) use growth::{cause, confidence, culprit_name, paced};
pub(super) use pressure::pressure;

use super::text::words;
use crate::model::{Incident, SourceKind};

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The question.
    pub question: &'static str,
    /// The answer in a sentence.
    pub short: String,
    /// What it rests on, a sentence each.
    pub more: Vec<String>,
    /// Something to type or set.
    pub command: Option<String>,
}

/// The four answers.
pub(super) fn of(incident: &Incident) -> [Answer; 4] {
    [limit::answer(incident), choice::answer(incident), growth::answer(incident), change::answer(incident)]
}

/// `java (pid 4711) was killed: its pod hit its memory limit of 512 MiB.`
pub(super) fn headline(incident: &Incident) -> String {
    let who = match words::chosen(incident) {
        Some(victim) => format!("{} was killed", words::task(&victim.comm, victim.pid)),
        None if incident.source.kind == SourceKind::Counters => {
            "A process was killed, nobody saw which".into()
        }
        None => "A process was killed; which one is not known".into(),
    };
    let more = match incident.victims.len() {
        0 | 1 => String::new(),
        2 => " 1 other process died with it.".into(),
        all => format!(" {} other processes died with it.", all - 1),
    };
    format!("{who}: {}{more}", super::text::headline::cause(incident))
}

/// Whether one moment is all that is known: nothing was sampled before the kill.
pub(super) fn is_moment(incident: &Incident) -> bool {
    incident.history.is_none() && incident.scope.sysrq != Some(true)
}

/// The victim's name alone, for titles.
pub(super) fn victim(incident: &Incident) -> String {
    words::chosen(incident).map_or("unknown process".into(), |victim| words::name(&victim.comm))
}

/// When it was; as an old log has it where that does not tell the zone.
pub(super) fn when(incident: &Incident) -> String {
    super::text::headline::when(incident)
}

/// Whose limit, in a few words, for tables.
pub(super) fn limit(incident: &Incident) -> String {
    limit::whose(incident)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Incident, Text, Victim};

    #[test]
    fn the_less_is_known_the_less_is_said() {
        let answers = of(&Incident::default());
        assert!(answers[0].short.starts_with("Yes"), "{answers:?}");
        assert!(answers[1].short.contains("not known"), "{answers:?}");
        assert!(answers[2].short.contains("Not known"), "{answers:?}");
        assert!(answers.iter().all(|answer| !answer.short.is_empty()), "{answers:?}");
    }

    #[test]
    fn names_are_made_visible() {
        let victim = Victim { comm: Text::from("a\u{1b}\nb"), pid: 7, ..Victim::default() };
        let incident = Incident { victims: vec![victim], ..Incident::default() };
        assert!(headline(&incident).starts_with("a\\x1b\\nb"), "{}", headline(&incident));
    }
}
