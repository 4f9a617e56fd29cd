//! One pass as JSON.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::sample::{CgroupSample, Exited, Pass, ProcessSample, Source, SystemSample};

/// Everything that a source gives. `paths` names cgroups whose processes are listed as well, by the way for few of them.
pub(super) fn all(source: &mut dyn Source, paths: &[PathBuf]) -> Result<Value> {
    let mut exited = Vec::new();
    source.exited(&mut exited);
    end_a_process()?;
    let (mut processes, mut cgroups) = (Vec::new(), Vec::new());
    let of_processes = source.processes(&mut processes);
    let of_cgroups = source.cgroups(true, &mut cgroups);
    let system = source.system();
    let of_exits = source.exited(&mut exited);
    let cgroups: Vec<Value> = cgroups.iter().map(|c| cgroup(c, source)).collect();
    let wanted: Vec<u64> =
        cgroups.iter().filter(|c| named(c, paths)).filter_map(|c| c["id"].as_u64()).collect();
    let listed: Vec<Value> = processes.iter().map(|p| process(p, source)).collect();
    let of_few = source.processes_of(&wanted, &mut processes);
    let few: Vec<Value> = processes.iter().map(|p| process(p, source)).collect();
    Ok(json!({
        "source": source.kind(),
        "notes": source.notes(),
        "processes": { "pass": pass(of_processes), "samples": listed },
        "processes_of": { "pass": pass(of_few), "samples": few },
        "cgroups": { "pass": pass(of_cgroups), "samples": cgroups },
        "exited": { "pass": pass(of_exits), "samples": exited.iter().map(gone).collect::<Vec<_>>() },
        "system": system.map(|system| machine(&system)),
    }))
}

/// Lets a process come and go, so that there is an exit to see.
fn end_a_process() -> Result<()> {
    // Not a path: another program may be there by now.
    let program = std::path::Path::new("/proc/self/exe");
    Command::new(program)
        .arg("--version")
        .stdout(std::process::Stdio::null())
        .status()
        .context("starting a process")?;
    // The parent is told before the last thread has reached the hook's end on some kernels.
    std::thread::sleep(Duration::from_millis(20));
    Ok(())
}

fn named(cgroup: &Value, paths: &[PathBuf]) -> bool {
    let path = cgroup["path"].as_str().unwrap_or_default();
    paths.iter().any(|wanted| wanted.as_os_str() == path)
}

fn pass(pass: Pass) -> Value {
    json!({ "boottime_ns": pass.time_ns, "missed": pass.missed, "complete": pass.complete })
}

fn process(sample: &ProcessSample, source: &mut dyn Source) -> Value {
    let mut value = numbers(sample);
    value["exe"] = json!(source.image(sample.key).exe.map(|exe| text(&exe)));
    value
}

fn numbers(sample: &ProcessSample) -> Value {
    let ProcessSample {
        key,
        ppid,
        uid,
        cgroup,
        comm,
        oom_score_adj,
        threads,
        anon,
        file,
        shmem,
        swap,
        page_tables,
        major_faults,
    } = *sample;
    let name = comm.split(|b| *b == 0).next().unwrap_or_default();
    json!({
        "pid": key.pid, "start_ns": key.start_ns, "ppid": ppid, "uid": uid, "cgroup": cgroup, "comm": text(name),
        "oom_score_adj": oom_score_adj, "threads": threads, "anon": anon, "file": file, "shmem": shmem, "swap": swap,
        "page_tables": page_tables, "major_faults": major_faults,
    })
}

fn gone(exited: &Exited) -> Value {
    let mut value = numbers(&exited.last);
    value["peak"] = json!(exited.peak);
    value["boottime_ns"] = json!(exited.time_ns);
    value
}

fn cgroup(sample: &CgroupSample, source: &mut dyn Source) -> Value {
    let CgroupSample {
        id,
        parent,
        usage,
        limit,
        high,
        swap,
        anon,
        file,
        shmem,
        kernel,
        slab,
        sock,
        page_tables,
        refaults,
        limit_hits,
        high_hits,
        oom_kills,
    } = *sample;
    json!({
        "id": id, "parent": parent, "path": source.cgroup_path(id).map(|path| text(&path)), "usage": usage,
        "limit": limit, "high": high, "swap": swap, "anon": anon, "file": file, "shmem": shmem, "kernel": kernel,
        "slab": slab, "sock": sock, "page_tables": page_tables, "refaults": refaults, "limit_hits": limit_hits,
        "high_hits": high_hits, "oom_kills": oom_kills,
    })
}

fn machine(sample: &SystemSample) -> Value {
    let SystemSample {
        total,
        available,
        free,
        swap_total,
        swap_free,
        anon,
        file,
        shmem,
        slab,
        page_tables,
        kernel,
    } = *sample;
    json!({
        "total": total, "available": available, "free": free, "swap_total": swap_total, "swap_free": swap_free,
        "anon": anon, "file": file, "shmem": shmem, "slab": slab, "page_tables": page_tables, "kernel": kernel,
    })
}

/// Bytes of a program as JSON can hold them; JSON escapes what is not to be shown.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
