use super::*;

const OOMD: &str = "/usr/lib/systemd/systemd-oomd";

/// A process of this machine whose file was looked at.
fn process<'a>(name: &'a str, exe: &'a str, uid: u32) -> Marks<'a> {
    Marks {
        name: Some(name.as_bytes()),
        exe: Some(exe.as_bytes()),
        file: File::OfRoot,
        uid: Some(uid),
        pid: Some(700),
        ..Marks::default()
    }
}

fn claim(marks: &Marks<'_>) -> (SenderKind, Confidence) {
    let claim = judge(marks).expect("it claims something");
    assert_eq!(claim.is_proved(), claim.confidence > Confidence::Low);
    (claim.kind, claim.confidence)
}

#[test]
fn root_s_executable_proves_a_program() {
    use SenderKind::{Earlyoom, Kubelet, SystemdOomd};
    assert_eq!(claim(&process("earlyoom", "/usr/bin/earlyoom", 0)), (Earlyoom, Confidence::High));
    assert_eq!(
        claim(&process("kubelet", "/usr/local/bin/kubelet (deleted)", 0)),
        (Kubelet, Confidence::High)
    );
    let own = Marks { service_uid: Some(998), ..process("systemd-oomd", OOMD, 998) };
    assert_eq!(claim(&own), (SystemdOomd, Confidence::High));
    // A thread's name may be another one.
    assert_eq!(claim(&process("worker", OOMD, 0)), (SystemdOomd, Confidence::High));
    let gone = Marks { file: File::PathAlone, ..process("earlyoom", "/usr/bin/earlyoom", 0) };
    assert_eq!(claim(&gone), (Earlyoom, Confidence::Medium));
}

#[test]
fn a_user_s_program_only_calls_itself_so() {
    let contradicted = |marks: &Marks<'_>| {
        let claim = judge(marks).unwrap();
        assert!(!claim.is_proved() && claim.is_contradicted, "{claim:?}");
        claim.why
    };
    for name in [
        "systemd-oomd",
        "earlyoom",
        "oomd",
        "nohang",
        "kubelet",
        "k3s",
        "runc",
        "crun",
        "podman",
        "timeout",
        "systemd",
    ] {
        for uid in [0, 1000] {
            let exe = format!("/home/x/{name}");
            let why = contradicted(&process(name, &exe, uid));
            assert!(why.contains(&exe), "{why}");
            contradicted(&process(name, "/usr/bin/perl", uid));
        }
    }
    // The right executable, started by a user who can have it do anything.
    for (name, exe) in
        [("systemd-oomd", OOMD), ("kubelet", "/usr/bin/kubelet"), ("earlyoom", "/usr/bin/earlyoom")]
    {
        assert!(contradicted(&process(name, exe, 1000)).contains("uid 1000"));
    }
    contradicted(&Marks { service_uid: Some(998), ..process("systemd-oomd", OOMD, 997) });
    contradicted(&Marks { file: File::OfOthers, ..process("kubelet", "/usr/local/bin/kubelet", 0) });
}

#[test]
fn a_name_alone_proves_nothing() {
    let marks = Marks { exe: None, ..process("timeout", "", 0) };
    let told = judge(&marks).unwrap();
    assert!(!told.is_proved() && !told.is_contradicted && told.why.contains("name alone"), "{told:?}");
    assert_eq!(judge(&process("app", "/home/x/app", 1000)), None);
    assert_eq!(
        judge(&process("bash", "/usr/bin/busybox", 0)),
        None,
        "other programs have this executable, too"
    );
    assert_eq!(claim(&process("timeout", "/usr/bin/busybox", 0)), (SenderKind::Timeout, Confidence::High));
}

#[test]
fn a_container_s_root_is_not_the_machine_s() {
    let inside =
        Marks { in_container: true, file: File::PathAlone, ..process("earlyoom", "/usr/bin/earlyoom", 0) };
    assert!(!judge(&inside).unwrap().is_proved());
    let of_machine = Marks { file: File::OfRoot, ..inside };
    assert!(judge(&of_machine).unwrap().is_proved());
}

#[test]
fn the_system_s_unit_proves_a_program() {
    let nohang = |unit, uid| Marks { unit, ..process("nohang", "/usr/bin/python3.11", uid) };
    assert_eq!(claim(&nohang(Some("nohang.service"), 0)), (SenderKind::Nohang, Confidence::High));
    assert_eq!(
        claim(&nohang(Some("nohang.service"), 61_500)),
        (SenderKind::Nohang, Confidence::High),
        "DynamicUser"
    );
    assert_eq!(claim(&nohang(Some("x.service"), 0)), (SenderKind::Nohang, Confidence::Low));
    assert_eq!(claim(&nohang(Some("nohang.service"), 1000)), (SenderKind::Nohang, Confidence::Low));
    // Another process in the unit.
    assert_eq!(judge(&Marks { unit: Some("nohang.service"), ..process("sh", "/usr/bin/dash", 0) }), None);
}

#[test]
fn tools_and_runtimes_of_users() {
    assert_eq!(
        claim(&process("timeout", "/usr/bin/timeout", 1000)),
        (SenderKind::Timeout, Confidence::Medium)
    );
    assert_eq!(
        claim(&process("podman", "/usr/bin/podman", 1000)),
        (SenderKind::ContainerRuntime, Confidence::Medium)
    );
    assert_eq!(
        claim(&process("conmon", "/usr/bin/conmon", 0)),
        (SenderKind::ContainerRuntime, Confidence::High)
    );
    let init = Marks { pid: Some(1), ..process("systemd", "", 0) };
    assert_eq!(claim(&init), (SenderKind::ServiceManager, Confidence::High));
    assert_eq!(claim(&Marks { pid: Some(2), ..init }).1, Confidence::Low);
}

#[test]
fn the_journal_s_findings() {
    let journal = |exe, unit, uid| Marks {
        origin: Origin::Journal,
        name: Some(b"earlyoom"),
        exe,
        unit,
        uid,
        ..Marks::default()
    };
    let exe = Some(&b"/usr/bin/earlyoom"[..]);
    assert_eq!(claim(&journal(exe, None, Some(0))).1, Confidence::High);
    assert_eq!(claim(&journal(exe, Some("user@1000.service"), Some(1000))).1, Confidence::Low);
    assert_eq!(claim(&journal(exe, None, None)).1, Confidence::Low, "whose process it was is not known");
    assert_eq!(claim(&journal(None, Some("earlyoom.service"), Some(61_700))).1, Confidence::High);
    assert_eq!(claim(&journal(exe, Some("earlyoom.service"), None)).1, Confidence::Medium);
    assert_eq!(
        claim(&journal(Some(b"/home/x/earlyoom"), Some("session-3.scope"), Some(1000))).1,
        Confidence::Low
    );
    assert_eq!(
        judge(&journal(Some(b"/usr/bin/logger"), None, Some(0))),
        None,
        "a tag counts for nothing beside it"
    );
    let own = Marks { exe: Some(OOMD.as_bytes()), ..journal(None, None, Some(998)) };
    assert_eq!(claim(&own), (SenderKind::SystemdOomd, Confidence::Medium));
}

#[test]
fn a_tag_is_a_claim() {
    let tag = Marks { origin: Origin::Tag, name: Some(b"kubelet"), pid: Some(1), ..Marks::default() };
    let told = judge(&tag).unwrap();
    assert_eq!(
        (told.kind, told.confidence, told.is_contradicted),
        (SenderKind::Kubelet, Confidence::Low, false)
    );
    assert!(told.why.contains("tag"));
    let systemd = Marks { name: Some(b"systemd"), ..tag };
    assert_eq!(claim(&systemd).1, Confidence::Low, "any process can log as process 1");
}

#[test]
fn a_sealed_copy_is_known_by_its_parent_and_its_cgroup() {
    let parent = judge(&process("conmon", "/usr/bin/conmon", 0)).unwrap();
    for exe in [
        "/dev/fd/3",
        "/memfd:runc_cloned:/proc/self/exe (deleted)",
        "/memfd:crun (deleted)",
        "/proc/self/fd/6",
    ] {
        let copy = process("3", exe, 0);
        let told = runtime_copy(&copy, &parent).unwrap();
        assert_eq!((told.kind, told.confidence), (SenderKind::ContainerRuntime, Confidence::High));
        assert!(told.why.contains("parent"), "{told:?}");
        // The first process of a container has such a parent, too.
        assert_eq!(runtime_copy(&Marks { in_container: true, ..copy }, &parent), None);
        let users = judge(&process("conmon", "/home/x/conmon", 1000)).unwrap();
        assert_eq!(runtime_copy(&copy, &users), None, "a user's parent proves nothing");
        let other = judge(&process("timeout", "/usr/bin/timeout", 0)).unwrap();
        assert_eq!(runtime_copy(&copy, &other), None);
    }
    assert_eq!(runtime_copy(&process("3", "/home/x/crun", 0), &parent), None);
}
