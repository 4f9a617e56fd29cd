//! An entity's rows: one per point, thinned out, then turned into the record's columns.

use crate::model::{Counter, CounterKind, Entity, Part, PartKind};

/// One point with all that belongs to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// ms from the kill.
    pub(super) t: i64,
    /// Bytes.
    pub(super) size: u64,
    /// Lowest size of the time it stands for.
    pub(super) low: u64,
    /// In the order of the shape's parts.
    pub(super) parts: [Option<u64>; 8],
    /// In the order of the shape's counters.
    pub(super) counters: [Option<u64>; 3],
}

/// Makes counts since the first sample those since the beginning.
pub(super) fn count_from(rows: &mut [Row], base: [u64; 3]) {
    for (counter, base) in rows.iter_mut().flat_map(|row| row.counters.iter_mut().zip(base)) {
        *counter = counter.map(|count| count.saturating_add(base));
    }
}

/// Leaves at most `most` rows. The first and the last stay as they are; of those between, as many neighbours as it takes
/// become one: the highest of them, with the lowest size of all of them.
pub(super) fn thin(rows: &mut Vec<Row>, most: usize) {
    let most = most.max(3);
    if rows.len() <= most {
        return;
    }
    let last = rows.pop();
    let inner = rows.split_off(1);
    let group = inner.len().div_ceil(most - 2);
    rows.extend(inner.chunks(group).filter_map(|group| {
        let low = group.iter().map(|row| row.low).min()?;
        let highest = group.iter().max_by_key(|row| row.size)?;
        Some(Row { low, ..highest.clone() })
    }));
    rows.extend(last);
}

/// Puts rows into an entity.
pub(super) fn fill(
    entity: &mut Entity,
    rows: &[Row],
    parts: &[(PartKind, usize)],
    counters: &[(CounterKind, usize)],
) {
    entity.points = rows.iter().map(|row| (row.t, row.size)).collect();
    if rows.iter().any(|row| row.low < row.size) {
        entity.low = rows.iter().map(|row| row.low.min(row.size)).collect();
    }
    let column = |pick: &dyn Fn(&Row) -> Option<u64>, shared: bool| {
        let (first, mut value) = rows.iter().find_map(|row| Some((row, pick(row)?)))?;
        let before = value;
        let values = rows.iter().map(|row| {
            value = pick(row).unwrap_or(value);
            if shared && row.t < first.t { share(before, row.size, first.size) } else { value }
        });
        Some(values.collect::<Vec<u64>>())
    };
    for (at, (kind, _)) in parts.iter().enumerate() {
        if let Some(bytes) = column(&|row| row.parts[at], true) {
            entity.parts.push(Part { kind: *kind, bytes });
        }
    }
    for (at, (kind, _)) in counters.iter().enumerate() {
        if let Some(values) = column(&|row| row.counters[at], false) {
            entity.counters.push(Counter { kind: *kind, values });
        }
    }
}

/// A part before it was first known: in proportion to the size, which concerns the first moments of a new cgroup.
fn share(part: u64, size: u64, of: u64) -> u64 {
    let share = u128::from(part) * u128::from(size) / u128::from(of.max(1));
    u64::try_from(share).unwrap_or(u64::MAX).min(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(sizes: &[u64]) -> Vec<Row> {
        let row = |(at, size): (usize, &u64)| Row { t: at as i64, size: *size, low: *size, ..Row::default() };
        sizes.iter().enumerate().map(row).collect()
    }

    #[test]
    fn thinning_keeps_ends_and_extremes() {
        let sizes: Vec<u64> = (0..1000)
            .map(|n| {
                if n == 500 {
                    9999
                } else if n == 700 {
                    0
                } else {
                    n
                }
            })
            .collect();
        let mut thinned = rows(&sizes);
        thin(&mut thinned, 50);
        assert!(thinned.len() <= 50);
        assert_eq!((thinned[0].size, thinned.last().unwrap().size), (0, 999));
        assert_eq!(thinned.iter().map(|r| r.size).max(), Some(9999));
        assert!(thinned.iter().any(|r| r.low == 0 && r.t > 600));
        assert!(thinned.windows(2).all(|pair| pair[0].t < pair[1].t));
        let mut few = rows(&[1, 2, 3]);
        thin(&mut few, 0);
        assert_eq!(few, rows(&[1, 2, 3]));
    }

    #[test]
    fn columns_are_as_long_as_the_points_and_unknown_ones_are_absent() {
        let mut rows = rows(&[10, 20, 30]);
        rows[1].parts[0] = Some(5);
        rows[2].low = 7;
        let mut entity = Entity::default();
        fill(&mut entity, &rows, &[(PartKind::Anon, 2), (PartKind::File, 3)], &[]);
        assert_eq!(entity.parts, [Part { kind: PartKind::Anon, bytes: vec![2, 5, 5] }]);
        assert_eq!(entity.low, [10, 20, 7]);
    }
}
