//! One audit: what may be said, the draw, the drawn records, and how to repeat it.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use super::super::error::AuditError;
use super::super::guard::AuditViewer;
use super::super::model::{AuditRow, Measure, OpeningRow, Outcome, PeriodRow, PoolRow};
use super::super::store;
use super::Tag;
use super::chart::{HIGH, WIDE, Walk, walk};
use super::listing::why as why_chosen;
use super::words::{Sentence, sentences};
use crate::cases::{self, Finding};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{HolderId, StreamId};
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;
use crate::foundation::web::{Frame, Lang, page};
use crate::ledger;
use crate::registry;
use crate::rules::Packs;

/// A drawn record in the table.
struct Record {
    row: OpeningRow,
    outlet: String,
    tag: Tag,
    /// Names of the rules that it does not keep, or why it was not judged.
    why: Vec<String>,
    /// The number that corrects it and came after the cutoff, and when.
    repair: Option<(i64, Timestamp)>,
}

#[derive(Template)]
#[template(path = "audits/pages/audit.html")]
struct AuditPage {
    f: Frame,
    audit: AuditRow,
    period: PeriodRow,
    holder: String,
    /// The holders of the pool with their records, if it is one.
    pool: Vec<(HolderId, String, i64)>,
    tag: Tag,
    /// How it came to be audited, and why, where a draw or a cause decided.
    chosen: Option<(Tag, Option<String>)>,
    said: Vec<Sentence>,
    /// The verdict as a walk between its limits.
    walk: Option<Walk>,
    records: Vec<Record>,
    measures: Vec<Measure>,
    findings: Vec<Finding>,
    /// What a verifier needs, once the secret is revealed.
    repeat: Option<String>,
}

impl AuditPage {
    fn finding_key(finding: &Finding) -> String {
        format!("cases-kind-{}", finding.kind.as_str().replace('_', "-"))
    }
}

/// `GET /audits/{audit}`: one audit.
pub(super) async fn show(
    req: HttpRequest,
    viewer: AuditViewer,
    packs: web::Data<Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&req, "audits-audit");
    let read = House::of(&req).store.read("audits.show", move |conn| {
        let audit = viewer.audit;
        let period = store::period(conn, audit.plan_id, &audit.period)?;
        let period = period.ok_or(AuditError::NotFound)?;
        let pool = store::pools::of_audit(conn, audit.id)?;
        let holder = match audit.pooled {
            Some(count) => frame.t1("audits-pool", "count", count),
            None => name_of(conn, audit.holder_id)?,
        };
        let (plan, id) = (audit.plan_id, &audit.period);
        let listed = store::roster::row(conn, plan, id, audit.holder_id)?;
        let listed = listed.filter(|row| row.class.is_some() || row.cause.is_some());
        let measures = store::measures_of(conn, audit.holder_id, plan, id)?;
        let findings = cases::findings_of_audit(conn, audit.id)?;
        let records = records(conn, frame.lang, (&audit, &pool), &packs, &findings)?;
        let outcomes: Vec<Outcome> =
            records.iter().map_while(|record| record.row.outcome).collect();
        Ok::<_, AuditError>(AuditPage {
            holder,
            tag: Tag::from(&audit),
            chosen: listed.map(|row| (Tag::from(row.choice), why_chosen(&frame, &row))),
            said: sentences(frame.lang, &audit, &measures),
            walk: walk(&audit, &outcomes),
            records,
            findings,
            repeat: repeat(conn, &audit, &period)?,
            pool: pool
                .into_iter()
                .map(|one| Ok((one.holder_id, name_of(conn, one.holder_id)?, one.records)))
                .collect::<Result<_, AuditError>>()?,
            measures,
            period,
            audit,
            f: frame,
        })
    });
    page(&read.await?)
}

fn name_of(conn: &mut Conn, holder: HolderId) -> Result<String, AuditError> {
    Ok(registry::holder(conn, holder)?.map(|holder| holder.name).unwrap_or_default())
}

fn records(
    conn: &mut Conn,
    lang: Lang,
    (audit, pool): (&AuditRow, &[PoolRow]),
    packs: &Packs,
    findings: &[Finding],
) -> Result<Vec<Record>, AuditError> {
    let mut outlets: HashMap<StreamId, String> = HashMap::new();
    let members = pool.iter().map(|one| one.holder_id);
    for holder in members.chain(std::iter::once(audit.holder_id)) {
        let streams = registry::streams_of(conn, holder)?;
        outlets.extend(streams.into_iter().map(|facts| (facts.stream.id, facts.outlet.name)));
    }
    let rows = store::openings_of(conn, audit.id)?;
    let record = |row: OpeningRow| Record {
        outlet: outlets.get(&row.stream_id).cloned().unwrap_or_default(),
        tag: Tag::from(row.outcome),
        why: why(lang, &row, audit, packs),
        repair: repair(findings, &row),
        row,
    };
    Ok(rows.into_iter().map(record).collect())
}

/// The repair that is noted beside the finding about a record.
fn repair(findings: &[Finding], row: &OpeningRow) -> Option<(i64, Timestamp)> {
    let own = findings.iter().find(|finding| {
        finding.stream == Some(row.stream_id) && finding.first_number == Some(row.judged)
    })?;
    own.repaired_number.zip(own.repaired_at)
}

/// Why a record fails, in words that name no content.
pub(super) fn why(lang: Lang, row: &OpeningRow, audit: &AuditRow, packs: &Packs) -> Vec<String> {
    let cause = row.cause.filter(|cause| *cause != super::super::model::Cause::RecordFailed);
    let cause =
        cause.map(|cause| lang.text(&format!("cases-kind-{}", cause.as_str().replace('_', "-"))));
    let own = audit.packs.split(", ").filter_map(|id| packs.pack(id));
    let name = |rule: &str| {
        let found = own.clone().find_map(|pack| pack.rule(rule));
        found.map_or(rule.to_owned(), |rule| match lang {
            Lang::Zh => rule.zh.clone(),
            Lang::En => rule.en.clone(),
        })
    };
    let rules = match row.failures() {
        Ok(failures) => failures.iter().map(|failure| name(&failure.rule)).collect(),
        Err(damaged) => {
            tracing::error!(audit.id = %audit.id, cause = %damaged, "{damaged}");
            vec![lang.text("audits-damaged")]
        }
    };
    cause.into_iter().chain(rules).collect()
}

/// What a verifier needs to repeat the draw, as JSON; `None` until the secret is revealed.
fn repeat(
    conn: &mut Conn,
    audit: &AuditRow,
    period: &PeriodRow,
) -> Result<Option<String>, AuditError> {
    let (Some(nonce), Some(root)) = (period.revealed, period.tree_root) else { return Ok(None) };
    let leaf = ledger::leaf(conn, audit.frame_leaf)?;
    let frame = leaf
        .map(|leaf| leaf.body())
        .and_then(|mut body| body.get_mut("intervals").map(Value::take));
    let repeat = json!({
        "profile": super::super::draw::PROFILE,
        "nonces": [nonce.to_b64u()],
        "root": root.to_b64u(),
        "size": period.tree_size,
        "holder": audit.holder_id,
        "period": audit.period,
        "frame_hash": audit.frame_hash.to_b64u(),
        "frame": frame,
        "count": audit.opened,
    });
    Ok(serde_json::to_string_pretty(&repeat).ok())
}
