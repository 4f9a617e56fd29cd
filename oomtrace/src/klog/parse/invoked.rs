//! `COMM invoked oom-killer: gfp_mask=0x…(NAMES), order=…, oom_score_adj=…`
//!
//! 4.10 to 4.19 have `nodemask=…` before the order; before 4.6 the mask has no names.

use super::scan::{ascii, is_list, number, split};
use crate::klog::report::Trigger;
use crate::model::Text;

const INVOKED: &[u8] = b" invoked oom-killer: gfp_mask=";

/// The trigger and the `nodemask` that 4.10 to 4.19 print here.
pub(crate) fn parse(text: &[u8]) -> Option<(Trigger, Option<String>)> {
    let (comm, rest) = split(text, INVOKED)?;
    // A cgroup's name may hold these words, too, and a line about a cgroup comes in pieces: rather no trigger than a wrong one.
    let about_cgroup = text.starts_with(b"Tasks in /") || text.starts_with(b"Task in /");
    if comm.len() > super::COMM_MAX || about_cgroup {
        return None;
    }
    let (mask, names, rest) = mask(rest);
    let nodemask = split(rest, b"nodemask=").and_then(|(_, list)| nodemask(list));
    let trigger = Trigger {
        comm: Text::new(comm),
        pid: None,
        gfp_mask: mask,
        gfp_names: names,
        order: field(rest, b"order="),
        oom_score_adj: field(rest, b"oom_score_adj="),
    };
    Some((trigger, nodemask))
}

/// The mask, its names, the rest.
fn mask(text: &[u8]) -> (Option<u32>, Option<String>, &[u8]) {
    let end = text.iter().position(|b| !(b.is_ascii_hexdigit() || *b == b'x')).unwrap_or(text.len());
    let (hex, rest) = text.split_at(end);
    // A line that ends in the middle of the number gives a wrong one.
    let whole = !rest.is_empty();
    let value = std::str::from_utf8(hex.strip_prefix(b"0x").unwrap_or(hex)).ok();
    let value = value.filter(|_| whole).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let names = rest.strip_prefix(b"(").and_then(|names| split(names, b")"));
    match names {
        Some((names, rest)) => (value, ascii(names), rest),
        None => (value, None, rest),
    }
}

/// `(null)` is absent, too.
fn nodemask(text: &[u8]) -> Option<String> {
    // ", order=" follows with one space or two; the list itself holds commas without spaces.
    let (list, _) = split(text, b", ")?;
    (!list.is_empty() && is_list(list)).then(|| ascii(list))?
}

/// A signed field that ends with a comma, or with the line for the last one.
fn field(text: &[u8], name: &[u8]) -> Option<i32> {
    let (_, value) = split(text, name)?;
    let end = value.iter().position(|b| *b == b',').unwrap_or(value.len());
    number(&value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_5_0() {
        let text = b"stress ng invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=-5";
        let (trigger, nodemask) = parse(text).unwrap();
        assert_eq!(trigger.comm, Text::from("stress ng"));
        assert_eq!(trigger.gfp_mask, Some(0x14_0cca));
        assert_eq!(trigger.gfp_names.as_deref(), Some("GFP_HIGHUSER_MOVABLE|__GFP_COMP"));
        assert_eq!((trigger.order, trigger.oom_score_adj), (Some(0), Some(-5)));
        assert_eq!(nodemask, None);
    }

    #[test]
    fn from_4_10_to_4_19() {
        let text = b"python invoked oom-killer: gfp_mask=0x14000c0(GFP_KERNEL), nodemask=0,2-3,  order=3, oom_score_adj=0";
        let (trigger, nodemask) = parse(text).unwrap();
        assert_eq!(nodemask.as_deref(), Some("0,2-3"));
        assert_eq!(trigger.order, Some(3));
        let text = b"a invoked oom-killer: gfp_mask=0x0(), nodemask=(null), order=0, oom_score_adj=0";
        assert_eq!(parse(text).unwrap().1, None);
    }

    #[test]
    fn before_4_6_and_sysrq() {
        let (trigger, _) =
            parse(b"kworker/0:1 invoked oom-killer: gfp_mask=0xd0, order=-1, oom_score_adj=0").unwrap();
        assert_eq!((trigger.gfp_mask, trigger.gfp_names), (Some(0xd0), None));
        assert_eq!(trigger.order, Some(-1));
    }

    #[test]
    fn a_comm_has_at_most_15_bytes() {
        assert!(parse(b"0123456789abcdef invoked oom-killer: gfp_mask=0xd0, order=0").is_none());
        assert!(parse(b"invoked oom-killer: gfp_mask=0xd0").is_none());
        assert!(parse(b" invoked oom-killer: gfp_mask=0xd0,").unwrap().0.comm.as_bytes().is_empty());
    }

    #[test]
    fn a_line_about_a_cgroup_is_no_trigger() {
        let text = b"Tasks in /a invoked oom-killer: gfp_mask=0x0, are going to be killed due to memory.oom.group set";
        assert!(parse(text).is_none());
        assert!(parse(b"Task in /a invoked oom-killer: gfp_mask=0x0, order=0").is_none());
    }

    #[test]
    fn a_cut_line_gives_no_wrong_number() {
        let (trigger, _) = parse(b"a invoked oom-killer: gfp_mask=0x14").unwrap();
        assert_eq!((trigger.gfp_mask, trigger.order), (None, None));
    }
}
