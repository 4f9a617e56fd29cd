//! `oomtrace diagnose-record`: the diagnosis of stored records, made anew. For replays of recorded kills.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::output::{Output, Wrote};
use crate::{diagnose::diagnose, model::Event};

/// Reads NDJSON from `file` (`-` for standard input) and writes its kills with a new diagnosis; other lines are left out.
///
/// # Errors
/// When the file can't be read or a line is none of oomtrace's, with its number.
pub fn run(file: &Path) -> Result<()> {
    let mut output = Output::open(None)?;
    let name = || format!("can't read {file:?}");
    let input: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).with_context(name)?))
    };
    for (number, line) in input.lines().enumerate() {
        let line = line.with_context(name)?;
        let place = || format!("line {} of {file:?}", number + 1);
        if let Some(again) = again(&line).with_context(place)?
            && output.line(again.as_bytes())? == Wrote::Closed
        {
            break;
        }
    }
    output.finish()
}

/// A kill's line with its diagnosis made anew; `None` for other lines.
fn again(line: &str) -> Result<Option<String>> {
    let event: Event = serde_json::from_str(line).context("not a record of oomtrace")?;
    let Event::OomKill(mut incident) = event else { return Ok(None) };
    incident.diagnosis = Some(diagnose(&incident));
    Ok(Some(serde_json::to_string(&Event::OomKill(incident))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Diagnosis, Footer, Incident};

    #[test]
    fn a_stored_diagnosis_is_replaced_and_other_lines_are_left_out() {
        let stale = Diagnosis { summary: "stale".into(), ..Diagnosis::default() };
        let kill = Incident { id: "1-2".into(), diagnosis: Some(stale), ..Incident::default() };
        let expected = diagnose(&kill);
        let line = serde_json::to_string(&Event::OomKill(Box::new(kill))).unwrap();
        let made: Event = serde_json::from_str(&again(&line).unwrap().unwrap()).unwrap();
        let Event::OomKill(made) = made else { panic!("{made:?}") };
        assert_eq!((made.id.as_str(), made.diagnosis), ("1-2", Some(expected)));
        let footer = serde_json::to_string(&Event::Footer(Footer::default())).unwrap();
        assert_eq!(again(&footer).unwrap(), None);
        assert!(again("{}").is_err());
    }
}
