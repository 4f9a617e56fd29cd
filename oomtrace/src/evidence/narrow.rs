//! What of a recording a report is about: the kills that are asked for, and those of the command of a `run`.

use jiff::Timestamp;

use super::Evidence;
use crate::model::{Event, Footer, Incident, RunCommand, Victim};

impl Evidence {
    /// Keeps the kills that `wanted` takes; the footer counts the others, with the options that left them out.
    pub fn keep_only(&mut self, options: &[String], wanted: impl Fn(&Incident) -> bool) {
        let before = self.incidents.len();
        self.incidents.retain(|incident| wanted(incident));
        let left_out = before - self.incidents.len();
        if let Some(footer) = &mut self.footer {
            count(footer, left_out as u64, options);
        }
    }

    /// Sets apart the kills that are not of the command that the recording is about.
    pub fn set_apart(&mut self) {
        let Some(command) = self.header.as_ref().and_then(|header| header.command.clone()) else { return };
        let all = std::mem::take(&mut self.incidents);
        (self.incidents, self.elsewhere) = all.into_iter().partition(|incident| is_of(&command, incident));
    }
}

/// Adds kills that were left out to a footer.
pub fn count(footer: &mut Footer, left_out: u64, options: &[String]) {
    footer.filtered += left_out;
    for option in options {
        if !footer.filter.contains(option) {
            footer.filter.push(option.clone());
        }
    }
}

/// Whether a record is not older than that; one without a time may be newer.
#[must_use]
pub fn is_since(event: &Event, since: Timestamp) -> bool {
    let time = match event {
        Event::OomKill(incident) => &incident.time,
        Event::OomNoKill(no_kill) => &no_kill.time,
        Event::Sigkill(sigkill) => &sigkill.time,
        Event::UserspaceKill(kill) => &kill.time,
        Event::Sample(sample) => &sample.time,
        Event::Alert(alert) => &alert.time,
        Event::Header(_) | Event::Update(_) | Event::Lost(_) | Event::Footer(_) => return true,
    };
    time.parse::<Timestamp>().map_or(true, |time| time >= since)
}

/// Whether a kill is one of the command's; without a cgroup of its own nothing says that it is not.
fn is_of(command: &RunCommand, incident: &Incident) -> bool {
    let Some(cgroup) = &command.cgroup else { return true };
    let own = cgroup.as_bytes();
    let is_below =
        |path: &[u8]| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
    let died =
        |victim: &Victim| victim.cgroup.as_ref().is_some_and(|cgroup| is_below(cgroup.path.as_bytes()));
    let limit = incident.scope.memcg.as_ref().is_some_and(|memcg| is_below(memcg.level.path.as_bytes()));
    limit || incident.victims.iter().any(died)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CgroupRef, Header};

    fn kill(path: &str) -> Incident {
        let cgroup = Some(CgroupRef { path: path.into(), id: None });
        Incident { victims: vec![Victim { cgroup, ..Victim::default() }], ..Incident::default() }
    }

    #[test]
    fn kills_of_others_are_set_apart() {
        let command = RunCommand { name: "make".into(), cgroup: Some("/run-7".into()) };
        let mut evidence = Evidence {
            header: Some(Header { command: Some(command), ..Header::default() }),
            incidents: vec![kill("/other"), kill("/run-7"), kill("/run-70"), kill("/run-7/job")],
            ..Evidence::default()
        };
        evidence.set_apart();
        assert_eq!((evidence.incidents.len(), evidence.elsewhere.len()), (2, 2));
        evidence.header = None;
        evidence.set_apart();
        assert_eq!(evidence.incidents.len(), 2, "another recording is about all");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let footer = Footer { kills: 3, complete: true, ..Footer::default() };
        let incidents = vec![kill("/a"), kill("/b"), kill("/a")];
        let mut evidence = Evidence { incidents, footer: Some(footer), ..Evidence::default() };
        evidence.keep_only(&["--cgroup /b".into()], |incident| *incident == kill("/b"));
        let footer = evidence.footer.unwrap();
        assert_eq!((evidence.incidents.len(), footer.filtered), (1, 2));
        assert_eq!(super::super::matched(&footer), "1 of 3 OOM kills matched --cgroup /b");
    }
}
