//! Climbing the ladders: each program is loaded and attached on its own, and a failure takes no other one down.

use aya::{
    Btf, Ebpf,
    programs::{
        BtfTracePoint, FEntry, FExit, Iter, KProbe, Program, ProgramError, RawTracePoint, TracePoint,
    },
};
use oomtrace_common::{ABSENT, Layout};

use super::{
    LADDERS, Outcome, Rung, SAMPLING, State, Types,
    ladder::{Fact, Kind},
};

/// Attaches the best rung of every ladder.
///
/// `without` names kinds (`fentry`), facts (`candidates`) or programs (`tp_btf_mark`) to leave out. `types`
/// are the kernel's own, which fentry and typed tracepoints need.
pub fn attach_all(
    ebpf: &mut Ebpf,
    layout: &Layout,
    types: Option<&Types>,
    without: &[String],
) -> Vec<Outcome> {
    attach_ladders(LADDERS, ebpf, layout, types, without)
}

/// The same of what the memory history is sampled with. Iterators are loaded; [`crate::sample::open`] links them.
pub fn attach_sampling(
    ebpf: &mut Ebpf,
    layout: &Layout,
    types: Option<&Types>,
    without: &[String],
) -> Vec<Outcome> {
    attach_ladders(SAMPLING, ebpf, layout, types, without)
}

fn attach_ladders(
    ladders: &[(Fact, &'static [Rung])],
    ebpf: &mut Ebpf,
    layout: &Layout,
    types: Option<&Types>,
    without: &[String],
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (fact, rungs) in ladders {
        let mut served = false;
        for rung in *rungs {
            let state =
                if served { State::NotNeeded } else { climb(ebpf, layout, types, without, *fact, rung) };
            served |= state == State::Attached;
            outcomes.push(Outcome { fact: *fact, rung, state });
        }
    }
    outcomes
}

/// Tries every rung of every ladder for real, one at a time: loads, attaches and lets go again.
///
/// The best that works of each ladder is [`State::Attached`], the others that work are [`State::Spare`]; nothing is left
/// attached. Other users of the same hooks are not disturbed: each attachment is its own.
pub fn try_all(ebpf: &mut Ebpf, layout: &Layout, types: Option<&Types>, without: &[String]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (fact, rungs) in LADDERS.iter().chain(SAMPLING) {
        let mut served = false;
        for rung in *rungs {
            let mut state = climb(ebpf, layout, types, without, *fact, rung);
            if state == State::Attached {
                if let Some(program) = ebpf.program_mut(rung.program) {
                    let_go(program);
                }
                if std::mem::replace(&mut served, true) {
                    state = State::Spare;
                }
            }
            outcomes.push(Outcome { fact: *fact, rung, state });
        }
    }
    outcomes
}

/// Detaches and unloads. What the kernel won't detach now ends with this program.
fn let_go(program: &mut Program) {
    let gone = match program {
        Program::FEntry(program) => program.unload(),
        Program::FExit(program) => program.unload(),
        Program::BtfTracePoint(program) => program.unload(),
        Program::KProbe(program) => program.unload(),
        Program::RawTracePoint(program) => program.unload(),
        Program::TracePoint(program) => program.unload(),
        Program::Iter(program) => program.unload(),
        _ => Ok(()),
    };
    if let Err(error) = gone {
        log::warn!("a hook that was tried could not be detached again: {error}");
    }
}

/// Tries one rung.
fn climb(
    ebpf: &mut Ebpf,
    layout: &Layout,
    types: Option<&Types>,
    without: &[String],
    fact: Fact,
    rung: &Rung,
) -> State {
    let names = [rung.kind.name(), rung.kind.family(), fact.name(), rung.program];
    if without.iter().any(|w| names.contains(&w.as_str())) {
        return State::SwitchedOff;
    }
    if let Some(reason) = unsupported(layout, types, rung) {
        return State::Unsupported(reason);
    }
    let Some(program) = ebpf.program_mut(rung.program) else {
        return State::Unsupported(format!("the object holds no program {}", rung.program));
    };
    let types = types.and_then(|types| types.of_rung(rung));
    match attach(program, rung, types.as_deref()) {
        Ok(()) => State::Attached,
        Err(error) => State::Refused(reason(&error)),
    }
}

/// What this kernel lacks for a rung, before trying.
fn unsupported(layout: &Layout, types: Option<&Types>, rung: &Rung) -> Option<String> {
    let absent = |path: &&str| layout.offsets().any(|(p, offset)| p == *path && offset == ABSENT);
    if let Some(path) = rung.needs.iter().copied().find(|path| absent(path)) {
        return Some(format!("the place of {path} is not known (no BTF; give one with --btf FILE)"));
    }
    match rung.kind {
        Kind::Fentry | Kind::Fexit | Kind::TpBtf | Kind::Iter if types.is_none() => {
            Some("the kernel has no BTF of its own (CONFIG_DEBUG_INFO_BTF)".to_owned())
        }
        Kind::Kprobe if layout.pt_regs_arg0 == ABSENT => {
            Some("where this architecture passes arguments is not known".to_owned())
        }
        Kind::Tp if layout.tp_pid == ABSENT => {
            Some("tracefs is not mounted: mount -t tracefs nodev /sys/kernel/tracing".to_owned())
        }
        _ => None,
    }
}

/// Loads and attaches.
fn attach(program: &mut Program, rung: &Rung, btf: Option<&Btf>) -> Result<(), ProgramError> {
    match (rung.kind, btf) {
        (Kind::Fentry, Some(btf)) => {
            let program: &mut FEntry = program.try_into()?;
            program.load(rung.target, btf)?;
            program.attach()?;
        }
        (Kind::Fexit, Some(btf)) => {
            let program: &mut FExit = program.try_into()?;
            program.load(rung.target, btf)?;
            program.attach()?;
        }
        (Kind::TpBtf, Some(btf)) => {
            let program: &mut BtfTracePoint = program.try_into()?;
            program.load(rung.target, btf)?;
            program.attach()?;
        }
        (Kind::Kprobe | Kind::Kretprobe, _) => {
            let program: &mut KProbe = program.try_into()?;
            program.load()?;
            program.attach(rung.target, 0)?;
        }
        (Kind::RawTp, _) => {
            let program: &mut RawTracePoint = program.try_into()?;
            program.load()?;
            program.attach(rung.target)?;
        }
        (Kind::Tp, _) => {
            let program: &mut TracePoint = program.try_into()?;
            program.load()?;
            program.attach("oom", rung.target)?;
        }
        (Kind::Iter, Some(btf)) => {
            let program: &mut Iter = program.try_into()?;
            program.load(rung.target, btf)?;
        }
        (Kind::Fentry | Kind::Fexit | Kind::TpBtf | Kind::Iter, None) => return Err(ProgramError::NotLoaded),
    }
    Ok(())
}

/// A program error with its causes in one line; the verifier's log goes to the debug log.
fn reason(error: &ProgramError) -> String {
    if let ProgramError::LoadError { io_error, verifier_log } = error {
        log::debug!("verifier: {verifier_log}");
        return format!("load: {io_error}{}", last_line(&verifier_log.to_string()));
    }
    let mut text = error.to_string();
    if text.contains("event_source/devices/kprobe") {
        return "the kernel has no kprobes (CONFIG_KPROBE_EVENTS)".to_owned();
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The verifier's last words before its statistics: what it did not like.
fn last_line(log: &str) -> String {
    let line = log
        .lines()
        .rev()
        .find(|l| !l.is_empty() && !l.starts_with("processed ") && !l.starts_with("verification time"));
    line.map(|l| format!(" ({})", l.trim())).unwrap_or_default()
}
