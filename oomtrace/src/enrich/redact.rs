//! Secrets taken out of command lines.
//!
//! Whoever can read a record could not necessarily read `/proc/PID/cmdline`, so what looks like a secret is replaced before
//! anything is written. What is no secret stays: option names, users, hosts. docs/secrets.md says what is hidden and what
//! is not.
//!
//! | question | where |
//! |---|---|
//! | what does a name say of its value? | `names` (`words` splits it, `lists` are the tables) |
//! | what does the value look like? | `values`; which part of it is hidden: `verdict` |
//! | where are names and values in a text? | `pairs`; where does a value end: `extent` (`siblings`, `arrays`, `tuples`: what belongs together without a separator) |
//! | which tokens show what they are? | `tokens`, with the table in `vendors`; what a word in base64 says: `encoded` |
//! | who is in front of a host? | `urls` |
//! | which options of which programs? | `command`, with the table in `clients.txt`, read by `rules` |
//! | what do words without dashes announce? | `phrases`; what may be guessed of programs that are not known: `guesses` |
//! | what are the words of a script? | `shell`; `line` goes through them |
//!
//! The work grows with the length of the command line; the enricher gives at most 4 KiB of one.

mod arrays;
mod command;
mod cookies;
mod cut;
mod encoded;
mod extent;
mod guesses;
mod hidden;
mod line;
mod lists;
mod names;
mod pairs;
mod phrases;
mod rules;
mod shaped;
mod shell;
mod siblings;
mod tokens;
mod tuples;
mod urls;
mod values;
mod vendors;
mod verdict;
mod words;

use hidden::{Hidden, Sheet};
use line::Words;
use pairs::Whole;
use shell::{Before, Word};

/// What stands in for a secret.
pub const REDACTED: &[u8] = b"[redacted]";

/// Replaces what looks like a secret in a command line. The result has as many arguments as `args`.
#[must_use]
pub fn redact(args: &[Vec<u8>]) -> Vec<Vec<u8>> {
    redact_part(args, false)
}

/// Reads the tables, which would otherwise be done at the first kill.
pub fn prepare() {
    rules::prepare();
}

/// Like [`redact`], for a command line whose end may be missing: then what may be the beginning of a secret at its end is
/// hidden as well.
#[must_use]
pub fn redact_part(args: &[Vec<u8>], is_cut: bool) -> Vec<Vec<u8>> {
    let sheet = Sheet::new(args);
    let mut hidden = secrets(&sheet);
    if is_cut {
        cut::scan(&sheet, &mut hidden);
    }
    sheet.show(hidden)
}

/// All places that are hidden.
fn secrets(sheet: &Sheet) -> Hidden {
    let mut hidden = Hidden::default();
    let before = |at| if at == 0 { Before::Command } else { Before::Blank };
    let all: Vec<Word> = (sheet.args.iter().enumerate())
        .map(|(at, place)| Word { place: place.clone(), is_quoted: true, before: before(at) })
        .collect();
    let words = Words { text: &sheet.text, all: &all, depth: 0, client: None };
    line::run(words, &mut hidden);
    for (at, place) in sheet.args.iter().enumerate() {
        let whole = if phrases::is_code(words, at) { Whole::Script } else { Whole::Argument };
        pairs::scan(&sheet.text, place, whole, &mut hidden);
        urls::scan(&sheet.text, place.clone(), &mut hidden);
        tokens::scan(&sheet.text, place.clone(), &mut hidden);
    }
    hidden
}

#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod tests;

#[cfg(test)]
mod unseen_tests;
