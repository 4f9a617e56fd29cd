use super::*;

/// 6.1.0 of Debian 12 at its release.
const OLD_FORMAT: &str = "name: mark_victim
ID: 489
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;

print fmt: \"pid=%d\", REC->pid
";

#[test]
fn the_old_format_has_only_the_pid() {
    let mut layout = Layout::ABSENT;
    from_format(&mut layout, OLD_FORMAT);
    assert_eq!(layout, Layout { tp_pid: 8, ..Layout::ABSENT });
}

#[test]
fn possible_cpus_count_without_gaps() {
    assert_eq!(count_from_zero("0"), Some(1));
    assert_eq!(count_from_zero("0-127"), Some(128));
    assert_eq!(count_from_zero("0,1,2-3"), Some(4));
    for bad in ["", "1-3", "0,2", "0-x", "3-1", "0-4294967295", "-1"] {
        assert_eq!(count_from_zero(bad), None, "{bad}");
    }
}

#[test]
fn too_many_cpus_are_not_summed() {
    let dir = tempfile::tempdir().unwrap();
    let roots = Roots { proc: dir.path().into(), sys: dir.path().into() };
    std::fs::create_dir_all(dir.path().join("devices/system/cpu")).unwrap();
    let possible = |list: &str| std::fs::write(dir.path().join("devices/system/cpu/possible"), list).unwrap();
    let kallsyms = |text: &str| std::fs::write(dir.path().join("kallsyms"), text).unwrap();
    possible("0-511\n");
    kallsyms("ffffffff82a0 R __per_cpu_offset\n");
    let layout = detect(None, &roots);
    assert_eq!((layout.per_cpu_offset, layout.cpus), (0xffff_ffff_82a0, 512));
    possible("0-512\n");
    assert_eq!(detect(None, &roots).cpus, 0);
    possible("0-3\n");
    // As kptr_restrict shows it.
    kallsyms("0000000000000000 R __per_cpu_offset\n");
    let layout = detect(None, &roots);
    assert_eq!((layout.per_cpu_offset, layout.cpus), (0, 0));
}

/// 6.18.44.
const NEW_FORMAT: &str = "name: mark_victim
ID: 609
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;
\tfield:__data_loc char[] comm;\toffset:12;\tsize:4;\tsigned:0;
\tfield:unsigned long total_vm;\toffset:16;\tsize:8;\tsigned:0;
\tfield:unsigned long anon_rss;\toffset:24;\tsize:8;\tsigned:0;
\tfield:unsigned long file_rss;\toffset:32;\tsize:8;\tsigned:0;
\tfield:unsigned long shmem_rss;\toffset:40;\tsize:8;\tsigned:0;
\tfield:uid_t uid;\toffset:48;\tsize:4;\tsigned:0;
\tfield:unsigned long pgtables;\toffset:56;\tsize:8;\tsigned:0;
\tfield:short oom_score_adj;\toffset:64;\tsize:2;\tsigned:1;

print fmt: \"pid=%d comm=%s total-vm=%lukB\", REC->pid, __get_str(comm), REC->total_vm
";

#[test]
fn the_new_format_has_the_victims_memory() {
    let mut layout = Layout::ABSENT;
    from_format(&mut layout, NEW_FORMAT);
    let expected = Layout {
        tp_pid: 8,
        tp_comm: 12,
        tp_total_vm: 16,
        tp_anon_rss: 24,
        tp_file_rss: 32,
        tp_shmem_rss: 40,
        tp_uid: 48,
        tp_pgtables: 56,
        tp_oom_score_adj: 64,
        ..Layout::ABSENT
    };
    assert_eq!(layout, expected);
}

#[test]
fn a_hostile_format_leaves_fields_absent() {
    let mut layout = Layout::ABSENT;
    from_format(
        &mut layout,
        "field:int pid; offset:-1;\nfield:;\n;;;\nfield:int uid; offset:4294967296;\nfield:x",
    );
    assert_eq!(layout, Layout::ABSENT);
}
