//! Development tasks: `cargo xtask --help`. One module per task.

mod archive;
mod bench;
mod demo;
mod dist;
mod ebpf;
mod oombench;
mod paths;
mod schema;
mod setup;
mod sh;
mod test;
mod userspace;
mod vm;

use clap::{Parser, Subcommand};

/// Development tasks of oomtrace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tasks need (Debian); asks nothing, says what and why
    Setup(setup::Setup),
    /// Build the BPF object that is committed in oomtrace/bpf, or check it
    Ebpf(ebpf::Ebpf),
    /// Run every test there is
    Test(test::Test),
    /// Build oomtrace and run `oomtrace demo`
    Demo(demo::Demo),
    /// Run the scenarios in virtual machines, one kernel after the other
    Vm(vm::Vm),
    /// Measure oomtrace
    Bench(bench::Bench),
    /// Cause kills whose cause is known, and score what oomtrace says of them
    Oombench(oombench::Oombench),
    /// Write the JSON Schema of the incident record
    Schema(schema::Schema),
    /// Build static binaries of every architecture into target/dist
    Dist(dist::Dist),
}

fn main() -> std::process::ExitCode {
    if ebpf::wrapper::is_asked_for() {
        return ebpf::wrapper::main();
    }
    let outcome = match Cli::parse().task {
        Task::Setup(task) => task.run(),
        Task::Ebpf(task) => task.run(),
        Task::Test(task) => task.run(),
        Task::Demo(task) => task.run(),
        Task::Vm(task) => task.run(),
        Task::Bench(task) => task.run(),
        Task::Oombench(task) => task.run(),
        Task::Schema(task) => task.run(),
        Task::Dist(task) => task.run(),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
