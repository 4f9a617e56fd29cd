//! The program's own log, on standard error.

use std::io::Write as _;

use env_logger::{Builder, Env};
use log::LevelFilter;

/// How much to say: `quiet`, nothing, `-v` or `-vv`. `RUST_LOG` goes before.
pub fn start(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    let mut builder = Builder::new();
    builder.filter_level(level).parse_env(Env::default());
    builder.format(|out, record| {
        let level = record.level().as_str().to_ascii_lowercase();
        writeln!(out, "oomtrace: {level}: {}", record.args())
    });
    // Whoever logs must not wait for whoever reads it.
    builder.target(env_logger::Target::Pipe(Box::new(crate::output::Stderr)));
    // Only a second call fails.
    let _ = builder.try_init();
}
