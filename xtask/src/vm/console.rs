//! What the guest says on its console: `@@ KIND NAME TEXT`, one line each.

/// A line of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Start { name: String },
    Verdict { name: String, outcome: Outcome },
    Log { name: String, text: String },
    Done,
}

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With what was compared.
    Pass(String),
    /// With what is wrong.
    Fail(String),
    /// With what is missing.
    Skip(String),
}

/// The protocol's line in a line of the console: kernel messages may have got in front of it.
pub(crate) fn parse(line: &str) -> Option<Line> {
    let said = &line[line.find("@@ ")? + 3..];
    let mut words = said.trim_end().splitn(3, ' ');
    let kind = words.next()?;
    let name = words.next().unwrap_or_default().to_owned();
    let text = words.next().unwrap_or_default().to_owned();
    match kind {
        "done" => Some(Line::Done),
        _ if name.is_empty() => None,
        "start" => Some(Line::Start { name }),
        "pass" => Some(Line::Verdict { name, outcome: Outcome::Pass(text) }),
        "fail" => Some(Line::Verdict { name, outcome: Outcome::Fail(text) }),
        "skip" => Some(Line::Verdict { name, outcome: Outcome::Skip(text) }),
        "log" => Some(Line::Log { name, text }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_noise_in_front_does_not_hide_a_line() {
        let expected = Line::Verdict { name: "swap".into(), outcome: Outcome::Pass("12 fields".into()) };
        assert_eq!(parse("[  1.5] nvme: ok@@ pass swap 12 fields\r"), Some(expected));
        assert_eq!(parse("@@ done"), Some(Line::Done));
    }

    #[test]
    fn what_is_no_line_is_none() {
        for line in ["", "@@", "@@ ", "@@ pass", "@@ party swap", "Out of memory: Killed process 1 (a)"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
