use proptest::prelude::*;

use super::*;

const ID: &str = "3f2a9c1b2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8";
const NODE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const UID: &str = "0a1b2c3d-1111-2222-3333-444455556666";
const UID_: &str = "0a1b2c3d_1111_2222_3333_444455556666";
const STATIC: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

/// Runtime, id, pod uid; all empty for no container at all.
type Found<'a> = (&'a str, &'a str, &'a str);

fn check(path: &str, (runtime, id, pod): Found<'_>) {
    let path = path
        .replace("{id}", ID)
        .replace("{node}", NODE)
        .replace("{uid}", UID)
        .replace("{uid_}", UID_)
        .replace("{static}", STATIC);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let expected =
        Container { runtime: some(runtime), id: some(id), pod_uid: some(pod), ..Container::default() };
    let expected = Some(expected).filter(|container| *container != Container::default());
    let found = identify(path.as_bytes()).container;
    assert_eq!(found.map(|found| Container { owner_uid: None, ..found }), expected, "{path}");
}

#[test]
fn kubernetes_with_the_systemd_driver() {
    let slices = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid_}.slice";
    for (scope, runtime) in [("cri-containerd", "containerd"), ("crio", "crio"), ("docker", "docker")] {
        check(&format!("{slices}/{scope}-{{id}}.scope"), (runtime, ID, UID));
    }
    check("/kubepods.slice/kubepods-pod{uid_}.slice/crio-{id}.scope", ("crio", ID, UID));
    check("/kubepods.slice/kubepods-pod{uid_}.slice/crio-{id}.scope/container", ("crio", ID, UID));
}

#[test]
fn kubernetes_with_the_cgroupfs_driver() {
    check("/kubepods/besteffort/pod{uid}/{id}", ("", ID, UID));
    check("/kubepods/pod{uid}/{id}", ("", ID, UID));
    check("/kubepods/burstable/pod{uid}/crio-{id}", ("crio", ID, UID));
}

#[test]
fn kubelet_with_its_own_root() {
    let pod = "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{uid_}.slice";
    check(&format!("{pod}/cri-containerd-{{id}}.scope"), ("containerd", ID, UID));
    let node = "/system.slice/docker-{node}.scope";
    check(&format!("{node}{pod}/cri-containerd-{{id}}.scope"), ("containerd", ID, UID));
    check(&format!("{node}{pod}"), ("", "", UID));
    check("/docker/{node}/kubelet/kubepods/pod{uid}/{id}", ("", ID, UID));
}

#[test]
fn user_namespaces_and_containerd_as_a_service() {
    check("/system.slice/kubepods-besteffort-pod{uid_}.slice:cri-containerd:{id}", ("containerd", ID, UID));
    check(
        "/system.slice/containerd.service/kubepods-burstable-pod{uid_}.slice:cri-containerd:{id}",
        ("containerd", ID, UID),
    );
    check(
        "/system.slice/containerd.service/kubepods-pod{uid_}.slice:cri-containerd:{id}/init.scope",
        ("containerd", ID, UID),
    );
}

#[test]
fn docker_and_podman() {
    check("/docker/{id}", ("docker", ID, ""));
    check("/docker/{id}/system.slice/nginx.service", ("docker", ID, ""));
    check("/system.slice/docker-{id}.scope", ("docker", ID, ""));
    check("/system.slice/docker-{id}.scope/init", ("docker", ID, ""));
    check("/machine.slice/libpod-{id}.scope", ("podman", ID, ""));
    check("/machine.slice/libpod-{id}.scope/container", ("podman", ID, ""));
    check("/libpod_parent/libpod-{id}", ("podman", ID, ""));
    let user = "/user.slice/user-1000.slice/user@1000.service/user.slice";
    let owner = |path: &str| identify(path.as_bytes()).container.and_then(|container| container.owner_uid);
    assert_eq!(
        owner(&format!("{user}/docker-{ID}.scope")),
        Some(1000),
        "the user may have named a cgroup like this"
    );
    assert_eq!(owner(&format!("/system.slice/docker-{ID}.scope")), None);
    check(&format!("{user}/libpod-{{id}}.scope/container"), ("podman", ID, ""));
    check("/actions_job/{id}", ("", ID, ""));
    check("/docker/{node}/docker/{id}", ("docker", ID, ""));
    check("/kubepods/pod{uid}/{node}/docker/{id}", ("docker", ID, UID));
}

#[test]
fn a_limit_of_the_whole_pod() {
    check("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid_}.slice", ("", "", UID));
    check("/kubepods/besteffort/pod{uid}", ("", "", UID));
}

#[test]
fn static_pods_have_a_hash() {
    check(
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{static}.slice/crio-{id}.scope",
        ("crio", ID, STATIC),
    );
    check("/kubepods/burstable/pod{static}/{id}", ("", ID, STATIC));
}

#[test]
fn ecs_and_garden() {
    check("/ecs/{static}/{id}", ("", ID, ""));
    let fargate = format!("{STATIC}-1234567890");
    check(&format!("/ecs/{STATIC}/{fargate}"), ("", &fargate, ""));
    check("/garden/0a1b2c3d-1111-2222-3333-4444", ("", "0a1b2c3d-1111-2222-3333-4444", ""));
    check(
        "/system.slice/garden.service/garden/good/0a1b2c3d-1111-2222-3333-4444",
        ("", "0a1b2c3d-1111-2222-3333-4444", ""),
    );
    check("/garden/{uid}", ("", UID, ""));
}

#[test]
fn cgroup_v1_and_foreign_namespaces() {
    check("/docker/{id} (deleted)", ("docker", ID, ""));
    check("/../../../kubepods/burstable/pod{uid}/{id}", ("", ID, UID));
    check("/../cri-containerd-{id}.scope", ("containerd", ID, ""));
}

#[test]
fn what_only_looks_like_a_container() {
    for path in [
        "/",
        "",
        "/init.scope",
        "/system.slice/sshd.service",
        "/kubepods.slice",
        "/kubepods.slice/kubepods-burstable.slice",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid_}.slice/crio-conmon-{id}.scope",
        "/kubepods/burstable/pod{uid}/crio-conmon-{id}",
        "/machine.slice/libpod-conmon-{id}.scope",
        "/system.slice/crio-conmon-{id}.scope",
        "/system.slice/var-lib-docker-containers-{id}-mounts-shm.mount",
        "/system.slice/run-docker-runtime\\x2drunc-moby-{id}-runc.mount",
        "/system.slice/docker-{id}.mount",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-{uid}.scope",
        "/user.slice/user-1000.slice/session-3.scope",
        "/machine.slice/machine-libpod_pod_{id}.slice",
        "/jobs/{uid}",
        "/podman",
        "/pod",
        "/docker/0123abc",
        "/docker/3F2A9C1B2D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8",
    ] {
        check(path, ("", "", ""));
    }
}

#[test]
fn units() {
    for (path, unit) in [
        ("/system.slice/nginx.service", Some("nginx.service")),
        ("/system.slice/nginx.service/worker", Some("nginx.service")),
        ("/user.slice/user-1000.slice/session-3.scope", Some("session-3.scope")),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", Some("web.service")),
        (r"/system.slice/dev-disk-by\x2duuid.swap", Some("dev-disk-by-uuid.swap")),
        (r"/system.slice/a\x0ab\x2f\xzz\x2.service", Some(r"a\x0ab\x2f\xzz\x2.service")),
        ("/system.slice/_memory.max.service", Some("memory.max.service")),
        ("/system.slice/foo.service (deleted)", Some("foo.service")),
        ("/system.slice", None),
        ("/docker/abc", None),
        ("/.service", None),
        ("/", None),
    ] {
        assert_eq!(identify(path.as_bytes()).unit.as_deref(), unit, "{path}");
    }
    assert_eq!(identify(b"/a\xff.service").unit.as_deref(), Some("a\u{fffd}.service"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(path in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = identify(&path);
    }

    #[test]
    fn a_pod_in_front_of_anything_is_found(front in "(/[a-z.]{0,12}){0,4}") {
        let path = format!("{front}/kubepods-burstable-pod{UID_}.slice/cri-containerd-{ID}.scope");
        let container = identify(path.as_bytes()).container.unwrap();
        prop_assert_eq!(container.id.as_deref(), Some(ID));
        prop_assert_eq!(container.pod_uid.as_deref(), Some(UID));
    }
}
