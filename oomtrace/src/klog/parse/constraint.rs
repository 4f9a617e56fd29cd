//! `oom-kill:constraint=C,nodemask=N,cpuset=NAME,mems_allowed=M,(oom_memcg=PATH|global_oom),task_memcg=PATH,task=COMM,pid=P,uid=U`
//!
//! 5.0 and later. The names hold commas and `=` as they like, so the line is read from both ends: a cpuset's name has no
//! `/`, a path begins with one, the victim lives at or below the cgroup whose limit was hit, a `comm` has 15 bytes at
//! most. What can still be read in two ways is settled by other lines, or not read.

use super::COMM_MAX;
use super::scan::{ascii, is_list, number, rsplit, split, splits, uid};
use crate::klog::report::Domain;
use crate::model::{Constraint, Text};

/// What every such line begins with.
pub(crate) const START: &[u8] = b"oom-kill:constraint=";

/// What other lines say about the names in this one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hints<'a> {
    /// The path after "Memory cgroup stats for".
    pub(crate) oom_memcg: Option<&'a [u8]>,
    /// The task table: names of the threads of a process.
    pub(crate) tasks: &'a [crate::klog::TaskRow],
}

/// One way to read the paths and the name.
#[derive(Clone, Copy, PartialEq)]
struct Reading<'a> {
    oom_memcg: Option<&'a [u8]>,
    task_memcg: Option<&'a [u8]>,
    task: &'a [u8],
}

/// The domain, and whether some of its names stayed ambiguous. `None` when the line is incomplete or another one.
pub(crate) fn parse(text: &[u8], hints: Hints<'_>) -> Option<(Domain, bool)> {
    let (name, rest) = split(text.strip_prefix(START)?, b",nodemask=")?;
    let (rest, user) = rsplit(rest, b",uid=")?;
    let (rest, pid) = rsplit(rest, b",pid=")?;
    let pid: u32 = number(pid)?;
    let mut domain =
        Domain { constraint: constraint(name), pid: Some(pid), uid: Some(uid(user)?), ..Domain::default() };
    let names = cpuset(rest, &mut domain);
    let (global, readings) = readings(names);
    domain.global = global;
    let chosen = settle(&readings, pid, hints);
    if let Some(reading) = chosen {
        domain.oom_memcg = reading.oom_memcg.map(Text::new);
        domain.task_memcg = reading.task_memcg.map(Text::new);
        domain.task = Some(Text::new(reading.task));
    }
    Some((domain, chosen.is_none()))
}

/// What a line that was cut at its end says for certain: a path counts where what follows it is there, and once.
pub(crate) fn cut(text: &[u8]) -> Option<Domain> {
    let (name, rest) = split(text.strip_prefix(START)?, b",nodemask=")?;
    let mut domain = Domain { constraint: Some(constraint(name)?), ..Domain::default() };
    let names = cpuset(rest, &mut domain);
    let only = |text: &'_ [u8], needle: &[u8]| splits(text, needle).count() == 1;
    if names.starts_with(b",global_oom,") {
        domain.global = true;
    }
    let task = if let Some(paths) = names.strip_prefix(b",oom_memcg=") {
        let whole =
            split(paths, b",task_memcg=").filter(|(limit, _)| is_path(limit) && only(paths, b",task_memcg="));
        domain.oom_memcg = whole.map(|(limit, _)| Text::new(limit));
        whole.map_or(&[][..], |(_, task)| task)
    } else {
        names.strip_prefix(b",global_oom,task_memcg=").unwrap_or_default()
    };
    if let Some((path, _)) = split(task, b",task=").filter(|(path, _)| is_path(path) && only(task, b",task="))
    {
        domain.task_memcg = Some(Text::new(path));
    }
    Some(domain)
}

fn constraint(name: &[u8]) -> Option<Constraint> {
    Some(match name {
        b"CONSTRAINT_NONE" => Constraint::None,
        b"CONSTRAINT_CPUSET" => Constraint::Cpuset,
        b"CONSTRAINT_MEMORY_POLICY" => Constraint::MemoryPolicy,
        b"CONSTRAINT_MEMCG" => Constraint::Memcg,
        _ => return None,
    })
}

/// Reads `nodemask`, `cpuset` and `mems_allowed`; gives what follows.
fn cpuset<'a>(text: &'a [u8], domain: &mut Domain) -> &'a [u8] {
    let (nodemask, text) = list(text);
    domain.nodemask = nodemask;
    let text = text.strip_prefix(b"(null)").unwrap_or(text);
    let Some(rest) = text.strip_prefix(b",cpuset=") else {
        return text;
    };
    let from = usize::from(rest.first() == Some(&b'/'));
    // The first slash after the name begins the first path: no name can hold what comes before it.
    let end = rest[from..].iter().position(|b| *b == b'/').map_or(rest.len(), |at| at + from);
    let Some((name, after)) = rsplit(&rest[..end], b",mems_allowed=") else {
        return rest;
    };
    domain.cpuset = Some(Text::new(name));
    let (allowed, _) = list(after);
    let length = allowed.as_ref().map_or(0, String::len);
    domain.mems_allowed = allowed;
    &rest[name.len() + b",mems_allowed=".len() + length..]
}

/// A leading list of numbers without the comma that ends it, if it has any; and the rest.
fn list(text: &[u8]) -> (Option<String>, &[u8]) {
    let end = text.iter().position(|b| !is_list(&[*b])).unwrap_or(text.len());
    let list = text[..end].strip_suffix(b",").unwrap_or(&text[..end]);
    let rest = &text[list.len()..];
    (Some(list).filter(|list| !list.is_empty()).and_then(ascii), rest)
}

/// Every way to read `,oom_memcg=X,task_memcg=Y,task=Z`, and whether it is `global_oom`.
fn readings(text: &[u8]) -> (bool, Vec<Reading<'_>>) {
    let global = text.starts_with(b",global_oom");
    let mut all = Vec::new();
    for (paths, task) in splits(text, b",task=").filter(|(_, task)| task.len() <= COMM_MAX) {
        if let Some(paths) = paths.strip_prefix(b",oom_memcg=") {
            all.extend(
                splits(paths, b",task_memcg=")
                    .filter(|(oom, of_task)| is_path(oom) && is_path(of_task))
                    .map(|(oom, of_task)| Reading { oom_memcg: Some(oom), task_memcg: Some(of_task), task }),
            );
        } else if let Some(path) = paths.strip_prefix(b",global_oom,task_memcg=") {
            all.push(Reading { oom_memcg: None, task_memcg: Some(path).filter(|path| is_path(path)), task });
        } else if matches!(paths, b"" | b",global_oom") {
            all.push(Reading { oom_memcg: None, task_memcg: None, task });
        }
    }
    (global, all)
}

fn is_path(text: &[u8]) -> bool {
    text.first() == Some(&b'/')
}

/// The only reading that holds, if there is one.
fn settle<'a>(readings: &[Reading<'a>], pid: u32, hints: Hints<'_>) -> Option<Reading<'a>> {
    let below = |reading: &Reading<'_>| match (reading.oom_memcg, reading.task_memcg) {
        (Some(limit), Some(task)) => is_at_or_below(task, limit),
        _ => true,
    };
    let limit = |reading: &Reading<'_>| hints.oom_memcg.is_none() || reading.oom_memcg == hints.oom_memcg;
    let named = |reading: &Reading<'_>| {
        hints.tasks.iter().any(|row| row.tgid == pid && row.name.as_bytes() == reading.task)
    };
    let rules: [&dyn Fn(&Reading<'_>) -> bool; 3] = [&below, &limit, &named];
    let mut left = readings.to_vec();
    for rule in rules {
        if left.len() > 1 {
            let kept: Vec<_> = left.iter().copied().filter(rule).collect();
            // A rule that leaves nothing does not apply: a task may have been moved, or have renamed itself.
            left = if kept.is_empty() { left } else { kept };
        }
    }
    match left[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// `COMM cpuset=NAME mems_allowed=LIST`, 4.19 and older.
pub(crate) fn old_cpuset<'a>(text: &'a [u8], comm: &[u8]) -> Option<(&'a [u8], String)> {
    let rest = text.strip_prefix(comm)?.strip_prefix(b" cpuset=")?;
    let (name, list) = rsplit(rest, b" mems_allowed=")?;
    (!list.is_empty() && is_list(list)).then(|| Some((name, ascii(list)?)))?
}

/// Whether `path` is `top` or in it.
pub(crate) fn is_at_or_below(path: &[u8], top: &[u8]) -> bool {
    top == b"/" || path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::klog::TaskRow;

    fn read(text: &str) -> (Domain, bool) {
        parse(text.as_bytes(), Hints::default()).unwrap()
    }

    #[test]
    fn a_memory_cgroup() {
        let (domain, doubt) = read(
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a/b,task=python3,pid=11740,uid=0",
        );
        assert!(!doubt);
        assert_eq!(domain.constraint, Some(Constraint::Memcg));
        assert_eq!((domain.nodemask, domain.mems_allowed.as_deref()), (None, Some("0")));
        assert_eq!(domain.cpuset, Some(Text::from("/")));
        assert_eq!(domain.oom_memcg, Some(Text::from("/a")));
        assert_eq!(domain.task_memcg, Some(Text::from("/a/b")));
        assert_eq!(domain.task, Some(Text::from("python3")));
        assert_eq!((domain.pid, domain.uid, domain.global), (Some(11740), Some(0), false));
    }

    #[test]
    fn the_whole_machine_with_lists_of_nodes() {
        let (domain, doubt) = read(
            "oom-kill:constraint=CONSTRAINT_CPUSET,nodemask=0-1,3,cpuset=left,mems_allowed=0-1,3,global_oom,task_memcg=/user.slice,task=a b,pid=5,uid=1000",
        );
        assert!(!doubt);
        assert_eq!(domain.nodemask.as_deref(), Some("0-1,3"));
        assert_eq!(domain.mems_allowed.as_deref(), Some("0-1,3"));
        assert_eq!(domain.cpuset, Some(Text::from("left")));
        assert!(domain.global && domain.oom_memcg.is_none());
        assert_eq!(domain.task_memcg, Some(Text::from("/user.slice")));
        assert_eq!(domain.task, Some(Text::from("a b")));
    }

    #[test]
    fn names_made_to_confuse() {
        let (domain, doubt) = read(
            "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=7,global_oom,mems_allowed=0,oom_memcg=/a,task_memcg=b,task_memcg=/a,task_memcg=b/c,task=x,pid=1,uid=0,task=,pid=1,uid=0,pid=44,uid=-1",
        );
        assert!(!doubt);
        assert_eq!(domain.cpuset, Some(Text::from("x,mems_allowed=7,global_oom")));
        assert_eq!(domain.oom_memcg, Some(Text::from("/a,task_memcg=b")));
        assert_eq!(domain.task_memcg, Some(Text::from("/a,task_memcg=b/c,task=x,pid=1,uid=0")));
        assert_eq!(domain.task, Some(Text::from(",pid=1,uid=0")));
        assert_eq!((domain.pid, domain.uid), (Some(44), Some(u32::MAX)));
    }

    #[test]
    fn what_stays_ambiguous_is_left_out_unless_the_table_settles_it() {
        let text = b"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/s,task=a,task=b,pid=9,uid=0";
        let (domain, doubt) = parse(text, Hints::default()).unwrap();
        assert!(doubt && domain.task.is_none() && domain.task_memcg.is_none());
        assert_eq!(domain.pid, Some(9));
        let row = TaskRow { tgid: 9, name: Text::from("a,task=b"), ..TaskRow::default() };
        let (domain, doubt) = parse(text, Hints { oom_memcg: None, tasks: &[row] }).unwrap();
        assert!(!doubt);
        assert_eq!(domain.task, Some(Text::from("a,task=b")));
        assert_eq!(domain.task_memcg, Some(Text::from("/s")));
    }

    #[test]
    fn a_line_that_was_cut_keeps_what_is_whole() {
        let whole = b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a/b,task_memcg=/a/b/c,task=x,pid=1,uid=0";
        for end in 0..whole.len() {
            let Some(domain) = cut(&whole[..end]) else { continue };
            assert_eq!(domain.constraint, Some(Constraint::Memcg));
            assert!(domain.oom_memcg.as_ref().is_none_or(|path| *path == Text::from("/a/b")), "{end}");
            assert!(domain.task_memcg.as_ref().is_none_or(|path| *path == Text::from("/a/b/c")), "{end}");
            assert!(domain.pid.is_none() && domain.task.is_none());
        }
        let domain = cut(&whole[..whole.len() - 20]).unwrap();
        assert_eq!((domain.oom_memcg, domain.mems_allowed.as_deref()), (Some(Text::from("/a/b")), Some("0")));
        let twice = b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/b,task_memcg=/a,task_mem";
        assert_eq!(cut(twice).unwrap().oom_memcg, None);
    }

    #[test]
    fn without_cgroups_and_cut_lines() {
        let (domain, doubt) =
            read("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),global_oom,task=a,pid=5,uid=0");
        assert!(!doubt && domain.global);
        let whole = b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=x,pid=5,uid=0";
        for end in 0..whole.len() - 1 {
            assert!(parse(&whole[..end], Hints::default()).is_none(), "{end}");
        }
    }

    #[test]
    fn the_cpuset_of_4_19() {
        let read = old_cpuset(b"a b cpuset=c mems_allowed=0 mems_allowed=0-1", b"a b").unwrap();
        assert_eq!(read, (&b"c mems_allowed=0"[..], "0-1".to_owned()));
        assert!(old_cpuset(b"x cpuset=c mems_allowed=0", b"a").is_none());
    }

    #[test]
    fn a_neighbour_is_not_below() {
        assert!(!is_at_or_below(b"/ab", b"/a"));
        assert!(
            is_at_or_below(b"/a/b", b"/a") && is_at_or_below(b"/a", b"/") && is_at_or_below(b"/a", b"/a")
        );
    }
}
