//! How far a demonstration has got, kept in its folder, so that a second run continues.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::plant::{Fate, Plan};
use crate::foundation::ids::StreamId;
use crate::foundation::time::{Day, Timestamp};

/// One step of the simulated fortnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The outlets push the records of day number … and close it.
    Push(usize),
    /// Those who are late push day number … after its deadline.
    Late(usize),
    /// The nightly population check.
    Night,
    /// The period has passed its cutoff: records are drawn, opened and judged.
    Audit,
    /// An officer decides, letters are mailed.
    Decide,
}

/// The steps in order, each with its moment. `cutoff_hours` go by between the end of the last day
/// and the moment after which the record set is final.
pub fn timeline(plan: &Plan, cutoff_hours: u32) -> Vec<(Timestamp, Step)> {
    let at = |day: Day, minutes: u64| super::city::moment(day, minutes * 60);
    let mut steps = Vec::new();
    for (number, day) in plan.city.days().enumerate() {
        steps.push((at(day, 23 * 60 + 30), Step::Push(number)));
        if let Some(before) = number.checked_sub(1)
            && plan.streams.iter().any(|stream| stream.days[before].fate == Fate::Late)
        {
            steps.push((at(day.next(), 60), Step::Late(before)));
        }
        steps.push((at(day.next(), 2 * 60 + 16), Step::Night));
    }
    let last = plan.city.last_day();
    steps.push((at(last.plus(2), 2 * 60 + 16), Step::Night));
    let cutoff = last.end().plus(std::time::Duration::from_secs(u64::from(cutoff_hours) * 3600));
    steps.push((at(cutoff.day(), 3 * 60), Step::Audit));
    steps.push((at(cutoff.day(), 9 * 60), Step::Decide));
    steps
}

/// What is kept in `demo.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
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
            Ok(text) => Ok(serde_json::from_slice(&text)?),
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
    use super::super::plant::tests::plan;
    use super::*;

    #[test]
    fn time_never_runs_backwards_and_late_days_are_late() {
        let plan = plan();
        let steps = timeline(&plan, 48);
        assert!(steps.is_sorted_by_key(|(at, _)| *at));
        let days: Vec<Day> = plan.city.days().collect();
        for (at, step) in &steps {
            match step {
                Step::Push(day) => assert_eq!(at.day(), days[*day]),
                Step::Late(day) => {
                    // The deadline is 24 hours after the day; the check of that day is at 02:15.
                    let late =
                        at.since(days[*day].end().plus(std::time::Duration::from_secs(86_400)));
                    assert_eq!(late.as_secs(), 3600);
                }
                _ => {}
            }
        }
        assert_eq!(steps.last().unwrap().0.to_string(), "2026-03-18T09:00:00.000+08:00");
    }

    #[test]
    fn a_saved_state_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let fresh =
            State { seed: 1, records: 2, founded: false, steps: 0, moment: None, seconds: 0.5 };
        assert_eq!(State::load(folder.path(), fresh.clone()).unwrap(), fresh);
        let later = State { steps: 3, moment: Some(Timestamp::from_seconds(5)), ..fresh.clone() };
        later.save(folder.path()).unwrap();
        assert_eq!(State::load(folder.path(), fresh.clone()).unwrap(), later);
        std::fs::write(path(folder.path()), b"{}").unwrap();
        assert!(State::load(folder.path(), fresh).is_err());
    }
}
