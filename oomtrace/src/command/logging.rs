//! The program's own log, on standard error.

use std::io::Write as _;

use env_logger::{Builder, Env};
use log::LevelFilter;

/// How much to say: `quiet`, nothing, `-v` or `-vv`. `RUST_LOG` goes before.
pub fn start(verbose: u8, quiet: bool) {
    start_as(verbose, quiet, false);
}

/// The same for a service: what it does is said without being asked for, and for the journal with a priority before each line.
pub fn start_service(verbose: u8, quiet: bool) {
    start_as(verbose.saturating_add(1), quiet, is_journal());
}

/// Whether standard error goes to the journal, which `JOURNAL_STREAM` names by device and inode.
fn is_journal() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let named = std::env::var("JOURNAL_STREAM").ok();
    let file = std::io::stderr().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let meta = file.and_then(|file| file.metadata()).ok();
    named.zip(meta).is_some_and(|(named, meta)| named == format!("{}:{}", meta.dev(), meta.ino()))
}

/// Priorities of syslog(3).
fn priority(level: log::Level) -> u8 {
    match level {
        log::Level::Error => 3,
        log::Level::Warn => 4,
        log::Level::Info => 6,
        log::Level::Debug | log::Level::Trace => 7,
    }
}

fn start_as(verbose: u8, quiet: bool, journal: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::Error,
        (false, 0) => LevelFilter::Warn,
        (false, 1) => LevelFilter::Info,
        (false, _) => LevelFilter::Debug,
    };
    let mut builder = Builder::new();
    builder.filter_level(level).parse_env(Env::default());
    builder.format(move |out, record| {
        if journal {
            // A line break would begin an entry of its own, without priority.
            let text = record.args().to_string().replace('\n', " ");
            return writeln!(out, "<{}>{text}", priority(record.level()));
        }
        let level = record.level().as_str().to_ascii_lowercase();
        writeln!(out, "oomtrace: {level}: {}", record.args())
    });
    // Whoever logs must not wait for whoever reads it.
    builder.target(env_logger::Target::Pipe(Box::new(crate::output::Stderr)));
    // Only a second call fails.
    let _ = builder.try_init();
}
