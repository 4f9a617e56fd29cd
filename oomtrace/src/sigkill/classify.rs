//! From what is known of a sender to what it is.

use crate::claim::Claim;
use crate::model::{Sender, SenderKind, SentHow, Victim};

/// Says in `sender` what it is: the sender of a SIGKILL to `target`. `claim` is the known program that it is or calls itself;
/// `ns_init`: the sender is the first process of a pid namespace of its own.
pub fn recognise(sender: &mut Sender, how: SentHow, target: &Victim, claim: Option<Claim>, ns_init: bool) {
    if let Some((kind, why)) = by_kernel_or_itself(sender, how, target, ns_init) {
        (sender.kind, sender.why) = (kind, why.to_owned());
        return;
    }
    let (kind, why) = relation(sender, how, target);
    match claim {
        Some(claim) if claim.is_proved() => {
            (sender.kind, sender.why) = (claim.kind, claim.why);
            sender.confidence = Some(claim.confidence);
        }
        Some(claim) => {
            (sender.kind, sender.why) = (kind, claim.why);
            (sender.confidence, sender.claims) = (Some(claim.confidence), Some(claim.kind));
        }
        None => (sender.kind, sender.why) = (kind, why.to_owned()),
    }
}

fn by_kernel_or_itself(
    sender: &Sender,
    how: SentHow,
    target: &Victim,
    ns_init: bool,
) -> Option<(SenderKind, &'static str)> {
    if how == SentHow::Kernel {
        return Some((SenderKind::Kernel, kernel_reason(sender, target, ns_init)));
    }
    let itself = (SenderKind::Itself, "sender and target are one process");
    (sender.pid == Some(target.pid)).then_some(itself)
}

/// What a sender is that is no known program.
fn relation(sender: &Sender, how: SentHow, target: &Victim) -> (SenderKind, &'static str) {
    if sender.pid.is_some() && sender.pid == target.ppid {
        return (SenderKind::Parent, "the sender is the target's parent");
    }
    if how == SentHow::CgroupKill {
        return (SenderKind::Process, "it wrote to cgroup.kill of the target's cgroup or of one above");
    }
    (SenderKind::Process, "no known program")
}

/// The kernel gives no reason with the signal; these are what its source has besides the OOM killer.
fn kernel_reason(sender: &Sender, target: &Victim, ns_init: bool) -> &'static str {
    if ns_init {
        "the first process of its pid namespace (of its container) ended, which ends all others in it"
    } else if sender.pid == Some(target.pid) {
        "the kernel ended it in its own context: its limit of CPU time (RLIMIT_CPU), or an error from which it could not \
         go on, e.g. a failed exec"
    } else {
        "the kernel sent it, and no OOM kill followed: e.g. SysRq-i or a security module"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Confidence;

    fn at(pid: u32) -> Sender {
        Sender { pid: Some(pid), comm: "x".into(), ..Sender::default() }
    }

    fn told(mut sender: Sender, how: SentHow, claim: Option<Claim>, ns_init: bool) -> Sender {
        let target = Victim { pid: 42, ppid: Some(41), ..Victim::default() };
        recognise(&mut sender, how, &target, claim, ns_init);
        sender
    }

    fn claim(confidence: Confidence) -> Option<Claim> {
        Some(Claim { kind: SenderKind::Earlyoom, confidence, is_contradicted: false, why: "marks".into() })
    }

    #[test]
    fn a_claim_without_a_proof_does_not_say_what_it_is() {
        let proved = told(at(7), SentHow::Kill, claim(Confidence::High), false);
        assert_eq!(
            (proved.kind, proved.claims, proved.confidence),
            (SenderKind::Earlyoom, None, Some(Confidence::High))
        );
        let faked = told(at(7), SentHow::Kill, claim(Confidence::Low), false);
        assert_eq!((faked.kind, faked.claims), (SenderKind::Process, Some(SenderKind::Earlyoom)));
        assert_eq!((faked.confidence, faked.why.as_str()), (Some(Confidence::Low), "marks"));
        assert_eq!(faked.program(), SenderKind::Earlyoom);
        let parent = told(at(41), SentHow::Kill, claim(Confidence::Low), false);
        assert_eq!(parent.kind, SenderKind::Parent);
        assert_eq!(told(at(42), SentHow::Kill, claim(Confidence::Low), false).claims, None);
    }

    #[test]
    fn relatives() {
        let kind = |pid| told(at(pid), SentHow::Kill, None, false).kind;
        assert_eq!(kind(42), SenderKind::Itself);
        assert_eq!(kind(41), SenderKind::Parent);
        assert_eq!(kind(7), SenderKind::Process);
    }

    #[test]
    fn the_kernel_s_own() {
        let why = |pid, init| {
            let told = told(at(pid), SentHow::Kernel, claim(Confidence::High), init);
            assert_eq!(told.kind, SenderKind::Kernel);
            told.why
        };
        assert!(why(7, true).contains("pid namespace"));
        assert!(why(42, false).contains("RLIMIT_CPU"));
        assert!(why(7, false).contains("SysRq-i"));
    }
}
