//! How a case ends: closed on the proposal of one and the approval of another, or gone further than
//! the notice. Nothing of this happens without a named officer.

use std::slice::from_ref;

use serde_json::json;

use super::super::error::CaseError;
use super::super::guard::{CaseLead, CaseOfficer};
use super::super::model::{Case, CaseResult, EscalationKind, Event, Outcome, State};
use super::super::store::flow::{self, Verdict};
use super::Reason;
use super::flow::{Change, Hand};
use super::paper::{Paperwork, Sentences};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{ClosingId, EscalationId};
use crate::identity::FieldCipher;
use crate::notices::LetterKind;

/// The longest name of an organ, in characters.
const LONGEST_RECEIVER: usize = 100;

/// Proposes to close a case with `result`.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version` or that is proposed;
/// [`CaseError::Words`] if what the result needs is not there: a passed check for the correction of
/// an order, an answer or a passed check for advice; for leniency, that it was corrected in time.
pub(in super::super) async fn propose_closing(
    house: &House,
    right: CaseOfficer,
    version: i64,
    result: CaseResult,
    reason: Reason,
) -> Result<(), CaseError> {
    let (inside, id): (_, ClosingId) = (house.clone(), house.fresh());
    house
        .store
        .write("cases.propose_closing", move |tx| {
            let (case, by) = (&right.case, &right.by);
            let place = (case.id, version);
            let change = Change::begin(tx, place, Event::ProposeClosing, Hand::Officer(by))?;
            must_be_ripe(tx, &change.after, result)?;
            let who = (inside.clock.now(), by.id);
            if !flow::propose_closing(tx, (id, case.id), (result, reason.text()), who)? {
                return Err(CaseError::NotNow);
            }
            change
                .noting(reason.text())
                .telling("result", json!(result))
                .end(tx, &inside)
                .map(|_| ())
        })
        .await
}

/// Refuses a result that the case does not carry.
fn must_be_ripe(tx: &mut Conn, case: &Case, result: CaseResult) -> Result<(), CaseError> {
    let last = flow::checks(tx, case.id)?.into_iter().filter_map(|check| check.result).next_back();
    let answered = case.notice == LetterKind::Advice && !flow::replies(tx, case.id)?.is_empty();
    let corrected = last == Some(Outcome::Passed) || (last.is_none() && answered);
    let late = matches!(case.state, State::Overdue | State::Escalated);
    match result {
        CaseResult::Rectified if !corrected => Err(CaseError::Words("closing-unchecked")),
        CaseResult::Lenient if !corrected || late => Err(CaseError::Words("closing-late")),
        _ => Ok(()),
    }
}

/// Decides a proposal to close. Where it is approved, the business gets a letter.
///
/// # Errors
///
/// [`CaseError::NotYours`] if he proposed it himself; [`CaseError::NotNow`] if the case has moved
/// since `version` or the proposal is decided; those of letters and of the store.
pub(in super::super) async fn decide_closing(
    house: &House,
    cipher: &FieldCipher,
    right: CaseLead,
    (version, id): (i64, ClosingId),
    approved: bool,
    reason: Reason,
) -> Result<(), CaseError> {
    let (inside, cipher) = (house.clone(), cipher.clone());
    house
        .store
        .write("cases.decide_closing", move |tx| {
            let (house, CaseOfficer { by, case }) = (&inside, &right.0);
            let proposals = flow::closings(tx, case.id)?;
            let own = proposals.iter().find(|one| one.id == id).ok_or(CaseError::NotFound)?;
            if own.proposed_by == by.id {
                return Err(CaseError::NotYours("cases-bar-own"));
            }
            let event = if approved { Event::Close } else { Event::RefuseClosing };
            let place = (case.id, version);
            let mut change = Change::begin(tx, place, event, Hand::Officer(by))?;
            if approved {
                must_be_ripe(tx, &change.after, own.result)?;
                change.after.result = Some(own.result);
                change = change.telling("result", json!(own.result));
            }
            let verdict = Verdict { at: house.clock.now(), by: by.id, answer: reason.text() };
            if !flow::decide_closing(tx, id, &verdict, approved)? {
                return Err(CaseError::NotNow);
            }
            let (case, _) = change.noting(reason.text()).end(tx, house)?;
            if !approved {
                return Ok(());
            }
            let key = match own.result {
                CaseResult::Rectified => "closing-rectified",
                CaseResult::Lenient => "closing-lenient",
                CaseResult::Withdrawn => "closing-withdrawn",
                CaseResult::Merged => "closing-merged",
            };
            let words = Sentences::of(key).with("number", &case.number);
            Paperwork { kind: LetterKind::Closing, case: &case, words, deadline: None }.send(
                tx,
                house,
                &cipher,
                from_ref(&by.certificate),
            )
        })
        .await
}

/// What an officer proposes to do when a business does not correct.
pub(in super::super) struct Proposal {
    kind: EscalationKind,
    receiver: Option<String>,
    reason: Reason,
}

impl Proposal {
    /// A proposal; `receiver` is the organ that gets the case.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if the organ is missing, too long or has control characters where one is
    /// needed.
    pub(in super::super) fn new(
        kind: EscalationKind,
        receiver: &str,
        reason: Reason,
    ) -> Result<Self, CaseError> {
        let receiver = receiver.trim();
        let needs = matches!(kind, EscalationKind::HandOver | EscalationKind::Transfer);
        let fits = !receiver.is_empty()
            && receiver.chars().count() <= LONGEST_RECEIVER
            && !receiver.contains(char::is_control);
        if needs && !fits {
            return Err(CaseError::Words("receiver"));
        }
        Ok(Self { kind, receiver: needs.then(|| receiver.to_owned()), reason })
    }
}

/// Proposes to go further than the notice.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version`, does not stand where that could
/// follow, or something is proposed.
pub(in super::super) async fn propose_escalation(
    house: &House,
    right: CaseOfficer,
    version: i64,
    proposal: Proposal,
) -> Result<(), CaseError> {
    let (inside, id): (_, EscalationId) = (house.clone(), house.fresh());
    house
        .store
        .write("cases.propose_escalation", move |tx| {
            let (case, by) = (&right.case, &right.by);
            let place = (case.id, version);
            let change = Change::begin(tx, place, Event::ProposeEscalation, Hand::Officer(by))?;
            may_follow(&change.after, proposal.kind)?;
            let what = (proposal.kind, proposal.receiver.as_deref(), proposal.reason.text());
            let who = (inside.clock.now(), Some(by.id));
            if !flow::propose_escalation(tx, (id, case.id), what, who)? {
                return Err(CaseError::NotNow);
            }
            change
                .noting(proposal.reason.text())
                .telling("measure", json!(proposal.kind))
                .end(tx, &inside)
                .map(|_| ())
        })
        .await
}

/// What happens to a case when a proposal is carried out.
const fn event_of(kind: EscalationKind) -> Event {
    match kind {
        EscalationKind::Interview | EscalationKind::JointInspection => Event::Escalate,
        EscalationKind::HandOver => Event::HandOver,
        EscalationKind::Transfer => Event::Transfer,
    }
}

/// Refuses what cannot follow where the case stands. Only an order leads to the penalty procedure.
///
/// # Errors
///
/// [`CaseError::NotNow`].
pub(in super::super) fn may_follow(case: &Case, kind: EscalationKind) -> Result<(), CaseError> {
    let ordered = kind != EscalationKind::HandOver || case.notice == LetterKind::Order;
    let follows = case.state.after(event_of(kind)).is_some();
    if ordered && follows { Ok(()) } else { Err(CaseError::NotNow) }
}

/// Decides what follows. A hand-over and a transfer leave a document for the organ that gets the
/// case, on paper.
///
/// # Errors
///
/// [`CaseError::NotYours`] if he proposed it himself; [`CaseError::NotNow`] if the case has moved
/// since `version` or the proposal is decided; those of letters and of the store.
pub(in super::super) async fn decide_escalation(
    house: &House,
    right: CaseLead,
    (version, id): (i64, EscalationId),
    approved: bool,
    reason: Reason,
) -> Result<(), CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.decide_escalation", move |tx| {
            let (house, CaseOfficer { by, case }) = (&inside, &right.0);
            let proposals = flow::escalations(tx, case.id)?;
            let own = proposals.iter().find(|one| one.id == id).ok_or(CaseError::NotFound)?;
            if own.proposed_by == Some(by.id) {
                return Err(CaseError::NotYours("cases-bar-own"));
            }
            let event = if approved { event_of(own.kind) } else { Event::RefuseEscalation };
            let place = (case.id, version);
            let change = Change::begin(tx, place, event, Hand::Officer(by))?;
            let verdict = Verdict { at: house.clock.now(), by: by.id, answer: reason.text() };
            if !flow::decide_escalation(tx, id, &verdict, approved)? {
                return Err(CaseError::NotNow);
            }
            let change = change.noting(reason.text()).telling("measure", json!(own.kind));
            let (case, _) = change.end(tx, house)?;
            let (kind, key) = match own.kind {
                EscalationKind::HandOver => (LetterKind::Handover, "handover"),
                EscalationKind::Transfer => (LetterKind::Transfer, "transfer"),
                EscalationKind::Interview | EscalationKind::JointInspection => return Ok(()),
            };
            if !approved {
                return Ok(());
            }
            let receiver = own.receiver.as_deref().unwrap_or_default();
            let words = Sentences::of(key)
                .with("number", &case.number)
                .with("receiver", receiver)
                .with("reason", &own.reason);
            Paperwork { kind, case: &case, words, deadline: None }.print(
                tx,
                house,
                receiver,
                from_ref(&by.certificate),
            )
        })
        .await
}

/// Proposes an interview in an order whose time has run out, by nobody's hand, in the transaction
/// that notes it; a person decides. Where something is proposed, nothing changes.
///
/// # Errors
///
/// Those of the database.
pub(in super::super) fn propose_interview_in(
    tx: &mut Conn,
    house: &House,
    case: &Case,
) -> diesel::QueryResult<bool> {
    let what = (EscalationKind::Interview, None, "");
    flow::propose_escalation(tx, (house.fresh(), case.id), what, (house.clock.now(), None))
}
