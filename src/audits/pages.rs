//! The console pages of audits: the overview, the audits of a period, one audit with its
//! draw, and one duty holder with its days, verdicts and standing.

mod chart;
mod days;
mod detail;
mod holder;
mod listing;
mod log;
mod oversight;
mod overview;
mod portal;
mod public;
mod publications;
mod signals;
mod standing;
mod tables;
mod trade;
mod trends;
mod words;

use actix_web::web;

use super::model::{AuditRow, AuditState, Conclusion, Outcome};
use super::roster::Choice;
use super::signals::Made;

/// The URLs for officers, and for people of businesses.
pub fn console(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(overview::show))
        .route("/holders/{holder}", web::get().to(holder::show))
        .route("/holders/{holder}/standing", web::get().to(standing::show))
        .route("/tables", web::post().to(tables::send))
        .route("/oversight", web::get().to(oversight::show))
        .route("/log", web::get().to(log::show))
        .route("/publications", web::get().to(publications::show))
        .route("/publications/{audit}/publish", web::post().to(publications::publish))
        .route("/publications/{audit}/withdraw", web::post().to(publications::withdraw))
        .route("/public", web::get().to(public::departments))
        .route("/public/{department}", web::get().to(public::published))
        .route("/signals", web::get().to(signals::show))
        .route("/signals/{stream}/{period}/{kind}/confirm", web::post().to(signals::confirm))
        .route("/signals/{stream}/{period}/{kind}/dismiss", web::post().to(signals::dismiss))
        .route("/audits", web::get().to(listing::show))
        .route("/audits/{audit}", web::get().to(detail::show))
        .route("/portal", web::get().to(portal::home::show))
        .route("/portal/openings", web::get().to(portal::openings::show))
        .route("/portal/openings/{opening}/{part}", web::get().to(portal::openings::part));
}

/// A word and the colour in which the console shows it.
struct Tag {
    key: &'static str,
    tone: &'static str,
}

impl From<&AuditRow> for Tag {
    fn from(audit: &AuditRow) -> Self {
        Self::of(audit.state, audit.verdict)
    }
}

impl Tag {
    /// Where an audit stands, in a word.
    const fn of(state: AuditState, verdict: Option<Conclusion>) -> Self {
        let (key, tone) = match (state, verdict) {
            (AuditState::Done, Some(Conclusion::Compliant)) => ("audits-compliant", "good"),
            (AuditState::Done, Some(Conclusion::NonCompliant)) => ("audits-non-compliant", "bad"),
            (AuditState::Done, _) => ("audits-undecided", "warn"),
            (AuditState::Open, _) => ("audits-running", ""),
            (AuditState::Parked, _) => ("audits-parked", "bad"),
            (AuditState::Empty, _) => ("audits-empty", ""),
        };
        Self { key, tone }
    }
}

impl From<Choice> for Tag {
    fn from(choice: Choice) -> Self {
        let (key, tone) = match choice {
            Choice::Waiting => ("audits-choice-waiting", ""),
            Choice::Drawn => ("audits-choice-drawn", "good"),
            Choice::NotDrawn => ("audits-choice-not-drawn", ""),
            Choice::ForCause => ("audits-choice-for-cause", "warn"),
            Choice::CapReached => ("audits-choice-cap-reached", "bad"),
        };
        Self { key, tone }
    }
}

impl From<Made> for Tag {
    fn from(made: Made) -> Self {
        let (key, tone) = match made {
            Made::Confirmed => ("audits-signal-confirmed", "warn"),
            Made::Dismissed => ("audits-signal-dismissed", ""),
        };
        Self { key, tone }
    }
}

impl From<Option<Outcome>> for Tag {
    fn from(outcome: Option<Outcome>) -> Self {
        let (key, tone) = match outcome {
            Some(Outcome::Pass) => ("audits-outcome-pass", "good"),
            Some(Outcome::Fail) => ("audits-outcome-fail", "bad"),
            Some(Outcome::Undecided) => ("audits-outcome-undecided", "warn"),
            None => ("audits-outcome-waiting", ""),
        };
        Self { key, tone }
    }
}
