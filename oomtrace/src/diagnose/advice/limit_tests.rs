//! The limit that was hit: when it is raised, and what that buys.

use super::tests::{MIB, commands, diagnosis, incident};
use super::*;
use crate::model::*;

fn raises_limit(commands: &[String]) -> bool {
    commands.iter().any(|command| command.contains("MemoryMax="))
}

#[test]
fn a_need_that_the_kill_cut_off_is_found_by_a_run_with_more_room() {
    let mut incident = incident();
    let advice = advise(&incident, &diagnosis(VerdictKind::LimitTooLow, 1e5));
    assert_eq!(advice[0].command.as_deref(), Some("sudo systemctl set-property shop.service MemoryMax=1G"));
    assert_eq!(advice[0].value_bytes, Some(1024 * MIB));
    assert!(advice[0].action.contains("Find out what it needs"), "{advice:?}");
    assert!(advice[0].why.contains("more than 512 MiB; how much more is unknown"), "{advice:?}");
    incident.victims[0].cmdline = vec!["/usr/bin/xz".into(), "-9".into(), "a b".into()];
    incident.victims[0].exe = Some("/usr/bin/xz".into());
    let advice = advise(&incident, &diagnosis(VerdictKind::LimitTooLow, 1e5));
    assert!(
        advice[0].why.ends_with("sudo oomtrace run --memory-max 1G -- /usr/bin/xz -9 'a b'"),
        "{advice:?}"
    );
    // What the machine does not have no limit gives.
    incident.system = Some(System { mem_total_bytes: Some(900 * MIB), ..System::default() });
    assert!(!raises_limit(&commands(&incident, &diagnosis(VerdictKind::LimitTooLow, 1e5))));
}

#[test]
fn a_need_that_an_earlier_run_showed_sets_the_limit() {
    let mut incident = incident();
    let life = Life { comm: "shop".into(), peak_bytes: 480 * MIB, ..Life::default() };
    incident.history.as_mut().unwrap().earlier_lives = vec![life];
    let advice = advise(&incident, &diagnosis(VerdictKind::LimitTooLow, 1e5));
    assert_eq!(advice[0].value_bytes, Some(640 * MIB), "{advice:?}");
    assert!(advice[0].why.contains("ended by itself with a peak of 480 MiB"), "{advice:?}");
}

#[test]
fn a_lower_limit_further_up_is_named() {
    let mut incident = incident();
    incident.scope.ancestors = vec![MemcgLevel {
        path: "/system.slice".into(),
        limit_bytes: Some(600 * MIB),
        ..MemcgLevel::default()
    }];
    let advice = advise(&incident, &diagnosis(VerdictKind::LimitTooLow, 1e5));
    assert!(
        advice[0].action.contains("Raise the limit of /system.slice as well: it is 600 MiB."),
        "{advice:?}"
    );
}

#[test]
fn for_a_leak_a_higher_limit_is_a_stopgap_or_nothing() {
    // 256 MiB more: 85 s at 3 MiB/s are not worth it.
    assert!(!raises_limit(&commands(&incident(), &diagnosis(VerdictKind::Leak, 3.0 * 1_048_576.0))));
    let slow = advise(&incident(), &diagnosis(VerdictKind::Leak, 100_000.0));
    let raise = slow.iter().find(|advice| advice.action.contains("stopgap")).unwrap();
    assert!(raise.action.contains("buys 45 min"), "{raise:?}");
    assert_eq!(slow.last().unwrap(), raise, "the last thing to do");
}

#[test]
fn a_higher_limit_shows_whether_it_is_a_leak_or_a_low_limit() {
    let mut unsure = diagnosis(VerdictKind::Leak, 1_048_576.0);
    unsure.confidence = Confidence::Low;
    let advice = advise(&incident(), &unsure);
    assert_eq!(advice.len(), 1, "{advice:?}");
    assert!(
        advice[0].action.contains("Raise the limit once") && advice[0].why.contains("4 min 16 s")
            || advice[0].why.contains("4 min"),
        "{advice:?}"
    );
}
