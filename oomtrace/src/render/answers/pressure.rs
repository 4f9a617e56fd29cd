//! Memory pressure, in the words of PSI.

use crate::model::Psi;

/// `some 1.2 %, full 0.5 %`: the part of the 10 s before in which some tasks, or all of them, waited for memory.
pub(in crate::render) fn pressure(psi: &Psi) -> String {
    let full = psi.full_avg10.map_or(String::new(), |full| format!(", full {}", percent(full)));
    format!("some {}{full}", percent(psi.some_avg10))
}

fn percent(value: f64) -> String {
    let text = format!("{value:.1}");
    format!("{}\u{a0}%", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_words_of_the_kernel() {
        let psi = |some_avg10, full_avg10| Psi { some_avg10, full_avg10 };
        assert_eq!(pressure(&psi(1.23, Some(0.0))), "some 1.2\u{a0}%, full 0\u{a0}%");
        assert_eq!(pressure(&psi(100.0, None)), "some 100\u{a0}%");
    }
}
