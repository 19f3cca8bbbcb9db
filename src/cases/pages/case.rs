//! One case, for its officers: what to do next first, then the case and everything that happened.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::actions;
use super::super::error::CaseError;
use super::super::guard::{CaseViewer, bar_of_case};
use super::super::model::{
    Case, CaseResult, Check, CheckMethod, Escalation, EscalationKind, Event, Outcome, State,
    latest_day,
};
use super::scene::{ClockLine, Scene, moment_key};
use super::{Tag, officer_names, see_letter};
use crate::foundation::House;
use crate::foundation::ids::OfficerId;
use crate::foundation::problem::Problem;
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::{Frame, Lang, page};
use crate::notices::{FrozenBasis, LetterKind};
use crate::registry::Calendar;
use crate::rules::Packs;

/// The fields of a form, by name.
pub(super) type Typed = HashMap<String, String>;

/// A form that was refused: which, why, and what was typed.
#[derive(Default)]
pub(super) struct Mend {
    pub(super) form: &'static str,
    pub(super) fault: Option<String>,
    pub(super) typed: Typed,
}

impl Mend {
    /// What was typed into `field` of `form`, or else `usual`.
    pub(super) fn typed<'a>(&'a self, form: &str, field: &str, usual: &'a str) -> &'a str {
        let own = self.typed.get(field).filter(|_| self.form == form);
        own.map_or(usual, String::as_str)
    }
}

/// One point of the timeline.
struct Moment {
    at: Timestamp,
    text: String,
    by: String,
    note: String,
    leaf: Option<u64>,
}

/// Who looks: what he may do here.
struct Viewer {
    id: OfficerId,
    leads: bool,
    bar: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "cases/pages/case.html")]
struct CasePage {
    f: Frame,
    case: Case,
    state: Tag,
    clock: ClockLine,
    basis: Option<FrozenBasis>,
    scene: Scene,
    moments: Vec<Moment>,
    names: HashMap<OfficerId, String>,
    fit: Vec<(OfficerId, String)>,
    viewer: Viewer,
    mend: Mend,
    today: Day,
}

impl CasePage {
    /// The Fluent key of the notice's kind.
    fn notice(&self) -> String {
        format!("notices-kind-{}", self.case.notice)
    }

    fn name(&self, id: &OfficerId) -> &str {
        self.names.get(id).map_or("–", String::as_str)
    }

    /// Whether `event`, by its word, has a meaning now and the viewer may do something.
    fn can(&self, event: &str) -> bool {
        let event: Option<Event> = event.parse().ok();
        self.viewer.bar.is_none()
            && event.is_some_and(|event| self.case.state.after(event).is_some())
    }

    fn is_order(&self) -> bool {
        self.case.notice == LetterKind::Order
    }

    /// Whether the viewer is one of the two officers of `check`.
    fn holds(&self, check: &Check) -> bool {
        check.is_by(self.viewer.id)
    }

    /// Whether the viewer proposed `step` himself.
    fn proposed(&self, step: &Escalation) -> bool {
        step.proposed_by == Some(self.viewer.id)
    }

    /// The form that comes next, by its name; empty if an officer has nothing to do.
    fn next(&self) -> &'static str {
        if self.scene.open_extension().is_some() {
            return "extension";
        }
        if self.scene.open_closing().is_some() {
            return "closing-decision";
        }
        if self.scene.open_escalation().is_some() {
            return "escalation-decision";
        }
        if let Some(check) = self.scene.open_check() {
            return if check.officers().is_some() { "result" } else { "officers" };
        }
        match self.case.state {
            State::Replied => "recheck",
            State::Rechecking => "closing",
            State::Overdue => "escalation",
            State::Escalated => "closing",
            _ => "",
        }
    }

    /// What to do next, as a Fluent key.
    fn next_key(&self) -> String {
        match self.next() {
            "" => format!("case-next-{}", self.case.state.as_str().replace('_', "-")),
            form => format!("case-next-{form}"),
        }
    }

    /// Whether the form called `form` is shown open.
    fn opens(&self, form: &str) -> bool {
        if self.mend.form.is_empty() { self.next() == form } else { self.mend.form == form }
    }

    fn typed<'a>(&'a self, form: &str, field: &str) -> &'a str {
        self.mend.typed(form, field, "")
    }

    /// The latest day that may be granted.
    fn latest_day(&self) -> Day {
        latest_day(self.case.deadline, &self.scene.extensions)
    }

    /// The ways to check, and those to go further that have a meaning now.
    fn methods() -> &'static [CheckMethod] {
        CheckMethod::ALL
    }

    fn outcomes() -> &'static [Outcome] {
        Outcome::ALL
    }

    fn results() -> [CaseResult; 3] {
        [CaseResult::Rectified, CaseResult::Lenient, CaseResult::Withdrawn]
    }

    fn steps(&self) -> Vec<EscalationKind> {
        let steps = EscalationKind::ALL.iter().copied();
        steps.filter(|kind| actions::may_follow(&self.case, *kind).is_ok()).collect()
    }

    fn step_key(kind: &EscalationKind) -> String {
        format!("case-step-{}", kind.as_str().replace('_', "-"))
    }

    fn size(bytes: &i64) -> String {
        super::size_of(*bytes)
    }
}

/// `GET /cases/{case}`.
pub(super) async fn show(
    req: HttpRequest,
    viewer: CaseViewer,
    packs: web::Data<Arc<Packs>>,
) -> Result<HttpResponse, Problem> {
    page(&case_page(&req, viewer, &packs, Mend::default()).await?)
}

async fn case_page(
    req: &HttpRequest,
    CaseViewer { officer, case }: CaseViewer,
    packs: &Arc<Packs>,
    mend: Mend,
) -> Result<CasePage, Problem> {
    let f = Frame::of(req, "cases-case");
    let house = House::of(req);
    let today = house.clock.now().day();
    let (asked, packs, lang) = (case.clone(), packs.clone(), f.lang);
    let (scene, names, fit) = house
        .store
        .read("cases.case_page", move |conn| -> Result<_, CaseError> {
            let scene = Scene::of(conn, lang, &packs, &asked)?;
            let fit = actions::eligible(conn, &asked, today)?;
            let fit = fit.into_iter().map(|officer| (officer.id, officer.name)).collect();
            Ok((scene, officer_names(conn, asked.department)?, fit))
        })
        .await?;
    let viewer =
        Viewer { id: officer.row().id, leads: officer.leads(), bar: bar_of_case(&officer, &case) };
    let calendar = calendar_of(req);
    Ok(CasePage {
        state: case.state.into(),
        clock: ClockLine::of(&case, today, &calendar),
        basis: serde_json::from_str(&case.basis).ok(),
        moments: moments(f.lang, &scene, &names),
        scene,
        names,
        fit,
        viewer,
        mend,
        today,
        case,
        f,
    })
}

/// The working days that the server was started with.
pub(super) fn calendar_of(req: &HttpRequest) -> Calendar {
    let given = req.app_data::<web::Data<Calendar>>().map(|calendar| (***calendar).clone());
    given.unwrap_or_else(Calendar::embedded)
}

fn moments(lang: Lang, scene: &Scene, names: &HashMap<OfficerId, String>) -> Vec<Moment> {
    let of = |at, text| Moment { at, text, by: String::new(), note: String::new(), leaf: None };
    let mut moments: Vec<Moment> = Vec::new();
    for found in &scene.findings {
        moments.push(of(found.at, lang.text("cases-moment-found")));
    }
    for (happening, leaf) in &scene.happenings {
        let officer = happening.officer.and_then(|id| names.get(&id).cloned());
        let person = happening.person.and_then(|id| scene.people.get(&id).cloned());
        moments.push(Moment {
            by: officer.or(person).unwrap_or_default(),
            note: happening.note.clone().unwrap_or_default(),
            leaf: *leaf,
            ..of(happening.at, lang.text(&moment_key(happening)))
        });
    }
    for letter in &scene.letters {
        moments.extend(see_letter(lang, letter).map(|(at, text)| of(at, text)));
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// The answer to a form of the case page: on to the page if it was done; else the page again, with
/// what was typed and what is wrong with it.
pub(super) async fn answer(
    req: &HttpRequest,
    packs: &Arc<Packs>,
    (form, typed): (&'static str, Typed),
    done: Result<(), CaseError>,
) -> Result<HttpResponse, Problem> {
    let (status, fault) = match done {
        Ok(()) => {
            let path = req.path().split('/').take(3).collect::<Vec<_>>().join("/");
            return Ok(super::see(&path));
        }
        Err(CaseError::Words(fault)) => (StatusCode::UNPROCESSABLE_ENTITY, fault),
        Err(CaseError::NotNow) => (StatusCode::CONFLICT, "moved"),
        Err(error) => return Err(error.into()),
    };
    let viewer = CaseViewer::from_request(req, &mut actix_web::dev::Payload::None).await?;
    let mend = Mend { form, fault: Some(format!("case-fault-{fault}")), typed };
    let mut answer = page(&case_page(req, viewer, packs, mend).await?)?;
    *answer.status_mut() = status;
    Ok(answer)
}
