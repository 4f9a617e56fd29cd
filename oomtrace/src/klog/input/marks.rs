//! Which lines of a block matter: found in one pass, by whichever thread has the block.

use memchr::memchr;
use oomtrace_grams::{Grams, Hits, Step};

use super::how::How;
use super::lines;
use super::lookout::Lookout;
use super::needles::{NEEDLES, is_certain};
use super::reader::Source;

/// Longest beginning of a line that a lookout gets.
const LINE_MAX: usize = 64 * 1024;

/// A line with a needle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) begin: usize,
    /// Behind its last byte, where its line end is.
    pub(super) end: usize,
    /// See [`is_certain`].
    pub(super) certain: bool,
}

/// Lines of one kind that a lookout has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    kind: usize,
    count: u64,
    /// Begin and end of the first.
    first: (usize, usize),
}

/// What is in a block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) lines: Vec<Mark>,
    kinds: Vec<Kind>,
}

impl Marks {
    fn add(&mut self, kind: usize, first: (usize, usize)) {
        match self.kinds.iter_mut().find(|known| known.kind == kind) {
            Some(known) => known.count += 1,
            None => self.kinds.push(Kind { kind, count: 1, first }),
        }
    }
}

/// The needles of a line, by whom they are looked for.
#[derive(Clone, Copy, Debug, Default)]
struct Needles {
    of_reports: bool,
    certain: bool,
    others: bool,
}

/// Looks for everything at once.
pub(super) struct Search<'a> {
    /// The needles of reports, and behind them those of the lookout that are no needles of reports.
    grams: Grams,
    /// Needles of reports that the lookout has, too.
    shared: Vec<bool>,
    lookout: Option<&'a dyn Lookout>,
    #[cfg(test)]
    how: How,
}

impl<'a> Search<'a> {
    #[cfg_attr(not(test), expect(unused_variables, reason = "there is one way to search"))]
    pub(super) fn new(lookout: Option<&'a dyn Lookout>, how: How) -> Self {
        let others = lookout.map_or(&[][..], Lookout::needles);
        let more = others.iter().filter(|other| !NEEDLES.contains(other));
        Self {
            grams: Grams::new(NEEDLES.iter().chain(more).copied(), Step::Four),
            shared: NEEDLES.iter().map(|needle| others.contains(needle)).collect(),
            lookout,
            #[cfg(test)]
            how,
        }
    }

    fn is_certain(&self, text: &[u8], word: usize, at: usize) -> bool {
        #[cfg(test)]
        if self.how.takes_all {
            return true;
        }
        is_certain(text, word, at)
    }

    /// The lines of a block that matter.
    pub(super) fn marks(&self, text: &[u8]) -> Marks {
        #[cfg(test)]
        if self.how.is_slow {
            return self.marks_slowly(text);
        }
        let mut marks = Marks::default();
        let mut hits = self.grams.hits(text);
        while let Some(found) = hits.next() {
            let begin = lines::begin_of(text, found.1);
            let end = memchr(b'\n', &text[found.1..]).map_or(text.len(), |end| found.1 + end);
            let needles = self.needles(&text[..end], found, &mut hits);
            self.line(text, (begin, end), needles, &mut marks);
            hits.skip_to(end + 1);
        }
        marks
    }

    /// The needles in what ends with a line, of which the first was found.
    fn needles(&self, text: &[u8], first: (usize, usize), hits: &mut Hits<'_>) -> Needles {
        let (mut needles, mut next) = (Needles::default(), Some(first));
        while let Some((word, at)) = next {
            self.needle(text, word, at, &mut needles);
            if needles.certain && (needles.others || self.lookout.is_none()) {
                break;
            }
            next = hits.next_before(text.len());
        }
        needles
    }

    fn needle(&self, text: &[u8], word: usize, at: usize, needles: &mut Needles) {
        let Some(shared) = self.shared.get(word) else {
            needles.others = true;
            return;
        };
        needles.of_reports = true;
        needles.certain |= self.is_certain(text, word, at);
        needles.others |= shared;
    }

    fn line(&self, text: &[u8], (begin, end): (usize, usize), needles: Needles, marks: &mut Marks) {
        if needles.of_reports {
            marks.lines.push(Mark { begin, end, certain: needles.certain });
        }
        let seen = &text[begin..end.min(begin + LINE_MAX)];
        if needles.others
            && let Some(kind) = self.lookout.and_then(|lookout| lookout.look(seen))
        {
            marks.add(kind, (begin, begin + seen.len()));
        }
    }

    /// The same, line by line and byte by byte.
    #[cfg(test)]
    fn marks_slowly(&self, text: &[u8]) -> Marks {
        let (mut marks, mut begin) = (Marks::default(), 0);
        let others = self.lookout.map_or(&[][..], Lookout::needles);
        let mut firsts = [false; 256];
        NEEDLES.iter().chain(others).for_each(|needle| firsts[usize::from(needle.as_bytes()[0])] = true);
        for line in text.split_inclusive(|b| *b == b'\n') {
            let end = begin + line.strip_suffix(b"\n").unwrap_or(line).len();
            let mut needles = Needles::default();
            for (at, rest) in
                (begin..end).map(|at| (at, &text[at..end])).filter(|(_, rest)| firsts[usize::from(rest[0])])
            {
                for word in (0..NEEDLES.len()).filter(|word| rest.starts_with(NEEDLES[*word].as_bytes())) {
                    needles.of_reports = true;
                    needles.certain |= self.is_certain(&text[..end], word, at);
                }
                needles.others |= others.iter().any(|other| rest.starts_with(other.as_bytes()));
            }
            self.line(text, (begin, end), needles, &mut marks);
            begin += line.len();
        }
        marks
    }

    /// Tells the lookout what was found in a block before its lines are taken.
    pub(super) fn tell(&self, text: &[u8], marks: &Marks, source: &Source) {
        let Some(lookout) = self.lookout else { return };
        for kind in &marks.kinds {
            let (begin, end) = kind.first;
            let number = source.line + lines::count(&text[..begin]) + 1;
            lookout.found(kind.kind, kind.count, &text[begin..end], &source.name, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::klog::instead::Signs;

    /// At one place no more than one word is found.
    #[test]
    fn no_needle_begins_with_one_of_the_others() {
        let signs = Signs::new();
        for (one, other) in
            NEEDLES.iter().flat_map(|one| signs.needles().iter().map(move |other| (one, other)))
        {
            assert!(
                one == other || !(one.starts_with(other) || other.starts_with(one)),
                "{one:?} and {other:?}"
            );
        }
    }

    #[test]
    fn a_line_may_matter_to_both() {
        let signs = Signs::new();
        let search = Search::new(Some(&signs), How::default());
        let text = b"x\nworker ran out of memory\nOut of memory: Killed process 7 (a)\nbad_alloc\ny";
        let marks = search.marks(text);
        let lines: Vec<_> = marks.lines.iter().map(|mark| (mark.begin, mark.certain)).collect();
        assert_eq!(lines, [(2, false), (27, true)]);
        assert_eq!(marks.kinds.iter().map(|kind| kind.count).collect::<Vec<_>>(), [1, 1]);
    }
}
