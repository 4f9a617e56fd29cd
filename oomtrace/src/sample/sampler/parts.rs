//! Which cgroups are asked for their kinds of memory: it costs ten times what usage does.

use std::collections::HashMap;

use crate::sample::{CgroupSample, Source};

/// One whose usage has changed by this much since is asked again.
const CHANGE: u64 = 1 << 20;
/// At the most so often, unless it is close to its limit.
const PAUSE_NS: u64 = 1_000_000_000;
/// Cgroups that are asked in one pass.
const MOST: usize = 32;

/// Who was asked when.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Usage then, and when.
    asked: HashMap<u64, (u64, u64)>,
    places: Vec<usize>,
    samples: Vec<CgroupSample>,
}

impl Parts {
    /// Completes the samples of those that have changed, those in `close` (sorted) first.
    pub(super) fn ask(&mut self, now: u64, close: &[u64], source: &mut dyn Source, all: &mut [CgroupSample]) {
        if self.asked.len() > 2 * all.len() + MOST {
            self.asked.clear();
        }
        self.choose(now, close, all);
        self.samples.clear();
        self.samples.extend(self.places.iter().filter_map(|at| all.get(*at).copied()));
        source.parts(&mut self.samples);
        for (at, sample) in self.places.iter().zip(&self.samples) {
            self.asked.insert(sample.id, (sample.usage, now));
            all[*at] = *sample;
        }
    }

    fn choose(&mut self, now: u64, close: &[u64], all: &[CgroupSample]) {
        self.places.clear();
        let mut others = 0;
        for (at, sample) in all.iter().enumerate() {
            let changed = match self.asked.get(&sample.id) {
                _ if close.binary_search(&sample.id).is_ok() => {
                    self.places.push(at);
                    continue;
                }
                Some((usage, when)) => {
                    usage.abs_diff(sample.usage) >= CHANGE && now.saturating_sub(*when) >= PAUSE_NS
                }
                None => sample.anon.is_none(),
            };
            if changed && others < MOST {
                others += 1;
                self.places.push(at);
            }
        }
        self.places.truncate(4 * MOST);
    }
}
