//! The page in a browser.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow};

use super::Format;
use crate::output::{self, Owner};
use crate::rights::{Descent, environment_of};

/// A name for a page that was given none. Nobody can guess it, and so nobody can have put something there.
///
/// # Errors
/// The kernel has no random bits.
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
    Ok(dir.join(format!("oomtrace-report-{}.{suffix}", output::word()?)))
}

/// Hands `page` to whatever shows such files here.
pub(super) fn show(page: &Path) -> Result<()> {
    eprintln!("oomtrace: {page:?}");
    let mut opener = Command::new("xdg-open");
    if let Owner::User(caller) = Owner::of_process()? {
        // A browser is not for root.
        environment_of(&caller, &mut opener);
        let mut descent = Descent::new(&caller);
        // SAFETY: the closure makes system calls only.
        unsafe { opener.pre_exec(move || descent.make()) };
    }
    opener.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = opener.status().map_err(|error| {
        anyhow!("can't run xdg-open: {error}; the page is written, open {page:?} in a browser")
    })?;
    anyhow::ensure!(status.success(), "xdg-open failed ({status}); open {page:?} in a browser");
    Ok(())
}
