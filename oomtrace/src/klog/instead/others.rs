//! Other systems, the C library, shells, and words that any program may use.

use super::sign::{By, Sign, sign};
use crate::model::SignMeaning::{Corrupt, Killed, Refused, Signalled};

/// The kernel's own words, which are no program's.
const KERNELS: &[&str] = &[
    "Killed process",
    "Kill process",
    "Memory cgroup out of memory",
    "invoked oom-killer",
    "Out of memory and no killable processes",
    "Out of memory: ",
    "OOM killed",
];

pub(super) const SIGNS: [Sign; 8] = [
    sign(
        "freebsd_kill",
        Killed,
        &[
            &["was killed: out of swap space"],
            &["was killed: failed to reclaim memory"],
            &["was killed: a thread waited too long"],
        ],
        "FreeBSD's kernel killed a process because memory and swap ran out",
    ),
    sign(
        "macos_jetsam",
        Killed,
        &[&["memorystatus: killing"], &["low swap: killing"], &["jetsam", "kill"], &["JetsamEvent"]],
        "macOS or iOS killed a process because memory ran low (jetsam)",
    ),
    sign(
        "compiler_killed",
        Signalled,
        &[&["illed signal terminated program"], &["internal compiler error: Killed"]],
        "a compiler was ended by SIGKILL; the OOM killer is the usual sender, and fewer jobs at once (make -j) the remedy. The \
         kernel's log of that time has the answer",
    ),
    sign(
        "heap_corruption",
        Corrupt,
        &[
            &["malloc(): "],
            &["malloc_consolidate(): "],
            &["free(): invalid"],
            &["free(): double free"],
            &["double free or corruption"],
            &["corrupted size vs. prev_size"],
        ],
        "the C library found a program's heap damaged and ended it: a fault of the program, not a lack of memory",
    ),
    sign(
        "fork_refused",
        Refused,
        &[&["fork", "annot allocate memory"], &["spawn ENOMEM"], &["clone", "annot allocate memory"]],
        "the system refused to start a process: it would not promise the memory (overcommit), or a limit was reached; nothing was \
         killed",
    ),
    sign(
        "refused",
        Refused,
        &[&["annot allocate memory"], &["ENOMEM"]],
        "the system refused memory to a program (ENOMEM: overcommit, or a limit of address space); nothing was killed",
    ),
    sign(
        "exit_137",
        Signalled,
        &[&["xit code 137"], &["xited with code 137"], &["xit status 137"], &["code=killed, status=9/KILL"]],
        "a process was ended by SIGKILL (137 = 128 + 9), and the line does not say by whom. The kernel's log of that time says whether \
         it was the OOM killer",
    ),
    sign(
        "program_out_of_memory",
        Refused,
        &[&["ut of memory"], &["emory exhausted"]],
        "a program says that it got no memory; these are its own words, and no kill is in them",
    )
    .by(By::Process)
    .without(KERNELS),
];
