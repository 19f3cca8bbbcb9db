//! The declared closure or outage: days on which a business says beforehand that nothing will come
//! (protocol, section 6).
//!
//! It exempts days, visibly: the statement is signed, in the log with its time, and counted. Pure:
//! bytes in, a checked declaration or every fault out.

use diesel::prelude::*;
use serde_json::Value;

use super::claims::{ClaimFault, Claims};
use super::close::CloseError;
use super::manifest::CLOCK_LEEWAY;
use crate::foundation::crypto::jws::{self, JwsError, Typ, Unverified};
use crate::foundation::db::schema::intake_closures;
use crate::foundation::db::text_enum;
use crate::foundation::ids::{ClientId, CloseId, HolderId, LeafId, StreamId};
use crate::foundation::time::{Day, Timestamp};

/// The media type of a declared closure, in its header's `typ`.
pub const TYP: &str = "chayan-closure+jwt";
/// The longest declaration, in bytes.
pub(super) const MAX_CLOSURE: usize = 4 * 1024;
/// The most days of one declaration, and the furthest that one may lie ahead; what closes for
/// longer leaves the registry.
const MAX_DAYS: i64 = 366;

text_enum! {
    /// Why nothing comes.
    pub enum ClosureKind {
        /// The business is closed.
        Closure = "closure",
        /// The business is open and its system cannot report.
        Outage = "outage",
    }
}

/// What a business declares of days of a stream. Every claim has its type and range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// `iss`: the duty holder.
    pub holder: HolderId,
    /// `jti`: this statement.
    pub id: CloseId,
    /// `iat`: when it was signed.
    pub signed_at: Timestamp,
    /// `stream`: the stream.
    pub stream: StreamId,
    /// `from`: the first day.
    pub from: Day,
    /// `to`: the last day; the day before `from` takes an earlier declaration back.
    pub to: Day,
    /// `kind`: why nothing comes.
    pub kind: ClosureKind,
}

/// Reads the form of a declaration, before its key is known.
///
/// # Errors
///
/// [`JwsError`] of the form.
pub(super) fn parse(body: &[u8]) -> Result<Unverified<'_>, JwsError> {
    jws::parse(body, Typ::Is(TYP), MAX_CLOSURE)
}

impl Closure {
    /// Reads every claim of a payload whose signature has been checked, or that was logged.
    ///
    /// # Errors
    ///
    /// [`CloseError::Claims`] with every wrong claim.
    pub fn read(payload: Value) -> Result<Closure, CloseError> {
        let mut claims = Claims::new(payload);
        let holder = claims.id("iss");
        let id = claims.id_v7("jti");
        let signed_at = claims.seconds("iat");
        let stream = claims.id("stream");
        let (from, to) = (claims.day("from"), claims.day("to"));
        let kind = claims.text("kind", "is neither closure nor outage", |kind| kind.parse().ok());
        if let Some((from, to)) = from.as_ref().zip(to.as_ref()) {
            let days = to.days_since(from) + 1;
            claims.expect(days >= 0, "to", "is before the day before from");
            claims.expect(days <= MAX_DAYS, "to", "is more than 366 days from the first day");
        }
        let faults = claims.finish();
        let closure = (|| {
            Some(Closure {
                holder: holder?,
                id: id?,
                signed_at: signed_at?,
                stream: stream?,
                from: from?,
                to: to?,
                kind: kind?,
            })
        })();
        match closure {
            Some(closure) if faults.is_empty() => Ok(closure),
            _ => Err(CloseError::Claims(faults)),
        }
    }

    /// The declaration in a leaf of the log; its signature is not checked again.
    ///
    /// # Errors
    ///
    /// [`CloseError`].
    pub fn logged(jws: &str) -> Result<Closure, CloseError> {
        Closure::read(parse(jws.as_bytes())?.claims_unverified()?)
    }

    /// What is wrong with the times, as of `now`: signed in the future, or about a day too far
    /// ahead.
    #[must_use]
    pub fn untimely(&self, now: Timestamp) -> Vec<ClaimFault> {
        let ahead = self.from.days_since(&now.day());
        let checks = [
            (ahead <= MAX_DAYS, "from", "is more than 366 days ahead"),
            (self.signed_at <= now.plus(CLOCK_LEEWAY), "iat", "is in the future"),
        ];
        let wrong = checks.into_iter().filter(|(right, ..)| !right);
        wrong.map(|(_, claim, why)| ClaimFault { claim, why }).collect()
    }
}

/// A signed declaration as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = intake_closures)]
pub struct DeclaredClosure {
    /// The `jti` of the statement.
    pub id: CloseId,
    /// The duty holder.
    pub holder_id: HolderId,
    /// The business system that sent it.
    pub client_id: ClientId,
    /// The stream.
    pub stream_id: StreamId,
    /// The first day.
    pub from_day: Day,
    /// The last day; before the first where the declaration takes another back.
    pub to_day: Day,
    /// Why nothing comes.
    pub kind: ClosureKind,
    /// The signed statement, byte for byte.
    pub statement: String,
    /// Whether it came after the deadline of its first day.
    pub late: bool,
    /// When it came.
    pub received_at: Timestamp,
    /// Its leaf in the log.
    pub leaf_id: LeafId,
    /// Its receipt, once there is one; never changed afterwards.
    pub receipt: Option<String>,
}

/// The declaration that exempts `day`, of those of one stream in the order in which they came: of
/// several with one first day, the latest that had come before `due` counts, so a declaration
/// after the fact exempts nothing that was due.
pub fn exemption(
    declared: &[DeclaredClosure],
    day: Day,
    due: Timestamp,
) -> Option<&DeclaredClosure> {
    let timely = || declared.iter().filter(|one| one.received_at <= due);
    timely()
        .filter(|one| one.from_day <= day && day <= one.to_day)
        .find(|one| timely().rfind(|other| other.from_day == one.from_day) == Some(*one))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::foundation::ids::Id as _;

    fn payload() -> Value {
        json!({
            "iss": "0198c0de-0000-7000-8000-000000000001",
            "jti": "0198c0de-0000-7000-8000-000000000002",
            "iat": 1_772_445_600,
            "stream": "0198c0de-0000-7000-8000-000000000003",
            "from": "2026-03-02", "to": "2026-03-06", "kind": "closure",
        })
    }

    fn with(claim: &str, value: Value) -> Vec<&'static str> {
        let mut payload = payload();
        payload[claim] = value;
        match Closure::read(payload) {
            Ok(_) => Vec::new(),
            Err(CloseError::Claims(faults)) => faults.iter().map(|fault| fault.claim).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn every_claim_of_a_declaration_has_its_type_and_range() {
        assert_eq!(with("kind", json!("outage")), [""; 0]);
        assert_eq!(with("to", json!("2026-03-01")), [""; 0], "takes a declaration back");
        assert_eq!(with("to", json!("2026-02-28")), ["to"]);
        assert_eq!(with("to", json!("2027-03-02")), [""; 0]);
        assert_eq!(with("to", json!("2027-03-03")), ["to"]);
        assert_eq!(with("kind", json!("holiday")), ["kind"]);
        assert_eq!(with("from", json!("2026-3-2")), ["from"]);
        assert_eq!(with("reason", json!("free text")), [""]);
    }

    fn declared(from: &str, to: &str, at: &str) -> DeclaredClosure {
        let nil = uuid::Uuid::nil();
        let received_at: Timestamp = at.parse().unwrap();
        DeclaredClosure {
            id: CloseId::from_uuid(uuid::Uuid::from_u128(
                u128::try_from(received_at.micros()).unwrap(),
            )),
            holder_id: HolderId::from_uuid(nil),
            client_id: ClientId::from_uuid(nil),
            stream_id: StreamId::from_uuid(nil),
            from_day: from.parse().unwrap(),
            to_day: to.parse().unwrap(),
            kind: ClosureKind::Closure,
            statement: String::new(),
            late: false,
            received_at,
            leaf_id: LeafId::from_uuid(nil),
            receipt: None,
        }
    }

    #[test]
    fn a_declaration_counts_for_days_whose_deadline_it_met() {
        let due = |day: Day| day.end();
        let exempt = |declared: &[DeclaredClosure], day: &str| {
            let day: Day = day.parse().unwrap();
            exemption(declared, day, due(day)).is_some()
        };
        let early = declared("2026-03-02", "2026-03-06", "2026-02-27T08:00:00+08:00");
        assert!(exempt(std::slice::from_ref(&early), "2026-03-02"));
        assert!(!exempt(std::slice::from_ref(&early), "2026-03-07"));
        // On 4 March it opens again: what was exempt before stays so, what follows does not.
        let again = declared("2026-03-02", "2026-03-03", "2026-03-04T08:00:00+08:00");
        let both = [early, again];
        let days = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"];
        assert_eq!(days.map(|day| exempt(&both, day)), [true, true, false, false]);
        let after = [declared("2026-03-02", "2026-03-06", "2026-03-04T08:00:00+08:00")];
        assert_eq!(days.map(|day| exempt(&after, day)), [false, false, true, true]);
    }
}
