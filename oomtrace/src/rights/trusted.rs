//! Programs that only root can have put where they are.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a system has its programs. `PATH` is the caller's.
const DIRECTORIES: [&str; 3] = ["/usr/bin", "/bin", "/run/current-system/sw/bin"];

/// What a program of the system prints; `None` when it is not there, fails, or others than root could have changed it.
pub(super) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(find(program)?);
    // Nothing of the environment may lead it elsewhere.
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C").current_dir("/");
    let output = command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The file that a program of this name is.
fn find(program: &str) -> Option<PathBuf> {
    let file = |directory| Path::new(directory).join(program).canonicalize().ok();
    DIRECTORIES.into_iter().filter_map(file).find(|file| only_root_writes(file))
}

/// Whether root owns a file and all directories above it, and nobody else may write to one of them. The path must have no
/// symbolic link in it.
fn only_root_writes(path: &Path) -> bool {
    path.ancestors().all(|part| {
        std::fs::symlink_metadata(part).is_ok_and(|meta| meta.uid() == 0 && meta.mode() & 0o022 == 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_to_is_not_run() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("getent");
        std::fs::write(&file, "").unwrap();
        // A temporary directory is below one that all may write to.
        assert!(!only_root_writes(&file));
        assert!(find("no-such-program-at-all").is_none());
    }
}
