//! Every hook of every ladder, tried for real.

use oomtrace_common::Layout;

use super::args::DoctorArgs;
use super::record::{Check, CheckState, FactState, Hook, HookState};
use crate::{
    command::options::RING_SIZE,
    kernel::{
        capability::{Held, Need},
        host,
    },
    probe::{self, Fact, LADDERS, LoadOptions, Outcome, Rung, SAMPLING, State},
    words::{bytes, size},
};

/// What came of trying.
pub(super) struct Tried {
    /// Whether the kernel takes the object and its maps.
    pub(super) object: Check,
    /// In the order of the ladders.
    pub(super) hooks: Vec<Hook>,
    /// In the order of the ladders.
    pub(super) facts: Vec<FactState>,
}

const OBJECT: &str = "BPF object";

/// Loads, attaches and detaches each hook; nothing is tried without the capabilities that all of them need.
pub(super) fn try_all(args: &DoctorArgs, layout: &Layout, needs: &[Need]) -> Tried {
    let lacking: Vec<&str> = needs
        .iter()
        .filter(|need| need.required && need.held != Held::Effective)
        .map(|need| need.name.as_str())
        .collect();
    if !lacking.is_empty() {
        let why = format!("not tried without {}", lacking.join(" and "));
        let remedy = "see there";
        return none(Check::bad(CheckState::Missing, OBJECT, &why, remedy), HookState::NotTried, &why);
    }
    let ring_size = size::bytes(RING_SIZE).unwrap_or(1 << 20);
    match probe::load(&LoadOptions { ring_size, layout: *layout, sigkill: false }) {
        Ok(mut loaded) => {
            let own = probe::Types::own(layout, args.btf.as_deref());
            let outcomes = probe::try_all(&mut loaded.ebpf, layout, own.as_ref(), &args.without_probe);
            let read = format!(
                "accepted; ring buffer of {}, pages of {}",
                bytes::size(u64::from(loaded.ring_size)),
                bytes::size(host::page_size())
            );
            judged(Check::ok(OBJECT, read), &outcomes)
        }
        Err(error) => {
            let read = format!("refused: {}", error.root_cause());
            let remedy = "Linux 5.8 or later with CONFIG_BPF_SYSCALL is needed, outside of sandboxes that filter bpf(2) \
                          (docker run --security-opt seccomp=unconfined)";
            none(Check::bad(CheckState::Missing, OBJECT, &read, remedy), HookState::NotTried, &read)
        }
    }
}

/// The outcomes as hooks and facts.
pub(super) fn judged(object: Check, outcomes: &[Outcome]) -> Tried {
    let facts = ladders().map(|(fact, _)| {
        let served_by = probe::serving(outcomes, *fact).map(Rung::label);
        fact_state(*fact, served_by)
    });
    Tried { object, hooks: outcomes.iter().map(hook).collect(), facts: facts.collect() }
}

/// All hooks in one state, none of which serves.
fn none(object: Check, state: HookState, why: &str) -> Tried {
    let rungs = ladders().flat_map(|(fact, rungs)| rungs.iter().map(|rung| (fact.name(), rung)));
    let hooks =
        rungs.map(|(fact, rung)| Hook { fact, probe: rung.label(), state, detail: Some(why.to_owned()) });
    let facts = ladders().map(|(fact, _)| fact_state(*fact, None));
    Tried { object, hooks: hooks.collect(), facts: facts.collect() }
}

/// What reports and their history are made with.
fn ladders() -> impl Iterator<Item = &'static (Fact, &'static [Rung])> {
    LADDERS.iter().chain(SAMPLING)
}

fn fact_state(fact: Fact, served_by: Option<String>) -> FactState {
    let lacks = served_by.is_none().then(|| fact.without());
    FactState { fact: fact.name(), served_by, lacks }
}

fn hook(outcome: &Outcome) -> Hook {
    let (state, detail) = match &outcome.state {
        State::Attached => (HookState::Attached, None),
        State::Spare | State::NotNeeded => (HookState::Works, None),
        State::SwitchedOff => (HookState::SwitchedOff, None),
        State::Unsupported(why) => (HookState::Unsupported, Some(why.clone())),
        State::Refused(why) => (HookState::Refused, Some(why.clone())),
    };
    Hook { fact: outcome.fact.name(), probe: outcome.rung.label(), state, detail }
}
