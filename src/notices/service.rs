//! What counts as service, and when a printed letter is needed.
//!
//! Source: Administrative Penalty Law, article 61: with the signed consent of the party a document
//! may be served electronically; otherwise it is delivered, and the date on the return receipt is
//! the date of service. A reminder is no service. A letter of advice sets no time that could begin,
//! so a mail that was taken is enough.

use std::time::Duration;

use diesel::QueryResult;
use serde_json::json;

use super::model::{Letter, LetterKind, LetterState, Recipient};
use super::proof::{Attempt, PaperCopy, PaperReason, PaperState, Proof, ProofKind};
use super::store;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{CaseId, LetterId, PersonId};
use crate::foundation::time::Timestamp;
use crate::ledger::{LeafKind, NewLeaf, append_in};
use crate::registry::{self, ConsentMethod};

/// When paper is asked for, although letters are still tried (`security.md` 6.3).
pub(super) const PAPER: Duration = Duration::from_secs(72 * 3600);

/// What has become of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was served, first at that moment; of a return receipt only the day counts.
    Served(Timestamp, ServedBy),
    /// A printed letter is needed.
    Paper(PaperReason),
    /// Its letters are on their way.
    Waiting,
}

/// What proves the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedBy {
    /// A mail that was taken and did not come back.
    Mail,
    /// A confirmation in the portal.
    Portal,
    /// A return receipt.
    Paper,
}

/// All that is known of the letters of one document.
pub(super) struct Facts {
    pub(super) letters: Vec<Letter>,
    pub(super) taken: Vec<Attempt>,
    pub(super) proofs: Vec<Proof>,
    pub(super) paper: Option<PaperCopy>,
    pub(super) consent: Option<ConsentMethod>,
    pub(super) now: Timestamp,
}

impl Facts {
    /// Reads them for the document that `code` confirms.
    pub(super) fn read(conn: &mut Conn, code: &str, now: Timestamp) -> QueryResult<Self> {
        let letters = store::of_code(conn, code)?;
        let ids: Vec<LetterId> = letters.iter().map(|letter| letter.id).collect();
        let consent = match letters.iter().find_map(|l| l.holder_id.zip(l.department_id)) {
            Some((holder, department)) => registry::consent(conn, holder, department)?,
            None => None,
        };
        Ok(Self {
            taken: store::taken(conn, &ids)?,
            proofs: store::proofs(conn, &ids)?,
            paper: store::paper_of(conn, code)?,
            consent: consent.map(|consent| consent.method),
            letters,
            now,
        })
    }

    /// Whether only a proof of service will do.
    fn is_formal(&self) -> bool {
        self.letters.iter().any(|letter| letter.kind == LetterKind::Order)
    }

    fn bounced(&self, letter: &Letter) -> bool {
        self.proofs.iter().any(|p| p.kind == ProofKind::Bounced && p.letter == letter.id)
    }

    /// When `letter` arrived by mail so that it counts.
    fn arrived(&self, letter: &Letter) -> Option<Timestamp> {
        if self.bounced(letter) {
            return None;
        }
        let consented = |a: &&Attempt| a.letter == letter.id && (a.consented || !self.is_formal());
        self.taken.iter().filter(consented).map(|attempt| attempt.at).min()
    }

    /// The earliest proof of service.
    fn served(&self) -> Option<(Timestamp, ServedBy)> {
        let by_mail = self.letters.iter().filter_map(|letter| self.arrived(letter)).min();
        let confirmed =
            |p: &&Proof| p.kind == ProofKind::Confirmed && (p.consented || !self.is_formal());
        let in_portal = self.proofs.iter().filter(confirmed).map(|proof| proof.at).min();
        let on_paper = self.paper.as_ref().and_then(|paper| paper.received_on);
        [
            by_mail.map(|at| (at, ServedBy::Mail)),
            in_portal.map(|at| (at, ServedBy::Portal)),
            on_paper.map(|day| (day.start(), ServedBy::Paper)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// What they say together.
    pub(super) fn delivery(&self) -> Delivery {
        if let Some((at, by)) = self.served() {
            return Delivery::Served(at, by);
        }
        let addressed = |letter: &&Letter| letter.recipient() != Recipient::Nobody;
        if !self.letters.iter().any(|letter| addressed(&letter)) {
            return Delivery::Paper(PaperReason::NoAddress);
        }
        if self.is_formal() && self.consent.is_none() {
            return Delivery::Paper(PaperReason::NoConsent);
        }
        let under_way =
            |letter: &&Letter| matches!(letter.state, LetterState::Queued | LetterState::Leased);
        let taken = |letter: &&Letter| letter.state == LetterState::Sent && !self.bounced(letter);
        let portal = self.is_formal() && self.consent == Some(ConsentMethod::Portal);
        let hopes = |letter: &&Letter| under_way(letter) || (portal && taken(letter));
        let since = self.letters.iter().filter(hopes).map(|letter| letter.queued_at).min();
        match since {
            Some(since) if self.now.since(since) >= PAPER => Delivery::Paper(PaperReason::Waited),
            Some(_) => Delivery::Waiting,
            None if self.letters.iter().any(|letter| self.bounced(letter)) => {
                Delivery::Paper(PaperReason::Bounced)
            }
            None if self.letters.iter().any(|letter| taken(&letter)) => {
                Delivery::Paper(PaperReason::NoConsent)
            }
            None => Delivery::Paper(PaperReason::Refused),
        }
    }
}

/// What has become of the notice of `case`, by the word that confirms it.
///
/// # Errors
///
/// Those of the database.
pub fn delivery_of(conn: &mut Conn, code: &str, now: Timestamp) -> QueryResult<Delivery> {
    Ok(Facts::read(conn, code, now)?.delivery())
}

/// Puts the document that `code` confirms into the queue for paper, with a leaf, if its letters say
/// that it needs it; gives whether it is news.
///
/// # Errors
///
/// Those of the database.
pub fn settle_in(tx: &mut Conn, house: &House, code: &str) -> QueryResult<bool> {
    let facts = Facts::read(tx, code, house.clock.now())?;
    let Delivery::Paper(reason) = facts.delivery() else { return Ok(false) };
    // The letter in Chinese is the one that is printed.
    let zh = facts.letters.iter().find(|l| l.lang == crate::foundation::web::Lang::Zh);
    let Some(letter) = zh.or(facts.letters.first()) else { return Ok(false) };
    // A reminder is no service, and the link of an invitation is forgotten by now.
    if matches!(letter.kind, LetterKind::Invitation | LetterKind::Reminder) {
        return Ok(false);
    }
    let (Some(holder), Some(department)) = (letter.holder_id, letter.department_id) else {
        return Ok(false);
    };
    let paper = PaperCopy {
        id: house.fresh(),
        code: code.to_owned(),
        letter: letter.id,
        case: letter.case_id,
        department,
        holder,
        reason,
        state: PaperState::Waiting,
        queued_at: facts.now,
        posted_at: None,
        posted_by: None,
        posted_how: None,
        posted_number: None,
        received_on: None,
        received_how: None,
        received_by: None,
        received_at: None,
        entered_by: None,
    };
    let news =
        store::insert_paper(tx, &paper)? || store::reopen_paper(tx, code, reason, facts.now)?;
    if news {
        let body = json!({
            "letter": letter.id, "case": letter.case_id, "result": "paper", "reason": reason,
        });
        append_in(tx, &NewLeaf::new(house, LeafKind::NoticeResult, body))?;
    }
    Ok(news)
}

/// Takes the printed letters of `case` out of the queue, because it was served electronically.
///
/// # Errors
///
/// Those of the database.
pub fn no_paper_in(tx: &mut Conn, case: CaseId) -> QueryResult<()> {
    store::drop_papers(tx, case).map(|_| ())
}

/// Somebody of a duty holder who reads or confirms in the portal.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Who it is.
    pub person: PersonId,
    /// What the log calls him.
    pub pseudonym: String,
}

/// Keeps that `reader` opened the documents of `case` in the portal, with a leaf for each document
/// that nobody had opened; gives whether there was one. Reading is no service.
///
/// # Errors
///
/// Those of the database.
pub fn note_read_in(
    tx: &mut Conn,
    house: &House,
    case: CaseId,
    reader: &Reader,
) -> QueryResult<bool> {
    note_in(tx, house, case, reader, ProofKind::Read)
}

/// Keeps that `reader` confirmed in the portal that the documents of `case` were received, with a
/// leaf for each; gives whether it is news. With a consent to electronic service it is the service.
///
/// # Errors
///
/// Those of the database.
pub fn confirm_receipt_in(
    tx: &mut Conn,
    house: &House,
    case: CaseId,
    reader: &Reader,
) -> QueryResult<bool> {
    note_in(tx, house, case, reader, ProofKind::Confirmed)
}

fn note_in(
    tx: &mut Conn,
    house: &House,
    case: CaseId,
    reader: &Reader,
    kind: ProofKind,
) -> QueryResult<bool> {
    let mut seen: Vec<String> = Vec::new();
    let mut news = false;
    for letter in store::of_case(tx, case)? {
        // One letter stands for its document, in whatever languages it was written.
        if seen.contains(&letter.code) {
            continue;
        }
        seen.push(letter.code.clone());
        let consent = match letter.holder_id.zip(letter.department_id) {
            Some((holder, department)) => registry::consent(tx, holder, department)?,
            None => None,
        };
        let proof = Proof {
            id: house.fresh(),
            letter: letter.id,
            kind,
            at: house.clock.now(),
            status: None,
            person: Some(reader.person),
            consented: consent.is_some(),
        };
        if store::insert_proof(tx, &proof)? {
            let body = json!({
                "letter": letter.id, "case": case, "result": kind, "by": reader.pseudonym,
            });
            append_in(tx, &NewLeaf::new(house, LeafKind::NoticeResult, body))?;
            news = true;
        }
    }
    Ok(news)
}
