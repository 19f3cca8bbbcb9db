//! The console pages of findings and cases.

mod acts;
mod asked;
mod case;
mod cases;
mod decide;
mod deciding;
mod evidence;
mod finding;
mod governance;
mod parts;
mod portal;
mod scene;
mod worklist;

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use diesel::QueryResult;

use super::model::{FindingKind, Integrity, Severity, Stage, State};
use super::words;
use crate::foundation::db::Conn;
use crate::foundation::ids::{DepartmentId, HolderId, OfficerId};
use crate::foundation::time::Timestamp;
use crate::foundation::web::Lang;
use crate::notices::{Letter, Recipient};
use crate::registry;

/// The URLs for people.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .route("/findings", web::get().to(worklist::list))
        .route("/findings/filters", web::post().to(worklist::name_filter))
        .route("/findings/filters/{filter}/forget", web::post().to(worklist::forget_filter))
        .route("/findings/decide", web::get().to(decide::show))
        .route("/findings/decide/confirm", web::post().to(decide::confirm))
        .route("/findings/decide/dismiss", web::post().to(decide::dismiss))
        .route("/findings/groups/{group}", web::get().to(decide::group))
        .route("/findings/{finding}", web::get().to(finding::show))
        .route("/findings/{finding}/confirm", web::post().to(finding::confirm))
        .route("/findings/{finding}/dismiss", web::post().to(finding::dismiss))
        .route("/findings/{finding}/reopen", web::post().to(finding::reopen))
        .route("/cases", web::get().to(cases::list))
        .route("/cases/{case}", web::get().to(case::show))
        .route("/cases/{case}/parts", web::get().to(parts::show))
        .route("/cases/{case}/merge", web::post().to(parts::merge))
        .route("/cases/{case}/split", web::post().to(parts::split))
        .route("/cases/{case}/evidence/{evidence}", web::get().to(evidence::for_officers))
        .route("/cases/{case}/extension", web::post().to(acts::extension))
        .route("/cases/{case}/suspend", web::post().to(acts::suspend))
        .route("/cases/{case}/resume", web::post().to(acts::resume))
        .route("/cases/{case}/recheck", web::post().to(acts::recheck))
        .route("/cases/{case}/recheck/officers", web::post().to(acts::officers))
        .route("/cases/{case}/recheck/result", web::post().to(acts::result))
        .route("/cases/{case}/closing", web::post().to(acts::closing))
        .route("/cases/{case}/closing/decision", web::post().to(acts::closing_decision))
        .route("/cases/{case}/escalation", web::post().to(acts::escalation))
        .route("/cases/{case}/escalation/decision", web::post().to(acts::escalation_decision))
        .route("/governance", web::get().to(governance::show))
        .route("/governance", web::post().to(governance::take))
        .route("/governance/{measure}/end", web::post().to(governance::end))
        .route("/portal/cases", web::get().to(portal::list))
        .route("/portal/cases/{case}", web::get().to(portal::show))
        .route("/portal/cases/{case}/evidence/{evidence}", web::get().to(evidence::for_business))
        .route("/portal/cases/{case}/acknowledge", web::post().to(portal::acknowledge))
        .route("/portal/cases/{case}/reply", web::post().to(portal::reply))
        .route("/portal/cases/{case}/extension", web::post().to(portal::extension));
}

/// The size of a file, such as `1.2 MiB`.
fn size_of(bytes: i64) -> String {
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// Sends the browser on to `path` after a form.
fn see(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).finish()
}

/// The word for a kind of findings.
fn kind_text(lang: Lang, kind: FindingKind) -> String {
    lang.text(&format!("cases-kind-{}", words::name(kind)))
}

/// Names of duty holders, each looked up once.
#[derive(Default)]
struct Names(HashMap<HolderId, String>);

impl Names {
    fn of(&mut self, conn: &mut Conn, id: HolderId) -> QueryResult<String> {
        if let Some(name) = self.0.get(&id) {
            return Ok(name.clone());
        }
        let name = registry::holder(conn, id)?.map(|holder| holder.name).unwrap_or_default();
        self.0.insert(id, name.clone());
        Ok(name)
    }
}

/// The names of a department's officers.
fn officer_names(
    conn: &mut Conn,
    department: DepartmentId,
) -> QueryResult<HashMap<OfficerId, String>> {
    let officers = registry::officers_of(conn, department)?;
    Ok(officers.into_iter().map(|officer| (officer.id, officer.name)).collect())
}

/// What the timeline tells of a letter: that it was written, and what became of it.
fn see_letter(lang: Lang, letter: &Letter) -> impl Iterator<Item = (Timestamp, String)> {
    let say = |key: &str| {
        let place = letter.recipient();
        let to = if place == Recipient::Nobody { "cases-to-nobody" } else { "cases-to-contact" };
        let language = lang.text(&format!("cases-language-{}", letter.lang));
        lang.text_with(key, &[("to", &lang.text(to)), ("language", &language)])
    };
    let written = (letter.queued_at, say("cases-moment-letter"));
    let sent = letter.sent_at.map(|at| (at, say("cases-moment-letter-sent")));
    std::iter::once(written).chain(sent)
}

/// A word and the colour in which the console shows it.
struct Tag {
    key: String,
    tone: &'static str,
}

impl From<Stage> for Tag {
    fn from(stage: Stage) -> Self {
        let tone = match stage {
            Stage::Proposed => "warn",
            Stage::Confirmed => "bad",
            Stage::Dismissed => "",
        };
        Self { key: format!("cases-stage-{stage}"), tone }
    }
}

impl From<Severity> for Tag {
    fn from(severity: Severity) -> Self {
        let tone = match severity {
            Severity::Critical => "bad",
            Severity::Major => "warn",
            Severity::Minor | Severity::Advice => "",
        };
        Self { key: format!("cases-severity-{severity}"), tone }
    }
}

impl From<State> for Tag {
    fn from(state: State) -> Self {
        let tone = match state {
            State::Opened | State::Transferred => "",
            State::Served | State::Closed => "good",
            State::Overdue | State::Escalated | State::HandedOver => "bad",
            State::Undeliverable | State::Replied | State::Rechecking => "warn",
        };
        Self { key: format!("cases-state-{}", state.as_str().replace('_', "-")), tone }
    }
}

impl From<Integrity> for Tag {
    fn from(integrity: Integrity) -> Self {
        let (word, tone) = match integrity {
            Integrity::Matches => ("matches", "good"),
            Integrity::Waiting => ("waiting", ""),
            Integrity::Differs => ("differs", "bad"),
        };
        Self { key: format!("cases-log-{word}"), tone }
    }
}
