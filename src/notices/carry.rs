//! Carrying letters out of the house: lease, send, record, a few at a time. A letter is sent at least
//! once; one that is sent twice is the same message under the same id.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;

use super::error::NoticeError;
use super::model::{
    Document, Letter, LetterKind, LetterState, MediaType, PATIENCE, Recipient, pause,
};
use super::proof::{Attempt, AttemptEnd};
use super::service::{self, PAPER};
use super::store::{self, End};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::LetterId;
use crate::foundation::jobs::Tally;
use crate::foundation::mail::{self, Address, Enclosure, Mailer, Outcome, PARALLEL};
use crate::foundation::time::Timestamp;
use crate::foundation::web::Lang;
use crate::identity::FieldCipher;
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::registry::{self, RegistryError};

/// Letters that are leased together: with four on their way at once, and a minute for each, they are
/// all sent before the lease runs out.
const HANDFUL: u32 = 32;
/// The most handfuls carried in one round.
const ROUND: u32 = 8;
/// How long a process may hold a letter.
const LEASE: Duration = Duration::from_secs(600);
/// Letters that nobody has taken for so long are worth an alarm.
const ALARM: Duration = Duration::from_secs(4 * 3600);

/// Everything that is needed to carry letters.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// How letters leave.
    pub mailer: Mailer,
    /// The sender.
    pub from: Address,
    /// Opens addresses.
    pub cipher: FieldCipher,
}

/// A letter in hand, where it goes, and what it takes along.
struct InHand {
    letter: Letter,
    to: Whereto,
    enclosed: Vec<Enclosure>,
}

/// Where a letter goes.
enum Whereto {
    /// To this address; whether the recipient has consented to be served there.
    Address(Address, bool),
    /// The recipient has no address any more.
    Nowhere,
    /// The address does not open: the field key is another one.
    Sealed,
}

/// What became of a letter in hand.
struct Attempted {
    letter: Letter,
    outcome: Outcome,
    code: Option<u16>,
    consented: bool,
}

/// Sends every letter that is due, at most 256, and counts `sent`, `queued` again and `failed`.
///
/// # Errors
///
/// Those of the database. Letters in hand are then due again when their lease runs out.
pub async fn carry_once(house: &House, carrier: &Carrier) -> Result<Tally, NoticeError> {
    let mut tally = Tally::default();
    for _ in 0..ROUND {
        let (letters, token) = lease(house).await?;
        if letters.is_empty() {
            break;
        }
        let in_hand = address(house, &carrier.cipher, letters).await?;
        let sending = in_hand.into_iter().map(|in_hand| attempt(carrier, in_hand));
        let parallel = usize::try_from(PARALLEL).unwrap_or(1);
        let attempted: Vec<Attempted> =
            futures_util::stream::iter(sending).buffer_unordered(parallel).collect().await;
        for word in record(house, attempted, token).await? {
            tally.add(word, 1);
        }
    }
    Ok(tally)
}

/// The next letters with the attempt counted, and the token of their lease.
async fn lease(house: &House) -> Result<(Vec<Letter>, [u8; 16]), NoticeError> {
    let now = house.clock.now();
    let token: [u8; 16] = house.random.bytes();
    let any = house
        .store
        .read("notices.due", move |conn| store::due(conn, now, 1).map_err(NoticeError::from))
        .await?;
    if any.is_empty() {
        return Ok((any, token));
    }
    let leased = house.store.write("notices.lease", move |tx| {
        let mut letters = store::due(tx, now, HANDFUL.into())?;
        let ids: Vec<LetterId> = letters.iter().map(|letter| letter.id).collect();
        store::lease(tx, &ids, &token, now.plus(LEASE))?;
        for letter in &mut letters {
            letter.attempts = letter.attempts.saturating_add(1);
        }
        Ok::<_, NoticeError>(letters)
    });
    Ok((leased.await?, token))
}

/// Looks up where `letters` go.
async fn address(
    house: &House,
    cipher: &FieldCipher,
    letters: Vec<Letter>,
) -> Result<Vec<InHand>, NoticeError> {
    let cipher = cipher.clone();
    house
        .store
        .read("notices.address", move |conn| {
            let addressed = letters.into_iter().map(|letter| {
                let to = whereto(conn, &cipher, &letter)?;
                let enclosed = enclosed(conn, &letter)?;
                Ok(InHand { letter, to, enclosed })
            });
            addressed.collect()
        })
        .await
}

/// Where `letter` goes. An address that does not open keeps nobody else's letter.
fn whereto(conn: &mut Conn, cipher: &FieldCipher, letter: &Letter) -> Result<Whereto, NoticeError> {
    let found = match address_of(conn, cipher, letter) {
        Err(RegistryError::Secret) => return Ok(Whereto::Sealed),
        found => found?,
    };
    let Some(address) = found.as_deref().and_then(|text| Address::parse(text).ok()) else {
        return Ok(Whereto::Nowhere);
    };
    let consent = match (letter.holder_id, letter.department_id) {
        (Some(holder), Some(department)) => registry::consent(conn, holder, department)?,
        _ => None,
    };
    let text = found.unwrap_or_default();
    match consent.map(|consent| consent.covers(cipher, &text)).transpose() {
        Ok(covered) => Ok(Whereto::Address(address, covered.unwrap_or(false))),
        Err(_does_not_open) => Ok(Whereto::Sealed),
    }
}

/// The address of the recipient of `letter`, if he still has one.
fn address_of(
    conn: &mut Conn,
    cipher: &FieldCipher,
    letter: &Letter,
) -> Result<Option<String>, RegistryError> {
    match (letter.recipient(), letter.holder_id) {
        (Recipient::Contact(place), Some(holder)) => {
            let contacts = registry::contacts_of(conn, cipher, holder)?;
            let place = usize::try_from(place).ok();
            Ok(place.and_then(|place| contacts.into_iter().nth(place)).map(|contact| contact.email))
        }
        (Recipient::Officer(id), _) => {
            let Some(department) = letter.department_id else { return Ok(None) };
            let officers = registry::officers_of(conn, department)?;
            let officer = officers.iter().find(|officer| officer.id == id);
            officer.map(|officer| officer.email(cipher).map_err(RegistryError::from)).transpose()
        }
        _ => Ok(None),
    }
}

async fn attempt(carrier: &Carrier, InHand { letter, to, enclosed }: InHand) -> Attempted {
    let (to, consented) = match to {
        Whereto::Address(to, consented) => (to, consented),
        Whereto::Nowhere => {
            let outcome = Outcome::Permanent("no address".to_owned());
            return Attempted { letter, outcome, code: None, consented: false };
        }
        Whereto::Sealed => {
            let outcome = Outcome::Transient("the address does not open".to_owned());
            return Attempted { letter, outcome, code: None, consented: false };
        }
    };
    let parts = mail::Parts {
        message_id: &letter.message_id(carrier.from.domain()),
        from: carrier.from.clone(),
        to,
        date: letter.queued_at,
        subject: &letter.subject,
        text: &letter.text,
        html: &letter.html,
        unsubscribe: None,
        enclosed: &enclosed,
    };
    let (outcome, code) = match mail::Letter::build(&parts) {
        Ok(letter) => carrier.mailer.attempt(&letter).await,
        Err(fault) => (Outcome::Permanent(fault.to_string()), None),
    };
    Attempted { letter, outcome, code, consented }
}

/// The typeset documents that `letter` takes along: the Chinese text, which decides, and the one in
/// the language of the letter. Plain text is what the letter says already.
fn enclosed(conn: &mut Conn, letter: &Letter) -> Result<Vec<Enclosure>, NoticeError> {
    let documents = store::documents_coded(conn, &letter.code)?;
    let typeset = documents.into_iter().filter(|document| {
        document.media_type == MediaType::Pdf
            && (document.lang == Lang::Zh || document.lang == letter.lang)
    });
    let enclose = |document: Document| Enclosure {
        name: document.file_name(),
        media_type: document.media_type.header(),
        bytes: document.bytes,
    };
    Ok(typeset.map(enclose).collect())
}

/// What is written of one attempt.
struct Conclusion {
    attempt: Attempt,
    state: LetterState,
    next_at: Timestamp,
    reason: Option<String>,
    code: String,
    leaf: Option<NewLeaf>,
    settle: bool,
    erase: bool,
}

/// Records what became of the attempts in one transaction; a final result leaves a `notice_result`
/// leaf, and a document that cannot be served by mail asks for paper.
async fn record(
    house: &House,
    attempted: Vec<Attempted>,
    token: [u8; 16],
) -> Result<Vec<&'static str>, NoticeError> {
    let inside = house.clone();
    let results: Vec<Conclusion> = attempted.into_iter().map(|one| result(house, one)).collect();
    house
        .store
        .write("notices.result", move |tx| -> Result<Vec<&'static str>, NoticeError> {
            let mut words = Vec::with_capacity(results.len());
            for result in &results {
                words.push(write(tx, &inside, result, &token)?);
            }
            Ok(words)
        })
        .await
}

fn write(
    tx: &mut Conn,
    house: &House,
    result: &Conclusion,
    token: &[u8],
) -> Result<&'static str, NoticeError> {
    let letter = result.attempt.letter;
    store::insert_attempt(tx, &result.attempt)?;
    let sent_at = (result.state == LetterState::Sent).then_some(result.attempt.at);
    let end = End {
        state: result.state,
        next_at: result.next_at,
        sent_at,
        reason: result.reason.as_deref(),
        erase: result.erase,
    };
    if !store::end(tx, letter, token, &end)? {
        tracing::warn!(letter.id = %letter, "the lease of a letter ran out while it was sent");
        return Ok("stale");
    }
    if let Some(leaf) = &result.leaf {
        append_in(tx, leaf)?;
    }
    if result.settle {
        service::settle_in(tx, house, &result.code)?;
    }
    Ok(result.state.as_str())
}

/// What follows from an attempt.
fn result(house: &House, Attempted { letter, outcome, code, consented }: Attempted) -> Conclusion {
    let now = house.clock.now();
    let waited = now.since(letter.queued_at);
    let (end, state, reason) = match outcome {
        Outcome::Sent => (AttemptEnd::Sent, LetterState::Sent, None),
        Outcome::Permanent(reason) => (AttemptEnd::Permanent, LetterState::Failed, Some(reason)),
        Outcome::Transient(reason) => (AttemptEnd::Transient, LetterState::Queued, Some(reason)),
        Outcome::Unknown => {
            (AttemptEnd::Unknown, LetterState::Queued, Some("no answer".to_owned()))
        }
    };
    let attempt = Attempt {
        letter: letter.id,
        seq: letter.attempts,
        at: now,
        outcome: end,
        code: code.map(i32::from),
        reason: reason.clone(),
        consented,
    };
    let gives_up = state == LetterState::Queued && waited >= PATIENCE;
    let (state, reason) = match gives_up {
        true => (LetterState::Failed, Some("nobody took it for seven days".to_owned())),
        false => (state, reason),
    };
    if state == LetterState::Queued && waited >= ALARM {
        let hours = waited.as_secs() / 3600;
        tracing::error!(letter.id = %letter.id, waited_hours = hours, "a letter waits and waits");
    }
    let leaf = (state != LetterState::Queued).then(|| result_leaf(house, &letter, state));
    Conclusion {
        next_at: now.plus(pause(letter.attempts, &house.random)),
        settle: match state {
            LetterState::Sent => letter.kind == LetterKind::Order && !consented,
            LetterState::Failed => true,
            LetterState::Queued | LetterState::Leased => waited >= PAPER,
        },
        // The link of an invitation is a secret that has done its work.
        erase: letter.kind == LetterKind::Invitation && state != LetterState::Queued,
        code: letter.code,
        attempt,
        state,
        reason,
        leaf,
    }
}

fn result_leaf(house: &House, letter: &Letter, state: LetterState) -> NewLeaf {
    let body = json!({
        "letter": letter.id,
        "case": letter.case_id,
        "result": state,
        "attempts": letter.attempts,
    });
    NewLeaf::new(house, LeafKind::NoticeResult, body)
}
