//! Page cache that can't be given back.

use super::kinds::grower;
use crate::oombench::case::{Case, Ground, Who};
use crate::oombench::random::Random;

/// Locked file pages, and files on a ramfs.
pub(super) fn page_cache(random: &mut Random, ground: &Ground) -> Case {
    let kind = *random.of(&["locked", "ramfs"]);
    let case = grower(random, ground, kind, (0.5e6, 200e6, ground.most * 6 / 10));
    Case { culprit: Who::Kind("page_cache", case.culprit.actor().unwrap_or(0)), ..case }
}
