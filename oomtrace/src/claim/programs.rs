//! Programs that kill for a living.

use crate::model::SenderKind;

/// Who may run a program and be it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// Root; with a name also the service's own user.
    Service(Option<&'static str>),
    /// Everyone: a tool, or a runtime without root.
    Anyone,
}

/// A program by its marks.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) kind: SenderKind,
    pub(super) account: Account,
    /// Names of its processes, cut by the kernel to 15 bytes, of its executables and of its lines in a log.
    pub(super) names: &'static [&'static str],
    /// Executables that are other programs as well: the name has to be one of `names`.
    pub(super) multicall: &'static [&'static str],
    /// The system units it runs in, where they are its own.
    pub(super) units: &'static [&'static str],
}

const SYSTEMD_OOM: &str = "systemd-oom";

/// All that are known. nohang is a Python script: its executable is the interpreter, so that its unit has to prove it.
pub(super) const PROGRAMS: [Program; 8] = [
    Program {
        kind: SenderKind::SystemdOomd,
        account: Account::Service(Some(SYSTEMD_OOM)),
        names: &["systemd-oomd"],
        multicall: &[],
        units: &["systemd-oomd.service"],
    },
    Program {
        kind: SenderKind::Earlyoom,
        account: Account::Service(None),
        names: &["earlyoom"],
        multicall: &[],
        units: &["earlyoom.service"],
    },
    Program {
        kind: SenderKind::Oomd,
        account: Account::Service(None),
        names: &["oomd"],
        multicall: &[],
        units: &["oomd.service"],
    },
    Program {
        kind: SenderKind::Nohang,
        account: Account::Service(None),
        names: &["nohang"],
        multicall: &[],
        units: &["nohang.service", "nohang-desktop.service"],
    },
    Program {
        kind: SenderKind::Kubelet,
        account: Account::Service(None),
        names: &["kubelet", "k3s", "k3s-server", "k3s-agent", "kubelite", "hyperkube"],
        multicall: &[],
        units: &[
            "kubelet.service",
            "k3s.service",
            "k3s-agent.service",
            "rke2-server.service",
            "rke2-agent.service",
            "k0sworker.service",
            "k0scontroller.service",
            "snap.microk8s.daemon-kubelite.service",
        ],
    },
    Program {
        kind: SenderKind::ContainerRuntime,
        account: Account::Anyone,
        names: &[
            "dockerd",
            "containerd",
            "containerd-shim",
            "containerd-shim-runc-v1",
            "containerd-shim-runc-v2",
            "containerd-shim-kata-v2",
            "containerd-shim-runsc-v1",
            "runc",
            "crun",
            "youki",
            "runsc",
            "conmon",
            "conmonrs",
            "crio",
            "podman",
            "buildah",
            "buildkitd",
            "nerdctl",
        ],
        multicall: &[],
        units: &["docker.service", "containerd.service", "crio.service", "podman.service"],
    },
    Program {
        kind: SenderKind::ServiceManager,
        account: Account::Anyone,
        names: &["systemd"],
        multicall: &[],
        units: &["init.scope"],
    },
    Program {
        kind: SenderKind::Timeout,
        account: Account::Anyone,
        names: &["timeout"],
        multicall: &["coreutils", "busybox", "toybox"],
        units: &[],
    },
];

/// Kinds that kill for memory, and log it.
const KILLERS: [SenderKind; 5] = [
    SenderKind::SystemdOomd,
    SenderKind::Earlyoom,
    SenderKind::Oomd,
    SenderKind::Nohang,
    SenderKind::Kubelet,
];

/// Units of programs that kill for memory.
pub fn killers_units() -> impl Iterator<Item = &'static str> {
    PROGRAMS
        .iter()
        .filter(|program| KILLERS.contains(&program.kind))
        .flat_map(|program| program.units)
        .copied()
}

/// The user that a program of this name may run as, besides root.
#[must_use]
pub fn service_user(name: &[u8]) -> Option<&'static str> {
    let named = |program: &&Program| program.names.iter().any(|known| known.as_bytes() == name);
    match PROGRAMS.iter().find(named)?.account {
        Account::Service(user) => user,
        Account::Anyone => None,
    }
}
