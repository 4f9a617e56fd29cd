//! Kinds of failure: confusion and F1.

use super::{Scored, Share};
use std::collections::{BTreeMap, BTreeSet};

/// The answer that commits to nothing.
const UNDETERMINED: &str = "undetermined";

/// Truth against answer, counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes {
    counts: BTreeMap<(String, String), u32>,
}

impl Classes {
    pub(crate) fn of<'a>(scored: impl IntoIterator<Item = &'a Scored>) -> Self {
        let mut classes = Self::default();
        for one in scored {
            let truth = one.truth.class_for(&one.answer.verdict).to_owned();
            *classes.counts.entry((truth, one.answer.verdict.clone())).or_default() += 1;
        }
        classes
    }

    fn sum(&self, wanted: impl Fn(&str, &str) -> bool) -> u32 {
        self.counts.iter().filter(|((truth, answer), _)| wanted(truth, answer)).map(|(_, count)| count).sum()
    }

    /// All true classes.
    pub(crate) fn truths(&self) -> BTreeSet<&str> {
        self.counts.keys().map(|(truth, _)| truth.as_str()).collect()
    }

    /// All answers.
    pub(crate) fn answers(&self) -> BTreeSet<&str> {
        self.counts.keys().map(|(_, answer)| answer.as_str()).collect()
    }

    pub(crate) fn count(&self, truth: &str, answer: &str) -> u32 {
        self.sum(|t, a| t == truth && a == answer)
    }

    /// F1 of a class; 0 when it was never answered rightly.
    pub(crate) fn f1(&self, class: &str) -> f64 {
        let right = self.count(class, class);
        let missed = self.sum(|truth, answer| truth == class && answer != class);
        let false_alarms = self.sum(|truth, answer| truth != class && answer == class);
        if right == 0 {
            return 0.0;
        }
        2.0 * f64::from(right) / f64::from(2 * right + missed + false_alarms)
    }

    /// The mean of F1 over the classes that occur; `None` when there are none.
    pub(crate) fn macro_f1(&self) -> Option<f64> {
        let truths = self.truths();
        (!truths.is_empty())
            .then(|| truths.iter().map(|class| self.f1(class)).sum::<f64>() / truths.len() as f64)
    }

    pub(crate) fn accuracy(&self) -> Share {
        Share { hits: self.sum(|truth, answer| truth == answer), of: self.sum(|_, _| true) }
    }

    pub(crate) fn undetermined(&self) -> u32 {
        self.sum(|_, answer| answer == UNDETERMINED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(pairs: &[(&str, &str, u32)]) -> Classes {
        let counts = pairs.iter().map(|(t, a, n)| ((String::from(*t), String::from(*a)), *n)).collect();
        Classes { counts }
    }

    #[test]
    fn macro_f1_weighs_classes_alike() {
        let classes = classes(&[
            ("leak", "leak", 90),
            ("leak", "burst", 10),
            ("burst", "burst", 5),
            ("burst", UNDETERMINED, 5),
        ]);
        assert!((classes.f1("leak") - 180.0 / 190.0).abs() < 1e-9);
        assert!((classes.f1("burst") - 10.0 / 25.0).abs() < 1e-9);
        let expected = (180.0 / 190.0 + 0.4) / 2.0;
        assert!((classes.macro_f1().unwrap() - expected).abs() < 1e-9);
        assert_eq!(classes.accuracy(), Share { hits: 95, of: 110 });
        assert_eq!(classes.undetermined(), 5);
    }

    #[test]
    fn nothing_has_no_score() {
        assert_eq!(Classes::default().macro_f1(), None);
        assert_eq!(classes(&[("leak", "burst", 1)]).macro_f1(), Some(0.0));
    }
}
