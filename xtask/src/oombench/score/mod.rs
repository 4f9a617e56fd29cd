//! How right answers are.
//!
//! One rule for oomtrace and for the baselines, which are worked out of the same record:
//!
//! - The label names a process: right is this process. A family that it belongs to is wrong.
//! - The label names a family: right is this family (name or executable, and cgroup). One of its members is wrong.
//! - The label names a kind of memory: right is this kind in this cgroup, or the process that asked for it.
//! - The label names nobody: right is to name nobody. These count for precision, not for recall.
//! - At the level of cgroups: right is the cgroup that the label's culprit is in.

mod answer;
mod baseline;
mod classes;
mod errors;
mod stats;
mod truth;

pub(crate) use answer::Answer;
pub(crate) use baseline::BASELINES;
pub(crate) use classes::Classes;
pub(crate) use errors::{onset_error, rate_error};
pub(crate) use stats::{Share, quantile};
pub(crate) use truth::{Mark, Truth};

use super::store::Stored;

/// One kill with its truth and all answers to it.
#[derive(Clone, Debug)]
pub(crate) struct Scored {
    pub(crate) place: String,
    pub(crate) truth: Truth,
    /// oomtrace's.
    pub(crate) answer: Answer,
    /// In the order of [`BASELINES`].
    pub(crate) baselines: Vec<Answer>,
}

impl Scored {
    pub(crate) fn new(kill: &Stored) -> Self {
        Self {
            place: kill.place.clone(),
            truth: Truth::of(&kill.label),
            answer: Answer::of(&kill.record),
            baselines: BASELINES.iter().map(|(_, answer)| answer(&kill.record)).collect(),
        }
    }
}

/// Marks of many answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    right: u32,
    wrong: u32,
    abstained: u32,
    /// Named somebody where nobody is to be named.
    invented: u32,
}

impl Marks {
    pub(crate) fn add(&mut self, mark: Mark) {
        match mark {
            Mark::Right => self.right += 1,
            Mark::Wrong => self.wrong += 1,
            Mark::Abstained => self.abstained += 1,
            Mark::Invented => self.invented += 1,
            Mark::RightlySilent => {}
        }
    }

    /// Of all that have a culprit, those whose culprit was named.
    pub(crate) fn recall(self) -> Share {
        Share { hits: self.right, of: self.right + self.wrong + self.abstained }
    }

    /// Of all names given, those that were right.
    pub(crate) fn precision(self) -> Share {
        Share { hits: self.right, of: self.right + self.wrong + self.invented }
    }

    pub(crate) fn abstained(self) -> u32 {
        self.abstained
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let mut sum = Self::default();
        marks.into_iter().for_each(|mark| sum.add(mark));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abstention_costs_recall_and_not_precision() {
        let marks: Marks =
            [Mark::Right, Mark::Right, Mark::Abstained, Mark::Wrong, Mark::RightlySilent, Mark::Invented]
                .into_iter()
                .collect();
        assert_eq!(marks.recall(), Share { hits: 2, of: 4 });
        assert_eq!(marks.precision(), Share { hits: 2, of: 4 });
        assert_eq!(marks.abstained(), 1);
        let quiet: Marks = [Mark::Right, Mark::Abstained].into_iter().collect();
        assert_eq!(quiet.precision(), Share { hits: 1, of: 1 });
    }
}
