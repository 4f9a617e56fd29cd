//! The page in a browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow};

use super::Format;

/// A new file for a page that was given no name, readable by its owner only.
pub(super) fn page(format: Format) -> Result<PathBuf> {
    let dir = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let suffix = match format {
        Format::Text => "txt",
        Format::Html => "html",
        Format::Markdown => "md",
        Format::Json => "json",
        Format::Junit => "xml",
        Format::Perfetto => "pftrace",
    };
    for attempt in 0..100 {
        let path = dir.join(format!("oomtrace-report-{}-{attempt}.{suffix}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Never a file that somebody else has put there.
        match options.write(true).create_new(true).open(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).context(format!("can't make {path:?}; name a file with -o FILE"));
            }
        }
    }
    Err(anyhow!("no free name in {dir:?}; name a file with -o FILE"))
}

/// Hands `page` to whatever shows such files here.
pub(super) fn show(page: &Path) -> Result<()> {
    eprintln!("oomtrace: {}", page.display());
    let mut opener = Command::new("xdg-open");
    opener.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = opener.status().map_err(|error| {
        anyhow!("can't run xdg-open: {error}; the page is written, open {} in a browser", page.display())
    })?;
    anyhow::ensure!(status.success(), "xdg-open failed ({status}); open {} in a browser", page.display());
    Ok(())
}
