//! Independent readers of what oomtrace writes: Python packages in an environment of their own, and the JUnit schema.

use crate::{paths, sh};
use anyhow::{Context as _, Result};
use std::path::PathBuf;
use std::process::Command;

/// The JUnit schema of the Jenkins plug-in xunit.
pub(crate) const SCHEMA: &str = "junit-10.xsd";
/// Its source has the schema, under the MIT licence.
const WITH_SCHEMA: &str = "pytest==8.3.4";
/// Takes the schema out of the source package: directory, name.
const UNPACK: &str = "import glob, sys, tarfile
archive = tarfile.open(glob.glob(sys.argv[1] + '/*.tar.gz')[0])
member = next(one for one in archive.getmembers() if one.name.endswith('/' + sys.argv[2]))
open(sys.argv[1] + '/' + sys.argv[2], 'wb').write(archive.extractfile(member).read())";
/// What the environment was made of; absent until all of it is there.
const MADE_OF: &str = "made-of.txt";

/// The environment's directory.
pub(crate) fn home() -> PathBuf {
    paths::cache().join("validators")
}

/// Its Python.
pub(crate) fn python() -> PathBuf {
    home().join("bin/python")
}

/// Makes the environment anew, unless one of the same packages works.
pub(super) fn install() -> Result<()> {
    let list = paths::root().join("tests/validators/requirements.txt");
    let packages =
        std::fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let made_of = format!("{packages}{WITH_SCHEMA}\n");
    let stamp = home().join(MADE_OF);
    let works = || sh::output(Command::new(python()).arg("--version")).is_ok();
    if std::fs::read_to_string(&stamp).is_ok_and(|then| then == made_of) && works() {
        return Ok(());
    }
    println!(
        "setup: installing duckdb, perfetto and xmlschema into {}: readers of documents",
        home().display()
    );
    sh::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(home()))?;
    let pip = || {
        let mut pip = Command::new(python());
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
        pip
    };
    sh::run(pip().args(["install", "--requirement"]).arg(&list))?;
    let download = ["download", "--no-deps", "--no-binary", ":all:", WITH_SCHEMA, "--dest"];
    sh::run(pip().args(download).arg(home()))?;
    sh::run(Command::new(python()).args(["-c", UNPACK]).arg(home()).arg(SCHEMA))?;
    std::fs::write(&stamp, made_of).with_context(|| format!("cannot write {}", stamp.display()))
}
