//! `oomtrace doctor`: what works on this machine, what does not, and how to fix it.
//!
//! [`checks`] read what the machine says of itself; [`hooks`] loads, attaches and detaches every hook for real;
//! [`Diagnosis`] draws the conclusion; [`text`] shows it.

mod args;
mod checks;
mod diagnosis;
mod hooks;
mod memory;
mod program;
mod record;
#[cfg(test)]
mod tests;
mod text;

use anyhow::{Context, Result};

use super::terminal::Look;
use crate::kernel::{Btf, Roots, capability, layout};
use crate::output::{Output, Wrote};

pub use args::DoctorArgs;
pub use diagnosis::Diagnosis;
pub use record::Health;
#[cfg(test)]
use record::{Check, CheckState, HookState};

/// Columns where the output does not say.
const WIDTH: usize = 80;

/// Examines the machine, writes what was found, and says how well oomtrace works here.
///
/// The answer does not depend on whether anybody reads the output to its end.
///
/// # Errors
/// When the output can't be written, or the file of `--btf` can't be used.
pub fn run(args: &DoctorArgs) -> Result<Health> {
    let diagnosis = examine(args, &Roots::default())?;
    let mut output = Output::open(None)?;
    let wrote = if args.json {
        output.line(&serde_json::to_vec(&diagnosis)?)?
    } else {
        let look = Look::of(&output, args.color);
        output.block(text::page(&diagnosis, look.color, look.width.unwrap_or(WIDTH)).as_bytes())?
    };
    if wrote == Wrote::All {
        output.finish()?;
    }
    Ok(diagnosis.state)
}

/// Reads and tries everything.
///
/// # Errors
/// When the file of `--btf` can't be used.
pub fn examine(args: &DoctorArgs, roots: &Roots) -> Result<Diagnosis> {
    let file = args.btf.as_deref();
    let types = match file {
        Some(path) => Some(Btf::open(path).with_context(|| format!("--btf {path:?}"))?),
        None => Btf::open(&roots.vmlinux_btf()).ok(),
    };
    let layout = layout::detect(types.as_ref(), roots);
    let needs = capability::needs(roots);
    let tried = hooks::try_all(args, &layout, &needs);
    let mut checks =
        vec![checks::kernel(), checks::btf(roots, types.as_ref(), file), checks::lockdown(roots)];
    drop(types);
    checks.extend(needs.iter().map(checks::capability));
    checks.extend(checks::namespaces(roots));
    checks.push(memory::cgroup(roots));
    checks.push(checks::perf_events(roots));
    checks.push(checks::tracefs(roots, &tried.facts));
    checks.push(checks::kallsyms(roots, &layout));
    checks.push(checks::kernel_log(roots));
    checks.push(memory::pressure(roots));
    checks.push(memory::lock());
    checks.push(memory::oom_score(roots));
    checks.push(program::program());
    checks.push(tried.object);
    Ok(Diagnosis::new(checks, tried.hooks, tried.facts))
}
