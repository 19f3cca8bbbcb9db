//! Receipts: kept when the checkpoint is signed, given again for ever.

use std::time::Duration;

use super::Slot;
use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::{BatchId, CloseId, HolderId};
use crate::foundation::time::{Stopwatch, Timestamp};
use crate::intake::error::IntakeError;
use crate::intake::receipt::Receipt;
use crate::intake::store;
use crate::ledger::{self, Inclusion, Keep};

/// How long a twin waits for the receipt of the first.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Something that gets a receipt.
#[derive(Clone, Copy, Debug)]
pub(super) enum Statement {
    /// A batch of a holder.
    Batch(HolderId, BatchId),
    /// A day close of a holder.
    Close(HolderId, CloseId),
    /// A declared closure of a holder.
    Closure(HolderId, CloseId),
}

impl Statement {
    /// The stored receipt, or the one that the log gives, which is the same; `None` while no
    /// checkpoint holds the leaf. Stores nothing.
    fn receipt(self, conn: &mut Conn) -> Result<Option<String>, IntakeError> {
        let (stored, leaf, received_at) = match self {
            Statement::Batch(holder, id) => {
                let batch = store::batch(conn, holder, id)?.ok_or(IntakeError::NotFound)?;
                (batch.receipt, batch.leaf_id, batch.received_at)
            }
            Statement::Close(holder, id) => {
                let close = store::close(conn, holder, id)?.ok_or(IntakeError::NotFound)?;
                (close.receipt, close.leaf_id, close.received_at)
            }
            Statement::Closure(holder, id) => {
                let closure = store::closures::closure(conn, holder, id)?;
                let closure = closure.ok_or(IntakeError::NotFound)?;
                (closure.receipt, closure.leaf_id, closure.received_at)
            }
        };
        if stored.is_some() {
            return Ok(stored);
        }
        let Some(inclusion) = ledger::receipt(conn, leaf)? else { return Ok(None) };
        Ok(Some(self.text(&inclusion, received_at)?))
    }

    fn text(self, inclusion: &Inclusion, received_at: Timestamp) -> Result<String, StoreError> {
        let (leaf, proof) = (&inclusion.leaf_bytes, inclusion.proof_text.clone());
        let receipt = match self {
            Statement::Batch(_, id) => Receipt::of_batch(id, leaf, proof, received_at),
            Statement::Close(_, id) => Receipt::of_close(id, leaf, proof, received_at),
            Statement::Closure(_, id) => Receipt::of_closure(id, leaf, proof, received_at),
        };
        receipt
            .text()
            .map_err(|cause| diesel::result::Error::SerializationError(cause.into()).into())
    }

    fn keep(self, conn: &mut Conn, receipt: &str) -> Result<bool, StoreError> {
        let kept = match self {
            Statement::Batch(_, id) => store::set_batch_receipt(conn, id, receipt)?,
            Statement::Close(_, id) => store::set_close_receipt(conn, id, receipt)?,
            Statement::Closure(_, id) => store::closures::set_closure_receipt(conn, id, receipt)?,
        };
        Ok(kept)
    }
}

/// The closure that stores the receipt once the sequencer has signed, and hands it back.
pub(super) fn keep(statement: Statement, received_at: Timestamp, kept: Slot<String>) -> Keep {
    Box::new(move |tx, inclusion| {
        kept.put(None);
        let receipt = statement.text(inclusion, received_at)?;
        if statement.keep(tx, &receipt)? {
            kept.put(Some(receipt));
        }
        Ok(())
    })
}

/// Waits for the receipt of a statement that is stored already, at most ten seconds.
///
/// A process that died between commit and signature has left a statement without a stored
/// receipt; the log still gives it, and it is stored now.
pub(super) async fn await_receipt(
    house: &House,
    statement: Statement,
) -> Result<String, IntakeError> {
    let watch = Stopwatch::start();
    loop {
        let look = house.store.read("intake.receipt", move |conn| statement.receipt(conn));
        if let Some(receipt) = look.await? {
            let (keep, text) = (statement, receipt.clone());
            let kept = house.store.write("intake.keep_receipt", move |tx| keep.keep(tx, &text));
            kept.await?;
            return Ok(receipt);
        }
        if watch.elapsed() > PATIENCE {
            return Err(IntakeError::InProgress);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The receipt of a batch of `holder`, the same bytes for ever.
///
/// # Errors
///
/// [`IntakeError::NotFound`]; [`IntakeError::InProgress`] while it is being logged.
pub(in crate::intake) async fn batch_receipt(
    house: &House,
    holder: HolderId,
    batch: BatchId,
) -> Result<String, IntakeError> {
    let look = move |conn: &mut Conn| Statement::Batch(holder, batch).receipt(conn);
    house.store.read("intake.batch_receipt", look).await?.ok_or(IntakeError::InProgress)
}

/// The receipt of a day close of `holder`, the same bytes for ever.
///
/// # Errors
///
/// [`IntakeError::NotFound`]; [`IntakeError::InProgress`] while it is being logged.
pub(in crate::intake) async fn close_receipt(
    house: &House,
    holder: HolderId,
    close: CloseId,
) -> Result<String, IntakeError> {
    let look = move |conn: &mut Conn| Statement::Close(holder, close).receipt(conn);
    house.store.read("intake.close_receipt", look).await?.ok_or(IntakeError::InProgress)
}

/// The receipt of a batch of `holder` with a proof under the newest checkpoint.
///
/// # Errors
///
/// [`IntakeError::NotFound`]; [`IntakeError::InProgress`] while it is being logged.
pub(in crate::intake) async fn batch_proof(
    house: &House,
    holder: HolderId,
    batch: BatchId,
) -> Result<String, IntakeError> {
    let look = move |conn: &mut Conn| {
        let found = store::batch(conn, holder, batch)?.ok_or(IntakeError::NotFound)?;
        let newest = ledger::newest_proof(conn, found.leaf_id)?.ok_or(IntakeError::InProgress)?;
        Ok(Statement::Batch(holder, batch).text(&newest, found.received_at)?)
    };
    house.store.read("intake.batch_proof", look).await
}
