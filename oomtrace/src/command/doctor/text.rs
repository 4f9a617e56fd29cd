//! The diagnosis for a person.

use super::{
    diagnosis::Diagnosis,
    record::{Check, CheckState, FactState, Health, Hook, HookState},
};
use crate::words::escape;

/// Columns of the states.
const STATE: usize = 9;
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[1;31m";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const END: &str = "\x1b[0m";

/// Lays it out in `width` columns (40 to 200).
pub(super) fn page(diagnosis: &Diagnosis, color: bool, width: usize) -> String {
    let mut page = Page { out: String::new(), color, width: width.clamp(40, 200) };
    page.title("Machine");
    let names = diagnosis.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    for (nth, check) in diagnosis.checks.iter().enumerate() {
        page.check(check, names, &diagnosis.checks[..nth]);
    }
    page.out.push('\n');
    page.title("Hooks, each tried for real");
    let probes = diagnosis.probes.iter().map(|hook| hook.probe.chars().count()).max().unwrap_or(0);
    for fact in &diagnosis.facts {
        page.fact(fact);
        let hooks = diagnosis.probes.iter().filter(|hook| hook.fact == fact.fact);
        page.hooks(&hooks.collect::<Vec<_>>(), probes);
    }
    page.out.push('\n');
    page.summary(diagnosis);
    page.out
}

struct Page {
    out: String,
    color: bool,
    width: usize,
}

impl Page {
    fn title(&mut self, text: &str) {
        let text = self.toned(BOLD, text);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    /// A remedy that was given for one of the checks before is not said again.
    fn check(&mut self, check: &Check, names: usize, before: &[Check]) {
        let (tone, word) = match check.state {
            CheckState::Ok => (GREEN, "ok"),
            CheckState::Degraded => (YELLOW, "degraded"),
            CheckState::Missing => (RED, "missing"),
        };
        self.row(tone, word, &check.name, names, &check.read);
        if let Some(remedy) = &check.remedy {
            let same = before.iter().find(|before| before.remedy.as_ref() == Some(remedy));
            let remedy = same.map_or(remedy.clone(), |same| format!("as for {}", same.name));
            let indent = 2 + STATE + 1 + names + 2;
            self.wrapped(&" ".repeat(indent), indent, indent + 3, &format!("-> {remedy}"));
        }
    }

    fn fact(&mut self, fact: &FactState) {
        let name = self.toned(BOLD, fact.fact);
        let text = match (&fact.served_by, fact.lacks) {
            (Some(_), _) | (None, None) => String::new(),
            (None, Some(lacks)) => format!(": no hook available; {lacks}"),
        };
        self.wrapped(&format!("  {name}"), 2 + fact.fact.chars().count(), 4, &text);
    }

    /// The hooks of a fact; the reason is given once where all of them share it.
    fn hooks(&mut self, hooks: &[&Hook], probes: usize) {
        for (nth, hook) in hooks.iter().enumerate() {
            let (tone, word) = match hook.state {
                HookState::Attached => (GREEN, "attached"),
                HookState::Works => (GREEN, "works"),
                HookState::Unsupported => (YELLOW, "unsupported"),
                HookState::Refused => (YELLOW, "refused"),
                HookState::SwitchedOff => (DIM, "off"),
                HookState::NotTried => (DIM, "not tried"),
            };
            let before = nth.checked_sub(1).and_then(|nth| hooks[nth].detail.as_deref());
            let detail = match hook.state {
                HookState::Attached => "serves",
                HookState::Works => "not needed",
                HookState::SwitchedOff => "left out on the command line",
                HookState::NotTried => "",
                _ if before == hook.detail.as_deref() => "the same",
                _ => hook.detail.as_deref().unwrap_or_default(),
            };
            let word = format!("{word:11}");
            let head = format!("    {} {:probes$}", self.toned(tone, &word), hook.probe);
            let indent = 4 + word.len() + 1 + probes;
            self.wrapped(&head, indent, indent + 2, &format!("  {detail}"));
        }
    }

    fn row(&mut self, tone: &str, word: &str, name: &str, names: usize, text: &str) {
        let word = format!("{word:STATE$}");
        let head = format!("  {} {name:names$}  ", self.toned(tone, &word));
        let indent = 2 + STATE + 1 + names + 2;
        self.wrapped(&head, indent, indent, text);
    }

    fn summary(&mut self, diagnosis: &Diagnosis) {
        let (tone, word) = match diagnosis.state {
            Health::Ok => (GREEN, "ok"),
            Health::Degraded => (YELLOW, "degraded"),
            Health::Unusable => (RED, "unusable"),
        };
        let head = self.toned(tone, word);
        self.wrapped(&head, word.len(), 0, &format!(": {}", diagnosis.summary));
    }

    /// `text` behind `head`, which takes `used` columns; further lines are indented by `indent`.
    fn wrapped(&mut self, head: &str, used: usize, indent: usize, text: &str) {
        self.out.push_str(head);
        let text = escape::text(text);
        let (mut column, mut gap) = (used, "");
        // What stands before the first word is kept as it is.
        let first = text.trim_start();
        self.out.push_str(&text[..text.len() - first.len()]);
        column += text.len() - first.len();
        for word in first.split(' ') {
            let length = word.chars().count();
            if column + gap.len() + length > self.width && column > indent {
                self.turn(indent);
                (column, gap) = (indent, "");
            }
            self.out.push_str(gap);
            self.out.push_str(word);
            column += gap.len() + length;
            gap = " ";
        }
        self.turn(0);
    }

    /// Ends a line, without blanks at its end.
    fn turn(&mut self, indent: usize) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn toned(&self, tone: &str, text: &str) -> String {
        if self.color { format!("{tone}{text}{END}") } else { text.to_owned() }
    }
}
