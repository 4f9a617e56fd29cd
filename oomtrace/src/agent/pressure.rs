//! Pressure stall information, where the kernel has it.

use std::path::Path;

use crate::agent::rules::Psi;

/// Reads a file like /proc/pressure/memory; `None` where there is none, or it is switched off.
#[must_use]
pub fn read(file: &Path) -> Option<Psi> {
    parse(&std::fs::read_to_string(file).ok()?)
}

fn parse(text: &str) -> Option<Psi> {
    let average = |kind: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
        let percent = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("avg10="))?;
        percent.parse::<f64>().ok().map(|percent| percent / 100.0)
    };
    Some(Psi { some: average("some ")?, full: average("full ").unwrap_or(0.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_over_ten_seconds() {
        let text = "some avg10=12.50 avg60=1.00 avg300=0.10 total=5\nfull avg10=3.00 avg60=0.00 avg300=0.00 total=1\n";
        assert_eq!(parse(text), Some(Psi { some: 0.125, full: 0.03 }));
        assert_eq!(parse(""), None);
    }
}
