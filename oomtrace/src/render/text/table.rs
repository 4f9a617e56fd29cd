//! Columns that give way when the terminal is narrow.

use super::page::{Page, Rich, Tone};
use crate::words::width::{columns, cut};

/// A column of a table.
pub(super) struct Column {
    pub(super) title: &'static str,
    /// Numbers stand at the right.
    pub(super) right: bool,
    /// Columns with the highest figure are left out first; 0 always stays.
    pub(super) spare: u8,
}

/// Columns are left out before the flexible one gets narrower than this: a `comm` has up to 15 bytes.
const NAME_MIN: usize = 15;

/// Rows of escaped cells under their columns.
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    /// Which column is cut to fit.
    pub(super) flexible: usize,
    pub(super) rows: Vec<(Tone, Vec<String>)>,
}

impl Table {
    /// Writes the columns that have any content and fit.
    pub(super) fn write(&self, page: &mut Page) {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|at| self.width(at)).collect();
        self.fit(&mut widths, page.room());
        let heads: Vec<String> = self.columns.iter().map(|column| column.title.to_owned()).collect();
        page.row(&self.line(Tone::Dim, &heads, &widths));
        for (tone, cells) in &self.rows {
            page.row(&self.line(*tone, cells, &widths));
        }
    }

    /// The widest cell of a column, 0 when all are empty.
    fn width(&self, at: usize) -> usize {
        let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(at));
        match cells.map(|cell| columns(cell)).max() {
            None | Some(0) => 0,
            Some(widest) => widest.max(columns(self.columns[at].title)),
        }
    }

    fn fit(&self, widths: &mut [usize], room: usize) {
        let total = |widths: &[usize]| widths.iter().filter(|w| **w > 0).map(|w| w + 2).sum::<usize>();
        loop {
            let over = total(widths).saturating_sub(room + 2);
            let name = widths[self.flexible];
            if over == 0 || name.saturating_sub(over) >= NAME_MIN.min(name) {
                widths[self.flexible] = name - over;
                return;
            }
            let present = |at: &usize| widths[*at] > 0 && self.columns[*at].spare > 0;
            let Some(least) = (0..widths.len()).filter(present).max_by_key(|at| self.columns[*at].spare)
            else {
                widths[self.flexible] = name.saturating_sub(over).max(1);
                return;
            };
            widths[least] = 0;
        }
    }

    fn line(&self, tone: Tone, cells: &[String], widths: &[usize]) -> Rich {
        let mut text = String::new();
        for ((column, cell), width) in
            self.columns.iter().zip(cells).zip(widths).filter(|(_, width)| **width > 0)
        {
            let cell = cut(cell, *width);
            let pad = " ".repeat(width - columns(&cell));
            text += &if column.right { format!("{pad}{cell}  ") } else { format!("{cell}{pad}  ") };
        }
        Rich::new().with(tone, text.trim_end())
    }
}
