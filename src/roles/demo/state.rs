//! How far a demonstration has got, kept in its folder, so that a second run continues.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::plant::{Fate, Plan};
use crate::foundation::ids::StreamId;
use crate::foundation::time::{Day, Timestamp};

/// The form of [`timeline`].
pub const TIMELINE: u32 = 2;
/// The minute of the night after the jobs of the night.
const NIGHT: u64 = 2 * 60 + 46;

/// One step of the simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Those who were open before the fortnight push the records of this day and of the one before.
    Past(Day),
    /// The outlets push the records of this day and close it; closures that follow are declared.
    Push(Day),
    /// Those who are late push this day after its deadline.
    Late(Day),
    /// The nightly checks.
    Night,
    /// The period has passed its cutoff: records are drawn, opened or disclosed, and judged.
    Audit,
    /// The limit for disclosures is past: what never came fails.
    Overdue,
    /// An officer of each department decides, letters are mailed.
    Decide,
    /// The night in which every score takes in what was decided.
    Scores,
}

/// The steps in order, each with its moment. `cutoff_hours` go by between the end of the last day
/// and the moment after which the record set is final. Periods before the fortnight are audited
/// meanwhile, by the same jobs.
pub fn timeline(plan: &Plan, cutoff_hours: u32) -> Vec<(Timestamp, Step)> {
    let at = |day: Day, minutes: u64| super::city::moment(day, minutes * 60);
    let (earliest, first) = (plan.city.earliest_day(), plan.city.size.first_day);
    let mut steps = Vec::new();
    let past = std::iter::successors(Some(earliest), |day| Some(day.next()));
    for (number, day) in past.take_while(|day| *day < first).enumerate() {
        if number % 2 == 1 {
            steps.push((at(day, 23 * 60 + 30), Step::Past(day)));
        }
    }
    for day in plan.city.days() {
        steps.push((at(day, 23 * 60 + 30), Step::Push(day)));
        let before = day.previous();
        let late = |stream: &super::plant::StreamPlan| {
            stream.on(before).is_some_and(|day| day.fate == Fate::Late)
        };
        if plan.streams.iter().any(late) {
            steps.push((at(day.next(), 60), Step::Late(before)));
        }
        steps.push((at(day.next(), NIGHT), Step::Night));
    }
    let last = plan.city.last_day();
    steps.push((at(last.plus(2), NIGHT), Step::Night));
    let cutoff = last.end().plus(std::time::Duration::from_secs(u64::from(cutoff_hours) * 3600));
    let cutoff = cutoff.day();
    steps.push((at(cutoff, 3 * 60), Step::Audit));
    steps.push((at(cutoff.next(), 4 * 60 + 30), Step::Overdue));
    steps.push((at(cutoff.plus(2), 9 * 60), Step::Decide));
    steps.push((at(cutoff.plus(3), NIGHT), Step::Scores));
    steps
}

/// What is kept in `demo.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The form of the timeline, so that another one is not taken up in the middle.
    pub timeline: u32,
    /// Seed of the city.
    pub seed: u64,
    /// Records asked for.
    pub records: u64,
    /// Whether registry, keys and clients stand.
    pub founded: bool,
    /// Steps of the timeline that are done.
    pub steps: usize,
    /// The simulated moment of the step under way.
    pub moment: Option<Timestamp>,
    /// Seconds that all steps took, over all runs.
    pub seconds: f64,
}

impl State {
    /// Whether a demonstration lives in `folder`.
    pub fn lives_in(folder: &Path) -> bool {
        path(folder).exists()
    }

    /// The state in `folder`, or `fresh` where nothing has begun there.
    ///
    /// # Errors
    ///
    /// Those of reading; a file of another form is [`io::ErrorKind::InvalidData`].
    pub fn load(folder: &Path, fresh: State) -> io::Result<State> {
        match std::fs::read(path(folder)) {
            Ok(text) => {
                let state: State = serde_json::from_slice(&text)?;
                let known = state.timeline == TIMELINE;
                let other = || io::Error::new(io::ErrorKind::InvalidData, "another timeline");
                known.then_some(state).ok_or_else(other)
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(fresh),
            Err(cause) => Err(cause),
        }
    }

    /// Writes the state, at once or not at all.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        let beside = folder.join("demo.json.new");
        std::fs::write(&beside, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(beside, path(folder))
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("demo.json")
}

/// What has arrived already, for a run that continues: pushing it again would be a conflict.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Stream and first number of each batch.
    pub batches: BTreeSet<(StreamId, u64)>,
    /// Stream and day of each close.
    pub closes: BTreeSet<(StreamId, Day)>,
    /// Stream and first day of each declared closure.
    pub closures: BTreeSet<(StreamId, Day)>,
}

impl Sent {
    /// Whether a batch of `stream` that begins with `first` has arrived.
    pub fn has(&self, stream: StreamId, first: u64) -> bool {
        self.batches.contains(&(stream, first))
    }

    /// How many records of `plan` have arrived.
    pub fn records(&self, plan: &Plan) -> u64 {
        let sent = plan.streams.iter().flat_map(|stream| {
            let batches = stream.days.iter().flat_map(|day| day.batches());
            batches.filter(|(first, _)| self.has(stream.stream, *first))
        });
        sent.map(|(first, last)| last - first + 1).sum()
    }

    /// Whether the close of `day` has arrived.
    pub fn has_closed(&self, stream: StreamId, day: Day) -> bool {
        self.closes.contains(&(stream, day))
    }
}

#[cfg(test)]
mod tests {
    use super::super::city::City;
    use super::super::city::tests::size;
    use super::*;

    #[test]
    fn time_never_runs_backwards_and_late_days_are_late() {
        let city = City::of_all_trades(size(100_000));
        let plan = Plan::of(city);
        let steps = timeline(&plan, 48);
        assert!(steps.is_sorted_by_key(|(at, _)| *at));
        for (at, step) in &steps {
            match step {
                Step::Push(day) | Step::Past(day) => assert_eq!(at.day(), *day),
                Step::Late(day) => {
                    // The deadline is 24 hours after the day; the check of that day is at night.
                    let late = at.since(day.end().plus(std::time::Duration::from_secs(86_400)));
                    assert_eq!(late.as_secs(), 3600);
                }
                _ => {}
            }
        }
        let count = |wanted: fn(&Step) -> bool| steps.iter().filter(|(_, s)| wanted(s)).count();
        assert_eq!(count(|step| matches!(step, Step::Past(_))), 35);
        assert_eq!(count(|step| matches!(step, Step::Push(_))), 14);
        let first = steps.first().unwrap().0.to_string();
        assert_eq!(first, "2026-01-27T23:30:00.000+08:00");
        assert_eq!(steps.last().unwrap().0.to_string(), "2026-04-25T02:46:00.000+08:00");
    }

    #[test]
    fn a_saved_state_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = State {
            timeline: TIMELINE,
            seed: 1,
            records: 2,
            founded: false,
            steps: 0,
            moment: None,
            seconds: 0.5,
        };
        assert_eq!(State::load(folder.path(), fresh.clone()).unwrap(), fresh);
        let later = State { steps: 3, moment: Some(Timestamp::from_seconds(5)), ..fresh.clone() };
        later.save(folder.path()).unwrap();
        assert_eq!(State::load(folder.path(), fresh.clone()).unwrap(), later);
        std::fs::write(path(folder.path()), b"{}").unwrap();
        assert!(State::load(folder.path(), fresh).is_err());
    }
}
