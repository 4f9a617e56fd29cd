//! Android kills apps before memory runs out.

use super::sign::{Sign, sign};
use crate::model::SignMeaning::Killed;

pub(super) const SIGNS: [Sign; 1] = [sign(
    "lowmemorykiller",
    Killed,
    &[
        &["owmemorykiller", "Killing '"],
        &["owmemorykiller", "Kill '"],
        &["owmemorykiller", "send sigkill to"],
    ],
    "Android's low memory killer (the kernel's lowmemorykiller, or lmkd) killed an app because free memory fell below the \
         limit for apps of its importance; it is not the kernel's OOM killer",
)];
