//! Settings of memory among arguments and variables.

use super::variables::{OPTIONS, variables};
use crate::model::{RuntimeKind, RuntimeSetting};
use crate::words::bytes;

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `512m`, `1G`, bytes without a unit.
    Size,
    /// A number of MiB.
    Mebibytes,
    /// Bytes in hexadecimal.
    Hex,
    /// Redis: `100mb` is binary, `100m` decimal.
    Redis,
    /// Something else.
    Other,
}

/// An option: its name, what stands before its value, and how that is written.
struct Known {
    kind: RuntimeKind,
    name: &'static str,
    before: &'static [&'static str],
    form: Form,
}

const fn known(kind: RuntimeKind, name: &'static str, before: &'static [&'static str], form: Form) -> Known {
    Known { kind, name, before, form }
}

/// Options whose value is in the same argument.
const ATTACHED: [Known; 15] = [
    known(
        RuntimeKind::Node,
        "--max-old-space-size",
        &["--max-old-space-size=", "--max_old_space_size="],
        Form::Mebibytes,
    ),
    known(
        RuntimeKind::Node,
        "--max-semi-space-size",
        &["--max-semi-space-size=", "--max_semi_space_size="],
        Form::Mebibytes,
    ),
    known(RuntimeKind::Jvm, "-Xmx", &["-Xmx"], Form::Size),
    known(RuntimeKind::Jvm, "-Xms", &["-Xms"], Form::Size),
    known(RuntimeKind::Jvm, "-Xss", &["-Xss"], Form::Size),
    known(RuntimeKind::Jvm, "-XX:MaxHeapSize", &["-XX:MaxHeapSize="], Form::Size),
    known(RuntimeKind::Jvm, "-XX:MaxRAM", &["-XX:MaxRAM="], Form::Size),
    known(RuntimeKind::Jvm, "-XX:MaxRAMPercentage", &["-XX:MaxRAMPercentage="], Form::Other),
    known(RuntimeKind::Jvm, "-XX:MaxDirectMemorySize", &["-XX:MaxDirectMemorySize="], Form::Size),
    known(RuntimeKind::Jvm, "-XX:MaxMetaspaceSize", &["-XX:MaxMetaspaceSize="], Form::Size),
    known(
        RuntimeKind::Postgresql,
        "shared_buffers",
        &["shared_buffers=", "--shared_buffers=", "-cshared_buffers="],
        Form::Size,
    ),
    known(RuntimeKind::Postgresql, "work_mem", &["work_mem=", "--work_mem=", "-cwork_mem="], Form::Size),
    known(
        RuntimeKind::Mysql,
        "innodb_buffer_pool_size",
        &["--innodb-buffer-pool-size=", "--innodb_buffer_pool_size="],
        Form::Size,
    ),
    known(RuntimeKind::Php, "memory_limit", &["memory_limit=", "-dmemory_limit="], Form::Size),
    known(RuntimeKind::Build, "-j", &["-j", "--jobs="], Form::Other),
];

/// Options whose value is the next argument.
const SEPARATE: [Known; 2] = [
    known(RuntimeKind::Redis, "maxmemory", &["--maxmemory"], Form::Redis),
    known(
        RuntimeKind::Node,
        "--max-old-space-size",
        &["--max-old-space-size", "--max_old_space_size"],
        Form::Mebibytes,
    ),
];

/// Variables that mean something to a kind; glibc's to all that use its malloc.
const VARIABLES: [(&str, &[RuntimeKind], Form); 7] = [
    ("GOMEMLIMIT", &[RuntimeKind::Go], Form::Size),
    ("GOGC", &[RuntimeKind::Go], Form::Other),
    ("PYTHONMALLOC", &[RuntimeKind::Python], Form::Other),
    ("DOTNET_GCHeapHardLimit", &[RuntimeKind::Dotnet], Form::Hex),
    ("DOTNET_GCHeapHardLimitPercent", &[RuntimeKind::Dotnet], Form::Other),
    ("RUBY_GC_HEAP_GROWTH_FACTOR", &[RuntimeKind::Ruby], Form::Other),
    (
        "MALLOC_ARENA_MAX",
        &[
            RuntimeKind::Native,
            RuntimeKind::Python,
            RuntimeKind::Ruby,
            RuntimeKind::Php,
            RuntimeKind::Jvm,
            RuntimeKind::Node,
            RuntimeKind::Mysql,
            RuntimeKind::Postgresql,
        ],
        Form::Other,
    ),
];

/// The settings of a process of this kind; what comes later wins.
pub(super) fn of(kind: RuntimeKind, cmdline: &[Vec<u8>], environment: &[u8]) -> Vec<RuntimeSetting> {
    let mut found = Vec::new();
    for (name, value) in variables(environment) {
        let single = VARIABLES.iter().find(|(known, kinds, _)| *known == name && kinds.contains(&kind));
        if let Some((name, _, form)) = single {
            take(&mut found, name, value, *form, name);
        } else if let Some(from) =
            OPTIONS.iter().find(|options| **options == name && **options != "_JAVA_OPTIONS")
        {
            value.split_ascii_whitespace().for_each(|option| attached(&mut found, kind, option, from));
        }
    }
    let args: Vec<_> = cmdline.iter().filter_map(|arg| std::str::from_utf8(arg).ok()).collect();
    for (at, arg) in args.iter().enumerate() {
        attached(&mut found, kind, arg, "command_line");
        if let Some(known) = SEPARATE.iter().find(|known| known.kind == kind && known.before.contains(arg))
            && let Some(value) = args.get(at + 1)
        {
            take(&mut found, known.name, value, known.form, "command_line");
        }
    }
    // It is read last by the JVM, after the command line.
    for (_, value) in variables(environment).filter(|(name, _)| *name == "_JAVA_OPTIONS") {
        value.split_ascii_whitespace().for_each(|option| attached(&mut found, kind, option, "_JAVA_OPTIONS"));
    }
    found
}

/// Whether an option of a variable is one that is kept.
pub(super) fn is_known(option: &str) -> bool {
    let of_variables = |known: &&Known| matches!(known.kind, RuntimeKind::Node | RuntimeKind::Jvm);
    ATTACHED.iter().filter(of_variables).any(|known| value_of(known, option).is_some_and(is_harmless))
}

/// Words that are values.
const WORDS: [&str; 7] = ["off", "default", "malloc", "pymalloc", "debug", "malloc_debug", "pymalloc_debug"];

/// Whether a value may be kept: a number or size, or a known word. A secret is neither, as a rule.
pub(super) fn is_harmless(value: &str) -> bool {
    let is_figure = |value: &str| {
        let digits = value.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let unit = value.get(digits..).unwrap_or_default();
        digits > 0 && digits <= 20 && (is_unit(unit) || unit == "%")
    };
    let hex = value.strip_prefix("0x").unwrap_or(value);
    let is_hex = !hex.is_empty() && hex.len() <= 16 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    is_figure(value) || is_hex || WORDS.contains(&value)
}

/// `m`, `MB`, `MiB`.
fn is_unit(unit: &str) -> bool {
    let unit = unit.to_ascii_lowercase();
    ["", "b", "k", "m", "g", "t", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib"].contains(&unit.as_str())
}

fn value_of<'o>(known: &Known, option: &'o str) -> Option<&'o str> {
    known.before.iter().find_map(|before| option.strip_prefix(before))
}

fn attached(into: &mut Vec<RuntimeSetting>, kind: RuntimeKind, option: &str, from: &str) {
    for known in ATTACHED.iter().filter(|known| known.kind == kind) {
        if let Some(value) = value_of(known, option) {
            take(into, known.name, value, known.form, from);
        }
    }
}

fn take(into: &mut Vec<RuntimeSetting>, name: &str, value: &str, form: Form, from: &str) {
    let size = match form {
        Form::Size => bytes::parse(value).ok(),
        Form::Mebibytes => value.parse::<u64>().ok().and_then(|mib| mib.checked_mul(1 << 20)),
        Form::Hex => u64::from_str_radix(value.trim_start_matches("0x"), 16).ok(),
        Form::Redis => redis(value),
        Form::Other => None,
    };
    // What should be a size and is none says nothing (`GOMEMLIMIT=off` does).
    if !is_harmless(value) || form != Form::Other && size.is_none() && value != "off" {
        return;
    }
    into.retain(|setting| setting.name != name);
    let value = size.is_none().then(|| value.to_owned());
    into.push(RuntimeSetting { name: name.into(), value_bytes: size, value, from: from.into() });
}

fn redis(value: &str) -> Option<u64> {
    let value = value.to_ascii_lowercase();
    let decimal = [("k", 1_000), ("m", 1_000_000), ("g", 1_000_000_000)];
    let decimal = decimal.iter().find_map(|(unit, factor)| Some((value.strip_suffix(unit)?, factor)));
    match decimal {
        Some((number, factor)) => number.parse::<u64>().ok()?.checked_mul(*factor),
        None => bytes::parse(&value).ok(),
    }
}
