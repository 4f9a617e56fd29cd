//! The `oomtrace` command: maps results to exit codes.
//!
//! 0 done, 1 failed, 2 wrong usage; `doctor`: 3 works with something lacking, 4 can't work; `why`: 3 unknown.
//! A closed pipe is a quiet 0.
//! `run` has the command's own, and 125 for both failures and wrong usage.

use std::process::ExitCode;

use super::{
    agent,
    cli::{Cli, Command},
    demo, diagnose_record, doctor, explain, list, logging, manual, memcg, record, report, run, sample,
    schema, trace, why,
};
use crate::output::tell;
use crate::rights;
use anyhow::{Context as _, Result};
use clap::Parser;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| tell(&format!("this is a bug in oomtrace: {info}"))));
    // Before the command line is understood: a wrong one of `run` has that code, too.
    let runs = std::env::args_os().nth(1).is_some_and(|word| word == "run");
    let failure = if runs { ExitCode::from(run::FAILED) } else { ExitCode::FAILURE };
    let cli = match Cli::try_parse() {
        Err(error) if runs && error.use_stderr() => {
            let _ = error.print();
            return failure;
        }
        parsed => parsed.unwrap_or_else(|error| error.exit()),
    };
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            tell(&format!("{error:#}"));
            failure
        }
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Trace(Box::new(cli.trace)));
    if only_reads(&command) {
        rights::give_up_privileges().context("the capabilities of the program's file can't be given up")?;
    }
    let done = match command {
        Command::Trace(args) => {
            logging::start(args.verbose, args.quiet);
            trace::run(&args)
        }
        Command::Run(args) => {
            logging::start(args.verbose, args.quiet);
            return run::run(&args);
        }
        Command::Demo(args) => {
            logging::start(args.verbose, false);
            demo::run(&args)
        }
        Command::Doctor(args) => {
            logging::start(args.verbose, false);
            return doctor::run(&args).map(|health| ExitCode::from(health.exit_code()));
        }
        Command::Record(args) => {
            logging::start(args.verbose, args.quiet);
            record::run(&args)
        }
        Command::Agent(args) => {
            logging::start_service(args.verbose, args.quiet);
            agent::run(&args)
        }
        Command::List(args) => {
            logging::start(0, false);
            list::run(&args)
        }
        Command::Report(args) => {
            logging::start(0, false);
            report::run(&args)
        }
        Command::Explain(args) => {
            logging::start(args.verbose, args.quiet);
            explain::run(&args)
        }
        Command::Why(args) => {
            logging::start(0, false);
            return why::run(&args).map(|outcome| ExitCode::from(outcome.exit_code()));
        }
        Command::Sample(args) => sample::run(&args),
        Command::Schema { of } => schema::run(of),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::page(),
        Command::DiagnoseRecord { file } => diagnose_record::run(&file),
        Command::Janitor { args } => return Ok(memcg::child_main(&args)),
        Command::AgentHelper => return Ok(crate::agent::sinks::child_main()),
        Command::DemoChild { args } => return Ok(demo::child_main(&args)),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Whether a command reads files that its user names, and loads nothing into the kernel.
fn only_reads(command: &Command) -> bool {
    matches!(
        command,
        Command::Report(_)
            | Command::Explain(_)
            | Command::List(_)
            | Command::Why(_)
            | Command::Schema { .. }
            | Command::Completions { .. }
            | Command::Man
            | Command::DiagnoseRecord { .. }
    )
}
