//! The attach ladder as data: for each fact the programs that can tell it, best first.
//!
//! Which one serves is decided by trying to load and attach it, never by the kernel's version.

/// What a ladder finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The kernel's decision: scope, size of the scope, winning score.
    Decision,
    /// The victim when it is marked.
    Victim,
    /// The end of a kill.
    Return,
    /// The tasks the kernel chose from.
    Candidates,
    /// The SIGKILL itself: tells a kill from a mark, and finds processes that share the mm.
    Signal,
    /// The end of a victim.
    Exit,
    /// Who a process is, from its exec.
    Exec,
    /// Whose identity a forked process has.
    Fork,
    /// What a victim was started with, read at its end.
    Startup,
    /// Memory of all processes, sampled.
    Processes,
    /// Memory of all cgroups, sampled.
    Cgroups,
    /// What processes held when they exited.
    Exits,
}

impl Fact {
    /// One word for messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Victim => "victim",
            Self::Return => "return",
            Self::Candidates => "candidates",
            Self::Signal => "signal",
            Self::Exit => "exit",
            Self::Exec => "exec",
            Self::Fork => "fork",
            Self::Startup => "startup",
            Self::Processes => "processes",
            Self::Cgroups => "cgroups",
            Self::Exits => "exits",
        }
    }

    /// What a report lacks without it.
    #[must_use]
    pub fn without(self) -> &'static str {
        match self {
            Self::Decision => "limit and score are inferred or read from the kernel log",
            Self::Return => "kills whose victim had already exited are reported with a delay",
            Self::Victim => "victims are taken from oom_kill_process or the kernel's log",
            Self::Candidates => "the candidates are taken from the kernel's log",
            Self::Signal => {
                "a kill can't be told from a mark of a dying task, and sharers of the mm are not seen"
            }
            Self::Exit => "the time from kill to exit is not known",
            Self::Exec => {
                "command lines of processes started later are known only as they tell them when they are killed"
            }
            Self::Fork => {
                "command lines of forked processes are known only as they tell them when they are killed"
            }
            Self::Startup => {
                "environments of victims that started later, and so their memory settings, are not known"
            }
            Self::Processes => {
                "the history of processes is read from /proc, which costs more and so happens less often"
            }
            Self::Cgroups => {
                "the history of cgroups is read from their files, which costs more and so happens less often"
            }
            Self::Exits => "what short-lived processes held is known only as far as a sample saw it",
        }
    }
}

/// How a program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// BPF trampoline at a function's entry; needs the kernel's own BTF.
    Fentry,
    /// kprobe at a function's entry.
    Kprobe,
    /// BPF trampoline at a function's return.
    Fexit,
    /// kprobe at a function's return.
    Kretprobe,
    /// Tracepoint with typed arguments; needs the kernel's own BTF.
    TpBtf,
    /// Tracepoint with untyped arguments.
    RawTp,
    /// Classic tracepoint; needs tracefs.
    Tp,
    /// Iterator: runs when user space reads it, attached to nothing; needs the kernel's own BTF.
    Iter,
}

impl Kind {
    /// The mechanism: what denies one of a family denies all.
    #[must_use]
    pub fn family(self) -> &'static str {
        match self {
            Self::Fexit => Self::Fentry.name(),
            Self::Kretprobe => Self::Kprobe.name(),
            other => other.name(),
        }
    }

    /// The name used in `source.probes` and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fentry => "fentry",
            Self::Kprobe => "kprobe",
            Self::Fexit => "fexit",
            Self::Kretprobe => "kretprobe",
            Self::TpBtf => "tp_btf",
            Self::RawTp => "raw_tp",
            Self::Tp => "tp",
            Self::Iter => "iter",
        }
    }
}

/// One way to learn a fact.
#[derive(Clone, Copy, Debug)]
pub struct Rung {
    /// The program's name in the object.
    pub program: &'static str,
    /// How it is attached.
    pub kind: Kind,
    /// The function or tracepoint.
    pub target: &'static str,
    /// Fields without which the program would tell nothing.
    pub needs: &'static [&'static str],
    /// Its number in records, 0 for those that send none.
    pub probe: u32,
}

impl Rung {
    /// As in `source.probes`: `fentry:oom_kill_process`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}:{}", self.kind.name(), self.target)
    }
}

use oomtrace_common::probe;

const DECISION: &[&str] = &["oom_control.chosen", "task_struct.tgid", "task_struct.mm"];
const TASK: &[&str] = &["task_struct.tgid", "task_struct.pid", "task_struct.mm"];

const SAMPLE: &[&str] = &[
    "task_struct.tgid",
    "task_struct.pid",
    "task_struct.mm",
    "task_struct.signal",
    "task_struct.start_boottime",
    "mm_struct.rss_stat",
];
const MEMCG: &[&str] = &["cgroup.subsys", "mem_cgroup.css", "mem_cgroup.memory", "page_counter.usage"];

const fn rung(
    program: &'static str,
    kind: Kind,
    target: &'static str,
    needs: &'static [&'static str],
    probe: u32,
) -> Rung {
    Rung { program, kind, target, needs, probe }
}

/// All ladders. Order is attach order: what follows from a kill is attached before what starts it.
pub const LADDERS: &[(Fact, &[Rung])] = &[
    (Fact::Exec, &[rung("raw_tp_exec", Kind::RawTp, "sched_process_exec", TASK, 0)]),
    (Fact::Fork, &[rung("raw_tp_fork", Kind::RawTp, "sched_process_fork", TASK, 0)]),
    (Fact::Exit, &[rung("raw_tp_exit", Kind::RawTp, "sched_process_exit", TASK, probe::EXIT)]),
    (
        Fact::Victim,
        &[
            rung("tp_btf_mark", Kind::TpBtf, "mark_victim", TASK, probe::TP_BTF_MARK),
            rung("raw_tp_mark", Kind::RawTp, "mark_victim", TASK, probe::RAW_TP_MARK),
            rung("tp_mark", Kind::Tp, "mark_victim", &[], probe::TP_MARK),
        ],
    ),
    (Fact::Startup, &[rung("raw_tp_deliver", Kind::RawTp, "signal_deliver", TASK, probe::DELIVER)]),
    (Fact::Signal, &[rung("raw_tp_signal", Kind::RawTp, "signal_generate", TASK, probe::SIGNAL)]),
    (
        Fact::Candidates,
        &[
            rung("fentry_evaluate", Kind::Fentry, "oom_evaluate_task", DECISION, probe::FENTRY_EVALUATE),
            rung("kprobe_evaluate", Kind::Kprobe, "oom_evaluate_task", DECISION, probe::KPROBE_EVALUATE),
        ],
    ),
    (
        Fact::Return,
        &[
            rung("fexit_kill", Kind::Fexit, "oom_kill_process", DECISION, probe::FEXIT_KILL),
            rung("kretprobe_kill", Kind::Kretprobe, "oom_kill_process", DECISION, probe::KRETPROBE_KILL),
        ],
    ),
    (
        Fact::Decision,
        &[
            rung("fentry_kill", Kind::Fentry, "oom_kill_process", DECISION, probe::FENTRY_KILL),
            rung("kprobe_kill", Kind::Kprobe, "oom_kill_process", DECISION, probe::KPROBE_KILL),
        ],
    ),
];

/// Ladders of what the memory history is sampled with.
pub const SAMPLING: &[(Fact, &[Rung])] = &[
    (Fact::Processes, &[rung("iter_task", Kind::Iter, "task", SAMPLE, 0)]),
    (Fact::Cgroups, &[rung("iter_cgroup", Kind::Iter, "cgroup", MEMCG, 0)]),
    (Fact::Exits, &[rung("raw_tp_exited", Kind::RawTp, "sched_process_exit", SAMPLE, 0)]),
];
