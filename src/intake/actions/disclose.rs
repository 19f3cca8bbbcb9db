//! Asking a business for drawn records, and taking what it discloses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::web::Bytes;
use serde_json::{Value, json};

use super::{Slot, refused, to_row, undo};
use crate::foundation::crypto::{b64u, jwe, strict_json};
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{AuditId, LeafId, StreamId};
use crate::foundation::time::Timestamp;
use crate::intake::desk::Desk;
use crate::intake::disclosure::{
    AskedRecord, Disclosure, DisclosureRequest, MAX_DISCLOSED, Offer, OfferedRecord,
    disclosure_leaf,
};
use crate::intake::error::IntakeError;
use crate::intake::guard::Pusher;
use crate::intake::place::{self, SealingKeys};
use crate::intake::store;
use crate::ledger::{self, Deposit, Inclusion, LeafKind, NewLeaf};

/// How often a request is looked at again because a twin was quicker.
const TRIES: u32 = 3;

/// Asks for `records`, each with its stream, number and commitment. The business sees the request
/// when `tx` commits; a record that stands in it twice is asked for once.
///
/// # Errors
///
/// Those of the database.
pub fn ask_in(
    tx: &mut Conn,
    request: &DisclosureRequest,
    records: &[(StreamId, i64, [u8; 32])],
) -> Result<(), StoreError> {
    store::insert_request(tx, request)?;
    let mut seen = BTreeSet::new();
    for (stream, seq, commitment) in records {
        if seen.insert((*stream, *seq)) {
            let record = AskedRecord {
                audit_id: request.audit_id,
                block: request.block,
                stream_id: *stream,
                seq: *seq,
                commitment: commitment.to_vec(),
            };
            store::insert_asked(tx, &record)?;
        }
    }
    Ok(())
}

/// What became of one record of a disclosure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::intake) enum Fate {
    /// It is stored now.
    Accepted { late: bool },
    /// It was stored before, with the same bytes.
    Known { late: bool },
    /// It is refused: code and pointer of each fault.
    Refused(Vec<(&'static str, String)>),
}

/// The answer to a disclosure.
#[derive(Debug)]
pub(in crate::intake) struct Disclosed {
    pub(in crate::intake) draw: AuditId,
    /// Stream and number as they were sent, and what became of the record, in the same order.
    pub(in crate::intake) records: Vec<(StreamId, u64, Fate)>,
    /// Leaf and proof of the records that were accepted, or else of those that are known.
    pub(in crate::intake) receipt: Option<Value>,
}

/// Takes disclosed records: each by itself, all that are good in one transaction with their leaf.
///
/// # Errors
///
/// [`IntakeError::NotFound`] for a draw that asks nothing of the caller's holder. A record that is
/// refused is no error; it is in the answer.
pub(in crate::intake) async fn disclose(
    desk: &Desk,
    pusher: &Pusher,
    body: Bytes,
) -> Result<Disclosed, IntakeError> {
    match take(desk, pusher, body).await {
        Ok(disclosed) => Ok(disclosed),
        Err(error) => Err(refused(&desk.house, pusher, error).await),
    }
}

async fn take(desk: &Desk, pusher: &Pusher, body: Bytes) -> Result<Disclosed, IntakeError> {
    let now = desk.house.clock.now();
    let offer: Offer =
        strict_json::parse(&body).map_err(|cause| IntakeError::Malformed(cause.to_string()))?;
    if offer.records.is_empty() {
        return Err(IntakeError::Malformed("no records".to_owned()));
    }
    if offer.records.len() > MAX_DISCLOSED {
        return Err(IntakeError::TooManyDisclosed);
    }
    let offer = Arc::new(offer);
    for _ in 0..TRIES {
        let (asked, holder) = (offer.clone(), pusher.holder());
        let read = desk.house.store.read("intake.before_disclosure", move |conn| {
            let known = Known::of(conn, asked.draw, now)?;
            let known = known.filter(|known| known.requests[0].holder_id == holder);
            Ok::<_, IntakeError>(known.ok_or(IntakeError::NotFound)?.judge(&asked, now))
        });
        let judged = read.await?;
        if let Some(answer) = settle(desk, pusher, &offer, judged, now).await? {
            return Ok(answer);
        }
    }
    Err(IntakeError::InProgress)
}

/// What the house knows of a draw when a disclosure comes in.
struct Known {
    requests: Vec<DisclosureRequest>,
    asked: Vec<AskedRecord>,
    disclosed: Vec<Disclosure>,
    keys: SealingKeys,
}

/// A judged offer: the fate of each record, and the leaf of those that are known.
struct JudgedOffer {
    fates: Vec<Fate>,
    known: Option<LeafId>,
}

impl Known {
    fn of(conn: &mut Conn, draw: AuditId, now: Timestamp) -> Result<Option<Self>, IntakeError> {
        let requests = store::requests_of(conn, draw)?;
        let Some(first) = requests.first() else { return Ok(None) };
        let keys = place::sealing_keys(conn, first.department_id, now)?;
        let asked = store::asked_of(conn, draw)?;
        Ok(Some(Self { requests, asked, disclosed: store::disclosures_of(conn, draw)?, keys }))
    }

    fn judge(&self, offer: &Offer, now: Timestamp) -> JudgedOffer {
        let mut judged =
            JudgedOffer { fates: Vec::with_capacity(offer.records.len()), known: None };
        let mut seen = BTreeSet::new();
        for record in &offer.records {
            let fate = if seen.insert((record.stream, record.seq)) {
                self.fate(record, now, &mut judged.known)
            } else {
                Fate::Refused(vec![("repeated", "/seq".to_owned())])
            };
            judged.fates.push(fate);
        }
        judged
    }

    fn fate(&self, record: &OfferedRecord, now: Timestamp, known: &mut Option<LeafId>) -> Fate {
        let one = |code, pointer: &str| Fate::Refused(vec![(code, pointer.to_owned())]);
        let place = (record.stream, to_row(record.seq));
        let asking = || self.asked.iter().filter(|asked| (asked.stream_id, asked.seq) == place);
        let Some(asked) = asking().next() else { return one("not-asked", "/seq") };
        let before = self.disclosed.iter().find(|row| (row.stream_id, row.seq) == place);
        if let Some(before) = before {
            if before.jwe != record.jwe {
                return one("other-content", "/jwe");
            }
            *known = known.or(Some(before.leaf_id));
            return Fate::Known { late: before.late };
        }
        match jwe::Inspector::new(|kid| self.keys.allow(kid)).inspect(record.jwe.as_bytes()) {
            Err(faults) => {
                let at =
                    |fault: jwe::Fault| (fault.code.as_str(), format!("/jwe{}", fault.pointer));
                Fate::Refused(faults.into_iter().take(8).map(at).collect())
            }
            Ok(seen) if seen.pc.as_slice() != asked.commitment.as_slice() => {
                one("commitment", "/jwe/protected/pc")
            }
            Ok(_) => {
                let blocks = asking().map(|asked| asked.block);
                let due = blocks.filter_map(|block| self.due(block)).max();
                Fate::Accepted { late: due.is_none_or(|due| now > due) }
            }
        }
    }

    fn due(&self, block: i64) -> Option<Timestamp> {
        self.requests.iter().find(|request| request.block == block).map(|request| request.due)
    }
}

/// Stores what is accepted and gives the answer; `None` if a twin was quicker.
async fn settle(
    desk: &Desk,
    pusher: &Pusher,
    offer: &Offer,
    judged: JudgedOffer,
    now: Timestamp,
) -> Result<Option<Disclosed>, IntakeError> {
    let mut rows: Vec<Disclosure> = offer
        .records
        .iter()
        .zip(&judged.fates)
        .filter_map(|(record, fate)| {
            let Fate::Accepted { late } = fate else { return None };
            Some(Disclosure {
                audit_id: offer.draw,
                stream_id: record.stream,
                seq: to_row(record.seq),
                holder_id: pusher.holder(),
                client_id: pusher.client(),
                jwe: record.jwe.clone(),
                late: *late,
                received_at: now,
                leaf_id: desk.house.fresh(),
            })
        })
        .collect();
    let body = disclosure_leaf(&rows.iter().collect::<Vec<_>>());
    let leaf = NewLeaf::new(&desk.house, LeafKind::Disclosure, body);
    rows.iter_mut().for_each(|row| row.leaf_id = leaf.id);
    let receipt = match (rows.is_empty(), judged.known) {
        (true, None) => None,
        (true, Some(known)) => Some(receipt_of(desk, known).await?),
        (false, _) => match deposit(desk, leaf, rows).await? {
            Some(receipt) => Some(receipt),
            None => return Ok(None),
        },
    };
    let places = offer.records.iter().map(|record| (record.stream, record.seq));
    let records = places.zip(judged.fates).map(|((stream, seq), fate)| (stream, seq, fate));
    Ok(Some(Disclosed { draw: offer.draw, records: records.collect(), receipt }))
}

fn receipt_text(inclusion: &Inclusion) -> Value {
    json!({ "leaf": b64u::encode(&inclusion.leaf_bytes), "proof": inclusion.proof_text })
}

/// Leaf and proof of records that were stored before.
async fn receipt_of(desk: &Desk, leaf: LeafId) -> Result<Value, IntakeError> {
    let read = move |conn: &mut Conn| {
        let inclusion = ledger::receipt(conn, leaf)?.ok_or(IntakeError::InProgress)?;
        Ok::<_, IntakeError>(receipt_text(&inclusion))
    };
    desk.house.store.read("intake.disclosure_receipt", read).await
}

/// Stores `rows` with their leaf and gives its receipt; `None` if one of them was stored meanwhile.
async fn deposit(
    desk: &Desk,
    leaf: NewLeaf,
    rows: Vec<Disclosure>,
) -> Result<Option<Value>, IntakeError> {
    let id = leaf.id;
    let size_bytes = rows.iter().map(|row| row.jwe.len()).sum();
    let (twin, kept) = (Slot::new(), Slot::new());
    let (found, keep) = (twin.clone(), kept.clone());
    let deposit = Deposit {
        leaf: id,
        work: Box::new(move |tx| {
            found.put(None);
            for row in &rows {
                if !store::insert_disclosure(tx, row)? {
                    found.put(Some(()));
                    return Err(undo());
                }
            }
            ledger::append_in(tx, &leaf)?;
            Ok(())
        }),
        keep: Box::new(move |_, inclusion| {
            keep.put(Some(receipt_text(inclusion)));
            Ok(())
        }),
        size_bytes,
    };
    let answer = desk.sequencer.submit(deposit).await;
    if twin.take().is_some() {
        return Ok(None);
    }
    answer?;
    match kept.take() {
        Some(receipt) => Ok(Some(receipt)),
        None => Ok(Some(receipt_of(desk, id).await?)),
    }
}

/// The records of a request with what came for each.
pub(in crate::intake) type Answered = Vec<(AskedRecord, Option<Disclosure>)>;

/// What came for each record of each of `requests`.
pub(in crate::intake) fn answered(
    conn: &mut Conn,
    requests: &[DisclosureRequest],
) -> Result<Vec<Answered>, IntakeError> {
    let mut all = Vec::with_capacity(requests.len());
    for request in requests {
        let disclosed = store::disclosures_of(conn, request.audit_id)?.into_iter();
        let mut disclosed: BTreeMap<(StreamId, i64), Disclosure> =
            disclosed.map(|row| ((row.stream_id, row.seq), row)).collect();
        let asked = store::asked_of(conn, request.audit_id)?.into_iter();
        let own = asked.filter(|asked| asked.block == request.block);
        all.push(
            own.map(|asked| {
                let row = disclosed.remove(&(asked.stream_id, asked.seq));
                (asked, row)
            })
            .collect(),
        );
    }
    Ok(all)
}
