//! After the cutoff: every audit of a period, and the revealed secret.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::asking;
use super::choice;
use super::desk::Desk;
use super::draw;
use super::error::{AuditError, Refusal};
use super::leaves::frame_body;
use super::model::{AuditRow, AuditState, PeriodRow, PoolRow, to_row};
use super::opening::{Work, run_audit};
use super::pools::{self, Subject};
use super::tree::{CutoffTree, Holding};
use super::trust::{self, text};
use super::{store, trust::cutoff_tree};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, HolderId, StreamId};
use crate::foundation::jobs::Tally;
use crate::ledger::{Hash, LeafKind, LedgerError, NewLeaf, append_in};
use crate::registry::{self, District};

/// So many audits wait for checkpoints at the same time.
const AT_ONCE: usize = 8;

/// A secret is revealed so long after the cutoff, unless a business still has time to disclose
/// (sampling.md §5.1 step 6).
const REVEAL_DEADLINE: Duration = Duration::from_secs(30 * 86_400);

/// Draws, opens and judges for every period whose cutoff is in a signed checkpoint, and reveals the
/// secrets of those whose audits have all ended. What does not agree with the log is parked with
/// its reason and tried again at the next run. Counts `done`, `empty`, `asked` (records are still to
/// be disclosed), `parked`, `waiting`, `revealed` and `refused`.
///
/// # Errors
///
/// Those of the store and of the log.
pub async fn run_audits(house: &House, desk: &Desk) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let read = |conn: &mut Conn| Ok::<_, AuditError>(store::drawable(conn)?);
    for row in house.store.read("audits.drawable", read).await? {
        let reason = match run_period(house, desk, &row, &mut tally).await {
            Ok(()) => None,
            Err(AuditError::Refused(refusal)) => {
                tally.add("refused", 1);
                Some(refusal.to_string())
            }
            Err(other) => return Err(other),
        };
        if reason != row.reason {
            if let Some(reason) = &reason {
                let (plan, period) = (row.plan_id, row.period.as_str());
                tracing::error!(%plan, period, reason, "nothing is opened: {reason}");
            }
            house
                .store
                .write("audits.reason", move |tx| {
                    Ok::<_, AuditError>(store::set_reason(tx, &row, reason.as_deref())?)
                })
                .await?;
        }
    }
    Ok(tally)
}

async fn run_period(
    house: &House,
    desk: &Desk,
    row: &PeriodRow,
    tally: &mut Tally,
) -> Result<(), AuditError> {
    if asking::all_wait(house, row).await? {
        tally.add("asked", 1);
        return Ok(());
    }
    let Some(tree) = cutoff_tree(house, &desk.log, row).await? else {
        tally.add("waiting", 1);
        return Ok(());
    };
    let terms = &tree.terms;
    if (terms.department, terms.sector) != (row.department_id, row.sector) {
        return Err(Refusal::NoPlan.into());
    }
    let nonces = vec![trust::nonce(&desk.opener, row, &tree)?];
    let registered = Registered::read(house, row, &tree).await?;
    let holdings = tree.holdings(|holder, stream| registered.foreign.contains(&(holder, stream)));
    let holdings = holdings.map_err(|_malformed| Refusal::Frame)?;
    let audited =
        choice::audited(house, row, &tree, &nonces, &holdings, &registered.subjects).await?;
    let subjects = pools::subjects(&tree, &audited, &holdings);
    let subjects = subjects.map_err(|_malformed| Refusal::Frame)?;
    let (size, root, kept) = (tree.head.size, tree.head.root, row.clone());
    house
        .store
        .write("audits.tree", move |tx| {
            Ok::<_, AuditError>(store::set_tree(tx, &kept, size, root)?)
        })
        .await?;
    let work = Arc::new(Work { tree, nonces, districts: registered.districts });
    let audits = begin(house, &work, row, subjects).await?;
    let runs = audits.into_iter().map(|(audit, holding)| {
        let id = audit.id;
        let run = run_audit(house.clone(), desk.clone(), work.clone(), audit, holding);
        async move { (id, run.await) }
    });
    let ends: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let (mut open, mut asked) = (false, false);
    for (id, end) in ends {
        let word = settle(house, id, end).await?;
        asked |= word == "asked";
        open |= asked || word == "parked" || word == "waiting";
        tally.add(word, 1);
    }
    // Whoever is asked has time; each block has its limit, so this ends.
    let overdue = !asked && house.clock.now() >= row.cutoff.plus(REVEAL_DEADLINE);
    if !open || overdue {
        tally.add("revealed", reveal(house, row, &work.nonces[0]).await?.into());
    }
    Ok(())
}

/// What became of one audit in this run, in a word; a refusal parks it.
async fn settle(
    house: &House,
    id: AuditId,
    end: Result<AuditState, AuditError>,
) -> Result<&'static str, AuditError> {
    let refusal = match end {
        Ok(AuditState::Empty) => return Ok("empty"),
        Ok(AuditState::Open) => return Ok("asked"),
        Ok(_) => return Ok("done"),
        Err(AuditError::Ledger(LedgerError::TimedOut)) => return Ok("waiting"),
        Err(AuditError::Refused(refusal)) => refusal.to_string(),
        Err(other) => return Err(other),
    };
    let reason = refusal.clone();
    let parked = house
        .store
        .write("audits.park", move |tx| Ok::<_, AuditError>(store::park(tx, id, &reason)?))
        .await?;
    if parked {
        tracing::error!(audit = %id, reason = refusal, "audit parked: {refusal}");
    }
    Ok("parked")
}

/// What the registry says of the holders of a period.
struct Registered {
    /// Holders of the class.
    subjects: Vec<HolderId>,
    /// Streams that another department is competent for.
    foreign: BTreeSet<(HolderId, StreamId)>,
    districts: HashMap<StreamId, District>,
}

impl Registered {
    async fn read(house: &House, row: &PeriodRow, tree: &CutoffTree) -> Result<Self, AuditError> {
        let (plan, period, department) = (row.plan_id, row.period.clone(), row.department_id);
        let pushed: BTreeSet<(HolderId, StreamId)> =
            tree.batches.iter().map(|fact| (fact.holder, fact.stream)).collect();
        house
            .store
            .read("audits.registered", move |conn| {
                let mut subjects = Vec::new();
                if let Some(plan) = registry::plan(conn, plan)?
                    && let Some(period) = plan.period(&period)
                {
                    let holders = registry::subjects(conn, &plan, &period)?;
                    subjects.extend(holders.iter().map(|holder| holder.id));
                }
                let (mut foreign, mut districts) = (BTreeSet::new(), HashMap::new());
                let holders: BTreeSet<HolderId> =
                    pushed.iter().map(|(holder, _)| *holder).collect();
                for holder in holders {
                    for facts in registry::streams_of(conn, holder)? {
                        let stream = facts.stream.id;
                        districts.insert(stream, facts.outlet.district);
                        if facts.stream.department != Some(department) {
                            foreign.insert((holder, stream));
                        }
                    }
                }
                // A stream that left the registry is audited all the same.
                for (holder, stream) in pushed {
                    if !districts.contains_key(&stream)
                        && let Some(holder) = registry::holder(conn, holder)?
                    {
                        districts.insert(stream, holder.district);
                    }
                }
                Ok(Self { subjects, foreign, districts })
            })
            .await
    }
}

/// The audits of a period with what each holder has in the tree; those that have not begun begin
/// with their frame in the log.
async fn begin(
    house: &House,
    work: &Arc<Work>,
    row: &PeriodRow,
    subjects: Vec<Subject>,
) -> Result<Vec<(AuditRow, Holding)>, AuditError> {
    let (plan, period) = (row.plan_id, row.period.clone());
    let read = move |conn: &mut Conn| Ok::<_, AuditError>(store::audits_of(conn, plan, &period)?);
    let known = house.store.read("audits.known", read).await?;
    let mut known: BTreeMap<HolderId, AuditRow> =
        known.into_iter().map(|audit| (audit.holder_id, audit)).collect();
    let mut audits = Vec::with_capacity(subjects.len());
    for Subject { id, holding } in subjects {
        if let Some(audit) = known.remove(&id) {
            audits.push((audit, holding));
            continue;
        }
        let mut audit = new_audit(house, &work.tree, row, id, &holding);
        let body = frame_body(&work.tree, &audit, &holding);
        let leaf = NewLeaf::new(house, LeafKind::DrawFrame, body);
        audit.frame_leaf = leaf.id;
        let (stored, pool) = (audit.clone(), pool_rows(audit.id, &holding));
        house
            .store
            .write("audits.begin", move |tx| {
                if store::insert_audit(tx, &stored)? {
                    store::pools::insert(tx, &pool)?;
                    append_in(tx, &leaf)?;
                }
                Ok::<_, AuditError>(())
            })
            .await?;
        audits.push((audit, holding));
    }
    Ok(audits)
}

fn pool_rows(audit_id: AuditId, holding: &Holding) -> Vec<PoolRow> {
    let members = holding.members().iter();
    members
        .map(|one| PoolRow { audit_id, holder_id: one.holder, records: to_row(one.records) })
        .collect()
}

fn new_audit(
    house: &House,
    tree: &CutoffTree,
    row: &PeriodRow,
    holder_id: HolderId,
    holding: &Holding,
) -> AuditRow {
    let (plan, now) = (tree.terms.plan(), house.clock.now());
    let size = holding.frame.size();
    let empty = size == 0;
    AuditRow {
        id: house.fresh(),
        plan_id: row.plan_id,
        period: row.period.clone(),
        holder_id,
        department_id: row.department_id,
        sector: row.sector,
        frame_size: to_row(size),
        frame_hash: Hash(holding.frame.hash()),
        frame_leaf: house.fresh(),
        opened: 0,
        failing: 0,
        undecided: 0,
        critical: 0,
        lower_bound: 0,
        upper_bound: to_row(size),
        tolerable: to_row(plan.tolerable(size)),
        p0_per_mille: tree.terms.p0_per_mille.into(),
        alpha_pass_ppm: tree.terms.alpha_pass_ppm.into(),
        alpha_fail_ppm: tree.terms.alpha_fail_ppm.into(),
        cap: tree.terms.cap.into(),
        packs: tree.packs_of(holding).join(", "),
        verdict: None,
        state: if empty { AuditState::Empty } else { AuditState::Open },
        reason: None,
        result_leaf: None,
        made_at: now,
        done_at: empty.then_some(now),
        modes: tree.modes_of(holding),
        pooled: holding.pooled(),
    }
}

/// Reveals the secret of a period, so that anyone can repeat its draws.
async fn reveal(house: &House, row: &PeriodRow, nonce: &draw::Nonce) -> Result<bool, AuditError> {
    let body = json!({
        "commitment": row.commitment.map(|hash| hash.to_b64u()),
        "contributor": row.department_id,
        "nonce": text(nonce),
        "period": row.period,
        "plan": row.plan_id,
    });
    let leaf = NewLeaf::new(house, LeafKind::DrawReveal, body);
    let (row, nonce) = (row.clone(), Hash(*nonce));
    house
        .store
        .write("audits.reveal", move |tx| {
            let revealed = store::reveal(tx, &row, nonce, leaf.id)?;
            if revealed {
                append_in(tx, &leaf)?;
            }
            Ok(revealed)
        })
        .await
}
