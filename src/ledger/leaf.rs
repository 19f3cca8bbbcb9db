//! What a leaf says, and its one encoding.

use serde_json::Value;

use crate::foundation::House;
use crate::foundation::crypto::strict_json::canonical;
use crate::foundation::db::text_enum;
use crate::foundation::ids::LeafId;
use crate::foundation::time::Timestamp;

use super::Hash;

/// The longest leaf, in bytes; what is larger is carried as its hash (`security.md` 3.9).
pub const LEAF_LIMIT: usize = 32 * 1024;

/// What the sequencer adds to a leaf: its time.
const AT: &str = "at";

/// What every leaf begins with.
const VERSION: &str = "chayan/v1";

/// The largest magnitude that every JSON reader keeps exact.
const MAX_EXACT: u64 = 1 << 53;

text_enum! {
    /// The type of a leaf.
    ///
    /// Source: `protocol.md` §8.
    pub enum LeafKind {
        /// A batch of records: its manifest, count and record root.
        Batch = "batch",
        /// A business's signed count of one day of one stream.
        DayClose = "day_close",
        /// A declared closure or outage.
        Closure = "closure",
        /// Two signed statements of one business that cannot both be true.
        Equivocation = "equivocation",
        /// The commitment to a secret of a later draw.
        DrawCommit = "draw_commit",
        /// The records that a draw chooses from.
        DrawFrame = "draw_frame",
        /// The secret of a draw.
        DrawReveal = "draw_reveal",
        /// What a draw chose and what came of it.
        DrawResult = "draw_result",
        /// A draw that could not be held.
        DrawFailed = "draw_failed",
        /// The officer who was drawn for an inspection.
        Assignment = "assignment",
        /// An officer who stepped back from an inspection.
        Recusal = "recusal",
        /// Records that are about to be opened.
        OpenIntent = "open_intent",
        /// Records that were opened.
        OpenDone = "open_done",
        /// Records that a business disclosed.
        Disclosure = "disclosure",
        /// Something that a check found.
        Finding = "finding",
        /// An officer took a finding up.
        FindingConfirmed = "finding_confirmed",
        /// An officer let a finding go.
        FindingDismissed = "finding_dismissed",
        /// A case moved on.
        CaseState = "case_state",
        /// A letter was written.
        NoticeQueued = "notice_queued",
        /// What became of a letter.
        NoticeResult = "notice_result",
        /// A business answered.
        Reply = "reply",
        /// An audit key was published.
        KeyPublished = "key_published",
        /// An audit key was closed for sealing.
        KeyRetired = "key_retired",
        /// An audit key was destroyed.
        KeyDestroyed = "key_destroyed",
        /// A business system was registered or changed.
        ClientChanged = "client_changed",
        /// A person's roles changed.
        RoleChanged = "role_changed",
        /// Facts left the house.
        Export = "export",
        /// A rule pack came into force.
        PackActivated = "pack_activated",
        /// A plan of audits changed.
        PlanChanged = "plan_changed",
        /// The configuration changed.
        ConfigChanged = "config_changed",
        /// A restore from backup was practised.
        RestoreDrill = "restore_drill",
        /// A cutoff: a checkpoint is signed at exactly this leaf.
        Epoch = "epoch",
    }
}

/// A leaf that waits for its number. It is used once.
#[derive(Clone, Debug)]
pub struct NewLeaf {
    /// Names the leaf before and after it has a number.
    pub id: LeafId,
    /// Its type.
    pub kind: LeafKind,
    pub(super) body: Value,
    pub(super) made_at: Timestamp,
}

/// Why a leaf cannot be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafFault {
    /// Not a JSON object, or one with a member `at`, which the sequencer writes.
    #[error("a leaf is a JSON object without a member `at`")]
    Shape,
    /// A number that is not an integer within ±2^53.
    #[error("a leaf has a number that is not an integer within ±2^53")]
    Number,
    /// Longer than [`LEAF_LIMIT`].
    #[error("a leaf is longer than 32 KiB")]
    TooLong,
}

impl NewLeaf {
    /// A leaf of type `kind` with the members of `body`, a JSON object. The leaf's time is added,
    /// as member `at`, when it is numbered.
    #[must_use]
    pub fn new(house: &House, kind: LeafKind, body: Value) -> Self {
        Self { id: house.fresh(), kind, body, made_at: house.clock.now() }
    }

    /// The canonical body, if it can be logged.
    pub(super) fn checked(&self) -> Result<String, LeafFault> {
        let members = self.body.as_object().ok_or(LeafFault::Shape)?;
        if members.contains_key(AT) {
            return Err(LeafFault::Shape);
        }
        if !numbers_are_exact(&self.body) {
            return Err(LeafFault::Number);
        }
        let body = String::from_utf8(canonical(&self.body)).ok().ok_or(LeafFault::Shape)?;
        // The sequencer adds the head and the time: `"at":"2026-03-02T00:00:00.000+08:00",`.
        if body.len() + 96 > LEAF_LIMIT { Err(LeafFault::TooLong) } else { Ok(body) }
    }
}

fn numbers_are_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let magnitude = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            magnitude.is_some_and(|magnitude| magnitude <= MAX_EXACT)
        }
        Value::Array(elements) => elements.iter().all(numbers_are_exact),
        Value::Object(members) => members.values().all(numbers_are_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// The bytes of a leaf with its time; `None` if `body` is not an object.
pub(super) fn encode(kind: LeafKind, body: &str, at: Timestamp) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_str(body).ok()?;
    body.as_object_mut()?.insert(AT.to_owned(), at.to_string().into());
    let mut bytes = format!("{VERSION}\n{kind}\n").into_bytes();
    bytes.extend(canonical(&body));
    Some(bytes)
}

/// The type and the members of a leaf's bytes; `None` if they are not those of a leaf.
#[must_use]
pub fn read_leaf(bytes: &[u8]) -> Option<(LeafKind, Value)> {
    let mut parts = std::str::from_utf8(bytes).ok()?.splitn(3, '\n');
    if parts.next() != Some(VERSION) {
        return None;
    }
    let (kind, body) = (parts.next()?.parse().ok()?, serde_json::from_str(parts.next()?).ok()?);
    Some((kind, body))
}

/// A leaf of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Names the leaf before and after it has a number.
    pub id: LeafId,
    /// Its number, from zero.
    pub index: u64,
    /// Its type.
    pub kind: LeafKind,
    /// The bytes that are hashed.
    pub bytes: Vec<u8>,
    /// Their hash.
    pub hash: Hash,
    /// The leaf's time; it never goes back along the log.
    pub at: Timestamp,
}

impl Leaf {
    /// The members of the leaf's JSON object; null if the bytes are not those of a leaf.
    #[must_use]
    pub fn body(&self) -> Value {
        read_leaf(&self.bytes).map_or(Value::Null, |(_, body)| body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn leaf(body: Value) -> NewLeaf {
        NewLeaf {
            id: "0198c0de-0000-7000-8000-00000000002a".parse().unwrap(),
            kind: LeafKind::Batch,
            body,
            made_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn a_leaf_has_one_encoding() {
        let body = leaf(json!({"count": 3, "b": {"z": 1, "a": [true, "旅馆"]}})).checked().unwrap();
        let at = "2026-03-02T10:05:00.25+08:00".parse().unwrap();
        let bytes = encode(LeafKind::Batch, &body, at).unwrap();
        let expected = "chayan/v1\nbatch\n{\"at\":\"2026-03-02T10:05:00.250+08:00\",\
            \"b\":{\"a\":[true,\"旅馆\"],\"z\":1},\"count\":3}";
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        let (kind, body) = read_leaf(&bytes).unwrap();
        assert_eq!((kind, &body["count"]), (LeafKind::Batch, &json!(3)));
        assert_eq!(read_leaf(b"chayan/v2\nbatch\n{}"), None);
    }

    #[test]
    fn what_cannot_be_a_leaf_is_refused() {
        for (body, fault) in [
            (json!([1]), LeafFault::Shape),
            (json!({"at": 1}), LeafFault::Shape),
            (json!({"share": [{"x": 0.5}]}), LeafFault::Number),
            (json!({"n": (1_u64 << 53) + 1}), LeafFault::Number),
            (json!({"n": -((1_i64 << 53) + 1)}), LeafFault::Number),
            (json!({"text": "x".repeat(LEAF_LIMIT)}), LeafFault::TooLong),
        ] {
            assert_eq!(leaf(body).checked(), Err(fault));
        }
        assert!(leaf(json!({"n": 1_u64 << 53, "text": "x".repeat(32_000)})).checked().is_ok());
    }

    #[test]
    fn the_longest_leaf_stays_within_the_limit() {
        let fits = (0..2_000)
            .map(|spare| leaf(json!({"text": "x".repeat(LEAF_LIMIT - spare)})))
            .find_map(|leaf| leaf.checked().ok())
            .unwrap();
        let longest = LeafKind::ALL.iter().max_by_key(|kind| kind.as_str().len()).unwrap();
        let bytes = encode(*longest, &fits, Timestamp::from_seconds(0)).unwrap();
        assert!(bytes.len() <= LEAF_LIMIT);
    }
}
