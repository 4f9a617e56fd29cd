//! One kill: the sentence, the four answers, then what they rest on.

use super::{candidates, escape, limits, line, machine, notes, table, timeline};
use crate::model::Incident;
use crate::render::answers::{self, Answer};
use crate::render::text::{sentence, words};

pub(super) fn write(out: &mut String, incident: &Incident) {
    line(out, &format!("## OOM kill: {}\n", escape::code(&answers::victim(incident))));
    line(out, &format!("**{}**\n", escape::prose(&answers::headline(incident))));
    line(out, &format!("{}\n", facts(incident)));
    answers::of(incident).iter().for_each(|answer| write_answer(out, answer));
    advice(out, incident);
    what_if(out, incident);
    timeline::write(out, incident);
    candidates::write(out, incident);
    limits::write(out, incident);
    victims(out, incident);
    machine::write(out, incident);
    notes(out, &incident.source.notes);
    line(
        out,
        &format!("\nRecord {} by oomtrace, seen by {}.", escape::code(&incident.id), seen_by(incident)),
    );
}

fn facts(incident: &Incident) -> String {
    let mut facts = vec![escape::prose(&answers::when(incident))];
    if !incident.host.name.is_empty() {
        facts.push(format!("host {}", escape::code(&incident.host.name)));
    }
    if !incident.host.kernel.is_empty() {
        facts.push(format!("kernel {}", escape::code(&incident.host.kernel)));
    }
    if let Some(diagnosis) = &incident.diagnosis {
        facts.push(format!("verdict **{}**", answers::growth::judged(diagnosis)));
    }
    facts.join(" · ")
}

fn write_answer(out: &mut String, answer: &Answer) {
    line(out, &format!("**{}** {}", answer.question, escape::prose(&answer.short)));
    answer.more.iter().for_each(|more| line(out, &format!("- {}", escape::prose(more))));
    if let Some(command) = &answer.command {
        line(out, &format!("\n{}", escape::command(command, 0)));
    }
    out.push('\n');
}

/// The advice after the first, which is among the answers.
fn advice(out: &mut String, incident: &Incident) {
    let advice = incident.diagnosis.as_ref().map_or(&[][..], |diagnosis| &diagnosis.advice);
    let rest = advice.get(1..).unwrap_or_default();
    if rest.is_empty() {
        return;
    }
    line(out, "Also:\n");
    for advice in rest {
        line(out, &format!("- {}", escape::prose(&sentence(&advice.action))));
        if let Some(command) = &advice.command {
            line(out, &format!("\n{}\n", escape::command(command, 2)));
        }
        if !advice.why.is_empty() {
            line(out, &format!("  {}", escape::prose(&sentence(&advice.why))));
        }
    }
    out.push('\n');
}

/// The kill with one thing changed.
fn what_if(out: &mut String, incident: &Incident) {
    let all = incident.diagnosis.as_ref().map_or(&[][..], |diagnosis| &diagnosis.what_if);
    if all.is_empty() {
        return;
    }
    line(out, "What if:\n");
    all.iter().for_each(|one| line(out, &format!("- {}", escape::prose(&sentence(&one.text)))));
    out.push('\n');
}

/// What died, with its command line.
fn victims(out: &mut String, incident: &Incident) {
    if incident.victims.is_empty() {
        return;
    }
    line(out, "\n### Killed\n");
    table(
        out,
        &["Process", "Command", ">Resident", ">Swap", "Cgroup, container, unit", ">Gone after"],
        incident.victims.iter().take(32).map(|victim| {
            let size =
                |size: Option<u64>| size.map_or(String::new(), |size| escape::prose(&words::size(size)));
            let command: Vec<_> = victim.cmdline.iter().map(words::shown).collect();
            let command = match (command.is_empty(), &victim.exe) {
                (true, None) => String::new(),
                (true, Some(exe)) => escape::name(exe),
                (false, _) => escape::code(&command.join(" ")),
            };
            let mut home: Vec<_> = victim.cgroup.iter().map(|cgroup| escape::name(&cgroup.path)).collect();
            home.extend(
                victim.container.as_ref().map(|container| escape::prose(&words::container(container))),
            );
            home.extend(victim.unit.as_deref().map(escape::code));
            vec![
                format!("{} ({})", escape::name(&victim.comm), victim.pid),
                command,
                size(words::resident(&victim.memory)),
                size(victim.memory.swap_bytes),
                home.join(", "),
                victim.kill_to_exit_ns.map_or(String::new(), |ns| escape::prose(&words::duration(ns))),
            ]
        }),
    );
    if incident.victims.len() > 32 {
        line(out, &format!("\n{} more died.", incident.victims.len() - 32));
    }
}

fn seen_by(incident: &Incident) -> String {
    let probes: Vec<_> = incident.source.probes.iter().map(|probe| escape::code(probe)).collect();
    if probes.is_empty() { "no known witness".into() } else { probes.join(", ") }
}
