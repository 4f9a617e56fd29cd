//! What is found is what stands there, wherever that is.

use proptest::prelude::*;

use super::*;

const WORDS: [&str; 11] = [
    "oom-kill",
    "ENOMEM",
    "Killed process ",
    "ut of memory",
    "aaaaa",
    "abcde",
    "=9/KILL",
    "ill process ",
    "\u{fc}ber",
    "Memory limit reached of cgroup ",
    "abcdeabcde",
];

/// Every word with where it begins.
fn slowly(text: &[u8], words: &[&str]) -> Vec<(usize, usize)> {
    let stands = |at: usize, word: &str| text[at..].starts_with(word.as_bytes());
    let at =
        |at: usize| (0..words.len()).filter(move |word| stands(at, words[*word])).map(move |word| (word, at));
    (0..text.len()).flat_map(at).collect()
}

fn check(text: &[u8], words: &[&'static str]) {
    let mut expected = slowly(text, words);
    expected.sort_unstable();
    for step in [Step::Four, Step::Two] {
        let grams = Grams::new(words.iter().copied(), step);
        let found: Vec<_> = grams.hits(text).collect();
        let line = |at: usize| text[..at].iter().filter(|b| **b == b'\n').count();
        assert!(found.is_sorted_by_key(|(_, at)| line(*at)), "{found:?}");
        let mut found = found;
        found.sort_unstable();
        assert_eq!(found, expected, "{step:?}");
        by_lines(&grams, text, &expected);
    }
}

/// The same, with every line left and entered anew.
fn by_lines(grams: &Grams, text: &[u8], expected: &[(usize, usize)]) {
    let (mut hits, mut found, mut begin) = (grams.hits(text), Vec::new(), 0);
    for line in text.split_inclusive(|b| *b == b'\n') {
        hits.skip_to(begin);
        begin += line.len();
        while let Some(hit) = hits.next_before(begin) {
            found.push(hit);
        }
    }
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn at_every_offset_and_at_both_ends() {
    for word in WORDS {
        for before in 0..40 {
            for after in [0, 1, 2, 3, 33] {
                check(&[&b"x".repeat(before), word.as_bytes(), &b"y".repeat(after)].concat(), &WORDS);
            }
        }
    }
}

#[test]
fn short_words_are_found_by_small_steps() {
    let grams = Grams::new(["fork", "CUDA"], Step::Two);
    for before in 0..40 {
        let text = [&b" ".repeat(before), &b"fork"[..]].concat();
        assert_eq!(grams.find(&text), Some((0, before)));
    }
    assert_eq!((Step::Two.shortest(), Step::Four.shortest()), (4, 5));
}

proptest! {
    #[test]
    fn as_found_slowly(parts in prop::collection::vec((prop::sample::select(&WORDS[..]), "[a-e \n]{0,9}", 0_usize..32), 0..12)) {
        let text: String = parts
            .iter()
            .map(|(word, between, cut)| {
                let end = word.char_indices().map(|(at, _)| at).take(*cut + 1).last().unwrap_or(0);
                if *cut > 9 { format!("{word}{between}") } else { format!("{}{between}", &word[..end]) }
            })
            .collect();
        check(text.as_bytes(), &WORDS);
    }

    #[test]
    fn any_bytes(text in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&text, &WORDS);
    }
}
