//! PID 1 of a test guest, the workloads it kills, and the same scenarios on a development machine.

use std::process::ExitCode;

use oomtrace_tests::{bench, guest, oombench, runner, workload};

const USAGE: &str = "oomtrace-guest --list | --native [NAMES] | bench NAME ... | oombench KEY=VALUE ... | workload ... | (as PID 1, without arguments)";

fn main() -> ExitCode {
    if std::process::id() == 1 {
        guest::init();
    }
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next().unwrap_or_default();
    match first.to_str() {
        Some("--list") => {
            guest::list();
            ExitCode::SUCCESS
        }
        Some("--native") => native(&arguments.filter_map(|name| name.into_string().ok()).collect::<Vec<_>>()),
        Some("scenario") => {
            let name = arguments.next().unwrap_or_default();
            code(runner::scenario_main(&name.to_string_lossy()))
        }
        Some("workload") => code(workload::main(arguments).unwrap_or_else(|error| {
            eprintln!("workload: {error:#}");
            1
        })),
        Some("bench") => plain("bench", bench::main(arguments)),
        Some("oombench") => {
            plain("oombench", oombench::main(arguments.filter_map(|word| word.into_string().ok())))
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn plain(task: &str, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn native(names: &[String]) -> ExitCode {
    match guest::native(names) {
        Ok(tally) => {
            println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
            ExitCode::from(u8::from(tally.failed > 0))
        }
        Err(error) => {
            eprintln!("oomtrace-guest: {error:#}");
            ExitCode::from(2)
        }
    }
}
