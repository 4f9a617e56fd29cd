//! Colour and width, decided once from what the user said, the environment and the output.

use std::env;
use std::ffi::OsString;

use crate::output::Output;
use crate::render::TextStyle;

/// Columns where the output does not say.
const WIDTH: usize = 80;

/// How much text, and how it is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Layout {
    /// Text: only the answer of each kill, in at most 12 lines, without the details
    #[arg(long)]
    pub brief: bool,
    /// Text: don't break or cut lines to fit the terminal
    #[arg(long)]
    pub wide: bool,
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// If the output is a terminal that supports it and NO_COLOR is unset
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How text is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Use colour.
    pub color: bool,
    /// Columns of the terminal; `None` where the output is none.
    pub width: Option<usize>,
    /// The locale has no UTF-8.
    pub ascii: bool,
    /// What was asked for.
    pub layout: Layout,
    /// All notes and hooks at the start.
    pub verbose: bool,
}

impl Look {
    /// How text for `output` is to look.
    #[must_use]
    pub fn of(output: &Output, choice: ColorChoice) -> Self {
        Self::decide(choice, output.is_terminal(), output.columns(), |name| env::var_os(name))
    }

    /// How text for an open file is to look, e.g. standard error.
    #[must_use]
    pub fn of_file(file: &std::fs::File, choice: ColorChoice) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(file);
        Self::decide(choice, terminal, crate::output::columns(file), |name| env::var_os(name))
    }

    /// The same, laid out as asked.
    #[must_use]
    pub fn laid_out(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// For the renderer of text.
    #[must_use]
    pub fn style(self) -> TextStyle {
        TextStyle {
            color: self.color,
            width: self.width.unwrap_or(WIDTH),
            wide: self.layout.wide,
            brief: self.layout.brief,
            verbose: self.verbose,
            ascii: self.ascii,
        }
    }

    /// Our own text, in ASCII where the locale has no UTF-8.
    #[must_use]
    pub fn plain(self, text: String) -> String {
        if self.ascii { crate::words::plain::ascii(&text) } else { text }
    }

    /// The same from its parts. `COLUMNS` goes before what the terminal says, because only the user sets it for others.
    fn decide(
        choice: ColorChoice,
        terminal: bool,
        columns: Option<u16>,
        var: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let asked = var("COLUMNS").and_then(|text| text.to_str()?.parse().ok()).filter(|width| *width > 0);
        let width = asked.or(columns.filter(|_| terminal).map(usize::from));
        let ascii = is_ascii(&var);
        Self { color: color(choice, terminal, var), width, ascii, ..Self::default() }
    }
}

/// Whether a locale without UTF-8 is set, in the order of POSIX. Where none is, nothing speaks against UTF-8.
fn is_ascii(var: &impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &&str| var(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    locale.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// `--color`, then `NO_COLOR` (any value but empty), `CLICOLOR_FORCE` (any value but empty and 0), then the terminal.
fn color(choice: ColorChoice, terminal: bool, var: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR") => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE") && var("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
        // A terminal that does not say what it is can't be relied on either.
        ColorChoice::Auto => terminal && var("TERM").is_some_and(|term| term != "dumb" && !term.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColorChoice::{Always, Auto, Never};

    fn look(choice: ColorChoice, terminal: bool, vars: &[(&str, &str)]) -> Look {
        let columns = terminal.then_some(100);
        Look::decide(choice, terminal, columns, |name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn color_by_choice_environment_and_terminal() {
        let xterm = ("TERM", "xterm");
        for (choice, terminal, vars, color) in [
            (Auto, true, &[xterm][..], true),
            (Auto, false, &[xterm], false),
            (Auto, true, &[("TERM", "dumb")], false),
            (Auto, true, &[], false),
            (Auto, true, &[xterm, ("NO_COLOR", "1")], false),
            (Auto, true, &[xterm, ("NO_COLOR", "")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (Auto, true, &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true),
            (Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")], true),
            (Never, true, &[xterm, ("CLICOLOR_FORCE", "1")], false),
        ] {
            assert_eq!(look(choice, terminal, vars).color, color, "{choice:?} {terminal} {vars:?}");
        }
    }

    #[test]
    fn a_locale_without_utf_8_gets_ascii() {
        for (vars, ascii) in [
            (&[][..], false),
            (&[("LANG", "C")], true),
            (&[("LANG", "POSIX")], true),
            (&[("LANG", "C.UTF-8")], false),
            (&[("LANG", "de_DE.utf8")], false),
            (&[("LANG", "de_DE.ISO-8859-1")], true),
            (&[("LANG", "C.UTF-8"), ("LC_ALL", "C")], true),
            (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], false),
            (&[("LANG", "C.UTF-8"), ("LC_ALL", "")], false),
        ] {
            assert_eq!(look(Auto, true, vars).ascii, ascii, "{vars:?}");
        }
    }

    #[test]
    fn width_of_the_terminal_or_as_asked() {
        assert_eq!(look(Auto, true, &[]).width, Some(100));
        assert_eq!(look(Auto, false, &[]).width, None);
        assert_eq!(look(Auto, false, &[("COLUMNS", "60")]).width, Some(60));
        for bad in ["0", "-1", "wide", ""] {
            assert_eq!(look(Auto, true, &[("COLUMNS", bad)]).width, Some(100));
        }
    }
}
