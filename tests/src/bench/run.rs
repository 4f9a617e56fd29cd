//! What `oomtrace run` costs the command that it runs, and how much of that is the memory cgroup's.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::figure::spread;
use crate::cgroup::{Cgroup, Hierarchy};
use crate::scenario::PREFIX;

/// How long a command takes, about.
const SECONDS: f64 = 0.5;

/// One run of the command: by its own clock, and as whoever started it sees it; seconds.
struct Run {
    wall: f64,
    cpu: f64,
    whole: f64,
}

/// How the command is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Bare,
    /// In a memory cgroup of its own, without oomtrace: the kernel charges what each process needs to that cgroup.
    Grouped,
    Under,
}

/// `rounds` of the bare command, the same in a memory cgroup of its own, and the same under `oomtrace run`, each as often
/// first, for a command that counts and one that starts programs.
pub(super) fn measure(tracer: &Path, rounds: usize) -> Result<()> {
    let name = format!("{PREFIX}{}-bench-run", std::process::id());
    let cgroup = Cgroup::new(&Hierarchy::find()?, name.as_bytes())?;
    let ways = [Way::Bare, Way::Grouped, Way::Under];
    for (what, program, first_try) in [("CPU-bound", "spin", 20_000_000u64), ("fork-heavy", "forks", 100)] {
        let work = Work { tracer, cgroup: &cgroup, program };
        let once = work.start(Way::Bare, first_try)?.wall;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let count = (first_try as f64 * SECONDS / once).ceil() as u64;
        let mut runs = ways.map(|_| Vec::new());
        for round in 0..rounds {
            for place in 0..ways.len() {
                let at = (round + place) % ways.len();
                runs[at].push(work.start(ways[at], count)?);
            }
        }
        println!("{what} ({program} {count}), {rounds} rounds:");
        let [bare, grouped, under] = &runs;
        for (clock, of) in [("wall", (|run| run.wall) as fn(&Run) -> f64), ("CPU", |run| run.cpu)] {
            for (ratio, above, below) in [
                ("under run / bare", under, bare),
                ("in a cgroup / bare", grouped, bare),
                ("under run / in a cgroup", under, grouped),
            ] {
                let ratios = above.iter().zip(below).map(|(above, below)| of(above) / of(below));
                println!("  {clock} {ratio}: {}", median(ratios.collect()));
            }
        }
        let around = |runs: &[Run]| runs.iter().map(|run| (run.whole - run.wall) * 1e3).collect::<Vec<_>>();
        println!("  beside the command's own time, bare: {}", spread(&around(bare), "ms"));
        println!("  beside the command's own time, under run: {}", spread(&around(under), "ms"));
    }
    Ok(())
}

/// The command, and what it is run with.
struct Work<'a> {
    tracer: &'a Path,
    cgroup: &'a Cgroup,
    program: &'a str,
}

impl Work<'_> {
    /// Runs it once.
    fn start(&self, way: Way, count: u64) -> Result<Run> {
        let own = std::env::current_exe().context("can't find this program")?;
        let mut command = Command::new(if way == Way::Under { self.tracer } else { &own });
        if way == Way::Under {
            command.args(["run", "--quiet", "--"]).arg(&own);
        }
        command.arg("workload");
        if way == Way::Grouped {
            command.arg(self.cgroup.join());
        }
        command.arg(self.program).arg(count.to_string());
        let begin = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        child.stdout.take().context("no output")?.read_to_string(&mut said)?;
        ensure!(child.wait()?.success(), "{} failed", self.program);
        let whole = begin.elapsed().as_secs_f64();
        let times: Value = serde_json::from_str(&said).with_context(|| format!("it said {said:?}"))?;
        let seconds = |key: &str| times[key].as_f64().map(|ns| ns / 1e9).with_context(|| format!("no {key}"));
        Ok(Run { wall: seconds("wall_ns")?, cpu: seconds("cpu_ns")?, whole })
    }
}

/// The median with its 95 % interval, which the order of the values gives without an assumption about them.
fn median(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let Some((low, high)) = ranks(n) else { return format!("{n} rounds are too few") };
    let middle = f64::midpoint(values[(n - 1) / 2], values[n / 2]);
    format!("{middle:.4} (95 % interval {:.4} to {:.4})", values[low], values[high])
}

/// The places, from 0, of the values between which the median of all lies with 95 % confidence; `None` below six values.
fn ranks(n: usize) -> Option<(usize, usize)> {
    // The probability of at most k of n values on one side: half of each tail may be 2.5 %.
    let mut chance = 0.5f64.powi(i32::try_from(n).ok()?);
    let (mut sum, mut low) = (0.0, None);
    for k in 0..n / 2 {
        sum += chance;
        if sum > 0.025 {
            break;
        }
        low = Some(k);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let next = chance * (n - k) as f64 / (k + 1) as f64;
        chance = next;
    }
    low.map(|low| (low, n - 1 - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_the_median_is_the_binomial_one() {
        // From tables of the sign test.
        assert_eq!(ranks(5), None);
        assert_eq!(ranks(6), Some((0, 5)));
        assert_eq!(ranks(20), Some((5, 14)));
        assert_eq!(ranks(60), Some((21, 38)));
        assert_eq!(median(vec![3.0, 1.0, 2.0, 6.0, 5.0, 4.0]), "3.5000 (95 % interval 1.0000 to 6.0000)");
    }
}
