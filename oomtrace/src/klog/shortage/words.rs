//! The sentences: request, zones with their watermarks, verdict.

use super::class::Class;
use super::judge::Judged;
use super::request::Request;
use super::usable::Barred;
use crate::klog::{Facts, Report};
use crate::model::Shortage;
use crate::words::bytes;

/// Zones that are named in one sentence.
const NAMED: usize = 4;

/// A size in kB as text.
pub(super) fn kb(kb: u64) -> String {
    bytes::size(kb.saturating_mul(1024))
}

/// What order and flags mean.
pub(super) fn meaning(order: i32, request: &Request<'_>, bytes: Option<u64>) -> String {
    let size = bytes.map_or(String::new(), |size| format!(" ({})", bytes::size(size)));
    let what = match order {
        ..0 => return "no allocation: SysRq-f asked for a kill".to_owned(),
        0 if request.is_empty => return "no allocation: a page fault that failed".to_owned(),
        0 => format!("one page{size}"),
        _ => format!("2^{order} pages in one piece{size}"),
    };
    let whose =
        if request.starts("GFP_HIGHUSER") || request.starts("GFP_USER") || request.starts("GFP_TRANSHUGE") {
            "for the memory of a process or for page cache"
        } else if request.has("__GFP_ACCOUNT") || request.starts("GFP_KERNEL_ACCOUNT") {
            "for the kernel's own use on behalf of a process"
        } else if request.starts("GFP_KERNEL") {
            // A memory cgroup is charged with these flags, whatever the page is for.
            "by flags that may wait, write pages out and reclaim"
        } else if request.starts("GFP_NOFS") || request.starts("GFP_NOIO") {
            "by flags that may reclaim, but not through a file system"
        } else {
            ""
        };
    let zone = match request.class {
        Class::Dma => "from zone DMA alone",
        Class::Dma32 => "from zone DMA32 or below",
        _ => "",
    };
    [what.as_str(), whose, zone].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// All usable zones are below what they must keep.
pub(super) fn all_short(request: &Request<'_>, judged: &[Judged<'_>]) -> (Shortage, String) {
    let (shortage, mut text) = whose(request, judged);
    text.push_str(": ");
    text.push_str(&list(judged, usable, short));
    text.push_str(&elsewhere(request, judged));
    (shortage, text)
}

/// Some are above the minimum, none of them by much.
pub(super) fn at_watermarks(request: &Request<'_>, judged: &[Judged<'_>]) -> (Shortage, String) {
    let (shortage, mut text) = whose(request, judged);
    text.push_str(": ");
    text.push_str(&list(judged, usable, short));
    if judged.iter().any(|one| one.usable() && one.above_high_kb() > 0) {
        text.push_str("; that little was free again when the report was printed");
    } else {
        text.push_str("; before a kill the kernel tries once more, and then needs the high watermark");
    }
    text.push_str(&elsewhere(request, judged));
    (shortage, text)
}

/// Whose shortage it is, by who had room.
fn whose(request: &Request<'_>, judged: &[Judged<'_>]) -> (Shortage, String) {
    let roomy = |barred: Barred| judged.iter().any(|one| one.barred == Some(barred) && one.has_room());
    let cma = judged.iter().any(|one| {
        one.usable() && one.cma_kb > 0 && one.free_kb.saturating_add(one.cma_kb) > one.needed_kb()
    });
    let nodes = judged.iter().any(|one| one.barred == Some(Barred::Node));
    let kind = if roomy(Barred::Class) || cma {
        Shortage::Zones
    } else if roomy(Barred::Node) || nodes {
        Shortage::Nodes
    } else {
        Shortage::Machine
    };
    let names = request.names.map_or(String::new(), |names| format!(" ({names})"));
    let text = match kind {
        Shortage::Zones => format!("no zone that this request{names} may use had memory to give"),
        Shortage::Nodes => {
            format!("no zone of the nodes that this request{names} may use had memory to give")
        }
        _ => "no zone had memory above what it must keep".to_owned(),
    };
    (kind, text)
}

/// No free block is large enough in zones that could give memory.
pub(super) fn in_pieces(
    report: &Report,
    request: &Request<'_>,
    judged: &[Judged<'_>],
    facts: &Facts,
) -> String {
    let wanted = bytes::size(request.kb(facts.page_size).saturating_mul(1024));
    let whole = |one: &&Judged<'_>| one.usable() && !one.is_short();
    let names: Vec<_> = judged.iter().rev().filter(whole).take(NAMED).map(|one| name(one, judged)).collect();
    let free: u64 = judged.iter().filter(whole).map(|one| one.free_kb).fold(0, u64::saturating_add);
    let largest = judged.iter().filter(whole).filter_map(|one| one.largest_kb).max();
    let largest = largest.map_or(String::new(), |size| format!(", the largest has {}", kb(size)));
    let mut text = format!(
        "free memory was in pieces: {} had {} free for it, and no block of {wanted}{largest}",
        and(&names),
        kb(free)
    );
    let short_ones = judged
        .iter()
        .filter(|one| one.usable() && one.is_short() && one.has_block && !one.zone.blocks.is_empty());
    for one in short_ones.take(NAMED) {
        text.push_str(&format!(
            "; {} has such blocks, but its {} free are below the {} it must keep from such requests",
            name(one, judged),
            kb(one.free_kb),
            kb(one.needed_kb())
        ));
    }
    if report.machine.compaction_disabled {
        text.push_str("; compaction is disabled in this kernel, so nothing puts the pieces together");
    }
    text
}

/// There is memory above the minimum.
pub(super) fn room_left(judged: &[Judged<'_>]) -> String {
    format!(
        "when the report was printed there was memory above what must be kept ({}): some was given back meanwhile, or was not to be used for this",
        list(judged, |one| one.usable() && !one.is_short(), short)
    )
}

/// What is known of swap.
pub(super) fn swap(report: &Report) -> String {
    let machine = &report.machine;
    match (machine.total_swap_kb, machine.free_swap_kb) {
        (Some(0), _) => "; there is no swap".to_owned(),
        (Some(total), Some(free)) if free.saturating_mul(100) < total => "; swap was full".to_owned(),
        _ => String::new(),
    }
}

/// Memory that was free and is of no use to the request.
fn elsewhere(request: &Request<'_>, judged: &[Judged<'_>]) -> String {
    let of = |barred: Barred| {
        list(
            judged,
            |one| one.barred == Some(barred) && one.has_room(),
            |one, all| format!("the {} free in {}", kb(one.zone.free_kb), name(one, all)),
        )
    };
    let mut text = String::new();
    let class = of(Barred::Class);
    if !class.is_empty() {
        text.push_str(&format!("; {class} can't be used for {}", request.named()));
    }
    let node = of(Barred::Node);
    if !node.is_empty() {
        text.push_str(&format!("; {node} can't be used: that node is not allowed"));
    }
    text
}

/// Some zones, the highest first, each in words.
fn list<'a>(
    judged: &'a [Judged<'a>],
    which: impl Fn(&Judged<'_>) -> bool,
    say: impl Fn(&Judged<'_>, &[Judged<'_>]) -> String,
) -> String {
    let all: Vec<_> = judged.iter().rev().filter(|one| which(one)).collect();
    let mut parts: Vec<_> = all.iter().take(NAMED).map(|one| say(one, judged)).collect();
    let more = all.len().saturating_sub(NAMED);
    if more > 0 {
        parts.push(format!("{more} more zones"));
    }
    parts.join("; ")
}

/// `DMA32 has 6.8 MiB free, 832 KiB short of its minimum of 7.6 MiB`
fn short(one: &Judged<'_>, all: &[Judged<'_>]) -> String {
    let keeps = match one.reserve_kb {
        0 => format!("its minimum of {}", kb(one.zone.min_kb)),
        reserve => format!(
            "the {} it must keep from such requests (minimum {}, lowmem_reserve {})",
            kb(one.needed_kb()),
            kb(one.zone.min_kb),
            kb(reserve)
        ),
    };
    let zone = name(one, all);
    let free = kb(one.zone.free_kb);
    let barred = match (one.cma_kb, one.atomic_kb) {
        (0, 0) => String::new(),
        (cma, 0) => format!(" ({} of it CMA, for movable memory only)", kb(cma)),
        (0, atomic) => format!(" ({} of it kept for atomic allocations)", kb(atomic)),
        (cma, atomic) => {
            format!(
                " ({} of it CMA, for movable memory only, {} kept for atomic allocations)",
                kb(cma),
                kb(atomic)
            )
        }
    };
    match (one.is_short(), one.lacks_kb()) {
        (true, 0) => format!("{zone} has {free} free{barred}, no more than {keeps}"),
        (true, lacks) => format!("{zone} has {free} free{barred}, {} short of {keeps}", kb(lacks)),
        (false, _) if one.above_high_kb() == 0 && one.zone.high_kb.is_some() => format!(
            "{zone} has {free} free{barred}, above {keeps} and below its high watermark of {}",
            kb(one.zone.high_kb.unwrap_or(0))
        ),
        (false, _) => format!("{zone} has {free} free{barred}, above {keeps}"),
    }
}

/// With its node where there are several.
fn name(one: &Judged<'_>, all: &[Judged<'_>]) -> String {
    let several = all.iter().any(|other| other.zone.node != one.zone.node);
    if several { format!("{} of node {}", one.zone.name, one.zone.node) } else { one.zone.name.clone() }
}

/// `DMA32, Normal and DMA`
fn and(names: &[String]) -> String {
    match names {
        [] => "no zone".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// A function of its own: a method is not general enough over the lifetime of a zone.
fn usable(one: &Judged<'_>) -> bool {
    one.usable()
}
