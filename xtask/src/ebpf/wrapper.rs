//! xtask as `RUSTC_WRAPPER`, so that the object does not depend on where and by which cargo it is built.
//!
//! Cargo derives `-C metadata` from its own version, the registry's address and, for a package outside the workspace's
//! directory, the absolute path. The hash ends in the names of functions, and from there in BTF and the symbol table.

use super::toolchain::TARGET;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// Set for the compiler's processes of `cargo xtask ebpf` only.
pub(super) const ENV: &str = "OOMTRACE_XTASK_RUSTC_WRAPPER";

/// Whether cargo started this process in place of the compiler.
pub(crate) fn is_asked_for() -> bool {
    std::env::var_os(ENV).is_some()
}

/// Becomes the compiler named by the first argument.
pub(crate) fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let Some(rustc) = args.next() else { return ExitCode::FAILURE };
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let error = Command::new(&rustc).args(stable(args.collect(), &version)).env_remove(ENV).exec();
    eprintln!("error: cannot start {}: {error}", rustc.to_string_lossy());
    ExitCode::FAILURE
}

/// Replaces the metadata of crates for BPF by the package's version; what runs on the building machine keeps its own.
fn stable(mut args: Vec<OsString>, version: &str) -> Vec<OsString> {
    if args.iter().any(|arg| arg == TARGET) {
        for arg in &mut args {
            if arg.to_string_lossy().starts_with("metadata=") {
                *arg = format!("metadata={version}").into();
            }
        }
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn only_crates_for_bpf_change() {
        let bpf = args("--crate-name a -C metadata=f00 --target bpfel-unknown-none");
        assert_eq!(
            stable(bpf, "1.2.3"),
            args("--crate-name a -C metadata=1.2.3 --target bpfel-unknown-none")
        );
        let host = args("--crate-name a -C metadata=f00");
        assert_eq!(stable(host.clone(), "1.2.3"), host);
    }
}
