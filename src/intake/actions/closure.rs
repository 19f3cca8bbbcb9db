//! Taking a declared closure.

use std::sync::Arc;

use actix_web::web::Bytes;

use super::close::{Arrival, Closed, Found};
use super::receipts::{self, Statement};
use super::{Claimed, Slot, authenticate, refused, undo};
use crate::foundation::db::Work;
use crate::foundation::ids::{CloseId, LeafId, StreamId};
use crate::foundation::time::Day;
use crate::identity;
use crate::intake::close::CloseError;
use crate::intake::closure::{self, Closure, DeclaredClosure};
use crate::intake::desk::Desk;
use crate::intake::error::IntakeError;
use crate::intake::guard::Pusher;
use crate::intake::store::closures as store;
use crate::intake::{place, receipt};
use crate::ledger::{self, Deposit, LeafKind, NewLeaf};

/// Takes the signed declaration `body` that `stream` is closed from `from` on, and answers with
/// its receipt.
///
/// # Errors
///
/// Nothing is stored then, except the refusal's count.
pub(in crate::intake) async fn declare_closure(
    desk: &Desk,
    pusher: &Pusher,
    stream: StreamId,
    from: Day,
    body: Bytes,
) -> Result<Closed, IntakeError> {
    match take(desk, pusher, stream, from, body).await {
        Ok(closed) => Ok(closed),
        Err(error) => Err(refused(&desk.house, pusher, error).await),
    }
}

async fn take(
    desk: &Desk,
    pusher: &Pusher,
    stream: StreamId,
    from: Day,
    body: Bytes,
) -> Result<Closed, IntakeError> {
    let house = &desk.house;
    let now = house.clock.now();
    let text = body.strip_suffix(b"\n").unwrap_or(&body);
    let unverified = closure::parse(text)?;
    let claimed = Claimed::<CloseId>::of(&unverified)?;
    let (holder, kid) = (pusher.holder(), unverified.kid().to_owned());
    let read = house.store.read("intake.before_closure", move |conn| {
        let known = match claimed.statement {
            Some(id) => store::closure(conn, holder, id)?,
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
    let closure = match Closure::read(verified.claims()?) {
        Ok(closure) => closure,
        Err(CloseError::Claims(faults)) => return Err(faults.into()),
        Err(CloseError::Jws(error)) => return Err(error.into()),
    };
    let facts = facts.filter(|facts| facts.stream.holder() == holder);
    let facts = facts.ok_or(IntakeError::NotFound)?;
    let late = place::check_closure(&facts.stream, &desk.packs, &closure, (stream, from), now)
        .map_err(IntakeError::Statement)?;
    let jws = String::from_utf8_lossy(text).into_owned();
    deposit(desk, &closure, Arrival { client: pusher.client(), at: now, late, jws }).await
}

/// Answers a declaration that is there already.
async fn repeat(desk: &Desk, known: &DeclaredClosure, text: &[u8]) -> Result<Closed, IntakeError> {
    if known.statement.as_bytes() != text {
        tracing::warn!(closure.id = %known.id, "closure {} came again with other content", known.id);
        return Err(IntakeError::OtherContent);
    }
    let statement = Statement::Closure(known.holder_id, known.id);
    let receipt = receipts::await_receipt(&desk.house, statement).await?;
    Ok(Closed { receipt, late: None })
}

fn row(closure: &Closure, arrival: Arrival, leaf: LeafId) -> DeclaredClosure {
    DeclaredClosure {
        id: closure.id,
        holder_id: closure.holder,
        client_id: arrival.client,
        stream_id: closure.stream,
        from_day: closure.from,
        to_day: closure.to,
        kind: closure.kind,
        statement: arrival.jws,
        late: arrival.late,
        received_at: arrival.at,
        leaf_id: leaf,
        receipt: None,
    }
}

async fn deposit(desk: &Desk, closure: &Closure, arrival: Arrival) -> Result<Closed, IntakeError> {
    let body = receipt::closure_leaf(closure, &arrival.jws, arrival.late);
    let leaf = NewLeaf::new(&desk.house, LeafKind::Closure, body);
    let row = Arc::new(row(closure, arrival, leaf.id));
    let statement = Statement::Closure(row.holder_id, row.id);
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
            let known = desk.house.store.read("intake.twin_closure", move |conn| {
                store::closure(conn, holder, id).map_err(IntakeError::from)
            });
            let known = known.await?.ok_or(IntakeError::OtherContent)?;
            repeat(desk, &known, row.statement.as_bytes()).await
        }
        (_, Err(error)) => Err(error.into()),
        (None, Ok(_)) => Err(ledger::LedgerError::NoLeaf.into()),
    }
}

/// The work of one declaration inside the sequencer's transaction.
fn store_once(row: Arc<DeclaredClosure>, leaf: NewLeaf, found: Slot<Found>) -> Work {
    Box::new(move |tx| {
        found.put(None);
        if !store::insert_closure(tx, &row)? {
            found.put(Some(Found::Twin));
            return Err(undo());
        }
        ledger::append_in(tx, &leaf)?;
        found.put(Some(Found::Stored));
        Ok(())
    })
}
