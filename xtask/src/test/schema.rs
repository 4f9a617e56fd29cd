//! The feature `schema`, and the schema that is committed.

use super::Outcome;
use super::libtest;
use super::tally::Tally;
use crate::schema;
use anyhow::Result;

/// Its tests, then the comparison of the committed file with the types. All others do not depend on the feature: it only adds
/// derived code.
pub(super) fn check() -> Result<Outcome> {
    let mut tally =
        libtest::cargo_test(&["--package", "oomtrace", "--features", "schema", "--test", "schema"])?;
    tally += match schema::check() {
        Ok(()) => Tally::PASSED,
        Err(error) => {
            println!("{error:#}");
            Tally::FAILED
        }
    };
    Ok(Outcome::Ran(tally))
}
