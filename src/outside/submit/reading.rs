//! What a business reads: its streams, what it is asked to disclose, its scores.

use serde::Deserialize;

use super::client::{Client, Refusal};
use crate::foundation::ids::{AuditId, DepartmentId, StreamId};
use crate::foundation::time::Timestamp;

/// What a business needs to know of one of its streams.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StreamInfo {
    /// The stream.
    pub id: StreamId,
    /// The department whose audit key its records are sealed to, where one is competent.
    pub department: Option<DepartmentId>,
}

/// A block of drawn records that a business is asked to disclose.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    /// The draw.
    pub draw: AuditId,
    /// Whose key the records are sealed to.
    pub department: DepartmentId,
    /// The last moment at which a record may be disclosed.
    pub due: Timestamp,
    /// The records.
    pub records: Vec<WantedRecord>,
}

/// A record that a business is asked to disclose.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WantedRecord {
    /// Its stream.
    pub stream: StreamId,
    /// Its number.
    pub seq: u64,
    /// When it was disclosed, if it was.
    pub disclosed_at: Option<Timestamp>,
}

/// A period of a business as its department sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Scored {
    /// The period.
    pub period: String,
    /// Days that a declaration exempts.
    pub exempt_days: u64,
    /// The class, once the record set is final: `A` to `D`.
    pub class: Option<String>,
}

#[derive(Deserialize)]
struct Streams {
    streams: Vec<StreamInfo>,
}

#[derive(Deserialize)]
struct WantedPage {
    rows: Vec<Wanted>,
}

#[derive(Deserialize)]
struct Scores {
    scores: Vec<Scored>,
}

impl Client {
    /// The streams of this business, each with the department whose audit key it seals to.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn streams(&self) -> Result<Vec<StreamInfo>, Refusal> {
        Ok(self.get::<Streams>("/v1/streams").await?.streams)
    }

    /// What this business is asked to disclose, newest first, at most one page.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn requests(&self) -> Result<Vec<Wanted>, Refusal> {
        Ok(self.get::<WantedPage>("/v1/disclosures").await?.rows)
    }

    /// The newest periods of this business, newest first.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub async fn scores(&self) -> Result<Vec<Scored>, Refusal> {
        Ok(self.get::<Scores>("/v1/score").await?.scores)
    }
}
