//! Whatever the bytes are, there is an error or there are answers, soon.

use std::hint::black_box;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::Btf;
use super::raw::kind::*;
use super::writer::Writer;
use crate::kernel::layout;

/// Types of a real kernel.
static REAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/btf");
    std::fs::read(dir.join("6.12.107-amd64.btf")).unwrap()
});

/// Asks every kind of question.
fn interrogate(bytes: Vec<u8>) {
    let Ok(btf) = Btf::parse(bytes) else { return };
    black_box(layout::resolve(&btf));
    let names: Vec<String> =
        black_box(btf.all().take(64).map(|raw| btf.text(raw.name)).chain(["task_struct".into()]).collect());
    for name in names {
        for member in ["pid", "", ".", "rss_stat.count", "memory.usage"] {
            black_box(btf.offset_of(&format!("{name}.{member}")));
            black_box(btf.member_kind(&format!("{name}.{member}")));
        }
        black_box(btf.size_of(&name));
        black_box(btf.has_func(&name));
        black_box(btf.enum_variants(&name));
        black_box(btf.enum_value(&name, &name));
        black_box(btf.anonymous_enum_with(&name));
        black_box(btf.raw_tracepoint_first_arg(&name));
        black_box(btf.raw_tracepoint_args(&name));
    }
}

/// A header that fits the rest, so that more of the bytes is reached than by chance.
fn with_header(types: &[u8], strings: &[u8]) -> Vec<u8> {
    let (t, s) = (types.len() as u32, strings.len() as u32);
    let head = [24, 0, t, t, s].into_iter().flat_map(u32::to_ne_bytes);
    [0x9f, 0xeb, 1, 0].into_iter().chain(head).chain(types.iter().chain(strings).copied()).collect()
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        interrogate(bytes);
    }

    #[test]
    fn arbitrary_types(
        // Small words make ids, offsets and kinds that exist.
        words in proptest::collection::vec(prop_oneof![0..40_u32, (1..20_u32, 0..4_u32).prop_map(|(k, n)| k << 24 | n), any::<u32>()], 0..96),
        strings in proptest::collection::vec(prop_oneof![Just(0_u8), b'a'..=b'c'], 0..48),
    ) {
        let types: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
        interrogate(with_header(&types, &strings));
    }

    #[test]
    fn real_types_with_words_changed(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![0..400_u32, any::<u32>()]), 1..12),
    ) {
        let mut bytes = REAL.clone();
        for (at, word) in changes {
            let at = at.index(bytes.len() / 4) * 4;
            bytes[at..at + 4].copy_from_slice(&word.to_ne_bytes());
        }
        interrogate(bytes);
    }

    #[test]
    fn real_types_with_bits_flipped(flips in proptest::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 1..64)) {
        let mut bytes = REAL.clone();
        // The header stays, else hardly any case gets past it.
        for (at, bit) in flips {
            let at = 24 + at.index(bytes.len() - 24);
            bytes[at] ^= 1 << bit;
        }
        interrogate(bytes);
    }
}

#[test]
fn every_truncation_is_refused() {
    for len in 0..REAL.len() {
        assert!(Btf::parse(REAL[..len].to_vec()).is_err(), "{len} of {} bytes", REAL.len());
    }
}

#[test]
fn types_that_contain_themselves_end() {
    let mut writer = Writer::new();
    let members: Vec<(&str, u32, u32)> = (0..60_000).map(|_| ("", 1, u32::MAX)).collect();
    writer.members("task_struct", STRUCT, false, 4, &members);
    writer.add("loop", TYPEDEF, false, 2, 0, &[]);
    writer.members("mm_struct", STRUCT, false, 4, &[("", 2, 0), ("self", 3, u32::MAX)]);
    let blob = writer.finish();
    let begin = Instant::now();
    let btf = Btf::parse(blob.clone()).unwrap();
    assert_eq!(btf.offset_of("task_struct.pid"), None);
    assert_eq!(btf.size_of("loop"), None);
    let deep = format!("mm_struct{}", ".self".repeat(1000));
    assert_eq!(btf.offset_of(&deep), None, "the sum does not fit");
    interrogate(blob);
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn one_endless_name_for_all_types_is_not_quadratic() {
    let types: Vec<u8> =
        std::iter::repeat_n([1_u32, (FUNC << 24), 0], 100_000).flatten().flat_map(u32::to_ne_bytes).collect();
    let mut strings = vec![b'a'; 4 << 20];
    strings[0] = 0;
    let begin = Instant::now();
    let btf = Btf::parse(with_header(&types, &strings)).unwrap();
    assert!(!btf.has_func("a"));
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}
