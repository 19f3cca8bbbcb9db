//! The audit of one holder: intend, wait for the signed checkpoint, open, judge, until a verdict.
//!
//! It may be killed at any point. What was intended and not done is found at the next run, proved
//! again and opened then; what was done is compared with the log before anything follows from it.
//!
//! Source: `security.md` 4.4, `sampling.md` 2.3.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::asking;
use super::block::{Block, BlockKey, Opened, Sealed, evidence_row};
use super::desk::Desk;
use super::draw::Nonce;
use super::error::{AuditError, Refusal};
use super::findings;
use super::leaves::{done_body, frame_body, intent_body, result_body};
use super::model::{AuditRow, AuditState, Conclusion, OpeningRow, Outcome, Standing, to_row};
use super::signals::SignalKind;
use super::store;
use super::store::signals::SignalRow;
use super::tree::{BatchFact, CutoffTree, Drawn, Holding};
use super::trust::leaf_says;
use crate::cases::{NewFinding, raise_in};
use crate::foundation::House;
use crate::foundation::crypto::{b64u, jwe};
use crate::foundation::db::Conn;
use crate::foundation::ids::{BatchId, HolderId, StreamId};
use crate::foundation::time::Timestamp;
use crate::intake::{self, DisclosureRequest};
use crate::keys::{self, Kept, KeyFault, Purpose};
use crate::ledger::{LeafKind, Located, NewLeaf, RecordTree, append_in, wait_for};
use crate::registry::{self, District};
use crate::rules::Severity;

/// What all audits of a period share.
pub(super) struct Work {
    pub(super) tree: CutoffTree,
    pub(super) nonces: Vec<Nonce>,
    /// The district of each stream.
    pub(super) districts: HashMap<StreamId, District>,
}

/// One audit, as far as it has got.
struct Running {
    house: House,
    desk: Desk,
    work: Arc<Work>,
    row: AuditRow,
    frame: Value,
    drawn: Vec<Drawn>,
    openings: Vec<OpeningRow>,
    /// What was asked for the block that waits, if any of its records is attested.
    request: Option<DisclosureRequest>,
}

/// Brings one audit to its verdict; gives the state that it ended in.
///
/// # Errors
///
/// [`AuditError::Refused`] if something does not agree with the log: then nothing more was opened.
pub(super) async fn run_audit(
    house: House,
    desk: Desk,
    work: Arc<Work>,
    row: AuditRow,
    holding: Holding,
) -> Result<AuditState, AuditError> {
    if row.state == AuditState::Done || row.state == AuditState::Empty {
        return Ok(row.state);
    }
    let mut audit = Running::load(house, desk, work, row, &holding).await?;
    audit.check_done().await?;
    loop {
        let standing = audit.standing();
        let waiting = audit.openings.iter().filter(|row| row.outcome.is_none()).count();
        match (standing.conclusion(), waiting) {
            (Some(conclusion), 0) => return audit.finish(&standing, conclusion).await,
            (Some(_), _) => return Err(Refusal::Draw.into()),
            (None, 0) => audit.intend(&standing).await?,
            (None, _) if audit.waits().await? => return audit.rest().await,
            (None, _) => audit.open(&standing).await?,
        }
    }
}

impl Running {
    /// Takes the audit up from its rows, if they are those that follow from the log.
    async fn load(
        house: House,
        desk: Desk,
        work: Arc<Work>,
        row: AuditRow,
        holding: &Holding,
    ) -> Result<Self, AuditError> {
        let (size, hash) = (holding.frame.size(), holding.frame.hash());
        if to_row(size) != row.frame_size || hash != row.frame_hash.0 {
            return Err(Refusal::Frame.into());
        }
        let most = size.min(work.tree.terms.cap.into());
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let seed = work.tree.seed(&work.nonces, row.holder_id, &holding.frame);
        let drawn = work.tree.drawn(holding, seed, most);
        let id = row.id;
        let read = move |conn: &mut Conn| {
            let openings = store::openings_of(conn, id)?;
            let block = openings.last().filter(|row| row.outcome.is_none()).map(|row| row.block);
            let wanted = intake::disclosures_wanted(conn, id)?.map(|(request, _)| request);
            let request = wanted.filter(|request| Some(request.block) == block);
            Ok::<_, AuditError>((openings, request))
        };
        let (openings, request) = house.store.read("audits.openings", read).await?;
        let frame = frame_body(&work.tree, &row, holding);
        let audit = Self { house, desk, work, row, frame, drawn, openings, request };
        if audit.drawn.len() != most || !audit.rows_follow_from_draw() {
            return Err(Refusal::Draw.into());
        }
        Ok(audit)
    }

    /// Whether every stored opening is the one that the draw puts there.
    fn rows_follow_from_draw(&self) -> bool {
        let whole = self.openings.iter().rposition(|row| row.outcome.is_some());
        let done = whole.map_or(0, |last| last + 1);
        let (done, waiting) = self.openings.split_at(done);
        let same = self.openings.len() <= self.drawn.len()
            && self.openings.iter().zip(&self.drawn).all(|(row, drawn)| {
                let fresh = self.opening(drawn, row.block, row.intent_leaf);
                let place = |r: &OpeningRow| {
                    (r.ordinal, r.place, r.stream_id, r.number, r.judged, r.batch_id, r.line)
                };
                place(row) == place(&fresh)
            });
        let opened = u64::try_from(done.len()).unwrap_or(u64::MAX);
        let next = self.work.tree.terms.next_block(opened, self.size());
        let one_block = waiting.iter().all(|row| row.intent_leaf == waiting[0].intent_leaf);
        let right_size =
            waiting.is_empty() || u64::try_from(waiting.len()).unwrap_or(u64::MAX) == next;
        same && done.iter().all(|row| row.outcome.is_some()) && one_block && right_size
    }

    fn size(&self) -> u64 {
        super::model::from_row(self.row.frame_size)
    }

    fn opening(
        &self,
        drawn: &Drawn,
        block: i64,
        intent_leaf: crate::foundation::ids::LeafId,
    ) -> OpeningRow {
        OpeningRow {
            audit_id: self.row.id,
            ordinal: to_row(drawn.ordinal),
            place: to_row(drawn.place),
            stream_id: drawn.stream,
            number: to_row(drawn.number),
            judged: to_row(drawn.judged),
            batch_id: self.work.tree.batches[drawn.batch].batch,
            line: drawn.line.into(),
            block,
            intent_leaf,
            outcome: None,
            cause: None,
            failures: None,
            severity: None,
            done_leaf: None,
            opened_at: None,
        }
    }

    fn standing(&self) -> Standing {
        let outcomes: Vec<Outcome> = self.openings.iter().filter_map(|row| row.outcome).collect();
        Standing::of(&self.work.tree.terms.plan(), self.size(), &outcomes)
    }

    /// Compares what the database says was opened with what the log says.
    async fn check_done(&self) -> Result<(), AuditError> {
        let done: Vec<OpeningRow> =
            self.openings.iter().filter(|row| row.outcome.is_some()).cloned().collect();
        let Some(last) = done.last() else { return Ok(()) };
        let newest = last.done_leaf.ok_or(Refusal::Draw)?;
        wait_for(&self.house, newest, self.desk.patience).await?;
        let (key, head, audit) = (self.desk.log.clone(), self.work.tree.head.clone(), self.row.id);
        self.house
            .store
            .read("audits.check_done", move |conn| {
                for block in done.chunk_by(|one, two| one.block == two.block) {
                    let leaf = block[0].done_leaf.ok_or(Refusal::Draw)?;
                    let body = done_body(audit, block);
                    leaf_says(conn, &key, &head, leaf, (LeafKind::OpenDone, &body), None)?;
                }
                Ok(())
            })
            .await
    }

    /// Logs which records are opened next, within the budget of the day.
    async fn intend(&mut self, standing: &Standing) -> Result<(), AuditError> {
        let opened = self.openings.len();
        let count = self.work.tree.terms.next_block(standing.tally.opened, self.size());
        let count_of_rows = usize::try_from(count).unwrap_or(usize::MAX);
        let block = self.openings.last().map_or(0, |row| row.block + 1);
        let drawn: Vec<&Drawn> = self.drawn.iter().skip(opened).take(count_of_rows).collect();
        let nil = self.row.frame_leaf;
        let mut rows: Vec<OpeningRow> =
            drawn.iter().map(|drawn| self.opening(drawn, block, nil)).collect();
        let (house, work) = (self.house.clone(), self.work.clone());
        let mut request = asking::request(&house, &work.tree, &self.row, &drawn, block);
        let drawn: Vec<Drawn> = drawn.into_iter().cloned().collect();
        let body = intent_body(&self.row, &rows, request.as_ref());
        let leaf = NewLeaf::new(&self.house, LeafKind::OpenIntent, body);
        rows.iter_mut().for_each(|row| row.intent_leaf = leaf.id);
        request.iter_mut().for_each(|request| request.leaf_id = leaf.id);
        self.request.clone_from(&request);
        let (day, budget) = (self.house.clock.now().day(), self.desk.daily_budget);
        self.openings.extend(rows.iter().cloned());
        let stored = self
            .house
            .store
            .write("audits.intend", move |tx| {
                if !store::spend(tx, day, count, budget)? {
                    return Err(AuditError::Refused(Refusal::Budget(budget)));
                }
                for row in &rows {
                    store::insert_opening(tx, row)?;
                }
                if let Some(request) = &request {
                    asking::ask(tx, &house, &work.tree, request, &drawn)?;
                }
                Ok(append_in(tx, &leaf)?)
            })
            .await;
        if stored.is_err() {
            self.openings.truncate(opened);
        }
        stored
    }

    /// Whether records of the intended block are still to be disclosed.
    async fn waits(&self) -> Result<bool, AuditError> {
        match &self.request {
            Some(request) => asking::is_unripe(&self.house, request).await,
            None => Ok(false),
        }
    }

    /// Leaves the audit open until records are disclosed or their limit is past.
    async fn rest(mut self) -> Result<AuditState, AuditError> {
        if self.row.state != AuditState::Open {
            (self.row.state, self.row.reason) = (AuditState::Open, None);
            let row = self.row.clone();
            let rest = move |tx: &mut Conn| Ok::<_, AuditError>(store::set_audit(tx, &row)?);
            self.house.store.write("audits.rest", rest).await?;
        }
        Ok(AuditState::Open)
    }

    /// Opens the intended block, once its intent is in a signed checkpoint.
    async fn open(&mut self, standing: &Standing) -> Result<(), AuditError> {
        let opened = usize::try_from(standing.tally.opened).unwrap_or(usize::MAX);
        let rows = self.openings.get(opened..).unwrap_or_default().to_vec();
        let first = rows.first().ok_or(Refusal::Draw)?;
        let located = wait_for(&self.house, first.intent_leaf, self.desk.patience).await?;
        let (block, withheld, evidence_keys) = self.prove_and_collect(&rows, located).await?;
        let mut opened_now =
            if block.records.is_empty() { Vec::new() } else { self.desk.child.open(block).await? };
        opened_now.extend(withheld);
        opened_now.sort_by_key(|result| result.ordinal);
        self.keep(opened, rows, opened_now, &evidence_keys).await
    }

    /// Proves frame and intent in the log, then fetches lines and keys: what the child needs.
    async fn prove_and_collect(
        &self,
        rows: &[OpeningRow],
        located: Located,
    ) -> Result<(Block, Vec<Opened>, Vec<[u8; 32]>), AuditError> {
        let (desk, work, row) = (self.desk.clone(), self.work.clone(), self.row.clone());
        let request = self.request.clone();
        let came = match &request {
            Some(_) => asking::gather(&self.house, &desk, row.id).await?,
            None => Vec::new(),
        };
        let intent = intent_body(&row, rows, request.as_ref());
        let frame = self.frame.clone();
        let evidence_keys: Vec<[u8; 32]> = rows.iter().map(|_| self.house.random.bytes()).collect();
        let (rows, keys) = (rows.to_vec(), evidence_keys.clone());
        let drawn = self.drawn.clone();
        let (block, withheld) = self
            .house
            .store
            .read("audits.prove", move |conn| {
                let (log, head) = (&desk.log, &work.tree.head);
                let says = (LeafKind::DrawFrame, &frame);
                leaf_says(conn, log, head, row.frame_leaf, says, None)?;
                let leaf = rows[0].intent_leaf;
                let says = (LeafKind::OpenIntent, &intent);
                leaf_says(conn, log, head, leaf, says, Some(&located))?;
                let disclosed = match &request {
                    None => asking::Disclosed::default(),
                    Some(request) => {
                        asking::believe(conn, &desk, &work.tree, &row, (request, came))?
                    }
                };
                collect(conn, &desk, &work.tree, &row, (&rows, &drawn, &keys), &disclosed)
            })
            .await?;
        Ok((block, withheld, evidence_keys))
    }

    /// Keeps what a block showed, with its leaf and a finding for each failing record.
    async fn keep(
        &mut self,
        opened: usize,
        mut rows: Vec<OpeningRow>,
        results: Vec<Opened>,
        evidence_keys: &[[u8; 32]],
    ) -> Result<(), AuditError> {
        let now = self.house.clock.now();
        let mut evidence = Vec::new();
        let mut found = Vec::new();
        for ((row, result), key) in rows.iter_mut().zip(&results).zip(evidence_keys) {
            take_over(row, result, now);
            if let Some(sealed) = result.evidence.as_deref().and_then(b64u::decode) {
                evidence.push((row.ordinal, self.wrap_evidence(row, key)?, sealed));
            }
            found.extend(self.finding(row, result));
        }
        let signals = self.reused_salts(&rows, &results);
        let leaf = NewLeaf::new(&self.house, LeafKind::OpenDone, done_body(self.row.id, &rows));
        rows.iter_mut().for_each(|row| row.done_leaf = Some(leaf.id));
        for (place, row) in self.openings.iter_mut().skip(opened).zip(&rows) {
            place.clone_from(row);
        }
        self.take_standing(&self.standing());
        let audit = self.row.clone();
        self.house
            .store
            .write("audits.done", move |tx| {
                for row in &rows {
                    if !store::set_opened(tx, row)? {
                        return Err(AuditError::Refused(Refusal::Draw));
                    }
                }
                for (ordinal, key, sealed) in &evidence {
                    store::insert_evidence(tx, audit.id, *ordinal, key, sealed)?;
                }
                for finding in &found {
                    raise_in(tx, finding)?;
                }
                for signal in &signals {
                    store::signals::add(tx, signal)?;
                }
                store::set_audit(tx, &audit)?;
                Ok(append_in(tx, &leaf)?)
            })
            .await
    }

    /// How many opened records of a block have the salt of another one, by stream; nothing where
    /// none has.
    fn reused_salts(&self, rows: &[OpeningRow], results: &[Opened]) -> Vec<SignalRow> {
        let mut counts: BTreeMap<(HolderId, StreamId), (i64, i64)> = BTreeMap::new();
        let facts = &self.work.tree.batches;
        for (row, result) in rows.iter().zip(results) {
            let fact = facts.iter().find(|fact| fact.batch == row.batch_id);
            let holder = fact.map_or(self.row.holder_id, |fact| fact.holder);
            let (part, whole) = counts.entry((holder, row.stream_id)).or_default();
            *part += i64::from(result.salt_reused);
            *whole += 1;
        }
        counts.retain(|_, (part, _)| *part > 0);
        let row = |((holder_id, stream_id), (part, whole))| SignalRow {
            stream_id,
            period: self.row.period.clone(),
            kind: SignalKind::ReusedSalt,
            plan_id: self.row.plan_id,
            holder_id,
            department_id: self.row.department_id,
            sector: self.row.sector,
            last_day: self.work.tree.last,
            part,
            whole,
            chance_ppb: None,
            other_stream_id: None,
            seen_at: self.house.clock.now(),
        };
        counts.into_iter().map(row).collect()
    }

    fn wrap_evidence(&self, row: &OpeningRow, key: &[u8; 32]) -> Result<Vec<u8>, AuditError> {
        let id = evidence_row(self.row.id, super::model::from_row(row.ordinal));
        let place = Kept {
            purpose: Purpose::EvidenceKey,
            department: self.row.department_id,
            table: "audits_evidence",
            row: &id,
            column: "wrapped_key",
        };
        Ok(self.desk.opener.keep(&self.house, &place, key)?)
    }

    fn finding(&self, row: &OpeningRow, result: &Opened) -> Option<NewFinding> {
        let fact = self.work.tree.batches.iter().find(|fact| fact.batch == row.batch_id)?;
        let district = self.work.districts.get(&row.stream_id).copied()?;
        let seen = findings::of_record(&self.row, row, fact, district, result)?;
        Some(NewFinding::new(&self.house, seen))
    }

    fn take_standing(&mut self, standing: &Standing) {
        self.row.opened = to_row(standing.tally.opened);
        self.row.failing = to_row(standing.tally.failing);
        self.row.undecided = to_row(standing.tally.undecided);
        self.row.lower_bound = to_row(standing.bounds.lower);
        self.row.upper_bound = to_row(standing.bounds.upper);
        let critical = Some(Severity::Critical.name());
        let critical = self.openings.iter().filter(|row| {
            row.outcome == Some(Outcome::Fail) && row.severity.as_deref() == critical
        });
        self.row.critical = to_row(u64::try_from(critical.count()).unwrap_or(u64::MAX));
        self.row.state = AuditState::Open;
        self.row.reason = None;
    }

    /// Ends the audit: verdict, leaf, and a finding if too many records fail.
    async fn finish(
        mut self,
        standing: &Standing,
        conclusion: Conclusion,
    ) -> Result<AuditState, AuditError> {
        self.take_standing(standing);
        self.row.verdict = Some(conclusion);
        self.row.state = AuditState::Done;
        self.row.done_at = Some(self.house.clock.now());
        let leaf = NewLeaf::new(&self.house, LeafKind::DrawResult, result_body(&self.row));
        self.row.result_leaf = Some(leaf.id);
        let found = self.drawn.first().and_then(|first| {
            let district = self.work.districts.get(&first.stream).copied()?;
            let seen = findings::of_verdict(&self.row, &self.work.tree.terms, district)?;
            Some(NewFinding::new(&self.house, seen))
        });
        let row = self.row.clone();
        self.house
            .store
            .write("audits.finish", move |tx| {
                if store::set_audit(tx, &row)? {
                    append_in(tx, &leaf)?;
                    if let Some(finding) = &found {
                        raise_in(tx, finding)?;
                    }
                }
                Ok(AuditState::Done)
            })
            .await
    }
}

/// Writes what the child tells of a record into its row.
fn take_over(row: &mut OpeningRow, result: &Opened, now: Timestamp) {
    let worst = result.failures.iter().map(|failure| failure.severity).max();
    let worst = match result.cause {
        None | Some(super::model::Cause::RecordFailed) => worst,
        Some(_) => Some(Severity::Major),
    };
    row.outcome = Some(result.outcome);
    row.cause = result.cause;
    row.failures = serde_json::to_string(&result.failures).ok();
    row.severity = worst.map(|severity| severity.name().to_owned());
    row.opened_at = Some(now);
}

/// What the child needs for the drawn records of a block, and what becomes of those that were not
/// disclosed in time.
fn collect(
    conn: &mut Conn,
    desk: &Desk,
    tree: &CutoffTree,
    audit: &AuditRow,
    (rows, drawn, evidence_keys): (&[OpeningRow], &[Drawn], &[[u8; 32]]),
    disclosed: &asking::Disclosed,
) -> Result<(Block, Vec<Opened>), AuditError> {
    let mut bodies: HashMap<BatchId, Vec<u8>> = HashMap::new();
    let mut keys: BTreeMap<String, BlockKey> = BTreeMap::new();
    let mut subtypes: HashMap<StreamId, Option<String>> = HashMap::new();
    let (mut records, mut withheld) = (Vec::with_capacity(rows.len()), Vec::new());
    for (row, evidence_key) in rows.iter().zip(evidence_keys) {
        let ordinal = super::model::from_row(row.ordinal);
        let at = usize::try_from(ordinal).unwrap_or(usize::MAX);
        let drawn = drawn.get(at).ok_or(Refusal::Draw)?;
        let fact = &tree.batches[drawn.batch];
        let body = match bodies.entry(fact.batch) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(logged_lines(conn, fact)?),
        };
        let skip = usize::try_from(drawn.line).unwrap_or(usize::MAX);
        let logged = lines(body).nth(skip).ok_or(Refusal::Lines(fact.batch))?;
        let (line, commitment) = match asking::is_asked(tree, drawn).then(|| disclosed.of(row)) {
            None => (logged, None),
            Some(Ok(jwe)) => (jwe.as_bytes(), Some(String::from_utf8_lossy(logged).into_owned())),
            Some(Err(cause)) => {
                withheld.push(Opened::unopened(ordinal, cause));
                continue;
            }
        };
        if let Some(header) = jwe::header(line)
            && !keys.contains_key(&header.kid)
        {
            let key = unwrap(conn, desk, audit, &header.kid)?;
            keys.insert(header.kid, key);
        }
        let digest = tree.packs.get(&fact.pack).ok_or_else(|| Refusal::Pack(fact.pack.clone()))?;
        let subtype = match subtypes.entry(drawn.stream) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(subtype_of(conn, drawn.stream)?),
        };
        records.push(Sealed {
            ordinal,
            line: String::from_utf8_lossy(line).into_owned(),
            commitment,
            pack: fact.pack.clone(),
            digest: digest.to_b64u(),
            stream: drawn.stream,
            number: drawn.judged,
            day: fact.day,
            subtype: subtype.clone(),
            amends: fact.amended_by(drawn.judged),
            evidence_key: b64u::encode(evidence_key),
        });
    }
    let block = Block {
        rule_packs: desk.rule_packs.clone(),
        department: audit.department_id,
        audit: audit.id,
        keys: keys.into_values().collect(),
        records,
    };
    Ok((block, withheld))
}

/// The stream's kind of business within the trade, if the registry says one.
fn subtype_of(conn: &mut Conn, stream: StreamId) -> Result<Option<String>, AuditError> {
    let facts = registry::stream_for_push(conn, stream)?;
    Ok(facts.and_then(|facts| facts.stream.subtype))
}

/// The private half of the department's audit key called `kid`.
fn unwrap(
    conn: &mut Conn,
    desk: &Desk,
    audit: &AuditRow,
    kid: &str,
) -> Result<BlockKey, AuditError> {
    let key = keys::find(conn, kid)?.filter(|key| key.department_id == audit.department_id);
    let key = key.ok_or_else(|| KeyFault::Unknown(kid.to_owned()))?;
    let scalar = desk.opener.unwrap(&key)?;
    let scalar = scalar.expose(|scalar| b64u::encode(scalar));
    Ok(BlockKey { kid: kid.to_owned(), scalar })
}

/// The lines of a batch, without their line feeds.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.strip_suffix(b"\n").unwrap_or(body).split(|byte| *byte == b'\n')
}

/// The lines of a batch, if they are those that its leaf commits to.
fn logged_lines(conn: &mut Conn, fact: &BatchFact) -> Result<Vec<u8>, AuditError> {
    let body = intake::lines_of(conn, fact.batch)?;
    let mut tree = RecordTree::new();
    lines(&body).for_each(|line| tree.push(line));
    let logged = tree.count() == u64::from(fact.count) && tree.root() == fact.records;
    if logged { Ok(body) } else { Err(Refusal::Lines(fact.batch).into()) }
}
