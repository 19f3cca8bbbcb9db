//! The forms of the case page.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::actions::{self, Proposal, Record};
use super::super::decision::Reason;
use super::super::error::CaseError;
use super::super::guard::{CaseLead, CaseOfficer};
use super::super::model::{CaseResult, Outcome};
use super::case::{Typed, answer, calendar_of};
use crate::foundation::House;
use crate::foundation::problem::Problem;
use crate::foundation::web::Form;
use crate::identity::FieldCipher;
use crate::rules::Packs;

type Data<T> = web::Data<T>;
type Answer = Result<HttpResponse, Problem>;

/// The field `name` as what it should be; `fault` if it is not.
pub(super) fn parsed<T: std::str::FromStr>(
    typed: &Typed,
    name: &str,
    fault: &'static str,
) -> Result<T, CaseError> {
    let text = typed.get(name).map(|text| text.trim());
    text.and_then(|text| text.parse().ok()).ok_or(CaseError::Words(fault))
}

/// The version of the case that the form was made from.
pub(super) fn version(typed: &Typed) -> Result<i64, CaseError> {
    parsed(typed, "version", "stale")
}

pub(super) fn reason(typed: &Typed) -> Result<Reason, CaseError> {
    Reason::parse(typed.get("reason").map(String::as_str).unwrap_or_default())
}

/// Whether a decision says yes.
fn says_yes(typed: &Typed) -> Result<bool, CaseError> {
    match typed.get("decision").map(String::as_str) {
        Some("yes") => Ok(true),
        Some("no") => Ok(false),
        _ => Err(CaseError::Words("decision")),
    }
}

/// `POST /cases/{case}/extension`: decides a request for more time.
pub(super) async fn extension(
    req: HttpRequest,
    right: CaseOfficer,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
    cipher: Data<FieldCipher>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let place = (version(&typed)?, parsed(&typed, "extension", "stale")?);
        let until = match says_yes(&typed)? {
            true => Some(parsed(&typed, "until", "extension-day")?),
            false => None,
        };
        let reason = reason(&typed)?;
        actions::decide_extension(House::of(&req), &cipher, right, place, until, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("extension", typed), done).await
}

/// `POST /cases/{case}/suspend`: the time stands still.
pub(super) async fn suspend(
    req: HttpRequest,
    right: CaseOfficer,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let (version, reason) = (version(&typed)?, reason(&typed)?);
        actions::suspend(House::of(&req), right, version, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("clock", typed), done).await
}

/// `POST /cases/{case}/resume`: the time runs again.
pub(super) async fn resume(
    req: HttpRequest,
    right: CaseOfficer,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
) -> Answer {
    let typed = form.0;
    let calendar = calendar_of(&req);
    let done = async {
        let (version, reason) = (version(&typed)?, reason(&typed)?);
        actions::resume(House::of(&req), &calendar, right, version, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("clock", typed), done).await
}

/// `POST /cases/{case}/recheck`: plans a check.
pub(super) async fn recheck(
    req: HttpRequest,
    right: CaseOfficer,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let what = (parsed(&typed, "method", "method")?, parsed(&typed, "due", "check-day")?);
        let (version, reason) = (version(&typed)?, reason(&typed)?);
        actions::plan(House::of(&req), right, version, what, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("recheck", typed), done).await
}

/// `POST /cases/{case}/recheck/officers`: names two officers who were not drawn.
pub(super) async fn officers(
    req: HttpRequest,
    right: CaseLead,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let place = (version(&typed)?, parsed(&typed, "check", "stale")?);
        let fault = "check-officers";
        let two = [parsed(&typed, "one", fault)?, parsed(&typed, "other", fault)?];
        let reason = reason(&typed)?;
        actions::name_officers(House::of(&req), right, place, two, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("officers", typed), done).await
}

/// `POST /cases/{case}/recheck/result`: writes down what a check found.
pub(super) async fn result(
    req: HttpRequest,
    right: CaseOfficer,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
    cipher: Data<FieldCipher>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let place = (version(&typed)?, parsed(&typed, "check", "stale")?);
        let record = Record {
            result: parsed::<Outcome>(&typed, "result", "decision")?,
            held_on: parsed(&typed, "held", "held-day")?,
            words: reason(&typed)?,
        };
        actions::end_recheck(House::of(&req), &cipher, right, place, record).await
    };
    let done = done.await;
    answer(&req, &packs, ("result", typed), done).await
}

/// `POST /cases/{case}/closing`: proposes to close.
pub(super) async fn closing(
    req: HttpRequest,
    right: CaseOfficer,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let result = parsed::<CaseResult>(&typed, "result", "decision")?;
        let (version, reason) = (version(&typed)?, reason(&typed)?);
        actions::propose_closing(House::of(&req), right, version, result, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("closing", typed), done).await
}

/// `POST /cases/{case}/closing/decision`: closes, or does not.
pub(super) async fn closing_decision(
    req: HttpRequest,
    right: CaseLead,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
    cipher: Data<FieldCipher>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let place = (version(&typed)?, parsed(&typed, "closing", "stale")?);
        let (yes, reason) = (says_yes(&typed)?, reason(&typed)?);
        actions::decide_closing(House::of(&req), &cipher, right, place, yes, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("closing-decision", typed), done).await
}

/// `POST /cases/{case}/escalation`: proposes to go further.
pub(super) async fn escalation(
    req: HttpRequest,
    right: CaseOfficer,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let kind = parsed(&typed, "kind", "decision")?;
        let receiver = typed.get("receiver").map(String::as_str).unwrap_or_default();
        let proposal = Proposal::new(kind, receiver, reason(&typed)?)?;
        actions::propose_escalation(House::of(&req), right, version(&typed)?, proposal).await
    };
    let done = done.await;
    answer(&req, &packs, ("escalation", typed), done).await
}

/// `POST /cases/{case}/escalation/decision`: decides what follows.
pub(super) async fn escalation_decision(
    req: HttpRequest,
    right: CaseLead,
    form: Form<Typed>,
    packs: Data<Arc<Packs>>,
) -> Answer {
    let typed = form.0;
    let done = async {
        let place = (version(&typed)?, parsed(&typed, "escalation", "stale")?);
        let (yes, reason) = (says_yes(&typed)?, reason(&typed)?);
        actions::decide_escalation(House::of(&req), right, place, yes, reason).await
    };
    let done = done.await;
    answer(&req, &packs, ("escalation-decision", typed), done).await
}
