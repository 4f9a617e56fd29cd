//! The disk with other people's programs for suites B to D in a guest.

use crate::archive::Archive;
use crate::vm::{Custom, ext4};
use crate::{paths, sh};
use anyhow::{Context as _, Result, ensure};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Those that start within reason on an emulated processor. A compiler of C++ does not: one small file takes more than the
/// three minutes that a case may take.
const PACKAGES: [&str; 19] = [
    "stress-ng",
    "stress",
    "memtester",
    "stressapptest",
    "chaos-marmosets",
    "redis-server",
    "redis-tools",
    "postgresql",
    "python3",
    "nodejs",
    "default-jdk-headless",
    "dash",
    "coreutils",
    "util-linux",
    "bsdextrautils",
    "mount",
    "debianutils",
    "grep",
    "sed",
];
/// Nobody reads them there.
const SUPERFLUOUS: [&str; 4] = ["doc", "man", "locale", "info"];
/// Go is compiled here: its compiler would make its own library first, which takes many minutes on an emulated processor.
const GO: &str = "golang-go";
const GO_SOURCE: &str = include_str!("../../../tests/src/oombench/programs/scripts/leak.go");
/// In place of `go build -o FILE leak.go`.
const GO_STAND_IN: &str = "#!/bin/sh\n# go build -o FILE leak.go: built when this disk was made\n\
    [ \"$1 $2 $4\" = \"build -o leak.go\" ] && exec cp /usr/lib/oombench/go-leak \"$3\"\nexit 1\n";
/// Users that packages would have made when they were installed.
const USERS: &str = "root:x:0:0:root:/root:/bin/sh\npostgres:x:100:100::/var/lib/postgresql:/bin/sh\n";
const GROUPS: &str = "root:x:0:\npostgres:x:100:\n";
const SIZE: &str = "3G";

/// A disk with the packages, made once for each kernel and each list of them.
pub(super) fn disk(guest: &Custom) -> Result<PathBuf> {
    let mut made_of = DefaultHasher::new();
    (PACKAGES, GO, GO_SOURCE, GO_STAND_IN, USERS, SIZE).hash(&mut made_of);
    let name = format!("{}-{:016x}.ext4", guest.release(), made_of.finish());
    let file = paths::cache().join("oombench").join(name);
    if file.is_file() {
        return Ok(file);
    }
    let parent = file.parent().context("the disk has no directory")?;
    std::fs::create_dir_all(parent)?;
    let scratch = tempfile::tempdir_in(parent)?;
    let tree = scratch.path().join("tree");
    println!("fetching {}", PACKAGES.join(", "));
    let archive = Archive::open(guest.arch(), guest.suites())?;
    archive.unpack_with_dependencies(&PACKAGES, &tree)?;
    configure(&tree)?;
    if guest.arch().is_native() {
        go(&archive, scratch.path(), &tree)?;
    }
    let image = scratch.path().join("image");
    ext4(&tree, &image, SIZE)?;
    std::fs::rename(image, &file)?;
    Ok(file)
}

/// What installation would have done.
fn configure(tree: &Path) -> Result<()> {
    for name in ["bin", "sbin", "lib", "lib64"] {
        link(tree, Path::new("usr").join(name), name)?;
    }
    link(tree, "dash".into(), "usr/bin/sh")?;
    for name in ["java", "javac"] {
        link(tree, Path::new("../lib/jvm/default-java/bin").join(name), &format!("usr/bin/{name}"))?;
    }
    std::fs::create_dir_all(tree.join("etc"))?;
    std::fs::write(tree.join("etc/passwd"), USERS)?;
    std::fs::write(tree.join("etc/group"), GROUPS)?;
    for name in SUPERFLUOUS {
        let directory = tree.join("usr/share").join(name);
        if directory.is_dir() {
            std::fs::remove_dir_all(directory)?;
        }
    }
    Ok(())
}

fn link(tree: &Path, target: PathBuf, name: &str) -> Result<()> {
    let link = tree.join(name);
    if link.symlink_metadata().is_err() {
        symlink(target, &link).with_context(|| format!("cannot make {}", link.display()))?;
    }
    Ok(())
}

/// The program of Go, and what stands in for its compiler.
fn go(archive: &Archive, scratch: &Path, tree: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let (compiler, own) = (scratch.join("go"), tree.join("usr/lib/oombench"));
    archive.unpack_with_dependencies(&[GO], &compiler)?;
    let roots = std::fs::read_dir(compiler.join("usr/lib"))?.flatten().map(|entry| entry.path());
    let root = roots
        .filter(|path| path.join("bin/go").is_file())
        .find(|path| !path.is_symlink())
        .with_context(|| format!("{GO} has brought no compiler"))?;
    std::fs::create_dir_all(&own)?;
    let source = scratch.join("leak.go");
    std::fs::write(&source, GO_SOURCE)?;
    sh::output(
        Command::new(root.join("bin/go"))
            .args(["build", "-o"])
            .arg(own.join("go-leak"))
            .arg(&source)
            .env("GOROOT", &root)
            .env("GOCACHE", scratch.join("cache"))
            .env("GOPATH", scratch.join("path"))
            .env("CGO_ENABLED", "0")
            .env("GO111MODULE", "off")
            .env("GOTOOLCHAIN", "local"),
    )?;
    ensure!(!tree.join("usr/bin/go").exists(), "the disk has a compiler of Go already");
    let stand_in = tree.join("usr/bin/go");
    std::fs::write(&stand_in, GO_STAND_IN)?;
    Ok(std::fs::set_permissions(&stand_in, std::fs::Permissions::from_mode(0o755))?)
}
