//! The kubelet's eviction manager. It evicts for other resources too: only those for memory count.

use super::scan::{NAME_MAX, once};
use super::{Kill, Meaning};
use crate::model::{Container, KillReason, KillReasonKind, KillTarget};

pub(super) fn read(text: &[u8]) -> Option<Meaning> {
    let message = behind_header(text)?;
    if let Some(resource) = resource(message) {
        let kind = match resource {
            b"memory" | b"allocatableMemory.available" => KillReasonKind::Eviction,
            // Whatever is evicted next is not for memory.
            _ => KillReasonKind::NotTold,
        };
        return Some(Meaning::Reason(KillReason { kind, ..KillReason::default() }));
    }
    let container = evicted(message)?;
    let target = KillTarget { container: Some(container), ..KillTarget::default() };
    Some(Meaning::Kill(Box::new(Kill { target, ..Kill::default() })))
}

/// `I0428 11:00:05.123456    1234 eviction_manager.go:575] `: klog's header.
fn behind_header(text: &[u8]) -> Option<&[u8]> {
    let (severity, rest) = text.split_first()?;
    let is_header = b"IWEF".contains(severity) && rest.iter().take(4).all(u8::is_ascii_digit);
    let end = memchr::memmem::find(&text[..text.len().min(128)], b"] ").filter(|_| is_header)?;
    let file = text[..end].rsplit(|b| *b == b' ').next()?;
    file.starts_with(b"eviction_manager.go:").then(|| &text[end + 2..])
}

/// `"Eviction manager: must evict pod(s) to reclaim" resourceName="memory"` (1.19 and later), before without quotes.
fn resource(message: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = message.strip_prefix(b"eviction manager: must evict pod(s) to reclaim ") {
        return Some(rest.trim_ascii());
    }
    let rest = message.strip_prefix(b"\"Eviction manager: must evict pod(s) to reclaim\" resourceName=\"")?;
    rest.strip_suffix(b"\"")
}

/// `"Eviction manager: pod is evicted successfully" pod="shop/web-0"`, before
/// `eviction manager: pod web-0_shop(uid) is evicted successfully`.
fn evicted(message: &[u8]) -> Option<Container> {
    let text = |bytes: &[u8]| {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-.".contains(b);
        let known = (1..=NAME_MAX).contains(&bytes.len()) && bytes.iter().all(plain);
        known.then(|| String::from_utf8_lossy(bytes).into_owned())
    };
    if let Some(rest) = message.strip_prefix(b"\"Eviction manager: pod is evicted successfully\" pod=\"") {
        let (namespace, pod) = once(rest.strip_suffix(b"\"")?, b"/")?;
        return Some(Container {
            namespace: Some(text(namespace)?),
            pod_name: Some(text(pod)?),
            ..Container::default()
        });
    }
    let rest = message.strip_prefix(b"eviction manager: pod ")?;
    let name = rest.strip_suffix(b" is evicted successfully")?;
    let (pod, rest) = once(name, b"_")?;
    let (namespace, uid) = once(rest.strip_suffix(b")")?, b"(")?;
    Some(Container {
        namespace: Some(text(namespace)?),
        pod_name: Some(text(pod)?),
        pod_uid: text(uid),
        ..Container::default()
    })
}
