//! Node.js: the old space of V8, and what it does not bound.

use super::command::VARIABLE_PLACE;
use super::facts::{Facts, Subject};
use super::round::{mib, size};
use super::{Ranked, heap, push, v8};
use crate::model::{Advice, Runtime, RuntimeKind, VerdictKind};

/// What `--max-old-space-size` does not count.
const OUTSIDE: &str = "Buffers, ArrayBuffers and native addons are outside of that heap and stay unbounded.";

pub(super) fn advise(facts: &Facts<'_>, into: &mut Vec<Ranked>) {
    let Some((subject, runtime)) = facts.managed_by(RuntimeKind::Node) else {
        return;
    };
    let bound = v8::bound(facts, &subject, runtime);
    let max = bound.as_ref().map(|bound| bound.bytes);
    if !heap::matters(facts, &subject, max) {
        return;
    }
    let default =
        bound.and_then(|bound| bound.default).map_or(String::new(), |default| format!("{default} "));
    if let (Some(outside), Some(max)) = (heap::outside(&subject, max), max)
        && (outside > max || outside >= max / 2 && heap::fitting(facts, &subject, Some(max)).is_none())
    {
        push(into, 12, buffers(&subject, outside, max, &default));
        return;
    }
    let Some(heap) = heap::fitting(facts, &subject, max) else {
        return;
    };
    let action = if facts.is(&[VerdictKind::Leak, VerdictKind::NoLimit]) {
        "Make Node.js hit its own heap limit first: it then ends with \"heap out of memory\" and a JavaScript stack"
    } else {
        "Give V8 a heap that fits, so that it collects garbage instead of being killed"
    };
    let option = format!("--max-old-space-size={}", mib(heap.bytes));
    let (place, command) = set(facts, runtime, &option);
    push(
        into,
        12,
        Advice {
            action: format!("{action}. {OUTSIDE} {place}"),
            command,
            value_bytes: Some(heap.bytes),
            why: format!("{default}{}", heap.why),
        },
    );
}

/// Where the option is set, and the command: a command line that has it overrides the variable.
fn set(facts: &Facts<'_>, runtime: &Runtime, option: &str) -> (String, Option<String>) {
    let today = runtime.setting("--max-old-space-size");
    if today.is_none_or(|setting| setting.from != "command_line") {
        let export = format!("export NODE_OPTIONS=\"${{NODE_OPTIONS:+$NODE_OPTIONS }}{option}\"");
        return (format!("{VARIABLE_PLACE}; its command line overrides the variable."), Some(export));
    }
    let is_option =
        |word: &str| word.trim_start_matches('\'').replace('_', "-").starts_with("--max-old-space-size");
    let line = facts.line().map(|line| {
        let words = line.into_iter().map(|word| if is_option(&word) { option.to_owned() } else { word });
        words.collect::<Vec<_>>().join(" ")
    });
    (
        format!(
            "Its command line sets the option, which overrides NODE_OPTIONS: change it there to {option}."
        ),
        line,
    )
}

/// Most of it is outside of V8's heap: a smaller heap would not help.
fn buffers(subject: &Subject<'_>, outside: u64, max: u64, default: &str) -> Advice {
    Advice {
        action: "Look outside of V8's heap: log process.memoryUsage() once a minute and compare external and arrayBuffers with \
                 rss."
            .into(),
        command: None,
        value_bytes: None,
        why: format!(
            "{default}{} held at least {} outside of its heap of {}: Buffers, ArrayBuffers or native addons. A smaller heap would not \
             free them.",
            subject.name(),
            size(outside),
            size(max)
        ),
    }
}
