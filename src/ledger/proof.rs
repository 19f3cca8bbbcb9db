//! The text of an inclusion proof with its checkpoint, in the C2SP format `tlog-proof`.

use std::fmt;
use std::str::FromStr;

use super::Hash;
use super::note::{NoteError, decimal};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The longest proof of a tree whose size fits in 64 bits.
const LONGEST: usize = 64;

/// A leaf's place, the path from it to the root, and the checkpoint with that root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The leaf's number, from zero.
    pub index: u64,
    /// From the leaf's sibling up to the root's child.
    pub path: Vec<Hash>,
    /// The signed note of the checkpoint, verbatim.
    pub note: String,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEADER}\nindex {}\n", self.index)?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for Proof {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (head, note) = text.split_once("\n\n").ok_or(NoteError::Form("proof text"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(NoteError::Form("proof header"));
        }
        let mut line = lines.next();
        // Extra facts are not authenticated and not ours.
        if line.is_some_and(|line| line.starts_with("extra ")) {
            line = lines.next();
        }
        let index = line
            .and_then(|line| decimal(line.strip_prefix("index ")?))
            .ok_or(NoteError::Form("leaf index"))?;
        let path = lines
            .map(Hash::from_base64)
            .collect::<Option<Vec<_>>>()
            .filter(|path| path.len() <= LONGEST)
            .ok_or(NoteError::Form("proof hash"))?;
        Ok(Self { index, path, note: note.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::Random;
    use crate::ledger::note::TreeHead;
    use crate::ledger::verify::{ProofError, ReceiptError, receipt};
    use crate::ledger::{LogSigner, leaf_hash, node_hash};

    fn receipt_of_two_leaves() -> (LogSigner, String) {
        let log =
            LogSigner::from_seed("log.example", &LogSigner::generate(&Random::seeded(3))).unwrap();
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let head = TreeHead { origin: "log.example".into(), size: 2, root: node_hash(&a, &b) };
        let proof = Proof { index: 1, path: vec![a], note: log.sign(&head) };
        (log, proof.to_string())
    }

    #[test]
    fn a_receipt_proves_its_leaf_with_no_server() {
        let (log, text) = receipt_of_two_leaves();
        let proved = receipt(b"b", &text, log.verifier()).unwrap();
        assert_eq!((proved.index, proved.head.size), (1, 2));
        let other = receipt(b"a", &text, log.verifier());
        assert_eq!(other, Err(ReceiptError::Proof(ProofError::Root)));
    }

    #[test]
    fn a_proof_text_comes_back_and_passes_over_extra_facts() {
        let (log, text) = receipt_of_two_leaves();
        assert_eq!(text.parse::<Proof>().unwrap().to_string(), text);
        let extra = text.replacen("\nindex", "\nextra QUJD\nindex", 1);
        assert!(receipt(b"b", &extra, log.verifier()).is_ok());
    }

    #[test]
    fn an_altered_receipt_is_refused() {
        let (log, text) = receipt_of_two_leaves();
        let hash = text.lines().nth(2).unwrap();
        for altered in [
            text.replacen("@v1", "@v2", 1),
            text.replacen("index 1", "index 0", 1),
            text.replacen("index 1", "index 01", 1),
            text.replacen("index 1", "index 2", 1),
            text.replacen(&format!("{hash}\n"), "", 1),
            text.replacen(hash, &format!("{hash}\n{hash}"), 1),
            text.replacen(hash, &hash[..43], 1),
            text.replacen("\n\n", "\n", 1),
            text.replacen("\n2\n", "\n3\n", 1),
        ] {
            assert!(receipt(b"b", &altered, log.verifier()).is_err(), "{altered}");
        }
    }
}
