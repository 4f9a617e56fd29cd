//! The words that several sections share.

use jiff::Timestamp;

use crate::model::{Container, Incident, Memory, Role, Text, Victim};
use crate::words::{bytes, escape};

/// A name or argument, safe to show.
pub(in crate::render) fn shown(text: &Text) -> String {
    escape::bytes(text.as_bytes()).into_owned()
}

/// The same for text that came as a string.
pub(in crate::render) fn safe(text: &str) -> String {
    escape::text(text).into_owned()
}

/// `java (pid 4711)`.
pub(in crate::render) fn task(comm: &Text, pid: u32) -> String {
    format!("{}{}", name(comm), with_pid(pid))
}

/// The name alone; a task may have none.
pub(in crate::render) fn name(comm: &Text) -> String {
    if comm.as_bytes().is_empty() { "unnamed".into() } else { shown(comm) }
}

/// ` (pid 4711)`, kept on one line.
pub(in crate::render) fn with_pid(pid: u32) -> String {
    format!(" (pid\u{a0}{pid})")
}

/// A size that stays on one line.
pub(in crate::render) fn size(value: u64) -> String {
    bytes::size(value).replace(' ', "\u{a0}")
}

/// Figures with their units on one line: the blank between a digit and a unit does not break.
pub(in crate::render) fn tied(text: &str) -> String {
    const UNITS: [&str; 14] =
        ["B", "KiB", "MiB", "GiB", "TiB", "%", "ns", "µs", "ms", "s", "min", "h", "d", "pages"];
    let mut out = String::with_capacity(text.len());
    for (nth, word) in text.split(' ').enumerate() {
        let unit = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '%');
        let unit = unit.split('/').next().unwrap_or_default();
        let is_unit = UNITS.contains(&unit) && out.ends_with(|c: char| c.is_ascii_digit());
        if nth > 0 {
            out.push(if is_unit { '\u{a0}' } else { ' ' });
        }
        out.push_str(word);
    }
    out
}

/// A duration that stays on one line.
pub(in crate::render) fn duration(ns: u64) -> String {
    bytes::duration(ns).replace(' ', "\u{a0}")
}

/// `99.8 %` of a whole; `None` where there is no whole.
pub(in crate::render) fn percent(part: u64, whole: u64) -> Option<String> {
    (whole > 0).then(|| format!("{}\u{a0}%", bytes::figure(u128::from(part) * 100, whole.into())))
}

/// `s` where there is more than one.
pub(in crate::render) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// The process the kernel chose, when it is known.
pub(in crate::render) fn chosen(incident: &Incident) -> Option<&Victim> {
    incident.victims.iter().find(|victim| victim.role == Role::Chosen).or(incident.victims.first())
}

/// `2026-11-23 14:03:11.482 UTC`; what is not a time is shown as it is.
pub(in crate::render) fn time(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S.%3f UTC").to_string(),
        Err(_) => safe(rfc3339),
    }
}

/// The time of day of the same, for one-line events.
pub(in crate::render) fn clock(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => time.strftime("%H:%M:%S.%3f").to_string(),
        Err(_) => safe(rfc3339),
    }
}

/// The same to the second.
pub(in crate::render) fn seconds(rfc3339: &str) -> String {
    let clock = clock(rfc3339);
    clock.split_once('.').map_or(clock.clone(), |(seconds, _)| seconds.to_owned())
}

/// `3.1 MiB/s`, slow ones by the minute or hour.
pub(in crate::render) fn rate(per_second: f64) -> String {
    bytes::rate(per_second).replace(' ', "\u{a0}")
}

/// `91 %` of 0.912.
pub(in crate::render) fn share(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 99.0 && percent < 100.0 => "more than 99\u{a0}%".into(),
        percent if percent > 0.0 && percent < 1.0 => "less than 1\u{a0}%".into(),
        percent if percent.is_finite() => format!("{:.0}\u{a0}%", percent.clamp(0.0, 100.0)),
        _ => "an unknown part".into(),
    }
}

/// From one time to another, `None` when one is not a time or they are the wrong way round.
pub(in crate::render) fn between(from: &str, to: &str) -> Option<u64> {
    let span = to.parse::<Timestamp>().ok()?.duration_since(from.parse().ok()?);
    u64::try_from(span.as_nanos()).ok()
}

/// Anonymous, file and shared memory together; `None` when none of them is known.
pub(in crate::render) fn resident(memory: &Memory) -> Option<u64> {
    let parts = [memory.anon_bytes, memory.file_bytes, memory.shmem_bytes];
    parts.into_iter().flatten().reduce(u64::saturating_add)
}

/// `containerd container 3f2a9c1b2d4e of pod shop/web-0`, or of whatever is known.
pub(in crate::render) fn container(container: &Container) -> String {
    let part = |text: &Option<String>| text.as_deref().map(safe);
    let pod = match (part(&container.namespace), part(&container.pod_name), part(&container.pod_uid)) {
        (Some(namespace), Some(pod), _) => Some(format!("pod {namespace}/{pod}")),
        (None, Some(pod), _) => Some(format!("pod {pod}")),
        (_, None, Some(uid)) => Some(format!("pod {uid}")),
        (_, None, None) => None,
    };
    let runtime = part(&container.runtime).map_or(String::new(), |runtime| runtime + " ");
    let short = |id: String| id.chars().take(12).collect::<String>();
    let own = match (part(&container.name), part(&container.id).map(short)) {
        (Some(name), Some(id)) => Some(format!("{runtime}container {name} ({id})")),
        (Some(only), None) | (None, Some(only)) => Some(format!("{runtime}container {only}")),
        (None, None) => None,
    };
    let image = part(&container.image).map_or(String::new(), |image| format!(", image {image}"));
    let owner = container.owner_uid.map_or(String::new(), |uid| format!(", in the cgroups of uid {uid}"));
    match (own, pod) {
        (Some(own), Some(pod)) => format!("{own} of {pod}{image}{owner}"),
        (Some(one), None) | (None, Some(one)) => one + &image + &owner,
        (None, None) => format!("{runtime}container{image}{owner}"),
    }
}
