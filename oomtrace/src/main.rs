//! The `oomtrace` command: maps results to exit codes.

use std::process::ExitCode;

use clap::Parser;
use oomtrace::command::{
    cli::{Cli, Command},
    demo, trace,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => trace::run(&cli.trace),
        Some(Command::Trace(args)) => trace::run(&args),
        Some(Command::DemoChild { args }) => return demo::child_main(&args),
        Some(Command::Demo(_) | Command::Doctor(_) | Command::Schema) => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oomtrace: {error:#}");
            ExitCode::FAILURE
        }
    }
}
