//! Figures in words.

/// `p50 0.21, p99 0.90 ms (min 0.10, max 1.20; n 200)`.
pub(super) fn spread(values: &[f64], unit: &str) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(min), Some(max)) = (sorted.first(), sorted.last()) else { return "none".to_owned() };
    format!(
        "p50 {:.2}, p99 {:.2} {unit} (min {min:.2}, max {max:.2}; n {})",
        quantile(&sorted, 50),
        quantile(&sorted, 99),
        sorted.len()
    )
}

/// The smallest value that is not below `percent` of all; `sorted` is not empty.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

/// Nanoseconds from `begin` to `end` in milliseconds; negative when the clocks of kernel and user side disagree.
pub(super) fn ms(begin: u64, end: u64) -> f64 {
    let ns = i128::from(end) - i128::from(begin);
    #[expect(clippy::cast_precision_loss, reason = "differences are far below 2^53 ns")]
    let ns = ns as f64;
    ns / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_values() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!((quantile(&values, 50), quantile(&values, 99)), (100.0, 198.0));
        assert_eq!((quantile(&[7.0], 50), quantile(&[7.0], 99)), (7.0, 7.0));
        assert_eq!(spread(&[2.0, 1.0], "ms"), "p50 1.00, p99 2.00 ms (min 1.00, max 2.00; n 2)");
    }

    #[test]
    fn a_negative_time_stays_one() {
        assert_eq!(ms(2_000_000, 1_000_000), -1.0);
    }
}
