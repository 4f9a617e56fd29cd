//! From milliseconds and bytes to places in the picture.

/// A picture's size and the room around the plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub width: i64,
    pub height: i64,
    pub left: i64,
    pub right: i64,
    pub top: i64,
    pub bottom: i64,
    /// Ticks of the time axis there is room for.
    pub ticks: i64,
    /// Parts of the time that can be pointed at.
    pub slices: i64,
    pub class: &'static str,
}

impl Frame {
    /// For screens wider than 720 px.
    pub(super) const WIDE: Self = Self {
        width: 1060,
        height: 360,
        left: 70,
        right: 26,
        top: 26,
        bottom: 30,
        ticks: 8,
        slices: 60,
        class: "chart wide-only",
    };
    /// For phones.
    pub(super) const NARROW: Self = Self {
        width: 390,
        height: 270,
        left: 58,
        right: 12,
        top: 24,
        bottom: 28,
        ticks: 4,
        slices: 0,
        class: "chart narrow",
    };

    /// Width of the plot.
    pub(super) fn plot_width(&self) -> i64 {
        self.width - self.left - self.right
    }

    /// Height of the plot.
    pub(super) fn plot_height(&self) -> i64 {
        self.height - self.top - self.bottom
    }
}

/// A span of time that ends at the kill, and a span of sizes that begins at 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub frame: Frame,
    /// Begin, ms, negative.
    pub from: i64,
    /// Bytes at the upper edge.
    pub top: u64,
}

impl Scale {
    /// Tenths of a unit of the picture.
    pub(super) fn x10(&self, t: i64) -> i64 {
        let span = i128::from(self.from.unsigned_abs().max(1));
        let at = i128::from(t.clamp(self.from, 0)) + span;
        self.frame.left * 10 + clamp(at * 10 * i128::from(self.frame.plot_width()) / span)
    }

    /// The same for bytes.
    pub(super) fn y10(&self, bytes: u64) -> i64 {
        let height = i128::from(self.frame.plot_height()) * 10;
        let up = i128::from(bytes.min(self.top)) * height / i128::from(self.top.max(1));
        (self.frame.top + self.frame.plot_height()) * 10 - clamp(up)
    }

    /// As an attribute's value.
    pub(super) fn x(&self, t: i64) -> String {
        tenths(self.x10(t))
    }

    /// As an attribute's value.
    pub(super) fn y(&self, bytes: u64) -> String {
        tenths(self.y10(bytes))
    }

    /// Round sizes for the grid, from 0 up.
    pub(super) fn sizes(&self) -> Vec<u64> {
        let mut step = 1_u64;
        while self.top / step > 5 {
            step = step.saturating_mul(2);
        }
        (0..=self.top / step).map(|n| n * step).collect()
    }

    /// Round times for the axis, ms, without the kill itself.
    pub(super) fn times(&self) -> Vec<i64> {
        const STEPS: [i64; 19] = [
            10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
            600_000, 1_800_000, 3_600_000, 21_600_000,
        ];
        let span = -self.from;
        let step =
            STEPS.into_iter().find(|step| span / step <= self.frame.ticks).unwrap_or(span / self.frame.ticks);
        (1..=span / step.max(1)).map(|n| -n * step).collect()
    }
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(0)
}

/// `12.3` of 123.
pub(super) fn tenths(value: i64) -> String {
    match value % 10 {
        0 => (value / 10).to_string(),
        rest => format!("{}.{rest}", value / 10),
    }
}

/// `-30 s`, `-2 min` for the axis.
pub(super) fn before(ms: i64) -> String {
    let ms = -ms;
    match ms {
        _ if ms % 3_600_000 == 0 => format!("-{} h", ms / 3_600_000),
        _ if ms % 60_000 == 0 => format!("-{} min", ms / 60_000),
        _ if ms % 1_000 == 0 => format!("-{} s", ms / 1_000),
        _ => format!("-{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_and_ticks() {
        let scale = Scale { frame: Frame::WIDE, from: -120_000, top: 550 << 20 };
        assert_eq!((scale.x(-120_000), scale.x(0)), ("70".into(), "1034".into()));
        assert_eq!((scale.y(0), scale.y(550 << 20)), ("330".into(), "26".into()));
        assert_eq!(scale.sizes(), [0, 128 << 20, 256 << 20, 384 << 20, 512 << 20]);
        assert_eq!(scale.times().len(), 8);
        assert_eq!(["-15 s", "-2 min"], [before(-15_000), before(-120_000)]);
    }

    #[test]
    fn nothing_divides_by_nothing() {
        let scale = Scale { frame: Frame::NARROW, from: 0, top: 0 };
        assert_eq!(scale.x(0), scale.x(-5));
        assert_eq!(scale.y(7), "242");
        assert!(scale.times().is_empty() && scale.sizes() == [0]);
    }
}
