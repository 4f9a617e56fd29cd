//! Commands that run as they are printed, in bash and in dash.

use std::fmt::Write as _;

use super::facts::{Facts, Subject};
use crate::enrich::redact::REDACTED;
use crate::model::{Text, Victim};
use crate::words::shell;

/// A command line with more bytes than this is not repeated.
const LONGEST: usize = 300;

/// One word of printable ASCII that bash and dash read back as `raw`: `$'...'`, which dash lacks, is written as a `printf`.
pub(super) fn word(raw: &[u8]) -> String {
    let is_printable = |b: &u8| *b == b' ' || b.is_ascii_graphic();
    // A substitution drops newlines at the end: no portable word of one line has them.
    if raw.iter().all(is_printable) || raw.ends_with(b"\n") {
        return shell::quote(raw);
    }
    let mut out = String::from("\"$(printf '");
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b'%' => out.push_str("%%"),
            b'\\' => out.push_str("\\\\"),
            b'-' if at == 0 => out.push_str("\\055"),
            b'\'' | b'!' => _ = write!(out, "\\{byte:03o}"),
            _ if is_printable(byte) => out.push(char::from(*byte)),
            _ => _ = write!(out, "\\{byte:03o}"),
        }
    }
    out + "')\""
}

/// Sets a variable for what is started from the same shell.
pub(super) fn export(name: &str, value: &str) -> String {
    format!("export {name}={}", word(value.as_bytes()))
}

/// Where a variable is set that a shell does not set.
pub(super) const VARIABLE_PLACE: &str =
    "Set it where the process is started (systemd: Environment=, Docker: -e, Kubernetes: env)";

/// The subject's command line as it can be typed again: its executable first, nothing redacted.
pub(super) fn line(facts: &Facts<'_>, subject: &Subject<'_>) -> Option<Vec<String>> {
    let victim = facts.incident.victims.iter().find(|victim| Some(victim.pid) == subject.pid)?;
    let args = &victim.cmdline;
    let whole: usize = args.iter().map(|arg| arg.as_bytes().len()).sum();
    let is_hidden = |arg: &Text| arg.as_bytes().windows(REDACTED.len()).any(|part| part == REDACTED);
    // No word of one line ends with a newline in both shells.
    let is_odd = |arg: &Text| arg.as_bytes().ends_with(b"\n");
    if whole > LONGEST || !starts_with_program(victim) || args.iter().any(|arg| is_hidden(arg) || is_odd(arg))
    {
        return None;
    }
    Some(args.iter().map(|arg| word(arg.as_bytes())).collect())
}

/// The subject's command line is known and not written over by a title.
pub(super) fn shows_line(facts: &Facts<'_>, subject: &Subject<'_>) -> bool {
    let victim = facts.incident.victims.iter().find(|victim| Some(victim.pid) == subject.pid);
    victim.is_some_and(starts_with_program)
}

/// The first argument names the executable and is no title that was written over the arguments.
fn starts_with_program(victim: &Victim) -> bool {
    let base = |path: &[u8]| path.rsplit(|b| *b == b'/').next().map(<[u8]>::to_vec).unwrap_or_default();
    let Some(first) = victim.cmdline.first().map(|first| base(first.as_bytes())) else {
        return false;
    };
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"._+-".contains(b);
    let exe = victim.exe.as_ref().map(|exe| base(exe.as_bytes()));
    !first.is_empty()
        && !first.starts_with(b"-")
        && first.iter().all(is_name)
        // `python3` is `python3.11`.
        && exe.is_none_or(|exe| exe.starts_with(&first))
}

/// A name that `pgrep -x` takes as it is.
pub(super) fn plain_name(comm: Option<&Text>) -> Option<&str> {
    let name = std::str::from_utf8(comm?.as_bytes()).ok()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (!name.is_empty() && !name.starts_with('-') && name.bytes().all(is_plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt as _;

    #[test]
    fn bash_and_dash_read_back_any_word() {
        for raw in [
            &b"a b"[..],
            b"-rf\x01",
            b"\x1b]0;'%s\\n!`id`$(id)\"\x7f",
            "\u{431}\u{202e}".as_bytes(),
            b"\xff\n\xfe9",
            b"a\n1",
        ] {
            for shell in ["bash", "dash"] {
                let script = format!("printf %s {}", word(raw));
                let script = std::ffi::OsStr::from_bytes(script.as_bytes());
                let out = std::process::Command::new(shell).arg("-c").arg(script).output().unwrap();
                assert_eq!(out.stdout, raw, "{shell}: {}", word(raw));
            }
        }
    }
}
