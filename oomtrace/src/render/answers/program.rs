//! What a known program is called, and that it only calls itself so.

use crate::model::{Sender, SenderKind};

/// What a known program is called.
pub(in crate::render) fn name(kind: SenderKind) -> Option<&'static str> {
    Some(match kind {
        SenderKind::SystemdOomd => "systemd-oomd",
        SenderKind::Earlyoom => "earlyoom",
        SenderKind::Oomd => "oomd",
        SenderKind::Nohang => "nohang",
        SenderKind::ContainerRuntime => "a container runtime",
        SenderKind::Kubelet => "the kubelet",
        SenderKind::ServiceManager => "systemd",
        SenderKind::Timeout => "timeout",
        SenderKind::Itself | SenderKind::Parent | SenderKind::Process | SenderKind::Kernel => return None,
    })
}

/// The known program that a sender is, or calls itself: `earlyoom`, `a program that calls itself earlyoom`.
pub(in crate::render) fn of(sender: &Sender) -> Option<String> {
    let name = name(sender.program())?;
    Some(match sender.claims {
        Some(SenderKind::Kubelet) => "a program that calls itself kubelet".to_owned(),
        Some(_) => format!("a program that calls itself {name}"),
        None => name.to_owned(),
    })
}
