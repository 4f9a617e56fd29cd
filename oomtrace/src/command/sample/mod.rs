//! `oomtrace sample`: one look at the machine as the memory history sees it, by iterators and by files; and what that costs
//! here. For those who want to check the history's numbers.

mod args;
mod cost;
mod dump;
mod hook;

use std::io::Write as _;

use anyhow::{Context as _, Result};
use aya::Ebpf;
use oomtrace_common::Layout;
use serde_json::{Value, json};

pub use args::{SampleArgs, SampleBy};

use super::options::RING_SIZE;
use crate::{
    kernel::{Btf, Roots, layout},
    output::Output,
    probe::{self, LoadOptions, Outcome},
    sample::{self, Source},
    words::size,
};

/// Samples and writes one JSON object per source.
///
/// # Errors
/// When nothing can be written, or the allocation hook was asked for and can't be had.
pub fn run(args: &SampleArgs) -> Result<()> {
    let roots = Roots::default();
    if let Some(rounds) = args.hook_cost {
        let (mut ebpf, layout, _) = load(args, &roots)?;
        return write(&hook::measure(&mut ebpf, &layout, rounds)?);
    }
    if args.by != SampleBy::Files {
        let (mut ebpf, layout, outcomes) = load(args, &roots)?;
        let source = sample::open(Some(&mut ebpf), &layout, &roots);
        let mut value = look(args, source)?;
        value["hooks"] = outcomes.iter().map(hook_state).collect();
        write(&value)?;
    }
    if args.by != SampleBy::Iterators {
        write(&look(args, sample::files(&roots))?)?;
    }
    Ok(())
}

fn look(args: &SampleArgs, mut source: Box<dyn Source>) -> Result<Value> {
    match args.cost {
        Some(passes) => Ok(cost::measure(&mut *source, passes)),
        None => dump::all(&mut *source, &args.paths),
    }
}

/// Loads and attaches what the history is sampled with.
fn load(args: &SampleArgs, roots: &Roots) -> Result<(Ebpf, Layout, Vec<Outcome>)> {
    let btf = Btf::open(&roots.vmlinux_btf())?;
    let layout = layout::detect(Some(&btf), roots);
    drop(btf);
    let options =
        LoadOptions { ring_size: size::bytes(RING_SIZE).unwrap_or(1 << 20), layout, sigkill: false };
    let mut loaded = probe::load(&options)?;
    let own = probe::Types::own(&layout, None);
    let outcomes = probe::attach_sampling(&mut loaded.ebpf, &layout, own.as_ref(), &args.without_probe);
    Ok((loaded.ebpf, layout, outcomes))
}

fn hook_state(outcome: &Outcome) -> Value {
    json!({ "probe": outcome.rung.label(), "state": format!("{:?}", outcome.state) })
}

fn write(value: &Value) -> Result<()> {
    let mut output = Output::open(None)?;
    let _ = output.line(&serde_json::to_vec(value).context("a sample can't be written as JSON")?)?;
    output.finish()?;
    std::io::stdout().flush().context("writing samples")
}
