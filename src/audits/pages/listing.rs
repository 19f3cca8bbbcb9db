//! The audits of one period.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::super::error::AuditError;
use super::super::estimating::{Regional, regional, regional_board};
use super::super::model::{AuditRow, AuditState, Conclusion, PeriodRow, PeriodState};
use super::super::roster::{Choice as Chosen, Ground};
use super::super::score::Class;
use super::super::store;
use super::super::store::console::{self, Standing};
use super::super::store::roster::RosterRow;
use super::Tag;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, HolderId, PlanId};
use crate::foundation::paging::{PAGE, Page};
use crate::foundation::problem::Problem;
use crate::foundation::web::{Frame, page};
use crate::registry::{self, Officer};

/// How many periods of all trades can be chosen from.
const PERIODS: i64 = 60;

/// So many holders of a roster are few enough to estimate for every visitor.
const FEW: i64 = 200;

/// Which period is looked at, without it the newest one that was drawn; and what its lists are
/// narrowed to.
#[derive(Clone, Deserialize)]
pub(super) struct Choice {
    plan: Option<String>,
    period: Option<String>,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    choice: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    listed: String,
}

impl Choice {
    /// Which audits are listed; all of them by a word that means nothing.
    pub(super) fn standing(&self) -> Option<Standing> {
        let done = |verdict| Standing { state: AuditState::Done, verdict: Some(verdict) };
        if let Ok(verdict) = self.verdict.parse::<Conclusion>() {
            return Some(done(verdict));
        }
        let state = self.verdict.parse::<AuditState>().ok()?;
        (state != AuditState::Done).then_some(Standing { state, verdict: None })
    }
}

/// A word that a list is narrowed by, with how many rows it leaves.
struct Filter {
    word: &'static str,
    tag: Tag,
    count: i64,
    here: bool,
}

struct Listed {
    audit: AuditRow,
    holder: String,
    tag: Tag,
}

/// A holder on the roster of a plan with chances or a cap.
struct Listing {
    row: RosterRow,
    holder: String,
    tag: Tag,
    /// How many of how many of its class are audited; `None` before the draw, and without one.
    chance: Option<String>,
    /// The audit of the pool that it was in.
    pool: Option<AuditId>,
}

impl Listing {
    fn why(&self, f: &Frame) -> Option<String> {
        why(f, &self.row)
    }

    fn is_visited(&self) -> bool {
        self.row.class == Some(Class::D)
    }
}

/// What put a holder on the list of causes or of caps.
pub(super) fn why(f: &Frame, row: &RosterRow) -> Option<String> {
    let cause = row.cause.map(|cause| match cause {
        Ground::DropAlarm => f.t("audits-cause-drop-alarm"),
        Ground::MissingShare => {
            f.t2("audits-cause-missing-share", "part", row.missing, "whole", row.expected)
        }
        Ground::ConfirmedSignal => f.t("audits-cause-confirmed-signal"),
    });
    let capped = row.choice == Chosen::CapReached;
    let capped = capped.then(|| f.t1("audits-cap-why", "count", row.audits_before));
    let told: Vec<String> = cause.into_iter().chain(capped).collect();
    (!told.is_empty()).then(|| told.join(" "))
}

/// How many were drawn and how many were drawn from, by class.
type Chances = BTreeMap<Option<Class>, (i64, i64)>;

fn chances(counts: &[(Chosen, Option<Class>, i64)]) -> Chances {
    let mut chances = Chances::new();
    for (choice, class, count) in counts {
        if matches!(choice, Chosen::Waiting | Chosen::Drawn | Chosen::NotDrawn) {
            let (drawn, all) = chances.entry(*class).or_default();
            *all += count;
            *drawn += if *choice == Chosen::Drawn { *count } else { 0 };
        }
    }
    chances
}

/// The roster of a period for its page, by name.
fn listings(
    conn: &mut Conn,
    rows: Vec<RosterRow>,
    chances: &Chances,
) -> Result<Vec<Listing>, AuditError> {
    let chance = |row: &RosterRow| match row.choice {
        Chosen::Drawn | Chosen::NotDrawn => {
            chances.get(&row.class).map(|(drawn, all)| format!("{drawn} / {all}"))
        }
        Chosen::ForCause => Some("1".to_owned()),
        Chosen::Waiting | Chosen::CapReached => None,
    };
    let mut listed = Vec::with_capacity(rows.len());
    for row in rows {
        let holder = name_of(conn, row.holder_id)?;
        let pool = store::pools::audit_with(conn, row.plan_id, &row.period, row.holder_id)?;
        let (tag, chance) = (Tag::from(row.choice), chance(&row));
        listed.push(Listing { holder, tag, chance, pool, row });
    }
    listed.sort_by(|one, two| one.holder.cmp(&two.holder));
    Ok(listed)
}

fn name_of(conn: &mut Conn, id: HolderId) -> Result<String, AuditError> {
    Ok(registry::holder(conn, id)?.map(|holder| holder.name).unwrap_or_default())
}

/// The words that the audits of a period are narrowed by.
fn filters(
    counts: &[(AuditState, Option<Conclusion>, i64)],
    here: Option<Standing>,
) -> Vec<Filter> {
    let own = counts.iter().map(|(state, verdict, count)| {
        let standing = Standing { state: *state, verdict: *verdict };
        let word = match verdict {
            Some(verdict) if *state == AuditState::Done => verdict.as_str(),
            _ => state.as_str(),
        };
        let tag = Tag::of(*state, *verdict);
        Filter { word, tag, count: *count, here: here == Some(standing) }
    });
    own.collect()
}

/// The words that the roster of a period is narrowed by.
fn choices(counts: &[(Chosen, Option<Class>, i64)], here: Option<Chosen>) -> Vec<Filter> {
    let mut sums: BTreeMap<Chosen, i64> = BTreeMap::new();
    for (choice, _, count) in counts {
        *sums.entry(*choice).or_default() += count;
    }
    let filter = |(choice, count): (Chosen, i64)| Filter {
        word: choice.as_str(),
        tag: Tag::from(choice),
        count,
        here: here == Some(choice),
    };
    sums.into_iter().map(filter).collect()
}

#[derive(Template)]
#[template(path = "audits/pages/audits.html")]
struct AuditsPage {
    f: Frame,
    periods: Vec<PeriodRow>,
    chosen: Option<PeriodRow>,
    /// What the lists are narrowed to, as it was asked.
    asked: Choice,
    filters: Vec<Filter>,
    rows: Page<Listed>,
    choices: Vec<Filter>,
    roster: Page<Listing>,
    regional: Option<Regional>,
}

impl AuditsPage {
    fn is_chosen(&self, row: &PeriodRow) -> bool {
        let same = |own: &PeriodRow| (own.plan_id, &own.period) == (row.plan_id, &row.period);
        self.chosen.as_ref().is_some_and(same)
    }
}

/// `GET /audits`: the audits of one period of the officer's department and trades.
pub(super) async fn show(
    req: HttpRequest,
    officer: Officer,
    choice: web::Query<Choice>,
) -> Result<HttpResponse, Problem> {
    let (frame, asked) = (Frame::of(&req, "audits-audits"), choice.into_inner());
    let read = House::of(&req).store.read("audits.list", move |conn| {
        let (department, sectors) = (officer.department_id(), officer.sectors());
        let mut periods = store::periods_of(conn, department, PERIODS)?;
        periods.retain(|row| sectors.contains(&row.sector));
        let mut shown = AuditsPage {
            f: frame,
            chosen: chosen(&periods, &asked)?,
            periods,
            asked,
            filters: Vec::new(),
            rows: Page { rows: Vec::new(), next: None },
            choices: Vec::new(),
            roster: Page { rows: Vec::new(), next: None },
            regional: None,
        };
        if let Some(row) = shown.chosen.clone() {
            fill(conn, &mut shown, (row.plan_id, &row.period))?;
        }
        Ok::<_, AuditError>(shown)
    });
    page(&read.await?)
}

/// Reads the lists of a period.
fn fill(
    conn: &mut Conn,
    shown: &mut AuditsPage,
    (plan, period): (PlanId, &str),
) -> Result<(), AuditError> {
    let standing = shown.asked.standing();
    shown.filters = filters(&console::count_audits(conn, plan, period)?, standing);
    let after = shown.asked.after.parse().ok();
    let audits = console::audits_after(conn, (plan, period), standing, after, PAGE)?;
    let audits = Page::cut(audits, |audit| audit.holder_id.to_string());
    shown.rows.next = audits.next;
    for audit in audits.rows {
        let holder = match audit.pooled {
            Some(count) => shown.f.t1("audits-pool", "count", count),
            None => name_of(conn, audit.holder_id)?,
        };
        shown.rows.rows.push(Listed { holder, tag: Tag::from(&audit), audit });
    }
    shown.rows.rows.sort_by(|one, two| one.holder.cmp(&two.holder));

    let counts = console::count_roster(conn, plan, period)?;
    let plain = |(choice, class, _): &(Chosen, Option<Class>, i64)| {
        class.is_none() && *choice != Chosen::CapReached
    };
    if counts.iter().all(plain) {
        return Ok(());
    }
    let choice = shown.asked.choice.parse().ok();
    shown.choices = choices(&counts, choice);
    let after = shown.asked.listed.parse().ok();
    let rows = console::roster_after(conn, (plan, period), choice, after, PAGE)?;
    let rows = Page::cut(rows, |row| row.holder_id.to_string());
    shown.roster = Page { rows: listings(conn, rows.rows, &chances(&counts))?, next: rows.next };
    let classes = counts.iter().any(|(_, class, _)| class.is_some());
    shown.regional = match console::board(conn, &regional_board(plan, period))? {
        Some((facts, _)) => serde_json::from_str(&facts).ok(),
        None if classes && counts.iter().map(|(.., count)| count).sum::<i64>() <= FEW => {
            let rows = store::roster::of_period(conn, plan, period)?;
            let audits = store::audits_of(conn, plan, period)?;
            let pools = store::pools::of_period(conn, plan, period)?;
            regional(conn, &rows, &audits, &pools)?
        }
        None => None,
    };
    Ok(())
}

/// The period that was asked for, or the newest one that was drawn; `periods` are newest first.
fn chosen(periods: &[PeriodRow], choice: &Choice) -> Result<Option<PeriodRow>, AuditError> {
    let found = match (&choice.plan, &choice.period) {
        (Some(plan), Some(period)) => {
            let own = |row: &&PeriodRow| row.plan_id.to_string() == *plan && row.period == *period;
            Some(periods.iter().find(own).ok_or(AuditError::NotFound)?)
        }
        _ => {
            let drawn = |row: &&PeriodRow| row.state != PeriodState::Committed;
            periods.iter().find(drawn).or(periods.first())
        }
    };
    Ok(found.cloned())
}
