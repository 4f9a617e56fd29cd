//! `/proc/<pid>/cgroup`.

/// The memory cgroup of `/proc/<pid>/cgroup`: the v1 line with the memory controller, else the v2 line. The kernel
/// admits no newline in a cgroup's name, but colons.
pub(crate) fn parse_cgroup(text: &[u8]) -> Option<Vec<u8>> {
    let mut unified = None;
    for line in text.split(|b| *b == b'\n') {
        let mut parts = line.splitn(3, |b| *b == b':');
        let (Some(id), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if controllers.split(|b| *b == b',').any(|c| c == b"memory") {
            return Some(path.to_vec());
        }
        if id == b"0" && controllers.is_empty() {
            // Only v2 marks a cgroup that was removed while it still had (dying) tasks.
            unified = Some(path.strip_suffix(b" (deleted)").unwrap_or(path).to_vec());
        }
    }
    unified
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cgroup_lines() {
        assert_eq!(parse_cgroup(b"0::/a b/x (deleted)\n").unwrap(), b"/a b/x");
        assert_eq!(parse_cgroup(b"0::/../peer\n").unwrap(), b"/../peer");
        // Hybrid without the memory controller on v1.
        assert_eq!(parse_cgroup(b"1:name=systemd:/s\n0::/u\n").unwrap(), b"/u");
        // "memory" is a whole word.
        assert_eq!(parse_cgroup(b"3:memoryx:/s\n"), None);
        assert_eq!(parse_cgroup(b""), None);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_cgroup(&bytes);
        }
    }
}
