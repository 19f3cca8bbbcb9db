//! Taking a batch: manifest, lines, place, numbers, log.

use std::sync::Arc;

use actix_web::web::Bytes;
use serde_json::Value;

use super::receipts::{self, Statement};
use super::{Claimed, Slot, authenticate, refused, to_row, undo};
use crate::foundation::House;
use crate::foundation::db::{Conn, StoreError, Work};
use crate::foundation::ids::{BatchId, ClientId, LeafId};
use crate::foundation::time::Timestamp;
use crate::identity::{self, ManifestKey};
use crate::intake::desk::Desk;
use crate::intake::error::{Fault, IntakeError};
use crate::intake::guard::Pusher;
use crate::intake::lines::{self, Lines, Part};
use crate::intake::manifest::{self, MAX_RECORDS, Manifest, ManifestError};
use crate::intake::model::{Batch, Equivocation, Gap, StreamMeasure, gaps};
use crate::intake::place::{self, SealingKeys};
use crate::intake::{receipt, store};
use crate::ledger::{self, Deposit, LeafKind, NewLeaf};
use crate::registry::Mode;

/// How many gaps the advice names.
const ADVISED_GAPS: i64 = 20;
/// The longest pair of manifests that an equivocation leaf holds whole, in bytes.
const BOTH_MANIFESTS: usize = 30 * 1024;

/// The answer to a batch.
#[derive(Debug)]
pub(in crate::intake) struct Pushed {
    /// The batch.
    pub(in crate::intake) batch: BatchId,
    /// Its receipt, the same bytes for ever.
    pub(in crate::intake) receipt: String,
    /// What the business may want to know; absent where the batch was there before.
    pub(in crate::intake) advice: Option<Advice>,
}

/// What has been seen so far of the stream of a batch.
#[derive(Debug, Default)]
pub(in crate::intake) struct Advice {
    /// The lowest gaps, at most twenty.
    pub(in crate::intake) gaps: Vec<Gap>,
    /// Whether this batch came after its day's deadline.
    pub(in crate::intake) late: bool,
    /// How many batches of the stream did.
    pub(in crate::intake) late_batches: i64,
}

/// Takes the batch `body`, which arrived whole, and answers with its receipt.
///
/// `idempotency_key` is what the header of that name says.
///
/// # Errors
///
/// Every row of the answer table: nothing is stored then, except the refusal's count and, where
/// numbers were taken by other content, the equivocation.
pub(in crate::intake) async fn push(
    desk: &Desk,
    pusher: &Pusher,
    idempotency_key: Option<BatchId>,
    body: Bytes,
) -> Result<Pushed, IntakeError> {
    match take(desk, pusher, idempotency_key, body).await {
        Ok(pushed) => Ok(pushed),
        Err(error) => Err(refused(&desk.house, pusher, error).await),
    }
}

async fn take(
    desk: &Desk,
    pusher: &Pusher,
    idempotency_key: Option<BatchId>,
    body: Bytes,
) -> Result<Pushed, IntakeError> {
    let now = desk.house.clock.now();
    let end = body.iter().position(|&byte| byte == b'\n').unwrap_or(body.len());
    let lines = body.slice((end + 1).min(body.len())..);
    let unverified = manifest::parse(&body[..end])?;
    let claimed = Claimed::<BatchId>::of(&unverified)?;
    if idempotency_key.is_some() && idempotency_key != claimed.statement {
        return Err(IntakeError::KeyMismatch);
    }
    let kid = unverified.kid().to_owned();
    let before = Before::of(&desk.house, pusher, &claimed, kid, now).await?;
    if let Some(known) = before.batch {
        return repeat(desk, known, &body, end).await;
    }
    let verified = authenticate(unverified, claimed.holder, before.key, pusher)?;
    let manifest = read(verified.claims()?)?;
    let facts = before.facts.filter(|facts| facts.stream.holder() == pusher.holder());
    let facts = facts.ok_or(IntakeError::NotFound)?;
    let late = place::check_batch(&facts.stream, &desk.packs, &manifest, now)
        .map_err(IntakeError::Statement)?;
    desk.gates.check(pusher.client(), manifest.count.into(), now).map_err(IntakeError::Refused)?;
    let looked = look(&manifest, facts.keys, lines.clone()).await?;
    let jws = String::from_utf8_lossy(&body[..end]).into_owned();
    let arrival = Arrival { client: pusher.client(), at: now, late, jws, lines };
    deposit(desk, &manifest, looked, arrival).await
}

/// What the house knows of a batch before it judges it.
struct Before {
    /// The batch itself, where it came before.
    batch: Option<Batch>,
    key: Option<ManifestKey>,
    facts: Option<place::Facts>,
}

impl Before {
    async fn of(
        house: &House,
        pusher: &Pusher,
        claimed: &Claimed<BatchId>,
        kid: String,
        now: Timestamp,
    ) -> Result<Before, IntakeError> {
        let holder = pusher.holder();
        let (statement, stream) = (claimed.statement, claimed.stream);
        let read = house.store.read("intake.before_push", move |conn| {
            let batch = match statement {
                Some(id) => store::batch(conn, holder, id)?,
                None => None,
            };
            let key = identity::manifest_key(conn, holder, &kid)?;
            let facts = match stream {
                Some(stream) => place::facts(conn, stream, now)?,
                None => None,
            };
            Ok::<_, IntakeError>(Before { batch, key, facts })
        });
        read.await
    }
}

fn read(claims: Value) -> Result<Manifest, IntakeError> {
    match Manifest::read(claims) {
        Ok(manifest) => Ok(manifest),
        Err(ManifestError::Claims(faults)) => Err(faults.into()),
        Err(ManifestError::Jws(error)) => Err(error.into()),
        Err(ManifestError::TooMany) => Err(IntakeError::TooMany),
    }
}

/// Answers a batch that is there already.
async fn repeat(
    desk: &Desk,
    known: Batch,
    body: &Bytes,
    manifest_end: usize,
) -> Result<Pushed, IntakeError> {
    let (lines, digest) = (body.slice((manifest_end + 1).min(body.len())..), &known.body_digest);
    let hashed = tokio::task::spawn_blocking(move || crate::foundation::crypto::sha256(&lines));
    let same = hashed.await.ok().ok_or(StoreError::Thread)?.as_slice() == digest.as_slice();
    // The digest does not say whether an empty body had its line feed; an accepted one has lines.
    if !same || known.manifest.as_bytes() != &body[..manifest_end] {
        tracing::warn!(batch.id = %known.id, "batch {} came again with other content", known.id);
        return Err(IntakeError::OtherContent);
    }
    let batch = known.id;
    let receipt = receipts::await_receipt(&desk.house, Statement::Batch(known.holder_id, batch));
    Ok(Pushed { batch, receipt: receipt.await?, advice: None })
}

/// Looks at every line, off the event loop.
async fn look(manifest: &Manifest, keys: SealingKeys, lines: Bytes) -> Result<Lines, IntakeError> {
    let mode = manifest.mode;
    let looked = tokio::task::spawn_blocking(move || match mode {
        Mode::Sealed => lines::look(&lines, MAX_RECORDS, |kid| keys.allow(kid)),
        Mode::Attested => lines::look_attested(&lines, MAX_RECORDS),
    });
    let Ok(found) = looked.await.ok().ok_or(StoreError::Thread)? else {
        return Err(IntakeError::TooMany);
    };
    if found.digest != manifest.body {
        let why = "the digest of all bytes after the first line feed is another";
        return Err(IntakeError::Statement(vec![Fault::new("body-digest", "body", why)]));
    }
    if found.count != manifest.count {
        let why = format!("there are {} lines", found.count);
        return Err(IntakeError::Statement(vec![Fault::new("count", "count", why)]));
    }
    if !found.faults.is_empty() {
        return Err(IntakeError::Lines(manifest.first, found.faults));
    }
    Ok(found)
}

/// How a batch came.
struct Arrival {
    client: ClientId,
    at: Timestamp,
    late: bool,
    jws: String,
    lines: Bytes,
}

/// A batch that only its numbers can still keep out.
struct Accepted {
    row: Batch,
    lines: Bytes,
    parts: Vec<Part>,
}

impl Accepted {
    fn new(manifest: &Manifest, looked: Lines, arrival: Arrival, leaf: LeafId) -> Accepted {
        let row = Batch {
            id: manifest.batch,
            holder_id: manifest.holder,
            client_id: arrival.client,
            stream_id: manifest.stream,
            day: manifest.day,
            mode: manifest.mode,
            pack: manifest.pack.clone(),
            first: to_row(manifest.first),
            last: to_row(manifest.last()),
            count: manifest.count.into(),
            size_bytes: i64::try_from(arrival.lines.len()).unwrap_or(i64::MAX),
            manifest: arrival.jws,
            body_digest: looked.digest.to_vec(),
            record_root: looked.root.to_vec(),
            late: arrival.late,
            received_at: arrival.at,
            leaf_id: leaf,
            receipt: None,
        };
        Accepted { row, lines: arrival.lines, parts: looked.parts }
    }
}

/// What the transaction found.
enum Found {
    Stored(Advice),
    Twin,
    Taken(Box<Batch>),
}

async fn deposit(
    desk: &Desk,
    manifest: &Manifest,
    looked: Lines,
    arrival: Arrival,
) -> Result<Pushed, IntakeError> {
    let house = &desk.house;
    let (client, received_at, id) = (arrival.client, arrival.at, manifest.batch);
    let body = receipt::batch_leaf(manifest, &arrival.jws, &looked.root, arrival.late);
    let leaf = NewLeaf::new(house, LeafKind::Batch, body);
    let batch = Arc::new(Accepted::new(manifest, looked, arrival, leaf.id));
    let (found, kept) = (Slot::new(), Slot::new());
    let deposit = Deposit {
        leaf: leaf.id,
        work: store_once(batch.clone(), leaf, found.clone()),
        keep: receipts::keep(Statement::Batch(manifest.holder, id), received_at, kept.clone()),
        size_bytes: batch.lines.len(),
    };
    let answer = desk.sequencer.submit(deposit).await;
    match (found.take(), answer) {
        (Some(Found::Stored(advice)), Ok(_)) => {
            desk.gates.accepted(client, manifest.count.into(), received_at);
            let receipt = match kept.take() {
                Some(receipt) => receipt,
                None => {
                    let statement = Statement::Batch(manifest.holder, id);
                    receipts::await_receipt(house, statement).await?
                }
            };
            Ok(Pushed { batch: id, receipt, advice: Some(advice) })
        }
        (Some(Found::Twin), _) => twin(desk, &batch).await,
        (Some(Found::Taken(taken_by)), _) => Err(conflict(house, &batch.row, &taken_by).await?),
        (_, Err(error)) => Err(error.into()),
        (None, Ok(_)) => Err(ledger::LedgerError::NoLeaf.into()),
    }
}

/// The work of one batch inside the sequencer's transaction.
fn store_once(batch: Arc<Accepted>, leaf: NewLeaf, found: Slot<Found>) -> Work {
    Box::new(move |tx| {
        found.put(None);
        let row = &batch.row;
        if store::batch_of_any(tx, row.id)?.is_some() {
            found.put(Some(Found::Twin));
            return Err(undo());
        }
        let below = store::batch_at_or_below(tx, row.stream_id, row.last)?;
        if let Some(taken_by) = below.filter(|below| below.last >= row.first) {
            found.put(Some(Found::Taken(Box::new(taken_by))));
            return Err(undo());
        }
        if !store::insert_batch(tx, row)? {
            return Err(undo());
        }
        for part in &batch.parts {
            let lines = &batch.lines[part.range.clone()];
            store::insert_part(tx, row.id, part.first.into(), lines)?;
        }
        ledger::append_in(tx, &leaf)?;
        found.put(Some(Found::Stored(measure(tx, row)?)));
        Ok(())
    })
}

/// Brings the measure of the stream up to date and tells what it shows.
fn measure(tx: &mut Conn, row: &Batch) -> Result<Advice, StoreError> {
    let known = store::measure(tx, row.stream_id)?;
    let mut measure = known.unwrap_or(StreamMeasure {
        stream_id: row.stream_id,
        contiguous: 0,
        highest: 0,
        records: 0,
        batches: 0,
        late_batches: 0,
        newest_at: row.received_at,
    });
    measure.highest = measure.highest.max(row.last);
    measure.records += row.count;
    measure.batches += 1;
    measure.late_batches += i64::from(row.late);
    measure.newest_at = row.received_at;
    // The new batch may close a gap, and so join what lies above it.
    while measure.contiguous < measure.highest {
        let before = measure.contiguous;
        for (first, last) in store::numbers_above(tx, row.stream_id, before, ADVISED_GAPS)? {
            if first == measure.contiguous + 1 {
                measure.contiguous = last;
            }
        }
        if measure.contiguous == before {
            break;
        }
    }
    store::put_measure(tx, row.holder_id, &measure)?;
    let above = if measure.contiguous < measure.highest {
        store::numbers_above(tx, row.stream_id, measure.contiguous, ADVISED_GAPS)?
    } else {
        Vec::new()
    };
    Ok(Advice {
        gaps: gaps(measure.contiguous + 1, &above),
        late: row.late,
        late_batches: measure.late_batches,
    })
}

/// Answers a batch whose id was taken while it was looked at.
async fn twin(desk: &Desk, batch: &Accepted) -> Result<Pushed, IntakeError> {
    let (holder, id) = (batch.row.holder_id, batch.row.id);
    let stored = desk
        .house
        .store
        .read("intake.twin", move |conn| store::batch(conn, holder, id).map_err(IntakeError::from));
    let same = stored.await?.is_some_and(|stored| {
        stored.manifest == batch.row.manifest && stored.body_digest == batch.row.body_digest
    });
    if !same {
        return Err(IntakeError::OtherContent);
    }
    let receipt = receipts::await_receipt(&desk.house, Statement::Batch(holder, id)).await?;
    Ok(Pushed { batch: id, receipt, advice: None })
}

/// Logs that a business signed two contents for one number, and gives the refusal.
async fn conflict(
    house: &House,
    refused: &Batch,
    taken_by: &Batch,
) -> Result<IntakeError, IntakeError> {
    let error =
        IntakeError::Taken { taken_by: taken_by.id, first: refused.first, last: refused.last };
    let same_numbers = (refused.first, refused.last) == (taken_by.first, taken_by.last);
    if same_numbers && refused.body_digest == taken_by.body_digest {
        return Ok(error);
    }
    let whole = taken_by.manifest.len() + refused.manifest.len() <= BOTH_MANIFESTS;
    let manifests = if whole {
        vec![&taken_by.manifest, &refused.manifest]
    } else {
        // The accepted manifest stands in its own leaf.
        vec![&refused.manifest]
    };
    let body = serde_json::json!({
        "accepted": taken_by.id, "refused": refused.id, "manifests": manifests,
    });
    let leaf = NewLeaf::new(house, LeafKind::Equivocation, body);
    let found = Equivocation {
        refused_id: refused.id,
        body_digest: refused.body_digest.clone(),
        accepted_id: taken_by.id,
        holder_id: refused.holder_id,
        stream_id: refused.stream_id,
        day: refused.day,
        first: refused.first,
        last: refused.last,
        manifest: refused.manifest.clone(),
        found_at: refused.received_at,
        leaf_id: leaf.id,
    };
    let logged = house.store.write("intake.equivocation", move |tx| {
        if store::insert_equivocation(tx, &found)? {
            ledger::append_in(tx, &leaf)?;
        }
        Ok::<_, IntakeError>(())
    });
    logged.await?;
    Ok(error)
}
