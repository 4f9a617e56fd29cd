//! Which of a cgroup's limits was reached.

use crate::klog::{Counter, Report};
use crate::words::bytes;

/// In words; `None` where no counter is at its limit.
pub(super) fn failure(report: &Report) -> Option<String> {
    let memcg = &report.memcg;
    let memory = memcg.memory?;
    let size = |kb: u64| bytes::size(kb.saturating_mul(1024));
    let full = |counter: Option<Counter>| {
        counter
            .and_then(|counter| Some((counter.usage_kb, counter.limit_kb?)))
            .filter(|(usage, limit)| usage >= limit)
    };
    // A charge is of several pages at once, so that usage may stay a little below.
    let near = |usage: u64, limit: u64| limit.saturating_sub(usage) <= 1024;
    if let Some(limit) = memory.limit_kb.filter(|limit| near(memory.usage_kb, *limit)) {
        return Some(format!(
            "usage had reached the limit of {}, and nothing more of it could be reclaimed; it had been hit {} times{}",
            size(limit),
            memory.failcnt,
            swap_of(memcg.swap)
        ));
    }
    if let Some((_, limit)) = full(memcg.memory_swap) {
        return Some(format!("memory and swap together had reached their limit of {}", size(limit)));
    }
    full(memcg.kmem).map(|(_, limit)| format!("the kernel memory had reached its limit of {}", size(limit)))
}

fn swap_of(swap: Option<Counter>) -> String {
    match swap {
        Some(Counter { limit_kb: Some(0), .. }) => "; it may not use swap".to_owned(),
        Some(Counter { usage_kb, limit_kb: Some(limit), .. }) if usage_kb >= limit => {
            "; its swap was full, too".to_owned()
        }
        _ => String::new(),
    }
}
