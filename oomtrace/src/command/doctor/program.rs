//! Who may run this program, and so has what its file gives.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::record::{Check, CheckState};
use crate::rights::Directory;
use crate::words::shell;

const NAME: &str = "program";
/// The attribute that holds a file's capabilities.
const ATTRIBUTE: &str = "security.capability";
const SETUID: u32 = 0o4000;

/// What of a file decides who may run it and with what.
#[derive(Clone, Copy, Debug)]
struct Mode {
    mode: u32,
    uid: u32,
    gid: u32,
    has_capabilities: bool,
}

/// Looks at the program's own file.
pub(super) fn program() -> Check {
    let Ok(path) = std::env::current_exe() else {
        return Check::ok(NAME, "its own file is not known");
    };
    match look(&path) {
        Ok(mode) => judge(&path, mode),
        Err(error) => Check::ok(NAME, format!("{}: {error}", path.display())),
    }
}

fn look(path: &Path) -> std::io::Result<Mode> {
    let meta = std::fs::metadata(path)?;
    let mut value = [0_u8; 64];
    let has_capabilities =
        rustix::fs::getxattr(path, ATTRIBUTE, &mut value[..]).is_ok_and(|length| length > 0);
    Ok(Mode { mode: meta.mode() & 0o7777, uid: meta.uid(), gid: meta.gid(), has_capabilities })
}

fn judge(path: &Path, mode: Mode) -> Check {
    let Mode { mode: bits, uid, gid, has_capabilities } = mode;
    let owner =
        Directory::default().by_uid(uid).and_then(|user| user.name).unwrap_or_else(|| uid.to_string());
    let who = match (bits & 0o001 != 0, bits & 0o010 != 0) {
        (true, _) => "everybody may run it".to_owned(),
        (false, true) => format!("its owner and the group {gid} may run it"),
        (false, false) => "only its owner may run it".to_owned(),
    };
    let with = match (bits & SETUID != 0, has_capabilities) {
        (true, _) => ", with the rights of its owner (setuid)",
        (false, true) => ", with file capabilities",
        (false, false) => "",
    };
    let read = format!("{}: mode {bits:04o}, owner {owner}: {who}{with}", path.display());
    let file = shell::quote(path.as_os_str().as_encoded_bytes());
    if bits & SETUID != 0 {
        let remedy = format!("sudo chmod u-s {file}, and use sudo or file capabilities");
        return Check::bad(CheckState::Degraded, NAME, read, remedy)
            .lacking("whoever may run it traces as its owner: it is not made for a setuid bit");
    }
    if has_capabilities && bits & 0o001 != 0 {
        let remedy = format!(
            "let a group alone run it: sudo chgrp GROUP {file} && sudo chmod 0750 {file}, then setcap again"
        );
        return Check::bad(CheckState::Degraded, NAME, read, remedy)
            .lacking("every user of this machine can watch the processes of all others through it");
    }
    if has_capabilities && (uid != 0 || bits & 0o022 != 0) {
        let remedy = format!("sudo chown root {file} && sudo chmod go-w {file}, then setcap again");
        return Check::bad(CheckState::Degraded, NAME, read, remedy)
            .lacking("others than root decide who may run it");
    }
    Check::ok(NAME, read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(mode: u32, uid: u32, has_capabilities: bool) -> (CheckState, String) {
        let check = judge(Path::new("/opt/my tools/oomtrace"), Mode { mode, uid, gid: 7, has_capabilities });
        (check.state, format!("{} {}", check.read, check.remedy.unwrap_or_default()))
    }

    #[test]
    fn what_the_file_gives_is_not_for_everybody() {
        assert_eq!(state(0o755, 0, false).0, CheckState::Ok);
        assert_eq!(state(0o755, 1000, false).0, CheckState::Ok);
        let (kind, text) = state(0o750, 0, true);
        assert_eq!(kind, CheckState::Ok, "{text}");
        assert!(text.contains("group 7") && text.contains("file capabilities"), "{text}");
        for (mode, uid, remedy) in [
            (0o755, 0, "chmod 0750 '/opt/my tools/oomtrace'"),
            (0o750, 1000, "chown root"),
            (0o770, 0, "go-w"),
        ] {
            let (kind, text) = state(mode, uid, true);
            assert!(kind == CheckState::Degraded && text.contains(remedy), "{mode:o}: {text}");
        }
        assert!(state(0o4755, 0, false).1.contains("u-s"));
    }
}
