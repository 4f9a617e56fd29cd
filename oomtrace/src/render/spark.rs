//! A series as a row of blocks.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws `[t, value]` points over `from..=to` in `columns` characters; `top` is the value of a full block. Where nothing was
/// sampled there is a space; where a column stands for several points, the highest counts.
pub(super) fn line(points: &[(i64, u64)], from: i64, to: i64, columns: usize, top: u64) -> String {
    let span = i128::from(to).saturating_sub(from.into()).max(1);
    let mut highest: Vec<Option<u64>> = vec![None; columns];
    for (t, value) in points.iter().filter(|(t, _)| (from..=to).contains(t)) {
        let at = (i128::from(*t) - i128::from(from)) * (columns as i128 - 1).max(0) / span;
        if let Some(column) = usize::try_from(at).ok().and_then(|at| highest.get_mut(at)) {
            *column = Some(column.unwrap_or(0).max(*value));
        }
    }
    bridge(&mut highest);
    highest.into_iter().map(|value| value.map_or(' ', |value| block(value, top))).collect()
}

/// Between two samples the earlier one is shown: nothing else is known.
fn bridge(columns: &mut [Option<u64>]) {
    let Some(last) = columns.iter().rposition(Option::is_some) else { return };
    let mut value = None;
    for column in &mut columns[..=last] {
        value = column.or(value);
        *column = value;
    }
}

fn block(value: u64, top: u64) -> char {
    let step = u128::from(value) * 8 / u128::from(top.max(1));
    BLOCKS[usize::try_from(step).unwrap_or(7).min(7)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn highest_of_a_column_and_gaps_before() {
        assert_eq!(line(&[(-80, 10), (-60, 40), (0, 80)], -100, 0, 6, 80), " ▂▅▅▅█");
        assert_eq!(line(&[(0, 1), (0, 9)], 0, 0, 1, 8), "█");
        assert_eq!(line(&[], -10, 0, 3, 0), "   ");
    }
}
