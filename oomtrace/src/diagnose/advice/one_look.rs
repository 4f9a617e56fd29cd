//! What one moment supports, where nothing was sampled before: a limit, a heap, a number of workers, swap, each with its
//! arithmetic. That moment shows no growth, so none of it speaks of a leak.

use super::facts::{Facts, name};
use super::round::{down, mib, option, percent, size, up};
use super::target::Target;
use super::{Ranked, push};
use crate::model::{Advice, Constraint, Holder, Shortage, SourceKind, Text, VerdictKind};

/// Of what was held, for a limit that the next kill stays within, percent.
const BELOW: u64 = 90;
/// Of a limit, for the heap of a runtime that has other memory as well, percent.
const HEAP: u64 = 75;
/// A limit to try once after one that was hit, percent of that.
const TRY: u64 = 150;
/// Of memory, or of what was held where that is not known, for swap, percent.
const SWAP: u64 = 25;
/// Swap beyond this takes minutes to read back.
const SWAP_MOST: u64 = 8 << 30;
/// Fewer processes of one name than this are no pool.
const POOL: u32 = 4;
/// A pool, or a process, that holds less of the memory than this is not what to begin with, percent.
const MUCH: u64 = 40;
/// What is left for all that is not in the table, percent of the memory.
const SPARE: u64 = 10;
const MIB: u64 = 1 << 20;

/// Whose memory to limit.
struct Subject<'a> {
    comm: &'a Text,
    pid: Option<u32>,
    held: u64,
}

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let incident = facts.incident;
    if !is_moment(facts) || incident.scope.sysrq == Some(true) {
        return;
    }
    // Who holds most is not the cause of these.
    let asked = incident.scope.allocation.as_ref().and_then(|asked| asked.shortage);
    if matches!(asked, Some(Shortage::Zones | Shortage::Fragmented | Shortage::NotShort | Shortage::Charge)) {
        return;
    }
    if let Some(pool) = pool(facts) {
        workers(facts, pool, into);
    }
    let Some(subject) = subject(facts) else { return };
    let limit = if incident.scope.constraint == Some(Constraint::Memcg) {
        raise(facts, into)
    } else {
        own_limit(facts, &subject, into)
    };
    if let Some(limit) = limit {
        heap(&subject, limit, into);
    }
    swap(facts, &subject, into);
    if incident.scope.constraint != Some(Constraint::Memcg) {
        push(into, 22, alert());
    }
}

/// What shows the next growth while it can still be stopped.
fn alert() -> Advice {
    Advice {
        action: "Add an alert for memory in use above 85 % for 5 minutes, and let it run the command below: it shows who holds \
                 the memory."
            .into(),
        command: Some("ps -eo pid,rss,etime,args --sort=-rss | head -n 20".into()),
        value_bytes: None,
        why: "The log begins when memory has run out. In Prometheus: 1 - node_memory_MemAvailable_bytes / \
              node_memory_MemTotal_bytes > 0.85, with for: 5m."
            .into(),
    }
}

/// A log's report, and a verdict that is about processes.
fn is_moment(facts: &Facts<'_>) -> bool {
    use VerdictKind::{ForkSwarm, HostTooSmall, NoLimit, Undetermined};
    facts.incident.source.kind == SourceKind::KernelLog
        && facts.incident.history.is_none()
        && matches!(facts.verdict(), Undetermined | NoLimit | ForkSwarm | HostTooSmall)
}

/// The largest process of those in the table, else what was killed.
fn subject<'a>(facts: &Facts<'a>) -> Option<Subject<'a>> {
    let table = facts.incident.scope.holders.as_ref().and_then(|held| held.tasks.first());
    if let Some(row) = table {
        return Some(Subject { comm: &row.comm, pid: Some(row.pid), held: row.bytes() });
    }
    let victim = facts.victim()?;
    let memory = &victim.memory;
    let parts = [
        memory.anon_bytes,
        memory.file_bytes,
        memory.shmem_bytes,
        memory.swap_bytes,
        memory.page_table_bytes,
    ];
    let held = parts.into_iter().flatten().reduce(u64::saturating_add).filter(|held| *held >= MIB)?;
    Some(Subject { comm: &victim.comm, pid: Some(victim.pid), held })
}

/// Memory and swap of the scope.
fn memory(facts: &Facts<'_>) -> Option<u64> {
    let system = facts.incident.system.as_ref();
    let machine = || {
        let system = system?;
        Some(system.mem_total_bytes?.saturating_add(system.swap_total_bytes.unwrap_or(0)))
    };
    facts.limit().or_else(machine)
}

/// Many of one name that hold much of the memory together.
fn pool<'a>(facts: &Facts<'a>) -> Option<&'a Holder> {
    let most = facts.incident.scope.holders.as_ref()?.by_name.first()?;
    let much = most.bytes >= percent(memory(facts)?, MUCH);
    (most.processes >= POOL && much && !most.comm.as_bytes().is_empty()).then_some(most)
}

/// Fewer of them: as many as fit beside the others.
fn workers(facts: &Facts<'_>, pool: &Holder, into: &mut Vec<Ranked>) {
    let (Some(all), Some(held)) = (memory(facts), facts.incident.scope.holders.as_ref()) else { return };
    let each = pool.bytes / u64::from(pool.processes);
    let others = held.bytes.saturating_sub(pool.bytes);
    let room = all.saturating_sub(others).saturating_sub(percent(all, SPARE));
    let Some(fit) = room.checked_div(each).filter(|fit| *fit > 0 && *fit < u64::from(pool.processes)) else {
        return;
    };
    let comm = name(Some(&pool.comm), None);
    let setting = option_of(pool.comm.as_bytes()).map_or(String::new(), |name| format!(" ({name} = {fit})"));
    let why = format!(
        "At the kill {} processes of {comm} held {}, {} each on average (the largest {}), of {}. All others held {}; with a tenth \
         kept free {} are left, which is room for {fit}. That is one moment: watch what each needs.",
        pool.processes,
        size(pool.bytes),
        size(each),
        size(pool.largest_bytes),
        size(all),
        size(others),
        size(room)
    );
    let action = format!("Run at most {fit} processes of {comm} instead of {}{setting}.", pool.processes);
    push(into, 8, Advice { action, why, ..Advice::default() });
}

/// The setting that bounds a pool.
fn option_of(comm: &[u8]) -> Option<&'static str> {
    let is = |begin: &[u8]| comm.starts_with(begin);
    if is(b"php-fpm") {
        Some("pm.max_children")
    } else if is(b"apache2") || is(b"httpd") {
        Some("MaxRequestWorkers")
    } else if is(b"postgres") || is(b"postmaster") {
        Some("max_connections")
    } else if is(b"gunicorn") || is(b"uwsgi") || is(b"celery") {
        Some("workers")
    } else {
        None
    }
}

/// The machine ran out: a limit for the service keeps the next kill within it.
fn own_limit(facts: &Facts<'_>, subject: &Subject<'_>, into: &mut Vec<Ranked>) -> Option<u64> {
    let bytes = down(percent(subject.held, BELOW)).max(MIB);
    let (units, containers, pods) =
        (option(bytes, ["M", "G"]), option(bytes, ["m", "g"]), option(bytes, ["Mi", "Gi"]));
    let who = name(Some(subject.comm), subject.pid);
    let why = format!(
        "{who} held {} at the kill; 90 % of it, rounded down. What it needs is not known from one moment: raise the value if it \
         is killed in ordinary use.",
        size(subject.held)
    );
    let path = facts.victim().filter(|victim| Some(victim.pid) == subject.pid);
    let path = path.and_then(|victim| victim.cgroup.as_ref()).map(|cgroup| &cgroup.path);
    let target = path.and_then(|path| Target::of(path, facts.incident));
    // What a scope or a pod is given belongs to what starts it.
    let is_lasting = |target: &Target| match target {
        Target::Unit { name, .. } => name.ends_with(b".service"),
        Target::Engine(..) | Target::Directory(..) => true,
        Target::Pod(..) | Target::Scope(_) | Target::Run => false,
    };
    let (action, command) = match target.filter(is_lasting) {
        Some(target) => {
            let change = target.lower(bytes, false, None);
            let action = format!(
                "Give {} a memory limit of {}, so that the kernel kills within it and not on the whole machine.",
                target.words(),
                size(bytes)
            );
            (sentences(&action, &change.note), change.command)
        }
        None => (
            format!(
                "Give the service that runs {who} a memory limit of {}, so that the kernel kills within it and not on the whole \
                 machine: MemoryMax={units} in its systemd unit, --memory={containers} for a container, \
                 resources.limits.memory: {pods} in Kubernetes.",
                size(bytes)
            ),
            None,
        ),
    };
    push(into, 9, Advice { action, command, value_bytes: Some(bytes), why });
    Some(bytes)
}

/// A limit was hit: the next value to try.
fn raise(facts: &Facts<'_>, into: &mut Vec<Ranked>) -> Option<u64> {
    let memcg = facts.memcg()?;
    let limit = memcg.level.limit_bytes?;
    let bytes = up(percent(limit, TRY));
    let target = Target::of(&memcg.level.path, facts.incident)?;
    let hits =
        facts.incident.scope.stats.as_ref().and_then(|stats| stats.limit_hits).filter(|hits| *hits > 0);
    let hits = hits.map_or(String::new(), |hits| format!(" Usage had reached it {hits} times."));
    let change = target.memory(bytes, Some(&memcg.level), None);
    let action = format!(
        "Run it once with a limit of {} and read its peak afterwards: that shows what it needs.",
        size(bytes)
    );
    push(
        into,
        30,
        Advice {
            action: sentences(&action, &change.note),
            command: change.command,
            value_bytes: Some(bytes),
            why: format!(
                "The limit of {} times 1.5, rounded up.{hits} The kill cut its use off, so one moment does not show how much more \
                 it would have taken.",
                size(limit)
            ),
        },
    );
    Some(limit)
}

/// An action with what to know about its command.
fn sentences(action: &str, note: &str) -> String {
    if note.is_empty() { action.to_owned() } else { format!("{action} {note}") }
}

/// The heap of a runtime that its name shows.
fn heap(subject: &Subject<'_>, limit: u64, into: &mut Vec<Ranked>) {
    let bytes = down(percent(limit, HEAP));
    let megabytes = mib(bytes);
    let (runtime, command, rest) = match subject.comm.as_bytes() {
        comm if is_node(comm) => (
            "Node.js",
            format!(
                "export NODE_OPTIONS=\"${{NODE_OPTIONS:+$NODE_OPTIONS }}--max-old-space-size={megabytes}\""
            ),
            "Buffers and native modules are outside of it: process.memoryUsage(), logged once a minute, shows which of the two \
             grows",
        ),
        b"java" => (
            "Java",
            format!(
                "export JAVA_TOOL_OPTIONS=\"${{JAVA_TOOL_OPTIONS:+$JAVA_TOOL_OPTIONS }}-Xmx{megabytes}m\""
            ),
            "threads, metaspace and direct buffers are outside of it",
        ),
        _ => return,
    };
    if megabytes == 0 {
        return;
    }
    let who = name(Some(subject.comm), subject.pid);
    push(
        into,
        12,
        Advice {
            action: format!(
                "Let {runtime} bound its own heap to {}, so that it fails with a message instead of being killed; set before \
                 {who} starts:",
                size(bytes)
            ),
            command: Some(command),
            value_bytes: Some(bytes),
            why: format!(
                "By its name it is {runtime}. 75 % of {} for the heap, rounded down; {rest}.",
                size(limit)
            ),
        },
    );
}

/// Names of Node.js and of what sets its title.
fn is_node(comm: &[u8]) -> bool {
    let titles = [&b"next-server"[..], b"next-router", b"npm ", b"yarn", b"pnpm", b"PM2 ", b"nuxt"];
    [&b"node"[..], b"nodejs", b"MainThread"].contains(&comm)
        || titles.iter().any(|title| comm.starts_with(title))
}

/// A cushion for a machine without swap.
fn swap(facts: &Facts<'_>, subject: &Subject<'_>, into: &mut Vec<Ranked>) {
    let system = facts.incident.system.as_ref();
    let memcg = matches!(facts.incident.scope.constraint, Some(Constraint::Memcg));
    let total = system.and_then(|system| system.swap_total_bytes);
    if memcg || total.is_some_and(|bytes| bytes > 0) {
        return;
    }
    let ram = system.and_then(|system| system.mem_total_bytes);
    let of = ram.unwrap_or(subject.held);
    let bytes = percent(of, SWAP).min(SWAP_MOST).next_multiple_of(256 * MIB);
    let of = match ram {
        Some(ram) => format!("A quarter of the {} of RAM", size(ram)),
        None => format!(
            "A quarter of the {} that {} held",
            size(subject.held),
            name(Some(subject.comm), subject.pid)
        ),
    };
    let unless = if total.is_none() { "If swapon --show prints nothing, add" } else { "Add" };
    push(
        into,
        20,
        Advice {
            action: format!(
                "{unless} {} of swap: memory that is not touched can leave, and use that grows slows the machine before it kills.",
                size(bytes)
            ),
            command: Some(format!(
                "sudo dd if=/dev/zero of=/swapfile bs=1M count={} conv=excl && sudo chmod 600 /swapfile && sudo mkswap \
                 /swapfile && sudo swapon /swapfile",
                mib(bytes)
            )),
            value_bytes: Some(bytes),
            why: format!(
                "{of}, rounded up, 8 GiB at most. It delays a kill and prevents none where use never stops growing."
            ),
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Allocation, Diagnosis, HeldBy, Holders, Incident, Memory, Scope, Source, System, Victim,
    };

    const GIB: u64 = 1 << 30;

    fn advice(incident: &Incident) -> Vec<Advice> {
        super::super::advise(incident, &Diagnosis::default())
    }

    fn lone() -> Incident {
        let memory = Memory { anon_bytes: Some(5_899_896 << 10), file_bytes: Some(0), ..Memory::default() };
        let victim = Victim { pid: 3_281_050, comm: Text::from("next-server"), memory, ..Victim::default() };
        let source = Source { kind: SourceKind::KernelLog, ..Source::default() };
        Incident { victims: vec![victim], source, ..Incident::default() }
    }

    #[test]
    fn one_line_is_enough_for_a_limit_a_heap_and_swap() {
        let found = advice(&lone());
        let [limit, heap, swap, alert, last] = found.as_slice() else { panic!("{found:#?}") };
        assert!(limit.action.contains("MemoryMax=5G") && limit.action.contains("--memory=5g"), "{limit:?}");
        assert!(limit.action.contains("memory: 5Gi") && limit.why.contains("held 5.63 GiB"), "{limit:?}");
        assert_eq!(limit.value_bytes, Some(5 * GIB));
        let command = heap.command.as_deref().unwrap();
        assert_eq!(
            command,
            "export NODE_OPTIONS=\"${NODE_OPTIONS:+$NODE_OPTIONS }--max-old-space-size=3840\""
        );
        assert!(
            swap.action.contains("1.5 GiB of swap") && swap.why.contains("A quarter of the 5.63 GiB"),
            "{swap:?}"
        );
        assert!(alert.action.contains("above 85 % for 5 minutes"), "{alert:?}");
        assert!(last.action.starts_with("Keep oomtrace running"), "{last:?}");
        assert!(found.iter().all(|advice| !advice.why.contains("leak")), "{found:?}");
    }

    #[test]
    fn a_pool_that_is_too_large_gets_a_number() {
        let php = |pid: u32| HeldBy {
            pid,
            comm: Text::from("php-fpm"),
            rss_bytes: 3 * GIB / 2,
            ..HeldBy::default()
        };
        let holder = Holder {
            comm: Text::from("php-fpm"),
            processes: 21,
            bytes: 63 * GIB / 2,
            largest_bytes: 3 * GIB / 2,
            largest_pid: 1,
            swap_bytes: None,
        };
        let holders = Holders {
            processes: 21,
            bytes: 63 * GIB / 2,
            by_name: vec![holder],
            tasks: (1..22).map(php).collect(),
        };
        let incident = Incident {
            scope: Scope { constraint: Some(Constraint::None), holders: Some(holders), ..Scope::default() },
            system: Some(System {
                mem_total_bytes: Some(30 * GIB),
                swap_total_bytes: Some(GIB),
                ..System::default()
            }),
            source: Source { kind: SourceKind::KernelLog, ..Source::default() },
            ..Incident::default()
        };
        let found = advice(&incident);
        assert!(
            found[0].action.contains("at most 18") && found[0].action.contains("pm.max_children = 18"),
            "{found:#?}"
        );
        assert!(found.iter().all(|advice| !advice.action.contains("swap:")), "there is swap: {found:?}");
    }

    #[test]
    fn who_holds_most_is_not_blamed_for_a_zone() {
        for shortage in [Shortage::Zones, Shortage::Fragmented, Shortage::NotShort, Shortage::Charge] {
            let mut incident = lone();
            incident.scope.allocation =
                Some(Allocation { shortage: Some(shortage), ..Allocation::default() });
            let found = advice(&incident);
            assert!(
                found.iter().all(|advice| !advice.action.contains("next-server")),
                "{shortage:?} {found:?}"
            );
        }
    }
}
