//! A small machine that runs out of memory: processes with a course each, sampled as oomtrace does it.

use crate::model::*;

pub(super) const MIB: f64 = 1048576.0;

/// Numbers that look random and are the same for the same seed.
#[derive(Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` to `high`.
    pub(super) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn int(&mut self, low: u32, high: u32) -> u32 {
        self.range(f64::from(low), f64::from(high) + 0.999) as u32
    }
}

pub(super) type Course = Box<dyn Fn(f64) -> f64>;

/// Somebody in the machine; times in seconds since its begin.
pub(super) struct Actor {
    pub pid: u32,
    pub ppid: u32,
    pub comm: String,
    pub path: String,
    pub born: f64,
    pub exit: Option<f64>,
    /// Private memory, bytes, by its own age in seconds.
    pub private: Course,
    /// Mapped shared memory, charged to it.
    pub shmem: Course,
}

pub(super) struct World {
    pub dice: Dice,
    pub limit: f64,
    pub path: String,
    pub machine: bool,
    pub actors: Vec<Actor>,
    /// Memory outside of processes by time.
    pub kernel: Course,
    pub tmpfs: Course,
    pub cache: Course,
    /// Seconds between samples.
    pub cgroups_every: f64,
    pub processes_every: f64,
    /// Samples before this are not there.
    pub begin: f64,
    pub at_kill: bool,
    pub limits: Vec<(String, Option<f64>)>,
    next_pid: u32,
}

pub(super) fn none() -> Course {
    Box::new(|_| 0.0)
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let limit = dice.range(64.0, 2048.0).round() * MIB;
        Self {
            limit,
            path: "/srv".into(),
            machine: false,
            actors: Vec::new(),
            kernel: none(),
            tmpfs: none(),
            cache: none(),
            cgroups_every: dice.range(0.09, 0.12),
            processes_every: dice.range(0.5, 1.2),
            begin: 0.0,
            at_kill: true,
            limits: Vec::new(),
            next_pid: dice.int(100, 30_000),
            dice,
        }
    }

    pub(super) fn add(&mut self, comm: &str, born: f64, private: Course) -> u32 {
        self.next_pid += self.dice.int(1, 40);
        self.actors.push(Actor {
            pid: self.next_pid,
            ppid: 1,
            comm: comm.into(),
            path: self.path.clone(),
            born,
            exit: None,
            private,
            shmem: none(),
        });
        self.next_pid
    }

    /// Some that are there and breathe a little.
    pub(super) fn neighbours(&mut self, most: f64) {
        for at in 0..self.dice.int(0, 6) {
            let base = self.dice.range(0.002, most / 6.0) * self.limit;
            let (phase, breath) = (self.dice.range(0.0, 6.0), self.dice.range(0.0, 0.03));
            self.add(
                &format!("idle{at}"),
                -1000.0,
                Box::new(move |t| base * (1.0 + breath * (t * 0.7 + phase).sin())),
            );
        }
    }

    fn used(&self, t: f64) -> f64 {
        let alive = self.actors.iter().filter(|actor| actor.alive(t));
        alive.map(|actor| (actor.private)(t - actor.born) + (actor.shmem)(t - actor.born)).sum::<f64>()
            + (self.kernel)(t)
            + (self.tmpfs)(t)
    }

    fn limit_hit(&self) -> f64 {
        // Steps that are short beside what has passed; then halves.
        let (mut before, mut t) = (self.begin, self.begin + 0.05);
        while self.used(t) < self.limit {
            assert!(t < 40_000.0, "never ran out");
            (before, t) = (t, t + 0.05_f64.max((t - self.begin) / 2000.0));
        }
        for _ in 0..12 {
            let middle = (before + t) / 2.0;
            if self.used(middle) < self.limit { before = middle } else { t = middle }
        }
        t
    }

    /// Runs until memory is out and somebody is killed: the largest, or `victim`.
    pub(super) fn run(mut self, victim: Option<u32>) -> Incident {
        let kill = self.limit_hit();
        let processes = self.times(kill, self.processes_every, self.at_kill);
        let cgroups = self.times(kill, self.cgroups_every, true);
        let mut entities: Vec<_> =
            self.actors.iter().filter_map(|actor| actor.entity(&processes, kill)).collect();
        entities.push(self.scope(&cgroups, kill));
        for (path, limit) in &self.limits {
            entities.push(self.cgroup(path, *limit, &cgroups, kill));
        }
        let size = |actor: &&Actor| (actor.private)(kill - actor.born) + (actor.shmem)(kill - actor.born);
        let alive = || self.actors.iter().filter(|actor| actor.alive(kill));
        let largest = alive().max_by(|a, b| size(a).total_cmp(&size(b))).unwrap();
        let killed = victim.and_then(|pid| alive().find(|actor| actor.pid == pid)).unwrap_or(largest);
        Incident {
            time: "2026-11-23T14:03:10.000000000Z".into(),
            host: Host { page_size: 4096, ..Host::default() },
            scope: Scope {
                constraint: Some(if self.machine { Constraint::None } else { Constraint::Memcg }),
                total_pages: Some((self.limit / 4096.0) as u64),
                memcg: (!self.machine).then(|| LimitMemcg {
                    level: MemcgLevel {
                        path: self.path.as_str().into(),
                        limit_bytes: Some(self.limit as u64),
                        usage_bytes: Some(self.limit as u64),
                        ..MemcgLevel::default()
                    },
                    levels_above_victim: Some(0),
                }),
                ..Scope::default()
            },
            trigger: Some(Trigger {
                tgid: Some(killed.pid),
                pid: killed.pid,
                comm: killed.comm.as_str().into(),
                ..Trigger::default()
            }),
            victims: vec![Victim {
                pid: killed.pid,
                comm: killed.comm.as_str().into(),
                cgroup: Some(CgroupRef { path: killed.path.as_str().into(), id: None }),
                memory: Memory {
                    anon_bytes: Some((killed.private)(kill - killed.born) as u64),
                    shmem_bytes: Some((killed.shmem)(kill - killed.born) as u64),
                    ..Memory::default()
                },
                start_time: Some(start_time(kill - killed.born)),
                ..Victim::default()
            }],
            history: Some(History {
                interval_ms: (self.cgroups_every * 1e3) as u64,
                process_interval_ms: Some((self.processes_every * 1e3) as u64),
                span_ms: ((kill - self.begin) * 1e3) as u64,
                entities,
                ..History::default()
            }),
            ..Incident::default()
        }
    }

    /// With jitter, and now and then a pass that was left out.
    fn times(&mut self, kill: f64, every: f64, at_kill: bool) -> Vec<f64> {
        // A history of bounded size: no more than some hundred points.
        let every = every.max((kill - self.begin) / 400.0);
        let mut times = Vec::new();
        let mut t = self.begin + self.dice.range(0.0, every);
        while t < kill {
            if self.dice.int(0, 30) > 0 {
                times.push(t);
            }
            t += every * self.dice.range(0.8, 1.25);
        }
        if at_kill {
            times.push(kill);
        }
        times
    }

    fn scope(&self, times: &[f64], kill: f64) -> Entity {
        let used = |t: f64| self.used(t).min(self.limit);
        let cache = |t: f64| (self.cache)(t).min(self.limit - used(t)).max(0.0);
        let processes = |t: f64, f: &dyn Fn(&Actor, f64) -> f64| {
            self.actors
                .iter()
                .filter(|actor| actor.alive(t))
                .map(|actor| f(actor, t - actor.born))
                .sum::<f64>()
        };
        let part =
            |kind, f: &dyn Fn(f64) -> f64| Part { kind, bytes: times.iter().map(|t| f(*t) as u64).collect() };
        Entity {
            kind: if self.machine { EntityKind::System } else { EntityKind::Cgroup },
            path: (!self.machine).then(|| self.path.as_str().into()),
            limit_bytes: Some(self.limit as u64),
            in_scope: true,
            points: times
                .iter()
                .map(|t| (ms(*t, kill), (used(*t) + if self.machine { 0.0 } else { cache(*t) }) as u64))
                .collect(),
            parts: vec![
                part(PartKind::Anon, &|t| processes(t, &|actor, age| (actor.private)(age))),
                part(PartKind::File, &cache),
                part(PartKind::Shmem, &|t| processes(t, &|actor, age| (actor.shmem)(age)) + (self.tmpfs)(t)),
                part(PartKind::Kernel, &|t| (self.kernel)(t)),
            ],
            ..Entity::default()
        }
    }

    fn cgroup(&self, path: &str, limit: Option<f64>, times: &[f64], kill: f64) -> Entity {
        let own = |t: f64| {
            let own = self.actors.iter().filter(|actor| actor.path.starts_with(path) && actor.alive(t));
            own.map(|actor| (actor.private)(t - actor.born)).sum::<f64>()
        };
        Entity {
            kind: EntityKind::Cgroup,
            path: Some(path.into()),
            limit_bytes: limit.map(|limit| limit as u64),
            in_scope: true,
            points: times.iter().map(|t| (ms(*t, kill), own(*t) as u64)).collect(),
            ..Entity::default()
        }
    }
}

fn ms(t: f64, kill: f64) -> i64 {
    ((t - kill) * 1e3).round() as i64
}

fn start_time(age: f64) -> String {
    let kill: jiff::Timestamp = "2026-11-23T14:03:10Z".parse().unwrap();
    kill.checked_sub(jiff::SignedDuration::from_millis((age * 1e3) as i64)).unwrap().to_string()
}

impl Actor {
    fn alive(&self, t: f64) -> bool {
        t >= self.born && self.exit.is_none_or(|exit| t < exit)
    }

    /// `None` when it lived between two samples.
    fn entity(&self, times: &[f64], kill: f64) -> Option<Entity> {
        let seen: Vec<_> = times.iter().filter(|t| self.alive(**t)).collect();
        seen.first()?;
        let value = |t: f64| ((self.private)(t - self.born) + (self.shmem)(t - self.born)) as u64;
        let file = 3_000_000;
        Some(Entity {
            kind: EntityKind::Process,
            pid: Some(self.pid),
            ppid: Some(self.ppid),
            comm: Some(self.comm.as_str().into()),
            exe: Some(
                format!("/usr/bin/{}", self.comm.trim_end_matches(|c: char| c.is_ascii_digit()))
                    .as_str()
                    .into(),
            ),
            path: Some(self.path.as_str().into()),
            started_ms: Some(ms(self.born, kill)).filter(|_| self.born > -900.0),
            exited_ms: self.exit.filter(|exit| *exit < kill).map(|exit| ms(exit, kill)),
            in_scope: true,
            points: seen.iter().map(|t| (ms(**t, kill), value(**t) + file)).collect(),
            parts: vec![
                Part { kind: PartKind::File, bytes: seen.iter().map(|_| file).collect() },
                Part {
                    kind: PartKind::Shmem,
                    bytes: seen.iter().map(|t| (self.shmem)(**t - self.born) as u64).collect(),
                },
            ],
            ..Entity::default()
        })
    }
}
