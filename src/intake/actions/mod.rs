//! What intake does: take a batch, take a day close, give a receipt again, ask for drawn records and
//! take what is disclosed.

mod close;
mod closure;
mod disclose;
mod push;
mod receipts;

pub(super) use close::{Closed, close_day};
pub(super) use closure::declare_closure;
pub use disclose::ask_in;
pub(super) use disclose::{Answered, Disclosed, Fate, answered, disclose};
pub(super) use push::{Advice, push};
pub(super) use receipts::{batch_proof, batch_receipt, close_receipt};

use serde_json::Value;

use super::error::{Fault, IntakeError};
use super::guard::Pusher;
use super::store;
use crate::foundation::House;
use crate::foundation::crypto::jws::{Unverified, Verified};
use crate::foundation::db::StoreError;
use crate::foundation::ids::{HolderId, StreamId};
use crate::identity::ManifestKey;

/// What a statement says of itself before its signature is checked: good for finding the key, the
/// stream and an earlier answer, and for nothing else.
struct Claimed<Id> {
    holder: Option<HolderId>,
    statement: Option<Id>,
    stream: Option<StreamId>,
}

impl<Id: std::str::FromStr> Claimed<Id> {
    fn of(statement: &Unverified<'_>) -> Result<Claimed<Id>, IntakeError> {
        let payload: Value = statement.claims_unverified()?;
        let text = |claim: &str| payload.get(claim).and_then(Value::as_str);
        Ok(Claimed {
            holder: text("iss").and_then(|text| text.parse().ok()),
            statement: text("jti").and_then(|text| text.parse().ok()),
            stream: text("stream").and_then(|text| text.parse().ok()),
        })
    }
}

/// Checks that `pusher` speaks for the holder of the statement, and the signature.
fn authenticate(
    statement: Unverified<'_>,
    holder: Option<HolderId>,
    key: Option<ManifestKey>,
    pusher: &Pusher,
) -> Result<Verified, IntakeError> {
    if let Some(foreign) = holder.filter(|holder| *holder != pusher.holder()) {
        tracing::warn!(client.id = %pusher.client(), holder.id = %foreign,
            "client {} sent a statement of another duty holder", pusher.client());
        return Err(IntakeError::Foreign);
    }
    let Some(key) = key.filter(ManifestKey::is_active) else {
        let why = "kid names no active manifest key of this duty holder";
        return Err(IntakeError::Statement(vec![Fault::new("key", "", why)]));
    };
    Ok(statement.verify(&key.jwk)?)
}

/// Counts a refusal against the client, and passes the refusal on.
async fn refused(house: &House, pusher: &Pusher, error: IntakeError) -> IntakeError {
    if error.is_refusal() {
        let (client, today) = (pusher.client(), house.clock.now().day());
        tracing::info!(client.id = %client, cause = %error, "statement refused: {error}");
        let counted = house.store.write("intake.count_refusal", move |tx| {
            store::count_refusal(tx, client, today).map_err(StoreError::from)
        });
        if let Err(cause) = counted.await {
            tracing::warn!(cause = %cause, "a refusal could not be counted: {cause}");
        }
    }
    error
}

/// A value that a closure of the sequencer hands back. The closure may run more than once; the last
/// run counts.
#[derive(Debug)]
struct Slot<T>(std::sync::Arc<std::sync::Mutex<Option<T>>>);

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Slot<T> {
        Slot(self.0.clone())
    }
}

impl<T> Slot<T> {
    fn new() -> Slot<T> {
        Slot(std::sync::Arc::default())
    }

    fn put(&self, value: Option<T>) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = value;
    }

    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

/// The error with which a closure of the sequencer undoes what it did; the reason is in its slot.
fn undo() -> StoreError {
    StoreError::Database(diesel::result::Error::RollbackTransaction)
}

/// A count of our own as a row holds it.
fn to_row(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
