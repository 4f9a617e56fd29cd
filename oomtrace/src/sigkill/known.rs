//! Programs that kill for a living.

use crate::model::SenderKind;

/// A program by three marks. A name alone proves nothing: any process may take it.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) kind: SenderKind,
    /// `comm`, cut by the kernel to 15 bytes.
    pub(super) comm: &'static str,
    /// File name of its executable.
    pub(super) exe: &'static str,
    /// The systemd unit it runs in, where that is its own.
    pub(super) unit: Option<&'static str>,
}

const fn program(
    kind: SenderKind,
    comm: &'static str,
    exe: &'static str,
    unit: Option<&'static str>,
) -> Program {
    Program { kind, comm, exe, unit }
}

use SenderKind::{ContainerRuntime, Earlyoom, Kubelet, Nohang, Oomd, ServiceManager, SystemdOomd, Timeout};

/// All that are known. nohang is a Python script: its executable is the interpreter, so its unit has to say it.
pub(super) const PROGRAMS: &[Program] = &[
    program(SystemdOomd, "systemd-oomd", "systemd-oomd", Some("systemd-oomd.service")),
    program(Earlyoom, "earlyoom", "earlyoom", Some("earlyoom.service")),
    program(Oomd, "oomd", "oomd", Some("oomd.service")),
    program(Nohang, "nohang", "nohang", Some("nohang.service")),
    program(Nohang, "nohang", "nohang", Some("nohang-desktop.service")),
    program(Kubelet, "kubelet", "kubelet", Some("kubelet.service")),
    program(ContainerRuntime, "dockerd", "dockerd", Some("docker.service")),
    program(ContainerRuntime, "containerd", "containerd", Some("containerd.service")),
    program(ContainerRuntime, "containerd-shim", "containerd-shim", None),
    program(ContainerRuntime, "containerd-shim", "containerd-shim-runc-v2", None),
    program(ContainerRuntime, "runc", "runc", None),
    program(ContainerRuntime, "crun", "crun", None),
    program(ContainerRuntime, "youki", "youki", None),
    program(ContainerRuntime, "conmon", "conmon", None),
    program(ContainerRuntime, "conmonrs", "conmonrs", None),
    program(ContainerRuntime, "crio", "crio", Some("crio.service")),
    program(ContainerRuntime, "podman", "podman", None),
    program(ServiceManager, "systemd", "systemd", None),
    program(Timeout, "timeout", "timeout", None),
];
