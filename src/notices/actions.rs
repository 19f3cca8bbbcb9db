//! Writing letters inside the transaction of the decision that they tell of.

use serde_json::json;

use super::draft::{Content, Digest, Draft, Notice, Organ, Reminder, Request};
use super::error::NoticeError;
use super::model::{Letter, LetterKind, LetterState, Recipient};
use super::render::{self, Rendered};
use super::service::settle_in;
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::db::Conn;
use crate::foundation::time::Timestamp;
use crate::foundation::web::Lang;
use crate::ledger::{LeafKind, NewLeaf, append_in};

/// What was put into the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// The number of the document; empty for a digest and for a request.
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
            enqueue_notice(tx, house, notice, draft.kind())
        }
        Content::Digest(digest) => enqueue_digest(tx, house, digest),
        Content::Request(request) => enqueue_request(tx, house, request),
    }
}

fn enqueue_notice(
    tx: &mut Conn,
    house: &House,
    notice: &Notice,
    kind: LetterKind,
) -> Result<Queued, NoticeError> {
    let now = house.clock.now();
    let year = year_of(now);
    let n = store::next_number(tx, &notice.organ.word, kind, year)?;
    let number = Lang::Zh.text_with(
        if kind == LetterKind::Order { "notices-number-order" } else { "notices-number-advice" },
        &[("organ", &notice.organ.word), ("year", &year), ("n", &n)],
    );
    let code = code(house);
    let recipients = or_paper(&notice.recipients);
    for (recipient, lang) in &recipients {
        let words = render::notice(notice, kind, *lang, (&number, &code, now.day()))?;
        let cover = Cover { kind, organ: &notice.organ, to: *recipient, lang: *lang, code: &code };
        let mut letter = letter(house, &cover, words);
        letter.number = Some(number.clone());
        letter.case_id = Some(notice.case);
        letter.holder_id = Some(notice.holder);
        put(tx, house, &letter, None)?;
    }
    settle_in(tx, house, &code)?;
    Ok(Queued { number, code, letters: count(recipients.len()) })
}

fn enqueue_request(tx: &mut Conn, house: &House, request: &Request) -> Result<Queued, NoticeError> {
    let code = code(house);
    let mut letters = 0;
    for (recipient, lang) in &or_paper(&request.recipients) {
        let words = render::request(request, *lang, (&code, house.clock.now().day()))?;
        let kind = LetterKind::Request;
        let cover = Cover { kind, organ: &request.organ, to: *recipient, lang: *lang, code: &code };
        let mut letter = letter(house, &cover, words);
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
        letters += u64::from(put(tx, house, &letter, Some(&slot))?);
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
        let cover = Cover { kind, organ: &digest.organ, to, lang: *lang, code: &code };
        let letter = letter(house, &cover, words);
        // One digest an officer and day, however often the job runs.
        let slot = format!("digest/{}/{officer}", digest.day);
        letters += u64::from(put(tx, house, &letter, Some(&slot))?);
    }
    Ok(Queued { number: String::new(), code, letters })
}

/// What stands on a letter besides its words.
struct Cover<'a> {
    kind: LetterKind,
    organ: &'a Organ,
    to: Recipient,
    lang: Lang,
    code: &'a str,
}

/// A letter that waits from now on.
fn letter(house: &House, cover: &Cover<'_>, words: Rendered) -> Letter {
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
        department_id: cover.organ.id,
        holder_id: None,
        contact_place,
        officer_id,
        lang: cover.lang,
        code: cover.code.to_owned(),
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

/// Inserts `letter` and its leaf: the log holds the letter to its words and tells none of them.
fn put(
    tx: &mut Conn,
    house: &House,
    letter: &Letter,
    slot: Option<&str>,
) -> Result<bool, NoticeError> {
    if !store::insert(tx, letter, slot)? {
        return Ok(false);
    }
    let digest = sha256(format!("{}\n{}\n{}", letter.code, letter.subject, letter.text).as_bytes());
    let body = json!({
        "letter": letter.id,
        "kind": letter.kind,
        "case": letter.case_id,
        "words": b64u::encode(&digest),
    });
    append_in(tx, &NewLeaf::new(house, LeafKind::NoticeQueued, body))?;
    Ok(true)
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
