//! A page fault that failed although the machine has memory: a charge to a memory cgroup failed.
//!
//! Up to 5.15 `pagefault_out_of_memory()` runs the OOM killer for the whole machine, with no flags, whatever made the fault
//! fail. With memory left that is a limit of kernel memory of a cgroup (v1 `memory.kmem.limit_in_bytes`).

use super::request::Request;
use super::{ROOMY_PERCENT, judge, words};
use crate::klog::{Facts, Report};
use crate::model::Shortage;

/// In words; `None` where it is not that, or can't be known.
pub(super) fn failure(report: &Report, request: &Request<'_>, facts: &Facts) -> Option<(Shortage, String)> {
    if !request.is_empty || request.order > 0 {
        return None;
    }
    let room = room(report, request, facts);
    let owner = report.failed_cache.as_ref().and_then(|cache| Some((cache, cache.cgroup.as_ref()?)));
    if room.is_none() && owner.is_none() {
        return None;
    }
    let mut text = "a page fault failed without asking for memory (gfp_mask=0x0): a charge to a memory cgroup failed, as at a \
                    limit of kernel memory (memory.kmem.limit_in_bytes)"
        .to_owned();
    match (owner, report.failed_cache.as_ref()) {
        (Some((cache, cgroup)), _) => {
            text.push_str(&format!(
                "; the cgroup is {}, whose cache {} could not be extended",
                cgroup.lossy(),
                cache.name
            ));
        }
        (None, Some(cache)) => {
            text.push_str(&format!("; the kernel's cache {} could not be extended", cache.name));
        }
        (None, None) => {}
    }
    if owner.is_none() {
        let name = report.domain.cpuset.as_ref().filter(|name| name.as_bytes() != b"/");
        text.push_str(&name.map_or(String::new(), |name| {
            format!("; the cpuset of the task that failed is {}", name.lossy())
        }));
    }
    if let Some((free, all)) = room {
        text.push_str(&format!("; the machine had {} of {} free", words::kb(free), words::kb(all)));
    }
    Some((Shortage::Charge, text))
}

/// What is free and what there is, kB, where that is too much for a machine that ran out.
fn room(report: &Report, request: &Request<'_>, facts: &Facts) -> Option<(u64, u64)> {
    let judged = judge(report, request, facts)?;
    let free: u64 = judged.iter().map(|one| one.zone.free_kb).fold(0, u64::saturating_add);
    let all: u64 = judged.iter().map(super::Judged::size_kb).fold(0, u64::saturating_add);
    let any = judged.iter().any(|one| one.usable() && one.above_high_kb() > 0);
    (any && free > all / 100 * ROOMY_PERCENT).then_some((free, all))
}
