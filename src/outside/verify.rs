//! Checking a receipt with no server and no network (protocol, section 8; `security.md` 5.4).
//!
//! Four steps: the leaf holds my statement byte for byte; its record root is the tree over my lines;
//! the path leads to the root of the checkpoint; the log's key signed the checkpoint.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::foundation::crypto::{b64u, sha256, strict_json};
use crate::foundation::ids::StreamId;
use crate::intake::Receipt;
use crate::ledger::verify::{Proved, ReceiptError, receipt};
use crate::ledger::{LeafKind, RecordTree, VerifierKey, read_leaf};

/// Why a receipt is none for what was sent.
#[derive(Debug, thiserror::Error)]
pub enum Untrue {
    /// It cannot be read.
    #[error("the receipt cannot be read")]
    Form,
    /// Its leaf is of another kind than what was sent, or than any that a business sends.
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

/// Checks that `answer`, whatever it is the answer to, proves that all of `body`, the request as it
/// was sent, is in the log of `key`.
///
/// # Errors
///
/// [`Untrue`], which says what does not fit.
pub fn any(answer: &[u8], body: &[u8], key: &VerifierKey) -> Result<Proved, Untrue> {
    let (leaf, _) = match read(answer) {
        Ok(receipt) => receipt,
        Err(_) => read_disclosure(answer)?.1,
    };
    match read_leaf(&leaf).ok_or(Untrue::Form)?.0 {
        LeafKind::Batch => batch(answer, body, key),
        LeafKind::DayClose | LeafKind::Closure => statement(answer, body, key),
        LeafKind::Disclosure => disclosure(answer, body, key),
        _ => Err(Untrue::Kind),
    }
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

/// Checks that the receipt of a day close or a declared closure proves that `statement`, as it was
/// sent, is in the log of `key`.
///
/// # Errors
///
/// [`Untrue`], which says what does not fit.
pub fn statement(answer: &[u8], statement: &[u8], key: &VerifierKey) -> Result<Proved, Untrue> {
    let (leaf, proof) = read(answer)?;
    let (LeafKind::DayClose | LeafKind::Closure, facts) = read_leaf(&leaf).ok_or(Untrue::Form)?
    else {
        return Err(Untrue::Kind);
    };
    holds(&facts, "statement", statement)?;
    Ok(receipt(&leaf, &proof, key)?)
}

/// Checks that the answer to a disclosure proves that the records of `body`, the request as it was
/// sent, are in the log of `key`: every one that the answer calls accepted, or, where all were known,
/// those of one earlier request. A record is in the leaf by its digest.
///
/// # Errors
///
/// [`Untrue`], which says what does not fit.
pub fn disclosure(answer: &[u8], body: &[u8], key: &VerifierKey) -> Result<Proved, Untrue> {
    let (told, (leaf, proof)) = read_disclosure(answer)?;
    let (LeafKind::Disclosure, facts) = read_leaf(&leaf).ok_or(Untrue::Form)? else {
        return Err(Untrue::Kind);
    };
    let sent = strict_json::value(body).ok().ok_or(Untrue::Form)?;
    if facts.get("draw").is_none() || facts.get("draw") != sent.get("draw") {
        return Err(Untrue::Statement);
    }
    let mut mine = BTreeMap::new();
    for record in list(&sent)? {
        let jwe = text(record, "jwe").ok_or(Untrue::Form)?;
        // Of a record that came twice in one request, the second was refused.
        mine.entry(place(record)?).or_insert_with(|| b64u::encode(&sha256(jwe.as_bytes())));
    }
    let mut logged = BTreeMap::new();
    for record in list(&facts)? {
        let (stream, seq, digest) =
            serde_json::from_value(record.clone()).ok().ok_or(Untrue::Form)?;
        logged.insert((stream, seq), digest);
    }
    let (mut proved, mut foreign) = (0, 0);
    for record in list(&told)? {
        let at = place(record)?;
        let same = logged.get(&at).is_some_and(|digest| mine.get(&at) == Some(digest));
        match text(record, "result") {
            _ if same => proved += 1,
            // A known record may have come with another request; an accepted one came with this.
            Some("known") if !logged.contains_key(&at) => {}
            Some("refused") => {}
            _ => foreign += 1,
        }
    }
    if proved == 0 || foreign > 0 {
        return Err(Untrue::Records);
    }
    Ok(receipt(&leaf, &proof, key)?)
}

/// The answer to a disclosure, and the leaf and the proof in it.
fn read_disclosure(answer: &[u8]) -> Result<(Value, (Vec<u8>, String)), Untrue> {
    let told = strict_json::value(answer).ok().ok_or(Untrue::Form)?;
    let receipt = told.get("receipt").ok_or(Untrue::Form)?;
    let leaf = text(receipt, "leaf").and_then(b64u::decode).ok_or(Untrue::Form)?;
    let proof = text(receipt, "proof").ok_or(Untrue::Form)?.to_owned();
    Ok((told, (leaf, proof)))
}

fn list(facts: &Value) -> Result<&Vec<Value>, Untrue> {
    facts.get("records").and_then(Value::as_array).ok_or(Untrue::Form)
}

/// The stream and the number of a record.
fn place(record: &Value) -> Result<(StreamId, u64), Untrue> {
    let stream = text(record, "stream").and_then(|stream| stream.parse().ok());
    stream.zip(record.get("seq").and_then(Value::as_u64)).ok_or(Untrue::Form)
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
        assert!(statement(&answer, b"my.signed.close", &key).is_ok());
        let (answer, key) = receipt_of(&leaf("closure", "my.signed.closure", 0));
        assert!(any(&answer, b"my.signed.closure", &key).is_ok());
    }

    const STREAM: &str = "0198c0de-0000-7000-8000-0000000000a1";
    const DRAW: &str = "0198c0de-0000-7000-8000-0000000000d1";

    /// The answer to a disclosure of records 1 to 3 whose leaf holds the first two, each result as
    /// given.
    fn disclosed(results: [&str; 3]) -> (Vec<u8>, VerifierKey) {
        let digest = |seq: u64| b64u::encode(&sha256(format!("jwe-{seq}").as_bytes()));
        let logged: Vec<Value> = (1..=2).map(|seq| json!([STREAM, seq, digest(seq)])).collect();
        let facts = json!({ "draw": DRAW, "records": logged });
        let (plain, key) = receipt_of(format!("chayan/v1\ndisclosure\n{facts}").as_bytes());
        let plain: Value = serde_json::from_slice(&plain).unwrap();
        let told = (1..).zip(results).map(|(seq, result)| {
            json!({ "stream": STREAM, "seq": seq, "result": result, "late": false })
        });
        let told: Vec<Value> = told.collect();
        let receipt = json!({ "leaf": plain["leaf"], "proof": plain["proof"] });
        let answer = json!({ "draw": DRAW, "records": told, "receipt": receipt });
        (answer.to_string().into_bytes(), key)
    }

    fn offered(draw: &str, numbers: [u64; 3]) -> Vec<u8> {
        let record = |(seq, n)| json!({ "stream": STREAM, "seq": seq, "jwe": format!("jwe-{n}") });
        let records: Vec<Value> = (1_u64..).zip(numbers).map(record).collect();
        json!({ "draw": draw, "records": records }).to_string().into_bytes()
    }

    #[test]
    fn the_answer_to_a_disclosure_proves_what_it_calls_accepted() {
        let sent = offered(DRAW, [1, 2, 3]);
        for results in [
            ["accepted", "accepted", "refused"],
            ["accepted", "accepted", "known"],
            ["known", "known", "known"],
        ] {
            let (answer, key) = disclosed(results);
            let proved = any(&answer, &sent, &key).unwrap();
            assert_eq!(proved.index, 1, "{results:?}");
        }
    }

    #[test]
    fn the_answer_to_another_disclosure_proves_nothing() {
        let (answer, key) = disclosed(["accepted", "accepted", "accepted"]);
        let sent = offered(DRAW, [1, 2, 3]);
        assert!(matches!(any(&answer, &sent, &key), Err(Untrue::Records)), "three is not logged");
        let (answer, key) = disclosed(["accepted", "accepted", "refused"]);
        let other = offered(DRAW, [1, 9, 3]);
        assert!(matches!(any(&answer, &other, &key), Err(Untrue::Records)));
        let other = offered(STREAM, [1, 2, 3]);
        assert!(matches!(any(&answer, &other, &key), Err(Untrue::Statement)));
        let (answer, key) = disclosed(["refused", "refused", "refused"]);
        let other = offered(DRAW, [7, 8, 9]);
        assert!(matches!(any(&answer, &other, &key), Err(Untrue::Records)));
        let (batch_answer, key) = receipt_of(&leaf("batch", "my.signed.manifest", 2));
        assert!(matches!(disclosure(&batch_answer, &sent, &key), Err(Untrue::Form)));
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
        assert!(matches!(statement(&answer, b"my.signed.manifest", &key), Err(Untrue::Kind)));
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
