//! Opening one block: what the child process is told, does, and tells. Never a plaintext, except
//! sealed evidence of records that fail.
//!
//! The child holds the private keys of one block for as long as the block takes, and ends.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::asking::commits;
use super::model::{Cause, Outcome};
use crate::foundation::Random;
use crate::foundation::crypto::aead::{Aad, WrappingKey};
use crate::foundation::crypto::sealing::OpeningKey;
use crate::foundation::crypto::{b64u, jwe, sha256};
use crate::foundation::ids::{AuditId, DepartmentId, Id as _, StreamId};
use crate::foundation::time::Day;
use crate::rules::{Failure, Pack, Packs, Place};

/// What the child is told.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    /// The folder that overrides the packs inside the binary.
    pub(super) rule_packs: Option<PathBuf>,
    pub(super) department: DepartmentId,
    pub(super) audit: AuditId,
    pub(super) keys: Vec<BlockKey>,
    pub(super) records: Vec<Sealed>,
}

/// The private half of an audit key.
#[derive(Serialize, Deserialize, Zeroize)]
#[zeroize(drop)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockKey {
    pub(super) kid: String,
    pub(super) scalar: String,
}

/// One sealed record and its place.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed {
    pub(super) ordinal: u64,
    pub(super) line: String,
    /// What an attested batch committed to in the place of this record.
    pub(super) commitment: Option<String>,
    pub(super) pack: String,
    /// SHA-256 of the pack as the log states it.
    pub(super) digest: String,
    pub(super) stream: StreamId,
    pub(super) number: u64,
    pub(super) day: Day,
    /// The stream's kind of business within the trade.
    pub(super) subtype: Option<String>,
    /// The number that it corrects.
    pub(super) amends: Option<u64>,
    /// Seals the plaintext if the record fails.
    pub(super) evidence_key: String,
}

impl Drop for Sealed {
    fn drop(&mut self) {
        self.evidence_key.zeroize();
    }
}

/// What the child tells of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opened {
    pub(super) ordinal: u64,
    pub(super) outcome: Outcome,
    pub(super) cause: Option<Cause>,
    pub(super) failures: Vec<Failure>,
    /// The plaintext under the evidence key, if it fails and was opened.
    pub(super) evidence: Option<String>,
    /// Whether another record of its stream in this block has the same salt. The salt itself stays
    /// in the child.
    pub(super) salt_reused: bool,
}

impl Opened {
    /// A record that fails without having been opened.
    pub(super) fn unopened(ordinal: u64, cause: Cause) -> Self {
        Self {
            ordinal,
            outcome: Outcome::Fail,
            cause: Some(cause),
            failures: Vec::new(),
            evidence: None,
            salt_reused: false,
        }
    }
}

/// Why a block was not opened at all.
#[derive(Debug, thiserror::Error)]
pub enum BlockFault {
    /// What came in is no block.
    #[error("the block cannot be read: {0}")]
    Input(String),
    /// A pack is not the one that the log names.
    #[error("the rule pack {0} at hand is not the one that was in force by the log")]
    Pack(String),
    /// A key has no private half.
    #[error("the private half of {0} is none")]
    Key(String),
    /// The answer could not be written.
    #[error("the answer could not be written: {0}")]
    Output(#[from] std::io::Error),
}

/// Reads one block from `input`, opens and judges its records, and writes what came of them to
/// `output`: the whole life of the child process.
///
/// # Errors
///
/// [`BlockFault`]; then nothing was written.
pub fn open_block(mut input: impl Read, mut output: impl Write) -> Result<(), BlockFault> {
    let mut text = Zeroizing::new(Vec::with_capacity(1 << 20));
    input.read_to_end(&mut text)?;
    let block: Block =
        serde_json::from_slice(&text).map_err(|cause| BlockFault::Input(cause.to_string()))?;
    let packs = match &block.rule_packs {
        None => Packs::embedded(),
        Some(folder) => {
            Packs::load(folder).map_err(|cause| BlockFault::Input(cause.to_string()))?
        }
    };
    let opened = open_records(&block, &packs)?;
    let answer =
        serde_json::to_vec(&opened).map_err(|cause| BlockFault::Input(cause.to_string()))?;
    output.write_all(&answer)?;
    Ok(output.flush()?)
}

/// Opens and judges every record of a block.
pub(super) fn open_records(block: &Block, packs: &Packs) -> Result<Vec<Opened>, BlockFault> {
    let mut keys = Vec::with_capacity(block.keys.len());
    for key in &block.keys {
        let scalar = b64u::decode_array(&key.scalar).map(Zeroizing::new);
        let opening = scalar.and_then(|scalar| OpeningKey::from_bytes(&scalar));
        keys.push((key.kid.as_str(), opening.ok_or_else(|| BlockFault::Key(key.kid.clone()))?));
    }
    let mut salts = Salts::default();
    let opened = block.records.iter().map(|record| {
        let (opened, salt) = open_record(block, record, &keys, packs)?;
        salts.take(record, salt);
        Ok(opened)
    });
    let mut opened = opened.collect::<Result<Vec<_>, BlockFault>>()?;
    for (opened, record) in opened.iter_mut().zip(&block.records) {
        opened.salt_reused = salts.reused(record);
    }
    Ok(opened)
}

/// Digests of the salts of a block, for as long as it is open.
#[derive(Default)]
struct Salts {
    seen: HashMap<(StreamId, u64), [u8; 32]>,
}

impl Salts {
    fn take(&mut self, record: &Sealed, salt: Option<[u8; 32]>) {
        if let Some(salt) = salt {
            self.seen.insert((record.stream, record.number), salt);
        }
    }

    /// Whether another number of the stream of `record` has its salt. One number that is drawn
    /// twice is no other.
    fn reused(&self, record: &Sealed) -> bool {
        let own = (record.stream, record.number);
        let Some(salt) = self.seen.get(&own) else { return false };
        self.seen
            .iter()
            .any(|(place, other)| place.0 == record.stream && *place != own && other == salt)
    }
}

/// The digest of the salt inside a plaintext, if it has one.
fn salt_of(plaintext: &[u8]) -> Option<[u8; 32]> {
    #[derive(Deserialize)]
    struct Salted<'a> {
        #[serde(borrow)]
        salt: &'a str,
    }
    let salted: Salted<'_> = serde_json::from_slice(plaintext).ok()?;
    Some(sha256(salted.salt.as_bytes()))
}

fn open_record(
    block: &Block,
    record: &Sealed,
    keys: &[(&str, OpeningKey)],
    packs: &Packs,
) -> Result<(Opened, Option<[u8; 32]>), BlockFault> {
    let pack = packs.pack(&record.pack).filter(|pack| b64u::encode(pack.digest()) == record.digest);
    let pack = pack.ok_or_else(|| BlockFault::Pack(record.pack.clone()))?;
    let stream = record.stream.to_string();
    let place = Place {
        stream: &stream,
        seq: record.number,
        day: record.day.as_str(),
        subtype: record.subtype.as_deref(),
        amends: record.amends,
    };
    let key_called = |kid: &str| keys.iter().find(|(own, _)| *own == kid).map(|(_, key)| key);
    let judged = match &record.commitment {
        // Another content than the one that was committed to is not looked at.
        Some(commitment) if !commits(&record.line, commitment) => Judged {
            outcome: Outcome::Fail,
            cause: Some(Cause::CommitmentMismatch),
            failures: Vec::new(),
            plaintext: None,
        },
        _ => judge_line(record.line.as_bytes(), key_called, pack, &place),
    };
    let evidence = match &judged.plaintext {
        Some(plaintext) if judged.outcome == Outcome::Fail => {
            Some(seal_evidence(block, record, plaintext)?)
        }
        _ => None,
    };
    let salt = judged.plaintext.as_ref().and_then(|plaintext| salt_of(plaintext));
    let Judged { outcome, cause, failures, .. } = judged;
    let ordinal = record.ordinal;
    let salt_reused = false;
    Ok((Opened { ordinal, outcome, cause, failures, evidence, salt_reused }, salt))
}

/// What opening and judging one line showed.
pub struct Judged {
    /// Whether the record passes.
    pub outcome: Outcome,
    /// Why it fails.
    pub cause: Option<Cause>,
    /// The rules that it does not keep, also of a record that passes.
    pub failures: Vec<Failure>,
    /// The plaintext, if it could be opened. Zeroed on drop; it must not leave the process.
    plaintext: Option<Zeroizing<Vec<u8>>>,
}

/// Opens one sealed line with the key that its header names, compares the content with its
/// commitment, and judges it by `pack` at its `place`.
pub fn judge_line<'k>(
    line: &[u8],
    key_called: impl FnOnce(&str) -> Option<&'k OpeningKey>,
    pack: &Pack,
    place: &Place<'_>,
) -> Judged {
    let failing = |cause, failures, plaintext| Judged {
        outcome: Outcome::Fail,
        cause: Some(cause),
        failures,
        plaintext,
    };
    let header = jwe::header(line);
    let key = header.as_ref().and_then(|header| key_called(&header.kid));
    let plaintext = key.and_then(|key| jwe::open(line, key).ok());
    let (Some(header), Some(plaintext)) = (header, plaintext) else {
        return failing(Cause::Unopenable, Vec::new(), None);
    };
    if sha256(&plaintext) != header.pc {
        return failing(Cause::CommitmentMismatch, Vec::new(), Some(plaintext));
    }
    let judgement = pack.judge(&plaintext, place);
    if judgement.fails() {
        return failing(Cause::RecordFailed, judgement.failures, Some(plaintext));
    }
    let outcome = if judgement.undecided() { Outcome::Undecided } else { Outcome::Pass };
    Judged { outcome, cause: None, failures: judgement.failures, plaintext: Some(plaintext) }
}

fn seal_evidence(block: &Block, record: &Sealed, plaintext: &[u8]) -> Result<String, BlockFault> {
    let key = b64u::decode_array(&record.evidence_key).map(WrappingKey::from_bytes);
    let key = key.ok_or_else(|| BlockFault::Key("evidence".to_owned()))?;
    let row = evidence_row(block.audit, record.ordinal);
    let aad = evidence_aad(&block.department, &row);
    let sealed = key.wrap(&aad, plaintext, &Random::system());
    let sealed = sealed.map_err(|cause| BlockFault::Input(cause.to_string()))?;
    Ok(b64u::encode(&sealed))
}

/// The row of the evidence of one record, as associated data names it.
pub(super) fn evidence_row(audit: AuditId, ordinal: u64) -> Vec<u8> {
    [audit.as_uuid().as_bytes().as_slice(), &ordinal.to_be_bytes()].concat()
}

pub(super) fn evidence_aad<'a>(department: &'a DepartmentId, row: &'a [u8]) -> Aad<'a> {
    Aad {
        purpose: "evidence",
        tenant: department.as_uuid().as_bytes(),
        table: "audits_evidence",
        row,
        column: "sealed",
        kid: "",
        version: 1,
    }
}
