//! Which findings a case is about: two cases become one, or one becomes two.
//!
//! A notice says what its case is about and never changes. So a finding that leaves a case for one of
//! its own always gets a notice of its own, whether or not the first was served: with a number and a
//! time of its own, and a line that says where the finding stood before. When two cases become one,
//! both notices stand, the later of the two deadlines holds for all of it, and the emptied case is
//! closed and points to the other.

use std::sync::Arc;

use serde_json::{Value, json};

use super::decide::{Tools, open};
use crate::cases::bundles::bundles;
use crate::cases::decision::{Reason, Words};
use crate::cases::error::CaseError;
use crate::cases::guard::Decider;
use crate::cases::model::{Case, CaseResult, Event, Happening, State};
use crate::cases::store::{self, LARGEST_CASE, Move};
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, FindingId, LeafId};
use crate::identity::FieldCipher;
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::rules::Packs;

/// Whether the findings of a case may still go elsewhere: the business has not answered, and nothing
/// beyond the notice is under way.
pub(in crate::cases) const fn is_movable(state: State) -> bool {
    matches!(state, State::Opened | State::Undeliverable | State::Served | State::Overdue)
}

/// Whether `from` may become part of `into`, as far as the two themselves say.
pub(in crate::cases) fn fit_together(from: &Case, into: &Case) -> bool {
    let place = |case: &Case| (case.department, case.holder, case.sector, case.district);
    from.id != into.id
        && place(from) == place(into)
        && from.notice == into.notice
        && (is_movable(from.state) && is_movable(into.state))
        && (from.state == State::Overdue) == (into.state == State::Overdue)
}

/// Moves every finding of a case, as `by` has seen it, into another one and closes it. Leaves
/// `case_state` for both.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has changed since; [`CaseError::Words`] if the two do not fit
/// together, something is open in the one that would close, or both are too large for one; those of
/// the store.
pub(in crate::cases) async fn merge(
    house: &House,
    by: Decider,
    (from, version): (CaseId, i64),
    into: CaseId,
    reason: Reason,
) -> Result<(), CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.merge", move |tx| {
            let from = seen(tx, from, version)?;
            let other = store::case(tx, into)?.filter(|other| fit_together(&from, other));
            let mut into = other.clone().ok_or(CaseError::Words("merge-unfit"))?;
            if has_open_question(tx, &from)? {
                return Err(CaseError::Words("merge-question"));
            }
            let findings = ids(tx, from.id)?;
            let together = findings.len() + ids(tx, into.id)?.len();
            if i64::try_from(together).unwrap_or(i64::MAX) > LARGEST_CASE {
                return Err(CaseError::Words("merge-large"));
            }
            let mut closed = from.clone();
            closed.result = Some(CaseResult::Merged);
            let act = Act { house: &inside, by: &by, reason: &reason };
            let told = json!({ "result": "merged", "into": into.id, "findings": findings });
            let leaf = act.change(tx, &from, closed, Event::Merge, told)?;
            into.deadline = into.deadline.max(from.deadline);
            let before = other.ok_or(CaseError::NotNow)?;
            let told = json!({ "from": from.id, "findings": findings });
            act.change(tx, &before, into.clone(), Event::Join, told)?;
            act.carry(tx, Event::Merge, (from.id, into.id), &findings, leaf)
        })
        .await
}

/// Takes `findings` out of a case, as `by` has seen it, into a case of their own with a notice of
/// its own; gives that case. Leaves `case_state` for both and `notice_queued` a letter.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has changed since, or the findings are not its own;
/// [`CaseError::Words`] if none or all of them were chosen; those of letters and of the store.
pub(in crate::cases) async fn split(
    house: &House,
    (packs, cipher): (&Arc<Packs>, &FieldCipher),
    by: Decider,
    (from, version): (CaseId, i64),
    findings: Vec<FindingId>,
    words: Words,
) -> Result<CaseId, CaseError> {
    let (packs, cipher, inside) = (packs.clone(), cipher.clone(), house.clone());
    house
        .store
        .write("cases.split", move |tx| {
            let from = seen(tx, from, version)?;
            if !is_movable(from.state) {
                return Err(CaseError::NotNow);
            }
            let own = store::findings_of_case(tx, from.id)?;
            let (leaving, staying): (Vec<_>, Vec<_>) =
                own.into_iter().partition(|finding| findings.contains(&finding.id));
            if leaving.len() != findings.len() {
                return Err(CaseError::NotNow);
            }
            if leaving.is_empty() || staying.is_empty() {
                return Err(CaseError::Words("split-some"));
            }
            let act = Act { house: &inside, by: &by, reason: &words.reason };
            store::release(tx, from.id, &findings)?;
            let today = inside.clock.now().day();
            let tools = Tools { packs: &packs, cipher: &cipher, follows: Some(&from.number) };
            let (mut cases, mut moved) = (Vec::new(), Vec::new());
            for bundle in bundles(&packs, leaving, today) {
                let case = open(tx, &inside, &tools, &by, &words, &bundle)?;
                moved.push((case, bundle.findings.iter().map(|one| one.id).collect::<Vec<_>>()));
                cases.push(case);
            }
            let told = json!({ "into": cases, "findings": findings });
            let leaf = act.change(tx, &from, from.clone(), Event::Split, told)?;
            for (case, findings) in moved {
                act.note(tx, Event::Split, (from.id, case), &findings, leaf)?;
            }
            cases.first().copied().ok_or(CaseError::NotNow)
        })
        .await
}

/// The case called `id` if it still is as it was seen.
fn seen(tx: &mut Conn, id: CaseId, version: i64) -> Result<Case, CaseError> {
    let case = store::case(tx, id)?.ok_or(CaseError::NotFound)?;
    if case.version == version { Ok(case) } else { Err(CaseError::NotNow) }
}

fn ids(tx: &mut Conn, case: CaseId) -> Result<Vec<FindingId>, CaseError> {
    Ok(store::findings_of_case(tx, case)?.iter().map(|finding| finding.id).collect())
}

/// Whether somebody has asked something in `case` that nobody has decided.
fn has_open_question(tx: &mut Conn, case: &Case) -> Result<bool, CaseError> {
    let asked = store::flow::extensions(tx, case.id)?;
    let closings = store::flow::closings(tx, case.id)?;
    let further = store::flow::escalations(tx, case.id)?;
    Ok(asked.iter().any(|one| one.decided_at.is_none())
        || closings.iter().any(|one| one.decided_at.is_none())
        || further.iter().any(|one| one.decided_at.is_none()))
}

/// By whose hand and in whose words cases change.
struct Act<'a> {
    house: &'a House,
    by: &'a Decider,
    reason: &'a Reason,
}

impl Act<'_> {
    /// Changes `before` to `after` by `event`, with its point of the timeline and its leaf.
    fn change(
        &self,
        tx: &mut Conn,
        before: &Case,
        mut after: Case,
        event: Event,
        told: Value,
    ) -> Result<LeafId, CaseError> {
        after.state = before.state.after(event).ok_or(CaseError::NotNow)?;
        let mut happening = Happening {
            officer: Some(self.by.id),
            note: Some(self.reason.text().to_owned()),
            salt: Some(self.house.random.bytes::<16>().to_vec()),
            ..Happening::of_itself(self.house.clock.now(), event)
        };
        let mut body = told;
        body["case"] = json!(after.id);
        body["event"] = json!(event);
        body["state"] = json!(after.state);
        body["deadline"] = json!(after.deadline);
        body["officer"] = json!(self.by.pseudonym);
        if let Some(hash) = happening.hash(after.id) {
            body["words"] = json!(b64u::encode(&hash));
        }
        let leaf = NewLeaf::new(self.house, LeafKind::CaseState, body);
        happening.leaf = Some(leaf.id);
        if !store::flow::change(tx, before, &after)? {
            return Err(CaseError::NotNow);
        }
        store::happen(tx, after.id, &happening)?;
        append_in(tx, &leaf)?;
        Ok(leaf.id)
    }

    /// Puts `findings` of one case into another, and keeps that they came from there.
    fn carry(
        &self,
        tx: &mut Conn,
        kind: Event,
        (from, to): (CaseId, CaseId),
        findings: &[FindingId],
        leaf: LeafId,
    ) -> Result<(), CaseError> {
        store::carry(tx, (from, to), findings)?;
        self.note(tx, kind, (from, to), findings, leaf)
    }

    /// Keeps that `findings` went from one case to another.
    fn note(
        &self,
        tx: &mut Conn,
        kind: Event,
        (from, to): (CaseId, CaseId),
        findings: &[FindingId],
        leaf: LeafId,
    ) -> Result<(), CaseError> {
        for finding in findings {
            let moved = Move {
                leaf,
                finding: *finding,
                kind,
                from,
                to,
                at: self.house.clock.now(),
                officer: self.by.id,
                reason: self.reason.text().to_owned(),
            };
            store::insert_move(tx, &moved)?;
        }
        Ok(())
    }
}
