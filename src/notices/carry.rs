//! Carrying letters out of the house: lease, send, record. A letter is sent at least once; one that
//! is sent twice is the same message under the same id.

use std::time::Duration;

use serde_json::json;

use super::error::NoticeError;
use super::model::{Letter, LetterState, PATIENCE, Recipient, pause};
use super::store::{self, End};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::jobs::Tally;
use crate::foundation::mail::{self, Address, Mailer, Outcome};
use crate::identity::FieldCipher;
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::registry::{self, RegistryError};

/// The most letters carried in one round.
const ROUND: u32 = 200;
/// How long a process may hold a letter; an attempt takes a minute at most.
const LEASE: Duration = Duration::from_secs(300);
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

/// Sends every letter that is due, at most 200, and counts `sent`, `queued` again and `failed`.
///
/// # Errors
///
/// Those of the database. A letter in hand is then due again when its lease runs out.
pub async fn carry_once(house: &House, carrier: &Carrier) -> Result<Tally, NoticeError> {
    let mut tally = Tally::default();
    for _ in 0..ROUND {
        let Some((letter, token)) = lease(house).await? else { break };
        let outcome = attempt(house, carrier, &letter).await?;
        let word = record(house, &letter, token, outcome).await?;
        tally.add(word, 1);
    }
    Ok(tally)
}

/// The next letter with the attempt counted, and the token of its lease.
async fn lease(house: &House) -> Result<Option<(Letter, [u8; 16])>, NoticeError> {
    let now = house.clock.now();
    let token: [u8; 16] = house.random.bytes();
    let due = house
        .store
        .read("notices.due", move |conn| store::next_due(conn, now).map_err(NoticeError::from))
        .await?;
    if due.is_none() {
        return Ok(None);
    }
    house
        .store
        .write("notices.lease", move |tx| {
            let Some(mut letter) = store::next_due(tx, now)? else { return Ok(None) };
            store::lease(tx, letter.id, &token, now.plus(LEASE))?;
            letter.attempts = letter.attempts.saturating_add(1);
            Ok(Some((letter, token)))
        })
        .await
}

async fn attempt(
    house: &House,
    carrier: &Carrier,
    letter: &Letter,
) -> Result<Outcome, NoticeError> {
    let (addressed, cipher) = (letter.clone(), carrier.cipher.clone());
    let to = house
        .store
        .read("notices.address", move |conn| address_of(conn, &cipher, &addressed))
        .await?;
    let Some(to) = to else { return Ok(Outcome::Permanent("no address".to_owned())) };
    let parts = mail::Parts {
        message_id: &letter.message_id(carrier.from.domain()),
        from: carrier.from.clone(),
        to,
        date: letter.queued_at,
        subject: &letter.subject,
        text: &letter.text,
        html: &letter.html,
    };
    match mail::Letter::build(&parts) {
        Ok(letter) => Ok(carrier.mailer.send(&letter).await),
        Err(fault) => Ok(Outcome::Permanent(fault.to_string())),
    }
}

/// The address of the recipient of `letter`, if he still has one that opens and is one.
fn address_of(
    conn: &mut Conn,
    cipher: &FieldCipher,
    letter: &Letter,
) -> Result<Option<Address>, NoticeError> {
    let text = match (letter.recipient(), letter.holder_id) {
        (Recipient::Contact(place), Some(holder)) => {
            let contacts = registry::contacts_of(conn, cipher, holder)?;
            let place = usize::try_from(place).ok();
            place.and_then(|place| contacts.into_iter().nth(place)).map(|contact| contact.email)
        }
        (Recipient::Officer(id), _) => {
            let officers = registry::officers_of(conn, letter.department_id)?;
            let officer = officers.iter().find(|officer| officer.id == id);
            officer.map(|officer| officer.email(cipher).map_err(RegistryError::from)).transpose()?
        }
        _ => None,
    };
    Ok(text.and_then(|text| Address::parse(&text).ok()))
}

/// Records what became of the attempt; a final result leaves a `notice_result` leaf.
async fn record(
    house: &House,
    letter: &Letter,
    token: [u8; 16],
    outcome: Outcome,
) -> Result<&'static str, NoticeError> {
    let now = house.clock.now();
    let waited = now.since(letter.queued_at);
    let next_at = now.plus(pause(letter.attempts, &house.random));
    let (state, reason) = match outcome {
        Outcome::Sent => (LetterState::Sent, None),
        Outcome::Permanent(reason) => (LetterState::Failed, Some(reason)),
        Outcome::Transient(_) | Outcome::Unknown if waited >= PATIENCE => {
            (LetterState::Failed, Some("nobody took it for seven days".to_owned()))
        }
        Outcome::Transient(reason) => (LetterState::Queued, Some(reason)),
        Outcome::Unknown => (LetterState::Queued, Some("no answer".to_owned())),
    };
    if state == LetterState::Queued && waited >= ALARM {
        let hours = waited.as_secs() / 3600;
        tracing::error!(letter.id = %letter.id, waited_hours = hours, "a letter waits and waits");
    }
    let leaf = (state != LetterState::Queued).then(|| result_leaf(house, letter, state));
    let sent_at = (state == LetterState::Sent).then_some(now);
    let id = letter.id;
    let ended = house
        .store
        .write("notices.result", move |tx| -> Result<bool, NoticeError> {
            let end = End { state, next_at, sent_at, reason: reason.as_deref() };
            let ended = store::end(tx, id, &token, &end)?;
            if let (true, Some(leaf)) = (ended, &leaf) {
                append_in(tx, leaf)?;
            }
            Ok(ended)
        })
        .await?;
    if !ended {
        tracing::warn!(letter.id = %id, "the lease of a letter ran out while it was sent");
        return Ok("stale");
    }
    Ok(state.as_str())
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
