//! The overview: what waits for a decision, what the draws say, what came in.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::super::error::AuditError;
use super::super::findings::percent;
use super::super::model::{
    AuditRow, AuditState, Conclusion, Measure, PeriodRow, PeriodState, from_row,
};
use super::super::store;
use crate::cases;
use crate::foundation::House;
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::registry::{Officer, Sector};

/// How many periods of all trades the overview looks back on.
const PERIODS: i64 = 60;

/// The newest period of a trade whose cutoff is past, and what its audits say.
struct Drawn {
    row: PeriodRow,
    compliant: usize,
    non_compliant: usize,
    undecided: usize,
    running: usize,
    parked: usize,
    empty: usize,
}

/// What came in of a trade in its newest period: full counts.
#[derive(Default)]
struct Came {
    period: String,
    streams: usize,
    silent: usize,
    expected: u64,
    received: u64,
    missing: u64,
    late: u64,
}

impl Came {
    fn add(&mut self, seen: &Measure) {
        self.period.clone_from(&seen.period);
        self.streams += 1;
        self.silent += usize::from(seen.missing_days > 0);
        self.expected += from_row(seen.expected);
        self.received += from_row(seen.received);
        self.missing += from_row(seen.missing);
        self.late += from_row(seen.late);
    }

    fn missing_share(&self) -> String {
        percent(self.missing, self.expected)
    }

    fn late_share(&self) -> String {
        percent(self.late, self.received)
    }
}

#[derive(Template)]
#[template(path = "audits/pages/overview.html")]
struct OverviewPage {
    f: Frame,
    undecided_findings: i64,
    open_cases: i64,
    drawn: Vec<Drawn>,
    coming: Vec<PeriodRow>,
    came: Vec<(Sector, Came)>,
    troubled: Vec<PeriodRow>,
}

impl OverviewPage {
    /// Businesses within the limit.
    fn within(&self) -> usize {
        self.drawn.iter().map(|drawn| drawn.compliant).sum()
    }

    /// Businesses above the limit.
    fn above(&self) -> usize {
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
            let audits = store::audits_of(conn, row.plan_id, &row.period)?;
            drawn.push(count(row, &audits));
        }
        let measures = store::newest_measures(conn, department)?;
        Ok::<_, AuditError>(OverviewPage {
            f: frame,
            undecided_findings: cases::undecided_findings(conn, &officer)?,
            open_cases: cases::open_cases(conn, &officer)?,
            drawn,
            coming: of_state(&periods, PeriodState::Committed),
            came: newest_measures(measures, &sectors),
            troubled: periods.into_iter().filter(|row| row.reason.is_some()).collect(),
        })
    });
    page(&read.await?)
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

fn count(row: PeriodRow, audits: &[AuditRow]) -> Drawn {
    let states = |state| audits.iter().filter(|audit| audit.state == state).count();
    let verdicts = |verdict| {
        let done = audits.iter().filter(|audit| audit.state == AuditState::Done);
        done.filter(|audit| audit.verdict == Some(verdict)).count()
    };
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

/// What came in of each trade in its newest period; `measures` are newest first.
fn newest_measures(measures: Vec<Measure>, sectors: &[Sector]) -> Vec<(Sector, Came)> {
    let mut newest = BTreeMap::new();
    for seen in measures.into_iter().filter(|seen| sectors.contains(&seen.sector)) {
        let (day, came) =
            newest.entry(seen.sector).or_insert_with(|| (seen.last_day, Came::default()));
        if *day == seen.last_day {
            came.add(&seen);
        }
    }
    newest.into_iter().map(|(sector, (_, came))| (sector, came)).collect()
}
