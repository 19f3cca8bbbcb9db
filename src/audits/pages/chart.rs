//! Geometry of the console's charts. The templates beside draw them as SVG; each has its numbers in
//! a table too. Coordinates are those of the drawing: `WIDE` by `HIGH`, the origin at the top left.

use super::super::model::{AuditRow, Outcome, from_row};
use super::super::verdict::{self, Limits, Tally};

/// Width of a chart.
pub(super) const WIDE: u64 = 640;
/// Height of a chart.
pub(super) const HIGH: u64 = 240;
const LEFT: u64 = 56;
const RIGHT: u64 = 16;
const TOP: u64 = 14;
const BOTTOM: u64 = 34;

/// A line across the chart with its number.
pub(super) struct Tick {
    pub(super) at: u64,
    pub(super) label: String,
}

/// The frame of a chart: where a value is drawn.
#[derive(Clone, Copy)]
struct Plot {
    across: u64,
    up: u64,
}

impl Plot {
    /// A plot of values from 0 to `across` and from 0 to `up`; neither is empty.
    fn new(across: u64, up: u64) -> Self {
        Self { across: across.max(1), up: up.max(1) }
    }

    fn x(&self, value: u64) -> u64 {
        LEFT + scaled(value.min(self.across), WIDE - LEFT - RIGHT, self.across)
    }

    fn y(&self, value: u64) -> u64 {
        HIGH - BOTTOM - scaled(value.min(self.up), HIGH - TOP - BOTTOM, self.up)
    }
}

/// `value`·`length` / `whole`, rounded down.
fn scaled(value: u64, length: u64, whole: u64) -> u64 {
    let product = u128::from(value) * u128::from(length) / u128::from(whole.max(1));
    u64::try_from(product).unwrap_or(length)
}

/// Round numbers from 0 up to `most`, at most six.
fn round_steps(most: u64) -> Vec<u64> {
    let steps = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000];
    let step = steps.into_iter().find(|step| most / step <= 5).unwrap_or(most.max(1));
    (0..=most / step).map(|n| n * step).collect()
}

/// A share in hundredths of a per cent, rounded down.
fn basis(part: i64, whole: i64) -> u64 {
    let (part, whole) = (u128::from(from_row(part)), u128::from(from_row(whole)));
    u64::try_from(part * 10_000 / whole.max(1)).unwrap_or(10_000)
}

/// One audit in the history of a holder.
pub(super) struct Bar {
    /// Its middle.
    pub(super) x: u64,
    /// Where the upper bound is, and how far down the lower one.
    pub(super) top: u64,
    pub(super) height: u64,
    /// The limit, drawn beside the bar.
    pub(super) limit: u64,
    pub(super) tone: &'static str,
    pub(super) label: String,
}

/// The verdicts of a holder over time, each as the range between its bounds. A point between them
/// would be failing by opened, which is biased at the stop and never shown (sampling.md §2.4).
pub(super) struct History {
    pub(super) bars: Vec<Bar>,
    pub(super) ticks: Vec<Tick>,
    pub(super) half: u64,
}

/// The chart of audits that have ended, oldest first; `None` of none.
pub(super) fn history(audits: &[AuditRow]) -> Option<History> {
    let ranges = || audits.iter().filter(|audit| audit.frame_size > 0);
    let count = u64::try_from(ranges().count()).ok().filter(|count| *count > 0)?;
    let upper = |audit: &AuditRow| basis(audit.upper_bound, audit.frame_size);
    let limit = |audit: &AuditRow| basis(audit.tolerable, audit.frame_size);
    let most = ranges().map(|audit| upper(audit).max(2 * limit(audit))).max()?.min(10_000);
    let plot = Plot::new(count, most);
    let wide = (WIDE - LEFT - RIGHT) / count;
    let bars = (0..).zip(ranges()).map(|(at, audit)| {
        let top = plot.y(upper(audit));
        let low = plot.y(basis(audit.lower_bound, audit.frame_size));
        Bar {
            x: plot.x(at) + wide / 2,
            top,
            height: low.saturating_sub(top).max(2),
            limit: plot.y(limit(audit)),
            tone: super::Tag::from(audit).tone,
            label: audit.period.clone(),
        }
    });
    let ticks = round_steps(most.div_ceil(100))
        .into_iter()
        .map(|per_cent| Tick { at: plot.y(per_cent * 100), label: format!("{per_cent} %") });
    Some(History {
        bars: bars.collect(),
        ticks: ticks.collect(),
        half: (wide * 3 / 8).clamp(4, 22),
    })
}

/// One audit as a walk: opened across, failing upwards, between the limits of its tests.
pub(super) struct Walk {
    pub(super) across: Vec<Tick>,
    pub(super) up: Vec<Tick>,
    /// The points of the lines, for `polyline`.
    pub(super) walk: String,
    pub(super) passes: String,
    pub(super) fails: String,
    /// Where the walk stands.
    pub(super) end: (u64, u64),
    /// The table beside: a line wherever a record failed or a limit moved.
    pub(super) steps: Vec<Step>,
}

/// A line of the table beside a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) limits: Limits,
    pub(super) tally: Tally,
}

/// The plan that an audit ran with; what it keeps of it is enough to repeat every verdict.
fn plan_of(audit: &AuditRow) -> verdict::Plan {
    let share = u16::try_from(audit.p0_per_mille).unwrap_or(u16::MAX);
    let error = |ppm: i64| f64::from(u32::try_from(ppm).unwrap_or(u32::MAX)) / 1e6;
    verdict::Plan {
        alpha_pass: error(audit.alpha_pass_ppm),
        alpha_fail: error(audit.alpha_fail_ppm),
        cap: from_row(audit.cap),
        ..verdict::Plan::for_share(share)
    }
}

/// The walk of an audit whose records showed `outcomes`, in draw order; `None` before the first.
pub(super) fn walk(audit: &AuditRow, outcomes: &[Outcome]) -> Option<Walk> {
    let opened = u64::try_from(outcomes.len()).ok().filter(|opened| *opened > 0)?;
    let plan = plan_of(audit);
    let shown = opened.saturating_add(opened / 5).max(80);
    let limits = verdict::limits(&plan, from_row(audit.frame_size), shown.max(opened));
    let mut tally = Tally::default();
    let mut tallies = vec![tally];
    tallies.extend(outcomes.iter().map(|outcome| {
        tally.opened += 1;
        match outcome {
            Outcome::Pass => {}
            Outcome::Fail => tally.failing += 1,
            Outcome::Undecided => tally.undecided += 1,
        }
        tally
    }));
    let across = limits.last()?.opened.max(opened);
    let highest = limits.iter().filter_map(|limit| limit.fails).max().unwrap_or(1);
    let plot = Plot::new(across, (highest + 1).max(tally.failing + 1));
    let stairs = |of: &dyn Fn(&Limits) -> Option<u64>| {
        let mut points: Vec<(u64, u64)> = Vec::new();
        for (at, height) in limits.iter().filter_map(|limit| Some((limit.opened, of(limit)?))) {
            if let Some((_, before)) =
                points.last().copied().filter(|(_, before)| *before != height)
            {
                points.push((at, before));
            }
            points.push((at, height));
        }
        polyline(plot, &points)
    };
    let path: Vec<(u64, u64)> = tallies.iter().map(|tally| (tally.opened, tally.failing)).collect();
    let tick = |at: u64, value: u64| Tick { at, label: value.to_string() };
    Some(Walk {
        across: round_steps(across).into_iter().map(|n| tick(plot.x(n), n)).collect(),
        up: round_steps(plot.up).into_iter().map(|n| tick(plot.y(n), n)).collect(),
        walk: polyline(plot, &path),
        passes: stairs(&|limit| limit.passes),
        fails: stairs(&|limit| limit.fails),
        end: (plot.x(tally.opened), plot.y(tally.failing)),
        steps: steps(&limits, &tallies),
    })
}

/// The points of a line, without those in the middle of a straight piece.
fn polyline(plot: Plot, points: &[(u64, u64)]) -> String {
    let level = |at: usize| {
        let height = |at: usize| points.get(at).map(|(_, height)| *height);
        at > 0 && height(at - 1) == height(at) && height(at) == height(at + 1)
    };
    let kept = points.iter().enumerate().filter(|(at, _)| !level(*at));
    let told = kept.map(|(_, (x, y))| format!("{},{}", plot.x(*x), plot.y(*y)));
    told.collect::<Vec<_>>().join(" ")
}

/// The lines of the table: where a record failed or could not be decided, where a limit moved, and
/// the last one.
fn steps(limits: &[Limits], tallies: &[Tally]) -> Vec<Step> {
    let all: Vec<Step> = limits
        .iter()
        .zip(tallies)
        .map(|(limits, tally)| Step { limits: *limits, tally: *tally })
        .collect();
    let moved = |before: &Step, step: &Step| {
        (before.limits.passes, before.limits.fails) != (step.limits.passes, step.limits.fails)
            || before.tally.failing != step.tally.failing
            || before.tally.undecided != step.tally.undecided
    };
    let last = all.len().saturating_sub(1);
    let told = all.iter().enumerate().skip(1);
    let told = told.filter(|(at, step)| *at == last || moved(&all[at - 1], step));
    told.map(|(_, step)| step.clone()).collect()
}

/// A line of a table in little: `counts` from the oldest to the newest, as points of a drawing 100
/// wide and 20 high.
pub(super) fn sparkline(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0);
    let last = u64::try_from(counts.len().saturating_sub(1)).unwrap_or(1);
    let points = (0..).zip(counts).map(|(at, count): (u64, &u64)| {
        format!("{},{}", 2 + scaled(at, 96, last), 18 - scaled(*count, 16, most))
    });
    points.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_goes_from_left_to_right_and_its_highest_point_is_the_top() {
        assert_eq!(sparkline(&[0, 5, 10]), "2,18 50,10 98,2");
        assert_eq!(sparkline(&[7]), "2,2");
        assert_eq!(sparkline(&[0, 0]), "2,18 98,18");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn steps_on_an_axis_are_round_and_few() {
        assert_eq!(round_steps(4), [0, 1, 2, 3, 4]);
        assert_eq!(round_steps(100), [0, 20, 40, 60, 80, 100]);
        assert_eq!(round_steps(0), [0]);
        assert!(round_steps(123_456).len() <= 2);
    }
}
