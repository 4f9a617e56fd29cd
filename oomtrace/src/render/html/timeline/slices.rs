//! What is under the pointer: the time and everybody's value. The style sheet shows it, no script is needed.

use super::chart::{Chart, class};
use crate::render::markup::Markup;
use crate::render::text::words;
use crate::render::timeline;
use crate::words::width;

/// Units of the picture that a line of the box takes.
const LINE: i64 = 17;
/// Columns of a name.
const NAME: usize = 30;
/// Width of the box.
const BOX: i64 = 330;

/// One slice after the other, each as wide as can be pointed at.
pub(super) fn write(svg: &mut Markup, chart: &Chart<'_>) {
    let slices = chart.scale.frame.slices;
    for slice in 0..slices {
        let middle = chart.scale.from - chart.scale.from * (2 * slice + 1) / (2 * slices);
        svg.tag("g", &[("class", "slice")], |svg| {
            hit(svg, chart, slice);
            svg.tag("g", &[("class", "tip")], |svg| tip(svg, chart, middle));
        });
    }
}

/// What the pointer has to be over.
fn hit(svg: &mut Markup, chart: &Chart<'_>, slice: i64) {
    let frame = chart.scale.frame;
    let left = frame.left + frame.plot_width() * slice / frame.slices;
    let width = frame.left + frame.plot_width() * (slice + 1) / frame.slices - left;
    let [x, y, width, height] = [left, frame.top, width, frame.plot_height()].map(|n| n.to_string());
    svg.empty("rect", &[("class", "hit"), ("x", &x), ("y", &y), ("width", &width), ("height", &height)]);
}

fn tip(svg: &mut Markup, chart: &Chart<'_>, t: i64) {
    let frame = chart.scale.frame;
    let x = chart.scale.x(t);
    let (top, bottom) = (frame.top.to_string(), (frame.height - frame.bottom).to_string());
    svg.empty("line", &[("class", "guide"), ("x1", &x), ("x2", &x), ("y1", &top), ("y2", &bottom)]);
    let rows: Vec<_> =
        chart.series.iter().enumerate().filter_map(|(at, series)| Some((at, value(series, t)?))).collect();
    for (at, bytes) in &rows {
        let class = format!("dot {}", class(chart.series, *at));
        svg.empty("circle", &[("class", &class), ("cx", &x), ("cy", &chart.scale.y(*bytes)), ("r", "4")]);
    }
    let place = chart.scale.x10(t) / 10;
    let left = if place > frame.width / 2 { place - BOX - 12 } else { place + 12 };
    let height = LINE * (i64::try_from(rows.len()).unwrap_or(0) + 1) + 10;
    let [box_x, box_y, box_width, box_height] = [left, frame.top + 6, BOX, height].map(|n| n.to_string());
    svg.empty(
        "rect",
        &[
            ("class", "box"),
            ("x", &box_x),
            ("y", &box_y),
            ("width", &box_width),
            ("height", &box_height),
            ("rx", "5"),
        ],
    );
    let mut y = frame.top + 6 + LINE;
    line(svg, left, y, &format!("{} before the kill", timeline::span(t)), None);
    for (at, bytes) in rows {
        y += LINE;
        let series = &chart.series[at];
        let name = width::cut(&timeline::name(series.entity), NAME);
        line(svg, left, y, &name, Some(&words::size(bytes)));
    }
}

fn line(svg: &mut Markup, left: i64, y: i64, text: &str, figure: Option<&str>) {
    let y = y.to_string();
    let class = if figure.is_none() { "strong" } else { "" };
    svg.text_tag("text", &[("class", class), ("x", &(left + 10).to_string()), ("y", &y)], text);
    if let Some(figure) = figure {
        svg.text_tag(
            "text",
            &[("class", "end strong"), ("x", &(left + BOX - 10).to_string()), ("y", &y)],
            figure,
        );
    }
}

/// The last value known at `t`; none before the first and after the exit.
fn value(series: &timeline::Series<'_>, t: i64) -> Option<u64> {
    let points = &series.entity.points;
    let at = points.partition_point(|(time, _)| *time <= t);
    let gone = series.entity.exited_ms.is_some_and(|exited| t > exited);
    points.get(at.checked_sub(1)?).filter(|_| !gone).map(|(_, bytes)| *bytes)
}
