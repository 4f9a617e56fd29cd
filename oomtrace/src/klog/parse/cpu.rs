//! `CPU: 1 [UID: 0] PID: 117 Comm: python3 Not tainted 6.1.0-50 #1 …`: the header of every stack dump.
//!
//! Another CPU may dump its stack at the same time, so the name must be the trigger's. `UID:` is there since 6.11.

use super::scan::{ascii, digits, number, split};

/// The thread that dumped its stack.
pub(crate) struct Cpu<'a> {
    pub(crate) pid: u32,
    /// Its name: at the beginning of a line printk drops leading `\x01` with a digit or `c` (a level), here it does not.
    pub(crate) comm: &'a [u8],
    pub(crate) release: Option<String>,
}

/// Reads the line when it is about the task named `comm`.
pub(crate) fn parse<'a>(text: &'a [u8], comm: &[u8]) -> Option<Cpu<'a>> {
    let (pid, named) = old(text).or_else(|| new(text))?;
    let after = without_levels(named).strip_prefix(comm).or_else(|| named.strip_prefix(comm))?;
    let comm = &named[..named.len() - after.len()];
    let rest = after.strip_prefix(b" ")?;
    (comm.len() <= super::COMM_MAX).then_some(Cpu { pid: number(pid)?, comm, release: release(rest) })
}

/// `CPU: 1 PID: 117 Comm: `, 3.10 and later.
fn new(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (cpu, rest) = split(text.strip_prefix(b"CPU: ")?, b" PID: ")?;
    let (cpu, _uid) = split(cpu, b" UID: ").unwrap_or((cpu, b""));
    number::<u32>(cpu)?;
    let (pid, rest) = digits(rest)?;
    Some((pid, rest.strip_prefix(b" Comm: ")?))
}

/// `Pid: 117, comm: ` up to 3.9.
fn old(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (pid, rest) = digits(text.strip_prefix(b"Pid: ")?)?;
    Some((pid, rest.strip_prefix(b", comm: ")?))
}

/// What printk leaves of a text that begins a line.
fn without_levels(mut text: &[u8]) -> &[u8] {
    while let [1, b'0'..=b'7' | b'c', rest @ ..] = text {
        text = rest;
    }
    text
}

/// After `Not tainted ` or `Tainted: FLAGS [reasons], ` stands the release, then ` #build`.
fn release(text: &[u8]) -> Option<String> {
    if !text.starts_with(b"Not tainted ") && !text.starts_with(b"Tainted: ") {
        return None;
    }
    let (before, _) = split(text, b" #")?;
    let release = before.rsplit(|b| *b == b' ').next()?;
    release.first()?.is_ascii_digit().then(|| ascii(release))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_and_since_6_11() {
        let old =
            parse(b"CPU: 0 PID: 117 Comm: a b Not tainted 6.1.0-50-cloud-amd64 #1  Debian", b"a b").unwrap();
        assert_eq!((old.pid, old.release.as_deref()), (117, Some("6.1.0-50-cloud-amd64")));
        let new = parse(b"CPU: 1 UID: 0 PID: 9 Comm: x Tainted: G        W           7.3.4 #2 PREEMPT", b"x");
        let new = new.unwrap();
        assert_eq!((new.pid, new.release.as_deref()), (9, Some("7.3.4")));
        let reasons = b"CPU: 1 UID: 0 PID: 9 Comm: x Tainted: G        W  E       6.12.1 #2";
        assert_eq!(parse(reasons, b"x").unwrap().release.as_deref(), Some("6.12.1"));
    }

    #[test]
    fn up_to_3_9() {
        let old = parse(b"Pid: 4055, comm: my sqld Not tainted 2.6.32-71.el6.x86_64 #1", b"my sqld").unwrap();
        assert_eq!((old.pid, old.release.as_deref()), (4055, Some("2.6.32-71.el6.x86_64")));
    }

    #[test]
    fn a_name_that_looks_like_a_level() {
        let cpu = parse(b"CPU: 0 PID: 7 Comm: \x01c\x013ab Not tainted 6.1.0 #1", b"ab").unwrap();
        assert_eq!((cpu.pid, cpu.comm), (7, &b"\x01c\x013ab"[..]));
        assert_eq!(
            parse(b"CPU: 0 PID: 7 Comm: \x01x Not tainted 6.1.0 #1", b"\x01x").unwrap().comm,
            b"\x01x"
        );
    }

    #[test]
    fn another_task_is_not_the_trigger() {
        assert!(parse(b"CPU: 0 PID: 117 Comm: other Not tainted 6.1.0 #1", b"mine").is_none());
        assert!(parse(b"CPU: 0 PID: 117 Comm: mine2 Not tainted 6.1.0 #1", b"mine").is_none());
        assert!(parse(b"CPU: 0 PID: Comm: mine ", b"mine").is_none());
    }
}
