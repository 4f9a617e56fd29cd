use super::raw::kind::*;
use super::writer::Writer;
use super::{Btf, FirstArg, MemberKind};

const INT32: u32 = 32;

/// A `u32` as type 1, then what `build` adds.
fn btf(build: impl FnOnce(&mut Writer)) -> Btf {
    let mut writer = Writer::new();
    writer.add("u32", INT, false, 4, 0, &[INT32]);
    build(&mut writer);
    Btf::parse(writer.finish()).unwrap()
}

#[test]
fn members_of_anonymous_members_are_found_at_any_depth() {
    let btf = btf(|w| {
        let inner = w.members("", STRUCT, false, 8, &[("a", 1, 0), ("deep", 1, 32)]);
        let qualified = w.add("", CONST, false, inner, 0, &[]);
        let middle = w.members("", UNION, false, 8, &[("x", 1, 0), ("", qualified, 0)]);
        let named = w.members("named", STRUCT, false, 8, &[("n", 1, 32)]);
        let alias = w.add("named_t", TYPEDEF, false, named, 0, &[]);
        w.members("outer", STRUCT, false, 24, &[("first", 1, 0), ("", middle, 64), ("inner", alias, 128)]);
    });
    assert_eq!(btf.offset_of("outer.first"), Some(0));
    assert_eq!(btf.offset_of("outer.x"), Some(8));
    assert_eq!(btf.offset_of("outer.deep"), Some(12));
    assert_eq!(btf.offset_of("outer.inner.n"), Some(20));
    assert_eq!(btf.size_of("outer"), Some(24));
    assert_eq!(btf.size_of("named_t"), Some(8));
    for absent in
        ["outer.n", "outer.first.x", "outer.", "outer", ".", "", "none.x", "outer.inner.", "named_t.n"]
    {
        assert_eq!(btf.offset_of(absent), None, "{absent}");
    }
}

#[test]
fn bit_fields_have_no_offset() {
    let btf = btf(|w| {
        let partial = w.add("u32", INT, false, 4, 0, &[3]);
        w.members("old", STRUCT, false, 4, &[("bits", partial, 0), ("whole", 1, 32)]);
        w.members("new", STRUCT, true, 4, &[("bits", 1, 3 << 24 | 8), ("whole", 1, 32), ("odd", 1, 33)]);
    });
    assert_eq!(btf.offset_of("old.bits"), None);
    assert_eq!(btf.offset_of("old.whole"), Some(4));
    assert_eq!(btf.offset_of("new.bits"), None);
    assert_eq!(btf.offset_of("new.whole"), Some(4));
    assert_eq!(btf.offset_of("new.odd"), None);
}

#[test]
fn structures_of_one_name_must_agree() {
    let btf = btf(|w| {
        w.members("twice", STRUCT, false, 8, &[("same", 1, 0), ("moved", 1, 32)]);
        w.members("twice", STRUCT, false, 12, &[("same", 1, 0), ("moved", 1, 64)]);
        w.add("twice", FWD, false, 0, 0, &[]);
    });
    assert_eq!(btf.offset_of("twice.same"), Some(0));
    assert_eq!(btf.offset_of("twice.moved"), None);
    assert_eq!(btf.size_of("twice"), None);
}

#[test]
fn kinds_tell_an_array_of_structures_from_a_structure() {
    let btf = btf(|w| {
        let counter = w.members("percpu_counter", STRUCT, false, 40, &[("count", 1, 0)]);
        let array = w.add("", ARRAY, false, 0, 0, &[counter, 1, 4]);
        let pointer = w.add("", PTR, false, counter, 0, &[]);
        w.members(
            "mm",
            STRUCT,
            false,
            64,
            &[("a", array, 0), ("s", counter, 0), ("p", pointer, 0), ("i", 1, 0)],
        );
    });
    assert_eq!(btf.member_kind("mm.a"), Some(MemberKind::Array { element: "percpu_counter".into(), len: 4 }));
    assert_eq!(btf.member_kind("mm.s"), Some(MemberKind::Struct("percpu_counter".into())));
    assert_eq!(btf.member_kind("mm.p"), Some(MemberKind::Pointer));
    assert_eq!(btf.member_kind("mm.i"), Some(MemberKind::Int));
    assert_eq!(btf.member_kind("mm.none"), None);
}

#[test]
fn enumerations_of_all_widths_and_signs() {
    let btf = btf(|w| {
        let (a, b) = (w.string("A"), w.string("B"));
        w.add("plain", ENUM, false, 4, 2, &[a, 1, b, u32::MAX]);
        w.add("signed", ENUM, true, 4, 2, &[a, 1, b, u32::MAX]);
        w.add("wide", ENUM64, false, 8, 2, &[a, 1, 2, b, u32::MAX, u32::MAX]);
        let (x, y) = (w.string("X"), w.string("Y"));
        w.add("", ENUM, false, 4, 2, &[x, 7, y, 8]);
    });
    assert_eq!(btf.enum_value("plain", "B"), Some(0xffff_ffff));
    assert_eq!(btf.enum_value("signed", "B"), Some(-1));
    assert_eq!(btf.enum_value("wide", "A"), Some(0x2_0000_0001));
    assert_eq!(btf.enum_value("wide", "B"), Some(-1));
    assert_eq!(btf.enum_value("wide", "C"), None);
    assert_eq!(btf.enum_value("none", "A"), None);
    assert_eq!(btf.enum_variants("signed"), [("A".into(), 1), ("B".into(), -1)]);
    assert_eq!(btf.anonymous_enum_with("Y"), [("X".into(), 7), ("Y".into(), 8)]);
    assert_eq!(btf.anonymous_enum_with("A"), []);
}

#[test]
fn tracepoint_arguments_come_from_the_typedef() {
    let btf = btf(|w| {
        let task = w.members("task_struct", STRUCT, false, 4, &[("pid", 1, 0)]);
        let pointer = w.add("", PTR, false, task, 0, &[]);
        let void = w.add("", PTR, false, 0, 0, &[]);
        for (name, args) in [
            ("btf_trace_new", &[void, pointer, 1][..]),
            ("btf_trace_old", &[void, 1]),
            ("btf_trace_other", &[void, void]),
            ("btf_trace_none", &[void]),
        ] {
            let params: Vec<u32> = args.iter().flat_map(|id| [0, *id]).collect();
            let proto = w.add("", FUNC_PROTO, false, 0, args.len(), &params);
            let pointer = w.add("", PTR, false, proto, 0, &[]);
            w.add(name, TYPEDEF, false, pointer, 0, &[]);
            w.add(&name.replace("btf_trace", "do"), FUNC, false, proto, 0, &[]);
        }
    });
    assert_eq!(btf.raw_tracepoint_first_arg("new"), Some(FirstArg::Task));
    assert_eq!(btf.raw_tracepoint_first_arg("old"), Some(FirstArg::Int));
    assert_eq!(btf.raw_tracepoint_first_arg("other"), None);
    assert_eq!(btf.raw_tracepoint_first_arg("none"), None);
    assert_eq!(btf.raw_tracepoint_first_arg("absent"), None);
    assert_eq!(btf.raw_tracepoint_args("new"), Some(2));
    assert!(btf.has_func("do_new"));
    assert!(!btf.has_func("do_ne") && !btf.has_func("task_struct") && !btf.has_func("btf_trace_new"));
}

#[test]
fn what_is_not_btf_is_refused_with_the_reason() {
    let good = {
        let mut writer = Writer::new();
        writer.add("u32", INT, false, 4, 0, &[INT32]);
        writer.finish()
    };
    let reason = |bytes: Vec<u8>| Btf::parse(bytes).unwrap_err().to_string();
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    assert!(reason(vec![]).contains("magic"));
    assert!(reason(b"\x7fELF".to_vec()).contains("magic"));
    let mut swapped = good.clone();
    swapped.swap(0, 1);
    assert!(reason(swapped).contains("other byte order"));
    assert!(reason(changed(2, 2)).contains("version 1"));
    assert!(reason(changed(4, 8)).contains("header"));
    assert!(reason(good[..6].to_vec()).contains("header is cut"));
    assert!(reason(good[..30].to_vec()).contains("types are cut"));
    assert!(reason(good[..good.len() - 1].to_vec()).contains("strings are cut"));
    assert!(reason(changed(24 + 7, 31)).contains("unknown kind 31"));
    assert!(reason(changed(12, 17)).contains("last type is cut"));
    assert!(Btf::parse(good).is_ok());
}

#[test]
fn open_names_the_file_and_the_remedy() {
    let error = format!("{:#}", Btf::open("/nowhere/vmlinux".as_ref()).unwrap_err());
    assert!(error.contains("/nowhere/vmlinux") && error.contains("CONFIG_DEBUG_INFO_BTF"), "{error}");
}

/// A blob with the longer header, whose layout section gives kind 20 four bytes and eight for each element.
fn with_layout() -> Vec<u8> {
    let mut writer = Writer::new();
    writer.add("u32", INT, false, 4, 0, &[INT32]);
    writer.add("", 20, false, 0, 2, &[0; 5]);
    writer.members("after", STRUCT, false, 4, &[("m", 1, 0)]);
    let plain = writer.finish();
    let mut layout = vec![0; 21 * 4];
    layout[80..82].copy_from_slice(&[4, 8]);
    let sections = plain.len() as u32 - 24;
    let mut blob = plain[..24].to_vec();
    blob[4] = 32;
    blob.extend(sections.to_ne_bytes());
    blob.extend((layout.len() as u32).to_ne_bytes());
    blob.extend(&plain[24..]);
    blob.extend(layout);
    blob
}

#[test]
fn kinds_of_later_kernels_are_stepped_over_by_the_layout() {
    let blob = with_layout();
    assert_eq!(Btf::parse(blob.clone()).unwrap().offset_of("after.m"), Some(0));
    let reason = |blob: Vec<u8>| Btf::parse(blob).unwrap_err().to_string();
    assert!(reason(blob[..blob.len() - 1].to_vec()).contains("layout is cut"));
    let mut short = blob.clone();
    short[28] = 80;
    assert!(reason(short).contains("unknown kind 20"));
}

#[test]
fn a_mapped_file_answers_like_its_bytes() {
    let path = crate::kernel::Roots::default().vmlinux_btf();
    let Ok(bytes) = std::fs::read(&path) else {
        let error = format!("{:#}", Btf::open(&path).unwrap_err());
        return assert!(error.contains("CONFIG_DEBUG_INFO_BTF"), "{error}");
    };
    let (opened, parsed) = (Btf::open(&path).unwrap(), Btf::parse(bytes.clone()).unwrap());
    // An ordinary file is read, never mapped.
    let copy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(copy.path(), bytes).unwrap();
    let copied = Btf::open(copy.path()).unwrap();
    assert!(!matches!(copied.blob, super::blob::Blob::Mapped(_)));
    for path in ["task_struct.pid", "mm_struct.rss_stat", "oom_control.chosen_points", "mem_cgroup.memory"] {
        assert!(opened.offset_of(path).is_some(), "{path}");
        assert_eq!(opened.offset_of(path), parsed.offset_of(path), "{path}");
        assert_eq!(copied.offset_of(path), parsed.offset_of(path), "{path}");
    }
    assert_eq!((opened.len(), copied.len()), (parsed.len(), parsed.len()));
}

#[test]
fn files_that_are_empty_or_without_end_are_refused() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    assert!(format!("{:#}", Btf::open(empty.path()).unwrap_err()).contains("magic"));
    assert!(format!("{:#}", Btf::open("/dev/zero".as_ref()).unwrap_err()).contains("magic"));
    let huge = tempfile::NamedTempFile::new().unwrap();
    huge.as_file().set_len(1 << 40).unwrap();
    assert!(format!("{:#}", Btf::open(huge.path()).unwrap_err()).contains("more than any kernel's"));
}
