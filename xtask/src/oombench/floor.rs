//! What the committed corpus has to reach: a change that makes diagnoses worse does not pass.

use super::score::{Classes, Marks, Scored, Truth, rate_error};
use super::{corpus, score_all};
use crate::test::Outcome;
use crate::test::tally::Tally;
use anyhow::Result;

/// A figure of the corpus, and the least it may be.
type Floor = (&'static str, f64, fn(&[Scored]) -> Option<f64>);

/// A little below what the corpus reached when it was committed.
const FLOORS: [Floor; 5] = [
    ("kills in the corpus", 648.0, |scored| Some(scored.len() as f64)),
    ("culprit named right", 0.98, |scored| marks(scored).recall().value()),
    ("names that are right", 0.985, |scored| marks(scored).precision().value()),
    ("macro-F1 of classes", 0.965, |scored| Classes::of(scored).macro_f1()),
    ("rate within 10 %", 0.86, near),
];

fn marks(scored: &[Scored]) -> Marks {
    scored.iter().map(|one| Truth::mark(&one.truth, &one.answer)).collect()
}

fn near(scored: &[Scored]) -> Option<f64> {
    let errors: Vec<f64> = scored.iter().filter_map(rate_error).collect();
    let near = errors.iter().filter(|error| **error <= 0.1).count();
    (!errors.is_empty()).then(|| near as f64 / errors.len() as f64)
}

/// Diagnoses the corpus anew; one check a figure.
pub(crate) fn check() -> Result<Outcome> {
    let (_, scored) = score_all(&corpus::directory())?;
    let mut tally = Tally::default();
    for (name, least, figure) in FLOORS {
        tally += match figure(&scored) {
            Some(reached) if reached >= least => Tally::PASSED,
            reached => {
                let reached = reached.map_or("nothing".to_owned(), |reached| format!("{reached:.3}"));
                println!("the corpus of oombench: {name}: {reached}, and it has to be {least}");
                Tally::FAILED
            }
        };
    }
    Ok(Outcome::Ran(tally))
}
