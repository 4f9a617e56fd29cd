//! The life of a guest: PID 1 of a small initramfs.

mod boot;
mod native;
mod parameters;

pub use native::native;
pub use parameters::Parameters;

use std::path::{Path, PathBuf};

use crate::protocol::{self, Verdict};
use crate::runner::{Settings, run_all};
use crate::scenario::{SCENARIOS, Scenario};
use crate::sys;

/// Where the image has the tracer.
const TRACER: &str = "/bin/oomtrace";

/// PID 1. Never returns: the machine is off when all is done.
pub fn init() -> ! {
    // Firmware and boot loader have left escape sequences on the line.
    println!();
    if let Err(error) = boot::basics() {
        protocol::verdict("boot", &Verdict::Fail(format!("{error:#}")));
        sys::power_off();
    }
    let line = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let parameters = Parameters::parse(&line);
    match boot::set_up(&parameters) {
        Ok(()) if !parameters.bench.is_empty() => crate::bench::peers(&parameters.bench),
        Ok(()) => match &parameters.oombench {
            Some(words) => crate::oombench::in_guest(words),
            None => run(&parameters),
        },
        Err(error) => refuse(&parameters, &format!("{error:#}")),
    }
    protocol::done();
    sys::power_off();
}

fn run(parameters: &Parameters) {
    let tracer = (!parameters.kernel_only).then(|| PathBuf::from(TRACER));
    if tracer.as_ref().is_some_and(|binary| !Path::new(binary).exists()) {
        return fail_all(parameters, &format!("the image has no {TRACER}"));
    }
    for name in parameters.unknown() {
        protocol::verdict(&name, &Verdict::Fail("no such scenario".into()));
    }
    run_all(&chosen(parameters), &Settings { tracer, native: false });
}

/// The scenarios named, else all of this boot kind.
fn chosen(parameters: &Parameters) -> Vec<&'static Scenario> {
    SCENARIOS.iter().filter(|scenario| parameters.wants(scenario)).collect()
}

fn fail_all(parameters: &Parameters, why: &str) {
    for scenario in chosen(parameters) {
        protocol::start(scenario.name);
        protocol::verdict(scenario.name, &Verdict::Fail(why.to_owned()));
    }
}

/// A kernel without cgroup v1 can't run what needs it; everything else is a failure.
fn refuse(parameters: &Parameters, why: &str) {
    if !why.contains(boot::NO_V1) {
        return fail_all(parameters, why);
    }
    for scenario in chosen(parameters) {
        protocol::start(scenario.name);
        protocol::verdict(scenario.name, &Verdict::Skip(why.to_owned()));
    }
}

/// Prints `NAME\tBOOT\tDESCRIPTION` for every scenario that guests can run.
pub fn list() {
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.in_guests) {
        println!("{}\t{}\t{}", scenario.name, scenario.boot, scenario.about);
    }
}
