//! The days of a stream as a calendar: what came, what came late, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::AuditError;
use crate::foundation::db::Conn;
use crate::foundation::ids::StreamId;
use crate::foundation::time::{Day, Timestamp};
use crate::intake::{self, DeclaredClosure};
use crate::registry::{Plan, StreamFacts};

/// So many weeks are shown, the running one included.
const WEEKS: u32 = 13;

/// What a day of a stream shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DayState {
    /// Records came, all in time.
    Received,
    /// Records came, some of them late.
    Late,
    /// An open day whose deadline is past, with neither records nor a nil return.
    Missing,
    /// A signed nil return.
    Nil,
    /// A declared closure or outage.
    Closed,
    /// The deadline is still to come.
    Waiting,
    /// No day of business.
    Rest,
}

impl DayState {
    /// The states that a legend explains, in its order.
    pub(super) const TOLD: [Self; 6] =
        [Self::Received, Self::Late, Self::Missing, Self::Nil, Self::Closed, Self::Waiting];

    /// The word in Fluent keys and classes.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Late => "late",
            Self::Missing => "missing",
            Self::Nil => "nil",
            Self::Closed => "closed",
            Self::Waiting => "waiting",
            Self::Rest => "rest",
        }
    }

    /// The Fluent key of its name.
    pub(super) fn key(self) -> String {
        format!("audits-day-{}", self.word())
    }

    /// The Fluent key of the one letter that stands in the calendar.
    pub(super) fn letter(self) -> String {
        format!("audits-day-{}-letter", self.word())
    }
}

/// A day in the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) day: Day,
    pub(super) state: DayState,
    /// Records of the day, those of late batches too.
    pub(super) records: i64,
}

/// The newest weeks of a stream.
pub(super) struct Calendar {
    pub(super) stream: StreamId,
    pub(super) outlet: String,
    /// The Monday of each week, oldest first.
    pub(super) weeks: Vec<Day>,
    /// Seven rows, Monday first; a column a week, `None` for a day to come.
    pub(super) rows: Vec<Vec<Option<Cell>>>,
}

impl Calendar {
    /// How many days are in a state.
    pub(super) fn count(&self, state: &DayState) -> usize {
        self.rows.iter().flatten().flatten().filter(|cell| cell.state == *state).count()
    }
}

/// What came for the days of a stream.
#[derive(Default)]
struct Came {
    /// Records, and whether any came late.
    records: BTreeMap<Day, (i64, bool)>,
    nil: BTreeSet<Day>,
    declared: Vec<DeclaredClosure>,
}

/// The calendar of a stream under `plan`, up to today.
pub(super) fn calendar(
    conn: &mut Conn,
    plan: &Plan,
    facts: &StreamFacts,
    now: Timestamp,
) -> Result<Calendar, AuditError> {
    let today = now.day();
    let first = monday_before(today, WEEKS - 1);
    let id = facts.stream.id;
    let mut came = Came {
        nil: intake::nil_days_of(conn, id, first, today)?.into_iter().collect(),
        declared: intake::closures_of(conn, id, first, today)?,
        ..Came::default()
    };
    for (day, late, count) in intake::deliveries_of(conn, id, first, today)? {
        let (records, any_late) = came.records.entry(day).or_default();
        *records += count;
        *any_late |= late;
    }
    let weeks: Vec<Day> = (0..WEEKS).map(|week| first.plus(week * 7)).collect();
    let cell = |day: Day| (day <= today).then(|| cell(plan, facts, &came, now, day));
    let row = |weekday: u32| weeks.iter().map(|monday| cell(monday.plus(weekday))).collect();
    let rows = (0..7).map(row).collect();
    Ok(Calendar { stream: id, outlet: facts.outlet.name.clone(), weeks, rows })
}

/// The Monday of the week `weeks` before that of `day`.
fn monday_before(day: Day, weeks: u32) -> Day {
    let back = day.weekday() + 7 * weeks;
    (0..back).fold(day, |day, _| day.previous())
}

fn cell(plan: &Plan, facts: &StreamFacts, came: &Came, now: Timestamp, day: Day) -> Cell {
    let due = plan.close_due(day);
    let (records, late) = came.records.get(&day).copied().unwrap_or_default();
    let state = if records > 0 {
        if late { DayState::Late } else { DayState::Received }
    } else if !facts.stream.is_open_on(day) {
        DayState::Rest
    } else if intake::exemption(&came.declared, day, due).is_some() {
        DayState::Closed
    } else if came.nil.contains(&day) {
        DayState::Nil
    } else if due <= now {
        DayState::Missing
    } else {
        DayState::Waiting
    };
    Cell { day, state, records }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audits::testing::{City, day};

    #[tokio::test]
    async fn a_calendar_tells_days_apart_and_ends_today() {
        let city = City::new().await;
        let sound = crate::audits::testing::Planted::Sound;
        city.go_to("2026-03-03T10:00:00+08:00");
        city.push(day("2026-03-02"), 1, &[sound, sound], &[]).await;
        city.go_to("2026-03-06T10:00:00+08:00");
        city.push(day("2026-03-04"), 3, &[sound], &[]).await;
        city.close(day("2026-03-05"), None, 0).await;
        let (plan, holder) = (city.plan.clone(), city.holder);
        let now = city.house().clock.now();
        let seen = city
            .house()
            .store
            .read("test", move |conn| {
                let facts = crate::registry::streams_of(conn, holder)?.remove(0);
                calendar(conn, &plan, &facts, now)
            })
            .await
            .unwrap();
        let at = |text: &str| {
            let all = seen.rows.iter().flatten().flatten();
            all.clone().find(|cell| cell.day == day(text)).map(|cell| (cell.state, cell.records))
        };
        assert_eq!(at("2026-03-02"), Some((DayState::Received, 2)));
        assert_eq!(at("2026-03-03"), Some((DayState::Missing, 0)));
        assert_eq!(at("2026-03-04"), Some((DayState::Late, 1)));
        assert_eq!(at("2026-03-05"), Some((DayState::Nil, 0)));
        assert_eq!(at("2026-03-06"), Some((DayState::Waiting, 0)));
        assert_eq!(at("2026-03-07"), None);
        assert_eq!((seen.weeks.len(), seen.weeks[12]), (13, day("2026-03-02")));
        assert_eq!(seen.count(&DayState::Late), 1);
    }
}
