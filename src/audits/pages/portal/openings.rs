//! Who opened which records of the business, why, and what came of it; and what is asked of it.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::super::error::AuditError;
use super::super::super::model::{AuditRow, AuditState, OpeningRow};
use super::super::super::store;
use super::super::Tag;
use super::super::detail::why;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, HolderId, LeafId, StreamId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Frame, Lang, page};
use crate::identity::Representative;
use crate::intake::{self, AskedRecord, DisclosureRequest};
use crate::ledger;
use crate::registry;
use crate::rules::Packs;

/// So many audits are shown, newest first.
const AUDITS: i64 = 12;

/// A drawn record of the business.
struct Opened {
    row: OpeningRow,
    outlet: String,
    tag: Tag,
    why: Vec<String>,
    /// The number of the leaf that announced the opening.
    intent: Option<u64>,
    /// The number of the leaf that told its outcome.
    done: Option<u64>,
}

/// An audit of the business with what was opened for it.
struct Audited {
    audit: AuditRow,
    department: String,
    tag: Tag,
    opened: Vec<Opened>,
}

/// A request for records of attested batches.
struct Asked {
    request: DisclosureRequest,
    department: String,
    records: Vec<AskedRecord>,
    /// How many of the newest block's records have not come.
    missing: usize,
    over: bool,
}

#[derive(Template)]
#[template(path = "audits/pages/portal/openings.html")]
struct OpeningsPage {
    f: Frame,
    asked: Vec<Asked>,
    audits: Vec<Audited>,
}

impl OpeningsPage {
    /// The numbers that a request asks for, by stream, as `3, 8, 21`.
    fn numbers(asked: &Asked) -> String {
        let numbers: Vec<String> =
            asked.records.iter().map(|record| record.seq.to_string()).collect();
        numbers.join(", ")
    }
}

/// `GET /portal/openings`
pub(in super::super) async fn show(
    req: HttpRequest,
    visitor: Representative,
    packs: web::Data<Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&req, "portal-openings");
    let (holder, now) = (visitor.holder(), House::of(&req).clock.now());
    let read = House::of(&req).store.read("audits.portal_openings", move |conn| {
        let mut audits = Vec::new();
        for audit in store::newest_audits(conn, holder, AUDITS)? {
            audits.push(audited(conn, frame.lang, (holder, audit), &packs)?);
        }
        let asked = asked(conn, frame.lang, holder, now)?;
        Ok::<_, AuditError>(OpeningsPage { f: frame, asked, audits })
    });
    page(&read.await?)
}

fn department_of(
    conn: &mut Conn,
    lang: Lang,
    id: crate::foundation::ids::DepartmentId,
) -> Result<String, AuditError> {
    let department = registry::department(conn, id)?;
    Ok(department.map_or_else(String::new, |department| match lang {
        Lang::Zh => department.name_zh,
        Lang::En => department.name_en,
    }))
}

fn audited(
    conn: &mut Conn,
    lang: Lang,
    (holder, audit): (HolderId, AuditRow),
    packs: &Packs,
) -> Result<Audited, AuditError> {
    let streams = registry::streams_of(conn, holder)?;
    let outlets: HashMap<StreamId, String> =
        streams.into_iter().map(|facts| (facts.stream.id, facts.outlet.name)).collect();
    let mut opened = Vec::new();
    for row in store::openings_of(conn, audit.id)? {
        if !is_own(conn, holder, &audit, &row)? {
            continue;
        }
        opened.push(Opened {
            outlet: outlets.get(&row.stream_id).cloned().unwrap_or_default(),
            tag: Tag::from(row.outcome),
            why: why(lang, &row, &audit, packs),
            intent: number_of(conn, Some(row.intent_leaf))?,
            done: number_of(conn, row.done_leaf)?,
            row,
        });
    }
    let department = department_of(conn, lang, audit.department_id)?;
    // The verdict on a pool says nothing of any one of it.
    let tag = match audit.pooled {
        Some(_) => Tag { key: "audits-in-pool", tone: "" },
        None => Tag::from(&audit),
    };
    Ok(Audited { tag, department, opened, audit })
}

/// Whether an opened record of an audit is the holder's: in a pool there are those of others.
fn is_own(
    conn: &mut Conn,
    holder: HolderId,
    audit: &AuditRow,
    row: &OpeningRow,
) -> Result<bool, AuditError> {
    if audit.pooled.is_none() {
        return Ok(audit.holder_id == holder);
    }
    let batch = intake::batch_of(conn, row.batch_id)?;
    Ok(batch.is_some_and(|batch| batch.holder_id == holder))
}

/// The number of a leaf; `None` while it has none.
fn number_of(conn: &mut Conn, leaf: Option<LeafId>) -> Result<Option<u64>, AuditError> {
    let Some(id) = leaf else { return Ok(None) };
    Ok(ledger::leaf(conn, id)?.map(|leaf| leaf.index))
}

fn asked(
    conn: &mut Conn,
    lang: Lang,
    holder: HolderId,
    now: Timestamp,
) -> Result<Vec<Asked>, AuditError> {
    let mut asked = Vec::new();
    for request in intake::requests_to(conn, holder)? {
        let wanted = intake::disclosures_wanted(conn, request.audit_id)?;
        let newest = wanted.filter(|(newest, _)| newest.block == request.block);
        asked.push(Asked {
            records: intake::asked_of(conn, request.audit_id, request.block)?,
            department: department_of(conn, lang, request.department_id)?,
            missing: newest.map_or(0, |(_, missing)| missing),
            over: request.due < now,
            request,
        });
    }
    Ok(asked)
}

/// `GET /portal/openings/{opening}/{part}`: the leaf of an opening, byte for byte, or its proof.
/// `opening` is the audit and the place in its draw, `part` one of `intent.leaf`,
/// `intent.tlog-proof`, `done.leaf` and `done.tlog-proof`.
pub(in super::super) async fn part(
    req: HttpRequest,
    visitor: Representative,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (opening, part) = path.into_inner();
    let address = opening.split_once('.').and_then(|(audit, ordinal)| {
        Some((audit.parse::<AuditId>().ok()?, ordinal.parse::<i64>().ok()?))
    });
    let (audit, ordinal) = address.ok_or_else(Problem::not_found)?;
    let (which, form) = part.split_once('.').ok_or_else(Problem::not_found)?;
    let (done, proof) = match (which, form) {
        ("intent", "leaf") => (false, false),
        ("intent", "tlog-proof") => (false, true),
        ("done", "leaf") => (true, false),
        ("done", "tlog-proof") => (true, true),
        _ => return Err(Problem::not_found()),
    };
    let holder = visitor.holder();
    let read = House::of(&req).store.read("audits.portal_part", move |conn| {
        let audit = store::audit(conn, audit)?.ok_or(AuditError::NotFound)?;
        let row = store::opening(conn, audit.id, ordinal)?.ok_or(AuditError::NotFound)?;
        if !is_own(conn, holder, &audit, &row)? {
            return Err(AuditError::NotFound);
        }
        let leaf = if done { row.done_leaf } else { Some(row.intent_leaf) };
        let leaf = leaf.ok_or(AuditError::NotFound)?;
        ledger::newest_proof(conn, leaf)?.ok_or(AuditError::NotFound)
    });
    let proved = read.await?;
    let body = if proof { proved.proof_text.into_bytes() } else { proved.leaf_bytes };
    let name = format!("attachment; filename=\"opening-{ordinal}-{which}.{form}\"");
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::plaintext())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body))
}

impl Audited {
    /// Whether records are still being opened.
    fn is_running(&self) -> bool {
        self.audit.state == AuditState::Open
    }
}
