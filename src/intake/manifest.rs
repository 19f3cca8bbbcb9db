//! The manifest: what a business signs about one batch (protocol, section 5).
//!
//! Pure: bytes in, a checked manifest or every fault out. What needs the registry (stream, pack,
//! key) or the body (digest, count) is checked by those who have them.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::claims::{ClaimFault, Claims};
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::jws::{self, JwsError, Typ, Unverified};
use crate::foundation::ids::{BatchId, HolderId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::registry::Mode;

/// The media type of a manifest, in its header's `typ`.
pub const TYP: &str = "chayan-batch+jwt";
/// The longest manifest, in bytes: a thousand amendments fit, and the leaf stays under 32 KiB.
pub(super) const MAX_MANIFEST: usize = 28 * 1024;
/// The most records of a batch.
pub const MAX_RECORDS: u32 = 10_000;
/// The most amendments of a batch.
pub(super) const MAX_AMENDS: usize = 1_000;
/// How far a business's clock may be ahead of ours.
pub(super) const CLOCK_LEEWAY: Duration = Duration::from_secs(300);

/// What a business says about one batch. Every claim has its type and range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// `iss`: the duty holder.
    pub holder: HolderId,
    /// `jti`: the batch.
    pub batch: BatchId,
    /// `iat`: when it was sealed.
    pub sealed_at: Timestamp,
    /// `stream`: where the records belong.
    pub stream: StreamId,
    /// `day`: the civil day of the records.
    pub day: Day,
    /// `mode`: what a line is.
    pub mode: Mode,
    /// `pack`: rule pack and version.
    pub pack: String,
    /// `first`: the number of the first line's record.
    pub first: u64,
    /// `count`: how many records, 1 to 10,000.
    pub count: u32,
    /// `from`: the earliest `occurred_at`.
    pub from: Timestamp,
    /// `to`: the latest `occurred_at`.
    pub to: Timestamp,
    /// `amends`: pairs of a number in this batch and the number of the stream that it corrects.
    pub amends: Vec<(u64, u64)>,
    /// `body`: SHA-256 of all bytes after the first line feed.
    pub body: [u8; 32],
}

/// Why a manifest cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is no JWS of a manifest, or its payload no strict JSON.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Some claims are wrong.
    #[error("{} claims are wrong", .0.len())]
    Claims(Vec<ClaimFault>),
    /// More records than a batch may have.
    #[error("a batch has at most {MAX_RECORDS} records")]
    TooMany,
}

/// Reads the form of a manifest, before its key is known.
///
/// # Errors
///
/// [`JwsError`] of the form.
pub(super) fn parse(line: &[u8]) -> Result<Unverified<'_>, JwsError> {
    jws::parse(line, Typ::Is(TYP), MAX_MANIFEST)
}

impl Manifest {
    /// Reads every claim of a payload whose signature has been checked, or that was logged.
    ///
    /// # Errors
    ///
    /// [`ManifestError::TooMany`] or every wrong claim.
    pub fn read(payload: Value) -> Result<Manifest, ManifestError> {
        let mut claims = Claims::new(payload);
        let holder = claims.id("iss");
        let batch = claims.id_v7("jti");
        let sealed_at = claims.seconds("iat");
        let stream = claims.id("stream");
        let day = claims.day("day");
        let mode = claims.text("mode", "is neither sealed nor attested", |text| text.parse().ok());
        let pack = claims.text("pack", "is no rule pack and version", |text| {
            is_pack(text).then(|| text.to_owned())
        });
        let first = claims.number("first", 1);
        let count = claims.number("count", 1);
        let (from, to) = (claims.instant("from"), claims.instant("to"));
        let body = claims.digest("body");
        if count.is_some_and(|count| count > u64::from(MAX_RECORDS)) {
            return Err(ManifestError::TooMany);
        }
        let range = first.zip(count).map(|(first, count)| first..=first + count - 1);
        if let Some(range) = &range {
            claims.expect(*range.end() <= super::claims::MAX_NUMBER, "first", "is out of range");
        }
        let amends = read_amends(&mut claims, range);
        if let (Some(day), Some(from), Some(to)) = (day, from, to) {
            claims.expect(from.day() == day, "from", "is not within the day");
            claims.expect(to.day() == day, "to", "is not within the day");
            claims.expect(from <= to, "to", "is before from");
        }
        let faults = claims.finish();
        let manifest = (|| {
            Some(Manifest {
                holder: holder?,
                batch: batch?,
                sealed_at: sealed_at?,
                stream: stream?,
                day: day?,
                mode: mode?,
                pack: pack?,
                first: first?,
                count: u32::try_from(count?).ok()?,
                from: from?,
                to: to?,
                amends,
                body: body?,
            })
        })();
        match manifest {
            Some(manifest) if faults.is_empty() => Ok(manifest),
            _ => Err(ManifestError::Claims(faults)),
        }
    }

    /// The manifest in a leaf of the log; its signature is not checked again.
    ///
    /// # Errors
    ///
    /// [`ManifestError`].
    pub fn logged(jws: &str) -> Result<Manifest, ManifestError> {
        Manifest::read(parse(jws.as_bytes())?.claims_unverified()?)
    }

    /// The amendments in a stored manifest; most have none, and are not read any further.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] if it is damaged.
    pub fn amends_in(jws: &str) -> Result<Vec<(u64, u64)>, ManifestError> {
        let payload = jws.split('.').nth(1).and_then(b64u::decode);
        let plain = payload.as_deref().is_some_and(|payload| {
            payload.starts_with(b"{")
                && !payload.contains(&b'\\')
                && !payload.windows(8).any(|window| window == b"\"amends\"")
        });
        if plain { Ok(Vec::new()) } else { Ok(Self::logged(jws)?.amends) }
    }

    /// What is wrong with the times, as of `now`: nothing may lie in the future.
    #[must_use]
    pub fn untimely(&self, now: Timestamp) -> Vec<ClaimFault> {
        let latest = now.plus(CLOCK_LEEWAY);
        let checks = [
            (self.day <= now.day(), "day", "is in the future"),
            (self.to <= latest, "to", "is in the future"),
            (self.sealed_at <= latest, "iat", "is in the future"),
        ];
        let wrong = checks.into_iter().filter(|(right, ..)| !right);
        wrong.map(|(_, claim, why)| ClaimFault { claim, why }).collect()
    }

    /// The number of the last line's record.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.first + u64::from(self.count) - 1
    }
}

/// Whether `text` looks like `lodging/2026.1`.
fn is_pack(text: &str) -> bool {
    let Some((sector, version)) = text.split_once('/') else { return false };
    let name = |part: &str| {
        (1..=32).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let numbered = |part: &str| {
        (1..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    name(sector) && numbered(version)
}

/// Pairs of a number of this batch, at most once each, and an earlier number of the stream.
fn read_amends(
    claims: &mut Claims,
    range: Option<std::ops::RangeInclusive<u64>>,
) -> Vec<(u64, u64)> {
    let Some(value) = claims.take("amends") else { return Vec::new() };
    let pairs = value.as_array().filter(|pairs| pairs.len() <= MAX_AMENDS).and_then(|pairs| {
        pairs.iter().map(|pair| serde_json::from_value::<(u64, u64)>(pair.clone()).ok()).collect()
    });
    let Some(pairs) = pairs else {
        claims.fault("amends", "is no list of at most 1,000 pairs of numbers");
        return Vec::new();
    };
    let pairs: Vec<(u64, u64)> = pairs;
    let mut seen = HashSet::new();
    let sound = pairs.iter().all(|(new, old)| {
        (1..*new).contains(old)
            && range.as_ref().is_none_or(|range| range.contains(new))
            && seen.insert(*new)
    });
    claims.expect(sound, "amends", "names a number outside the batch, twice, or not before it");
    pairs
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn payload() -> Value {
        json!({
            "iss": "0198c0de-0000-7000-8000-000000000001",
            "jti": "0198c0de-0000-7000-8000-000000000002",
            "iat": 1_772_445_600,
            "stream": "0198c0de-0000-7000-8000-000000000003",
            "day": "2026-03-02",
            "mode": "sealed",
            "pack": "lodging/2026.1",
            "first": 101,
            "count": 3,
            "from": "2026-03-02T00:00:00+08:00",
            "to": "2026-03-02T15:59:59Z",
            "body": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        })
    }

    fn with(claim: &str, value: Value) -> Result<Manifest, Vec<ClaimFault>> {
        let mut payload = payload();
        payload[claim] = value;
        match Manifest::read(payload) {
            Ok(manifest) => Ok(manifest),
            Err(ManifestError::Claims(faults)) => Err(faults),
            Err(other) => panic!("{other}"),
        }
    }

    fn wrong(claim: &str, value: Value) -> Vec<&'static str> {
        with(claim, value).unwrap_err().into_iter().map(|fault| fault.claim).collect()
    }

    #[test]
    fn a_sound_manifest_is_read() {
        let manifest = Manifest::read(payload()).unwrap();
        assert_eq!((manifest.first, manifest.last(), manifest.count), (101, 103, 3));
        assert_eq!(manifest.mode, Mode::Sealed);
        assert!(manifest.amends.is_empty());
        let amended = with("amends", json!([[101, 7], [103, 102]])).unwrap();
        assert_eq!(amended.amends, [(101, 7), (103, 102)]);
    }

    #[test]
    fn every_claim_has_its_type_and_range() {
        let cases = [
            ("iss", json!("410699")),
            ("iss", json!(["0198c0de-0000-7000-8000-000000000001"])),
            ("jti", json!("6fa459ea-ee8a-4ca4-894e-db77e160355e")),
            ("jti", json!("0198C0DE-0000-7000-8000-000000000002")),
            ("iat", json!("1772445600")),
            ("iat", json!(1_772_445_600.0)),
            ("iat", json!(-1)),
            ("stream", json!(7)),
            ("day", json!("2026-3-2")),
            ("day", json!("2026-02-30")),
            ("mode", json!("open")),
            ("pack", json!("lodging")),
            ("pack", json!("李雷 410699199001010000")),
            ("pack", json!("lodging/../../2026")),
            ("first", json!(0)),
            ("first", json!(-5)),
            ("first", json!(1.5)),
            ("first", json!(9_007_199_254_740_992_u64)),
            ("count", json!(0)),
            ("count", json!("3")),
            ("body", json!("47DEQpj8HBSa")),
            ("from", json!("2026-03-02 00:00:00")),
            ("from", json!("2026-03-01T23:59:59+08:00")),
            ("to", json!("2026-03-03T00:00:00+08:00")),
            ("to", json!(1_772_445_600)),
            ("amends", json!([[100, 7]])),
            ("amends", json!([[101, 101]])),
            ("amends", json!([[101, 0]])),
            ("amends", json!([[101, 7], [101, 8]])),
            ("amends", json!([[101, 7, 9]])),
            ("amends", json!([[101.0, 7]])),
            ("amends", json!({})),
            ("amends", json!(vec![[101, 7]; 1001])),
        ];
        for (claim, value) in cases {
            assert_eq!(wrong(claim, value.clone()), [claim], "{claim} = {value}");
        }
        assert_eq!(wrong("from", json!("2026-03-02T23:59:59.5+08:00")), ["to"]);
        assert_eq!(wrong("note", json!("free text")), [""]);
    }

    #[test]
    fn every_wrong_claim_is_named_at_once() {
        let faults = match Manifest::read(json!({ "first": "1", "extra": 1 })) {
            Err(ManifestError::Claims(faults)) => faults,
            other => panic!("{other:?}"),
        };
        assert_eq!(faults.len(), 13);
        assert_eq!(faults.iter().filter(|fault| fault.why == "is missing").count(), 11);
        assert!(matches!(Manifest::read(json!([])), Err(ManifestError::Claims(_))));
    }

    #[test]
    fn one_record_too_many_is_another_error() {
        let mut over = payload();
        over["count"] = 10_001.into();
        assert!(matches!(Manifest::read(over), Err(ManifestError::TooMany)));
        assert!(with("count", json!(10_000)).is_ok());
    }

    #[test]
    fn nothing_may_lie_in_the_future() {
        let manifest = Manifest::read(payload()).unwrap();
        let names = |now: &str| -> Vec<&str> {
            let faults = manifest.untimely(now.parse().unwrap());
            faults.into_iter().map(|fault| fault.claim).collect()
        };
        assert_eq!(names("2026-03-02T23:54:59+08:00"), [""; 0]);
        assert_eq!(names("2026-03-02T23:54:58.999+08:00"), ["to"]);
        assert_eq!(names("2026-03-01T23:59:59.999+08:00"), ["day", "to", "iat"]);
        assert_eq!(names("2026-03-03T00:00:00+08:00"), [""; 0]);
    }
}
