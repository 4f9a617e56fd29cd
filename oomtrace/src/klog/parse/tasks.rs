//! The task table. Its header names the columns, which differ between kernels, so rows are read by it.
//!
//! `[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name`

use super::COMM_MAX;
use super::scan::{ascii, number, split, uid};
use crate::klog::report::TaskRow;
use crate::model::Text;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Uid,
    Tgid,
    TotalVm,
    Rss,
    RssAnon,
    RssFile,
    RssShmem,
    PgtablesBytes,
    PageTablePages,
    Swapents,
    OomScoreAdj,
    /// Before 2.6.36: -17 (exempt) to 15.
    OomAdj,
    /// `cpu` of 3.x.
    Other,
}

/// The columns between the pid and the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    all: Vec<Column>,
    /// Names of those that are not known.
    pub(crate) unknown: Vec<String>,
}

/// `Tasks state (memory values in pages):`, 4.19 and later.
pub(crate) const TITLE: &[u8] = b"Tasks state (memory values in pages):";

/// Reads the header; `None` when a column that every kernel has is not there.
pub(crate) fn header(text: &[u8]) -> Option<Columns> {
    let (pid, names) = split(text.strip_prefix(b"[")?, b"]")?;
    if pid.trim_ascii() != b"pid" {
        return None;
    }
    let mut names: Vec<String> = ascii(names)?.split_ascii_whitespace().map(str::to_owned).collect();
    if names.pop()? != "name" {
        return None;
    }
    let columns: Vec<_> = names.iter().map(|name| column(name)).collect();
    let needed = [Column::Uid, Column::Tgid, Column::TotalVm, Column::Rss];
    let complete = needed.iter().all(|column| columns.contains(column));
    let adjusted = columns.iter().any(|column| matches!(column, Column::OomScoreAdj | Column::OomAdj));
    let unknown = |(name, column): &(&String, &Column)| **column == Column::Other && name.as_str() != "cpu";
    let unknown = names.iter().zip(&columns).filter(unknown).map(|(name, _)| name.clone()).take(8).collect();
    (complete && adjusted).then_some(Columns { all: columns, unknown })
}

/// The columns of a row of which the header is missing, by how many numbers it has: those that all kernels with as many
/// have in common.
pub(crate) fn guess(text: &[u8]) -> Option<Columns> {
    use Column::{
        OomAdj, OomScoreAdj, Other, PageTablePages, PgtablesBytes, Rss, RssAnon, RssFile, RssShmem, Swapents,
        Tgid, TotalVm, Uid,
    };
    let (_, rest) = split(text.strip_prefix(b"[")?, b"]").filter(|_| is_row(text))?;
    let words = rest.split(|b| *b == b' ').filter(|word| !word.is_empty());
    let numbers: Vec<i64> = words.map_while(number).collect();
    let mut all = vec![Uid, Tgid, TotalVm, Rss];
    let tables = numbers.get(4).is_some_and(|bytes| *bytes > 0 && bytes % 4096 == 0);
    all.extend_from_slice(match numbers.len() {
        6 => &[Other, OomAdj][..],
        7 if tables => &[PgtablesBytes, Swapents, OomScoreAdj],
        7 => &[Other, Other, OomScoreAdj],
        8 => &[PageTablePages, PageTablePages, Swapents, OomScoreAdj],
        9 => &[PageTablePages, PageTablePages, PageTablePages, Swapents, OomScoreAdj],
        10 => &[RssAnon, RssFile, RssShmem, PgtablesBytes, Swapents, OomScoreAdj],
        _ => return None,
    });
    let range = if numbers.len() == 6 { -17..=15 } else { -1000..=1000 };
    let columns = Columns { all, unknown: Vec::new() };
    let named = row(text, &columns).is_some_and(|row| !row.name.as_bytes().is_empty());
    (named && numbers.last().is_some_and(|adj| range.contains(adj))).then_some(columns)
}

fn column(name: &str) -> Column {
    match name {
        "uid" => Column::Uid,
        "tgid" => Column::Tgid,
        "total_vm" => Column::TotalVm,
        "rss" => Column::Rss,
        "rss_anon" => Column::RssAnon,
        "rss_file" => Column::RssFile,
        "rss_shmem" => Column::RssShmem,
        "pgtables_bytes" => Column::PgtablesBytes,
        "nr_ptes" | "nr_pmds" | "nr_puds" => Column::PageTablePages,
        "swapents" => Column::Swapents,
        "oom_score_adj" => Column::OomScoreAdj,
        "oom_adj" => Column::OomAdj,
        _ => Column::Other,
    }
}

/// Whether the line looks like a row, readable or not.
pub(crate) fn is_row(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"[").and_then(|rest| split(rest, b"]"));
    inner.is_some_and(|(pid, _)| number::<u32>(pid.trim_ascii()).is_some())
}

/// Reads a row.
pub(crate) fn row(text: &[u8], columns: &Columns) -> Option<TaskRow> {
    let (pid, mut rest) = split(text.strip_prefix(b"[")?, b"]")?;
    let mut row = TaskRow { pid: number(pid.trim_ascii())?, ..TaskRow::default() };
    for column in &columns.all {
        let value;
        (value, rest) = word(rest)?;
        set(&mut row, *column, value)?;
    }
    // Exactly one space: the name may begin with more.
    let name = rest.strip_prefix(b" ")?;
    row.name = Text::new(name);
    (name.len() <= COMM_MAX).then_some(row)
}

/// The next word and what follows.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let end = text.iter().position(|b| *b == b' ')?;
    Some(text.split_at(end))
}

fn set(row: &mut TaskRow, column: Column, value: &[u8]) -> Option<()> {
    match column {
        Column::Uid => row.uid = uid(value)?,
        Column::Tgid => row.tgid = number(value)?,
        Column::TotalVm => row.total_vm = number(value)?,
        Column::Rss => row.rss = number(value)?,
        Column::RssAnon => row.rss_anon = Some(number(value)?),
        Column::RssFile => row.rss_file = Some(number(value)?),
        Column::RssShmem => row.rss_shmem = Some(number(value)?),
        Column::PgtablesBytes => row.pgtables_bytes = Some(number(value)?),
        Column::PageTablePages => {
            let more: u64 = number(value)?;
            row.page_table_pages = Some(row.page_table_pages.unwrap_or(0).checked_add(more)?);
        }
        Column::Swapents => row.swapents = number(value)?,
        Column::OomScoreAdj => row.oom_score_adj = number(value)?,
        // As later kernels turn the one into the other; where both are there, the newer comes last and counts.
        Column::OomAdj => {
            row.oom_score_adj = match number::<i32>(value)? {
                15 => 1000,
                adj => adj.checked_mul(1000)? / 17,
            }
        }
        Column::Other => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &[u8] = b"[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name";
    const OLD: &[u8] = b"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name";
    const OLDER: &[u8] = b"[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name";

    #[test]
    fn since_6_8() {
        let columns = header(NEW).unwrap();
        let text = b"[  11741]  1000 11740    18790    17915    16288     1627         3   188416        7          -998 python3";
        let row = row(text, &columns).unwrap();
        assert_eq!((row.pid, row.uid, row.tgid), (11741, 1000, 11740));
        assert_eq!((row.total_vm, row.rss, row.swapents), (18790, 17915, 7));
        assert_eq!((row.rss_anon, row.rss_file, row.rss_shmem), (Some(16288), Some(1627), Some(3)));
        assert_eq!((row.pgtables_bytes, row.page_table_pages), (Some(188_416), None));
        assert_eq!((row.oom_score_adj, row.name), (-998, Text::from("python3")));
    }

    #[test]
    fn from_4_15_to_6_7_and_older() {
        let text = b"[    117]     0   117    10000     5000    61440        0             0 a b";
        let row_old = row(text, &header(OLD).unwrap()).unwrap();
        assert_eq!((row_old.pgtables_bytes, row_old.rss_anon), (Some(61440), None));
        assert_eq!(row_old.name, Text::from("a b"));
        let text = b"[ 3119]     0  3119    10000     5000      12       3        0             0 python";
        let row_older = row(text, &header(OLDER).unwrap()).unwrap();
        assert_eq!((row_older.page_table_pages, row_older.pgtables_bytes), (Some(15), None));
    }

    #[test]
    fn a_column_that_is_not_known_is_named_and_passed_over() {
        let text = b"[  pid  ]   uid  tgid total_vm      rss nr_new pgtables_bytes swapents oom_score_adj cgroup name";
        let columns = header(text).unwrap();
        assert_eq!(columns.unknown, ["nr_new", "cgroup"]);
        let row = row(
            b"[    117]     0   117    10000     5000   77    61440        3             5 /x a b",
            &columns,
        )
        .unwrap();
        assert_eq!((row.rss, row.swapents, row.oom_score_adj, row.name), (5000, 3, 5, Text::from("a b")));
    }

    #[test]
    fn rows_without_their_header() {
        for (text, swap, adj) in [
            (&b"[  70]  1000    70     9000     8000   0       5 a"[..], 0, 294),
            (b"[28438]     0 28438  5063909   119961    1661   136409          -998 java", 0, -998),
            (b"[    117]     0   117    10000     5000    61440        9             0 a b", 9, 0),
            (b"[ 3119]     0  3119    10000     5000      12       3        7             0 python", 7, 0),
            (b"[  11741]  1000 11740    18790    17915    16288     1627         3   188416        7          -998 python3", 7, -998),
        ] {
            let row = row(text, &guess(text).unwrap()).unwrap();
            assert_eq!((row.swapents, row.oom_score_adj), (swap, adj), "{:?}", text.escape_ascii().to_string());
        }
        for bad in [&b"[  612] 1 2 3"[..], b"[  612] some text", b"[  612]", b"[ 1] 1 2 3 4 5 6 9999 a"] {
            assert_eq!(guess(bad), None);
        }
    }

    #[test]
    fn names_made_to_confuse() {
        let columns = header(OLD).unwrap();
        for name in ["", "  0 x", "] 0 1 2", "1 2 3 4 5 6 7 8", "a\nb", "name"] {
            let text =
                format!("[      7]     0     7        9        8     4096        0             0 {name}");
            assert_eq!(row(text.as_bytes(), &columns).unwrap().name, Text::from(name));
        }
    }

    #[test]
    fn what_is_no_row() {
        let columns = header(NEW).unwrap();
        for bad in [
            &b"[    117]     0   117    10000     5000    61440        0             0 short"[..],
            b"[    117]",
            b"[    117]     0   117 x",
            b"117",
            b"[      7]     0     7        9        8     1    1     1     4096        0             0 0123456789abcdef",
        ] {
            assert_eq!(row(bad, &columns), None, "{:?}", bad.escape_ascii().to_string());
        }
        assert!(is_row(b"[  117] x") && !is_row(b"[  pid  ] uid") && !is_row(b"[drm] x"));
        assert!(header(b"[ pid ] uid tgid total_vm rss").is_none());
        assert!(header(b"[ 5 ] uid tgid total_vm rss oom_score_adj name").is_none());
    }
}
