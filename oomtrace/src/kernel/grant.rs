//! The command that grants this program its capabilities.

use caps::{CapSet, Capability as Cap, CapsHashSet};

use super::needs::NEEDS;
use crate::words::shell;

/// `sudo setcap cap_bpf,...+ep /usr/local/bin/oomtrace`: all that this program can make use of and may have here.
///
/// `setcap` replaces all capabilities of a file, so every remedy names the whole set: two that name one each would undo one
/// another. A capability outside of the bounding set is left out, because with it the program would not start at all.
#[must_use]
pub fn setcap() -> String {
    let bounding = caps::read(None, CapSet::Bounding).ok();
    let exe = std::env::current_exe().ok();
    command(bounding.as_ref(), exe.as_ref().map(|exe| exe.as_os_str().as_encoded_bytes()))
}

/// What to do where a capability lacks, with [`setcap`]'s command at the end.
#[must_use]
pub fn remedy() -> String {
    format!("run with sudo, or grant all it needs in one call: {}", setcap())
}

/// Whether a capability can be had at all by this program and what it starts.
pub(super) fn can_be_had(cap: Cap) -> bool {
    caps::read(None, CapSet::Bounding).is_ok_and(|bounding| bounding.contains(&cap))
}

fn command(bounding: Option<&CapsHashSet>, exe: Option<&[u8]>) -> String {
    let file = exe.map_or_else(|| "\"$(command -v oomtrace)\"".to_owned(), shell::quote);
    format!("sudo setcap {}+ep {file}", names(bounding).join(","))
}

/// The names to grant. Up to 5.7 `CAP_SYS_ADMIN` stands for the two that were split off it; those kernels have them in no
/// bounding set.
fn names(bounding: Option<&CapsHashSet>) -> Vec<String> {
    let has = |cap: Cap| bounding.is_none_or(|bounding| bounding.contains(&cap));
    let mut names = Vec::with_capacity(NEEDS.len());
    for (cap, _, _, admin_does) in NEEDS {
        let stand_in = Some(Cap::CAP_SYS_ADMIN).filter(|admin| admin_does && has(*admin));
        let granted = Some(cap).filter(|cap| has(*cap)).or(stand_in);
        let name = granted.map(|cap| cap.to_string().to_ascii_lowercase());
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> CapsHashSet {
        NEEDS.iter().map(|(cap, ..)| *cap).collect()
    }

    #[test]
    fn every_capability_and_the_file_are_named() {
        let command = command(Some(&all()), Some(b"/opt/my tools/oomtrace"));
        for (cap, ..) in NEEDS {
            assert!(command.contains(&cap.to_string().to_ascii_lowercase()), "{cap}: {command}");
        }
        assert!(command.ends_with("+ep '/opt/my tools/oomtrace'"), "{command}");
    }

    #[test]
    fn it_is_the_line_of_the_readme() {
        let readme = include_str!("../../../README.md").replace("\\\n  ", "");
        let line = command(Some(&all()), Some(b"/usr/local/bin/oomtrace"));
        assert!(readme.contains(&line), "{line}");
    }

    #[test]
    fn what_can_not_be_had_is_left_out() {
        let mut bounding = all();
        bounding.remove(&Cap::CAP_SYS_RESOURCE);
        let command = command(Some(&bounding), None);
        assert!(!command.contains("cap_sys_resource") && command.contains("cap_ipc_lock"), "{command}");
        assert!(command.ends_with("+ep \"$(command -v oomtrace)\""), "{command}");
    }

    #[test]
    fn old_kernels_have_sys_admin_instead() {
        let old = CapsHashSet::from([Cap::CAP_SYS_ADMIN, Cap::CAP_SYSLOG]);
        assert_eq!(names(Some(&old)), ["cap_sys_admin", "cap_syslog"]);
        let new = CapsHashSet::from([Cap::CAP_SYS_ADMIN, Cap::CAP_BPF, Cap::CAP_PERFMON]);
        assert_eq!(names(Some(&new)), ["cap_bpf", "cap_perfmon"]);
    }
}
