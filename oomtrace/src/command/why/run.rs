//! Asks the sources, and writes what they come to.

use anyhow::Result;

use super::args::WhyArgs;
use super::counters::Counters;
use super::decide::decide;
use super::existence::{self, Given};
use super::gather::{Gathered, Here};
use super::target::Target;
use super::{logs, mentions, processes};
use crate::command::spooled;
use crate::command::terminal::Look;
use crate::evidence::Evidence;
use crate::kernel::cgroup::Hierarchy;
use crate::kernel::namespace::Namespace;
use crate::kernel::{Roots, clock, host};
use crate::model::{Answer, Cause};
use crate::output::{Output, Wrote};
use crate::render;
use crate::rights::with_all;

/// Whether there is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A source has one.
    Answered,
    /// No source has one.
    Unknown,
}

impl Outcome {
    /// 0, and 3 for unknown: a script must not take that for "not the OOM killer".
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Answered => 0,
            Self::Unknown => 3,
        }
    }
}

/// Answers. That the cause is unknown is an answer, too, and no failure.
///
/// # Errors
/// A file that can't be read or is none of its kind, with cause and remedy; for a log that can be read in part, after the
/// answers. An output that can't be written.
pub fn run(args: &WhyArgs) -> Result<Outcome> {
    let roots = Roots::default();
    let hierarchy = Hierarchy::find(&roots).ok();
    let target = args.target.clone().below(hierarchy.as_ref());
    let mut gathered = Gathered::default();
    let boot_id = host::host(&roots).boot_id;
    let mut is_ours = false;
    for file in &args.evidence {
        let evidence = Evidence::open(file)?;
        let boot = evidence.header.as_ref().and_then(|header| header.host.boot_id.as_ref());
        is_ours |= boot.is_some() && boot == boot_id.as_ref();
        gathered.mentions.extend(mentions::in_evidence(&target, &evidence));
        gathered.evidence(evidence);
    }
    let read = logs::files(args, &target, &mut gathered);
    if args.here || is_ours || args.evidence.is_empty() && args.logs.is_empty() {
        spool(args, &target, &mut gathered)?;
        logs::machine(&target, &mut gathered);
        gathered.here = Some(with_all(|| here(&roots, hierarchy.as_ref(), &target, boot_id)));
    }
    let answers = decide(&target, args.since, &gathered);
    write(args, &answers)?;
    read?;
    let known = answers.iter().any(|answer| answer.answer != Cause::Unknown);
    Ok(if known { Outcome::Answered } else { Outcome::Unknown })
}

/// What the agent remembers. A spool that may not be read is a note, unless it was named.
fn spool(args: &WhyArgs, target: &Target, gathered: &mut Gathered) -> Result<()> {
    let Some(dir) = spooled::directory(args.state_dir.as_deref()) else { return Ok(()) };
    match spooled::read(&dir, args.since).and_then(|stored| spooled::evidence(&dir, &stored)) {
        Ok(evidence) => {
            gathered.mentions.extend(mentions::in_evidence(target, &evidence));
            gathered.evidence(evidence);
        }
        Err(error) if args.state_dir.is_some() => return Err(error),
        Err(error) => gathered.notes.push(format!("{error:#}")),
    }
    Ok(())
}

/// The logs have been read before: what is counted can't be behind them.
fn here(roots: &Roots, hierarchy: Option<&Hierarchy>, target: &Target, boot_id: Option<String>) -> Here {
    Here {
        boot_id,
        boot: clock::rfc3339(0),
        now: clock::rfc3339(clock::boottime_ns()),
        counters: Counters::read(roots, hierarchy, target.cgroup()),
        running: processes::running(roots, target),
        exists: existence::exists(roots, hierarchy, target),
        given: target.pid().map_or(Given::Unknown, |pid| existence::given(&roots.proc, pid)),
        same_pids: Namespace::Pid.is_initial(roots) != Some(false),
    }
}

fn write(args: &WhyArgs, answers: &[Answer]) -> Result<()> {
    let is_ndjson = args.is_ndjson()?;
    let mut output = Output::open(args.output.as_deref())?;
    let look = Look::of(&output, args.color);
    let style = look.style();
    for answer in answers {
        let wrote = match is_ndjson {
            true => output.line(&serde_json::to_vec(answer)?)?,
            false => output.block(render::answer(answer, style).as_bytes())?,
        };
        if wrote == Wrote::Closed {
            return Ok(());
        }
    }
    output.finish()
}
