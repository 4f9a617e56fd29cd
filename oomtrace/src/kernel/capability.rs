//! The capabilities that oomtrace needs, and which of them it lacks.

use caps::{CapSet, Capability as Cap, CapsHashSet};

use super::needs::NEEDS;
use super::{Roots, grant};

/// How this process stands to a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It counts.
    Effective,
    /// It could be raised but does not count: a file capability without the `e` flag, or one that was lowered.
    PermittedOnly,
    /// It is not there.
    Missing,
}

/// A capability, what it is for, and how this process stands to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Name as in capabilities(7), e.g. "CAP_BPF".
    pub name: String,
    /// What it is for: "load BPF programs".
    pub purpose: &'static str,
    /// Without it there are no kernel hooks at all; without the others some details are absent.
    pub required: bool,
    /// How this process stands to it, or to the wider one that the kernel accepts as well.
    pub held: Held,
}

/// Every capability that oomtrace makes use of, required ones first.
///
/// They count only in the initial user namespace: see [`super::namespace`].
#[must_use]
pub fn needs(roots: &Roots) -> Vec<Need> {
    // Both are one system call on oneself; a failure reads as nothing held.
    let effective = caps::read(None, CapSet::Effective).unwrap_or_default();
    let permitted = caps::read(None, CapSet::Permitted).unwrap_or_default();
    judge(&effective, &permitted, last_capability(roots))
}

impl Need {
    /// What is wrong; `None` when the capability is held.
    #[must_use]
    pub fn lack(&self) -> Option<String> {
        let Self { name, purpose, .. } = self;
        Some(match self.held {
            Held::Effective => return None,
            Held::PermittedOnly => format!("{name} is permitted but not effective (to {purpose})"),
            Held::Missing if self.required => format!("{name} is missing (to {purpose})"),
            Held::Missing => format!("{name} is not held (to {purpose})"),
        })
    }

    /// What to do about it; `None` when the capability is held.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let is_out = |cap| self.held == Held::Missing && !grant::can_be_had(cap);
        match self.name.parse::<Cap>() {
            _ if self.held == Held::Effective => None,
            Ok(cap) if is_out(cap) => {
                let short = self.name.trim_start_matches("CAP_");
                Some(format!(
                    "not available here; grant it where the process is started (docker run --cap-add {short}; \
                     CapabilityBoundingSet= in a systemd unit)"
                ))
            }
            _ => Some(grant::remedy()),
        }
    }
}

/// What of `needs` lacks although nothing works without it, and the remedy; `None` when nothing does.
#[must_use]
pub fn lacking(needs: &[Need]) -> Option<String> {
    let required = || needs.iter().filter(|need| need.required);
    let lacks: Vec<_> = required().filter_map(Need::lack).collect();
    let mut remedies: Vec<_> = required().filter_map(Need::remedy).collect();
    remedies.dedup();
    (!lacks.is_empty()).then(|| format!("{}: {}", lacks.join(", "), remedies.join("; ")))
}

/// Number of the last capability that the kernel knows.
fn last_capability(roots: &Roots) -> Option<u8> {
    std::fs::read_to_string(roots.proc.join("sys/kernel/cap_last_cap")).ok()?.trim().parse().ok()
}

fn judge(effective: &CapsHashSet, permitted: &CapsHashSet, last: Option<u8>) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::with_capacity(NEEDS.len());
    for (cap, purpose, required, admin_does) in NEEDS {
        // 5.8 split CAP_BPF and CAP_PERFMON off CAP_SYS_ADMIN.
        let known = last.is_none_or(|last| cap.index() <= last);
        let asked = if known { cap } else { Cap::CAP_SYS_ADMIN };
        let held_by =
            |set: &CapsHashSet| set.contains(&asked) || admin_does && set.contains(&Cap::CAP_SYS_ADMIN);
        let held = match (held_by(effective), held_by(permitted)) {
            (true, _) => Held::Effective,
            (false, true) => Held::PermittedOnly,
            (false, false) => Held::Missing,
        };
        let name = asked.to_string();
        if !needs.iter().any(|need| need.name == name) {
            needs.push(Need { name, purpose, required, held });
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(caps: &[Cap]) -> CapsHashSet {
        caps.iter().copied().collect()
    }

    fn held(needs: &[Need], name: &str) -> Held {
        needs.iter().find(|need| need.name == name).unwrap().held
    }

    #[test]
    fn missing_and_lowered_capabilities_are_told_apart() {
        let needs = judge(&set(&[Cap::CAP_BPF]), &set(&[Cap::CAP_BPF, Cap::CAP_PERFMON]), Some(40));
        assert_eq!(held(&needs, "CAP_BPF"), Held::Effective);
        assert_eq!(held(&needs, "CAP_PERFMON"), Held::PermittedOnly);
        assert_eq!(held(&needs, "CAP_SYSLOG"), Held::Missing);
        let lacks: Vec<_> = needs.iter().filter_map(Need::lack).collect();
        assert_eq!(lacks.len(), NEEDS.len() - 1);
        assert_eq!(needs.iter().filter_map(Need::remedy).count(), lacks.len());
        assert!(lacks[0].starts_with("CAP_PERFMON is permitted but not effective"), "{}", lacks[0]);
        assert!(lacks[1].starts_with("CAP_SYSLOG is not held (to read"), "{}", lacks[1]);
    }

    #[test]
    fn nothing_held_names_the_command() {
        let needs = judge(&set(&[]), &set(&[]), Some(40));
        let lacking = lacking(&needs).unwrap();
        assert!(
            lacking.starts_with("CAP_BPF is missing (to load BPF programs), CAP_PERFMON is missing"),
            "{lacking}"
        );
        assert_eq!(lacking.matches("setcap").count(), 1, "{lacking}");
    }

    #[test]
    fn remedies_do_not_undo_one_another() {
        let exe = std::env::current_exe().unwrap();
        for need in judge(&set(&[]), &set(&[]), Some(40)) {
            let remedy = need.remedy().unwrap();
            let whole = grant::setcap();
            let is_whole = remedy.ends_with(&whole) && whole.ends_with(exe.to_str().unwrap());
            assert!(is_whole || remedy.contains("--cap-add"), "{remedy}");
        }
    }

    #[test]
    fn sys_admin_stands_for_bpf_but_not_for_the_rest() {
        let admin = set(&[Cap::CAP_SYS_ADMIN]);
        let needs = judge(&admin, &admin, Some(40));
        assert_eq!(held(&needs, "CAP_BPF"), Held::Effective);
        assert_eq!(held(&needs, "CAP_PERFMON"), Held::Effective);
        assert_eq!(held(&needs, "CAP_SYS_PTRACE"), Held::Missing);
    }

    #[test]
    fn kernels_before_5_8_ask_for_sys_admin() {
        let needs = judge(&set(&[Cap::CAP_SYSLOG]), &set(&[]), Some(37));
        assert_eq!(held(&needs, "CAP_SYS_ADMIN"), Held::Missing);
        assert!(!needs.iter().any(|need| need.name == "CAP_BPF" || need.name == "CAP_PERFMON"));
        assert_eq!(needs.iter().filter(|need| need.required).count(), 1);
    }

    #[test]
    fn this_process_agrees_with_procfs() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
        let bits = u64::from_str_radix(line.trim(), 16).unwrap();
        let needs = needs(&Roots::default());
        let ptrace = bits & Cap::CAP_SYS_PTRACE.bitmask() != 0;
        assert_eq!(held(&needs, "CAP_SYS_PTRACE") == Held::Effective, ptrace);
    }
}
