//! Checking a receipt with no server and no network (protocol, section 8; `security.md` 5.4).
//!
//! Four steps: the leaf holds my statement byte for byte; its record root is the tree over my lines;
//! the path leads to the root of the checkpoint; the log's key signed the checkpoint.

use serde_json::Value;

use crate::foundation::crypto::b64u;
use crate::intake::Receipt;
use crate::ledger::verify::{Proved, ReceiptError, receipt};
use crate::ledger::{LeafKind, RecordTree, VerifierKey, read_leaf};

/// Why a receipt is none for what was sent.
#[derive(Debug, thiserror::Error)]
pub enum Untrue {
    /// It cannot be read.
    #[error("the receipt cannot be read")]
    Form,
    /// Its leaf is not of a batch or a day close.
    #[error("the leaf is of another kind")]
    Kind,
    /// Its leaf holds another statement.
    #[error("the leaf holds another statement")]
    Statement,
    /// Its leaf holds another number of records, or another root over them.
    #[error("the leaf is about other records")]
    Records,
    /// The leaf is not in the log.
    #[error("the leaf is not in the log: {0}")]
    Log(#[from] ReceiptError),
}

/// Checks that the receipt of a batch proves that all of `body`, the request as it was sent, is in
/// the log of `key`.
///
/// # Errors
///
/// [`Untrue`], which says what does not fit.
pub fn batch(answer: &[u8], body: &[u8], key: &VerifierKey) -> Result<Proved, Untrue> {
    let (leaf, proof) = read(answer)?;
    let (LeafKind::Batch, facts) = read_leaf(&leaf).ok_or(Untrue::Form)? else {
        return Err(Untrue::Kind);
    };
    let mut lines = body.strip_suffix(b"\n").unwrap_or(body).split(|&byte| byte == b'\n');
    holds(&facts, "manifest", lines.next().unwrap_or_default())?;
    let (mut tree, mut count) = (RecordTree::default(), 0_u64);
    for line in lines {
        tree.push(line);
        count += 1;
    }
    let stated = (facts.get("count").and_then(Value::as_u64), text(&facts, "records"));
    if stated != (Some(count), Some(&b64u::encode(&tree.root().0))) {
        return Err(Untrue::Records);
    }
    Ok(receipt(&leaf, &proof, key)?)
}

/// Checks that the receipt of a day close proves that `statement`, as it was sent, is in the log of
/// `key`.
///
/// # Errors
///
/// [`Untrue`], which says what does not fit.
pub fn close(answer: &[u8], statement: &[u8], key: &VerifierKey) -> Result<Proved, Untrue> {
    let (leaf, proof) = read(answer)?;
    let (LeafKind::DayClose, facts) = read_leaf(&leaf).ok_or(Untrue::Form)? else {
        return Err(Untrue::Kind);
    };
    holds(&facts, "statement", statement)?;
    Ok(receipt(&leaf, &proof, key)?)
}

fn read(answer: &[u8]) -> Result<(Vec<u8>, String), Untrue> {
    let receipt = Receipt::parse(answer).ok().ok_or(Untrue::Form)?;
    Ok((b64u::decode(&receipt.leaf).ok_or(Untrue::Form)?, receipt.proof))
}

fn text<'a>(facts: &'a Value, member: &str) -> Option<&'a str> {
    facts.get(member)?.as_str()
}

fn holds(facts: &Value, member: &str, statement: &[u8]) -> Result<(), Untrue> {
    let same = text(facts, member).is_some_and(|stored| stored.as_bytes() == statement);
    if same { Ok(()) } else { Err(Untrue::Statement) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::foundation::Random;
    use crate::ledger::proof::Proof;
    use crate::ledger::{LogSigner, TreeHead, leaf_hash, root_of};

    const BODY: &[u8] = b"my.signed.manifest\nline one\nline two\n";

    /// A receipt of a log with three leaves, the second of which is `leaf`.
    fn receipt_of(leaf: &[u8]) -> (Vec<u8>, VerifierKey) {
        let seed = LogSigner::generate(&Random::seeded(1));
        let log = LogSigner::from_seed("log.example/hebi", &seed).unwrap();
        let leaves = [b"before".as_slice(), leaf, b"after"].map(leaf_hash);
        let head =
            TreeHead { origin: "log.example/hebi".to_owned(), size: 3, root: root_of(&leaves) };
        let path = vec![leaves[0], leaves[2]];
        let proof = Proof { index: 1, path, note: log.sign(&head) };
        let answer = json!({
            "batch": "0198c0de-0000-7000-8000-000000000002", "leaf": b64u::encode(leaf),
            "proof": proof.to_string(), "received_at": "2026-03-02T23:30:00.000+08:00",
        });
        (answer.to_string().into_bytes(), log.verifier().clone())
    }

    fn leaf(kind: &str, manifest: &str, count: u64) -> Vec<u8> {
        let mut tree = RecordTree::new();
        tree.push(b"line one");
        tree.push(b"line two");
        let facts = json!({
            "count": count, "manifest": manifest, "records": b64u::encode(&tree.root().0),
            "statement": manifest,
        });
        format!("chayan/v1\n{kind}\n{facts}").into_bytes()
    }

    #[test]
    fn the_receipt_of_what_was_sent_holds() {
        let (answer, key) = receipt_of(&leaf("batch", "my.signed.manifest", 2));
        let proved = batch(&answer, BODY, &key).unwrap();
        assert_eq!((proved.index, proved.head.size), (1, 3));
        assert!(batch(&answer, BODY.trim_ascii_end(), &key).is_ok(), "a missing last line feed");
        let (answer, key) = receipt_of(&leaf("day_close", "my.signed.close", 2));
        assert!(close(&answer, b"my.signed.close", &key).is_ok());
    }

    #[test]
    fn a_receipt_for_anything_else_is_refused() {
        let (answer, key) = receipt_of(&leaf("batch", "my.signed.manifest", 2));
        let other = batch(&answer, b"another.manifest\nline one\nline two\n", &key);
        assert!(matches!(other, Err(Untrue::Statement)));
        for records in
            [&b"my.signed.manifest\nline one\n"[..], b"my.signed.manifest\nline two\nline one\n"]
        {
            assert!(matches!(batch(&answer, records, &key), Err(Untrue::Records)));
        }
        assert!(matches!(close(&answer, b"my.signed.manifest", &key), Err(Untrue::Kind)));
        let (answer, key) = receipt_of(&leaf("batch", "my.signed.manifest", 3));
        assert!(matches!(batch(&answer, BODY, &key), Err(Untrue::Records)));
        assert!(matches!(batch(b"{}", BODY, &key), Err(Untrue::Form)));
    }

    #[test]
    fn a_leaf_that_the_log_does_not_hold_proves_nothing() {
        let (answer, key) = receipt_of(&leaf("batch", "my.signed.manifest", 2));
        let mut forged: Value = serde_json::from_slice(&answer).unwrap();
        forged["leaf"] = b64u::encode(&leaf("batch", "another.manifest", 2)).into();
        let body = b"another.manifest\nline one\nline two\n";
        let refused = batch(forged.to_string().as_bytes(), body, &key);
        assert!(matches!(refused, Err(Untrue::Log(_))));
        let seed = LogSigner::generate(&Random::seeded(2));
        let stranger = LogSigner::from_seed("log.example/hebi", &seed).unwrap();
        assert!(matches!(batch(&answer, BODY, stranger.verifier()), Err(Untrue::Log(_))));
    }
}
