//! The server time of every page of the officers' console with 1,000,000 batches, 10,000 duty
//! holders and 200,000 findings, against the same pages with a hundredth of that; and the bytes of
//! the heaviest page as it goes over the wire.
//!
//! Both sides are invented databases on SQLite behind a `serve` of their own, which take turns. A
//! page's figure is the median of its requests. `--per-mille N` makes both sides so many thousandths
//! as large, for a look in between; `--json` adds one JSON object as the last line. Run by
//! `scripts/load pages`.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use chayan::audits::{follow_log, tally_console};
use chayan::foundation::House;
use chayan::foundation::crypto::install_providers;
use chayan::foundation::db::{Conn, StoreError};
use chayan::foundation::time::Day;
use chayan::registry;
use chayan::roles::demo::city::{City, Size};
use chayan::roles::demo::crew::Crew;
use chayan::roles::demo::office;
use chayan::roles::demo::stage::Stage;
use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use reqwest::header::{ACCEPT_ENCODING, COOKIE, ORIGIN, SET_COOKIE};

type Failure = Box<dyn Error + Send + Sync>;

/// Duty holders of the larger side; each has one stream and a hundred batches.
const HOLDERS: u64 = 10_000;
/// How many times as large it is as the smaller one.
const TIMES: u64 = 100;
/// Requests of a page that count; a tenth more go before them.
const REQUESTS: usize = 30;
/// When everything is looked at.
const NOW: &str = "2026-08-24T12:40:00+08:00";
/// The trade of the invented businesses, and its officer, who leads.
const LOGIN: &str = "lin.yue";

/// Twelve periods of a fortnight, a hundred days of batches and closes, findings at all stages.
const SEED: &str = include_str!("pages.sql");

fn main() -> Result<(), Failure> {
    install_providers();
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let mille = match arguments.iter().position(|argument| argument == "--per-mille") {
        None => 1000,
        Some(at) => arguments.get(at + 1).ok_or("--per-mille needs a number")?.parse()?,
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build()?.block_on(measure(json, mille))
}

async fn measure(json: bool, mille: u64) -> Result<(), Failure> {
    let many = Side::start((HOLDERS * mille / 1000).max(1)).await?;
    let few = Side::start((HOLDERS * mille / 1000 / TIMES).max(1)).await?;
    let mut worst: (f64, String) = (0.0, String::new());
    let mut heaviest: (usize, String) = (0, String::new());
    let (mut ours, mut against) = (0.0, 0.0);
    println!("{:>9} {:>9} {:>6} {:>8}  page", "ours ms", "1 % ms", "ratio", "KiB gzip");
    for (one, other) in many.pages.iter().zip(&few.pages) {
        let (mut times, mut less) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for request in 0..REQUESTS + REQUESTS / 10 {
            let (time, size) = many.visit(one).await?;
            let (small, _) = few.visit(other).await?;
            if request >= REQUESTS / 10 {
                times.push(time);
                less.push(small);
            }
            bytes = bytes.max(size);
        }
        let (time, small) = (median(times), median(less));
        let ratio = time / small;
        let kib = (bytes * 10).div_ceil(1024);
        println!(
            "{:>9.2} {:>9.2} {ratio:>6.2} {:>6}.{}  {}",
            time * 1e3,
            small * 1e3,
            kib / 10,
            kib % 10,
            other.name
        );
        if ratio > worst.0 {
            worst = (ratio, other.name.clone());
            (ours, against) = (time * 1e3, small * 1e3);
        }
        heaviest = heaviest.max((bytes, other.name.clone()));
    }
    println!(
        "pages: worst {} {ours:.2} ms / {against:.2} ms = {:.3}; heaviest {} {} bytes compressed; \
         {} duty holders, {} batches, {} findings",
        worst.1,
        worst.0,
        heaviest.1,
        heaviest.0,
        many.holders,
        many.holders * 100,
        many.holders * 20
    );
    many.crew.stop().await;
    few.crew.stop().await;
    if json {
        println!(
            r#"{{"ours":{ours:.3},"against":{against:.3},"ratio":{:.3},"page":"{}","bytes":{}}}"#,
            worst.0, worst.1, heaviest.0
        );
    }
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A page by its address, and by what it is called whatever the ids in it.
struct Page {
    name: String,
    path: String,
}

/// A database with its server, and an officer who is signed in.
struct Side {
    _folder: tempfile::TempDir,
    crew: Crew,
    http: reqwest::Client,
    origin: String,
    cookie: String,
    pages: Vec<Page>,
    holders: u64,
}

impl Side {
    async fn start(holders: u64) -> Result<Self, Failure> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let city = City::invent(Size {
            seed: 7,
            lodging: 1,
            courier: 1,
            records: 100,
            first_day: "2026-03-02".parse()?,
            days: 14,
        });
        let exe = Path::new(env!("CARGO_BIN_EXE_chayan"));
        let more = vec![("RUST_LOG".to_owned(), "warn".to_owned())];
        let stage = Stage::set(folder.path(), exe, more).await?;
        stage.clock.set(NOW.parse()?)?;
        stage.found(&city).await?;
        let house = stage.house().await?;
        seed(&house, holders).await?;
        tally_console(&house).await?;
        follow_log(&house).await?;
        let crew = stage.start(&["serve"]).await?;
        rest(&house).await?;
        let http = stage.connections()?;
        let origin = stage.console_origin();
        let cookie = enter(&stage, &house, &http, &origin).await?;
        let pages = pages(&house).await?;
        Ok(Self { _folder: folder, crew, http, origin, cookie, pages, holders })
    }

    /// The seconds that a page takes until its last byte, and its bytes.
    async fn visit(&self, page: &Page) -> Result<(f64, usize), Failure> {
        let request = self
            .http
            .get(format!("{}{}", self.origin, page.path))
            .header(COOKIE, &self.cookie)
            .header(ACCEPT_ENCODING, "gzip");
        let start = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        let time = start.elapsed().as_secs_f64();
        if status.is_success() {
            Ok((time, bytes.len()))
        } else {
            Err(format!("{} {status}", page.path).into())
        }
    }
}

/// Fills the database with so many businesses of the police's lodging plan.
async fn seed(house: &House, holders: u64) -> Result<(), Failure> {
    let find = |conn: &mut Conn| {
        let department = registry::departments(conn)?.into_iter().find(|d| d.code == "police");
        let Some(department) = department else { return Ok(None) };
        let lodging = registry::Sector::Lodging;
        let plan = registry::plan_for(conn, department.id, lodging)?;
        let officers = registry::officers_of(conn, department.id)?;
        Ok::<_, StoreError>(plan.zip(officers.into_iter().find(|officer| officer.lead)))
    };
    let found = house.store.read("bench.find", find).await?;
    let (plan, officer) = found.ok_or("no plan of the police")?;
    let today: Day = house.clock.now().day();
    let mut periods = String::new();
    let mut period = plan.period_containing(today);
    for back in 0..12 {
        let own = period.ok_or("no period")?;
        let state = if back == 0 { "committed" } else { "closed" };
        periods.push_str(&format!(
            "INSERT INTO p VALUES ({back}, '{}', '{}', '{}', {}, '{state}');\n",
            own.id,
            own.first,
            own.last,
            own.cutoff.micros()
        ));
        period = plan.period_containing(own.first.previous());
    }
    let hex = |text: String| text.replace('-', "");
    let sql = SEED
        .replace("-- PERIODS", &periods)
        .replace("HOLDERS", &holders.to_string())
        .replace("DEPARTMENT", &format!("x'{}'", hex(plan.department.to_string())))
        .replace("OFFICER", &format!("x'{}'", hex(officer.id.to_string())))
        .replace("PLAN", &format!("x'{}'", hex(plan.id.to_string())))
        .replace("TODAY", today.as_str())
        .replace("NOW", &house.clock.now().micros().to_string());
    let write = move |conn: &mut Conn| conn.batch_execute(&sql).map_err(StoreError::from);
    house.store.write("bench.seed", write).await?;
    Ok(())
}

/// Waits until the jobs that a start brings have ended.
async fn rest(house: &House) -> Result<(), Failure> {
    let mut quiet = 0;
    for _ in 0..1800 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let busy =
            count(house, "SELECT COUNT(*) AS n FROM jobs_runs WHERE done_at IS NULL").await?;
        let all = count(house, "SELECT COUNT(*) AS n FROM jobs_runs").await?;
        quiet = if busy == 0 && all > 0 { quiet + 1 } else { 0 };
        if quiet == 5 {
            return Ok(());
        }
    }
    Err("the jobs do not end".into())
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

async fn count(house: &House, sql: &'static str) -> Result<i64, Failure> {
    let read = move |conn: &mut Conn| {
        diesel::sql_query(sql).get_result::<Count>(conn).map_err(StoreError::from)
    };
    Ok(house.store.read("bench.count", read).await?.n)
}

/// The id that a query gives, as a UUID is written.
async fn id(house: &House, sql: &'static str) -> Result<String, Failure> {
    let read = move |conn: &mut Conn| {
        diesel::sql_query(sql).get_result::<Id>(conn).map_err(StoreError::from)
    };
    let hex = house.store.read("bench.id", read).await?.id.to_lowercase();
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Vec<&str> = parts.iter().filter_map(|(from, to)| hex.get(*from..*to)).collect();
    Ok(parts.join("-"))
}

async fn enter(
    stage: &Stage,
    house: &House,
    http: &reqwest::Client,
    origin: &str,
) -> Result<String, Failure> {
    let link = office::entry_link(stage, house, LOGIN).await?;
    let code = link.rsplit('=').next().unwrap_or_default().to_owned();
    let answer = http
        .post(format!("{origin}/enter"))
        .header(ORIGIN, origin)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("code={code}"))
        .send()
        .await?;
    let cookies = answer.headers().get_all(SET_COOKIE).iter();
    let session = cookies
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .find(|cookie| cookie.starts_with("__Host-chayan"));
    Ok(session.ok_or("the console lets nobody in")?.to_owned())
}

/// Every page of the officers' console.
async fn pages(house: &House) -> Result<Vec<Page>, Failure> {
    let named = [
        ("{holder}", "SELECT hex(holder_id) AS id FROM audits_audits ORDER BY opened DESC LIMIT 1"),
        ("{audit}", "SELECT hex(id) AS id FROM audits_audits ORDER BY opened DESC LIMIT 1"),
        ("{finding}", "SELECT hex(id) AS id FROM cases_findings WHERE stage = 'proposed' LIMIT 1"),
        ("{case}", "SELECT hex(id) AS id FROM cases_cases LIMIT 1"),
    ];
    let mut ids = Vec::new();
    for (name, sql) in named {
        ids.push((name, id(house, sql).await?));
    }
    let names = [
        "/",
        "/findings",
        "/findings?stage=confirmed",
        "/findings/{finding}",
        "/cases",
        "/cases?state=overdue",
        "/cases/{case}",
        "/signals",
        "/audits",
        "/audits?verdict=non_compliant",
        "/audits/{audit}",
        "/holders",
        "/holders?sector=lodging&district=410611",
        "/holders/{holder}",
        "/holders/{holder}/standing",
        "/department",
        "/oversight",
        "/log",
        "/log?kind=finding_dismissed",
    ];
    let page = |name: &&str| {
        let path = ids.iter().fold((*name).to_owned(), |path, (name, id)| path.replace(name, id));
        Page { name: (*name).to_owned(), path }
    };
    Ok(names.iter().map(page).collect())
}
