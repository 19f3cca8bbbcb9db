//! Taking a day close.

use std::sync::Arc;

use actix_web::web::Bytes;

use super::receipts::{self, Statement};
use super::{Claimed, Slot, authenticate, refused, to_row, undo};
use crate::foundation::crypto::strict_json::canonical;
use crate::foundation::db::Work;
use crate::foundation::ids::{ClientId, CloseId, LeafId, StreamId};
use crate::foundation::time::{Day, Timestamp};
use crate::identity;
use crate::intake::close::{self, Close, CloseError};
use crate::intake::desk::Desk;
use crate::intake::error::IntakeError;
use crate::intake::guard::Pusher;
use crate::intake::model::DayClose;
use crate::intake::{place, receipt, store};
use crate::ledger::{self, Deposit, LeafKind, NewLeaf};

/// The answer to a day close or a declared closure.
#[derive(Debug)]
pub(in crate::intake) struct Closed {
    /// Its receipt, the same bytes for ever.
    pub(in crate::intake) receipt: String,
    /// Whether it came after the day's deadline; `None` where the statement was there before.
    pub(in crate::intake) late: Option<bool>,
}

/// Takes the signed statement `body` about `day` of `stream`, and answers with its receipt.
///
/// # Errors
///
/// Nothing is stored then, except the refusal's count.
pub(in crate::intake) async fn close_day(
    desk: &Desk,
    pusher: &Pusher,
    stream: StreamId,
    day: Day,
    body: Bytes,
) -> Result<Closed, IntakeError> {
    match take(desk, pusher, stream, day, body).await {
        Ok(closed) => Ok(closed),
        Err(error) => Err(refused(&desk.house, pusher, error).await),
    }
}

async fn take(
    desk: &Desk,
    pusher: &Pusher,
    stream: StreamId,
    day: Day,
    body: Bytes,
) -> Result<Closed, IntakeError> {
    let house = &desk.house;
    let now = house.clock.now();
    let text = body.strip_suffix(b"\n").unwrap_or(&body);
    let unverified = close::parse(text)?;
    let claimed = Claimed::<CloseId>::of(&unverified)?;
    let (holder, kid) = (pusher.holder(), unverified.kid().to_owned());
    let read = house.store.read("intake.before_close", move |conn| {
        let known = match claimed.statement {
            Some(id) => store::close(conn, holder, id)?,
            None => None,
        };
        let key = identity::manifest_key(conn, holder, &kid)?;
        Ok::<_, IntakeError>((known, key, place::facts(conn, stream, now)?))
    });
    let (known, key, facts) = read.await?;
    if let Some(known) = known {
        return repeat(desk, &known, text).await;
    }
    let verified = authenticate(unverified, claimed.holder, key, pusher)?;
    let close = match Close::read(verified.claims()?) {
        Ok(close) => close,
        Err(CloseError::Claims(faults)) => return Err(faults.into()),
        Err(CloseError::Jws(error)) => return Err(error.into()),
    };
    let facts = facts.filter(|facts| facts.stream.holder() == holder);
    let facts = facts.ok_or(IntakeError::NotFound)?;
    let late = place::check_close(&facts.stream, &desk.packs, &close, (stream, day), now)
        .map_err(IntakeError::Statement)?;
    let jws = String::from_utf8_lossy(text).into_owned();
    deposit(desk, &close, Arrival { client: pusher.client(), at: now, late, jws }).await
}

/// Answers a statement that is there already.
async fn repeat(desk: &Desk, known: &DayClose, text: &[u8]) -> Result<Closed, IntakeError> {
    if known.statement.as_bytes() != text {
        tracing::warn!(close.id = %known.id, "close {} came again with other content", known.id);
        return Err(IntakeError::OtherContent);
    }
    let statement = Statement::Close(known.holder_id, known.id);
    let receipt = receipts::await_receipt(&desk.house, statement).await?;
    Ok(Closed { receipt, late: None })
}

fn row(close: &Close, arrival: Arrival, leaf: LeafId) -> DayClose {
    let totals = serde_json::json!(close.totals);
    DayClose {
        id: close.close,
        holder_id: close.holder,
        client_id: arrival.client,
        stream_id: close.stream,
        day: close.day,
        first: close.numbers.map(|(first, _)| to_row(first)),
        last: close.numbers.map(|(_, last)| to_row(last)),
        count: to_row(close.count),
        totals: String::from_utf8_lossy(&canonical(&totals)).into_owned(),
        statement: arrival.jws,
        late: arrival.late,
        current: true,
        received_at: arrival.at,
        leaf_id: leaf,
        receipt: None,
    }
}

/// How a statement came.
pub(super) struct Arrival {
    pub(super) client: ClientId,
    pub(super) at: Timestamp,
    pub(super) late: bool,
    pub(super) jws: String,
}

/// What the transaction found.
pub(super) enum Found {
    Stored,
    Twin,
}

async fn deposit(desk: &Desk, close: &Close, arrival: Arrival) -> Result<Closed, IntakeError> {
    let body = receipt::close_leaf(close, &arrival.jws, arrival.late);
    let leaf = NewLeaf::new(&desk.house, LeafKind::DayClose, body);
    let row = Arc::new(row(close, arrival, leaf.id));
    let statement = Statement::Close(row.holder_id, row.id);
    let (found, kept) = (Slot::new(), Slot::new());
    let deposit = Deposit {
        leaf: leaf.id,
        work: store_once(row.clone(), leaf, found.clone()),
        keep: receipts::keep(statement, row.received_at, kept.clone()),
        size_bytes: row.statement.len(),
    };
    let answer = desk.sequencer.submit(deposit).await;
    match (found.take(), answer) {
        (Some(Found::Stored), Ok(_)) => {
            let receipt = match kept.take() {
                Some(receipt) => receipt,
                None => receipts::await_receipt(&desk.house, statement).await?,
            };
            Ok(Closed { receipt, late: Some(row.late) })
        }
        (Some(Found::Twin), _) => {
            let (holder, id) = (row.holder_id, row.id);
            let known = desk.house.store.read("intake.twin_close", move |conn| {
                store::close(conn, holder, id).map_err(IntakeError::from)
            });
            let known = known.await?.ok_or(IntakeError::OtherContent)?;
            repeat(desk, &known, row.statement.as_bytes()).await
        }
        (_, Err(error)) => Err(error.into()),
        (None, Ok(_)) => Err(ledger::LedgerError::NoLeaf.into()),
    }
}

/// The work of one statement inside the sequencer's transaction.
fn store_once(row: Arc<DayClose>, leaf: NewLeaf, found: Slot<Found>) -> Work {
    Box::new(move |tx| {
        found.put(None);
        if !store::insert_close(tx, &row)? {
            found.put(Some(Found::Twin));
            return Err(undo());
        }
        ledger::append_in(tx, &leaf)?;
        found.put(Some(Found::Stored));
        Ok(())
    })
}
