//! What officers make of signals. A confirmed one makes the next audit one for cause; it deducts
//! nothing, opens no case and points at nobody. A dismissed one has a good reason, which stays.

use serde_json::json;

use super::error::AuditError;
use super::guard::SignalDecider;
use super::signals::Made;
use super::store::signals::{self as store, DecisionRow};
use crate::foundation::House;
use crate::foundation::crypto::strict_json::canonical;
use crate::foundation::crypto::{b64u, sha256};
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// The longest reason, in characters.
const LONGEST: usize = 1_000;

/// An officer's reason, fit to be kept.
#[derive(Clone, Debug)]
pub(super) struct Reason(String);

impl Reason {
    /// `text` without the white space around it; the Fluent key of what is wrong with it if it is
    /// empty, longer than 1,000 characters or has control characters other than line breaks.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err("audits-fault-reason-missing");
        }
        let odd = |c: char| c.is_control() && c != '\n';
        if text.chars().count() > LONGEST || text.contains(odd) {
            return Err("audits-fault-reason-unfit");
        }
        Ok(Self(text))
    }
}

/// Decides a signal, with the leaf `finding_confirmed` or `finding_dismissed` that names it; false
/// if somebody has decided.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn decide(
    house: &House,
    right: &SignalDecider,
    made: Made,
    Reason(reason): Reason,
) -> Result<bool, AuditError> {
    let (signal, officer) = (&right.signal, right.officer.row().id);
    let salt: [u8; 16] = house.random.bytes();
    let place = json!([signal.stream_id, signal.period, signal.kind, made, officer, reason]);
    let words = sha256(&[&salt[..], b"chayan/signal-decision/1\n", &canonical(&place)].concat());
    let kind = match made {
        Made::Confirmed => LeafKind::FindingConfirmed,
        Made::Dismissed => LeafKind::FindingDismissed,
    };
    let body = json!({
        "officer": right.officer.pseudonym(),
        "period": signal.period,
        "plan": signal.plan_id,
        "signal": signal.kind,
        "stream": signal.stream_id,
        "words": b64u::encode(&words),
    });
    let leaf = NewLeaf::new(house, kind, body);
    let row = DecisionRow {
        stream_id: signal.stream_id,
        period: signal.period.clone(),
        kind: signal.kind,
        plan_id: signal.plan_id,
        holder_id: signal.holder_id,
        stage: made,
        reason,
        salt: salt.to_vec(),
        decided_by: officer,
        decided_at: house.clock.now(),
        leaf_id: leaf.id,
    };
    house
        .store
        .write("audits.decide_signal", move |tx| {
            let decided = store::decide(tx, &row)?;
            if decided {
                append_in(tx, &leaf)?;
            }
            Ok(decided)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_some_words_and_not_too_many() {
        assert_eq!(Reason::parse(" seen\r\nthere ").unwrap().0, "seen\nthere");
        assert_eq!(Reason::parse(" \n").unwrap_err(), "audits-fault-reason-missing");
        for unfit in ["x".repeat(1_001), "bell\u{7}".to_owned()] {
            assert_eq!(Reason::parse(&unfit).unwrap_err(), "audits-fault-reason-unfit");
        }
    }
}
