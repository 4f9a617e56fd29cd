//! Which runtime: by the executable's name, which a process can't change as it can its own.

use crate::model::RuntimeKind::{self, *};

/// Names of executables. A `*` at the end stands for a version.
const NAMES: [(&str, RuntimeKind); 62] = [
    ("node*", Node),
    ("deno", Node),
    ("java", Jvm),
    ("javac", Jvm),
    ("kotlin", Jvm),
    ("python*", Python),
    ("pypy*", Python),
    ("ruby*", Ruby),
    ("php*", Php),
    ("php-fpm*", Php),
    ("php-cgi*", Php),
    ("dotnet", Dotnet),
    ("beam.smp", Erlang),
    ("beam", Erlang),
    ("redis-server", Redis),
    ("redis-check-rdb", Redis),
    ("valkey-server", Redis),
    ("keydb-server", Redis),
    ("postgres", Postgresql),
    ("postmaster", Postgresql),
    ("mysqld", Mysql),
    ("mariadbd", Mysql),
    ("mongod", Mongodb),
    ("mongos", Mongodb),
    ("nginx", Nginx),
    ("openresty", Nginx),
    ("apache2", Apache),
    ("httpd", Apache),
    ("chrome", Browser),
    ("chromium*", Browser),
    ("firefox*", Browser),
    ("brave", Browser),
    ("msedge", Browser),
    ("electron*", Browser),
    ("code", Browser),
    ("slack", Browser),
    ("cc1", Build),
    ("cc1plus", Build),
    ("lto1", Build),
    ("lto-wrapper", Build),
    ("collect2", Build),
    ("gcc*", Build),
    ("g++*", Build),
    ("clang*", Build),
    ("clang++*", Build),
    ("ld", Build),
    ("ld.bfd", Build),
    ("ld.gold", Build),
    ("ld.lld", Build),
    ("ld.mold", Build),
    ("lld", Build),
    ("mold", Build),
    ("as", Build),
    ("rustc", Build),
    ("cargo", Build),
    ("make", Build),
    ("gmake", Build),
    ("ninja", Build),
    ("cmake", Build),
    ("bazel", Build),
    ("swiftc", Build),
    ("ghc*", Build),
];

/// The kind; native where no name is known.
pub(super) fn of(exe: Option<&[u8]>, cmdline: &[Vec<u8>]) -> RuntimeKind {
    let first = cmdline.first().map(Vec::as_slice);
    // A title that was written over the arguments: `postgres: checkpointer`.
    let title = first.and_then(|first| first.split(|b| matches!(b, b' ' | b':')).next());
    let known = exe.and_then(named).or_else(|| first.and_then(named)).or_else(|| title.and_then(named));
    known.unwrap_or_else(|| if cmdline.iter().any(|arg| is_of_jvm(arg)) { Jvm } else { Native })
}

fn named(path: &[u8]) -> Option<RuntimeKind> {
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    let name = std::str::from_utf8(path.rsplit(|b| *b == b'/').next()?).ok()?;
    NAMES.iter().find(|(pattern, _)| matches(pattern, name)).map(|(_, kind)| *kind)
}

/// `python*` matches `python3.11`, not `python-runner`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        None => name == pattern,
        Some(stem) => name.strip_prefix(stem).is_some_and(|version| {
            let digits = version.trim_start_matches('-');
            digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        }),
    }
}

/// Programs that bring a JVM under a name of their own are started with its options all the same.
fn is_of_jvm(arg: &[u8]) -> bool {
    arg.starts_with(b"-Xmx") || arg.starts_with(b"-XX:")
}
