//! Drawn records of attested batches: they are asked for instead of opened, and what was disclosed
//! is believed only as far as the log says so.
//!
//! A block is ripe when every record has come, or when its limit is past. What is missing or late
//! then fails without being opened.
//!
//! Source: `protocol.md` §6, `security.md` B19 to B21, `sampling.md` 5.4.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::desk::Desk;
use super::error::{AuditError, Refusal};
use super::model::{AuditRow, AuditState, Cause, OpeningRow, PeriodRow};
use super::store;
use super::tree::{CutoffTree, Drawn};
use super::trust::leaf_says;
use crate::foundation::House;
use crate::foundation::crypto::{b64u, jwe};
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, LeafId, StreamId};
use crate::foundation::time::Timestamp;
use crate::intake::{self, Disclosure, DisclosureRequest};
use crate::ledger::{self, LeafKind, wait_for};
use crate::notices::{self, AskedAt, Draft, Organ, Recipient, Reminder};
use crate::registry::{self, Mode};

/// What came on the limit may still be on its way into the database.
const SETTLING: Duration = Duration::from_secs(60);
/// How many leaves are read at a time.
const PAGE: u32 = 1000;

/// The request for the attested records among `drawn`; `None` where all of them are sealed.
pub(super) fn request(
    house: &House,
    tree: &CutoffTree,
    row: &AuditRow,
    drawn: &[&Drawn],
    block: i64,
) -> Option<DisclosureRequest> {
    drawn.iter().any(|drawn| is_asked(tree, drawn)).then(|| {
        let now = house.clock.now();
        let hours = u64::from(tree.terms.disclosure_hours);
        DisclosureRequest {
            audit_id: row.id,
            block,
            holder_id: row.holder_id,
            department_id: row.department_id,
            period: row.period.clone(),
            due: now.plus(Duration::from_secs(hours * 3600)),
            asked_at: now,
            leaf_id: row.frame_leaf,
        }
    })
}

/// Whether a drawn record is asked for instead of opened.
pub(super) fn is_asked(tree: &CutoffTree, drawn: &Drawn) -> bool {
    tree.batches[drawn.batch].mode == Mode::Attested
}

/// Asks for the attested records of a block: the request and the letters that tell of it.
pub(super) fn ask(
    tx: &mut Conn,
    house: &House,
    tree: &CutoffTree,
    request: &DisclosureRequest,
    drawn: &[Drawn],
) -> Result<(), AuditError> {
    let mut asked = Vec::new();
    for record in drawn.iter().filter(|record| is_asked(tree, record)) {
        let batch = tree.batches[record.batch].batch;
        let line = intake::line(tx, batch, record.line)?;
        let commitment = line.and_then(b64u::decode_array::<32>);
        let commitment = commitment.ok_or(Refusal::Lines(batch))?;
        asked.push((record.stream, super::model::to_row(record.judged), commitment));
    }
    intake::ask_in(tx, request, &asked)?;
    let places: Vec<_> = asked.iter().map(|(stream, number, _)| (*stream, *number)).collect();
    let Some(letter) = letter(tx, request, &places, None)? else { return Ok(()) };
    notices::enqueue_in(tx, house, &letter).map_err(AuditError::letter)?;
    Ok(())
}

/// The letter that tells of a request, or reminds of it; `None` if the registry knows neither side
/// any more.
pub(super) fn letter(
    conn: &mut Conn,
    request: &DisclosureRequest,
    asked: &[(StreamId, i64)],
    reminder: Option<Reminder>,
) -> Result<Option<Draft>, AuditError> {
    let department = registry::department(conn, request.department_id)?;
    let holder = registry::holder(conn, request.holder_id)?;
    let (Some(department), Some(holder)) = (department, holder) else { return Ok(None) };
    let streams = registry::streams_of(conn, request.holder_id)?;
    let outlets: HashMap<StreamId, String> =
        streams.into_iter().map(|facts| (facts.stream.id, facts.outlet.name)).collect();
    let mut numbers: BTreeMap<StreamId, Vec<i64>> = BTreeMap::new();
    for (stream, number) in asked {
        numbers.entry(*stream).or_default().push(*number);
    }
    let records = numbers.into_iter().map(|(stream, mut numbers)| {
        numbers.sort_unstable();
        numbers.dedup();
        AskedAt { outlet: outlets.get(&stream).unwrap_or(&holder.name).clone(), numbers }
    });
    let contacts = registry::contact_langs(conn, request.holder_id)?.into_iter();
    Ok(Some(Draft::request(notices::Request {
        organ: Organ::from(&department),
        holder: holder.id,
        addressee: holder.name.clone(),
        draw: request.audit_id,
        period: request.period.clone(),
        block: request.block,
        due: request.due,
        records: records.collect(),
        reminder,
        recipients: contacts.map(|(place, lang)| (Recipient::Contact(place), lang)).collect(),
    })))
}

/// Whether the newest request of an audit is still to be waited for at `now`.
fn waits(conn: &mut Conn, audit: AuditId, now: Timestamp) -> Result<bool, AuditError> {
    let wanted = intake::disclosures_wanted(conn, audit)?;
    Ok(wanted.is_some_and(|(request, missing)| missing > 0 && now <= request.due.plus(SETTLING)))
}

/// Whether the block of `request` must still be waited for.
pub(super) async fn is_unripe(
    house: &House,
    request: &DisclosureRequest,
) -> Result<bool, AuditError> {
    let (audit, now) = (request.audit_id, house.clock.now());
    house.store.read("audits.ripe", move |conn| waits(conn, audit, now)).await
}

/// Whether all that is left of a period waits for disclosures, so that nothing can be done now.
pub(super) async fn all_wait(house: &House, row: &PeriodRow) -> Result<bool, AuditError> {
    let (plan, period, now) = (row.plan_id, row.period.clone(), house.clock.now());
    house
        .store
        .read("audits.all_wait", move |conn| {
            let mut some = false;
            for audit in store::audits_of(conn, plan, &period)? {
                match audit.state {
                    AuditState::Done | AuditState::Empty => continue,
                    AuditState::Parked => return Ok(false),
                    AuditState::Open => {}
                }
                let judged = store::openings_of(conn, audit.id)?
                    .last()
                    .is_none_or(|row| row.outcome.is_some());
                if judged || !waits(conn, audit.id, now)? {
                    return Ok(false);
                }
                some = true;
            }
            Ok::<_, AuditError>(some)
        })
        .await
}

/// What was disclosed for a block, by stream and number.
#[derive(Clone, Debug, Default)]
pub(super) struct Disclosed {
    due: Option<Timestamp>,
    rows: HashMap<(StreamId, i64), Disclosure>,
}

impl Disclosed {
    /// The sealed record that was disclosed in the place of `row`, or why it fails unopened.
    pub(super) fn of(&self, row: &OpeningRow) -> Result<&str, Cause> {
        match (self.rows.get(&(row.stream_id, row.judged)), self.due) {
            (Some(record), Some(due)) if record.received_at <= due => Ok(&record.jwe),
            (Some(_), _) => Err(Cause::DisclosedLate),
            (None, _) => Err(Cause::NotDisclosed),
        }
    }
}

/// Everything that was disclosed for an audit, once a signed checkpoint holds it.
pub(super) async fn gather(
    house: &House,
    desk: &Desk,
    audit: AuditId,
) -> Result<Vec<Disclosure>, AuditError> {
    let read = move |conn: &mut Conn| Ok::<_, AuditError>(intake::disclosures_of(conn, audit)?);
    let rows = house.store.read("audits.disclosures", read).await?;
    let mut leaves: Vec<LeafId> = rows.iter().map(|row| row.leaf_id).collect();
    leaves.sort_unstable();
    leaves.dedup();
    for leaf in leaves {
        wait_for(house, leaf, desk.patience).await?;
    }
    Ok(rows)
}

/// Compares what the database says was disclosed with what the log says, both ways: nothing may
/// have been added, and nothing that came in time may have gone.
pub(super) fn believe(
    conn: &mut Conn,
    desk: &Desk,
    tree: &CutoffTree,
    row: &AuditRow,
    (request, rows): (&DisclosureRequest, Vec<Disclosure>),
) -> Result<Disclosed, AuditError> {
    let mut leaves: BTreeMap<LeafId, Vec<&Disclosure>> = BTreeMap::new();
    for disclosure in &rows {
        leaves.entry(disclosure.leaf_id).or_default().push(disclosure);
    }
    let differs = || Refusal::Leaf { kind: LeafKind::Disclosure.as_str() };
    for (leaf, records) in &leaves {
        if records.iter().any(|record| record.received_at != records[0].received_at) {
            return Err(differs().into());
        }
        let body = intake::disclosure_leaf(records);
        let says = (LeafKind::Disclosure, &body);
        leaf_says(conn, &desk.log, &tree.head, *leaf, says, None)?;
    }
    // Nothing can have been asked for, and so disclosed, before the tree of the cutoff ended.
    let mut from = tree.head.size;
    loop {
        let page = ledger::leaves_of(conn, LeafKind::Disclosure, from, PAGE)?;
        let Some(last) = page.last() else { break };
        from = last.index + 1;
        for leaf in page.iter().filter(|leaf| !leaves.contains_key(&leaf.id)) {
            let body = leaf.body();
            let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
            let own = text("draw") == Some(row.id.to_string().as_str());
            let at: Option<Timestamp> = text("received_at").and_then(|at| at.parse().ok());
            if own && at.is_none_or(|at| at <= request.due) {
                return Err(differs().into());
            }
        }
    }
    let rows = rows.into_iter().map(|row| ((row.stream_id, row.seq), row)).collect();
    Ok(Disclosed { due: Some(request.due), rows })
}

/// Whether a disclosed record claims the content that was committed to.
pub(super) fn commits(line: &str, commitment: &str) -> bool {
    let claimed = jwe::header(line.as_bytes()).map(|header| header.pc);
    claimed.is_some() && claimed == b64u::decode_array::<32>(commitment)
}
