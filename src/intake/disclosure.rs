//! Disclosures: what a business is asked for, what it sends, and the leaf of it (protocol,
//! section 6). Pure: no I/O, no clock.

use diesel::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::schema::{intake_asked, intake_disclosures, intake_requests};
use crate::foundation::ids::{AuditId, ClientId, DepartmentId, HolderId, LeafId, StreamId};
use crate::foundation::time::Timestamp;

/// The most records of one request; their leaf stays under 32 KiB.
pub const MAX_DISCLOSED: usize = 200;

/// A block of drawn records that a business is asked to disclose.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = intake_requests)]
pub struct DisclosureRequest {
    /// The draw, by the id of its audit.
    pub audit_id: AuditId,
    /// Which block of the draw, from 0.
    pub block: i64,
    /// Who is asked.
    pub holder_id: HolderId,
    /// Who asks; the records are sealed to a key of this department.
    pub department_id: DepartmentId,
    /// The period that is audited.
    pub period: String,
    /// The last moment at which a record may be disclosed.
    pub due: Timestamp,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The `open_intent` leaf that names the records and the limit.
    pub leaf_id: LeafId,
}

/// A record of a request.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = intake_asked)]
pub struct AskedRecord {
    /// The draw.
    pub audit_id: AuditId,
    /// The block.
    pub block: i64,
    /// The stream.
    pub stream_id: StreamId,
    /// Its number.
    pub seq: i64,
    /// Its line in the batch: SHA-256 of its plaintext, 32 bytes.
    pub commitment: Vec<u8>,
}

/// A record as it was disclosed, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = intake_disclosures)]
pub struct Disclosure {
    /// The draw.
    pub audit_id: AuditId,
    /// The stream.
    pub stream_id: StreamId,
    /// Its number.
    pub seq: i64,
    /// Who disclosed it.
    pub holder_id: HolderId,
    /// The business system that sent it.
    pub client_id: ClientId,
    /// The record, sealed as in the sealed mode.
    pub jwe: String,
    /// Whether it came after the limit of every block that asks for it.
    pub late: bool,
    /// When it came.
    pub received_at: Timestamp,
    /// The `disclosure` leaf; records of one request share it.
    pub leaf_id: LeafId,
}

/// The body of a disclosure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    pub(super) draw: AuditId,
    pub(super) records: Vec<OfferedRecord>,
}

/// One record of a disclosure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferedRecord {
    pub(super) stream: StreamId,
    pub(super) seq: u64,
    pub(super) jwe: String,
}

/// What the log says of records that came in one request, in the order of stream and number: the
/// digest of each sealed record, and when they came.
#[must_use]
pub fn disclosure_leaf(records: &[&Disclosure]) -> Value {
    let mut sorted = records.to_vec();
    sorted.sort_by_key(|record| (record.stream_id, record.seq));
    let named = sorted.iter().map(|record| {
        let digest = b64u::encode(&sha256(record.jwe.as_bytes()));
        json!([record.stream_id, record.seq, digest])
    });
    json!({
        "draw": sorted.first().map(|record| record.audit_id),
        "received_at": sorted.first().map(|record| record.received_at),
        "records": named.collect::<Vec<Value>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::ids::Id as _;

    #[test]
    fn a_disclosure_leaf_names_places_and_digests_in_order_and_fits() {
        let (low, high) = (uuid::Uuid::nil(), uuid::Uuid::max());
        let record = |stream: uuid::Uuid, seq| Disclosure {
            audit_id: AuditId::from_uuid(low),
            stream_id: StreamId::from_uuid(stream),
            seq,
            holder_id: HolderId::from_uuid(low),
            client_id: ClientId::from_uuid(low),
            jwe: "a..b.c.d".to_owned(),
            late: false,
            received_at: "2026-03-10T13:00:00+08:00".parse().unwrap(),
            leaf_id: LeafId::from_uuid(low),
        };
        let mut records = vec![record(high, 1), record(low, 9), record(low, 7)];
        let body = disclosure_leaf(&records.iter().collect::<Vec<_>>());
        let numbers: Vec<&Value> =
            body["records"].as_array().unwrap().iter().map(|record| &record[1]).collect();
        assert_eq!(numbers, [&json!(7), &json!(9), &json!(1)]);
        assert!(!body.to_string().contains("a..b.c.d"));
        records = (0..MAX_DISCLOSED).map(|_| record(high, 1 << 53)).collect();
        let longest = disclosure_leaf(&records.iter().collect::<Vec<_>>()).to_string();
        assert!(longest.len() + 200 < crate::ledger::LEAF_LIMIT, "{}", longest.len());
    }
}
