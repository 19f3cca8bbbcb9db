//! Writing letters inside the transaction of the decision that they tell of.

use serde_json::json;

use super::draft::{Content, Digest, Draft, Organ, Reminder, Request};
use super::error::NoticeError;
use super::matter::{Marks, Matter};
use super::model::{Document, Letter, LetterKind, LetterState, MediaType, Recipient};
use super::paper::{Invitation, Weekly};
use super::press::{self, Made};
use super::render::{self, Rendered};
use super::service::settle_in;
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::Conn;
use crate::foundation::ids::{DepartmentId, LeafId};
use crate::foundation::time::Timestamp;
use crate::foundation::web::Lang;
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// What was put into the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// The number of the document; empty where letters of the kind have none.
    pub number: String,
    /// The word by which the recipient can have the document confirmed.
    pub code: String,
    /// How many letters now wait.
    pub letters: u64,
}

/// Writes the letters of `draft` and lets them wait; each leaves a `notice_queued` leaf. All letters
/// of one notice share its number and code.
///
/// # Errors
///
/// Those of the templates and of the database.
pub fn enqueue_in(tx: &mut Conn, house: &House, draft: &Draft) -> Result<Queued, NoticeError> {
    match &draft.0 {
        Content::Order(notice) | Content::Advice(notice) => {
            enqueue_matter(tx, house, Matter::Notice(notice, draft.kind()))
        }
        Content::Paper(paper) => enqueue_matter(tx, house, Matter::Paper(paper)),
        Content::Digest(digest) => enqueue_digest(tx, house, digest),
        Content::Request(request) => enqueue_request(tx, house, request),
        Content::Weekly(weekly) => enqueue_weekly(tx, house, weekly),
        Content::Invitation(invitation) => enqueue_invitation(tx, house, invitation),
    }
}

/// Takes a number, makes the documents, and writes a letter to everybody who gets them.
fn enqueue_matter(tx: &mut Conn, house: &House, matter: Matter<'_>) -> Result<Queued, NoticeError> {
    let (kind, organ, now) = (matter.kind(), matter.organ(), house.clock.now());
    let number = if kind.is_numbered() { number_of(tx, organ, kind, now)? } else { String::new() };
    let marks = Marks { number, code: code(house), written: now.day(), preview: false };
    let recipients = or_paper(matter.recipients());
    let mut documents = Vec::new();
    for lang in [Lang::Zh, Lang::En] {
        // The Chinese text decides: it is always made. A translation is made if somebody reads it.
        if lang == Lang::Zh || recipients.iter().any(|(_, own)| *own == lang) {
            documents.push(press::make(matter, lang, &marks)?);
        }
    }
    let mut first = None;
    for (recipient, lang) in &recipients {
        let words = matter.words(*lang, &marks)?;
        let cover = Cover { kind, organ: Some(organ.id), to: *recipient, lang: *lang };
        let mut letter = letter(house, &cover, &marks.code, words);
        letter.number = Some(marks.number.clone()).filter(|number| !number.is_empty());
        letter.case_id = Some(matter.case());
        letter.holder_id = Some(matter.holder());
        first = first.or(put(tx, house, &letter, None, &documents)?);
    }
    if let Some(leaf) = first {
        for made in documents {
            store::insert_document(tx, &archived(house, matter, &marks, (made, leaf)))?;
        }
    }
    settle_in(tx, house, &marks.code)?;
    Ok(Queued { number: marks.number, code: marks.code, letters: count(recipients.len()) })
}

/// The next number of `organ` for documents of `kind`.
fn number_of(
    tx: &mut Conn,
    organ: &Organ,
    kind: LetterKind,
    now: Timestamp,
) -> Result<String, NoticeError> {
    let year = year_of(now);
    let n = store::next_number(tx, &organ.word, kind, year)?;
    let key = format!("notices-number-{kind}");
    Ok(Lang::Zh.text_with(&key, &[("organ", &organ.word), ("year", &year), ("n", &n)]))
}

/// The row of a document whose hash stands in a leaf.
fn archived(
    house: &House,
    matter: Matter<'_>,
    marks: &Marks,
    (made, leaf_id): (Made, LeafId),
) -> Document {
    Document {
        id: house.fresh(),
        kind: matter.kind(),
        number: Some(marks.number.clone()).filter(|number| !number.is_empty()),
        case_id: matter.case(),
        department_id: matter.organ().id,
        holder_id: matter.holder(),
        lang: made.lang,
        code: marks.code.clone(),
        media_type: made.media_type,
        made_at: house.clock.now(),
        sha256: sha256(&made.bytes).to_vec(),
        bytes: made.bytes,
        templates: made.templates.map(|digest| digest.to_vec()),
        leaf_id,
    }
}

/// A document as it would be, without a number.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Its form as a header names it: a PDF, or a page of HTML.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What `draft` would become in `lang` if it were written now: the same words in the same form, with
/// a note in the place of the number and of the code.
///
/// # Errors
///
/// Those of making the document; [`NoticeError::NoDocument`] for a letter that is none.
pub fn preview(house: &House, draft: &Draft, lang: Lang) -> Result<Preview, NoticeError> {
    let matter = draft.matter().ok_or(NoticeError::NoDocument(draft.kind()))?;
    let (number, code) = (lang.text("notices-preview"), lang.text("notices-preview-code"));
    let marks = Marks { number, code, written: house.clock.now().day(), preview: true };
    let made = press::make(matter, lang, &marks)?;
    Ok(match made.media_type {
        MediaType::Pdf => Preview { media_type: made.media_type.header(), bytes: made.bytes },
        MediaType::Text => Preview {
            media_type: "text/html; charset=utf-8",
            bytes: matter.words(lang, &marks)?.html.into_bytes(),
        },
    })
}

fn enqueue_request(tx: &mut Conn, house: &House, request: &Request) -> Result<Queued, NoticeError> {
    let code = code(house);
    let mut letters = 0;
    for (recipient, lang) in &or_paper(&request.recipients) {
        let words = render::request(request, *lang, (&code, house.clock.now().day()))?;
        let kind = LetterKind::Request;
        let cover = Cover { kind, organ: Some(request.organ.id), to: *recipient, lang: *lang };
        let mut letter = letter(house, &cover, &code, words);
        letter.holder_id = Some(request.holder);
        // One letter a block and contact, however often the block is asked for, and each reminder
        // once.
        let place = letter.contact_place.unwrap_or(-1);
        let word = match request.reminder {
            None => "request",
            Some(Reminder::Halfway) => "reminder-halfway",
            Some(Reminder::Last) => "reminder-last",
        };
        let slot = format!("{word}/{}/{}/{place}", request.draw, request.block);
        letters += u64::from(put(tx, house, &letter, Some(&slot), &[])?.is_some());
    }
    settle_in(tx, house, &code)?;
    Ok(Queued { number: String::new(), code, letters })
}

/// Who gets a letter: the recipients, or else nobody, for paper.
fn or_paper(recipients: &[(Recipient, Lang)]) -> Vec<(Recipient, Lang)> {
    match recipients {
        [] => vec![(Recipient::Nobody, Lang::Zh)],
        some => some.to_vec(),
    }
}

fn enqueue_digest(tx: &mut Conn, house: &House, digest: &Digest) -> Result<Queued, NoticeError> {
    let code = code(house);
    let mut letters = 0;
    for (officer, lang) in &digest.officers {
        let words = render::digest(digest, *lang)?;
        let to = Recipient::Officer(*officer);
        let kind = LetterKind::Digest;
        let cover = Cover { kind, organ: Some(digest.organ.id), to, lang: *lang };
        let letter = letter(house, &cover, &code, words);
        // One digest an officer and day, however often the job runs.
        let slot = format!("digest/{}/{officer}", digest.day);
        letters += u64::from(put(tx, house, &letter, Some(&slot), &[])?.is_some());
    }
    Ok(Queued { number: String::new(), code, letters })
}

fn enqueue_weekly(tx: &mut Conn, house: &House, weekly: &Weekly) -> Result<Queued, NoticeError> {
    let code = code(house);
    let mut letters = 0;
    for (officer, lang) in &weekly.officers {
        let words = render::weekly(weekly, *lang)?;
        let (kind, to) = (LetterKind::Weekly, Recipient::Officer(*officer));
        let cover = Cover { kind, organ: Some(weekly.organ.id), to, lang: *lang };
        let letter = letter(house, &cover, &code, words);
        // One an officer and week, however often the job runs.
        let slot = format!("weekly/{}/{officer}", weekly.from);
        letters += u64::from(put(tx, house, &letter, Some(&slot), &[])?.is_some());
    }
    Ok(Queued { number: String::new(), code, letters })
}

fn enqueue_invitation(
    tx: &mut Conn,
    house: &House,
    invitation: &Invitation,
) -> Result<Queued, NoticeError> {
    let (code, words) = (code(house), render::invitation(invitation)?);
    let (organ, (to, lang)) = (invitation.organ.as_ref().map(|organ| organ.id), invitation.to);
    let cover = Cover { kind: LetterKind::Invitation, organ, to, lang };
    let mut letter = letter(house, &cover, &code, words);
    letter.holder_id = invitation.holder;
    put(tx, house, &letter, None, &[])?;
    Ok(Queued { number: String::new(), code, letters: 1 })
}

/// What stands on a letter besides its words.
struct Cover {
    kind: LetterKind,
    organ: Option<DepartmentId>,
    to: Recipient,
    lang: Lang,
}

/// A letter that waits from now on.
fn letter(house: &House, cover: &Cover, code: &str, words: Rendered) -> Letter {
    let now = house.clock.now();
    let (contact_place, officer_id) = match cover.to {
        Recipient::Contact(place) => (Some(place), None),
        Recipient::Officer(id) => (None, Some(id)),
        Recipient::Nobody => (None, None),
    };
    Letter {
        id: house.fresh(),
        kind: cover.kind,
        number: None,
        case_id: None,
        department_id: cover.organ,
        holder_id: None,
        contact_place,
        officer_id,
        lang: cover.lang,
        code: code.to_owned(),
        subject: words.subject,
        text: words.text,
        html: words.html,
        state: LetterState::Queued,
        attempts: 0,
        next_at: now,
        queued_at: now,
        sent_at: None,
        last_reason: None,
    }
}

/// Inserts `letter` and its leaf: the log holds the letter to its words, and the documents that it
/// takes along to their bytes, and tells none of them. `None` if the slot was taken.
fn put(
    tx: &mut Conn,
    house: &House,
    letter: &Letter,
    slot: Option<&str>,
    documents: &[Made],
) -> Result<Option<LeafId>, NoticeError> {
    if !store::insert(tx, letter, slot)? {
        return Ok(None);
    }
    let digest = sha256(format!("{}\n{}\n{}", letter.code, letter.subject, letter.text).as_bytes());
    let mut body = json!({
        "letter": letter.id,
        "kind": letter.kind,
        "case": letter.case_id,
        "words": b64u::encode(&digest),
    });
    if !documents.is_empty() {
        let hashes = documents.iter().map(|made| b64u::encode(&sha256(&made.bytes)));
        body["documents"] = hashes.collect::<Vec<_>>().into();
    }
    let leaf = NewLeaf::new(house, LeafKind::NoticeQueued, body);
    append_in(tx, &leaf)?;
    Ok(Some(leaf.id))
}

/// Four groups of four letters and digits, without those that are mistaken for one another: eighty
/// bits. The recipient can have them confirmed; in the log they hide the words of the letter.
fn code(house: &House) -> String {
    const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let sign = |byte: &u8| SIGNS.get(usize::from(byte % 32)).map_or('0', |s| char::from(*s));
    let bytes = house.random.bytes::<16>();
    let groups: Vec<String> = bytes.chunks(4).map(|four| four.iter().map(sign).collect()).collect();
    groups.join("-")
}

fn year_of(at: Timestamp) -> i32 {
    at.day().as_str().get(..4).and_then(|year| year.parse().ok()).unwrap_or_default()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
