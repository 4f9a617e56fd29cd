//! Shares with their intervals, and quantiles.

use std::fmt;

/// 97.5 % of the normal distribution.
const Z: f64 = 1.959_964;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) hits: u32,
    pub(crate) of: u32,
}

impl Share {
    /// 0 to 1; `None` of nothing.
    pub(crate) fn value(self) -> Option<f64> {
        (self.of > 0).then(|| f64::from(self.hits) / f64::from(self.of))
    }

    /// Wilson's interval, 95 %.
    pub(crate) fn interval(self) -> Option<(f64, f64)> {
        let (p, n) = (self.value()?, f64::from(self.of));
        let middle = p + Z * Z / (2.0 * n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let all = 1.0 + Z * Z / n;
        Some((((middle - half) / all).max(0.0), ((middle + half) / all).min(1.0)))
    }
}

/// `97 % [93, 99]`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.value(), self.interval()) {
            (Some(value), Some((low, high))) => {
                // Rounded down: a share short of the whole never shows as 100 %.
                write!(f, "{:.0} % [{:.0}, {:.0}]", (value * 100.0).floor(), low * 100.0, high * 100.0)
            }
            _ => write!(f, "-"),
        }
    }
}

/// The value that `share` of all are not above; `None` of nothing.
pub(crate) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_wilsons() {
        let (low, high) = Share { hits: 9, of: 10 }.interval().unwrap();
        assert!((low - 0.5958).abs() < 1e-3 && (high - 0.9821).abs() < 1e-3, "{low} {high}");
        let (low, high) = Share { hits: 10, of: 10 }.interval().unwrap();
        assert!((low - 0.7225).abs() < 1e-3 && (high - 1.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(Share::default().interval(), None);
    }

    #[test]
    fn a_share_short_of_the_whole_does_not_show_as_the_whole() {
        assert!(Share { hits: 399, of: 400 }.to_string().starts_with("99 %"));
        assert_eq!(Share::default().to_string(), "-");
    }

    #[test]
    fn quantiles_of_few_values() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.9), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
