//! What this machine shows of a sender, for judging what it calls itself.

use std::os::unix::ffi::OsStringExt as _;

use crate::claim::{
    Claim, File, Marks, executable, is_of_container, is_sealed_copy, judge, runtime_copy, service_user,
    system_unit, user_id,
};
use crate::enrich::identity::IdentityCache;
use crate::enrich::process::Process;
use crate::kernel::Roots;
use crate::kernel::proc::Dir;
use crate::model::Sender;

/// What was found out about a sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Path of its executable.
    pub exe: Option<Vec<u8>>,
    /// What the known program is that it claims to be; `None` when it claims nothing.
    pub claim: Option<Claim>,
}

/// One that is judged: a sender, or its parent.
#[derive(Debug, Default)]
struct One {
    pid: Option<u32>,
    comm: Option<Vec<u8>>,
    exe: Option<Vec<u8>>,
    uid: Option<u32>,
    cgroup: Option<Vec<u8>>,
}

/// Looks at a sender that may be gone by now. `cache` knows those that were seen before.
#[must_use]
pub fn look(roots: &Roots, cache: &IdentityCache, sender: &Sender) -> Seen {
    let mut one = One {
        pid: sender.pid,
        comm: Some(sender.comm.as_bytes().to_vec()),
        exe: sender.exe.as_ref().map(|exe| exe.as_bytes().to_vec()),
        uid: sender.uid,
        cgroup: sender.cgroup.as_ref().map(|cgroup| cgroup.path.as_bytes().to_vec()),
    };
    // What was given to exec may be a path from its directory, or a link.
    if one.exe.as_ref().is_none_or(|exe| !exe.starts_with(b"/")) {
        one.exe = sender.pid.and_then(|pid| running_exe(roots, pid)).or(one.exe);
    }
    let is_copy = one.exe.as_deref().is_some_and(is_sealed_copy);
    let parent = sender.ppid.filter(|_| is_copy).and_then(|ppid| parent(roots, cache, ppid));
    let of_copy = parent.and_then(|parent| runtime_copy(&marks(&one), &parent));
    let claim = of_copy.or_else(|| claim(roots, &one));
    Seen { exe: one.exe, claim }
}

fn running_exe(roots: &Roots, pid: u32) -> Option<Vec<u8>> {
    let path = std::fs::read_link(roots.proc.join(pid.to_string()).join("exe")).ok()?;
    Some(path.into_os_string().into_vec())
}

/// The known program that the parent is.
fn parent(roots: &Roots, cache: &IdentityCache, pid: u32) -> Option<Claim> {
    let running =
        Dir::open(&roots.proc).ok().and_then(|proc| Process::read_outside(&proc, pid, &mut Vec::new()));
    let one = match running {
        Some(process) => One {
            pid: Some(pid),
            comm: Some(process.comm),
            exe: process.exe,
            uid: process.uid,
            cgroup: process.cgroup,
        },
        None => {
            let known = cache.lookup(pid, None)?;
            One { pid: Some(pid), comm: known.comm, exe: known.exe, uid: known.uid, cgroup: known.cgroup }
        }
    };
    claim(roots, &one)
}

fn claim(roots: &Roots, one: &One) -> Option<Claim> {
    let marks = marks(one);
    let unit = one.cgroup.as_deref().and_then(system_unit);
    let marks = Marks { unit: unit.as_deref(), ..marks };
    // Files are looked at only for one that claims something.
    judge(&marks)?;
    let file = match (one.pid, &one.exe) {
        (Some(pid), Some(exe)) => executable(roots, pid, exe),
        _ => File::PathAlone,
    };
    let service_uid = one.comm.as_deref().and_then(service_user).and_then(|user| user_id(roots, user));
    judge(&Marks { file, service_uid, ..marks })
}

fn marks(one: &One) -> Marks<'_> {
    Marks {
        name: one.comm.as_deref(),
        exe: one.exe.as_deref(),
        uid: one.uid,
        in_container: one.cgroup.as_deref().is_some_and(is_of_container),
        pid: one.pid,
        ..Marks::default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::model::{CgroupRef, Confidence, SenderKind};

    const STAT: &str = "S 1 10 10 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 1000 200 18446744073709551615";

    /// A machine on which process 700 runs with parent 600.
    fn machine(parent: (&str, &str, u32)) -> (tempfile::TempDir, Roots) {
        let dir = tempfile::tempdir().unwrap();
        let (comm, exe, uid) = parent;
        let of = dir.path().join("600");
        fs::create_dir(&of).unwrap();
        fs::write(of.join("stat"), format!("600 ({comm}) {STAT}\n")).unwrap();
        fs::write(of.join("status"), format!("Name:\t{comm}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")).unwrap();
        fs::write(of.join("cgroup"), "0::/system.slice/containerd.service\n").unwrap();
        symlink(exe, of.join("exe")).unwrap();
        let roots = Roots { proc: dir.path().into(), ..Roots::default() };
        (dir, roots)
    }

    fn sender(comm: &str, exe: &str, uid: u32, cgroup: &str) -> Sender {
        Sender {
            pid: Some(700),
            ppid: Some(600),
            comm: comm.into(),
            exe: Some(exe.into()),
            uid: Some(uid),
            cgroup: Some(CgroupRef { path: cgroup.into(), id: None }),
            ..Sender::default()
        }
    }

    fn found(roots: &Roots, sender: &Sender) -> Option<(SenderKind, bool)> {
        let claim = look(roots, &IdentityCache::default(), sender).claim?;
        Some((claim.kind, claim.is_proved()))
    }

    #[test]
    fn a_runtime_s_sealed_copy_is_known_by_its_parent() {
        let (_dir, roots) = machine(("containerd-shim", "/usr/bin/containerd-shim-runc-v2", 0));
        let runtime = Some((SenderKind::ContainerRuntime, true));
        for (comm, exe) in
            [("3", "/dev/fd/3"), ("runc:[2:INIT]", "/memfd:runc_cloned:/proc/self/exe (deleted)")]
        {
            assert_eq!(
                found(&roots, &sender(comm, exe, 0, "/system.slice/containerd.service")),
                runtime,
                "{exe}"
            );
        }
        let id = "3f2a9c1b2d4e".repeat(5) + "3f2a";
        let inside = format!("/system.slice/docker-{id}.scope");
        assert_eq!(found(&roots, &sender("3", "/dev/fd/3", 0, &inside)), None, "a container's first process");
        let (_dir, roots) = machine(("conmon", "/home/x/conmon", 1000));
        assert_eq!(found(&roots, &sender("3", "/dev/fd/3", 1000, "/user.slice/x")), None);
        assert_eq!(
            found(&roots, &sender("crun", "/dev/fd/3", 1000, "/user.slice/x")),
            Some((SenderKind::ContainerRuntime, false))
        );
    }

    #[test]
    fn a_user_s_program_is_none_by_its_name() {
        let (_dir, roots) = machine(("bash", "/usr/bin/bash", 1000));
        let home = "/user.slice/user-1000.slice/user@1000.service/app.slice/systemd-oomd.service";
        let faked = sender("systemd-oomd", "/home/x/systemd-oomd", 1000, home);
        assert_eq!(found(&roots, &faked), Some((SenderKind::SystemdOomd, false)));
        let genuine = sender(
            "systemd-oomd",
            "/usr/lib/systemd/systemd-oomd",
            998,
            "/system.slice/systemd-oomd.service",
        );
        let told = look(&roots, &IdentityCache::default(), &genuine).claim.unwrap();
        assert_eq!((told.kind, told.confidence), (SenderKind::SystemdOomd, Confidence::High));
        assert_eq!(found(&roots, &sender("app", "/home/x/app", 1000, home)), None);
    }

    #[test]
    fn an_executable_given_without_its_directory_is_looked_up() {
        let (dir, roots) = machine(("bash", "/usr/bin/bash", 1000));
        fs::create_dir(dir.path().join("700")).unwrap();
        symlink("/home/x/kubelet", dir.path().join("700/exe")).unwrap();
        let seen = look(&roots, &IdentityCache::default(), &sender("kubelet", "./kubelet", 1000, "/"));
        assert_eq!(seen.exe.as_deref(), Some(&b"/home/x/kubelet"[..]));
        assert!(!seen.claim.unwrap().is_proved());
    }
}
