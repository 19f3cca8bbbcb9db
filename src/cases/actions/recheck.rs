//! A check of what was corrected: planned, given two officers, held.

use serde_json::json;

use super::super::error::CaseError;
use super::super::guard::{CaseLead, CaseOfficer};
use super::super::model::{Case, Check, CheckMethod, Event, Outcome};
use super::super::store::{self, flow};
use super::Reason;
use super::flow::{Change, Hand};
use super::paper::{Paperwork, Sentences};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{LeafId, OfficerId, RecheckId};
use crate::foundation::time::Day;
use crate::identity::FieldCipher;
use crate::notices::LetterKind;
use crate::registry::{self, RegisteredOfficer};

/// The longest time until a check, in days.
const LONGEST_WAIT: i64 = 180;

/// Plans a check by `due`.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version` or a check is planned;
/// [`CaseError::Words`] if the day is past or more than 180 days ahead.
pub(in super::super) async fn plan(
    house: &House,
    right: CaseOfficer,
    version: i64,
    (method, due): (CheckMethod, Day),
    reason: Reason,
) -> Result<(), CaseError> {
    let (inside, id): (_, RecheckId) = (house.clone(), house.fresh());
    let now = house.clock.now();
    if !(0..=LONGEST_WAIT).contains(&due.days_since(&now.day())) {
        return Err(CaseError::Words("check-day"));
    }
    house
        .store
        .write("cases.plan_recheck", move |tx| {
            let place = (right.case.id, version);
            let change = Change::begin(tx, place, Event::PlanRecheck, Hand::Officer(&right.by))?;
            let (what, who) = ((method, due), (now, right.by.id));
            if !flow::plan_check(tx, (id, right.case.id), what, who)? {
                return Err(CaseError::NotNow);
            }
            change
                .noting(reason.text())
                .telling("check", json!(id))
                .telling("method", json!(method))
                .telling("due", json!(due))
                .end(tx, &inside)
                .map(|_| ())
        })
        .await
}

/// Officers of the department of `case` who may hold a check in it on `today`: certified, of the
/// trade, without a conflict with the business.
///
/// # Errors
///
/// Those of the database.
pub(in super::super) fn eligible(
    conn: &mut Conn,
    case: &Case,
    today: Day,
) -> diesel::QueryResult<Vec<RegisteredOfficer>> {
    let mut fit = Vec::new();
    for officer in registry::officers_of(conn, case.department)? {
        let trade = officer.sectors().any(|sector| sector == case.sector);
        if trade
            && officer.certified_on(today)
            && !registry::conflicts_of(conn, officer.id)?.contains(&case.holder)
        {
            fit.push(officer);
        }
    }
    Ok(fit)
}

/// Names two officers for a check that were not drawn, with the reason.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version`, or the check is done or drawn;
/// [`CaseError::Words`] if the two are one, or one of them may not hold it.
pub(in super::super) async fn name_officers(
    house: &House,
    right: CaseLead,
    (version, id): (i64, RecheckId),
    two: [OfficerId; 2],
    reason: Reason,
) -> Result<(), CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.name_officers", move |tx| {
            let CaseOfficer { by, case } = &right.0;
            let place = (case.id, version);
            let change = Change::begin(tx, place, Event::NameOfficers, Hand::Officer(by))?;
            let check = open_check(tx, case, id)?;
            if check.draw_leaf_id.is_some() {
                return Err(CaseError::NotNow);
            }
            fit_both(tx, case, two, inside.clock.now().day())?;
            let naming = flow::Naming {
                at: inside.clock.now(),
                by: Some(by.id),
                reason: Some(reason.text()),
                draw: None,
            };
            if !flow::name_officers(tx, &check, two, &naming)? {
                return Err(CaseError::NotNow);
            }
            change.noting(reason.text()).telling("check", json!(id)).end(tx, &inside).map(|_| ())
        })
        .await
}

/// Gives a check the two officers whom a draw with the leaf `draw` has chosen, in its transaction.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the check is done or has officers; [`CaseError::Words`] if one of them
/// may not hold it.
pub fn officers_drawn_in(
    tx: &mut Conn,
    house: &House,
    id: RecheckId,
    two: [OfficerId; 2],
    draw: LeafId,
) -> Result<(), CaseError> {
    let check = flow::check(tx, id)?.ok_or(CaseError::NotFound)?;
    let case = store::case(tx, check.case)?.ok_or(CaseError::NotFound)?;
    if check.officers().is_some() {
        return Err(CaseError::NotNow);
    }
    let place = (case.id, case.version);
    let change = Change::begin(tx, place, Event::NameOfficers, Hand::Nobody)?;
    fit_both(tx, &case, two, house.clock.now().day())?;
    let at = house.clock.now();
    let naming = flow::Naming { at, by: None, reason: None, draw: Some(draw) };
    if !flow::name_officers(tx, &check, two, &naming)? {
        return Err(CaseError::NotNow);
    }
    change.telling("check", json!(id)).telling("draw", json!(draw)).end(tx, house).map(|_| ())
}

fn open_check(tx: &mut Conn, case: &Case, id: RecheckId) -> Result<Check, CaseError> {
    let check = flow::check(tx, id)?.filter(|check| check.case == case.id);
    let check = check.ok_or(CaseError::NotFound)?;
    if check.result.is_some() { Err(CaseError::NotNow) } else { Ok(check) }
}

fn fit_both(
    tx: &mut Conn,
    case: &Case,
    [one, other]: [OfficerId; 2],
    today: Day,
) -> Result<(), CaseError> {
    let fit = eligible(tx, case, today)?;
    let is_fit = |id: OfficerId| fit.iter().any(|officer| officer.id == id);
    if one == other || !is_fit(one) || !is_fit(other) {
        return Err(CaseError::Words("check-officers"));
    }
    Ok(())
}

/// What one of the two officers writes down of a check.
pub(in super::super) struct Record {
    pub(in super::super) result: Outcome,
    pub(in super::super) held_on: Day,
    pub(in super::super) words: Reason,
}

/// Writes down what a check found; the business gets the record, with the certificates of both. A
/// failed one makes an order overdue.
///
/// # Errors
///
/// [`CaseError::NotYours`] if the officer is not one of the two; [`CaseError::NotNow`] if the case
/// has moved since `version`, or the check is done; [`CaseError::Words`] if the day is before the
/// plan or after today.
pub(in super::super) async fn end(
    house: &House,
    cipher: &FieldCipher,
    right: CaseOfficer,
    (version, id): (i64, RecheckId),
    record: Record,
) -> Result<(), CaseError> {
    let (inside, cipher) = (house.clone(), cipher.clone());
    house
        .store
        .write("cases.end_recheck", move |tx| {
            let (house, CaseOfficer { by, case }) = (&inside, &right);
            let check = open_check(tx, case, id)?;
            let two = check.officers().filter(|two| two.contains(&by.id));
            let two = two.ok_or(CaseError::NotYours("cases-bar-check"))?;
            let now = house.clock.now();
            if record.held_on < check.planned_at.day() || record.held_on > now.day() {
                return Err(CaseError::Words("held-day"));
            }
            let event = match (record.result, case.notice) {
                (Outcome::Passed, _) => Event::Pass,
                (Outcome::Failed, LetterKind::Order) => Event::Fail,
                (Outcome::Failed, _) => Event::Unheeded,
            };
            let place = (case.id, version);
            let (after, leaf) = Change::begin(tx, place, event, Hand::Officer(by))?
                .noting(record.words.text())
                .telling("check", json!(id))
                .telling("held_on", json!(record.held_on))
                .end(tx, house)?;
            let found = flow::Finding {
                held_on: record.held_on,
                result: record.result,
                words: record.words.text(),
                at: now,
                by: by.id,
                leaf,
            };
            if !flow::end_check(tx, id, &found)? {
                return Err(CaseError::NotNow);
            }
            let key = match event {
                Event::Pass => "recheck-passed",
                Event::Fail => "recheck-failed",
                _ => "recheck-unheeded",
            };
            let words =
                Sentences::of(key).with("day", record.held_on).with("words", record.words.text());
            let certificates: Vec<String> = registry::officers_of(tx, case.department)?
                .into_iter()
                .filter(|officer| two.contains(&officer.id))
                .map(|officer| officer.certificate_no)
                .collect();
            Paperwork { kind: LetterKind::Recheck, case: &after, words, deadline: None }.send(
                tx,
                house,
                &cipher,
                &certificates,
            )
        })
        .await
}
