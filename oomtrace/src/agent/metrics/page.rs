//! The figures as text.

use std::fmt::Write as _;

use super::stats::Stats;

/// Which of the two text formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Prometheus 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0, which also says when counters began.
    OpenMetrics,
}

/// Names of constraints, in the order of [`Stats::kills`].
const CONSTRAINTS: [&str; 4] = ["none", "cpuset", "memory_policy", "memcg"];

/// The page.
#[must_use]
pub fn page(stats: &Stats, form: Form) -> String {
    let mut page = Page { text: String::new(), form, since: stats.since };
    page.build();
    let kills: Vec<_> =
        CONSTRAINTS.iter().zip(stats.kills).map(|(name, kills)| (label("constraint", name), kills)).collect();
    page.counter("oomtrace_oom_kills", "OOM kills recorded since the agent began, by what ran out; those that it catches up with count as well.", &kills);
    let cgroups: Vec<_> = stats.cgroups.iter().map(|(path, kills)| (label("cgroup", path), *kills)).collect();
    page.counter(
        "oomtrace_cgroup_oom_kills",
        "OOM kills by the cgroup whose limit was hit; at most 100 are told apart.",
        &cgroups,
    );
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
    let last = stats.last_kill.map_or(0.0, |second| second as f64);
    page.gauge(
        "oomtrace_last_oom_kill_timestamp_seconds",
        "When the last OOM kill was, 0 for none; survives restarts.",
        &[(String::new(), last)],
    );
    let lost = [(label("kind", "kills"), stats.lost.0), (label("kind", "records"), stats.lost.1)];
    page.counter("oomtrace_lost", "Kills and records known to be lost.", &lost);
    let firing = figures(stats.firing.iter().map(|(rule, count)| (label("rule", rule), *count)));
    page.gauge("oomtrace_alerts_firing", "Alerts that fire, by rule.", &firing);
    sinks(&mut page, stats);
    let spool = figures([(String::new(), stats.spool_waiting)]);
    page.gauge("oomtrace_spool_waiting_records", "Records that are not on the disk yet.", &spool);
    page.counter(
        "oomtrace_spool_dropped_records",
        "Records that gave way before they reached the disk.",
        &[(String::new(), stats.spool_dropped)],
    );
    page.gauge(
        "oomtrace_spool_writable",
        "1 while the spool can be written.",
        &figures([(String::new(), u64::from(stats.spool_ok))]),
    );
    let probes = figures(stats.probes.iter().map(|probe| (label("probe", probe), 1)));
    page.gauge("oomtrace_probe_attached", "Hooks that are attached.", &probes);
    if form == Form::OpenMetrics {
        page.text += "# EOF\n";
    }
    page.text
}

fn sinks(page: &mut Page, stats: &Stats) {
    let rows = |of: fn(&crate::agent::sinks::Account) -> u64| {
        stats.sinks.iter().map(|(name, account)| (label("sink", name), of(account))).collect::<Vec<_>>()
    };
    page.counter("oomtrace_sink_delivered", "Records that a sink took.", &rows(|account| account.delivered));
    page.counter("oomtrace_sink_failures", "Tries that failed.", &rows(|account| account.failed));
    page.counter("oomtrace_sink_dropped", "Records that were given up.", &rows(|account| account.dropped));
    page.gauge(
        "oomtrace_sink_waiting",
        "Records that wait for a sink.",
        &figures(rows(|account| account.waiting)),
    );
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn figures(rows: impl IntoIterator<Item = (String, u64)>) -> Vec<(String, f64)> {
    rows.into_iter().map(|(labels, value)| (labels, value as f64)).collect()
}

/// `{name="value"}`.
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{{{name}=\"{value}\"}}")
}

struct Page {
    text: String,
    form: Form,
    since: f64,
}

impl Page {
    fn build(&mut self) {
        let labels = label("version", env!("CARGO_PKG_VERSION"));
        self.gauge("oomtrace_build_info", "The version that runs.", &[(labels, 1.0)]);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string can't fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn counter(&mut self, name: &str, help: &str, rows: &[(String, u64)]) {
        let total = format!("{name}_total");
        self.head(if self.form == Form::OpenMetrics { name } else { &total }, "counter", help);
        for (labels, value) in rows {
            let _ = writeln!(self.text, "{total}{labels} {value}");
            if self.form == Form::OpenMetrics {
                let _ = writeln!(self.text, "{name}_created{labels} {:.3}", self.since);
            }
        }
    }

    fn gauge(&mut self, name: &str, help: &str, rows: &[(String, f64)]) {
        self.head(name, "gauge", help);
        for (labels, value) in rows {
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Constraint, Incident, LimitMemcg, MemcgLevel, Scope};

    fn kill(path: &str) -> Incident {
        let level = MemcgLevel { path: path.into(), ..MemcgLevel::default() };
        let memcg = Some(LimitMemcg { level, ..LimitMemcg::default() });
        Incident {
            scope: Scope { constraint: Some(Constraint::Memcg), memcg, ..Scope::default() },
            ..Incident::default()
        }
    }

    #[test]
    fn series_are_there_from_the_start_and_bounded() {
        let mut stats = Stats { since: 5.0, ..Stats::default() };
        let text = page(&stats, Form::Prometheus);
        assert!(text.contains("oomtrace_oom_kills_total{constraint=\"memcg\"} 0\n"), "{text}");
        assert!(text.contains("# TYPE oomtrace_oom_kills_total counter\n") && !text.contains("_created"));
        (0..500).for_each(|number| stats.kill(&kill(&format!("/{number}\"\n")), 77));
        let text = page(&stats, Form::OpenMetrics);
        assert!(text.contains("# TYPE oomtrace_oom_kills counter\n") && text.ends_with("# EOF\n"));
        assert!(text.contains("oomtrace_oom_kills_total{constraint=\"memcg\"} 500\noomtrace_oom_kills_created{constraint=\"memcg\"} 5.000\n"));
        assert!(text.contains("oomtrace_cgroup_oom_kills_total{cgroup=\"other\"} 400\n"));
        assert_eq!(text.matches("oomtrace_cgroup_oom_kills_total{").count(), 101);
        assert!(text.contains("oomtrace_last_oom_kill_timestamp_seconds 77\n"));
        // A hostile path breaks no line.
        assert!(
            text.lines()
                .all(|line| line.starts_with('#') || line.rsplit(' ').next().unwrap().parse::<f64>().is_ok())
        );
    }
}
