//! The picture.

use super::scale::{Scale, before, tenths};
use super::slices;
use crate::model::Incident;
use crate::render::markup::Markup;
use crate::render::text::words;
use crate::render::timeline::{self, Part, Series};

/// One picture.
pub(super) struct Chart<'a> {
    pub incident: &'a Incident,
    pub series: &'a [Series<'a>],
    pub scale: Scale,
    /// Show the values under the pointer.
    pub hover: bool,
}

impl Chart<'_> {
    pub(super) fn write(&self, page: &mut Markup) {
        let frame = self.scale.frame;
        let view = format!("0 0 {} {}", frame.width, frame.height);
        let label = self.label();
        let attributes =
            [("class", frame.class), ("viewBox", view.as_str()), ("role", "img"), ("aria-label", &label)];
        page.tag("svg", &attributes, |svg| {
            self.grid(svg);
            self.window(svg);
            self.lines(svg);
            self.limit(svg);
            self.onset(svg);
            self.kill(svg);
            if self.hover {
                slices::write(svg, self);
            }
        });
    }

    /// The text alternative; the table below the picture has the figures.
    fn label(&self) -> String {
        let parts: Vec<_> = self
            .series
            .iter()
            .take(4)
            .map(|series| {
                let last = series.entity.points.last().map_or(0, |(_, bytes)| *bytes);
                let first = series.entity.points.first().map_or(0, |(_, bytes)| *bytes);
                let part = if series.part == Part::Other {
                    String::new()
                } else {
                    format!(" ({})", series.part.word())
                };
                format!(
                    "{}{part} from {} to {}",
                    timeline::name(series.entity),
                    words::size(first),
                    words::size(last)
                )
            })
            .collect();
        format!("Memory over the {} before the kill: {}", timeline::span(self.scale.from), parts.join("; "))
    }

    fn grid(&self, svg: &mut Markup) {
        let frame = self.scale.frame;
        let (left, right) = (frame.left.to_string(), (frame.width - frame.right).to_string());
        for bytes in self.scale.sizes() {
            let y = self.scale.y(bytes);
            let class = if bytes == 0 { "base" } else { "grid" };
            svg.empty("line", &[("class", class), ("x1", &left), ("x2", &right), ("y1", &y), ("y2", &y)]);
            let (x, text_y) = ((frame.left - 8).to_string(), tenths(self.scale.y10(bytes) + 40));
            svg.text_tag("text", &[("class", "end"), ("x", &x), ("y", &text_y)], &round_size(bytes));
        }
        let bottom = (frame.height - frame.bottom + 18).to_string();
        for t in self.scale.times() {
            svg.text_tag("text", &[("class", "mid"), ("x", &self.scale.x(t)), ("y", &bottom)], &before(t));
        }
        svg.text_tag("text", &[("class", "end strong"), ("x", &right), ("y", &bottom)], "kill");
    }

    /// The time that growth was measured over.
    fn window(&self, svg: &mut Markup) {
        let window = self.incident.diagnosis.as_ref().and_then(|diagnosis| diagnosis.window.as_ref());
        let Some(window) = window.filter(|window| window.from_ms < 0) else { return };
        let frame = self.scale.frame;
        let x = self.scale.x10(window.from_ms);
        let width = tenths((frame.width - frame.right) * 10 - x);
        let (top, height) = (frame.top.to_string(), frame.plot_height().to_string());
        svg.tag(
            "rect",
            &[("class", "window"), ("x", &tenths(x)), ("y", &top), ("width", &width), ("height", &height)],
            |rect| {
                rect.text_tag("title", &[], "Growth was measured over this time");
            },
        );
    }

    fn lines(&self, svg: &mut Markup) {
        for series in self.series.iter().filter(|series| series.part == Part::Scope) {
            let path = self.path(series);
            if let Some((end, start)) = self.ends(series) {
                let floor = self.scale.y(0);
                svg.empty(
                    "path",
                    &[
                        ("class", "area"),
                        (
                            "d",
                            &format!("{path}L{} {floor}L{} {floor}Z", self.scale.x(end), self.scale.x(start)),
                        ),
                    ],
                );
            }
        }
        // What matters most is drawn last, above the others.
        for (at, series) in self.series.iter().enumerate().rev() {
            let class = format!("line {}", class(self.series, at));
            svg.empty("path", &[("class", &class), ("d", &self.path(series))]);
        }
        for (at, series) in self.series.iter().enumerate().rev() {
            let Some((t, bytes)) = series.entity.points.last().filter(|(t, _)| *t >= self.scale.from) else {
                continue;
            };
            let class = format!("dot {}", class(self.series, at));
            svg.empty(
                "circle",
                &[("class", &class), ("cx", &self.scale.x(*t)), ("cy", &self.scale.y(*bytes)), ("r", "4")],
            );
        }
    }

    /// Time of the last and of the first point in view.
    fn ends(&self, series: &Series<'_>) -> Option<(i64, i64)> {
        let last = series.entity.points.last()?.0;
        let first = series.entity.points.first()?.0.max(self.scale.from);
        (last >= self.scale.from).then_some((last, first))
    }

    /// The line, with the highest of the points that fall on one place.
    fn path(&self, series: &Series<'_>) -> String {
        let points = &series.entity.points;
        // The last point before the view begins where the view does.
        let first = points.partition_point(|(t, _)| *t < self.scale.from).saturating_sub(1);
        let mut path = String::new();
        let mut column: Option<(i64, u64)> = None;
        for (t, bytes) in points.get(first..).unwrap_or_default() {
            let x = self.scale.x10(*t);
            match &mut column {
                Some((at, highest)) if x / 10 == *at / 10 => *highest = (*highest).max(*bytes),
                _ => {
                    self.point(&mut path, column.replace((x, *bytes)));
                }
            }
        }
        self.point(&mut path, column);
        path
    }

    fn point(&self, path: &mut String, point: Option<(i64, u64)>) {
        if let Some((x, bytes)) = point {
            path.push(if path.is_empty() { 'M' } else { 'L' });
            path.push_str(&format!("{} {}", tenths(x), self.scale.y(bytes)));
        }
    }

    fn limit(&self, svg: &mut Markup) {
        let scope = self.series.iter().find(|series| series.part == Part::Scope);
        let Some(limit) = scope.and_then(|series| series.entity.limit_bytes) else { return };
        let frame = self.scale.frame;
        let left = (frame.left + 6).to_string();
        if limit > self.scale.top {
            let text = format!("limit {} is far above", words::size(limit));
            svg.text_tag(
                "text",
                &[("class", "limit-text"), ("x", &left), ("y", &(frame.top + 12).to_string())],
                &text,
            );
            return;
        }
        let (x1, x2) = (frame.left.to_string(), (frame.width - frame.right).to_string());
        let y = self.scale.y(limit);
        svg.empty("line", &[("class", "limit"), ("x1", &x1), ("x2", &x2), ("y1", &y), ("y2", &y)]);
        let text_y = tenths(self.scale.y10(limit) - 60);
        svg.text_tag(
            "text",
            &[("class", "limit-text"), ("x", &left), ("y", &text_y)],
            &format!("limit {}", words::size(limit)),
        );
    }

    /// When the culprit began to grow.
    fn onset(&self, svg: &mut Markup) {
        let culprit = self.incident.diagnosis.as_ref().and_then(|diagnosis| diagnosis.culprit.as_ref());
        let Some(since) =
            culprit.and_then(|culprit| culprit.since_ms).filter(|t| *t > self.scale.from && *t < 0)
        else {
            return;
        };
        let frame = self.scale.frame;
        let x10 = self.scale.x10(since);
        let x = tenths(x10);
        let (top, bottom) = ((frame.top).to_string(), (frame.height - frame.bottom).to_string());
        svg.empty("line", &[("class", "onset"), ("x1", &x), ("x2", &x), ("y1", &top), ("y2", &bottom)]);
        let right_half = x10 / 10 > frame.width / 2;
        let text_x = tenths(if right_half { x10 - 60 } else { x10 + 60 });
        let class = if right_half { "onset-text end" } else { "onset-text" };
        let y = (frame.top + frame.plot_height() / 2).to_string();
        svg.text_tag("text", &[("class", class), ("x", &text_x), ("y", &y)], "growth began");
    }

    fn kill(&self, svg: &mut Markup) {
        let frame = self.scale.frame;
        let x = self.scale.x(0);
        let (top, bottom) = ((frame.top - 6).to_string(), (frame.height - frame.bottom).to_string());
        svg.empty("line", &[("class", "killed"), ("x1", &x), ("x2", &x), ("y1", &top), ("y2", &bottom)]);
        let text = format!("killed {}", words::clock(&self.incident.time));
        svg.text_tag(
            "text",
            &[("class", "limit-text end"), ("x", &x), ("y", &(frame.top - 12).to_string())],
            &text,
        );
    }
}

/// The class that gives a line its colour and pattern.
pub(super) fn class(series: &[Series<'_>], at: usize) -> &'static str {
    const OTHERS: [&str; 4] = ["o1", "o2", "o3", "o4"];
    match series[at].part {
        Part::Scope => "scope",
        Part::VictimAndCulprit => "both",
        Part::Victim => "victim",
        Part::Culprit => "culprit",
        Part::Other => {
            let before = series[..at].iter().filter(|series| series.part == Part::Other).count();
            OTHERS[before % OTHERS.len()]
        }
    }
}

/// A round size without decimals: `128 MiB`.
fn round_size(bytes: u64) -> String {
    if bytes == 0 { "0".into() } else { words::size(bytes).replace(".0\u{a0}", "\u{a0}") }
}
