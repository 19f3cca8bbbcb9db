//! What was found, read where it is kept: drawn records and verdicts in the public log, findings
//! about days and numbers in the room of cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::DemoError;
use super::plant::{Kind, Plan};
use super::truth::{DayOrGap, Drawn, Found, FoundDay, Outcome};
use crate::cases::{self, Finding, FindingKind};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{AuditId, HolderId, StreamId};
use crate::ledger::{self, LeafKind};
use crate::outside::submit::Client;

/// Connections that are used at once.
const CONNECTIONS: usize = 6;
/// Leaves that are read at a time.
const PAGE: u32 = 1_000;

/// What an `open_intent` leaf says.
#[derive(Deserialize)]
struct Intent {
    audit: AuditId,
    from: u64,
    /// Place in the frame, stream, number, number that is judged.
    records: Vec<(u64, StreamId, u64, u64)>,
}

/// What an `open_done` leaf says.
#[derive(Deserialize)]
struct Done {
    audit: AuditId,
    from: u64,
    outcomes: Vec<Option<String>>,
}

/// What a `draw_result` leaf says.
#[derive(Deserialize)]
struct Verdict {
    holder: HolderId,
    verdict: Option<String>,
}

/// Everything that was found about the duty holders of `plan`.
///
/// # Errors
///
/// Those of the database.
pub async fn found(house: &House, plan: &Arc<Plan>) -> Result<Found, DemoError> {
    let holders: BTreeMap<HolderId, usize> =
        plan.city.holders.iter().enumerate().map(|(at, holder)| (holder.id, at)).collect();
    let plan = Arc::clone(plan);
    house
        .store
        .read("demo.found", move |conn| {
            let mut found = Found { drawn: drawn(conn)?, ..Found::default() };
            for verdict in leaves::<Verdict>(conn, LeafKind::DrawResult)? {
                let Some(holder) = holders.get(&verdict.holder) else { continue };
                found.outcomes.insert(*holder, outcome(verdict.verdict.as_deref()));
            }
            for stream in &plan.streams {
                let about = cases::findings_of_stream(conn, stream.stream);
                let about = about.map_err(DemoError::database)?;
                let days = about.iter().filter_map(|finding| found_day(stream.stream, finding));
                found.days.extend(days);
                let unheard = about.iter().filter(|f| f.kind == FindingKind::NotDisclosed);
                let numbers = unheard.filter_map(|f| u64::try_from(f.first_number?).ok());
                found.undisclosed.extend(numbers.map(|seq| (stream.stream, seq)));
            }
            for (at, holder) in plan.city.holders.iter().enumerate() {
                let against = cases::findings_against(conn, holder.id);
                let against = against.map_err(DemoError::database)?;
                let alarms = against.iter().filter(|f| f.kind == FindingKind::SuddenDrop);
                let own = plan.streams.iter().find(|stream| stream.holder == at);
                for (alarm, own) in alarms.filter_map(|alarm| alarm.day.zip(own)) {
                    let place = match plan.drop_of(at) {
                        Some(from) if from <= alarm => DayOrGap::Since(from),
                        _ => DayOrGap::Day(alarm),
                    };
                    let stream = own.stream;
                    found.days.insert(FoundDay { kind: Kind::SuddenDrop, stream, place });
                }
            }
            Ok(found)
        })
        .await
}

/// How far the audits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Verdicts so far, of all periods.
    pub holders: usize,
    /// Openings so far.
    pub opened: usize,
    /// Draws whose secret is revealed.
    pub revealed: usize,
}

/// How far the audits are, as the log says.
///
/// # Errors
///
/// Those of the database.
pub async fn judged(house: &House) -> Result<Judged, DemoError> {
    let read = |conn: &mut Conn| {
        let mut count = |kind| Ok::<_, DemoError>(leaves::<IgnoredAny>(conn, kind)?.len());
        Ok(Judged {
            holders: count(LeafKind::DrawResult)?,
            opened: count(LeafKind::OpenDone)?,
            revealed: count(LeafKind::DrawReveal)?,
        })
    };
    house.store.read("demo.judged", read).await
}

/// Days that a declaration exempts and the newest class of each duty holder, as its own business
/// system is told.
///
/// # Errors
///
/// [`DemoError::Refused`].
pub async fn standings(clients: &[Client], found: &mut Found) -> Result<(), DemoError> {
    let mut asked = stream::iter(clients.iter().enumerate())
        .map(|(at, client)| async move { client.scores().await.map(|scores| (at, scores)) })
        .buffer_unordered(CONNECTIONS);
    while let Some((at, scores)) = asked.try_next().await? {
        let exempt = scores.iter().map(|scored| scored.exempt_days).sum();
        found.exempt.insert(at, exempt);
        let class = scores.into_iter().find_map(|scored| scored.class);
        found.classes.extend(class.map(|class| (at, class)));
    }
    Ok(())
}

fn outcome(verdict: Option<&str>) -> Outcome {
    match verdict {
        Some("compliant") => Outcome::Pass,
        Some("non_compliant") => Outcome::Fail,
        Some("undecided") => Outcome::Undecided,
        _ => Outcome::Nothing,
    }
}

/// The records that were opened, with what each showed.
fn drawn(conn: &mut Conn) -> Result<Vec<Drawn>, DemoError> {
    let mut records = BTreeMap::new();
    for intent in leaves::<Intent>(conn, LeafKind::OpenIntent)? {
        for (ordinal, (_, stream, seq, _)) in (intent.from..).zip(intent.records) {
            records.insert((intent.audit, ordinal), (stream, seq));
        }
    }
    let mut drawn = Vec::new();
    for done in leaves::<Done>(conn, LeafKind::OpenDone)? {
        for (ordinal, outcome) in (done.from..).zip(done.outcomes) {
            if let Some((stream, seq)) = records.remove(&(done.audit, ordinal)) {
                drawn.push(Drawn { stream, seq, fails: outcome.as_deref() != Some("pass") });
            }
        }
    }
    Ok(drawn)
}

/// What all leaves of one kind say, in order.
fn leaves<T: for<'de> Deserialize<'de>>(
    conn: &mut Conn,
    kind: LeafKind,
) -> Result<Vec<T>, DemoError> {
    let (mut from, mut said) = (0, Vec::new());
    loop {
        let page = ledger::leaves_of(conn, kind, from, PAGE).map_err(DemoError::database)?;
        let Some(last) = page.last() else { return Ok(said) };
        from = last.index + 1;
        for leaf in &page {
            said.push(serde_json::from_value(leaf.body())?);
        }
    }
}

/// A finding about days and numbers in the terms of the plan; `None` for one about a record.
fn found_day(stream: StreamId, finding: &Finding) -> Option<FoundDay> {
    let kind = match finding.kind {
        FindingKind::Gap => Kind::Gap,
        FindingKind::MissingDay => Kind::MissingDay,
        FindingKind::LateDay => Kind::LateDay,
        FindingKind::CloseMismatch | FindingKind::Restart | FindingKind::Equivocation => {
            Kind::CloseMismatch
        }
        _ => return None,
    };
    let place = match kind {
        Kind::Gap => {
            let number = |number: Option<i64>| u64::try_from(number?).ok();
            DayOrGap::Gap(number(finding.first_number)?, number(finding.last_number)?)
        }
        _ => DayOrGap::Day(finding.day?),
    };
    Some(FoundDay { kind, stream, place })
}
