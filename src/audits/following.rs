//! Who did what, read from the log: the leaves that name a person are kept once more, by
//! department, case and day, so that a page of them costs the same however long the log is.

use std::collections::HashMap;

use serde_json::Value;

use super::error::AuditError;
use super::model::to_row;
use super::store::deeds::{self, Deed};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::DepartmentId;
use crate::foundation::jobs::Tally;
use crate::ledger::{self, Leaf, LeafKind};
use crate::{identity, registry};

/// The types of leaves that a person may have written.
pub(super) const KINDS: &[LeafKind] = &[
    LeafKind::FindingConfirmed,
    LeafKind::FindingDismissed,
    LeafKind::CaseState,
    LeafKind::NoticeQueued,
    LeafKind::NoticeResult,
    LeafKind::Reply,
    LeafKind::Assignment,
    LeafKind::Recusal,
    LeafKind::RoleChanged,
    LeafKind::ClientChanged,
    LeafKind::Export,
];

/// Leaves of one type that are read at once.
const AT_ONCE: u32 = 500;

/// Reads what the log has gained. Counts `deeds`.
///
/// # Errors
///
/// Those of the store; what was read before stays.
pub async fn follow_log(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let read = |conn: &mut Conn| {
        let head = ledger::latest_checkpoint(conn)?.map_or(0, |checkpoint| checkpoint.size);
        Ok::<_, AuditError>((deeds::followed_to(conn)?, head, officers(conn)?))
    };
    let (from, head, officers) = house.store.read("audits.follow", read).await?;
    let start = u64::try_from(from).unwrap_or(0);
    for kind in KINDS {
        let mut from = start;
        loop {
            let read = move |conn: &mut Conn| {
                Ok::<_, AuditError>(ledger::leaves_of(conn, *kind, from, AT_ONCE)?)
            };
            let mut leaves = house.store.read("audits.follow_kind", read).await?;
            let Some(last) = leaves.last().map(|leaf| leaf.index) else { break };
            from = last + 1;
            leaves.retain(|leaf| leaf.index < head);
            let deeds: Vec<Deed> = leaves.iter().filter_map(|leaf| deed(leaf, &officers)).collect();
            tally.add("deeds", u64::try_from(deeds.len()).unwrap_or(0));
            let write = move |tx: &mut Conn| {
                deeds.iter().try_for_each(|deed| deeds::insert(tx, deed))?;
                Ok::<_, AuditError>(())
            };
            house.store.write("audits.keep_deeds", write).await?;
            if from >= head {
                break;
            }
        }
    }
    let write = move |tx: &mut Conn| Ok::<_, AuditError>(deeds::set_followed(tx, to_row(head))?);
    house.store.write("audits.followed", write).await?;
    Ok(tally)
}

/// The department of every officer, by pseudonym.
fn officers(conn: &mut Conn) -> Result<HashMap<String, DepartmentId>, AuditError> {
    let mut all = HashMap::new();
    for department in registry::departments(conn)? {
        all.extend(names(conn, department.id)?.into_keys().map(|actor| (actor, department.id)));
    }
    Ok(all)
}

/// The names of a department's officers, by pseudonym.
pub(super) fn names(
    conn: &mut Conn,
    department: DepartmentId,
) -> Result<HashMap<String, String>, AuditError> {
    let mut names = HashMap::new();
    for officer in registry::officers_of(conn, department)? {
        if let Some(person) = identity::person(conn, officer.person)? {
            names.insert(person.pseudonym().to_string(), officer.name);
        }
    }
    Ok(names)
}

/// What a person did, by a leaf; `None` if it names nobody.
fn deed(leaf: &Leaf, officers: &HashMap<String, DepartmentId>) -> Option<Deed> {
    let body = leaf.body();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let actor = text("officer").or_else(|| text("by"))?.to_owned();
    Some(Deed {
        idx: to_row(leaf.index),
        kind: leaf.kind,
        department_id: officers.get(&actor).copied(),
        case_id: text("case").and_then(|id| id.parse().ok()),
        finding_id: text("finding").and_then(|id| id.parse().ok()),
        at: leaf.at,
        actor,
    })
}
