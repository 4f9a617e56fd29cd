//! Container and systemd unit from the shape of a cgroup's path alone.
//!
//! A path is matched by containment, from its end: kubelets with a root of their own and kind's nodes put more in front,
//! and of nested containers the innermost is meant. Names of containers and pods are not in the path and stay absent.

use crate::model::Container;
use crate::words::unescape;

/// What a cgroup's path says about who lives there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The container; without an id where the path ends at a pod.
    pub container: Option<Container>,
    /// The innermost systemd unit other than a slice, with its `\x2d` written out.
    pub unit: Option<String>,
}

/// What a runtime puts before the id in a scope's name.
const RUNTIMES: [(&[u8], &str); 7] = [
    (b"cri-containerd", "containerd"),
    (b"crio", "crio"),
    (b"docker", "docker"),
    (b"libpod", "podman"),
    (b"containerd", "containerd"),
    (b"nerdctl", "containerd"),
    (b"podman", "podman"),
];

/// Kinds of unit a process can live in, besides slices.
const UNIT_KINDS: [&[u8]; 5] = [b".service", b".scope", b".mount", b".swap", b".socket"];

/// What is added to the path of a cgroup that is gone.
const DELETED: &[u8] = b" (deleted)";

/// Reads the path of a memory cgroup, absolute or as a container's `/proc` shows it (`/../../...`).
#[must_use]
pub fn identify(path: &[u8]) -> Identity {
    let path = path.strip_suffix(DELETED).unwrap_or(path);
    let container = container(path).map(|found| Container { owner_uid: owner(path), ..found });
    Identity { container, unit: unit(path) }
}

/// Components from the innermost out. `slice:runtime:id` is one directory on hosts that give a systemd path to the
/// cgroupfs driver.
fn inwards(path: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    path.rsplit(|b| matches!(b, b'/' | b':')).filter(|part| !part.is_empty())
}

fn container(path: &[u8]) -> Option<Container> {
    let mut found = None;
    let mut parts = inwards(path);
    while let Some(part) = parts.next() {
        if is_monitor(part) {
            return None;
        }
        if let Some(uid) = pod_uid(part) {
            return Some(Container { pod_uid: Some(uid), ..found.unwrap_or_default() });
        }
        if found.is_none() {
            found = container_id(part, &parts);
        }
    }
    found
}

/// The user of `/user.slice/user-1000.slice/...`, who may name what is below as he likes.
fn owner(path: &[u8]) -> Option<u32> {
    let mut parts = path.split(|b| *b == b'/').filter(|part| !part.is_empty());
    let user = (parts.next()? == b"user.slice").then(|| parts.next())??;
    let uid = user.strip_prefix(b"user-")?.strip_suffix(b".slice")?;
    std::str::from_utf8(uid).ok()?.parse().ok().filter(|uid| *uid != 0)
}

/// The runtime's own helper beside a container (`crio-conmon-<id>.scope`): it carries an id and is none.
fn is_monitor(part: &[u8]) -> bool {
    part.starts_with(b"crio-conmon-") || part.starts_with(b"libpod-conmon-")
}

/// The container a component names, with the components around it from the innermost out.
fn container_id<'a>(part: &'a [u8], outer: &(impl Iterator<Item = &'a [u8]> + Clone)) -> Option<Container> {
    let stem = part.strip_suffix(b".scope").unwrap_or(part);
    if let Some((prefix, id)) = split_last(stem, b'-')
        && is_hex(id, 64)
    {
        let runtime = RUNTIMES.iter().find(|(name, _)| *name == prefix)?.1;
        return Some(named(Some(runtime), id));
    }
    // Without `.scope` there is only the id; who made it may stand before it.
    if is_hex(part, 64) {
        let before = outer.clone().next();
        let runtime = before.and_then(|before| RUNTIMES.iter().find(|(name, _)| *name == before));
        return Some(named(runtime.map(|(_, name)| *name), part));
    }
    let is_garden = || outer.clone().any(|part| part == b"garden");
    let is_handle = is_ecs_task(part) || is_groups(part, &[8, 4, 4, 4, 4]) || is_uuid(part) && is_garden();
    is_handle.then(|| named(None, part))
}

fn named(runtime: Option<&str>, id: &[u8]) -> Container {
    Container { runtime: runtime.map(Into::into), id: Some(ascii(id)), ..Container::default() }
}

/// Fargate names its containers `<task>-<number>`.
fn is_ecs_task(part: &[u8]) -> bool {
    split_last(part, b'-').is_some_and(|(task, number)| {
        is_hex(task, 32) && !number.is_empty() && number.iter().all(u8::is_ascii_digit)
    })
}

/// The pod's uid with dashes from `pod<uid>` or `...-pod<uid>.slice`; static pods have 32 digits and no dashes.
fn pod_uid(part: &[u8]) -> Option<String> {
    let uid = match part.strip_suffix(b".slice") {
        Some(slice) => {
            let at = slice.windows(4).rposition(|window| window == b"-pod")?;
            &slice[at + 4..]
        }
        None => part.strip_prefix(b"pod")?,
    };
    // A dash separates levels in a slice's name, so there the uid has underscores.
    let uid: Vec<u8> = uid.iter().map(|b| if *b == b'_' { b'-' } else { *b }).collect();
    (is_uuid(&uid) || is_hex(&uid, 32)).then(|| ascii(&uid))
}

/// The innermost unit that is not a slice.
fn unit(path: &[u8]) -> Option<String> {
    let mut parts = path.rsplit(|b| *b == b'/');
    let unit =
        parts.find(|part| UNIT_KINDS.iter().any(|kind| part.len() > kind.len() && part.ends_with(kind)))?;
    // systemd puts `_` before names that the kernel could take for one of its own files.
    let unit = unit.strip_prefix(b"_").unwrap_or(unit);
    Some(String::from_utf8_lossy(&unescape(unit)).into_owned())
}

/// Writes out `\x2d`, systemd's way to keep a dash apart from its separator.
#[must_use]
pub fn unescape(unit: &[u8]) -> Vec<u8> {
    unescape::unescape(unit, hex_escape)
}

/// The byte of `\xHH`; only printable ones, so that none of them turns into a control character or a `/`.
fn hex_escape(text: &[u8; 4]) -> Option<u8> {
    let digits = text.strip_prefix(b"\\x")?;
    let byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    (byte.is_ascii_graphic() && byte != b'/' && digits[0].is_ascii_hexdigit()).then_some(byte)
}

fn split_last(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let split = text.iter().rposition(|b| *b == at)?;
    Some((&text[..split], &text[split + 1..]))
}

fn is_hex(text: &[u8], length: usize) -> bool {
    text.len() == length && text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_uuid(text: &[u8]) -> bool {
    is_groups(text, &[8, 4, 4, 4, 12])
}

/// Groups of hex digits with dashes between them.
fn is_groups(text: &[u8], lengths: &[usize]) -> bool {
    let mut groups = text.split(|b| *b == b'-');
    lengths.iter().all(|length| groups.next().is_some_and(|group| is_hex(group, *length)))
        && groups.next().is_none()
}

/// Only called with ASCII.
fn ascii(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
