//! What the business does in its case: it confirms that it has read the notice, answers with files,
//! and asks for more time.

use serde_json::json;

use super::super::error::CaseError;
use super::super::evidence::{File, MOST_FILES};
use super::super::guard::Respondent;
use super::super::model::{Event, Evidence, Extension, Reply, latest_day};
use super::super::store;
use super::Reason;
use super::flow::{Change, Hand};
use crate::foundation::House;
use crate::foundation::crypto::strict_json::canonical;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::ids::{EvidenceId, HolderId, Id as _, ReplyId};
use crate::foundation::time::Day;
use crate::identity::{Cell, FieldCipher};
use crate::notices::{self, LetterKind, Reader};

/// The longest reply, in characters.
const LONGEST_REPLY: usize = 4_000;

/// What a business answers, fit to be kept.
pub(in super::super) struct Answer {
    text: String,
    files: Vec<File>,
}

impl Answer {
    /// `text` without the white space around it, with `files`.
    ///
    /// # Errors
    ///
    /// [`CaseError::Words`] if the text is empty, longer than 4,000 characters or has control
    /// characters other than line breaks, or if there are more than ten files.
    pub(in super::super) fn new(text: &str, files: Vec<File>) -> Result<Self, CaseError> {
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err(CaseError::Words("reply-missing"));
        }
        if text.chars().count() > LONGEST_REPLY {
            return Err(CaseError::Words("reply-long"));
        }
        if text.contains(|c: char| c.is_control() && c != '\n') {
            return Err(CaseError::Words("reply-signs"));
        }
        if files.len() > MOST_FILES {
            return Err(CaseError::Words("files-many"));
        }
        Ok(Self { text, files })
    }
}

/// Notes that the business has received and read the notice, with the leaf `reply` and the proof of
/// its receipt. Once: a second time changes nothing.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case is over; those of the store.
pub(in super::super) async fn acknowledge(
    house: &House,
    right: Respondent,
) -> Result<(), CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.acknowledge", move |tx| {
            let id = right.case.id;
            let now = store::case(tx, id)?.ok_or(CaseError::NotFound)?;
            if now.acknowledged_at.is_some() {
                return Ok(());
            }
            let hand = Hand::Business(&right);
            let mut change = Change::begin(tx, (id, now.version), Event::Acknowledge, hand)?;
            change.after.acknowledged_at = Some(inside.clock.now());
            change.end(tx, &inside)?;
            notices::confirm_receipt_in(tx, &inside, id, &reader(&right))?;
            Ok(())
        })
        .await
}

/// Keeps that somebody of the business has opened the documents of its case in the portal. Reading
/// is no service.
///
/// # Errors
///
/// Those of the store.
pub(in super::super) async fn note_read(
    house: &House,
    right: &Respondent,
) -> Result<(), CaseError> {
    let (inside, id, reader) = (house.clone(), right.case.id, reader(right));
    house
        .store
        .write("cases.note_read", move |tx| {
            notices::note_read_in(tx, &inside, id, &reader)?;
            Ok(())
        })
        .await
}

fn reader(right: &Respondent) -> Reader {
    Reader { person: right.person, pseudonym: right.pseudonym.clone() }
}

/// Where the content of a file is kept; it opens nowhere else.
pub(in super::super) fn cell<'a>(id: &'a EvidenceId, holder: &'a HolderId) -> Cell<'a> {
    let (row, tenant) = (id.as_uuid().as_bytes(), holder.as_uuid().as_bytes());
    Cell { table: "cases_evidence", column: "sealed", row, tenant }
}

/// Keeps an answer with its files, each sealed by the field key, and the leaf `reply`, which holds a
/// salted hash of the text and the hashes of the files.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version`; those of sealing and of the store.
pub(in super::super) async fn reply(
    house: &House,
    cipher: &FieldCipher,
    right: Respondent,
    version: i64,
    answer: Answer,
) -> Result<(), CaseError> {
    let Answer { text, files } = answer;
    let (id, case): (ReplyId, _) = (house.fresh(), right.case.id);
    let mut kept = Vec::with_capacity(files.len());
    for (place, file) in (0..).zip(files) {
        let own: EvidenceId = house.fresh();
        let sealed = cipher.wrap(cell(&own, &right.case.holder), &file.bytes, &house.random)?;
        let evidence = Evidence {
            id: own,
            reply: id,
            case,
            place,
            name: file.name,
            media: file.media,
            size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
            digest: file.digest.to_vec(),
        };
        kept.push((evidence, sealed));
    }
    let salt = house.random.bytes::<16>().to_vec();
    let said = canonical(&json!([id, case, right.person, text]));
    let hash = sha256(&[&salt, b"chayan/reply/1\n".as_slice(), &said].concat());
    let inside = house.clone();
    house
        .store
        .write("cases.reply", move |tx| {
            let digests: Vec<String> =
                kept.iter().map(|(file, _)| b64u::encode(&file.digest)).collect();
            let hand = Hand::Business(&right);
            let (_, leaf) = Change::begin(tx, (case, version), Event::Reply, hand)?
                .telling("reply", json!(id))
                .telling("text", json!(b64u::encode(&hash)))
                .telling("files", json!(digests))
                .end(tx, &inside)?;
            let reply = Reply {
                id,
                case,
                person: right.person,
                at: inside.clock.now(),
                text: text.clone(),
                salt: salt.clone(),
                leaf,
            };
            store::flow::reply(tx, &reply)?;
            for (evidence, sealed) in &kept {
                store::flow::keep(tx, evidence, sealed)?;
            }
            Ok(())
        })
        .await
}

/// Asks for more time until `until`, with the leaf `reply`. Advice has no time that could be
/// extended.
///
/// # Errors
///
/// [`CaseError::NotNow`] if the case has moved since `version` or has an open question;
/// [`CaseError::Words`] if the day is not later than the last one, or later than may be granted.
pub(in super::super) async fn ask_extension(
    house: &House,
    right: Respondent,
    version: i64,
    until: Day,
    reason: Reason,
) -> Result<(), CaseError> {
    let inside = house.clone();
    house
        .store
        .write("cases.ask_extension", move |tx| {
            let hand = Hand::Business(&right);
            let change = Change::begin(tx, (right.case.id, version), Event::AskExtension, hand)?;
            let asked = store::flow::extensions(tx, right.case.id)?;
            if change.after.notice != LetterKind::Order {
                return Err(CaseError::NotNow);
            }
            let from = change.after.deadline;
            if until <= from || until > latest_day(from, &asked) {
                return Err(CaseError::Words("extension-day"));
            }
            let new = Extension {
                id: inside.fresh(),
                case: right.case.id,
                asked_at: inside.clock.now(),
                asked_by: right.person,
                from_day: from,
                until_day: until,
                reason: reason.text().to_owned(),
                decided_at: None,
                decided_by: None,
                granted_until: None,
                answer: None,
            };
            if !store::flow::ask(tx, &new)? {
                return Err(CaseError::NotNow);
            }
            change.noting(reason.text()).telling("until", json!(until)).end(tx, &inside).map(|_| ())
        })
        .await
}
