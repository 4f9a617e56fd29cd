//! What the command line asks for.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// `oomtrace-guest oombench KEY=VALUE...`, or `oomtrace.oombench=KEY:VALUE;...` of a guest's kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The tracer.
    pub tracer: PathBuf,
    /// More arguments for it.
    pub arguments: Vec<String>,
    /// Where the outcome goes, one line a case.
    pub out: PathBuf,
    /// Directory for files of cases, on a disk.
    pub scratch: PathBuf,
    /// Suites; all of them when empty.
    pub suites: Vec<String>,
    /// Classes; all of them when empty.
    pub classes: Vec<String>,
    /// Only cases whose id begins with one of these.
    pub cases: Vec<String>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Cases at a time.
    pub jobs: usize,
    /// Root directory of other people's programs.
    pub root: Option<PathBuf>,
}

impl Options {
    /// Reads `KEY=VALUE` words.
    ///
    /// # Errors
    /// When a key is not known or a value is none.
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self { jobs: 1, ..Self::default() };
        for word in words {
            let (key, value) = word.split_once('=').with_context(|| format!("not KEY=VALUE: {word}"))?;
            let list = || value.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            match key {
                "tracer" => options.tracer = value.into(),
                "arguments" => options.arguments = list(),
                "out" => options.out = value.into(),
                "scratch" => options.scratch = value.into(),
                "suites" => options.suites = list(),
                "classes" => options.classes = list(),
                "cases" => options.cases = list(),
                "seeds" => options.seeds = seeds(value)?,
                "jobs" => options.jobs = value.parse().with_context(|| format!("not a number: {value}"))?,
                "root" => options.root = Some(value.into()),
                other => bail!("oombench knows no {other}"),
            }
        }
        Ok(options)
    }

    /// True when the suite is asked for.
    #[must_use]
    pub fn wants(&self, suite: &str) -> bool {
        self.suites.is_empty() || self.suites.iter().any(|wanted| wanted == suite)
    }
}

/// `0-9,20`.
fn seeds(text: &str) -> Result<Vec<u64>> {
    let mut seeds = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.parse::<u64>().with_context(|| format!("not a seed: {text}"));
        seeds.extend(number(first)?..=number(last)?);
    }
    Ok(seeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options> {
        Options::parse(words.iter().map(ToString::to_string))
    }

    #[test]
    fn words_are_read_and_unknown_ones_refused() {
        let options = parse(&["seeds=0-2,7", "suites=A", "jobs=3"]).unwrap();
        assert_eq!(options.seeds, [0, 1, 2, 7]);
        assert!(options.wants("A") && !options.wants("B"));
        assert!(parse(&["seed=1"]).is_err());
        assert!(parse(&["seeds=x"]).is_err());
    }
}
