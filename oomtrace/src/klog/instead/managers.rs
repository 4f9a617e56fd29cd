//! Those that start and watch others: systemd, the kubelet, container engines, batch systems, platforms.

use super::sign::{By, Sign, sign};
use crate::model::SignMeaning::{Killed, Limit, OomKill};

/// How JSON and engines write that there was none.
const NOT: &[&str] = &[
    "OOMKilled\": false",
    "OOMKilled\":false",
    "OOMKilled\\\":false",
    "OOMKilled\\\": false",
    "OOMKilled=false",
    "OOMKilled:false",
    "OOMKilled: false",
    "OOMKilled:      false",
];

pub(super) const SIGNS: [Sign; 12] = [
    sign(
        "systemd_oom_kill",
        OomKill,
        &[&["killed by the OOM killer"], &["result 'oom-kill'"]],
        "systemd says that the kernel's OOM killer killed a process of this unit",
    )
    .by(By::Program(&["systemd"])),
    sign(
        "kubelet_system_oom",
        OomKill,
        &[&["System OOM encountered"]],
        "the kubelet says that the kernel's OOM killer ran for the whole node, and names its victim",
    ),
    sign(
        "container_oom_killed",
        OomKill,
        &[&["OOMKilled"], &["OOM Killed", "container"], &["OOM killed", "container"]],
        "Kubernetes or a container engine says that the kernel's OOM killer killed a process of this container (exit code 137)",
    )
    .without(NOT),
    sign(
        "containerd_oom_event",
        OomKill,
        &[&["TaskOOM"], &["/tasks/oom"], &["container oom "], &["OOM event", "container"]],
        "a container engine was notified that the kernel's OOM killer ran in this container",
    ),
    sign(
        "slurm_oom_kill",
        OomKill,
        &[
            &["oom_kill event"],
            &["oom-kill event"],
            &["out-of-memory handler"],
            &["OUT_OF_MEMORY"],
            &["OOM Killed", "step"],
        ],
        "Slurm says that the kernel's OOM killer killed processes of this job step at its memory limit (--mem, --mem-per-cpu)",
    ),
    sign(
        "talos_oom",
        Killed,
        &[&["Sending SIGKILL to cgroup"], &["OOM controller triggered"]],
        "Talos' own controller killed a cgroup because memory pressure was high; it is not the kernel's OOM killer",
    ),
    sign(
        "yarn_limit",
        Killed,
        &[
            &["beyond physical memory limits"],
            &["beyond virtual memory limits"],
            &["beyond the 'PHYSICAL' memory limit"],
            &["killed by YARN for exceeding"],
        ],
        "Hadoop YARN killed a container for using more memory than it was given; it is not the kernel's OOM killer",
    ),
    sign(
        "ecs_limit",
        OomKill,
        &[&["Container killed due to memory usage"]],
        "Amazon ECS says that a container reached its memory limit and was OOM-killed",
    ),
    sign(
        "heroku_quota",
        Limit,
        &[&["Error R14 (Memory quota exceeded)"]],
        "Heroku says that a dyno uses more memory than its quota and is swapping; nothing was killed",
    ),
    sign(
        "heroku_kill",
        Killed,
        &[&["Error R15 (Memory quota vastly exceeded)"]],
        "Heroku killed a dyno that used more than twice its memory quota",
    ),
    sign(
        "cloud_run_limit",
        Killed,
        &[&["Memory limit of ", " exceeded with "], &["Exceeded hard memory limit"], &["Exceeded soft memory limit"]],
        "Google's platform ended an instance that used more memory than it was given",
    ),
    sign(
        "nomad_oom",
        OomKill,
        &[&["OOM Killed", "Exit Code: 137"], &["oom_killed", "true"]],
        "Nomad says that the kernel's OOM killer killed a task",
    ),
];
