//! Why this victim?

use super::Answer;
use crate::model::{Incident, Victim};
use crate::render::text::score::{self, Unit};
use crate::render::text::words;
use crate::words::bytes;

/// The message of a kernel that was told not to compare.
const ALLOCATING: &str = "oom_kill_allocating_task";

pub(super) fn answer(incident: &Incident) -> Answer {
    let question = "Why this victim?";
    let Some(victim) = words::chosen(incident) else {
        return Answer { question, short: "Who it was is not known.".into(), ..Answer::default() };
    };
    let mut more = Vec::new();
    more.extend(adjustment(incident, victim));
    more.extend(exempt(incident, victim));
    more.extend(next(incident, victim));
    Answer { question, short: short(incident, victim), more, command: None }
}

fn short(incident: &Incident, victim: &Victim) -> String {
    if incident.scope.message.as_deref().is_some_and(|message| message.contains(ALLOCATING)) {
        return "It asked for the memory, and vm.oom_kill_allocating_task is on: the kernel compared nobody."
            .into();
    }
    match score::of(incident, victim) {
        Some(i64::MAX) => "The kernel takes a task in swapoff or KSM first, whatever its size.".into(),
        Some(points) => scored(incident, victim, points),
        None => match victim.badness.as_ref().and_then(|badness| badness.permille) {
            Some(permille) => format!("The kernel scored it {permille}\u{a0}‰; the parts are not known."),
            None => "The kernel's score is not known.".into(),
        },
    }
}

fn scored(incident: &Incident, victim: &Victim, points: i64) -> String {
    let is_highest = incident.candidates.iter().all(|c| c.points.is_none_or(|other| other <= points));
    let rank = match incident.candidates_scored {
        Some(1) => "It was the only task that could be chosen: badness ".to_owned(),
        Some(scored) if is_highest => {
            format!("It had the highest badness of {} tasks: ", bytes::count(scored.into()))
        }
        _ => "Its badness was ".into(),
    };
    let total =
        victim.badness.as_ref().and_then(|badness| badness.total_pages).or(incident.scope.total_pages);
    let share = total.and_then(|total| words::percent(u64::try_from(points).ok()?, total));
    let whole = if incident.scope.memcg.is_some() { "what the limit allows" } else { "memory and swap" };
    let share = share.map_or(String::new(), |share| format!(", {share} of {whole}"));
    format!("{rank}{}{share}.", Unit::of(incident).tied(points))
}

fn adjustment(incident: &Incident, victim: &Victim) -> Option<String> {
    let ranking = score::without_adj(incident)?;
    let (first, _) = ranking.first()?;
    let among = score::among(incident);
    Some(if first.pid == victim.pid {
        format!("oom_score_adj did not decide: without it the choice would be the same{among}.")
    } else {
        let other = words::task(&first.comm, first.pid);
        format!("oom_score_adj decided: without it {other} would have been killed{among}.")
    })
}

fn exempt(incident: &Incident, victim: &Victim) -> Option<String> {
    let parts = victim.badness.as_ref()?.parts.as_ref()?;
    let pages = parts.rss_pages.checked_add(parts.swap_pages)?.checked_add(parts.page_table_pages)?;
    let own = u64::try_from(pages).ok()?.checked_mul(incident.host.page_size)?;
    let (exempt, size) = score::larger_exempt(incident, own)?;
    let who = words::task(&exempt.comm, exempt.pid);
    Some(format!("{who} is larger ({}) but exempt: oom_score_adj -1000.", words::size(size)))
}

fn next(incident: &Incident, victim: &Victim) -> Option<String> {
    let points = score::of(incident, victim).filter(|points| *points != i64::MAX)?;
    let others = incident.candidates.iter().filter(|c| c.pid != victim.pid);
    let (second, theirs) = others.filter_map(|c| Some((c, c.points?))).max_by_key(|(_, points)| *points)?;
    let unit = Unit::of(incident);
    let who = words::task(&second.comm, second.pid);
    Some(match points.saturating_sub(theirs) {
        0 => format!("{who} scored the same; of equals the kernel takes the one it looks at last."),
        less if less > 0 => format!("Next in line: {who}, {} less.", unit.tied(less)),
        more => format!(
            "{who} scores {} more here, yet the kernel chose otherwise.",
            unit.tied(more.saturating_neg())
        ),
    })
}
