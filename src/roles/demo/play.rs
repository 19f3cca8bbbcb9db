//! The simulated time, step by step: every clock is the shared one, every push goes over real HTTPS,
//! every job is run by the processes that run it anywhere.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::city::Sector;
use super::crew::Crew;
use super::office::Office;
use super::plant::{Closure, Plan};
use super::progress::Progress;
use super::push::{Ready, SealTo, push_day, seal_day};
use super::small::LONG_PERIOD;
use super::stage::Stage;
use super::state::{Sent, Step};
use super::{DemoError, disclose, found, registry};
use crate::audits::{
    CheckPopulation, CommitDraws, MarkCutoffs, RunAudits, ScoreHolders, WatchDrops,
};
use crate::cases::{self, Finding, FindingKind, QueueDigests, Stage as Decided};
use crate::foundation::House;
use crate::foundation::db::StoreError;
use crate::foundation::ids::CaseId;
use crate::foundation::jobs::{self, Job};
use crate::foundation::time::{Day, Stopwatch, Timestamp};
use crate::foundation::web::Lang;
use crate::intake;
use crate::ledger::VerifierKey;
use crate::notices::{self, LetterState};
use crate::outside::submit::{Client, ClosureDays};

/// How long a job may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long letters may take to reach the mail server.
const MAIL: Duration = Duration::from_secs(60);
/// Between two looks at the database.
const LOOK: Duration = Duration::from_millis(50);
/// Findings about days and numbers that the officer of each department confirms.
const CONFIRMED: usize = 3;

/// A text of the demonstration in both languages.
pub fn words(key: &str) -> String {
    format!("{} · {}", Lang::Zh.text(key), Lang::En.text(key))
}

/// Everything that plays.
pub struct Play<'a> {
    /// Folder, ports, clock.
    pub stage: &'a Stage,
    /// The database.
    pub house: House,
    /// What happens.
    pub plan: Arc<Plan>,
    /// The processes.
    pub crew: Crew,
    /// The business systems, by duty holder.
    pub clients: Vec<Client>,
    /// The log's key.
    pub log: VerifierKey,
    /// The audit keys of this month.
    pub to: Arc<SealTo>,
    /// The month for which they were asked for.
    pub month: String,
    /// What had arrived when this run began.
    pub sent: Arc<Sent>,
    /// How far it has got.
    pub progress: Progress,
    /// Days sealed ahead of time, and records that wait until they are late.
    pub ahead: Option<(Day, Sealing)>,
}

type Sealing = JoinHandle<Result<Vec<Ready>, DemoError>>;

/// What has arrived so far, for a run that continues.
///
/// # Errors
///
/// Those of the database.
pub async fn sent(house: &House, plan: &Arc<Plan>) -> Result<Sent, DemoError> {
    let plan = Arc::clone(plan);
    house
        .store
        .read("demo.sent", move |conn| {
            let (first, last) = (plan.city.earliest_day(), plan.city.last_day());
            let mut sent = Sent::default();
            for stream in &plan.streams {
                let id = stream.stream;
                for batch in intake::batches_of_stream(conn, id, first, last)? {
                    sent.batches.insert((id, u64::try_from(batch.first).unwrap_or(0)));
                }
                let closes = intake::closes_of(conn, id, first, last)?;
                sent.closes.extend(closes.iter().map(|close| (id, close.day)));
                let closures = intake::closures_of(conn, id, first, last)?;
                sent.closures.extend(closures.into_iter().map(|closure| (id, closure.from_day)));
            }
            Ok(sent)
        })
        .await
}

impl Play<'_> {
    /// Plays one step, which begins at `moment`.
    ///
    /// # Errors
    ///
    /// [`DemoError`].
    pub async fn step(&mut self, moment: Timestamp, step: Step) -> Result<(), DemoError> {
        match step {
            Step::Past(day) => self.past(day).await,
            Step::Push(day) => {
                self.push(day, false).await?;
                self.declare(day.next()).await
            }
            Step::Late(day) => self.push(day, true).await,
            Step::Night => self.night(moment).await,
            Step::Audit => self.audit(moment).await,
            Step::Overdue => {
                self.progress.say(words("demo-overdue"));
                self.judged(moment, false).await?;
                self.progress.step(self.weight(Step::Overdue));
                Ok(())
            }
            Step::Decide => self.decide(moment).await,
            Step::Scores => {
                self.night(moment).await?;
                self.settled::<ScoreHolders>(minutes_before(moment, 1)).await
            }
        }
    }

    /// Draws of all periods.
    fn draws(&self) -> usize {
        let past = self.plan.city.past / LONG_PERIOD;
        Sector::ALL.len() + usize::try_from(past).unwrap_or(0)
    }

    /// The nightly checks of the fortnight.
    async fn night(&mut self, moment: Timestamp) -> Result<(), DemoError> {
        self.progress.say(format!("{}  {}", moment.day(), words("demo-night")));
        if moment.day() == self.plan.city.size.first_day.next() {
            self.settled::<CommitDraws>(minutes_before(moment, 60)).await?;
        }
        self.settled::<CheckPopulation>(minutes_before(moment, 31)).await?;
        self.settled::<WatchDrops>(minutes_before(moment, 16)).await?;
        self.progress.step(self.weight(Step::Night));
        Ok(())
    }

    /// Two days before the fortnight, of those who were open then.
    async fn past(&mut self, day: Day) -> Result<(), DemoError> {
        self.push(day.previous(), false).await?;
        self.push(day, false).await?;
        if day.days_since(&self.plan.city.earliest_day()) % i64::from(LONG_PERIOD) <= 1 {
            self.settled::<CommitDraws>(day.start()).await?;
        }
        Ok(())
    }

    /// The closures that begin on `day`.
    async fn declare(&self, day: Day) -> Result<(), DemoError> {
        let begin = self.plan.closures.iter().filter(|closure| closure.from == day);
        for closure in begin.filter(|own| !self.sent.closures.contains(&(own.stream, own.from))) {
            let Closure { stream, from, to, .. } = *closure;
            let days = ClosureDays { stream, from, to, kind: "closure" };
            self.clients.get(closure.holder).ok_or(DemoError::Plan)?.declare(&days).await?;
        }
        Ok(())
    }

    /// How much of the progress bar a step takes, in records.
    pub fn weight(&self, step: Step) -> u64 {
        weight(&self.plan, step)
    }

    async fn push(&mut self, day: Day, late: bool) -> Result<(), DemoError> {
        self.renew_keys().await?;
        let mut ready = self.sealed(day).await?;
        ready.retain(|ready| ready.is_late() == late);
        if !late && day < self.plan.city.last_day() {
            self.ahead = Some((day.next(), self.seal(day.next())));
        }
        let what = if late { "demo-late" } else { "demo-push" };
        self.progress.say(format!("{day}  {}", words(what)));
        let known = (&self.log, &*self.sent);
        push_day(ready, &self.clients, &self.house.clock, known, &self.progress).await?;
        Ok(self.crew.all_run()?)
    }

    /// Asks for the audit keys anew when another month has begun.
    async fn renew_keys(&mut self) -> Result<(), DemoError> {
        let today = self.house.clock.now().day();
        if today.month() != self.month {
            self.to = Arc::new(self.stage.seal_to(&self.clients, &self.plan.city).await?);
            self.month = today.month().to_owned();
        }
        Ok(())
    }

    fn seal(&self, day: Day) -> Sealing {
        let (plan, to) = (Arc::clone(&self.plan), Arc::clone(&self.to));
        tokio::spawn(seal_day(plan, to, Arc::clone(&self.sent), day))
    }

    async fn sealed(&mut self, day: Day) -> Result<Vec<Ready>, DemoError> {
        let sealing = match self.ahead.take() {
            Some((ahead, sealing)) if ahead == day => sealing,
            other => {
                self.ahead = other;
                self.seal(day)
            }
        };
        sealing.await.map_err(DemoError::thread)?
    }

    /// Waits until `J` has done all its slots up to now, and has one at or after `since`.
    async fn settled<J: Job>(&mut self, since: Timestamp) -> Result<(), DemoError> {
        let waited = Stopwatch::start();
        loop {
            let look = move |conn: &mut _| jobs::settled(conn, J::NAME, since);
            if self.house.store.read::<_, StoreError>("demo.settled", look).await? {
                return Ok(());
            }
            self.crew.all_run()?;
            if waited.elapsed() > PATIENCE {
                return Err(DemoError::Job(J::NAME));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The cutoff, the last population check, the draws and verdicts, until every secret is
    /// revealed or all that is left waits for a disclosure.
    async fn audit(&mut self, moment: Timestamp) -> Result<(), DemoError> {
        self.progress.say(words("demo-cutoff"));
        self.settled::<MarkCutoffs>(moment).await?;
        self.settled::<CheckPopulation>(moment.day().start()).await?;
        self.judged(moment, true).await
    }

    async fn judged(&mut self, moment: Timestamp, may_wait: bool) -> Result<(), DemoError> {
        let (draws, wanted) = (self.draws(), self.plan.city.holders.len());
        let (waited, whole) = (Stopwatch::start(), self.weight(Step::Audit));
        let (mut told, mut minute) = (0, moment);
        let (mut before, mut still) = (None, false);
        loop {
            let seen = found::judged(&self.house).await?;
            let have = seen.holders.min(wanted);
            self.progress.say(format!("{} {have}/{wanted}", words("demo-audit")));
            if may_wait {
                let part = whole * fraction(have) / fraction(wanted).max(1);
                self.progress.step(part.saturating_sub(told));
                told = part.max(told);
            }
            // A whole run without any progress: what is left waits for a disclosure.
            let last_waits = may_wait && seen.revealed + 1 == draws && still;
            if seen.revealed >= draws || last_waits {
                return Ok(());
            }
            if waited.elapsed() > PATIENCE {
                return Err(DemoError::Job(RunAudits::NAME));
            }
            self.crew.all_run()?;
            // The next run is due half a minute after each full one: let simulated time reach it.
            let due = minute.plus(Duration::from_secs(30));
            let look = move |conn: &mut _| jobs::settled(conn, RunAudits::NAME, due);
            if self.house.store.read::<_, StoreError>("demo.settled", look).await? {
                minute = minute.plus(Duration::from_secs(60));
                let answered = disclose::answer(&self.plan, &self.clients, &self.to).await?;
                still = answered == 0 && before == Some(seen);
                before = Some(seen);
            }
            if self.house.clock.now() < due {
                self.house.clock.set(due)?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// One officer of each department decides about some findings; the letters are mailed.
    async fn decide(&mut self, moment: Timestamp) -> Result<(), DemoError> {
        self.progress.say(words("demo-decide"));
        let (confirm, dismiss) =
            (Lang::Zh.text("demo-reason-confirm"), Lang::Zh.text("demo-reason-dismiss"));
        self.settled::<QueueDigests>(moment.minus(Duration::from_secs(3 * 3600))).await?;
        let mut opened = Vec::new();
        for sectors in registry::departments() {
            let findings = self.findings(sectors).await?;
            let Some(sector) = sectors.first().filter(|_| !findings.is_empty()) else { continue };
            let login = registry::deciding(*sector);
            let office = Office::enter(self.stage, &self.house, login).await?;
            let (mut decided, mut dismissed) = (0, false);
            let limit = moment.day().plus(30);
            for finding in findings {
                let grave =
                    [FindingKind::NonCompliant, FindingKind::NotDisclosed].contains(&finding.kind);
                if finding.kind == FindingKind::LateDay && !dismissed {
                    dismissed = true;
                    office.dismiss(finding.id, &dismiss).await?;
                } else if grave || decided < CONFIRMED {
                    decided += usize::from(!grave);
                    opened.push(office.confirm(finding.id, &confirm, limit).await?);
                }
            }
        }
        self.progress.step(self.weight(Step::Decide));
        self.mailed(opened).await
    }

    /// Undecided findings in `sectors` about days, numbers and whole periods, and the first of each
    /// business about a record that was not disclosed.
    async fn findings(&self, sectors: &'static [Sector]) -> Result<Vec<Finding>, DemoError> {
        let plan = Arc::clone(&self.plan);
        self.house
            .store
            .read("demo.findings", move |conn| {
                let mut findings = Vec::new();
                for (at, holder) in plan.city.holders.iter().enumerate() {
                    if !sectors.contains(&holder.sector) {
                        continue;
                    }
                    let against = cases::findings_against(conn, holder.id);
                    let mut against = against.map_err(DemoError::database)?;
                    against.retain(|finding| finding.stage == Decided::Proposed);
                    let of = |kind| against.iter().filter(move |finding| finding.kind == kind);
                    findings.extend(of(FindingKind::NonCompliant).cloned());
                    findings.extend(of(FindingKind::NotDisclosed).take(1).cloned());
                    for stream in plan.streams.iter().filter(|stream| stream.holder == at) {
                        let about = cases::findings_of_stream(conn, stream.stream);
                        let about = about.map_err(DemoError::database)?;
                        let own =
                            |f: &Finding| f.day.is_some() && f.kind != FindingKind::NotDisclosed;
                        findings.extend(about.into_iter().filter(own));
                    }
                }
                findings.retain(|finding| finding.stage == Decided::Proposed);
                Ok(findings)
            })
            .await
    }

    /// Waits until every letter of `opened` has left.
    async fn mailed(&mut self, opened: Vec<CaseId>) -> Result<(), DemoError> {
        let (opened, waited) = (Arc::new(opened), Stopwatch::start());
        loop {
            let of = Arc::clone(&opened);
            let look = move |conn: &mut _| {
                let mut waiting = 0;
                for case in of.iter() {
                    let letters = notices::letters_of(conn, *case).map_err(DemoError::database)?;
                    waiting += letters.iter().filter(|l| l.state != LetterState::Sent).count();
                }
                Ok::<_, DemoError>(waiting)
            };
            if self.house.store.read("demo.letters", look).await? == 0 {
                return Ok(());
            }
            self.crew.all_run()?;
            if waited.elapsed() > MAIL {
                return Err(DemoError::Job("notify"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// How much of the progress bar a step takes, in records; pushes count each record.
pub fn weight(plan: &Plan, step: Step) -> u64 {
    match step {
        Step::Past(_) | Step::Push(_) | Step::Late(_) => 0,
        Step::Night | Step::Scores | Step::Overdue => plan.total() / 80,
        Step::Audit => plan.total() / 2,
        Step::Decide => plan.total() / 20,
    }
}

fn minutes_before(moment: Timestamp, minutes: u64) -> Timestamp {
    moment.minus(Duration::from_secs(60 * minutes))
}

fn fraction(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
