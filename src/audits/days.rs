//! The days of a stream as its business sees them: what came, what was said, what is still due.

use std::collections::BTreeMap;

use super::error::AuditError;
use crate::foundation::db::Conn;
use crate::foundation::time::{Day, Timestamp};
use crate::intake::{self, ClosureKind};
use crate::registry::{Period, Plan, StreamFacts};

/// What a day of a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayState {
    /// No day of business.
    Shut,
    /// It has not come yet.
    Ahead,
    /// Exempt by a closure that was declared in time.
    Closure,
    /// Exempt by an outage that was declared in time.
    Outage,
    /// Signed off without a customer.
    Nil,
    /// Records came in time, and the day is closed.
    Closed,
    /// Records or the close came after the deadline.
    Late,
    /// Something may still come in time.
    Open,
    /// Records came; nothing says that they are all, and the deadline is past.
    Unclosed,
    /// Nothing came, and the deadline is past.
    Missing,
}

impl DayState {
    /// The Fluent key of its name, its colour, and a sign for those who see no colour.
    pub(super) const fn look(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Shut => ("portal-day-shut", "", "·"),
            Self::Ahead => ("portal-day-ahead", "", "·"),
            Self::Closure => ("portal-day-closure", "", "休"),
            Self::Outage => ("portal-day-outage", "warn", "断"),
            Self::Nil => ("portal-day-nil-state", "good", "0"),
            Self::Closed => ("portal-day-closed", "good", "✓"),
            Self::Late => ("portal-day-late", "warn", "迟"),
            Self::Open => ("portal-day-open", "", "…"),
            Self::Unclosed => ("portal-day-unclosed", "warn", "?"),
            Self::Missing => ("portal-day-missing", "bad", "✕"),
        }
    }

    /// Whether the business can still do something about it.
    pub(super) const fn is_wanted(self) -> bool {
        matches!(self, Self::Open | Self::Unclosed | Self::Missing)
    }
}

/// A day of a stream, and how many records came for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DaySeen {
    pub(super) day: Day,
    pub(super) state: DayState,
    pub(super) count: i64,
}

/// What is known of one day.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    count: i64,
    late: bool,
    /// The count of the close, if there is one.
    closed: Option<i64>,
    exempt: Option<ClosureKind>,
}

/// The days of a period of a stream as of `now`.
///
/// # Errors
///
/// Those of the store.
pub(super) fn days_of(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    facts: &StreamFacts,
    now: Timestamp,
) -> Result<Vec<DaySeen>, AuditError> {
    let (stream, first, last) = (&facts.stream, period.first, period.last);
    let mut known: BTreeMap<Day, Known> = BTreeMap::new();
    for batch in intake::batches_of_stream(conn, stream.id, first, last)? {
        let day = known.entry(batch.day).or_default();
        day.count += batch.count;
        day.late |= batch.late;
    }
    for close in intake::closes_of(conn, stream.id, first, last)? {
        let day = known.entry(close.day).or_default();
        day.closed = Some(close.count);
        day.late |= close.late;
    }
    let declared = intake::closures_of(conn, stream.id, first, last)?;
    let days = std::iter::successors(Some(first), |day| Some(day.next()));
    let seen = days.take_while(|day| *day <= last).map(|day| {
        let due = plan.close_due(day);
        let mut of_day = known.get(&day).copied().unwrap_or_default();
        of_day.exempt = intake::exemption(&declared, day, due).map(|closure| closure.kind);
        let state = state(&of_day, stream.is_open_on(day), day > now.day(), due < now);
        DaySeen { day, state, count: of_day.count }
    });
    Ok(seen.collect())
}

fn state(known: &Known, business: bool, ahead: bool, overdue: bool) -> DayState {
    match (known.closed, known.count, known.exempt) {
        (Some(_), ..) if known.late => DayState::Late,
        (Some(0), 0, _) => DayState::Nil,
        (Some(_), ..) => DayState::Closed,
        (None, 1.., _) if overdue => DayState::Unclosed,
        (None, 1.., _) => DayState::Open,
        (None, _, Some(ClosureKind::Closure)) => DayState::Closure,
        (None, _, Some(ClosureKind::Outage)) => DayState::Outage,
        (None, ..) if !business => DayState::Shut,
        (None, ..) if ahead => DayState::Ahead,
        (None, ..) if overdue => DayState::Missing,
        (None, ..) => DayState::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_a_gap_and_no_customers_are_three_things() {
        let nothing = Known::default();
        let nil = Known { closed: Some(0), ..nothing };
        let records = Known { count: 3, ..nothing };
        let closed = Known { closed: Some(3), ..records };
        assert_eq!(state(&nothing, true, false, true), DayState::Missing);
        assert_eq!(state(&nothing, true, false, false), DayState::Open);
        assert_eq!(state(&nil, true, false, true), DayState::Nil);
        assert_eq!(state(&records, true, false, true), DayState::Unclosed);
        assert_eq!(state(&records, true, false, false), DayState::Open);
        assert_eq!(state(&closed, true, false, true), DayState::Closed);
        assert_eq!(state(&Known { late: true, ..closed }, true, false, true), DayState::Late);
    }

    #[test]
    fn a_day_that_owes_nothing_is_not_wanted() {
        let nothing = Known::default();
        let shut = state(&nothing, false, false, true);
        let ahead = state(&nothing, true, true, false);
        let exempt = Known { exempt: Some(ClosureKind::Closure), ..nothing };
        let exempt = state(&exempt, true, false, true);
        assert_eq!([shut, ahead, exempt], [DayState::Shut, DayState::Ahead, DayState::Closure]);
        assert!([shut, ahead, exempt].iter().all(|state| !state.is_wanted()));
        assert!(state(&nothing, true, false, true).is_wanted());
    }
}
