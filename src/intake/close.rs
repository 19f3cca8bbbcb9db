//! The day close: what a business signs about one day of a stream (protocol, section 6).
//!
//! Silence, gaps and "no customers today" become three different facts. Pure: bytes in, a checked
//! close or every fault out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::claims::{ClaimFault, Claims, MAX_NUMBER};
use super::manifest::CLOCK_LEEWAY;
use crate::foundation::crypto::jws::{self, JwsError, Typ, Unverified};
use crate::foundation::ids::{CloseId, HolderId, StreamId};
use crate::foundation::time::{Day, Timestamp};

/// The media type of a day close, in its header's `typ`.
pub const TYP: &str = "chayan-close+jwt";
/// The longest day close, in bytes.
pub(super) const MAX_CLOSE: usize = 4 * 1024;

/// What a business says about one day of a stream. Every claim has its type and range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// `iss`: the duty holder.
    pub holder: HolderId,
    /// `jti`: this statement.
    pub close: CloseId,
    /// `iat`: when it was signed.
    pub signed_at: Timestamp,
    /// `stream`: the stream that is closed.
    pub stream: StreamId,
    /// `day`: the civil day that is closed.
    pub day: Day,
    /// `first` and `last`: the lowest and highest number of the day; `None` in a nil return.
    pub numbers: Option<(u64, u64)>,
    /// `count`: how many records the day has; 0 is a signed nil return.
    pub count: u64,
    /// `totals`: the figures from outside the register that the pack asks for.
    pub totals: BTreeMap<String, u64>,
}

/// Why a day close cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// It is no JWS of a day close, or its payload no strict JSON.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Some claims are wrong.
    #[error("{} claims are wrong", .0.len())]
    Claims(Vec<ClaimFault>),
}

/// Reads the form of a day close, before its key is known.
///
/// # Errors
///
/// [`JwsError`] of the form.
pub(super) fn parse(body: &[u8]) -> Result<Unverified<'_>, JwsError> {
    jws::parse(body, Typ::Is(TYP), MAX_CLOSE)
}

impl Close {
    /// Reads every claim of a payload whose signature has been checked, or that was logged.
    ///
    /// A nil return leaves `first` and `last` out, or says `last = first − 1`.
    ///
    /// # Errors
    ///
    /// [`CloseError::Claims`] with every wrong claim.
    pub fn read(payload: Value) -> Result<Close, CloseError> {
        let nil = payload.get("count").and_then(Value::as_u64) == Some(0);
        let names_numbers = payload.get("first").is_some() || payload.get("last").is_some();
        let mut claims = Claims::new(payload);
        let holder = claims.id("iss");
        let close = claims.id_v7("jti");
        let signed_at = claims.seconds("iat");
        let stream = claims.id("stream");
        let day = claims.day("day");
        let count = claims.number("count", 0);
        let mut numbers = None;
        if !nil || names_numbers {
            let (first, last) = (claims.number("first", 1), claims.number("last", 0));
            if let Some(((first, last), count)) = first.zip(last).zip(count) {
                let room = (last + 1).checked_sub(first);
                claims.expect(room.is_some(), "last", "is before first");
                let fits = room.is_none_or(|room| count <= room && (count > 0 || room == 0));
                claims.expect(fits, "count", "does not fit between first and last");
                numbers = (count > 0).then_some((first, last));
            }
        }
        let totals = read_totals(&mut claims);
        let faults = claims.finish();
        let close = (|| {
            Some(Close {
                holder: holder?,
                close: close?,
                signed_at: signed_at?,
                stream: stream?,
                day: day?,
                numbers,
                count: count?,
                totals: totals?,
            })
        })();
        match close {
            Some(close) if faults.is_empty() => Ok(close),
            _ => Err(CloseError::Claims(faults)),
        }
    }

    /// The close in a leaf of the log; its signature is not checked again.
    ///
    /// # Errors
    ///
    /// [`CloseError`].
    pub fn logged(jws: &str) -> Result<Close, CloseError> {
        Close::read(parse(jws.as_bytes())?.claims_unverified()?)
    }

    /// What is wrong with the times, as of `now`: nothing may lie in the future.
    #[must_use]
    pub fn untimely(&self, now: Timestamp) -> Vec<ClaimFault> {
        let checks = [
            (self.day <= now.day(), "day", "is in the future"),
            (self.signed_at <= now.plus(CLOCK_LEEWAY), "iat", "is in the future"),
        ];
        let wrong = checks.into_iter().filter(|(right, ..)| !right);
        wrong.map(|(_, claim, why)| ClaimFault { claim, why }).collect()
    }

    /// Whether exactly the figures are there that the pack asks for.
    pub fn states<'a>(&self, mut asked: impl Iterator<Item = &'a str> + Clone) -> bool {
        asked.clone().count() == self.totals.len()
            && asked.all(|name| self.totals.contains_key(name))
    }
}

/// Names of lower-case letters and underscores, whole numbers from 0.
fn read_totals(claims: &mut Claims) -> Option<BTreeMap<String, u64>> {
    let is_name = |name: &str| {
        (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let totals = match claims.take("totals") {
        None => Some(BTreeMap::new()),
        Some(Value::Object(members)) if members.len() <= 16 => members
            .into_iter()
            .map(|(name, value)| {
                let number = value.as_u64().filter(|number| *number <= MAX_NUMBER)?;
                is_name(&name).then_some((name, number))
            })
            .collect(),
        Some(_) => None,
    };
    claims.expect(totals.is_some(), "totals", "is no object of names and whole numbers");
    totals
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload() -> Value {
        json!({
            "iss": "0198c0de-0000-7000-8000-000000000001",
            "jti": "0198c0de-0000-7000-8000-000000000002",
            "iat": 1_772_445_600,
            "stream": "0198c0de-0000-7000-8000-000000000003",
            "day": "2026-03-02",
            "first": 101, "last": 140, "count": 40,
            "totals": { "room_nights_sold": 38 },
        })
    }

    fn with(changes: &Value) -> Result<Close, Vec<&'static str>> {
        let mut payload = payload();
        for (claim, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(payload.as_object_mut().unwrap().remove(claim)),
                value => payload[claim] = value.clone(),
            }
        }
        match Close::read(payload) {
            Ok(close) => Ok(close),
            Err(CloseError::Claims(faults)) => Err(faults.iter().map(|f| f.claim).collect()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_sound_close_is_read() {
        let close = with(&json!({})).unwrap();
        assert_eq!((close.numbers, close.count), (Some((101, 140)), 40));
        assert!(close.states(["room_nights_sold"].into_iter()));
        assert!(!close.states(["room_nights_sold", "waybills"].into_iter()));
        assert!(!close.states(["waybills"].into_iter()));
        assert!(!close.states([].into_iter()));
    }

    #[test]
    fn a_nil_return_needs_no_numbers() {
        let nil = with(&json!({ "first": null, "last": null, "count": 0 })).unwrap();
        assert_eq!((nil.numbers, nil.count), (None, 0));
        let nil = with(&json!({ "first": 101, "last": 100, "count": 0 })).unwrap();
        assert_eq!(nil.numbers, None);
        assert_eq!(with(&json!({ "first": 101, "last": 102, "count": 0 })), Err(vec!["count"]));
        assert_eq!(with(&json!({ "first": null, "last": null })), Err(vec!["first", "last"]));
        assert_eq!(with(&json!({ "first": null, "count": 0 })), Err(vec!["first"]));
    }

    #[test]
    fn numbers_must_agree() {
        assert_eq!(with(&json!({ "count": 41 })), Err(vec!["count"]));
        assert_eq!(with(&json!({ "last": 99 })), Err(vec!["last"]));
        assert!(with(&json!({ "count": 12 })).is_ok(), "late numbers may lie between");
    }

    #[test]
    fn every_claim_has_its_type() {
        for (claim, value) in [
            ("count", json!("40")),
            ("first", json!(101.0)),
            ("totals", json!([38])),
            ("totals", json!({ "room_nights_sold": -1 })),
            ("totals", json!({ "room_nights_sold": "38" })),
            ("totals", json!({ "Li Lei 410699": 1 })),
            ("day", json!("2.3.2026")),
            ("jti", json!("x")),
        ] {
            assert_eq!(with(&json!({ claim: value })), Err(vec![claim]), "{claim}");
        }
        assert_eq!(with(&json!({ "remark": "free text" })), Err(vec![""]));
    }

    #[test]
    fn a_day_in_the_future_is_untimely() {
        let close = with(&json!({})).unwrap();
        let names = |now: &str| -> Vec<&str> {
            close.untimely(now.parse().unwrap()).into_iter().map(|fault| fault.claim).collect()
        };
        assert_eq!(names("2026-03-02T20:00:00+08:00"), [""; 0]);
        assert_eq!(names("2026-03-01T20:00:00+08:00"), ["day", "iat"]);
    }
}
