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

/// The program of the system with this name, to be run by whoever runs this one; for root never one that the caller's `PATH`
/// leads to.
#[must_use]
pub fn system_program(name: &str) -> PathBuf {
    // SAFETY: a plain call.
    let is_root = unsafe { libc::geteuid() == 0 };
    let by_path = if is_root { Path::new(DIRECTORIES[0]).join(name) } else { PathBuf::from(name) };
    find(name).unwrap_or(by_path)
}

/// Whether root owns a file and all directories above it, and nobody else may write to one of them, but for directories in
/// which nobody can replace what is root's (sticky). The path must have no symbolic link in it.
#[must_use]
pub fn only_root_writes(path: &Path) -> bool {
    let is_safe = |meta: &std::fs::Metadata| {
        let is_sticky = meta.is_dir() && meta.mode() & 0o1000 != 0;
        meta.uid() == 0 && (is_sticky || meta.mode() & 0o022 == 0)
    };
    path.ancestors().all(|part| std::fs::symlink_metadata(part).is_ok_and(|meta| is_safe(&meta)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_others_write_to_is_not_run() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("getent");
        std::fs::write(&file, "").unwrap();
        let is_root = tmp.path().metadata().unwrap().uid() == 0;
        let mode = |mode| std::fs::set_permissions(tmp.path(), PermissionsExt::from_mode(mode)).unwrap();
        for (bits, is_safe) in [(0o755, is_root), (0o777, false), (0o775, false), (0o1777, is_root)] {
            mode(bits);
            assert_eq!(only_root_writes(&file.canonicalize().unwrap()), is_safe, "{bits:o}");
        }
        assert!(find("no-such-program-at-all").is_none());
    }
}
