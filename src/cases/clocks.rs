//! Reminders of deadlines to businesses, and the week of a department for its officers.

use std::collections::BTreeMap;

use super::error::CaseError;
use super::follow::{officers, sorry};
use super::model::{Case, FindingKind};
use super::store::clocks;
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::HolderId;
use crate::foundation::jobs::{Job, JobError, Missed, Slot, Tally};
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::notices::{Draft, Lacking, LetterKind, Paper, Recipient, Weekly, Wording, enqueue_in};
use crate::registry::{self, Department};

/// Cases that are looked at in one go.
const HANDFUL: i64 = 200;
/// The most duty holders that a weekly digest names.
const NAMED: usize = 50;

/// Which reminder is due when `left` days are left, and none for a time that was no longer than that
/// from the beginning: 7, 3 and 1 days before the end, and 1 after it, negative before. A day on
/// which nothing ran is made up for on the next.
fn moment(left: i64, grace: i32) -> Option<i32> {
    match left {
        -7..=-1 => Some(1),
        0..=1 if grace > 1 => Some(-1),
        2..=3 if grace > 3 => Some(-3),
        4..=7 if grace > 7 => Some(-7),
        _ => None,
    }
}

/// Queues the reminders that are due on `today`, each once. Counts `reminders`.
///
/// # Errors
///
/// Those of letters and of the store; what was queued before stays queued.
pub async fn remind(house: &House, today: Day) -> Result<Tally, CaseError> {
    let mut tally = Tally::default();
    let mut first = today;
    for _ in 0..7 {
        first = first.previous();
    }
    let (span, mut after) = ((first, today.plus(7)), None);
    loop {
        let read = move |conn: &mut Conn| {
            clocks::ending(conn, span, after, HANDFUL).map_err(CaseError::from)
        };
        let cases = house.store.read("cases.ending", read).await?;
        let Some(last) = cases.last() else { return Ok(tally) };
        after = Some(last.id);
        for case in cases {
            let left = case.deadline.days_since(&today);
            let Some(days) = moment(left, case.grace_days) else { continue };
            let inside = house.clone();
            let reminded = house
                .store
                .write("cases.remind", move |tx| remind_in(tx, &inside, &case, (left, days)))
                .await?;
            tally.add("reminders", u64::from(reminded));
        }
    }
}

/// Queues the reminder of `days` about `case`; false if it was queued before.
fn remind_in(
    tx: &mut Conn,
    house: &House,
    case: &Case,
    (left, days): (i64, i32),
) -> Result<bool, CaseError> {
    if !clocks::remind(tx, case.id, (case.deadline, days), house.clock.now())? {
        return Ok(false);
    }
    let organ = registry::department(tx, case.department)?.ok_or(CaseError::NotFound)?;
    let holder = registry::holder(tx, case.holder)?.ok_or(CaseError::NotFound)?;
    let contacts = registry::contact_langs(tx, case.holder)?;
    let words = |lang: Lang| {
        let say = |key: &str| {
            lang.text_with(
                key,
                &[("number", &case.number), ("days", &left), ("deadline", &case.deadline)],
            )
        };
        let fact = match left {
            ..0 => "service-remind-over",
            0 => "service-remind-today",
            1.. => "service-remind-days",
        };
        Wording { facts: vec![say(fact)], demands: vec![say("service-remind-then")] }
    };
    let paper = Paper {
        kind: LetterKind::Reminder,
        case: case.id,
        organ: (&organ).into(),
        holder: case.holder,
        addressee: holder.name,
        follows: case.number.clone(),
        certificates: Vec::new(),
        zh: words(Lang::Zh),
        en: words(Lang::En),
        deadline: Some(case.deadline),
        checkpoint: None,
        recipients: contacts.into_iter().map(|(at, l)| (Recipient::Contact(at), l)).collect(),
    };
    enqueue_in(tx, house, &Draft::paper(paper)?)?;
    Ok(true)
}

/// Queues what did not come from `from` to `to` for the officers of every department that lacks
/// something. Twice for one week changes nothing. Counts `weeklies`.
///
/// # Errors
///
/// Those of letters and of the store.
pub async fn queue_weekly(
    house: &House,
    console: &str,
    (from, to): (Day, Day),
) -> Result<Tally, CaseError> {
    let read = |conn: &mut Conn| registry::departments(conn).map_err(CaseError::from);
    let mut tally = Tally::default();
    for department in house.store.read("cases.departments", read).await? {
        let (inside, console) = (house.clone(), console.to_owned());
        let queued = house
            .store
            .write("cases.weekly", move |tx| -> Result<u64, CaseError> {
                let week = weekly(tx, &department, &console, (from, to))?;
                let Some(week) = week else { return Ok(0) };
                Ok(enqueue_in(tx, &inside, &Draft::weekly(week))?.letters)
            })
            .await?;
        tally.add("weeklies", queued);
    }
    Ok(tally)
}

/// What `department` lacks of a week; `None` if it lacks nothing.
fn weekly(
    conn: &mut Conn,
    department: &Department,
    console: &str,
    (from, to): (Day, Day),
) -> Result<Option<Weekly>, CaseError> {
    let (id, span) = (department.id, (from.start(), to.end()));
    let mut lacking: BTreeMap<HolderId, Lacking> = BTreeMap::new();
    for holder in clocks::found_of_kind(conn, id, FindingKind::MissingDay, span)? {
        lacking.entry(holder).or_default().received += 1;
    }
    for holder in clocks::found_of_kind(conn, id, FindingKind::CloseMismatch, span)? {
        lacking.entry(holder).or_default().filed += 1;
    }
    for holder in clocks::overdue(conn, id)? {
        lacking.entry(holder).or_default().answered += 1;
    }
    if lacking.is_empty() {
        return Ok(None);
    }
    let mut total = Lacking::default();
    let mut holders = Vec::new();
    for (holder, own) in lacking {
        total.received += own.received;
        total.filed += own.filed;
        total.answered += own.answered;
        let name = registry::holder(conn, holder)?.map(|holder| holder.name);
        holders.push((name.unwrap_or_default(), own));
    }
    let sum = |own: &Lacking| own.received + own.filed + own.answered;
    holders.sort_by(|(a, one), (b, other)| sum(other).cmp(&sum(one)).then_with(|| a.cmp(b)));
    holders.truncate(NAMED);
    Ok(Some(Weekly {
        organ: department.into(),
        from,
        to,
        total,
        holders,
        console: console.to_owned(),
        officers: officers(conn, id)?,
    }))
}

/// Reminds businesses of their deadlines, every morning.
#[derive(Clone, Copy, Debug)]
pub struct RemindOfDeadlines;

impl Job for RemindOfDeadlines {
    const NAME: &'static str = "remind-of-deadlines";
    const CLOCK: &'static str = "0 30 8 * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, slot: Slot) -> Result<Tally, JobError> {
        remind(house, slot.day()).await.map_err(sorry)
    }
}

/// Queues the week that ended on Sunday, on Monday morning.
#[derive(Clone, Debug)]
pub struct QueueWeekly {
    /// Where the console is, such as `https://localhost:8443`.
    pub console: String,
}

impl Job for QueueWeekly {
    const NAME: &'static str = "queue-weekly";
    const CLOCK: &'static str = "0 10 8 * * Mon";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, slot: Slot) -> Result<Tally, JobError> {
        let to = slot.day().previous();
        let mut from = to;
        for _ in 0..6 {
            from = from.previous();
        }
        queue_weekly(house, &self.console, (from, to)).await.map_err(sorry)
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_business_is_reminded_before_and_after_the_end_and_never_at_the_beginning() {
        let due = |grace| [8, 7, 5, 3, 2, 1, 0, -1, -7, -8].map(|left| moment(left, grace));
        let (a, b, c, d) = (Some(-7), Some(-3), Some(-1), Some(1));
        assert_eq!(due(30), [None, a, a, b, b, c, c, d, d, None]);
        assert_eq!(due(5), [None, None, None, b, b, c, c, d, d, None]);
        assert_eq!(due(1), [None, None, None, None, None, None, None, d, d, None]);
    }
}
