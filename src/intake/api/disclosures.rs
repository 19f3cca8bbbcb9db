//! What the endpoint of disclosures says.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::actions::{self, Answered, Disclosed, Fate};
use super::super::disclosure::{AskedRecord, Disclosure, DisclosureRequest};
use super::super::error::IntakeError;
use super::super::store;
use crate::foundation::House;
use crate::foundation::ids::{AuditId, DepartmentId, HolderId, StreamId};
use crate::foundation::paging::{PAGE, Page};
use crate::foundation::problem::Problem;
use crate::foundation::time::Timestamp;

/// The answer to a disclosure: 201 where a record was stored, 200 where all that is good was known,
/// 422 where nothing is good.
pub(super) fn answer(disclosed: Disclosed) -> Result<HttpResponse, Problem> {
    let has = |wanted: fn(&Fate) -> bool| disclosed.records.iter().any(|(.., fate)| wanted(fate));
    let accepted = has(|fate| matches!(fate, Fate::Accepted { .. }));
    let known = has(|fate| matches!(fate, Fate::Known { .. }));
    if !accepted && !known {
        let problem = Problem::of(StatusCode::UNPROCESSABLE_ENTITY, "records-rejected");
        let said = "no record of this disclosure can be taken";
        return Err(problem.says(&said).with("faults", faults(&disclosed)));
    }
    let records: Vec<Value> = disclosed.records.iter().map(record).collect();
    let mut body = json!({ "draw": disclosed.draw, "records": records });
    if let Some(receipt) = disclosed.receipt {
        body["receipt"] = receipt;
    }
    let status = if accepted { StatusCode::CREATED } else { StatusCode::OK };
    Ok(HttpResponse::build(status).json(body))
}

/// Every fault: the position of its record from 0, number, code and pointer.
fn faults(disclosed: &Disclosed) -> Vec<Value> {
    let mut faults = Vec::new();
    for (position, (stream, seq, fate)) in disclosed.records.iter().enumerate() {
        let Fate::Refused(found) = fate else { continue };
        faults.extend(found.iter().map(|(code, pointer)| {
            json!({
                "position": position, "stream": stream, "seq": seq, "code": code,
                "pointer": pointer,
            })
        }));
    }
    faults
}

fn record((stream, seq, fate): &(StreamId, u64, Fate)) -> Value {
    match fate {
        Fate::Accepted { late } => {
            json!({ "stream": stream, "seq": seq, "result": "accepted", "late": late })
        }
        Fate::Known { late } => {
            json!({ "stream": stream, "seq": seq, "result": "known", "late": late })
        }
        Fate::Refused(found) => {
            let fault =
                |(code, pointer): &(&str, String)| json!({ "code": code, "pointer": pointer });
            let faults: Vec<Value> = found.iter().map(fault).collect();
            json!({ "stream": stream, "seq": seq, "result": "refused", "faults": faults })
        }
    }
}

/// A request as its business sees it.
#[derive(Debug, Serialize)]
struct RequestView {
    draw: AuditId,
    period: String,
    block: i64,
    /// To whose key the records are sealed.
    department: DepartmentId,
    asked_at: Timestamp,
    due: Timestamp,
    records: Vec<AskedView>,
}

#[derive(Debug, Serialize)]
struct AskedView {
    stream: StreamId,
    seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    disclosed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<bool>,
}

impl RequestView {
    fn of(request: DisclosureRequest, records: Answered) -> Self {
        let view = |(asked, row): (AskedRecord, Option<Disclosure>)| AskedView {
            stream: asked.stream_id,
            seq: asked.seq,
            disclosed_at: row.as_ref().map(|row| row.received_at),
            late: row.map(|row| row.late),
        };
        Self {
            draw: request.audit_id,
            period: request.period,
            block: request.block,
            department: request.department_id,
            asked_at: request.asked_at,
            due: request.due,
            records: records.into_iter().map(view).collect(),
        }
    }
}

/// A page of requests to `holder`, newest first.
pub(super) async fn list(
    house: &House,
    holder: HolderId,
    before: Option<(Timestamp, AuditId)>,
) -> Result<HttpResponse, Problem> {
    let read = house.store.read("intake.requests", move |conn| {
        let rows = store::newest_requests(conn, holder, before, PAGE + 1)?;
        let page = Page::cut(rows, |row| format!("{}.{}", row.asked_at.micros(), row.audit_id));
        let records = actions::answered(conn, &page.rows)?;
        Ok::<_, IntakeError>((page, records))
    });
    let (Page { rows, next }, records) = read.await?;
    let views = rows.into_iter().zip(records).map(|(row, records)| RequestView::of(row, records));
    Ok(HttpResponse::Ok().json(Page { rows: views.collect(), next }))
}
