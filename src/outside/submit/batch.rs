//! Sealing and signing, without a network: what a business does before anything leaves its premises.

use std::collections::BTreeMap;

use actix_web::web::Bytes;
use serde_json::json;

use super::keys::BusinessKeys;
use crate::foundation::Random;
use crate::foundation::crypto::jwe::{self, SealError};
use crate::foundation::crypto::jws::{SignError, SigningKey};
use crate::foundation::crypto::sealing::SealingKey;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::ids::{AuditId, BatchId, CloseId, HolderId, Id, StreamId};
use crate::foundation::time::{Day, Timestamp};

/// What stands in the manifest beside the lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The stream that the records belong to.
    pub stream: StreamId,
    /// Their civil day.
    pub day: Day,
    /// `sealed` or `attested`.
    pub mode: &'static str,
    /// The rule pack, such as `lodging/2026.1`.
    pub pack: String,
    /// The number of the first record.
    pub first: u64,
    /// The earliest `occurred_at`.
    pub from: Timestamp,
    /// The latest `occurred_at`.
    pub to: Timestamp,
    /// Pairs of a number of this batch and the earlier number that it corrects.
    pub amends: Vec<(u64, u64)>,
}

/// What a business says about one finished day of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTotals {
    /// The stream that is closed.
    pub stream: StreamId,
    /// The civil day that is closed.
    pub day: Day,
    /// The lowest and highest number; `None` on a day without customers.
    pub numbers: Option<(u64, u64)>,
    /// How many records there are; 0 is a signed nil return.
    pub count: u64,
    /// The figures from outside the register that the pack asks for.
    pub totals: BTreeMap<String, u64>,
}

/// Days of a stream on which a business says beforehand that nothing will come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosureDays {
    /// The stream.
    pub stream: StreamId,
    /// The first day.
    pub from: Day,
    /// The last day; the day before `from` takes an earlier declaration back.
    pub to: Day,
    /// `closure`, or `outage` where only the system stands still.
    pub kind: &'static str,
}

/// A signed statement as it goes out. These very bytes are kept, and sent again where need be.
#[derive(Clone, Debug)]
pub struct Signed<T> {
    /// Its `jti`.
    pub id: T,
    /// The body of the request.
    pub body: Bytes,
}

/// Seals each of `records`, exact JSON bytes, to the audit key `to`, published under `kid`.
///
/// # Errors
///
/// [`SealError`] of the first record that cannot be sealed.
pub fn seal_lines<'a>(
    records: impl IntoIterator<Item = &'a [u8]>,
    kid: &str,
    to: &SealingKey,
    random: &Random,
) -> Result<Vec<String>, SealError> {
    records.into_iter().map(|record| jwe::seal(record, kid, to, random)).collect()
}

/// Commits to each of `records`, exact JSON bytes, which stay with the business: the lines of an
/// attested batch. Keep the very bytes; only they hash to the commitment.
pub fn commit_lines<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    records.into_iter().map(jwe::commitment).collect()
}

/// The body of a disclosure: for each record of `draw` that is asked for, its stream, its number and
/// its exact bytes sealed as by [`seal_lines`]. Keep these bytes, and send them again where need be.
#[must_use]
pub fn disclosure(draw: AuditId, records: &[(StreamId, u64, String)]) -> Bytes {
    let record = |(stream, seq, jwe): &(StreamId, u64, String)| json!({ "stream": stream, "seq": seq, "jwe": jwe });
    let records: Vec<serde_json::Value> = records.iter().map(record).collect();
    json!({ "draw": draw, "records": records }).to_string().into()
}

/// Where a business signs: its keys, who it is, and a source of randomness.
pub struct Workshop {
    holder: HolderId,
    keys: BusinessKeys,
    random: Random,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[workshop of {}]", self.holder)
    }
}

impl Workshop {
    /// The workshop of `holder`.
    #[must_use]
    pub const fn new(holder: HolderId, keys: BusinessKeys, random: Random) -> Workshop {
        Workshop { holder, keys, random }
    }

    /// The duty holder that signs here.
    #[must_use]
    pub const fn holder(&self) -> HolderId {
        self.holder
    }

    /// The keys.
    #[must_use]
    pub const fn keys(&self) -> &BusinessKeys {
        &self.keys
    }

    /// Signs a batch of `lines`, in number order, at `now`: the whole request body.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub fn batch(
        &self,
        sheet: &Sheet,
        lines: &[String],
        now: Timestamp,
    ) -> Result<Signed<BatchId>, SignError> {
        let length: usize = lines.iter().map(|line| line.len() + 1).sum();
        let mut records = String::with_capacity(length);
        for line in lines {
            records.push_str(line);
            records.push('\n');
        }
        let id: BatchId = self.fresh(now);
        let mut claims = json!({
            "iss": self.holder, "jti": id, "iat": now.seconds(), "stream": sheet.stream,
            "day": sheet.day, "mode": sheet.mode, "pack": sheet.pack, "first": sheet.first,
            "count": lines.len(), "from": sheet.from, "to": sheet.to,
            "body": b64u::encode(&sha256(records.as_bytes())),
        });
        if !sheet.amends.is_empty() {
            claims["amends"] = json!(sheet.amends);
        }
        let mut body = self.sign("chayan-batch+jwt", &claims)?;
        body.reserve_exact(1 + records.len());
        body.push('\n');
        body.push_str(&records);
        Ok(Signed { id, body: body.into() })
    }

    /// Signs a day close at `now`: the whole request body.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub fn close(&self, day: &DayTotals, now: Timestamp) -> Result<Signed<CloseId>, SignError> {
        let id: CloseId = self.fresh(now);
        let mut claims = json!({
            "iss": self.holder, "jti": id, "iat": now.seconds(), "stream": day.stream,
            "day": day.day, "count": day.count, "totals": day.totals,
        });
        if let Some((first, last)) = day.numbers {
            claims["first"] = first.into();
            claims["last"] = last.into();
        }
        Ok(Signed { id, body: self.sign("chayan-close+jwt", &claims)?.into() })
    }

    /// Signs a declared closure at `now`: the whole request body.
    ///
    /// # Errors
    ///
    /// [`SignError`].
    pub fn closure(
        &self,
        days: &ClosureDays,
        now: Timestamp,
    ) -> Result<Signed<CloseId>, SignError> {
        let id: CloseId = self.fresh(now);
        let claims = json!({
            "iss": self.holder, "jti": id, "iat": now.seconds(), "stream": days.stream,
            "from": days.from, "to": days.to, "kind": days.kind,
        });
        Ok(Signed { id, body: self.sign("chayan-closure+jwt", &claims)?.into() })
    }

    /// Signs the assertion by which the client `client_id` asks `issuer` for a token.
    pub(super) fn assertion(
        &self,
        client_id: &str,
        issuer: &str,
        now: Timestamp,
    ) -> Result<String, SignError> {
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": issuer,
            "iat": now.seconds(), "exp": now.seconds() + 120,
            "jti": b64u::encode(&self.random.bytes::<24>()),
        });
        signed(self.keys.authentication(), "client-authentication+jwt", &claims)
    }

    fn sign(&self, typ: &str, claims: &serde_json::Value) -> Result<String, SignError> {
        signed(self.keys.manifest(), typ, claims)
    }

    fn fresh<T: Id>(&self, now: Timestamp) -> T {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &self.random.bytes());
        T::from_uuid(uuid.into_uuid())
    }
}

fn signed(key: &SigningKey, typ: &str, claims: &serde_json::Value) -> Result<String, SignError> {
    key.sign(typ, &key.public().thumbprint(), claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::crypto::jws::{self, Typ};
    use crate::foundation::crypto::sealing::OpeningKey;

    fn workshop() -> Workshop {
        let random = Random::seeded(5);
        let keys = BusinessKeys::generate(&random).unwrap();
        let holder = "0198c0de-0000-7000-8000-000000000001".parse().unwrap();
        Workshop::new(holder, keys, random)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_batch_is_its_signed_manifest_and_the_lines_that_it_hashes() {
        let shop = workshop();
        let key = OpeningKey::generate(&Random::seeded(6)).unwrap();
        let records = [br#"{"seq":7}"#.as_slice(), br#"{"seq":8}"#];
        let lines = seal_lines(records, "k", key.sealing_key(), &Random::seeded(7)).unwrap();
        let sheet = Sheet {
            stream: "0198c0de-0000-7000-8000-000000000003".parse().unwrap(),
            day: "2026-03-02".parse().unwrap(),
            mode: "sealed",
            pack: "lodging/2026.1".to_owned(),
            first: 7,
            from: at("2026-03-02T08:00:00+08:00"),
            to: at("2026-03-02T22:00:00+08:00"),
            amends: Vec::new(),
        };
        let batch = shop.batch(&sheet, &lines, at("2026-03-02T23:00:00+08:00")).unwrap();
        let (manifest, body) = std::str::from_utf8(&batch.body).unwrap().split_once('\n').unwrap();
        let parsed = jws::parse(manifest.as_bytes(), Typ::Is("chayan-batch+jwt"), 4096).unwrap();
        let verified = parsed.verify(shop.keys().manifest().public()).unwrap();
        let claims: serde_json::Value = verified.claims().unwrap();
        assert_eq!(claims["body"], b64u::encode(&sha256(body.as_bytes())));
        assert_eq!((&claims["first"], &claims["count"]), (&7.into(), &2.into()));
        let mut opened = body.lines().map(|line| jwe::open(line.as_bytes(), &key).unwrap());
        assert_eq!(opened.next().as_deref().map(|v| v.to_vec()), Some(records[0].to_vec()));
    }

    #[test]
    fn a_nil_return_names_no_numbers() {
        let shop = workshop();
        let day = DayTotals {
            stream: "0198c0de-0000-7000-8000-000000000003".parse().unwrap(),
            day: "2026-03-02".parse().unwrap(),
            numbers: None,
            count: 0,
            totals: BTreeMap::from([("waybills".to_owned(), 0)]),
        };
        let close = shop.close(&day, at("2026-03-02T23:00:00+08:00")).unwrap();
        let parsed = jws::parse(&close.body, Typ::Is("chayan-close+jwt"), 4096).unwrap();
        let claims: serde_json::Value = parsed.claims_unverified().unwrap();
        assert!(claims.get("first").is_none() && claims.get("last").is_none());
        assert_eq!(claims["jti"], close.id.to_string());
    }
}
