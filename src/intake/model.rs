//! Batches, day closes and what is known of a stream: no I/O, no clock.

use diesel::prelude::*;

use crate::foundation::db::schema::{
    intake_batches, intake_closes, intake_equivocations, intake_streams,
};
use crate::foundation::ids::{BatchId, ClientId, CloseId, HolderId, LeafId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::registry::Mode;

/// A batch as it was accepted, without its lines.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = intake_batches)]
pub struct Batch {
    /// The `jti` of its manifest.
    pub id: BatchId,
    /// The duty holder.
    pub holder_id: HolderId,
    /// The business system that sent it.
    pub client_id: ClientId,
    /// The stream.
    pub stream_id: StreamId,
    /// The civil day of its records.
    pub day: Day,
    /// What its lines are.
    pub mode: Mode,
    /// Rule pack and version.
    pub pack: String,
    /// The number of its first record.
    pub first: i64,
    /// The number of its last record.
    pub last: i64,
    /// How many records.
    pub count: i64,
    /// The bytes of its lines.
    pub size_bytes: i64,
    /// The signed manifest, byte for byte.
    pub manifest: String,
    /// SHA-256 over its lines as they came.
    pub body_digest: Vec<u8>,
    /// The RFC 6962 root over its lines.
    pub record_root: Vec<u8>,
    /// Whether it came after its day's deadline.
    pub late: bool,
    /// When it came.
    pub received_at: Timestamp,
    /// Its leaf in the log.
    pub leaf_id: LeafId,
    /// Its receipt, once there is one; never changed afterwards.
    pub receipt: Option<String>,
}

/// A signed statement about one day of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = intake_closes)]
pub struct DayClose {
    /// The `jti` of the statement.
    pub id: CloseId,
    /// The duty holder.
    pub holder_id: HolderId,
    /// The business system that sent it.
    pub client_id: ClientId,
    /// The stream.
    pub stream_id: StreamId,
    /// The civil day that is closed.
    pub day: Day,
    /// The lowest number of the day; `None` in a nil return.
    pub first: Option<i64>,
    /// The highest number of the day; `None` in a nil return.
    pub last: Option<i64>,
    /// How many records the day has; 0 is a nil return.
    pub count: i64,
    /// The figures from outside the register, as a JSON object of whole numbers.
    pub totals: String,
    /// The signed statement, byte for byte.
    pub statement: String,
    /// Whether it came after its day's deadline.
    pub late: bool,
    /// Whether no later statement replaced it.
    pub current: bool,
    /// When it came.
    pub received_at: Timestamp,
    /// Its leaf in the log.
    pub leaf_id: LeafId,
    /// Its receipt, once there is one; never changed afterwards.
    pub receipt: Option<String>,
}

/// What has come in for a stream so far.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = intake_streams)]
pub struct StreamMeasure {
    /// The stream.
    pub stream_id: StreamId,
    /// Every number from 1 to here has come.
    pub contiguous: i64,
    /// No number above this one has come.
    pub highest: i64,
    /// How many records have come.
    pub records: i64,
    /// In how many batches.
    pub batches: i64,
    /// How many of the batches came after their day's deadline.
    pub late_batches: i64,
    /// When the newest batch came.
    pub newest_at: Timestamp,
}

/// A refused batch that claimed numbers of an accepted one for other content.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = intake_equivocations)]
pub struct Equivocation {
    /// The `jti` of the refused batch.
    pub refused_id: BatchId,
    /// SHA-256 over the refused lines.
    pub body_digest: Vec<u8>,
    /// The accepted batch that has the numbers.
    pub accepted_id: BatchId,
    /// The duty holder.
    pub holder_id: HolderId,
    /// The stream.
    pub stream_id: StreamId,
    /// The civil day that the refused batch names.
    pub day: Day,
    /// The first number that the refused batch claimed.
    pub first: i64,
    /// The last number that the refused batch claimed.
    pub last: i64,
    /// The refused manifest, byte for byte.
    pub manifest: String,
    /// When it was refused.
    pub found_at: Timestamp,
    /// Its leaf in the log.
    pub leaf_id: LeafId,
}

/// Numbers of a stream that have not come, both ends among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The lowest.
    pub first: i64,
    /// The highest.
    pub last: i64,
}

/// The gaps between `from` and the intervals `taken`, which are sorted and share no number.
pub(super) fn gaps(from: i64, taken: &[(i64, i64)]) -> Vec<Gap> {
    let mut next = from;
    let mut gaps = Vec::new();
    for &(first, last) in taken {
        if first > next {
            gaps.push(Gap { first: next, last: first - 1 });
        }
        next = next.max(last + 1);
    }
    gaps
}

/// What the systems of a holder submitted on some days: batches, day closes, closures and
/// disclosures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Submissions {
    /// Those that were refused.
    pub refused: i64,
    /// All of them, each accepted one counted once however often it was sent.
    pub offered: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_between_what_has_come() {
        assert_eq!(gaps(1, &[]), []);
        assert_eq!(gaps(1, &[(1, 5), (6, 9)]), []);
        let found = gaps(4, &[(6, 6), (9, 20), (21, 22), (30, 31)]);
        let expected = [(4, 5), (7, 8), (23, 29)];
        assert_eq!(found, expected.map(|(first, last)| Gap { first, last }));
    }
}
