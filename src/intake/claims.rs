//! Reading the claims of a signed statement one by one, so that every wrong claim is named at once.

use serde_json::{Map, Value};

use crate::foundation::crypto::b64u;
use crate::foundation::ids::Id;
use crate::foundation::time::{Day, Timestamp};

/// The largest number that every JSON reader keeps exact.
pub(super) const MAX_NUMBER: u64 = 1 << 53;

/// What is wrong with one claim. The claim is named, its value never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimFault {
    /// The claim; empty for one that is not known.
    pub claim: &'static str,
    /// What is wrong with it, in English.
    pub why: &'static str,
}

/// Takes claims out of a payload and gathers what is wrong with them.
pub(super) struct Claims {
    members: Map<String, Value>,
    faults: Vec<ClaimFault>,
}

impl Claims {
    pub(super) fn new(payload: Value) -> Claims {
        match payload {
            Value::Object(members) => Claims { members, faults: Vec::new() },
            _ => Claims { members: Map::new(), faults: Vec::new() },
        }
    }

    /// Notes that `claim` is wrong.
    pub(super) fn fault(&mut self, claim: &'static str, why: &'static str) {
        self.faults.push(ClaimFault { claim, why });
    }

    /// Notes that `claim` is wrong, unless `right`.
    pub(super) fn expect(&mut self, right: bool, claim: &'static str, why: &'static str) {
        if !right {
            self.fault(claim, why);
        }
    }

    /// Takes `claim` away, whatever it is; `None` where it is absent.
    pub(super) fn take(&mut self, claim: &'static str) -> Option<Value> {
        self.members.remove(claim)
    }

    fn required<T>(
        &mut self,
        claim: &'static str,
        why: &'static str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(claim);
        let read = value.as_ref().and_then(read);
        match (&value, &read) {
            (None, _) => self.fault(claim, "is missing"),
            (Some(_), None) => self.fault(claim, why),
            (Some(_), Some(_)) => {}
        }
        read
    }

    /// A UUID in canonical text.
    pub(super) fn id<T: Id + std::str::FromStr>(&mut self, claim: &'static str) -> Option<T> {
        self.required(claim, "is no UUID in canonical text", |value| value.as_str()?.parse().ok())
    }

    /// A UUID of version 7 in canonical text.
    pub(super) fn id_v7<T: Id + std::str::FromStr>(&mut self, claim: &'static str) -> Option<T> {
        self.required(claim, "is no UUIDv7 in canonical text", |value| {
            let id: T = value.as_str()?.parse().ok()?;
            (id.as_uuid().get_version_num() == 7).then_some(id)
        })
    }

    /// Whole seconds since 1970.
    pub(super) fn seconds(&mut self, claim: &'static str) -> Option<Timestamp> {
        self.required(claim, "is no whole number of seconds since 1970", |value| {
            let seconds = value.as_u64().filter(|seconds| *seconds < 1 << 40)?;
            Some(Timestamp::from_seconds(i64::try_from(seconds).ok()?))
        })
    }

    /// An RFC 3339 time with an offset.
    pub(super) fn instant(&mut self, claim: &'static str) -> Option<Timestamp> {
        self.required(claim, "is no RFC 3339 time with an offset", |value| {
            value.as_str().filter(|text| text.len() <= 40)?.parse().ok()
        })
    }

    /// A civil day, `YYYY-MM-DD`.
    pub(super) fn day(&mut self, claim: &'static str) -> Option<Day> {
        self.required(claim, "is no civil day YYYY-MM-DD", |value| value.as_str()?.parse().ok())
    }

    /// A whole number from `least` to 2^53.
    pub(super) fn number(&mut self, claim: &'static str, least: u64) -> Option<u64> {
        self.required(claim, "is no whole number in its range", |value| {
            value.as_u64().filter(|number| (least..=MAX_NUMBER).contains(number))
        })
    }

    /// A SHA-256 digest in base64url.
    pub(super) fn digest(&mut self, claim: &'static str) -> Option<[u8; 32]> {
        self.required(claim, "is no SHA-256 digest in base64url", |value| {
            b64u::decode_array(value.as_str()?)
        })
    }

    /// A text that `read` understands.
    pub(super) fn text<T>(
        &mut self,
        claim: &'static str,
        why: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.required(claim, why, |value| read(value.as_str()?))
    }

    /// What is wrong, claims that nobody took included.
    pub(super) fn finish(mut self) -> Vec<ClaimFault> {
        if !self.members.is_empty() {
            self.fault("", "a claim is not known");
        }
        self.faults
    }
}
