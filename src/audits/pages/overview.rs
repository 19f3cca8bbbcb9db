//! The overview: what to look at first, what waits for a decision, what the draws say, what came
//! in, and how that went lately by trade and district.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::super::error::AuditError;
use super::super::model::{AuditState, Conclusion, PeriodRow, PeriodState};
use super::super::store::{self, console};
use super::trends::{self, Came, Trend};
use crate::cases::{self, Severity, State};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::registry::{Officer, Sector};

/// How many periods of all trades the overview looks back on.
const PERIODS: i64 = 60;

/// The newest period of a trade whose cutoff is past, and what its audits say.
struct Drawn {
    row: PeriodRow,
    compliant: i64,
    non_compliant: i64,
    undecided: i64,
    running: i64,
    parked: i64,
    empty: i64,
}

/// Something that should be looked at before anything else.
struct Attention {
    tone: &'static str,
    key: &'static str,
    count: i64,
    link: &'static str,
}

#[derive(Template)]
#[template(path = "audits/pages/overview.html")]
struct OverviewPage {
    f: Frame,
    /// Whether the officer leads the department.
    leads: bool,
    undecided_findings: i64,
    open_cases: i64,
    drawn: Vec<Drawn>,
    coming: Vec<PeriodRow>,
    came: Vec<(Sector, Came)>,
    sectors: Vec<Trend>,
    districts: Vec<Trend>,
    attention: Vec<Attention>,
    troubled: Vec<PeriodRow>,
}

impl OverviewPage {
    /// Businesses within the limit.
    fn within(&self) -> i64 {
        self.drawn.iter().map(|drawn| drawn.compliant).sum()
    }

    /// Businesses above the limit.
    fn above(&self) -> i64 {
        self.drawn.iter().map(|drawn| drawn.non_compliant).sum()
    }
}

/// `GET /`: the overview of the officer's department and trades.
pub(super) async fn show(req: HttpRequest, officer: Officer) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&req, "audits-overview");
    let read = House::of(&req).store.read("audits.overview", move |conn| {
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let mut periods = store::periods_of(conn, department, PERIODS)?;
        periods.retain(|row| sectors.contains(&row.sector));
        let mut drawn = Vec::new();
        for row in newest(&periods) {
            let counts = console::count_audits(conn, row.plan_id, &row.period)?;
            drawn.push(count(row, &counts));
        }
        let rows = trends::rows(conn, department, &sectors)?;
        Ok::<_, AuditError>(OverviewPage {
            f: frame,
            leads: officer.leads(),
            undecided_findings: cases::undecided_findings(conn, &officer)?,
            open_cases: cases::open_cases(conn, &officer)?,
            attention: attention(conn, &officer, &drawn)?,
            drawn,
            coming: of_state(&periods, PeriodState::Committed),
            came: trends::came(&rows),
            sectors: trends::by_sector(&rows),
            districts: trends::by_district(&rows),
            troubled: periods.into_iter().filter(|row| row.reason.is_some()).collect(),
        })
    });
    page(&read.await?)
}

/// What should be looked at first, the most urgent first; nothing that is not there.
fn attention(
    conn: &mut Conn,
    officer: &Officer,
    drawn: &[Drawn],
) -> Result<Vec<Attention>, AuditError> {
    let weighs = cases::undecided_by_severity(conn, officer)?;
    let of = |severity: Severity| {
        weighs.iter().filter(|(own, _)| *own == severity).map(|(_, count)| count).sum::<i64>()
    };
    let findings = "/findings?stage=proposed";
    let overdue = cases::cases_in(conn, officer, State::Overdue)?;
    let paper = cases::cases_in(conn, officer, State::Undeliverable)?;
    let parked = drawn.iter().map(|drawn| drawn.parked).sum();
    let mut told = vec![
        Attention { tone: "bad", key: "audits-first-parked", count: parked, link: "/audits" },
        Attention {
            tone: "bad",
            key: "audits-first-critical",
            count: of(Severity::Critical),
            link: findings,
        },
        Attention {
            tone: "bad",
            key: "audits-first-overdue",
            count: overdue,
            link: "/cases?state=overdue",
        },
        Attention {
            tone: "warn",
            key: "audits-first-paper",
            count: paper,
            link: "/cases?state=undeliverable",
        },
        Attention {
            tone: "warn",
            key: "audits-first-major",
            count: of(Severity::Major),
            link: findings,
        },
    ];
    told.retain(|one| one.count > 0);
    Ok(told)
}

fn of_state(periods: &[PeriodRow], state: PeriodState) -> Vec<PeriodRow> {
    periods.iter().filter(|row| row.state == state).cloned().collect()
}

/// The newest period of each trade whose cutoff is past; `periods` are newest first.
fn newest(periods: &[PeriodRow]) -> Vec<PeriodRow> {
    let mut newest = BTreeMap::new();
    for row in periods {
        if matches!(row.state, PeriodState::Cut | PeriodState::Closed) {
            newest.entry(row.sector).or_insert_with(|| row.clone());
        }
    }
    newest.into_values().collect()
}

fn count(row: PeriodRow, counts: &[(AuditState, Option<Conclusion>, i64)]) -> Drawn {
    let sum = |fits: &dyn Fn(AuditState, Option<Conclusion>) -> bool| {
        let own = counts.iter().filter(|(state, verdict, _)| fits(*state, *verdict));
        own.map(|(.., count)| count).sum()
    };
    let states = |wanted: AuditState| sum(&|state, _| state == wanted);
    let verdicts =
        |wanted| sum(&|state, verdict| state == AuditState::Done && verdict == Some(wanted));
    Drawn {
        row,
        compliant: verdicts(Conclusion::Compliant),
        non_compliant: verdicts(Conclusion::NonCompliant),
        undecided: verdicts(Conclusion::Undecided),
        running: states(AuditState::Open),
        parked: states(AuditState::Parked),
        empty: states(AuditState::Empty),
    }
}
