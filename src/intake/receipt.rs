//! The receipt of a batch, a day close or a declared closure, and the leaf behind it (protocol, section 8).
//!
//! Stored as text and replayed byte for byte; offline verifiers read it with [`Receipt::parse`].

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::close::Close;
use super::closure::Closure;
use super::manifest::Manifest;
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::strict_json::{self, StrictJsonError};
use crate::foundation::ids::{BatchId, CloseId};
use crate::foundation::time::Timestamp;

/// Proof that a statement is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The batch that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// The day close that it is for, where it is not for a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseId>,
    /// The declared closure that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure: Option<CloseId>,
    /// The leaf as stored, base64url: what is hashed into the tree.
    pub leaf: String,
    /// Inclusion proof and signed checkpoint, as `tlog-proof` text.
    pub proof: String,
    /// When the statement was received.
    pub received_at: Timestamp,
}

impl Receipt {
    /// The receipt of a batch from the bytes of its leaf and the text of its proof.
    #[must_use]
    pub fn of_batch(batch: BatchId, leaf: &[u8], proof: String, received_at: Timestamp) -> Receipt {
        Receipt { batch: Some(batch), ..Receipt::of(leaf, proof, received_at) }
    }

    /// The receipt of a day close from the bytes of its leaf and the text of its proof.
    #[must_use]
    pub fn of_close(close: CloseId, leaf: &[u8], proof: String, received_at: Timestamp) -> Receipt {
        Receipt { close: Some(close), ..Receipt::of(leaf, proof, received_at) }
    }

    /// The receipt of a declared closure from the bytes of its leaf and the text of its proof.
    #[must_use]
    pub fn of_closure(id: CloseId, leaf: &[u8], proof: String, received_at: Timestamp) -> Receipt {
        Receipt { closure: Some(id), ..Receipt::of(leaf, proof, received_at) }
    }

    fn of(leaf: &[u8], proof: String, received_at: Timestamp) -> Receipt {
        let leaf = b64u::encode(leaf);
        Receipt { batch: None, close: None, closure: None, leaf, proof, received_at }
    }

    /// The text that is stored and sent.
    ///
    /// # Errors
    ///
    /// Those of the JSON writer, which has nothing to refuse here.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Reads the text of a receipt.
    ///
    /// # Errors
    ///
    /// [`StrictJsonError`] where it is none.
    pub fn parse(text: &[u8]) -> Result<Receipt, StrictJsonError> {
        strict_json::parse(text)
    }
}

/// What the log says of a batch: the signed manifest, the count and the root over its lines.
#[must_use]
pub fn batch_leaf(manifest: &Manifest, jws: &str, root: &[u8; 32], late: bool) -> Value {
    json!({
        "batch": manifest.batch,
        "count": manifest.count,
        "late": late,
        "manifest": jws,
        "records": b64u::encode(root),
    })
}

/// What the log says of a day close: the signed statement.
#[must_use]
pub fn close_leaf(close: &Close, jws: &str, late: bool) -> Value {
    json!({ "close": close.close, "late": late, "statement": jws })
}

/// What the log says of a declared closure: the signed statement, and whether it came after the
/// deadline of its first day.
#[must_use]
pub fn closure_leaf(closure: &Closure, jws: &str, late: bool) -> Value {
    json!({ "closure": closure.id, "late": late, "statement": jws })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::manifest;

    #[test]
    fn a_receipt_comes_back_from_its_text() {
        let at = "2026-03-02T10:05:00.123+08:00".parse().unwrap();
        let batch = "0198c0de-0000-7000-8000-000000000002";
        let leaf = b"chayan/v1\nbatch\n{}";
        let receipt = Receipt::of_batch(batch.parse().unwrap(), leaf, "c2sp.org\n".into(), at);
        let text = receipt.text().unwrap();
        assert_eq!(Receipt::parse(text.as_bytes()).unwrap(), receipt);
        assert!(text.starts_with(&format!(r#"{{"batch":"{batch}","leaf":"Y2hheWFu"#)), "{text}");
    }

    #[test]
    fn a_batch_leaf_holds_no_more_than_it_says() {
        let manifest = Manifest::read(manifest::tests::payload()).unwrap();
        let leaf = batch_leaf(&manifest, "a.b.c", &[0; 32], true);
        let names: Vec<&String> = leaf.as_object().unwrap().keys().collect();
        assert_eq!(names, ["batch", "count", "late", "manifest", "records"]);
    }
}
