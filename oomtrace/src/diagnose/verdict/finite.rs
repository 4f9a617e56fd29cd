//! Programs that work through an input and end: what they fill evenly is their work, not a leak.

use super::super::case::Case;
use crate::model::{RuntimeKind, Text};

/// Names of their executables, with a version or without.
const NAMES: [&str; 26] = [
    "xz", "gzip", "pigz", "bzip2", "zstd", "brotli", "7z", "7za", "7zz", "zip", "unzip", "tar", "rsync",
    "jq", "yq", "sort", "awk", "gawk", "mawk", "ffmpeg", "ffprobe", "convert", "magick", "git", "sqlite3",
    "pandoc",
];

/// The suspect is one, or a compiler or linker.
pub(super) fn is_finite(case: &Case<'_, '_, '_>) -> bool {
    let Some(suspect) = &case.suspect else { return false };
    let name = suspect.found.exe.as_ref().or(suspect.found.comm.as_ref()).map(Text::as_bytes);
    let base = name.and_then(|name| name.rsplit(|b| *b == b'/').next()).unwrap_or_default();
    NAMES.iter().any(|known| known.as_bytes() == base) || runtime(case) == Some(RuntimeKind::Build)
}

fn runtime(case: &Case<'_, '_, '_>) -> Option<RuntimeKind> {
    let pid = case.suspect.as_ref()?.found.pid?;
    let victim = case.incident.victims.iter().find(|victim| victim.pid == pid);
    let entity = || case.suspect.as_ref()?.track?.entity?.runtime.as_ref();
    victim.and_then(|victim| victim.runtime.as_ref()).or_else(entity).map(|runtime| runtime.kind)
}
