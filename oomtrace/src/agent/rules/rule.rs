//! A rule, checked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::raw::Raw;
use crate::model::{AlertOn, Severity};

/// How long a condition has to be over before the alert ends, unless asked otherwise.
const CLEAR_FOR: Duration = Duration::from_secs(60);
/// How long a rule then says nothing more about the same subject.
const COOLDOWN: Duration = Duration::from_secs(600);

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Memory in use, without page cache: of the effective limit, or in bytes.
    Usage,
    /// Swap in use: of all swap, or in bytes.
    Swap,
    /// Share of time in which some tasks waited for memory, over 10 s.
    PsiSome,
    /// The same of all tasks.
    PsiFull,
    /// Growth of memory in use.
    Growth,
    /// When the effective limit will be hit.
    TimeToLimit,
    /// Times that `memory.high` was passed, a minute.
    HighEvents,
    /// Times that usage would have passed the limit, a minute.
    LimitEvents,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 0 to 1.
    Share,
    /// Bytes.
    Bytes,
    /// Bytes in a second.
    Rate,
    /// Seconds.
    Seconds,
    /// Events in a minute.
    Events,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Rule {
    raw: Raw,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub on: AlertOn,
    /// Which cgroups (by path) or processes (by name); `None`: cgroups that carry the limit, all processes.
    pub pattern: Option<String>,
    /// What it looks at.
    pub metric: Metric,
    /// What its figures count.
    pub unit: Unit,
    /// It holds above it; below it for times.
    pub threshold: f64,
    /// It is over on the other side of it.
    pub clear: f64,
    /// It must hold for so long.
    pub hold: Duration,
    /// It must be over for so long.
    pub clear_for: Duration,
    /// Then it says nothing for so long.
    pub cooldown: Duration,
    /// How bad it is.
    pub severity: Severity,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl Rule {
    /// Whether `value` is on the side that the rule warns of.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        if self.metric == Metric::TimeToLimit { value < self.threshold } else { value > self.threshold }
    }

    /// Whether `value` is far enough on the other side.
    #[must_use]
    pub fn is_over(&self, value: f64) -> bool {
        if self.metric == Metric::TimeToLimit { value > self.clear } else { value <= self.clear }
    }
}

impl From<Rule> for Raw {
    fn from(rule: Rule) -> Self {
        rule.raw
    }
}

impl TryFrom<Raw> for Rule {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        let wrong = |why: &str| format!("rule {:?}: {why}", raw.name);
        check(&raw).map_err(|why| wrong(&why))?;
        let (threshold, unit) = threshold(&raw).map_err(|why| wrong(&why))?;
        let clear = clear(&raw, threshold, unit).map_err(|why| wrong(&why))?;
        let time = |span: &Option<crate::agent::config::Span>, default| {
            span.as_ref().map_or(default, |span| span.value)
        };
        Ok(Self {
            name: raw.name.clone(),
            on: raw.on,
            pattern: raw.matches.clone(),
            metric: raw.metric,
            unit,
            threshold,
            clear,
            hold: time(&raw.hold, Duration::ZERO),
            clear_for: time(&raw.clear_for, CLEAR_FOR),
            cooldown: time(&raw.cooldown, COOLDOWN),
            severity: raw.severity,
            labels: raw.labels.clone(),
            raw,
        })
    }
}

/// What fits together.
fn check(raw: &Raw) -> Result<(), String> {
    if raw.name.is_empty() {
        return Err("it has no name".to_owned());
    }
    let of_cgroups = matches!(raw.metric, Metric::HighEvents | Metric::LimitEvents);
    if of_cgroups && raw.on != AlertOn::Cgroup {
        return Err("events are counted for cgroups: on = \"cgroup\"".to_owned());
    }
    let of_tasks = matches!(raw.metric, Metric::PsiSome | Metric::PsiFull);
    if of_tasks && raw.on == AlertOn::Process {
        return Err("pressure is known of the machine and of cgroups, not of a process".to_owned());
    }
    if of_tasks && raw.on == AlertOn::Cgroup && raw.matches.is_none() {
        return Err("pressure of cgroups is read only where match names them".to_owned());
    }
    if raw.on == AlertOn::System && raw.matches.is_some() {
        return Err("there is one machine: match is for cgroups and processes".to_owned());
    }
    Ok(())
}

fn threshold(raw: &Raw) -> Result<(f64, Unit), String> {
    match (raw.metric, &raw.above, &raw.below) {
        (Metric::TimeToLimit, None, Some(below)) => Ok((below.value.as_secs_f64(), Unit::Seconds)),
        (Metric::TimeToLimit, ..) => {
            Err("time_to_limit needs below, a time like \"10m\", and no above".to_owned())
        }
        (_, Some(above), None) => figure(raw.metric, above),
        _ => Err("it needs above, and no below".to_owned()),
    }
}

/// What `above` or `clear` says.
fn figure(metric: Metric, text: &str) -> Result<(f64, Unit), String> {
    let share = || {
        let percent = text.trim().strip_suffix('%')?.trim().parse::<f64>().ok()?;
        (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
    };
    #[expect(clippy::cast_precision_loss, reason = "a threshold need not be exact to the byte")]
    let bytes = |text: &str| crate::words::bytes::parse(text).map(|bytes| bytes as f64);
    match metric {
        Metric::Usage | Metric::Swap => match share() {
            Some(share) => Ok((share, Unit::Share)),
            None => bytes(text)
                .map(|bytes| (bytes, Unit::Bytes))
                .map_err(|_| format!("{text:?} is neither a share like \"85%\" nor a size like \"2G\"")),
        },
        Metric::PsiSome | Metric::PsiFull => share()
            .map(|share| (share, Unit::Share))
            .ok_or_else(|| format!("{text:?} is no share like \"10%\"")),
        Metric::Growth => {
            let rate = text.trim().strip_suffix("/s").unwrap_or(text);
            bytes(rate)
                .map(|rate| (rate, Unit::Rate))
                .map_err(|_| format!("{text:?} is no rate like \"10M/s\""))
        }
        Metric::HighEvents | Metric::LimitEvents => {
            let count =
                text.trim().parse::<u32>().map_err(|_| format!("{text:?} is no number of events a minute"));
            count.map(|count| (f64::from(count), Unit::Events))
        }
        Metric::TimeToLimit => {
            let time = crate::words::size::duration(text)?;
            Ok((time.as_secs_f64(), Unit::Seconds))
        }
    }
}

/// Where it is over: what is said, else a little on the safe side of the threshold.
fn clear(raw: &Raw, threshold: f64, unit: Unit) -> Result<f64, String> {
    let Some(text) = &raw.clear else {
        return Ok(match (unit, raw.metric) {
            (Unit::Seconds, _) => threshold * 1.5,
            (Unit::Share, Metric::Usage | Metric::Swap) => (threshold - 0.05).max(0.0),
            (Unit::Bytes, _) => threshold * 0.95,
            (Unit::Events, _) => threshold,
            _ => threshold / 2.0,
        });
    };
    let (clear, of) = figure(raw.metric, text)?;
    let is_safe = if unit == Unit::Seconds { clear >= threshold } else { clear <= threshold };
    match of == unit && is_safe {
        true => Ok(clear),
        false => {
            Err(format!("clear = {text:?} must be of the same kind as the threshold, and on its safe side"))
        }
    }
}
