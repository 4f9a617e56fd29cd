//! `setup`: installs what is missing, and says what and why.

mod apt;
mod needs;
mod tools;
pub(crate) mod validators;

use anyhow::Result;
pub(crate) use needs::Group;

/// Install what the tasks need (Debian); asks nothing, says what and why.
#[derive(clap::Args)]
pub(crate) struct Setup {
    /// Only what one task needs (may be repeated); everything without it
    #[arg(long, value_enum)]
    only: Vec<Group>,
}

impl Setup {
    /// Quick when all is there: nothing is asked of the archive then.
    pub(crate) fn run(self) -> Result<()> {
        let groups = if self.only.is_empty() { Group::ALL.to_vec() } else { self.only };
        install(&groups)?;
        println!("setup: everything is installed for {}", Group::list(&groups));
        Ok(())
    }
}

/// Installs what `groups` need and is missing.
///
/// # Errors
/// Names what could not be installed; what comes after it is not tried.
pub(crate) fn install(groups: &[Group]) -> Result<()> {
    apt::install(&needs::packages(groups))?;
    if groups.contains(&Group::Ebpf) {
        tools::bpf_linker()?;
    }
    if groups.contains(&Group::Test) {
        tools::rustup_components()?;
    }
    if groups.contains(&Group::Validators) {
        validators::install()?;
    }
    if groups.contains(&Group::Deny) {
        tools::cargo_deny()?;
    }
    Ok(())
}
