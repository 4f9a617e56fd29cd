//! A command line as one text, and what is hidden of it.

use std::ops::Range;

use super::REDACTED;

/// The arguments one after the other, with a NUL behind each.
pub(super) struct Sheet {
    /// All arguments.
    pub(super) text: Vec<u8>,
    /// Where each argument is.
    pub(super) args: Vec<Range<usize>>,
}

/// The places that are hidden, in the order in which they were found.
#[derive(Default)]
pub(super) struct Hidden {
    places: Vec<Range<usize>>,
    /// Where options begin that hold no secret although their name says so.
    plain: Vec<usize>,
}

impl Hidden {
    /// Hides a place; an empty one hides nothing.
    pub(super) fn add(&mut self, place: Range<usize>) {
        if place.start < place.end {
            self.places.push(place);
        }
    }

    /// Notes that the option which begins at a place holds no secret.
    pub(super) fn add_plain(&mut self, start: usize) {
        self.plain.push(start);
    }

    /// True for a place noted so.
    pub(super) fn is_plain(&self, start: usize) -> bool {
        self.plain.contains(&start)
    }
}

impl Sheet {
    pub(super) fn new(args: &[Vec<u8>]) -> Self {
        let mut text = Vec::with_capacity(args.iter().map(|arg| arg.len() + 1).sum());
        let mut places = Vec::with_capacity(args.len());
        for arg in args {
            places.push(text.len()..text.len() + arg.len());
            text.extend_from_slice(arg);
            text.push(0);
        }
        Self { text, args: places }
    }

    /// The arguments with a marker for each hidden place.
    pub(super) fn show(&self, hidden: Hidden) -> Vec<Vec<u8>> {
        let mut hidden = hidden.places;
        hidden.sort_unstable_by_key(|place| (place.start, place.end));
        let mut hidden = hidden.into_iter().peekable();
        let mut shown = Vec::with_capacity(self.args.len());
        for arg in &self.args {
            let mut out = Vec::with_capacity(arg.len());
            let mut at = arg.start;
            while let Some(place) = hidden.next_if(|place| place.start < arg.end) {
                let (start, end) = (place.start.max(arg.start), place.end.min(arg.end));
                if end <= at {
                    continue;
                }
                // One that begins where another ended is the same secret.
                if start > at || at == arg.start {
                    out.extend_from_slice(&self.text[at..start]);
                    out.extend_from_slice(REDACTED);
                }
                at = end;
            }
            out.extend_from_slice(&self.text[at..arg.end]);
            shown.push(out);
        }
        shown
    }
}
