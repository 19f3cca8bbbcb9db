//! Signed notes and the checkpoints that they carry, in the C2SP formats `signed-note` and
//! `tlog-checkpoint`: a text, an empty line, and signature lines that commit to the text.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};

use super::Hash;
use crate::foundation::crypto::{ed25519, sha256};

/// The longest note that is read, in bytes: room for sixteen post-quantum cosignatures.
const LIMIT: usize = 128 * 1024;

/// The signature type of plain Ed25519.
const ED25519: u8 = 0x01;

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text has not the form that it should have.
    #[error("malformed: {0}")]
    Form(&'static str),
    /// No signature by the key that was asked for.
    #[error("not signed by {0}")]
    Unsigned(String),
    /// A signature by that key, which does not hold.
    #[error("the signature of {0} does not hold")]
    Signature(String),
    /// Another log's checkpoint.
    #[error("a checkpoint of {0}, not of the log of this key")]
    Origin(String),
}

/// The public key of a log, with its name: `name+id+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl VerifierKey {
    /// The Ed25519 key `public` under `name`, which is also the log's origin.
    ///
    /// # Errors
    ///
    /// [`NoteError::Form`] if the name is empty or has a space, a plus or a control character.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Form("key name"));
        }
        let preimage = [name.as_bytes(), b"\n", &[ED25519], &public].concat();
        let [a, b, c, d, ..] = sha256(&preimage);
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], public })
    }

    /// The name, which is also the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Ed25519 public key.
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The signature line over nothing but these bytes: key id and signature.
    pub(super) fn line(&self, signature: &[u8; 64]) -> String {
        let bytes = [self.id.as_slice(), signature].concat();
        format!("\u{2014} {} {}\n", self.name, Base64::encode_string(&bytes))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.id;
        let key = [&[ED25519], self.public.as_slice()].concat();
        write!(f, "{}+{a:02x}{b:02x}{c:02x}{d:02x}+{}", self.name, Base64::encode_string(&key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Form("verifier key"));
        };
        let mut bytes = [0; 33];
        let read = Base64::decode(key, &mut bytes).ok().map(<[u8]>::len);
        let [ED25519, public @ ..] = bytes else {
            return Err(NoteError::Form("verifier key of an unknown type"));
        };
        let verifier = Self::new(name, public)?;
        if read == Some(33) && verifier.to_string() == text {
            Ok(verifier)
        } else {
            Err(NoteError::Form("verifier key"))
        }
    }
}

/// Whether `name` can name a key.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// A text and its signatures, read and not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// The text if `key` has signed it.
    ///
    /// # Errors
    ///
    /// [`NoteError::Unsigned`] without a signature by `key`, [`NoteError::Signature`] if one does
    /// not hold.
    pub fn verified(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        let mut by_key =
            self.signatures.iter().filter(|s| s.name == key.name && s.id == key.id).peekable();
        if by_key.peek().is_none() {
            return Err(NoteError::Unsigned(key.name.clone()));
        }
        if by_key.all(|s| ed25519::verify(&key.public, self.text.as_bytes(), &s.bytes)) {
            Ok(&self.text)
        } else {
            Err(NoteError::Signature(key.name.clone()))
        }
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > LIMIT {
            return Err(NoteError::Form("longer than a note may be"));
        }
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Form("control character"));
        }
        let gap = note.rfind("\n\n").ok_or(NoteError::Form("no empty line before signatures"))?;
        let (text, signatures) = note.split_at(gap + 1);
        let lines = signatures.get(1..).and_then(|lines| lines.strip_suffix('\n'));
        let signatures = lines
            .ok_or(NoteError::Form("no newline after the last signature"))?
            .split('\n')
            .map(signature)
            .collect::<Option<Vec<_>>>()
            .ok_or(NoteError::Form("signature line"))?;
        Ok(Self { text: text.to_owned(), signatures })
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = Base64::decode_vec(encoded).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    if !is_name(name) || signature.is_empty() {
        return None;
    }
    Some(Signature { name: name.to_owned(), id: *id, bytes: signature.to_vec() })
}

/// What a checkpoint says: the log, the number of its leaves, and their root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// The log's name.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl TreeHead {
    /// The text that is signed, without extension lines.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads the checkpoint in `note`, signed by `key` and about the log of that key.
    ///
    /// # Errors
    ///
    /// [`NoteError`], which says what does not fit.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let note: Note = note.parse()?;
        let head = Self::read(note.verified(key)?)?;
        if head.origin == key.name { Ok(head) } else { Err(NoteError::Origin(head.origin)) }
    }

    fn read(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Form("checkpoint of less than three lines"));
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(NoteError::Form("empty line in a checkpoint"));
        }
        let size = decimal(size).ok_or(NoteError::Form("tree size"))?;
        let root = Hash::from_base64(root).ok_or(NoteError::Form("root hash"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

/// Reads a decimal number without sign or leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    if number.to_string() == text { Some(number) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::Random;
    use crate::ledger::LogSigner;

    fn log() -> LogSigner {
        let seed = LogSigner::generate(&Random::seeded(1));
        LogSigner::from_seed("log.example/hebi", &seed).unwrap()
    }

    fn head() -> TreeHead {
        TreeHead { origin: "log.example/hebi".to_owned(), size: 42, root: Hash([7; 32]) }
    }

    #[test]
    fn the_note_of_the_published_example_is_read() {
        let note = "Ogn\u{75}no sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
            ed \u{e8} subito sera.\n\n\u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUP\
            eFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let note: Note = note.parse().unwrap();
        assert!(note.text.ends_with("sole:\n\ned \u{e8} subito sera.\n"));
        assert_eq!(note.signatures[0].id, [0x36, 0x7b, 0xa0, 0x4b]);
        assert_eq!(note.signatures[0].bytes.len(), 64);
    }

    #[test]
    fn a_signed_checkpoint_is_opened_by_its_key_and_no_other() {
        let (log, note) = (log(), log().sign(&head()));
        assert_eq!(TreeHead::open(&note, log.verifier()), Ok(head()));
        assert_eq!(note.lines().nth(1), Some("42"));

        let seed = LogSigner::generate(&Random::seeded(2));
        let same_name = LogSigner::from_seed("log.example/hebi", &seed).unwrap();
        let refused = TreeHead::open(&note, same_name.verifier());
        assert_eq!(refused, Err(NoteError::Unsigned("log.example/hebi".to_owned())));

        let seed = LogSigner::generate(&Random::seeded(1));
        let other_name = LogSigner::from_seed("log.example/other", &seed).unwrap();
        let cosigned = other_name.sign(&head());
        let refused = TreeHead::open(&cosigned, other_name.verifier());
        assert_eq!(refused, Err(NoteError::Origin("log.example/hebi".to_owned())));
    }

    #[test]
    fn signatures_of_unknown_keys_are_passed_over() {
        let note = log().sign(&head());
        let cosigned = format!("{note}\u{2014} witness.example AAAAAAEC\n");
        assert_eq!(TreeHead::open(&cosigned, log().verifier()), Ok(head()));
    }

    #[test]
    fn an_altered_note_is_refused() {
        let (log, note) = (log(), log().sign(&head()));
        let key = log.verifier();
        assert!(matches!(
            TreeHead::open(&note.replacen("\n42\n", "\n43\n", 1), key),
            Err(NoteError::Signature(_))
        ));
        for altered in [
            note.replace('\u{2014}', "-"),
            note.replacen("\n\n", "\n", 1),
            note.trim_end().to_owned(),
            format!("{note}\n"),
            note.replacen("42", "42\r", 1),
            note.replacen("=\n\n", "\n\n", 1),
        ] {
            assert!(TreeHead::open(&altered, key).is_err(), "{altered}");
        }
        for text in
            ["a\n042\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", "a\n1\n", "a\n1\nQQ==\n"]
        {
            assert!(TreeHead::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_verifier_key_is_read_only_in_its_own_form() {
        // The example of golang.org/x/mod/sumdb/note.
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key: VerifierKey = text.parse().unwrap();
        assert_eq!((key.name(), key.to_string().as_str()), ("PeterNeumann", text));
        for bad in [
            text.replace("c74f20a3", "c74f20a4"),
            text.replace("c74f20a3", "C74F20A3"),
            text.replace("+ARpc", "+AhpC"),
            text.replace("PeterNeumann", "Peter Neumann"),
            text.replacen("PeterNeumann", "", 1),
            text[..text.len() - 4].to_owned(),
        ] {
            assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
        }
    }
}
