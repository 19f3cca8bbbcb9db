//! The time of an order: granted longer, refused, standing still, running again.

use std::slice::from_ref;

use serde_json::json;

use super::super::error::CaseError;
use super::super::guard::CaseOfficer;
use super::super::model::{Case, Counting, Event, latest_day};
use super::super::store::{self, flow::Verdict};
use super::Reason;
use super::flow::{Change, Hand};
use super::paper::{Paperwork, Sentences};
use crate::foundation::House;
use crate::foundation::ids::ExtensionId;
use crate::foundation::time::Day;
use crate::identity::FieldCipher;
use crate::notices::LetterKind;
use crate::registry::Calendar;

/// Decides a request for more time: until `granted`, or not at all. The business gets a letter.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version` or the request is decided;
/// [`CaseError::Words`] if the day is not later than the last one, or later than may be granted;
/// those of letters and of the store.
pub(in super::super) async fn decide_extension(
    house: &House,
    cipher: &FieldCipher,
    right: CaseOfficer,
    (version, id): (i64, ExtensionId),
    granted: Option<Day>,
    reason: Reason,
) -> Result<(), CaseError> {
    let (inside, cipher) = (house.clone(), cipher.clone());
    house
        .store
        .write("cases.decide_extension", move |tx| {
            let (house, by) = (&inside, &right.by);
            let asked = store::flow::extensions(tx, right.case.id)?;
            let own = asked.iter().find(|one| one.id == id).ok_or(CaseError::NotFound)?;
            let event = granted.map_or(Event::RefuseExtension, |_| Event::Extend);
            let place = (right.case.id, version);
            let mut change = Change::begin(tx, place, event, Hand::Officer(by))?;
            if let Some(until) = granted {
                let latest = latest_day(own.from_day, &asked);
                if until <= change.after.deadline.max(house.clock.now().day()) || until > latest {
                    return Err(CaseError::Words("extension-day"));
                }
                change.after.deadline = until;
            }
            let verdict = Verdict { at: house.clock.now(), by: by.id, answer: reason.text() };
            if !store::flow::decide_extension(tx, id, &verdict, granted)? {
                return Err(CaseError::NotNow);
            }
            let change = change.noting(reason.text()).telling("extension", json!(id));
            let (case, _) = change.end(tx, house)?;
            let key = granted.map_or("extension-refused", |_| "extension-granted");
            let words = Sentences::of(key)
                .with("asked", own.until_day)
                .with("reason", reason.text())
                .with("deadline", case.deadline);
            let deadline = Some(case.deadline);
            Paperwork { kind: LetterKind::Extension, case: &case, words, deadline }.send(
                tx,
                house,
                &cipher,
                from_ref(&by.certificate),
            )
        })
        .await
}

/// Lets the time of an order stand still from today.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version`, no time runs, or it stands still.
pub(in super::super) async fn suspend(
    house: &House,
    right: CaseOfficer,
    version: i64,
    reason: Reason,
) -> Result<(), CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.suspend", move |tx| {
            let place = (right.case.id, version);
            let mut change = Change::begin(tx, place, Event::Suspend, Hand::Officer(&right.by))?;
            let runs = change.after.notice == LetterKind::Order;
            if change.after.suspended_at.is_some() || !runs {
                return Err(CaseError::NotNow);
            }
            change.after.suspended_at = Some(inside.clock.now());
            change.noting(reason.text()).end(tx, &inside).map(|_| ())
        })
        .await
}

/// Lets the time run again: the last day moves by the days for which it stood still.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version`, or its time runs.
pub(in super::super) async fn resume(
    house: &House,
    calendar: &Calendar,
    right: CaseOfficer,
    version: i64,
    reason: Reason,
) -> Result<(), CaseError> {
    let (inside, calendar) = (house.clone(), calendar.clone());
    house
        .store
        .write("cases.resume", move |tx| {
            let place = (right.case.id, version);
            let mut change = Change::begin(tx, place, Event::Resume, Hand::Officer(&right.by))?;
            let today = inside.clock.now().day();
            change.after.deadline =
                resumed(&change.after, today, &calendar).ok_or(CaseError::NotNow)?;
            change.after.suspended_at = None;
            change.noting(reason.text()).end(tx, &inside).map(|_| ())
        })
        .await
}

/// The last day of `case` if its time, which stands still, runs again on `today`; `None` if it does
/// not stand still.
fn resumed(case: &Case, today: Day, calendar: &Calendar) -> Option<Day> {
    let since = case.suspended_at?.day();
    Some(match case.counting {
        Counting::Calendar => {
            let stood = u32::try_from(today.days_since(&since)).unwrap_or(0);
            case.deadline.plus(stood)
        }
        Counting::Working => {
            calendar.plus_working(case.deadline, calendar.working_between(since, today))
        }
    })
}
