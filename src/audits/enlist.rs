//! Who stands on the roster of a period, looked up at its cutoff: class, cause and cap.

use super::check::measured;
use super::error::AuditError;
use super::model::{PeriodRow, from_row};
use super::roster::{Choice, Ground, too_many_missing};
use super::score::Class;
use super::store::roster::{self, RosterRow};
use super::store::{signals, standings};
use crate::cases::{self, FindingKind};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::foundation::time::{Day, Timestamp};
use crate::registry::{self, Holder, Period, Plan};

/// What a machine raises as a finding to say where to look.
const SIGNALS: [FindingKind; 1] = [FindingKind::SuddenDrop];

/// The plan of a period and everybody who stands on its roster; nothing if the plan is gone.
pub(super) async fn enlist(
    house: &House,
    row: &PeriodRow,
) -> Result<Option<(Plan, Vec<RosterRow>)>, AuditError> {
    let (plan, id) = (row.plan_id, row.period.clone());
    let read = move |conn: &mut Conn| {
        let Some(plan) = registry::plan(conn, plan)? else { return Ok(None) };
        let Some(period) = plan.period(&id) else { return Ok(None) };
        let holders = registry::subjects(conn, &plan, &period)?;
        Ok::<_, AuditError>(Some((plan, period, holders)))
    };
    let found = house.store.read("audits.subjects", read).await?;
    let Some((plan, period, holders)) = found else { return Ok(None) };
    let now = house.clock.now();
    let mut rows = Vec::with_capacity(holders.len());
    for holder in holders {
        let (plan, period) = (plan.clone(), period.clone());
        let read = move |conn: &mut Conn| enlisted(conn, &plan, &period, &holder, now);
        rows.push(house.store.read("audits.enlist", read).await?);
    }
    Ok(Some((plan, rows)))
}

fn enlisted(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    holder: &Holder,
    now: Timestamp,
) -> Result<RosterRow, AuditError> {
    let mut row = RosterRow {
        plan_id: plan.id,
        period: period.id.clone(),
        holder_id: holder.id,
        class: None,
        choice: Choice::Waiting,
        cause: None,
        missing: 0,
        expected: 0,
        audits_before: 0,
        place: None,
        frame_size: None,
    };
    if plan.audit_chances.is_some() {
        row.class = Some(class(conn, plan, period, holder.id)?);
        (row.missing, row.expected) = missing(conn, plan, period, holder.id, now)?;
        row.cause = cause(conn, plan, period, &row)?;
    }
    if row.cause.is_some() {
        row.choice = Choice::ForCause;
    }
    if let Some(most) = plan.audits_per_year {
        row.audits_before = roster::audits_since(conn, holder.id, year_of(now))?;
        let spared = plan.for_cause_beyond_cap && row.cause.is_some();
        if from_row(row.audits_before) >= u64::from(most) && !spared {
            row.choice = Choice::CapReached;
        }
    }
    Ok(row)
}

/// When the calendar year of `now` began.
pub(super) fn year_of(now: Timestamp) -> Timestamp {
    let day = now.day();
    let first = format!("{}-01-01", day.as_str().get(..4).unwrap_or_default()).parse();
    first.unwrap_or(day).start()
}

/// The class that the newest score before a period left a holder in; everybody begins in B.
fn class(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    holder: HolderId,
) -> Result<Class, AuditError> {
    let before = standings::scores_before(conn, holder, plan.id, period.first, 1)?;
    Ok(before.first().map_or(Class::B, |score| score.standing))
}

/// Missing and expected numbers of a holder over all its streams, counted at the cutoff.
fn missing(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    holder: HolderId,
    now: Timestamp,
) -> Result<(i64, i64), AuditError> {
    let (mut missing, mut expected) = (0, 0);
    for facts in registry::open_streams(conn, holder, period.first, period.last)? {
        let stream = &facts.stream;
        if stream.department == Some(plan.department) && stream.sector == plan.sector {
            match measured(conn, plan, period, &facts, now) {
                Ok(seen) => {
                    missing += seen.missing;
                    expected += seen.expected;
                }
                // One damaged row keeps no plan from its cutoff; the nightly check counts it.
                Err(AuditError::Damaged { what, id, cause }) => {
                    let stream = stream.id;
                    tracing::error!(%stream, what, id, cause, "stream {stream} is not counted");
                }
                Err(other) => return Err(other),
            }
        }
    }
    Ok((missing, expected))
}

/// Why a holder is audited for cause, if it is. A signal counts for the period in whose time it was
/// raised or confirmed: from the cutoff before to its own.
fn cause(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    row: &RosterRow,
) -> Result<Option<Ground>, AuditError> {
    let before: Option<Period> = plan.period_containing(Day::previous(&period.first));
    let since = before.map_or(period.first.start(), |before| before.cutoff);
    let span = since..period.cutoff;
    let (holder, sector) = (row.holder_id, plan.sector);
    let alarms = cases::signals(conn, holder, sector, &SIGNALS, &span)?;
    let raised = |signal: &cases::Finding| {
        signal.kind == FindingKind::SuddenDrop && span.contains(&signal.found_at)
    };
    let confirmed = !alarms.is_empty() || signals::was_confirmed(conn, holder, plan.id, &span)?;
    Ok(if alarms.iter().any(raised) {
        Some(Ground::DropAlarm)
    } else if too_many_missing(from_row(row.missing), from_row(row.expected)) {
        Some(Ground::MissingShare)
    } else {
        confirmed.then_some(Ground::ConfirmedSignal)
    })
}
