//! The memory cgroup whose limit was hit: its counters, its statistics, and the words before 5.0.

use super::constraint::is_at_or_below;
use super::scan::{kb, number, rsplit, split, splits};
use crate::klog::report::{Counter, UNLIMITED_KB};

/// Which counter a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// `memory:`
    Memory,
    /// `swap:`
    Swap,
    /// `memory+swap:`
    MemorySwap,
    /// `kmem:`
    Kmem,
}

/// `memory: usage 65536kB, limit 65536kB, failcnt 154`
pub(crate) fn counter(text: &[u8]) -> Option<(Which, Counter)> {
    let (name, rest) = split(text, b": ")?;
    let which = match name {
        b"memory" => Which::Memory,
        b"swap" => Which::Swap,
        b"memory+swap" => Which::MemorySwap,
        b"kmem" => Which::Kmem,
        _ => return None,
    };
    let (usage_kb, rest) = kb(rest, b"usage ")?;
    let (limit_kb, rest) = kb(rest, b", limit ")?;
    let failcnt = number(rest.strip_prefix(b", failcnt ")?)?;
    let limit_kb = Some(limit_kb).filter(|limit| *limit < UNLIMITED_KB);
    Some((which, Counter { usage_kb, limit_kb, failcnt }))
}

/// `Memory cgroup min protection 0kB -- low protection 0kB`: minimum and low; 6.19 and later.
pub(crate) fn protection(text: &[u8]) -> Option<(u64, u64)> {
    let (min, rest) = kb(text, b"Memory cgroup min protection ")?;
    let (low, rest) = kb(rest, b" -- low protection ")?;
    rest.is_empty().then_some((min, low))
}

/// A statistic's name and value.
pub(crate) type Stat = (String, u64);

/// What the line about statistics begins with.
pub(crate) const STATS_START: &[u8] = b"Memory cgroup stats for ";

/// `Memory cgroup stats for PATH:`, up to 4.19 with ` cache:0KB rss:0KB …` behind it: the path and the statistics.
pub(crate) fn stats_header(text: &[u8]) -> Option<(&[u8], Vec<Stat>)> {
    let rest = text.strip_prefix(STATS_START)?;
    if let Some(path) = rest.strip_suffix(b":") {
        return path.starts_with(b"/").then_some((path, Vec::new()));
    }
    let (path, stats) = rsplit(rest, b": cache:")?;
    let stats = [b"cache:", stats].concat();
    path.starts_with(b"/").then(|| (path, stats.split(|b| *b == b' ').filter_map(old_stat).collect()))
}

/// `rss:12KB`, 4.19 and older.
fn old_stat(text: &[u8]) -> Option<Stat> {
    let (name, value) = split(text, b":")?;
    Some((stat_name(name)?, number(value.strip_suffix(b"KB")?)?))
}

/// A part of `memory.stat`, 5.3 and later: a line a record, or in older kernels all lines in one record, which then may be
/// cut in the last.
pub(crate) fn stats(text: &[u8]) -> impl Iterator<Item = Stat> {
    let whole = if text.len() < super::CUT_FROM {
        text.len()
    } else {
        text.iter().rposition(|b| *b == b'\n').unwrap_or(0)
    };
    text[..whole].split(|b| *b == b'\n').filter_map(stat)
}

/// `anon 123`
fn stat(text: &[u8]) -> Option<Stat> {
    let (name, value) = split(text, b" ")?;
    Some((stat_name(name)?, number(value)?))
}

fn stat_name(name: &[u8]) -> Option<String> {
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_';
    let sane = !name.is_empty() && name.len() <= 40 && name.iter().all(plain);
    sane.then(|| name.iter().map(|b| char::from(*b)).collect())
}

/// What the lines before 5.0 begin with.
pub(crate) const TASK_IN: &[u8] = b"Task in ";
/// The same when nothing could be chosen.
pub(crate) const LIMIT_REACHED: &[u8] = b"Memory limit reached of cgroup ";

/// `Task in PATH killed as a result of limit of PATH`: the task's cgroup and the limit's, where that is unambiguous.
pub(crate) fn task_in(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = text.strip_prefix(TASK_IN)?;
    let mut ways = splits(rest, b" killed as a result of limit of ").filter(|(task, limit)| {
        task.starts_with(b"/") && limit.starts_with(b"/") && is_at_or_below(task, limit)
    });
    let only = ways.next()?;
    ways.next().is_none().then_some(only)
}

/// `Memory limit reached of cgroup PATH`
pub(crate) fn limit_reached(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(LIMIT_REACHED).filter(|path| path.starts_with(b"/"))
}

/// What the line about a group kill begins with.
pub(crate) const GROUP_START: &[u8] = b"Tasks in ";

/// `Tasks in PATH are going to be killed due to memory.oom.group set`
pub(crate) fn group(text: &[u8]) -> Option<&[u8]> {
    let path = text.strip_prefix(GROUP_START)?;
    path.strip_suffix(b" are going to be killed due to memory.oom.group set")
        .filter(|path| path.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_with_and_without_limit() {
        let (which, counter) = counter(b"memory: usage 65536kB, limit 65536kB, failcnt 154").unwrap();
        assert_eq!(which, Which::Memory);
        assert_eq!(counter, Counter { usage_kb: 65536, limit_kb: Some(65536), failcnt: 154 });
        for none in ["9007199254740988", "9007199254740928", "18014398509481983"] {
            let text = format!("memory+swap: usage 1kB, limit {none}kB, failcnt 0");
            let (which, counter) = super::counter(text.as_bytes()).unwrap();
            assert_eq!((which, counter.limit_kb), (Which::MemorySwap, None));
        }
        for bad in [
            "memory: usage 1kB, limit 2kB, failcnt ",
            "x: usage 1kB, limit 2kB, failcnt 0",
            "memory: usage 1",
        ] {
            assert!(super::counter(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn protection_since_6_19() {
        assert_eq!(protection(b"Memory cgroup min protection 4kB -- low protection 8kB"), Some((4, 8)));
    }

    #[test]
    fn statistics_old_and_new() {
        assert_eq!(stats_header(b"Memory cgroup stats for /a: b:").unwrap().0, b"/a: b");
        let (path, stats) =
            stats_header(b"Memory cgroup stats for /a: cache:0KB: cache:4KB rss:102396KB rss_huge:0KB")
                .unwrap();
        assert_eq!(path, b"/a: cache:0KB");
        assert_eq!(stats, [("cache".into(), 4), ("rss".into(), 102_396), ("rss_huge".into(), 0)]);
        assert_eq!(stat(b"anon_thp 123"), Some(("anon_thp".into(), 123)));
        for bad in ["anon", "anon 1 2", "Anon 1", " 1", "anon -1", "CPU: 0"] {
            assert_eq!(stat(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_block_that_may_be_cut_loses_its_last_line() {
        let block = "pgfault 12345\n".repeat(80);
        assert_eq!(stats(block.trim_end().as_bytes()).count(), 79);
        assert_eq!(stats(b"anon 1\nfile 2").collect::<Vec<_>>(), [("anon".into(), 1), ("file".into(), 2)]);
    }

    #[test]
    fn the_words_before_5_0() {
        assert_eq!(
            task_in(b"Task in /a/b killed as a result of limit of /a"),
            Some((&b"/a/b"[..], &b"/a"[..]))
        );
        let nested = b"Task in /a killed as a result of limit of /a killed as a result of limit of /a";
        assert_eq!(task_in(nested), None);
        assert_eq!(limit_reached(b"Memory limit reached of cgroup /a"), Some(&b"/a"[..]));
    }

    #[test]
    fn a_group_kill() {
        let text = b"Tasks in /a b are going to be killed due to memory.oom.group set";
        assert_eq!(group(text), Some(&b"/a b"[..]));
        assert_eq!(group(b"Tasks in /a are going"), None);
    }
}
