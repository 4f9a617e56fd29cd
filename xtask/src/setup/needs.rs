//! Which task needs which Debian package, and why.
//!
//! Building oomtrace and `cargo xtask demo` need nothing but cargo: the BPF object is committed.

/// A task's needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Group {
    /// `cargo xtask ebpf`: rebuilding the BPF object
    Ebpf,
    /// `cargo xtask vm`: guests and the static binaries in them
    Vm,
    /// `cargo xtask test`: formatting and lints
    Test,
    /// `cargo xtask test --only deny`: a checker of dependencies
    Deny,
    /// `cargo xtask test --only pages`: a browser that opens the pages of reports
    Pages,
    /// `cargo xtask test --only validators`: independent readers of what oomtrace writes
    Validators,
    /// `cargo xtask oombench` on this machine: programs that leak (only when asked for)
    Oombench,
}

impl Group {
    /// What is installed unless something else is asked for.
    pub(super) const ALL: [Self; 6] =
        [Self::Ebpf, Self::Vm, Self::Test, Self::Pages, Self::Validators, Self::Deny];

    pub(super) fn list(groups: &[Self]) -> String {
        groups.iter().map(|group| format!("{group:?}").to_lowercase()).collect::<Vec<_>>().join(", ")
    }
}

/// A Debian package.
#[derive(Debug)]
pub(super) struct Package {
    group: Group,
    pub(super) name: &'static str,
    pub(super) why: &'static str,
}

const PACKAGES: [Package; 27] = [
    package(Group::Ebpf, "rustc-web", "the compiler of the BPF object"),
    package(Group::Ebpf, "libstd-rust-web-dev-bpf", "Rust's core library for BPF"),
    package(Group::Vm, "qemu-system-x86", "x86_64 guests"),
    package(Group::Vm, "qemu-system-arm", "aarch64 guests"),
    package(Group::Vm, "rustc-web", "the compiler of aarch64 binaries"),
    package(Group::Vm, "gcc-aarch64-linux-gnu", "the linker of aarch64 binaries"),
    package(Group::Vm, "libc6-dev-arm64-cross", "the C library of aarch64 binaries"),
    package(Group::Vm, "xz-utils", "unpacking kernel packages"),
    package(Group::Vm, "e2fsprogs", "a disk that guests record on"),
    package(Group::Pages, "chromium", "opening the pages of reports"),
    package(Group::Pages, "fonts-dejavu-core", "letters in their pictures"),
    package(Group::Validators, "jq", "the documents' queries"),
    package(Group::Validators, "python3", "DuckDB, Perfetto's definitions and a validator of XML"),
    package(Group::Validators, "python3-venv", "an environment for them"),
    package(Group::Oombench, "stress-ng", "suite B"),
    package(Group::Oombench, "stress", "suite B"),
    package(Group::Oombench, "stressapptest", "suite B"),
    package(Group::Oombench, "memtester", "suite B"),
    package(Group::Oombench, "chaos-marmosets", "suite B"),
    package(Group::Oombench, "redis-tools", "suites C and D: the server is in it as well"),
    package(Group::Oombench, "nodejs", "suite C"),
    package(Group::Oombench, "default-jdk-headless", "suites C and D"),
    package(Group::Oombench, "golang-go", "suites C and D"),
    package(Group::Oombench, "g++", "suite C"),
    package(Group::Oombench, "postgresql", "suite C"),
    package(Group::Oombench, "python3", "suites B, C and D"),
    package(Group::Oombench, "e2fsprogs", "the guests' disks"),
];

const fn package(group: Group, name: &'static str, why: &'static str) -> Package {
    Package { group, name, why }
}

/// What `groups` need, each package once.
pub(super) fn packages(groups: &[Group]) -> Vec<&'static Package> {
    let mut wanted: Vec<&Package> = Vec::new();
    for package in PACKAGES.iter().filter(|package| groups.contains(&package.group)) {
        if !wanted.iter().any(|other| other.name == package.name) {
            wanted.push(package);
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_asked_for_once() {
        let all = packages(&Group::ALL);
        assert_eq!(all.iter().filter(|package| package.name == "rustc-web").count(), 1);
        assert_eq!(packages(&[Group::Test]).len(), 0);
        assert!(all.iter().all(|package| package.name != "stress-ng"));
    }
}
