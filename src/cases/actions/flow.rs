//! One change of a case: read again, compared with what the form had seen, stored with its point of
//! the timeline and its leaf, all in the transaction of the caller.

use serde_json::{Value, json};

use super::super::error::CaseError;
use super::super::guard::{Decider, Respondent};
use super::super::model::{Case, Event, Happening};
use super::super::store;
use crate::foundation::House;
use crate::foundation::crypto::b64u;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, LeafId};
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// By whose hand.
#[derive(Clone, Copy)]
pub(super) enum Hand<'a> {
    Officer(&'a Decider),
    Business(&'a Respondent),
    /// The house, by its clock.
    Nobody,
}

/// A change that is being made.
pub(super) struct Change<'a> {
    before: Case,
    /// The case as it will be.
    pub(super) after: Case,
    event: Event,
    hand: Hand<'a>,
    note: Option<String>,
    members: Value,
}

impl<'a> Change<'a> {
    /// `event` in case `id`, if it stands as whoever decides has seen it, in `version`.
    pub(super) fn begin(
        tx: &mut Conn,
        (id, version): (CaseId, i64),
        event: Event,
        hand: Hand<'a>,
    ) -> Result<Self, CaseError> {
        let before = store::case(tx, id)?.ok_or(CaseError::NotFound)?;
        let state = before.state.after(event).filter(|_| before.version == version);
        let mut after = before.clone();
        after.state = state.ok_or(CaseError::NotNow)?;
        Ok(Self { before, after, event, hand, note: None, members: json!({}) })
    }

    /// With these words, which stay inside.
    pub(super) fn noting(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }

    /// With this member of the leaf.
    pub(super) fn telling(mut self, member: &str, value: Value) -> Self {
        self.members[member] = value;
        self
    }

    /// Stores it; gives the case and the leaf. The leaf holds a salted hash of who and which words.
    pub(super) fn end(mut self, tx: &mut Conn, house: &House) -> Result<(Case, LeafId), CaseError> {
        let (kind, officer, person) = match self.hand {
            Hand::Officer(by) => (LeafKind::CaseState, Some(by.id), None),
            Hand::Business(one) => (LeafKind::Reply, None, Some(one.person)),
            Hand::Nobody => (LeafKind::CaseState, None, None),
        };
        let mut happening = Happening {
            officer,
            person,
            note: self.note,
            salt: Some(house.random.bytes::<16>().to_vec()),
            ..Happening::of_itself(house.clock.now(), self.event)
        };
        let mut body = json!({
            "case": self.after.id,
            "event": self.event,
            "state": self.after.state,
            "notice": self.after.notice,
            "deadline": self.after.deadline,
        });
        if let Some(hash) = happening.hash(self.after.id) {
            body["words"] = json!(b64u::encode(&hash));
        }
        match self.hand {
            Hand::Officer(by) => body["officer"] = json!(by.pseudonym),
            Hand::Business(one) => body["person"] = json!(one.pseudonym),
            Hand::Nobody => {}
        }
        if let (Some(body), Value::Object(members)) = (body.as_object_mut(), self.members) {
            body.extend(members);
        }
        let leaf = NewLeaf::new(house, kind, body);
        happening.leaf = Some(leaf.id);
        if !store::flow::change(tx, &self.before, &self.after)? {
            return Err(CaseError::NotNow);
        }
        self.after.version = self.before.version + 1;
        store::happen(tx, self.after.id, &happening)?;
        append_in(tx, &leaf)?;
        Ok((self.after, leaf.id))
    }
}
