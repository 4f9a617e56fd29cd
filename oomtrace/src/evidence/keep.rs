//! How much of a recording is kept, so that memory stays bounded however long the file is. What is left out is counted.

use super::{Evidence, fold};
use crate::model::{Event, Incident};

/// Kills kept; those beyond are counted.
pub(crate) const KILLS: usize = 20_000;
/// Bytes in the file of the kills that are kept whole; of those beyond only what tables show is kept.
const WHOLE: u64 = 64 << 20;
/// Bytes in the file of the samples that are kept. With more, every second one goes, and so on.
const SAMPLES: u64 = 32 << 20;
/// Records of any other kind.
const OTHERS: usize = 20_000;
/// Candidates of a kill, and victims; the kernel side sends 32 candidates, a log has all of its tasks.
const MEMBERS: usize = 4_096;
/// Notes of a kill.
const NOTES: usize = 256;

/// Takes what is read from a recording.
pub(super) trait Sink {
    /// Takes a record that takes `length` bytes in the file. Headers and footers come to [`Evidence`] otherwise.
    fn take(&mut self, evidence: &mut Evidence, event: Event, length: u64);
    /// There is no use in reading on.
    fn is_closed(&self) -> bool {
        false
    }
}

/// Keeps records, within bounds.
pub(super) struct Keep {
    /// Bytes that may still be kept of whole kills.
    whole: u64,
    samples: Thinned,
}

/// Every how many samples one is kept.
struct Thinned {
    stride: u64,
    seen: u64,
    bytes: u64,
}

impl Default for Keep {
    fn default() -> Self {
        Self { whole: WHOLE, samples: Thinned { stride: 1, seen: 0, bytes: 0 } }
    }
}

impl Sink for Keep {
    fn take(&mut self, evidence: &mut Evidence, event: Event, length: u64) {
        let left_out = &mut evidence.unread.left_out;
        match event {
            Event::OomKill(incident) => self.kill(evidence, *incident, length),
            Event::Update(update) => {
                self.whole = self.whole.saturating_sub(length);
                let is_known = fold::update(&mut evidence.incidents, update);
                evidence.unread.orphans += u64::from(!is_known);
            }
            Event::Sample(sample) => {
                self.samples.take(&mut evidence.samples, sample, length);
                evidence.unread.thinned = (self.samples.stride > 1).then_some(self.samples.stride);
            }
            Event::OomNoKill(no_kill) if evidence.no_kills.len() < OTHERS => evidence.no_kills.push(no_kill),
            Event::Sigkill(sent) if evidence.sigkills.len() < OTHERS => evidence.sigkills.push(*sent),
            Event::UserspaceKill(kill) if evidence.userspace_kills.len() < OTHERS => {
                evidence.userspace_kills.push(*kill);
            }
            Event::Alert(alert) if evidence.alerts.len() < OTHERS => evidence.alerts.push(*alert),
            Event::Lost(lost) if evidence.losses.len() < OTHERS => evidence.losses.push(lost),
            Event::Lost(lost) => {
                // What was lost stays counted.
                if let Some(last) = evidence.losses.last_mut() {
                    last.kills = last.kills.saturating_add(lost.kills);
                    last.records = last.records.saturating_add(lost.records);
                }
            }
            Event::OomNoKill(_) | Event::Sigkill(_) | Event::UserspaceKill(_) | Event::Alert(_) => {
                left_out.others += 1;
            }
            Event::Header(_) | Event::Footer(_) => {}
        }
    }
}

impl Keep {
    fn kill(&mut self, evidence: &mut Evidence, mut incident: Incident, length: u64) {
        bound(&mut incident);
        match self.whole.checked_sub(length) {
            Some(left) => self.whole = left,
            None => {
                incident = for_tables(incident);
                evidence.unread.left_out.details += 1;
            }
        }
        fold::incident(&mut evidence.incidents, incident);
        if evidence.incidents.len() > KILLS {
            evidence.incidents.pop();
            evidence.unread.left_out.kills += 1;
        }
    }
}

impl Thinned {
    /// Keeps a sample in [`stride`](Self::stride); halves what is kept when it is too much.
    fn take<T>(&mut self, samples: &mut Vec<T>, sample: T, length: u64) {
        let is_next = self.seen.is_multiple_of(self.stride);
        self.seen += 1;
        if !is_next {
            return;
        }
        samples.push(sample);
        self.bytes += length;
        if self.bytes > SAMPLES {
            let mut at = 0_usize;
            samples.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.stride *= 2;
            self.bytes /= 2;
        }
    }
}

/// Leaves out members and notes beyond what anybody reads; what is left out is a note of the kill.
fn bound(incident: &mut Incident) {
    let too_many =
        [("candidates", incident.candidates.len()), ("victims", incident.victims.len())].map(|(what, n)| {
            (n > MEMBERS).then(|| {
                format!("the record has {n} {what}; the first {MEMBERS} are kept: for all of them look into the recording")
            })
        });
    if incident.candidates.len() > MEMBERS {
        let all = u32::try_from(incident.candidates.len()).unwrap_or(u32::MAX);
        incident.candidates_scored = incident.candidates_scored.max(Some(all));
        incident.candidates.truncate(MEMBERS);
        incident.candidates.shrink_to_fit();
    }
    incident.victims.truncate(MEMBERS);
    incident.victims.shrink_to_fit();
    incident.source.notes.truncate(NOTES);
    incident.source.notes.extend(too_many.into_iter().flatten());
}

/// What a document shows of a kill that it has no room for.
pub(crate) fn for_tables(mut incident: Incident) -> Incident {
    incident.victims.truncate(1);
    incident.scope.holders = None;
    incident.scope.stats = None;
    incident.victims.shrink_to_fit();
    if let Some(diagnosis) = &mut incident.diagnosis {
        diagnosis.advice.clear();
    }
    Incident { candidates: Vec::new(), system: None, history: None, ..incident }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Candidate, Sample};

    #[test]
    fn samples_are_thinned_over_the_whole_time() {
        let (mut keep, mut evidence) = (Keep::default(), Evidence::default());
        for number in 0..1000 {
            let sample = Sample { boottime_ns: number, ..Sample::default() };
            keep.take(&mut evidence, Event::Sample(sample), 1 << 20);
        }
        let kept: Vec<_> = evidence.samples.iter().map(|sample| sample.boottime_ns).collect();
        assert!((16..=33).contains(&kept.len()), "{kept:?}");
        let gaps: Vec<_> = kept.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| Some(*gap) == evidence.unread.thinned), "{kept:?}");
        assert!(kept[0] == 0 && kept[kept.len() - 1] > 900, "{kept:?}");
        assert!(evidence.unread.notes()[0].contains("of the samples"), "{:?}", evidence.unread.notes());
    }

    #[test]
    fn a_kill_of_many_candidates_says_how_many_there_were() {
        let (mut keep, mut evidence) = (Keep::default(), Evidence::default());
        let incident = Incident { candidates: vec![Candidate::default(); 100_000], ..Incident::default() };
        keep.take(&mut evidence, Event::OomKill(Box::new(incident)), 1);
        let kept = &evidence.incidents[0];
        assert_eq!((kept.candidates.len(), kept.candidates_scored), (MEMBERS, Some(100_000)));
        assert!(kept.source.notes[0].contains("100000 candidates"), "{:?}", kept.source.notes);
    }

    #[test]
    fn large_kills_are_kept_for_tables_and_the_rest_is_counted() {
        let (mut keep, mut evidence) = (Keep::default(), Evidence::default());
        let candidates = vec![Candidate::default(); 8];
        for number in 0..KILLS as u64 + 5 {
            let incident =
                Incident { boottime_ns: number, candidates: candidates.clone(), ..Incident::default() };
            keep.take(&mut evidence, Event::OomKill(Box::new(incident)), 1 << 20);
        }
        assert_eq!(evidence.incidents.len(), KILLS);
        let whole = evidence.incidents.iter().filter(|kill| !kill.candidates.is_empty()).count();
        assert_eq!(whole as u64, WHOLE >> 20);
        let left_out = &evidence.unread.left_out;
        assert_eq!((left_out.kills, left_out.details), (5, KILLS as u64 + 5 - (WHOLE >> 20)));
        let notes = evidence.unread.notes().join("\n");
        assert!(notes.contains("5 more kills") && notes.contains("-f json"), "{notes}");
    }
}
