use std::path::Path;

use proptest::prelude::*;

use super::*;

const FORMAT_KERNELS: [&str; 8] = [
    "5.10.0-32-arm64",
    "5.10.262-amd64",
    "6.1.0-amd64",
    "6.12.107-amd64",
    "6.12.107-arm64",
    "6.18.44-amd64",
    "7.0.13-amd64",
    "7.3.4-amd64",
];

fn fixture(kind: &str, name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(dir.join(kind).join(name)).unwrap()
}

fn btf(kernel: &str) -> Btf {
    Btf::parse(fixture("btf", &format!("{kernel}.btf"))).unwrap()
}

/// What is found on `kernel`, by the real format text where `tracefs`, and else by its BTF.
fn names(kernel: &str, tracefs: bool) -> GfpNames {
    let dir = tempfile::tempdir().unwrap();
    let roots = Roots { proc: dir.path().join("proc"), sys: dir.path().join("sys") };
    std::fs::create_dir_all(roots.proc.join("sys/kernel")).unwrap();
    std::fs::write(roots.proc.join("sys/kernel/osrelease"), format!("{kernel}\n")).unwrap();
    if tracefs {
        let event = roots.sys.join("kernel/tracing/events/kmem/mm_page_alloc");
        std::fs::create_dir_all(&event).unwrap();
        std::fs::write(event.join("format"), fixture("gfp", &format!("{kernel}.format"))).unwrap();
    }
    GfpNames::detect(&roots, Some(&btf(kernel)))
}

#[test]
fn names_are_those_of_the_kernels_log() {
    // As logs of these kernels print them.
    for kernel in FORMAT_KERNELS {
        let names = names(kernel, true);
        assert_eq!(names.source(), GfpSource::Tracefs, "{kernel}");
        for (flags, expected) in [
            (0, ""),
            (0xcc0, "GFP_KERNEL"),
            (0x100cca, "GFP_HIGHUSER_MOVABLE"),
            (0x140cca, "GFP_HIGHUSER_MOVABLE|__GFP_COMP"),
            (0xc40, "GFP_NOFS"),
            (0x400cc0, "GFP_KERNEL_ACCOUNT"),
            (0x400dc0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO"),
            (0x100dca, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO"),
            (0x8000_0cc0, "GFP_KERNEL|0x80000000"),
        ] {
            assert_eq!(names.names(flags), expected, "{kernel} {flags:#x}");
        }
    }
}

#[test]
fn single_flags_are_ordered_as_the_kernel_orders_them() {
    for kernel in FORMAT_KERNELS {
        let by_hand = kernel.starts_with("5.") || kernel.starts_with("6.1.") || kernel.starts_with("6.12");
        let expected =
            if by_hand { "GFP_KERNEL|__GFP_COMP|__GFP_ZERO" } else { "GFP_KERNEL|__GFP_ZERO|__GFP_COMP" };
        assert_eq!(names(kernel, true).names(0x40dc0), expected, "{kernel}");
    }
}

#[test]
fn values_that_changed_follow_the_kernel() {
    assert_eq!(names("6.1.0-amd64", true).names(0xa20), "GFP_ATOMIC");
    assert_eq!(names("6.12.107-amd64", true).names(0x820), "GFP_ATOMIC");
    assert_eq!(names("6.1.0-amd64", true).names(0x800), "GFP_NOWAIT");
    assert_eq!(names("6.12.107-amd64", true).names(0x2800), "GFP_NOWAIT");
    assert_eq!(names("7.0.13-amd64", true).names(0x100_0cc0), "GFP_KERNEL|__GFP_NO_OBJ_EXT");
    assert_eq!(names("7.3.4-amd64", true).names(0x100_0cc0), "GFP_KERNEL|0x1000000");
    assert_eq!(names("5.10.262-amd64", true).names(0x80_0cc0), "GFP_KERNEL|0x800000");
}

#[test]
fn the_enumeration_gives_the_same_list_as_the_format() {
    for kernel in ["6.12.107-amd64", "6.12.107-arm64", "6.18.44-amd64", "7.0.13-amd64", "7.3.4-amd64"] {
        let (format, btf) = (names(kernel, true), names(kernel, false));
        assert_eq!(btf.source(), GfpSource::Btf, "{kernel}");
        assert_eq!(btf.entries, format.entries, "{kernel}");
    }
}

#[test]
fn the_fixed_list_is_that_of_6_1() {
    let (format, fixed) = (names("6.1.0-amd64", true), names("6.1.0-amd64", false));
    assert_eq!(fixed.source(), GfpSource::Fixed);
    assert_eq!(fixed.entries, format.entries);
    let mut without_zerotags = fixed.entries;
    without_zerotags.retain(|(_, name)| name != "__GFP_ZEROTAGS");
    assert_eq!(without_zerotags, names("5.10.262-amd64", true).entries);
}

#[test]
fn enumerators_without_btf_are_not_guessed() {
    let text = String::from_utf8(fixture("gfp", "6.12.107-amd64.format")).unwrap();
    assert_eq!(expression::flag_list(&text, &|_| None), None);
    let text = String::from_utf8(fixture("gfp", "6.18.44-amd64.format")).unwrap();
    assert_eq!(expression::flag_list(&text, &|_| None).unwrap(), names("6.18.44-amd64", true).entries);
}

#[test]
fn the_running_kernel_has_names() {
    let roots = Roots::default();
    let btf = Btf::open(&roots.vmlinux_btf()).ok();
    let names = GfpNames::detect(&roots, btf.as_ref());
    assert_eq!(names.names(0xcc0), "GFP_KERNEL", "{:?}", names.source());
}

fn evaluate(expression: &str) -> Option<u64> {
    let format = format!("__print_flags(REC->gfp_flags, \"|\", {{{expression}, \"X\"}} )");
    let value = |name: &str| (name == "A_BIT").then_some(4);
    expression::flag_list(&format, &value).map(|list| u64::from(list[0].0))
}

#[test]
fn expressions_follow_c() {
    assert_eq!(evaluate("1 | 6 & 3"), Some(3));
    assert_eq!(evaluate("1UL << 4 | 1"), Some(17));
    assert_eq!(
        evaluate("(unsigned long)((( gfp_t)0x40u) | (( gfp_t)(0x400u|0x800u))) & ~(0x400u)"),
        Some(0x840)
    );
    assert_eq!(evaluate("((((1UL))) << (A_BIT))"), Some(16));
    assert_eq!(evaluate("((void *)3)"), Some(3));
    for bad in [
        "1 <<",
        "(1",
        "B_BIT",
        "(B_BIT)",
        "1 << 64",
        "1 << 4294967296",
        "0xg",
        "",
        "()",
        "1 1",
        "0x100000000",
    ] {
        assert_eq!(evaluate(bad), None, "{bad}");
    }
    assert_eq!(evaluate(&"(".repeat(100_000)), None);
    assert_eq!(evaluate(&"~".repeat(100_000)), None);
}

proptest! {
    #[test]
    fn any_text_is_taken(text in "[(){}|&~<>,\"0-9a-zA-Z_ *]{0,200}") {
        evaluate(&text);
        expression::flag_list(&text, &|_| None);
    }

    #[test]
    fn every_bit_is_told(flags in any::<u32>()) {
        let list = GfpNames::fixed();
        let told = list.names(flags);
        let sum = told.split('|').filter(|part| !part.is_empty()).fold(0, |all, part| {
            let known = list.entries.iter().find(|(_, name)| name == part).map(|(mask, _)| *mask);
            all | known.unwrap_or_else(|| u32::from_str_radix(part.trim_start_matches("0x"), 16).unwrap())
        });
        prop_assert_eq!(sum, flags);
    }
}
