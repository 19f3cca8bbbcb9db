//! Rates, score and class of each holder and period, from full counts, audits and what people
//! confirmed (sampling.md §6.2, §7).

use std::collections::BTreeMap;

use super::check::periods;
use super::error::AuditError;
use super::model::{AuditRow, Conclusion, Measure, from_row};
use super::score::{self, Audited, Class, Facts, Standing};
use super::store::standings;
use super::verdict::{Bounds, Verdict};
use crate::cases::{self, Finding, FindingKind, Severity};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::foundation::jobs::Tally;
use crate::foundation::time::Timestamp;
use crate::intake;
use crate::registry::{self, Period, Plan};

pub(super) use super::store::standings::{Rates, ScoreRow};

/// So many periods, this one included, an audit is recent for.
const RECENT_PERIODS: usize = 4;

/// Adds up what the checks saw of each holder, and scores the periods whose record set is final.
/// The newest periods are scored again every time, so that an audit that ends later, or a finding
/// that is confirmed later, finds its way in. Counts `rated` and `scored`.
///
/// # Errors
///
/// Those of the store; what was scored before stays scored.
pub async fn score_holders(house: &House) -> Result<Tally, AuditError> {
    let mut tally = Tally::default();
    let now = house.clock.now();
    let read = |conn: &mut Conn| Ok::<_, AuditError>(registry::plans(conn)?);
    for plan in house.store.read("audits.plans", read).await? {
        for period in periods(&plan, now.day().previous()) {
            let (own, span) = (plan.clone(), period.clone());
            let read = move |conn: &mut Conn| {
                Ok::<_, AuditError>(standings::measures_in(conn, own.id, &span.id)?)
            };
            let measures = house.store.read("audits.measures", read).await?;
            let mut holders: BTreeMap<HolderId, Vec<Measure>> = BTreeMap::new();
            for seen in measures {
                holders.entry(seen.holder_id).or_default().push(seen);
            }
            for measures in holders.into_values() {
                let Some(rates) = rates(&measures, now) else { continue };
                let (own, span) = (plan.clone(), period.clone());
                let settled = rates.settled;
                let write = move |tx: &mut Conn| {
                    let (holder, last) = (rates.holder_id, span.last);
                    let came = intake::submissions_of(tx, holder, span.first, last)?;
                    let (refused, offered) = (came.refused, came.offered);
                    let rates = Rates { refused, offered, ..rates.clone() };
                    standings::put_rates(tx, &rates)?;
                    if rates.settled {
                        let row = scored(tx, &own, &span, &rates, now)?;
                        standings::put_score(tx, &row)?;
                    }
                    Ok::<_, AuditError>(())
                };
                house.store.write("audits.score", write).await?;
                tally.add("rated", 1);
                tally.add("scored", settled.into());
            }
        }
    }
    Ok(tally)
}

/// The counts of a holder over all streams of a plan in a period; `None` without a stream. What was
/// submitted is not among them: it is counted by holder and not by stream.
pub(super) fn rates(measures: &[Measure], now: Timestamp) -> Option<Rates> {
    let first = measures.first()?;
    let sum = |count: fn(&Measure) -> i64| measures.iter().map(count).sum::<i64>();
    let declared: Option<i64> = measures.iter().map(|seen| seen.declared).sum();
    Some(Rates {
        holder_id: first.holder_id,
        plan_id: first.plan_id,
        period: first.period.clone(),
        last_day: first.last_day,
        streams: sum(|_| 1),
        expected: sum(|seen| seen.expected),
        declared,
        received: sum(|seen| seen.received),
        missing: sum(|seen| seen.missing),
        late: sum(|seen| seen.late),
        due_days: sum(|seen| seen.due_days),
        missing_days: sum(|seen| seen.missing_days),
        exempt_days: sum(|seen| seen.exempt_days),
        nil_days: sum(|seen| seen.nil_days),
        settled: measures.iter().all(|seen| seen.settled),
        checked_at: now,
        refused: 0,
        offered: 0,
    })
}

fn scored(
    conn: &mut Conn,
    plan: &Plan,
    period: &Period,
    rates: &Rates,
    now: Timestamp,
) -> Result<ScoreRow, AuditError> {
    let holder = rates.holder_id;
    let audit = standings::latest_audit(conn, holder, plan.id, &period.id)?;
    let recent = std::iter::successors(Some(period.clone()), |period| {
        plan.period_containing(period.first.previous())
    })
    .take(RECENT_PERIODS);
    let lately = |audit: &AuditRow| recent.clone().any(|period| period.id == audit.period);
    let confirmed = cases::confirmed_findings(conn, holder, plan.sector, &period.id)?;
    let before = standings::scores_before(conn, holder, plan.id, period.first, 2)?;
    let facts = Facts {
        expected: from_row(rates.expected),
        missing: from_row(rates.missing),
        late: from_row(rates.late),
        audited_lately: audit.as_ref().is_some_and(lately),
        audit: audit.as_ref().map(audited),
        periods: standings::count_periods(conn, holder, plan.id, period.last)?,
        missing_period: rates.due_days > 0 && rates.received == 0 && rates.nil_days == 0,
        ..of_people(&confirmed)
    };
    let score = score::score(&facts);
    let points: Vec<u8> = before.iter().filter_map(|row| row.points.try_into().ok()).collect();
    let published = score::published(score.points, &points);
    let here = audit.as_ref().is_some_and(|audit| audit.period == period.id);
    let standing = standing(before.first(), Class::of(published), here);
    let json = |value: serde_json::Result<String>| value.map_err(AuditError::Json);
    Ok(ScoreRow {
        holder_id: holder,
        plan_id: plan.id,
        period: period.id.clone(),
        last_day: period.last,
        facts: json(serde_json::to_string(&facts))?,
        parts: json(serde_json::to_string(&score))?,
        points: score.points.into(),
        published: published.into(),
        class: Class::of(published),
        standing: standing.class,
        qualifying: standing.qualifying.into(),
        audit_id: audit.map(|audit| audit.id),
        scored_at: now,
    })
}

/// Down at once; up by one class after two consecutive audits.
fn standing(before: Option<&ScoreRow>, class: Class, audited: bool) -> Standing {
    let Some(before) = before else { return Standing::new(class) };
    let qualifying = before.qualifying.try_into().unwrap_or_default();
    let before = Standing { class: before.standing, qualifying };
    if audited || class < before.class { before.after(class) } else { before }
}

fn audited(audit: &AuditRow) -> Audited {
    let verdict = match audit.verdict {
        Some(Conclusion::Compliant) => Verdict::Compliant,
        Some(Conclusion::NonCompliant) => Verdict::NonCompliant,
        Some(Conclusion::Undecided) | None => Verdict::Undecided,
    };
    let bounds = Bounds { lower: from_row(audit.lower_bound), upper: from_row(audit.upper_bound) };
    Audited { size: from_row(audit.frame_size), bounds, verdict }
}

/// What people confirmed of a period. No machine signal is among it: a drop alarm, confirmed or
/// not, deducts nothing.
fn of_people(confirmed: &[Finding]) -> Facts {
    let count = |kinds: &[FindingKind]| {
        confirmed.iter().filter(|finding| kinds.contains(&finding.kind)).count()
    };
    let integrity =
        [FindingKind::Equivocation, FindingKind::Restart, FindingKind::CommitmentMismatch];
    Facts {
        critical: confirmed.iter().any(|finding| {
            finding.kind == FindingKind::RecordFailed && finding.severity == Severity::Critical
        }),
        integrity: u32::try_from(count(&integrity)).unwrap_or(u32::MAX),
        grave: count(&[FindingKind::NotDisclosed]) > 0,
        ..Facts::default()
    }
}

/// The newest rates of a holder under a plan with their scores, newest first, at most `limit`.
pub(super) fn history(
    conn: &mut Conn,
    holder: HolderId,
    plan: &Plan,
    limit: i64,
) -> Result<Vec<(Rates, Option<ScoreRow>)>, AuditError> {
    let rates = standings::newest_rates(conn, holder, plan.id, limit)?;
    rates
        .into_iter()
        .map(|rates| {
            let score = standings::score(conn, holder, plan.id, &rates.period)?;
            Ok((rates, score))
        })
        .collect()
}

/// The plans whose department a holder's streams belong to, whatever the period.
///
/// # Errors
///
/// Those of the store.
pub(super) fn plans_of(conn: &mut Conn, holder: HolderId) -> Result<Vec<Plan>, AuditError> {
    let mut plans = registry::plans(conn)?;
    let streams = registry::streams_of(conn, holder)?;
    plans.retain(|plan| {
        streams.iter().any(|facts| {
            facts.stream.department == Some(plan.department) && facts.stream.sector == plan.sector
        })
    });
    Ok(plans)
}
