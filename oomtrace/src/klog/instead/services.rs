//! Databases and caches.

use super::sign::{Sign, sign};
use crate::model::SignMeaning::{Limit, Refused, Signalled};

pub(super) const SIGNS: [Sign; 6] = [
    sign(
        "mysql_refused",
        Refused,
        &[
            &["mysqld: Out of memory"],
            &["mariadbd: Out of memory"],
            &["Out of memory (Needed"],
            &["Out of memory; check if mysqld"],
            &["InnoDB", "annot allocate memory"],
            &["annot allocate memory for the buffer pool"],
            &["InnoDB", "errno 12"],
        ],
        "the system refused memory to MySQL or MariaDB, often for the buffer pool (innodb_buffer_pool_size); the OOM killer did \
         not end it",
    ),
    sign(
        "postgres_signal_9",
        Signalled,
        &[&["was terminated by signal 9"]],
        "a process of PostgreSQL was ended by SIGKILL; PostgreSQL does not know who sent it. The OOM killer is the usual sender: \
         the kernel's log of that time has the answer",
    ),
    sign(
        "postgres_refused",
        Refused,
        &[
            &["ERROR:", "out of memory"],
            &["FATAL:", "out of memory"],
            &["ailed on request of size"],
            &["could not fork", "annot allocate memory"],
            &["could not map anonymous shared memory"],
        ],
        "the system refused memory to PostgreSQL (overcommit, or a limit of address space), which failed the statement; nothing \
         was killed",
    )
    .without(&["CUDA"]),
    sign(
        "redis_fork",
        Refused,
        &[&["an't save in background: fork"], &["an't rewrite append only file in background: fork"], &["fork", "annot allocate memory", "background"]],
        "Redis could not start a copy of itself to save its data: the system refused to promise the memory (vm.overcommit_memory=1 \
         allows it); nothing was killed",
    ),
    sign(
        "redis_maxmemory",
        Limit,
        &[&["OOM command not allowed when used memory"]],
        "Redis refused a command at its own limit (maxmemory); nothing was killed",
    ),
    sign(
        "redis_refused",
        Refused,
        &[&["Out Of Memory allocating"]],
        "the system refused memory to Redis, which ended itself; the OOM killer did not end it",
    ),
];
