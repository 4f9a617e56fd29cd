//! The system unit of a cgroup's path.
//!
//! The name of a unit proves something only where the system's own manager gave it: users name the units of their own managers
//! as they like, and containers name whatever is below them.

use crate::kernel::cgroup::container;

/// Slices and directories below which names are not the system's.
const OF_OTHERS: [&[u8]; 9] = [
    b"user.slice",
    b"machine.slice",
    b"machine",
    b"docker",
    b"kubepods",
    b"kubepods.slice",
    b"garden",
    b"podman",
    b"libpod_parent",
];

/// The unit that the system's manager runs in this cgroup: `/system.slice/a.service`, `/init.scope`.
#[must_use]
pub fn system_unit(cgroup: &[u8]) -> Option<String> {
    if is_of_container(cgroup) {
        return None;
    }
    let mut parts = cgroup.split(|b| *b == b'/').filter(|part| !part.is_empty());
    let first = parts.clone().next()?;
    if OF_OTHERS.contains(&first) {
        return None;
    }
    let unit = parts.find(|part| !part.ends_with(b".slice"))?;
    let is_unit = unit.ends_with(b".service") || unit.ends_with(b".scope");
    // systemd puts `_` before names that the kernel could take for one of its own files.
    let name = container::unescape(unit.strip_prefix(b"_").unwrap_or(unit));
    is_unit.then(|| String::from_utf8_lossy(&name).into_owned())
}

/// Whether a cgroup is a container's, as far as its path tells: names and files in it are not the machine's.
#[must_use]
pub fn is_of_container(cgroup: &[u8]) -> bool {
    let mut parts = cgroup.split(|b| *b == b'/').filter(|part| !part.is_empty());
    let first = parts.clone().next().unwrap_or_default();
    let of_others = OF_OTHERS.contains(&first) && first != b"user.slice";
    // What watches a container runs outside of it.
    let monitor = |part: &[u8]| part.starts_with(b"libpod-conmon-") || part.starts_with(b"crio-conmon-");
    let lxc = |part: &[u8]| part == b"lxc" || part.starts_with(b"lxc.payload");
    let is_monitor = parts.clone().any(monitor);
    !is_monitor && (of_others || parts.any(lxc) || container::identify(cgroup).container.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3f2a9c1b2d4e3f2a9c1b2d4e3f2a9c1b2d4e3f2a9c1b2d4e3f2a9c1b2d4e3f2a";

    #[test]
    fn units_of_the_system() {
        let unit = |path: &str| system_unit(path.as_bytes());
        assert_eq!(unit("/system.slice/earlyoom.service").as_deref(), Some("earlyoom.service"));
        assert_eq!(unit("/init.scope").as_deref(), Some("init.scope"));
        assert_eq!(unit("/runtime.slice/kubelet.service").as_deref(), Some("kubelet.service"));
        assert_eq!(unit("/system.slice/docker.service/x").as_deref(), Some("docker.service"));
        for path in [
            "/user.slice/user-1000.slice/user@1000.service/app.slice/earlyoom.service",
            "/user.slice/earlyoom.service",
            "/system.slice/cron.service/earlyoom.service/x",
            &format!("/docker/{ID}/kubelet.slice/kubelet.service"),
            &format!("/system.slice/docker-{ID}.scope/system.slice/earlyoom.service"),
            "/machine.slice/x.scope/system.slice/earlyoom.service",
            "/lxc.payload.x/system.slice/earlyoom.service",
            "/x/earlyoom.service",
            "/",
            "",
        ] {
            let found = unit(path);
            assert!(
                !matches!(found.as_deref(), Some("earlyoom.service" | "kubelet.service")),
                "{path}: {found:?}"
            );
        }
    }

    #[test]
    fn containers() {
        for path in [
            format!("/system.slice/docker-{ID}.scope"),
            format!("/kubepods.slice/cri-containerd-{ID}.scope"),
            "/lxc/x".to_owned(),
            "/machine.slice/x.scope".to_owned(),
            format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container"),
        ] {
            assert!(is_of_container(path.as_bytes()), "{path}");
        }
        for path in [
            "/system.slice/docker.service".to_owned(),
            "/user.slice/user-1000.slice/session-1.scope".to_owned(),
            format!("/machine.slice/libpod-conmon-{ID}.scope"),
            "/".to_owned(),
        ] {
            assert!(!is_of_container(path.as_bytes()), "{path}");
        }
    }
}
