//! The signed list of published keys: what a client pins the key of, once, at onboarding.
//!
//! Source: `security.md` 3.10.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::AuditKey;
use crate::foundation::ids::DepartmentId;

/// The media type of a key list, in its header's `typ`.
pub const TYP: &str = "chayan-keyset+jwt";

/// The suite of every key so far: P-256, A256GCM, ES256, SHA-256 (`security.md` 4.8).
pub(super) const SUITE: &str = "chayan-1";

/// The claims of a key list. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyList {
    /// Who publishes: the public origin of the API.
    pub iss: String,
    /// When it was signed.
    pub iat: i64,
    /// Goes up by one with every list; a client refuses a lower number than it has seen.
    pub number: i64,
    /// The verifier key of the log, as `name+id+base64`.
    pub log: String,
    /// Audit keys that are open for sealing now or later.
    pub keys: Vec<ListedKey>,
}

/// One audit key of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedKey {
    /// The department that opens with it.
    pub department: DepartmentId,
    /// Its name.
    pub kid: String,
    /// The suite that comes with it.
    pub suite: String,
    /// The public key.
    pub jwk: Value,
    /// Open for sealing from then.
    pub seal_from: i64,
    /// Closed for sealing from then.
    pub seal_until: i64,
    /// Not destroyed before then.
    pub destroy_after: i64,
}

impl From<&AuditKey> for ListedKey {
    fn from(key: &AuditKey) -> Self {
        Self {
            department: key.department_id,
            kid: key.kid.clone(),
            suite: SUITE.to_owned(),
            jwk: key.jwk(),
            seal_from: key.seal_from.seconds(),
            seal_until: key.seal_until.seconds(),
            destroy_after: key.destroy_after.seconds(),
        }
    }
}
