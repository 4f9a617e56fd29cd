//! What is settled before anything is traced: signals, user, cgroup.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};

use super::args::{RunArgs, ScopeKind};
use super::child::Original;
use super::family::Family;
use super::meter::{Group, Meter};
use super::place::{Here, Limits, Place};
use super::scope::Scope;
use super::signals::Signals;
use crate::kernel::Roots;
use crate::kernel::cgroup::Level;
use crate::rights::User;

/// All of it.
pub(super) struct Prepared {
    pub(super) args: RunArgs,
    pub(super) signals: Signals,
    pub(super) original: Original,
    pub(super) user: Option<User>,
    pub(super) place: Option<Place>,
    pub(super) scope: Scope,
    pub(super) meter: Meter,
    /// What the reader of a report should know.
    pub(super) notes: Vec<String>,
}

impl Prepared {
    /// Settles it. The calling thread must be the only one.
    ///
    /// # Errors
    /// A limit can't be set; names cause and remedy.
    pub(super) fn new(args: &RunArgs, user: Option<User>, roots: &Roots) -> Result<Self> {
        let (signals, before) = Signals::hold()?;
        let original = Original::note(before, roots);
        if let Some(user) = user.as_ref().filter(|_| args.user.is_none()) {
            say(args, &format!("the command runs as its caller, {}; --keep-root keeps root", user.label()));
        }
        let mut notes = Vec::new();
        let here = Here::find(roots);
        let place = make_place(args, here.as_ref().ok(), roots, &mut notes)?;
        if let Err(error) = &here {
            notes.push(format!("{error:#}"));
        }
        let (scope, meter) = measure(args, here.ok(), place.as_ref(), roots);
        notes.iter().for_each(|note| say(args, note));
        Ok(Self { args: args.clone(), signals, original, user, place, scope, meter, notes })
    }
}

/// Makes the command's cgroup, or says why there is none.
///
/// # Errors
/// A limit was asked for, which needs a cgroup.
fn make_place(
    args: &RunArgs,
    here: Option<&Here>,
    roots: &Roots,
    notes: &mut Vec<String>,
) -> Result<Option<Place>> {
    let limits = Limits { memory: args.memory_max, swap: args.swap_max };
    let limited = limits != Limits::default();
    if args.scope != ScopeKind::Cgroup && !limited {
        return Ok(None);
    }
    let Some(here) = here else { return Ok(None) };
    match Place::make(here, limits, roots) {
        Ok(place) => {
            notes.extend(place.notes.iter().cloned());
            Ok(Some(place))
        }
        Err(error) if limited => Err(error).context("--memory-max and --swap-max need a memory cgroup"),
        Err(error) => {
            notes.push(format!(
                "the command has no cgroup of its own, so its process tree is followed: {error:#}"
            ));
            Ok(None)
        }
    }
}

/// What belongs to the command, and what its memory is measured by.
fn measure(args: &RunArgs, here: Option<Here>, place: Option<&Place>, roots: &Roots) -> (Scope, Meter) {
    let dir = place.map(|place| place.dir().to_owned()).or(here.as_ref().map(|here| here.dir.clone()));
    let chain =
        |here: Here| Level::chain(&dir.unwrap_or(here.dir), &here.hierarchy.mount, here.hierarchy.version);
    let levels = here.map(chain).unwrap_or_default();
    let family = || {
        Family::adopt();
        Arc::new(Mutex::new(Family::of(std::process::id(), roots)))
    };
    let (scope, group) = match place {
        Some(place) => {
            let scope = Scope::Cgroup { id: place.id(), path: place.path().map(<[u8]>::to_vec) };
            (scope, Group::Cgroup(place.dir().to_owned()))
        }
        None => {
            let family = family();
            (Scope::Tree(Arc::clone(&family)), Group::Tree(family))
        }
    };
    let scope = if args.scope == ScopeKind::System { Scope::System } else { scope };
    (scope, Meter::new(group, levels, roots))
}

/// A word to the user before the command starts.
fn say(args: &RunArgs, text: &str) {
    if !args.quiet {
        // Nobody may be there to read it.
        let _ = writeln!(crate::output::Stderr, "oomtrace: {}", crate::words::escape::text(text));
    }
}
