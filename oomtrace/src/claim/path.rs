//! Paths of executables.

/// Directories that only root writes, by convention of all distributions and of what installs Kubernetes.
const ROOTS: [&[u8]; 14] = [
    b"/usr/bin/",
    b"/usr/sbin/",
    b"/usr/lib/",
    b"/usr/lib64/",
    b"/usr/libexec/",
    b"/usr/local/",
    b"/bin/",
    b"/sbin/",
    b"/lib/",
    b"/lib64/",
    b"/opt/bin/",
    b"/nix/store/",
    b"/snap/",
    b"/var/lib/rancher/",
];

/// What the kernel adds for a file that was removed or replaced.
const DELETED: &[u8] = b" (deleted)";

/// Without what the kernel adds for a file that was replaced.
pub(super) fn without_deleted(path: &[u8]) -> &[u8] {
    path.strip_suffix(DELETED).unwrap_or(path)
}

/// The last part of a path.
pub(super) fn file_name(path: &[u8]) -> &[u8] {
    let path = without_deleted(path);
    path.rsplit(|b| *b == b'/').next().unwrap_or(path)
}

/// Whether, by its name, only root writes the directory of this file.
pub(super) fn is_of_root(path: &[u8]) -> bool {
    let is_plain = path.split(|b| *b == b'/').all(|part| part != b".." && part != b".");
    is_plain && ROOTS.iter().any(|root| path.starts_with(root) && path.len() > root.len())
}

/// Whether a process runs a copy of its program without a path: runtimes do so (`memfd_create` and `fexecve`), so that a
/// container can't overwrite them. `/dev/fd/3` is what was given to `exec` then, `/memfd:...` what `/proc` shows.
#[must_use]
pub fn is_sealed_copy(path: &[u8]) -> bool {
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let of_process = || {
        let rest = path.strip_prefix(b"/proc/")?;
        let slash = rest.iter().position(|b| *b == b'/')?;
        let (who, rest) = rest.split_at(slash);
        let fd = rest == b"/exe" || rest.strip_prefix(b"/fd/").is_some_and(is_number);
        Some(fd && (who == b"self" || who == b"thread-self" || is_number(who)))
    };
    path.starts_with(b"/memfd:")
        || path.starts_with(b"memfd:")
        || path.strip_prefix(b"/dev/fd/").is_some_and(is_number)
        || of_process().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_root() {
        for path in ["/usr/bin/earlyoom", "/usr/lib/systemd/systemd-oomd", "/usr/local/bin/kubelet (deleted)"]
        {
            assert!(is_of_root(path.as_bytes()), "{path}");
        }
        for path in [
            "/home/x/systemd-oomd",
            "/tmp/usr/bin/earlyoom",
            "/usr/bin/../../home/x/earlyoom",
            "usr/bin/earlyoom",
            "/usr/binx/earlyoom",
            "/usr/bin/",
            "/dev/shm/kubelet",
            "/var/tmp/kubelet",
            "/opt/app/kubelet",
            "earlyoom",
            "",
        ] {
            assert!(!is_of_root(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn sealed_copies() {
        for path in [
            "/dev/fd/3",
            "/proc/self/fd/6",
            "/proc/42/fd/6",
            "/proc/self/exe",
            "/memfd:runc_cloned:/proc/self/exe (deleted)",
            "/memfd:crun (deleted)",
        ] {
            assert!(is_sealed_copy(path.as_bytes()), "{path}");
        }
        for path in [
            "/usr/bin/crun",
            "/dev/fd/",
            "/dev/fd/x",
            "/home/memfd:crun",
            "/proc/x/fd/3",
            "/proc/self/fd/3/x",
        ] {
            assert!(!is_sealed_copy(path.as_bytes()), "{path}");
        }
    }
}
