//! The fortnight, step by step: every clock is the shared one, every push goes over real HTTPS,
//! every job is run by the processes that run it anywhere.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::city::Sector;
use super::crew::Crew;
use super::office::Office;
use super::plant::Plan;
use super::progress::Progress;
use super::push::{Ready, SealTo, push_day, seal_day};
use super::stage::Stage;
use super::state::{Sent, Step};
use super::{DemoError, found, registry};
use crate::audits::{CheckPopulation, MarkCutoffs, RunAudits};
use crate::cases::{self, Finding, FindingKind, QueueDigests, Stage as Decided};
use crate::foundation::House;
use crate::foundation::db::StoreError;
use crate::foundation::ids::CaseId;
use crate::foundation::jobs::{self, Job};
use crate::foundation::time::{Stopwatch, Timestamp};
use crate::foundation::web::Lang;
use crate::intake;
use crate::ledger::VerifierKey;
use crate::notices::{self, LetterState};
use crate::outside::submit::Client;

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
    /// The audit keys.
    pub to: Arc<SealTo>,
    /// What had arrived when this run began.
    pub sent: Arc<Sent>,
    /// How far it has got.
    pub progress: Progress,
    /// Days sealed ahead of time, and records that wait until they are late.
    pub ahead: Option<(usize, Sealing)>,
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
            let (first, last) = (plan.city.size.first_day, plan.city.last_day());
            let mut sent = Sent::default();
            for stream in &plan.streams {
                let id = stream.stream;
                for batch in intake::batches_of_stream(conn, id, first, last)? {
                    sent.batches.insert((id, u64::try_from(batch.first).unwrap_or(0)));
                }
                let closes = intake::closes_of(conn, id, first, last)?;
                sent.closes.extend(closes.iter().map(|close| (id, close.day)));
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
            Step::Push(day) => self.push(day, false).await,
            Step::Late(day) => self.push(day, true).await,
            Step::Night => {
                self.progress.say(format!("{}  {}", moment.day(), words("demo-night")));
                self.settled::<CheckPopulation>(moment.minus(Duration::from_secs(60))).await?;
                self.progress.step(self.weight(Step::Night));
                Ok(())
            }
            Step::Audit => self.audit(moment).await,
            Step::Decide => self.decide(moment).await,
        }
    }

    /// How much of the progress bar a step takes, in records.
    pub fn weight(&self, step: Step) -> u64 {
        weight(&self.plan, step)
    }

    async fn push(&mut self, day: usize, late: bool) -> Result<(), DemoError> {
        let mut ready = self.sealed(day).await?;
        ready.retain(|ready| ready.is_late() == late);
        if !late && day + 1 < self.plan.city.days().count() {
            self.ahead = Some((day + 1, self.seal(day + 1)));
        }
        let name = self.plan.city.days().nth(day).map(|day| day.to_string()).unwrap_or_default();
        let what = if late { "demo-late" } else { "demo-push" };
        self.progress.say(format!("{name}  {}", words(what)));
        let known = (&self.log, &*self.sent);
        push_day(ready, &self.clients, &self.house.clock, known, &self.progress).await?;
        Ok(self.crew.all_run()?)
    }

    fn seal(&self, day: usize) -> Sealing {
        let (plan, to) = (Arc::clone(&self.plan), Arc::clone(&self.to));
        tokio::spawn(seal_day(plan, to, Arc::clone(&self.sent), day))
    }

    async fn sealed(&mut self, day: usize) -> Result<Vec<Ready>, DemoError> {
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

    /// The cutoff, the last population check, the draws and verdicts.
    async fn audit(&mut self, moment: Timestamp) -> Result<(), DemoError> {
        self.progress.say(words("demo-cutoff"));
        self.settled::<MarkCutoffs>(moment).await?;
        self.settled::<CheckPopulation>(moment.day().start()).await?;
        let wanted = self.plan.city.holders.len();
        let (waited, whole) = (Stopwatch::start(), self.weight(Step::Audit));
        let (mut told, mut minute) = (0, moment);
        loop {
            let have = found::verdicts(&self.house).await?;
            self.progress.say(format!("{} {have}/{wanted}", words("demo-audit")));
            let part = whole * fraction(have) / fraction(wanted).max(1);
            self.progress.step(part.saturating_sub(told));
            told = part.max(told);
            if have >= wanted {
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
        for sector in [Sector::Lodging, Sector::Courier] {
            let findings = self.findings(sector).await?;
            let office = Office::enter(self.stage, &self.house, registry::deciding(sector)).await?;
            let (mut decided, mut dismissed) = (0, false);
            let limit = moment.day().plus(30);
            for finding in findings {
                let grave = finding.kind == FindingKind::NonCompliant;
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

    /// Undecided findings of `sector` about days, numbers and whole periods.
    async fn findings(&self, sector: Sector) -> Result<Vec<Finding>, DemoError> {
        let plan = Arc::clone(&self.plan);
        self.house
            .store
            .read("demo.findings", move |conn| {
                let mut findings = Vec::new();
                for (at, holder) in plan.city.holders.iter().enumerate() {
                    if holder.sector != sector {
                        continue;
                    }
                    let against = cases::findings_against(conn, holder.id);
                    let grave = against.map_err(DemoError::database)?.into_iter();
                    findings.extend(grave.filter(|f| f.kind == FindingKind::NonCompliant));
                    for stream in plan.streams.iter().filter(|stream| stream.holder == at) {
                        let about = cases::findings_of_stream(conn, stream.stream);
                        let about = about.map_err(DemoError::database)?;
                        findings.extend(about.into_iter().filter(|f| f.day.is_some()));
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
        Step::Push(_) | Step::Late(_) => 0,
        Step::Night => plan.total() / 80,
        Step::Audit => plan.total() / 2,
        Step::Decide => plan.total() / 20,
    }
}

fn fraction(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
