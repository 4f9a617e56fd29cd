//! The `oomtrace` command.

use std::process::ExitCode;

/// Some threads of `record` may not wait for memory.
#[global_allocator]
static ALLOCATOR: oomtrace::Allocator = oomtrace::Allocator;

fn main() -> ExitCode {
    oomtrace::main()
}
