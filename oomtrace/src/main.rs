//! The `oomtrace` command: maps results to exit codes.
//!
//! 0 done, 1 failed, 2 wrong usage; `doctor`: 3 works with something lacking, 4 can't work. A closed pipe is a quiet 0.

use std::{io::Write as _, process::ExitCode};

use anyhow::Result;
use clap::Parser;
use oomtrace::command::{
    cli::{Cli, Command},
    demo, diagnose_record, doctor, logging, manual, memcg, report, schema, trace,
};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| tell(&format!("this is a bug in oomtrace: {info}"))));
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let done = match cli.command.unwrap_or(Command::Trace(Box::new(cli.trace))) {
        Command::Trace(args) => {
            logging::start(args.verbose, args.quiet);
            trace::run(&args)
        }
        Command::Demo(args) => {
            logging::start(args.verbose, false);
            demo::run(&args)
        }
        Command::Doctor(args) => {
            logging::start(args.verbose, false);
            return doctor::run(&args).map(|health| ExitCode::from(health.exit_code()));
        }
        Command::Report(args) => {
            logging::start(0, false);
            report::run(&args)
        }
        Command::Schema => schema::run(),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::page(),
        Command::DiagnoseRecord { file } => diagnose_record::run(&file),
        Command::Janitor { args } => return Ok(memcg::child_main(&args)),
        Command::DemoChild { args } => return Ok(demo::child_main(&args)),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Says it on standard error. Nobody may be there to read it: that must not end the program otherwise than it ends.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "oomtrace: {text}");
}
