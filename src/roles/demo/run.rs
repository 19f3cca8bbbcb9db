//! The demonstration from its first second to its last.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use askama::Template as _;

use super::city::{City, Sector, Size, moment};
use super::crew::Environment;
use super::plant::Plan;
use super::play::{self, Play, weight};
use super::print::{ReadyPage, TablePage};
use super::progress::Progress;
use super::sink::Sink;
use super::stage::Stage;
use super::state::{State, Step, TIMELINE, timeline};
use super::truth::Table;
use super::{DemoError, found, office, registry};
use crate::cases;
use crate::foundation::db::{Conn, StoreError};
use crate::foundation::ids::HolderId;
use crate::foundation::time::{Stopwatch, Timestamp};
use crate::foundation::web::server_config;
use crate::roles::serve::told_to_stop;

/// The processes of the demonstration.
const ROLES: [&str; 3] = ["serve", "audit", "notify"];
/// Records of a city at scale 1.
const RECORDS: f64 = 100_000.0;
/// The first day of its fortnight, a Monday.
const FIRST_DAY: &str = "2026-04-06";
/// How far a step that was interrupted has moved on when it is taken up again: time must not run
/// backwards.
const RESUMED: Duration = Duration::from_secs(20 * 60);

/// What the demonstration is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the city lives; a second run on the same folder continues.
    pub folder: PathBuf,
    /// How many records, as a multiple of 100,000.
    pub scale: f64,
    /// End after the table instead of keeping the console open.
    pub once: bool,
    /// One JSON object as the last line.
    pub json: bool,
}

/// Plays the city to its end with the program `exe`, prints the table, and then keeps the console
/// open until Ctrl-C, which also ends it on the way; the next run continues. Gives the exit
/// code: 1 if what was found does not agree with what was planted.
///
/// # Errors
///
/// [`DemoError`].
pub async fn run(options: &Options, exe: &Path) -> Result<u8, DemoError> {
    let watch = Stopwatch::start();
    refuse_foreign(&options.folder)?;
    let mut stage = Stage::set(&options.folder, exe, Environment::new()).await?;
    let mut state = State::load(&stage.folder, fresh(options.scale))?;
    state.save(&stage.folder)?;
    let plan = Arc::new(Plan::of(City::of_all_trades(size(&state)?)));
    let tls = server_config(&stage.certificate.chain, &stage.certificate.key)?;
    let sink = Sink::start(tls, &stage.folder.join("mail")).await?;
    stage.more.push(("SMTP_URL".to_owned(), format!("smtps://localhost:{}", sink.port())));

    let steps = timeline(&plan, registry::CUTOFF_HOURS);
    let whole = steps.iter().map(|(_, step)| weight(&plan, *step)).sum::<u64>();
    let progress = Progress::new(plan.total() + whole);
    let mut play = begin(&stage, &mut state, &plan, &steps, progress.clone()).await?;
    let stop = told_to_stop()?;
    tokio::pin!(stop);
    let played = tokio::select! {
        played = play_on(&mut play, &mut state, &steps, watch) => Some(played),
        () = &mut stop => None,
    };
    progress.end();
    let code = match played {
        None => 0,
        Some(Err(fault)) => {
            play.crew.stop().await;
            return Err(fault);
        }
        Some(Ok(())) => {
            let mut found = found::found(&play.house, &plan).await?;
            found::standings(&play.clients, &mut found).await?;
            let table = Table::of(&plan, &found);
            report(&plan, &table, &sink, &state, options.json)?;
            if !options.once {
                tell(&welcome(&play).await?);
                stop.await;
            }
            u8::from(!table.sound())
        }
    };
    play.crew.stop().await;
    Ok(code)
}

/// Plays the steps that are still to come.
async fn play_on(
    play: &mut Play<'_>,
    state: &mut State,
    steps: &[(Timestamp, Step)],
    watch: Stopwatch,
) -> Result<(), DemoError> {
    let before = state.seconds;
    for (number, (at, step)) in steps.iter().enumerate().skip(state.steps) {
        set_clock(play.stage, state, *at)?;
        play.step(*at, *step).await?;
        state.steps = number + 1;
        state.seconds = before + watch.elapsed().as_secs_f64();
        state.save(&play.stage.folder)?;
    }
    Ok(())
}

/// How to enter the console.
async fn welcome(play: &Play<'_>) -> Result<String, DemoError> {
    let (stage, login) = (play.stage, registry::deciding(Sector::Lodging));
    let link = office::entry_link(stage, &play.house, login).await?;
    let holder = answering(play).await?;
    let portal = office::portal_link(stage, &play.house, holder).await?;
    let (console, mail) = (stage.console_origin(), stage.folder.join("mail"));
    Ok(ReadyPage::of(&console, [&link, &portal], &stage.certificate.root, &mail).render()?)
}

/// A hotel with a confirmed finding, which has something to answer; the first one where none has.
async fn answering(play: &Play<'_>) -> Result<HolderId, DemoError> {
    let holders = play.plan.city.holders.iter();
    let hotels: Vec<HolderId> =
        holders.filter(|holder| holder.sector == Sector::Lodging).map(|holder| holder.id).collect();
    let first = hotels.first().copied().ok_or(DemoError::Plan)?;
    let read = move |conn: &mut Conn| {
        for holder in hotels {
            let against = cases::findings_against(conn, holder)?;
            if against.iter().any(|finding| finding.stage == cases::Stage::Confirmed) {
                return Ok::<_, StoreError>(holder);
            }
        }
        Ok(first)
    };
    Ok(play.house.store.read("demo.answering", read).await?)
}

/// Refuses a folder in which something else lives.
fn refuse_foreign(folder: &Path) -> Result<(), DemoError> {
    let inhabited = folder.is_dir() && std::fs::read_dir(folder)?.next().is_some();
    if inhabited && !State::lives_in(folder) {
        return Err(DemoError::Foreign(folder.to_owned()));
    }
    Ok(())
}

/// A city of which nothing has happened yet.
fn fresh(scale: f64) -> State {
    let records = (RECORDS * scale.clamp(0.05, 100.0)).round();
    #[expect(clippy::as_conversions, reason = "between 5,000 and 10,000,000")]
    let records = records as u64;
    State {
        timeline: TIMELINE,
        seed: 410_699,
        records,
        founded: false,
        steps: 0,
        moment: None,
        seconds: 0.0,
    }
}

fn size(state: &State) -> Result<Size, DemoError> {
    Ok(Size {
        seed: state.seed,
        lodging: 27,
        courier: 14,
        records: state.records,
        first_day: FIRST_DAY.parse().ok().ok_or(DemoError::Plan)?,
        days: 14,
    })
}

/// Founds the city where that is still to be done, and starts its processes.
async fn begin<'a>(
    stage: &'a Stage,
    state: &mut State,
    plan: &Arc<Plan>,
    steps: &[(Timestamp, Step)],
    progress: Progress,
) -> Result<Play<'a>, DemoError> {
    if !state.founded {
        progress.say(play::words("demo-founding"));
        stage.clock.set(moment(plan.city.earliest_day().previous(), 20 * 3600))?;
        stage.found(&plan.city).await?;
        state.founded = true;
        state.save(&stage.folder)?;
    } else if let Some((at, _)) = steps.get(state.steps) {
        // The processes must not see the time that has gone by since the last run.
        set_clock(stage, state, *at)?;
    }
    let crew = stage.start(&ROLES).await?;
    let house = stage.house().await?;
    let sent = play::sent(&house, plan).await?;
    let arrived = sent.records(plan);
    let clients = stage.clients(&house, &plan.city).await?;
    let to = stage.seal_to(&clients, &plan.city).await?;
    let done = steps.iter().take(state.steps).map(|(_, step)| weight(plan, *step)).sum::<u64>();
    progress.step(arrived + done);
    Ok(Play {
        stage,
        house,
        plan: Arc::clone(plan),
        crew,
        clients,
        log: stage.log_key()?,
        to: Arc::new(to),
        month: stage.clock.now().day().month().to_owned(),
        sent: Arc::new(sent),
        progress,
        ahead: None,
    })
}

/// Moves the shared clock to `at`, or a little beyond where this step was under way before.
fn set_clock(stage: &Stage, state: &mut State, at: Timestamp) -> Result<(), DemoError> {
    let again = state.moment == Some(at);
    stage.clock.set(if again { at.plus(RESUMED) } else { at })?;
    state.moment = Some(at);
    Ok(state.save(&stage.folder)?)
}

#[expect(clippy::print_stdout, reason = "a command answers on its terminal")]
fn report(
    plan: &Plan,
    table: &Table,
    sink: &Sink,
    state: &State,
    json: bool,
) -> Result<(), DemoError> {
    println!("{}", TablePage::of(plan, table, sink.kept(), state.seconds).render()?);
    if json {
        let [planted, found, missed, false_] = table.sums();
        println!(
            r#"{{"planted":{planted},"found":{found},"missed":{missed},"false":{false_},"seconds":{:.1}}}"#,
            state.seconds
        );
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a command talks on its terminal")]
fn tell(page: &str) {
    eprintln!("{page}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_else_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refuse_foreign(folder.path()).is_ok());
        assert!(refuse_foreign(&folder.path().join("new")).is_ok());
        std::fs::write(folder.path().join("chayan.db"), "precious").unwrap();
        assert!(matches!(refuse_foreign(folder.path()), Err(DemoError::Foreign(_))));
        fresh(1.0).save(folder.path()).unwrap();
        assert!(refuse_foreign(folder.path()).is_ok());
    }

    #[test]
    fn the_scale_multiplies_the_records_within_reason() {
        assert_eq!(fresh(1.0).records, 100_000);
        assert_eq!(fresh(2.5).records, 250_000);
        assert_eq!(fresh(0.0).records, 5_000);
        assert_eq!(fresh(f64::INFINITY).records, 10_000_000);
    }
}
