//! What follows without an officer: letters that were taken or lost, time that ran out, and the
//! digest of a day.

use super::actions::{propose_interview_in, state_leaf};
use super::error::CaseError;
use super::model::{Case, Event, Happening, State};
use super::store::{self, Scope};
use crate::foundation::House;
use crate::foundation::db::Conn;
use crate::foundation::ids::{DepartmentId, OfficerId};
use crate::foundation::jobs::{Job, JobError, Missed, Slot, Tally};
use crate::foundation::time::{Day, Timestamp};
use crate::foundation::web::Lang;
use crate::identity::{self, PersonState};
use crate::ledger::append_in;
use crate::notices::{self, Delivery, Digest, Draft, enqueue_in};
use crate::registry::{self, Calendar, Department, Sector};

/// Cases that are looked at in one go.
const HANDFUL: i64 = 200;

/// Moves cases on: a letter that was taken starts the time, letters that nobody takes ask for paper,
/// and an order whose time is over is overdue. Counts `served`, `undeliverable` and `overdue`.
///
/// # Errors
///
/// Those of the store; what was moved before stays moved.
pub async fn follow_up(house: &House) -> Result<Tally, CaseError> {
    follow_up_by(house, &Calendar::embedded()).await
}

/// As [`follow_up`], where working days are those of `calendar`.
///
/// # Errors
///
/// As [`follow_up`].
pub async fn follow_up_by(house: &House, calendar: &Calendar) -> Result<Tally, CaseError> {
    let mut tally = Tally::default();
    let mut after = None;
    loop {
        let cases = house
            .store
            .read("cases.waiting", move |conn| {
                store::waiting_for_letters(conn, after, HANDFUL).map_err(CaseError::from)
            })
            .await?;
        let Some(last) = cases.last() else { break };
        after = Some(last.id);
        for case in cases {
            if let Some(state) = look_at_letters(house, calendar, case).await? {
                tally.add(state.as_str(), 1);
            }
        }
    }
    loop {
        let today = house.clock.now().day();
        let cases = house
            .store
            .read("cases.lapsed", move |conn| {
                store::lapsed(conn, &today, HANDFUL).map_err(CaseError::from)
            })
            .await?;
        if cases.is_empty() {
            return Ok(tally);
        }
        for case in cases {
            if let Some(state) = advance(house, calendar, case, Event::Lapse, None).await? {
                tally.add(state.as_str(), 1);
            }
        }
    }
}

/// Moves `case` on if there is news of its letters.
async fn look_at_letters(
    house: &House,
    calendar: &Calendar,
    case: Case,
) -> Result<Option<State>, CaseError> {
    let (code, now) = (case.code.clone(), house.clock.now());
    let delivery = house
        .store
        .read("cases.delivery", move |conn| {
            notices::delivery_of(conn, &code, now).map_err(CaseError::from)
        })
        .await?;
    match delivery {
        Delivery::Served(at, _) => advance(house, calendar, case, Event::Serve, Some(at)).await,
        Delivery::Paper(_) => advance(house, calendar, case, Event::Miscarry, None).await,
        Delivery::Waiting => Ok(None),
    }
}

/// Moves `case` by `event` with its leaf; `None` if it has moved meanwhile, or cannot.
async fn advance(
    house: &House,
    calendar: &Calendar,
    mut case: Case,
    event: Event,
    served: Option<Timestamp>,
) -> Result<Option<State>, CaseError> {
    let from = case.state;
    let Some(to) = from.after(event) else { return Ok(None) };
    case.state = to;
    if let Some(at) = served {
        case.deadline = case.deadline_from(calendar, &at.day());
    }
    let leaf = state_leaf(house, &case, None);
    let (now, inside) = (house.clock.now(), house.clone());
    house
        .store
        .write("cases.advance", move |tx| {
            let delivered = served.map(|at| (at, case.deadline));
            if !store::move_case(tx, case.id, from, to, delivered)? {
                return Ok(None);
            }
            let happening = Happening { leaf: Some(leaf.id), ..Happening::of_itself(now, event) };
            store::happen(tx, case.id, &happening)?;
            append_in(tx, &leaf)?;
            match event {
                Event::Serve => notices::no_paper_in(tx, case.id)?,
                Event::Miscarry => {
                    notices::settle_in(tx, &inside, &case.code)?;
                }
                // What follows, a person decides.
                Event::Lapse => {
                    propose_interview_in(tx, &inside, &case)?;
                }
                _ => {}
            }
            Ok(Some(to))
        })
        .await
}

/// Queues the digest of `day` for the officers of every department in which something happened that
/// day or something is overdue; `console` is where the console is. Twice for one day changes
/// nothing. Counts `digests`.
///
/// # Errors
///
/// Those of letters and of the store.
pub async fn queue_digests(house: &House, console: &str, day: Day) -> Result<Tally, CaseError> {
    let departments = house
        .store
        .read("cases.departments", |conn| registry::departments(conn).map_err(CaseError::from))
        .await?;
    let mut tally = Tally::default();
    for department in departments {
        let (inside, console) = (house.clone(), console.to_owned());
        let letters = house
            .store
            .write("cases.digest", move |tx| -> Result<u64, CaseError> {
                let Some(digest) = digest(tx, &department, &console, day)? else { return Ok(0) };
                Ok(enqueue_in(tx, &inside, &Draft::digest(digest))?.letters)
            })
            .await?;
        tally.add("digests", letters);
    }
    Ok(tally)
}

/// What happened in `department` on `day`; `None` if nothing did and nothing is overdue.
fn digest(
    conn: &mut Conn,
    department: &Department,
    console: &str,
    day: Day,
) -> Result<Option<Digest>, CaseError> {
    let id = department.id;
    let span = (day.start(), day.end());
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let ever = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
    let scope = Scope { department: id, sectors: Sector::ALL.to_vec() };
    let mut cases = |state| store::count_cases(conn, &scope, state).map(count);
    let (opened, served) = (cases(State::Opened)?, cases(State::Served)?);
    let (overdue, undeliverable) = (cases(State::Overdue)?, cases(State::Undeliverable)?);
    let digest = Digest {
        organ: department.into(),
        day,
        found: count(store::count_undecided(conn, id, span)?),
        undecided: count(store::count_undecided(conn, id, ever)?),
        opened: count(store::count_opened(conn, id, span)?),
        running: opened + served,
        overdue,
        undeliverable,
        console: console.to_owned(),
        officers: officers(conn, id)?,
    };
    let quiet = [digest.found, digest.opened, digest.overdue, digest.undeliverable] == [0; 4];
    Ok((!quiet).then_some(digest))
}

/// The officers of a department who sign in, each with his language.
pub(super) fn officers(
    conn: &mut Conn,
    department: DepartmentId,
) -> Result<Vec<(OfficerId, Lang)>, CaseError> {
    let mut found = Vec::new();
    for officer in registry::officers_of(conn, department)? {
        if let Some(person) = identity::person(conn, officer.person)?
            && person.state != PersonState::Disabled
        {
            found.push((officer.id, person.lang));
        }
    }
    Ok(found)
}

/// Looks for news of letters and for time that ran out, every minute.
#[derive(Clone, Debug)]
pub struct FollowUp {
    /// The working days.
    pub calendar: Calendar,
}

impl Job for FollowUp {
    const NAME: &'static str = "follow-up-cases";
    const CLOCK: &'static str = "30 * * * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, _: Slot) -> Result<Tally, JobError> {
        follow_up_by(house, &self.calendar).await.map_err(sorry)
    }
}

/// Queues the digest of the day before, at eight in the morning.
#[derive(Clone, Debug)]
pub struct QueueDigests {
    /// Where the console is, such as `https://localhost:8443`.
    pub console: String,
}

impl Job for QueueDigests {
    const NAME: &'static str = "queue-digests";
    const CLOCK: &'static str = "0 0 8 * * *";
    const MISSED: Missed = Missed::Latest;

    async fn run(&self, house: &House, slot: Slot) -> Result<Tally, JobError> {
        queue_digests(house, &self.console, slot.day().previous()).await.map_err(sorry)
    }
}

pub(super) fn sorry(error: CaseError) -> JobError {
    match error {
        CaseError::Store(cause) => JobError::Store(cause),
        other => JobError::Other(other.to_string()),
    }
}
