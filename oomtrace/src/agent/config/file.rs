//! The file: read, checked, and its errors told with line and key.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use super::near::nearest;
use super::partial::Partial;
use crate::rights::only_root_writes;

/// Where the file is, unless asked otherwise.
pub const DEFAULT: &str = "/etc/oomtrace/oomtrace.toml";
/// A longer file is none.
const MOST: u64 = 1 << 20;

/// Reads the file at `path`; without one that was `asked` for, the default's absence is no error.
///
/// # Errors
/// It can't be read, others may write to it, or it says what is not understood.
pub fn load(asked: Option<&Path>) -> Result<Partial> {
    let path = asked.unwrap_or(Path::new(DEFAULT));
    let meta = match std::fs::metadata(path) {
        Err(error) if asked.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Partial::default());
        }
        meta => meta.with_context(|| format!("can't read the configuration {path:?}"))?,
    };
    ensure!(meta.is_file(), "the configuration {path:?} is not a file");
    ensure!(meta.len() <= MOST, "the configuration {path:?} is larger than 1 MiB");
    refuse_untrusted(path)?;
    let text =
        std::fs::read_to_string(path).with_context(|| format!("can't read the configuration {path:?}"))?;
    parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}

/// Refuses a file that others could have written: it says what the agent runs and where it sends to.
///
/// # Errors
/// Names the remedy.
pub fn refuse_untrusted(path: &Path) -> Result<()> {
    // SAFETY: a plain call.
    let euid = unsafe { libc::geteuid() };
    let real = path.canonicalize().with_context(|| format!("can't read the configuration {path:?}"))?;
    let meta = std::fs::metadata(&real)?;
    if euid == 0 && !only_root_writes(&real) {
        bail!(
            "the configuration {path:?} is refused: it and every directory above it must be root's and writable by \
             root alone: chown root:root {path:?}; chmod go-w {path:?}"
        );
    }
    let is_ours = meta.uid() == 0 || meta.uid() == euid;
    ensure!(
        is_ours && meta.mode() & 0o022 == 0,
        "the configuration {path:?} is refused: others can write to it: chmod go-w {path:?}"
    );
    Ok(())
}

/// Understands a file's text.
///
/// # Errors
/// With line and key.
pub fn parse(text: &str) -> Result<Partial, String> {
    toml::from_str(text).map_err(|error| explain(text, &error))
}

/// `line 3, key "for": ...`.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let message = said(error.message());
    let Some(span) = error.span() else { return message };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let key = text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
    match key.filter(|key| !key.is_empty() && !key.starts_with('#')) {
        Some(key) => format!("line {line}, key {key:?}: {message}"),
        None => format!("line {line}: {message}"),
    }
}

/// The parser's words, with what was meant where a key or a value is not known.
fn said(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let what = match message.split_once(" `") {
        Some(("unknown field", _)) => "key",
        Some(("unknown variant", _)) => "value",
        _ => return message.to_owned(),
    };
    let word = words.next().unwrap_or_default();
    let known: Vec<&str> = words.collect();
    match nearest(word, &known) {
        Some(meant) => format!("unknown {what} {word:?}: did you mean {meant:?}?"),
        None => format!("unknown {what} {word:?}: known are {}", known.join(", ")),
    }
}
