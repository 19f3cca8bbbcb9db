//! `POST /v1/check`: what the rules of the audit say of records that a business has not sealed yet.
//!
//! The records are in clear here and nowhere else, so nothing of them is stored, logged or
//! answered: the answer names lines, pointers and rules.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};

use super::must_be;
use crate::foundation::ids::StreamId;
use crate::foundation::problem::Problem;
use crate::foundation::time::Day;
use crate::foundation::web::{BodyLimit, read_body};
use crate::intake::desk::Desk;
use crate::intake::guard::Pusher;
use crate::rules::{Failure, Known, Pack, Rule};

/// The media type of records, one JSON object a line.
const RECORDS: &str = "application/x-ndjson";
/// Most records of one request.
const MOST_RECORDS: u64 = 1_000;
/// Most problems of one answer; more are counted.
const MOST_PROBLEMS: usize = 10_000;

/// The head of a check, judged before the caller is.
pub(super) struct CheckHead;

impl FromRequest for CheckHead {
    type Error = Problem;
    type Future = Ready<Result<CheckHead, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(must_be(req, RECORDS).map(|()| CheckHead))
    }
}

/// By which rules, and what all records have in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    pack: String,
    subtype: Option<String>,
    stream: Option<StreamId>,
    day: Option<Day>,
}

/// What is wrong with one record.
#[derive(Debug, Serialize)]
struct Found {
    /// Line of the body, from 1.
    line: u64,
    #[serde(flatten)]
    failure: Failure,
}

/// What the rules say.
#[derive(Debug, Default, Serialize)]
pub(super) struct Checked {
    pack: String,
    records: u64,
    failing: u64,
    undecided: u64,
    problems: Vec<Found>,
    /// Problems beyond those that are listed.
    left_off: u64,
    /// Text, repair and weight of every rule that occurs.
    rules: BTreeMap<String, Rule>,
}

/// Judges up to 1,000 records and keeps nothing.
pub(super) async fn check(
    _: CheckHead,
    _pusher: Pusher,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<web::Json<Checked>, Problem> {
    let desk = Desk::of(&req);
    let asked = web::Query::<Asked>::from_query(req.query_string());
    let asked = asked.map_err(Problem::malformed)?.into_inner();
    let pack = desk.packs.pack(&asked.pack).cloned();
    let pack = pack.ok_or_else(|| Problem::malformed(format!("no rule pack {}", asked.pack)))?;
    let subtypes = pack.subtypes();
    if let Some(subtype) = &asked.subtype
        && subtypes.iter().all(|known| known.name != *subtype)
    {
        return Err(Problem::malformed(format!("{} has no subtype {subtype}", asked.pack)));
    }
    let body = read_body(&req, payload, BodyLimit::of(desk.gates.limits().bytes)).await?;
    let checked = web::block(move || judge(&pack, &asked, &body)).await;
    checked.map_err(Problem::ours)?.map(web::Json)
}

fn judge(pack: &Pack, asked: &Asked, body: &[u8]) -> Result<Checked, Problem> {
    let stream = asked.stream.map(|stream| stream.to_string());
    let known = Known {
        stream: stream.as_deref(),
        seq: None,
        day: asked.day.as_ref().map(Day::as_str),
        subtype: asked.subtype.as_deref(),
        ..Known::default()
    };
    let mut checked = Checked { pack: pack.id().to_owned(), ..Checked::default() };
    for (line, record) in (1..).zip(body.split(|&byte| byte == b'\n')) {
        if record.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if checked.records == MOST_RECORDS {
            let problem = Problem::of(StatusCode::PAYLOAD_TOO_LARGE, "too-large");
            return Err(problem.says(&"a check has at most 1,000 records"));
        }
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        let judgement = pack.check(record, &known);
        checked.records += 1;
        checked.failing += u64::from(judgement.fails());
        checked.undecided += u64::from(judgement.undecided());
        for failure in judgement.failures {
            checked.add(pack, line, failure);
        }
    }
    Ok(checked)
}

impl Checked {
    fn add(&mut self, pack: &Pack, line: u64, failure: Failure) {
        if let Some(rule) = pack.rule(&failure.rule)
            && !self.rules.contains_key(&failure.rule)
        {
            self.rules.insert(failure.rule.clone(), rule.clone());
        }
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Found { line, failure });
        } else {
            self.left_off += 1;
        }
    }
}
