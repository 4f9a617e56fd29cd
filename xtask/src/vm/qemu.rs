//! QEMU's command line.

use super::disk::ext4;
use super::emulator;
use super::fetch::Image;
use crate::sh;
use crate::userspace::Arch;
use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// The guest's memory; global kills fill it, so it is small.
const MEMORY_MIB: u32 = 768;
/// Where a scenario needs more than others.
const LARGE_MEMORY_MIB: u32 = 2560;
/// What the guest can swap to.
const SWAP_BYTES: u64 = 256 << 20;
/// The guest overwrites the disk of this serial number and no other.
const SWAP_SERIAL: &str = "oomtrace-swap";
/// What the guest mounts and records on.
const RECORD_SERIAL: &str = "oomtrace-record";
const RECORD_SIZE: &str = "64M";

/// The command that boots `image` with two NVMe disks, whose driver every kernel of the matrix has built in: an empty one for
/// swap, and one with a file system. Both are made in `disks`.
pub(super) fn command(
    image: &Image,
    initramfs: &Path,
    disks: &Path,
    boot: &str,
    scenarios: &[String],
    kvm: bool,
) -> Result<Command> {
    let (swap, record) = (&disks.join("swap"), &disks.join("record"));
    std::fs::File::create(swap)?.set_len(SWAP_BYTES)?;
    ext4(&disks.join("empty"), record, RECORD_SIZE)?;
    let asked = format!("swapaccount=1 oomtrace.boot={boot} oomtrace.scenarios={}", scenarios.join(","));
    let memory = if boot == "v2-large" { LARGE_MEMORY_MIB } else { MEMORY_MIB };
    let mut qemu = machine(image, initramfs, (swap, SWAP_SERIAL), memory, &asked, kvm)?;
    nvme(&mut qemu, (record, RECORD_SERIAL));
    qemu.args(nodes(boot)?);
    Ok(qemu)
}

/// A machine with `memory` MiB, `disk` (file, serial number) as NVMe disk, and `asked` on the kernel's command line.
pub(super) fn machine(
    image: &Image,
    initramfs: &Path,
    disk: (&Path, &str),
    memory: u32,
    asked: &str,
    kvm: bool,
) -> Result<Command> {
    let arch = image.kernel.arch;
    let program = program(arch)?;
    let mut qemu = Command::new(&program);
    let (machine, processor, console) = match arch {
        // Emulated, string instructions go byte by byte, and a kernel that believes them to be fast clears its pages so.
        Arch::X86_64 if kvm => ("q35", "max", "ttyS0"),
        Arch::X86_64 => ("q35", "max,erms=off,fsrm=off", "ttyS0"),
        // The architecture's own pointer authentication takes half of an emulated processor's time.
        Arch::Aarch64 => ("virt", "max,pauth-impdef=on", "ttyAMA0"),
    };
    qemu.args(["-machine", machine, "-cpu", processor, "-smp", "2", "-m", &format!("{memory}M")]);
    // Emulation is the same everywhere; a /dev/kvm that is there does not always work.
    qemu.args(["-accel", if kvm && arch.is_native() { "kvm" } else { emulator::accelerator(&program)? }]);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "none", "-no-reboot"]);
    nvme(&mut qemu, disk);
    qemu.arg("-kernel").arg(&image.vmlinuz).arg("-initrd").arg(initramfs);
    qemu.arg("-append").arg(format!(
        // A kernel message in the middle of a line of the protocol would break it: only a panic is let through.
        // An emulated timer that is late is no broken timer. With a panic: all tasks and the state of memory (bits 0 and 1).
        "console={console} loglevel=1 panic=-1 panic_print=3 no_timer_check {asked}"
    ));
    Ok(qemu)
}

/// Adds a disk (file, serial number, by which the guest knows it).
fn nvme(qemu: &mut Command, (file, serial): (&Path, &str)) {
    qemu.arg("-drive").arg(format!("if=none,id={serial},format=raw,cache=unsafe,file={}", file.display()));
    qemu.arg("-device").arg(format!("nvme,drive={serial},serial={serial}"));
}

fn program(arch: Arch) -> Result<std::path::PathBuf> {
    let name = format!("qemu-system-{}", arch.name());
    sh::find(&name).with_context(|| format!("{name} is missing: cargo xtask setup --only vm installs it"))
}

/// The machine a kind of boot needs.
fn nodes(boot: &str) -> Result<Vec<String>> {
    match boot {
        "v1" | "v2" | "v2-large" => Ok(Vec::new()),
        "v2-numa" => Ok((0..2).flat_map(node).collect()),
        other => bail!("the guest asks for boot {other}, which no machine is known for"),
    }
}

/// Half of the memory and one processor.
fn node(number: u32) -> [String; 4] {
    [
        "-object".into(),
        format!("memory-backend-ram,id=node{number},size={}M", MEMORY_MIB / 2),
        "-numa".into(),
        format!("node,nodeid={number},memdev=node{number},cpus={number}"),
    ]
}
