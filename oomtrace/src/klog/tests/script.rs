//! Writes a report as the kernel does (7.x, memory cgroup v2), with names that processes chose.

use crate::klog::{Caller, KmsgLine};

/// A line to be read.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    pub(super) text: Vec<u8>,
    pub(super) fragment: bool,
    pub(super) caller: Option<Caller>,
}

impl Printed {
    pub(super) fn new(text: impl Into<Vec<u8>>) -> Self {
        Self { text: text.into(), fragment: false, caller: None }
    }

    pub(super) fn line(&self) -> KmsgLine<'_> {
        KmsgLine { fragment: self.fragment, caller: self.caller, ..KmsgLine::text(&self.text) }
    }
}

/// What a report tells.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) comm: Vec<u8>,
    pub(super) cpuset: Vec<u8>,
    pub(super) oom_memcg: Vec<u8>,
    pub(super) task_memcg: Vec<u8>,
    pub(super) pid: u32,
    pub(super) has_table: bool,
    pub(super) group: bool,
    /// Bit n: the n-th continued piece of a line became a record of its own.
    pub(super) splits: u32,
}

impl Script {
    /// The records. What printk does to a line is done: a level at the beginning is dropped, `c` makes a fragment of it.
    pub(super) fn print(&self) -> Vec<Printed> {
        let (pid, comm) = (self.pid, self.comm.as_slice());
        let mut lines = Vec::new();
        lines.push(without_level(join(&[
            comm,
            b" invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        ])));
        let cpu = format!("CPU: 1 UID: 0 PID: {pid} Comm: ");
        lines.push(Printed::new(join(&[cpu.as_bytes(), comm, b" Not tainted 7.3.4 #1 PREEMPT(lazy) "])));
        lines.push(Printed::new("Call Trace:"));
        lines.push(Printed::new("memory: usage 32768kB, limit 32768kB, failcnt 98"));
        lines.push(Printed::new("swap: usage 0kB, limit 0kB, failcnt 0"));
        lines.extend(self.pieces(&[b"Memory cgroup stats for ", &self.oom_memcg, b":"]));
        lines.push(Printed::new("anon 33480704"));
        if self.has_table {
            lines.push(Printed::new("Tasks state (memory values in pages):"));
            lines.push(Printed::new("[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name"));
            let row = format!(
                "[{pid:>7}]     0 {pid:>5}     8486     8276     8195        0        81   106496        0             0 "
            );
            lines.push(Printed::new(join(&[row.as_bytes(), comm])));
        }
        let last = format!(",pid={pid},uid=0");
        let task = join(&[b",task=", comm, last.as_bytes()]);
        lines.extend(self.pieces(&[
            b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)",
            b",cpuset=",
            &self.cpuset,
            b",mems_allowed=0",
            b",oom_memcg=",
            &self.oom_memcg,
            b",task_memcg=",
            &self.task_memcg,
            &task,
        ]));
        lines.push(self.killed());
        if self.group {
            lines.extend(self.pieces(&[
                b"Tasks in ",
                &self.task_memcg,
                b" are going to be killed due to memory.oom.group set",
            ]));
            lines.push(self.killed());
        }
        lines
    }

    fn killed(&self) -> Printed {
        let start = format!("Memory cgroup out of memory: Killed process {} (", self.pid);
        let end = b") total-vm:33944kB, anon-rss:32780kB, file-rss:0kB, shmem-rss:324kB, UID:0 pgtables:104kB oom_score_adj:0";
        Printed::new(join(&[start.as_bytes(), &self.comm, end]))
    }

    fn pieces(&self, pieces: &[&[u8]]) -> Vec<Printed> {
        let mut lines: Vec<Printed> = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            match lines.last_mut() {
                Some(line) if self.splits & (1 << at) == 0 => line.text.extend_from_slice(piece),
                None => lines.push(Printed::new(*piece)),
                Some(_) => lines.push(Printed { fragment: true, ..Printed::new(*piece) }),
            }
        }
        lines
    }
}

fn without_level(mut text: Vec<u8>) -> Printed {
    let mut fragment = false;
    while let [1, level @ (b'0'..=b'7' | b'c'), ..] = text.as_slice() {
        fragment |= *level == b'c';
        text.drain(..2);
    }
    Printed { text, fragment, caller: None }
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}
