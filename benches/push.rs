//! Sealed records per second over HTTPS into `serve` with everything it does (SQLite,
//! `synchronous=FULL`), against a floor that only receives the same bytes over the same HTTPS stack,
//! hashes them, appends them to a file and waits for the disk. Client and server share the machine;
//! both sides take turns in one run, and their medians are compared.
//!
//! `--mode attested` compares attested records into `serve` with sealed ones into the same `serve`,
//! in batches of as many records. `--connections N` is how many requests are on the way at once, 16
//! unless told. `--json` adds one JSON object as the last line. Run by `scripts/load push`.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use actix_web::{App, HttpResponse, HttpServer, web};
use chayan::foundation::Random;
use chayan::foundation::crypto::{install_providers, sha256};
use chayan::foundation::time::Day;
use chayan::foundation::web::server_config;
use chayan::outside::submit::{Client, Sheet, Signed, commit_lines, seal_lines};
use chayan::roles::demo::city::{City, Sector, Size};
use chayan::roles::demo::plant::{DayPlan, Fate};
use chayan::roles::demo::push::SealTo;
use chayan::roles::demo::records::{Place, write};
use chayan::roles::demo::stage::Stage;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

type Failure = Box<dyn Error + Send + Sync>;
type Batch = (usize, Signed<chayan::foundation::ids::BatchId>);

/// Records of a batch.
const RECORDS: u64 = 1_000;
/// Batches of a round.
const BATCHES: u64 = 96;
/// Rounds that count; one more goes before them.
const ROUNDS: u64 = 5;
/// Records of one mode in all rounds.
const ALL: u64 = BATCHES * (ROUNDS + 1) * RECORDS;
/// Requests at once, on either side, unless told.
const CONNECTIONS: usize = 16;
/// Duty holders that push.
const HOLDERS: u32 = 16;

fn main() -> Result<(), Failure> {
    install_providers();
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--floor") {
        return floor(&arguments[at + 1..]);
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let mode = arguments.iter().position(|argument| argument == "--mode");
    let attested = match mode.map(|at| arguments.get(at + 1).map(String::as_str)) {
        None | Some(Some("sealed")) => false,
        Some(Some("attested")) => true,
        Some(_) => return Err("--mode is sealed or attested".into()),
    };
    let connections = arguments.iter().position(|argument| argument == "--connections");
    let connections = match connections {
        None => CONNECTIONS,
        Some(at) => arguments.get(at + 1).ok_or("--connections needs a number")?.parse()?,
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build()?.block_on(measure(json, attested, connections))
}

async fn measure(json: bool, attested: bool, connections: usize) -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let day: Day = "2026-03-02".parse()?;
    let city = City::invent(Size {
        seed: 7,
        lodging: 0,
        courier: HOLDERS,
        records: ALL,
        first_day: day,
        days: 14,
    });
    let exe = Path::new(env!("CARGO_BIN_EXE_chayan"));
    let more = vec![("RUST_LOG".to_owned(), "warn".to_owned())];
    let stage = Stage::set(folder.path(), exe, more).await?;
    stage.clock.set("2026-03-02T23:00:00+08:00".parse()?)?;
    stage.found(&city).await?;
    let crew = stage.start(&["serve"]).await?;
    let house = stage.house().await?;
    let clients = Arc::new(stage.clients(&house, &city).await?);
    let to = stage.seal_to(&clients, &city).await?;
    let floor = Floor::start(&stage, folder.path())?;

    let (mut ours, mut against) = (Vec::new(), Vec::new());
    let (mut bytes, mut records) = (0, 0);
    for round in 0..=ROUNDS {
        let turn = if attested { 2 * round } else { round };
        let batches = Arc::new(seal(&city, &clients, &to, day, turn, "sealed").await?);
        bytes = batches.iter().map(|(_, batch)| batch.body.len()).sum::<usize>() / batches.len();
        let (our_rate, other_rate) = if attested {
            let sealed = push_to_us(&clients, &batches, connections).await?;
            let batches = Arc::new(seal(&city, &clients, &to, day, turn + 1, "attested").await?);
            (push_to_us(&clients, &batches, connections).await?, sealed)
        } else {
            let floor = push_to_floor(&stage, floor.port, &batches, connections).await?;
            (push_to_us(&clients, &batches, connections).await?, floor)
        };
        if round > 0 {
            ours.push(our_rate);
            against.push(other_rate);
            records += BATCHES * RECORDS;
        }
    }
    let peak = peak_rss_mib(crew.id("serve").ok_or("serve has ended")?)?;
    crew.stop().await;
    drop(floor);
    let (ours, against) = (median(ours), median(against));
    let ratio = ours / against;
    let (ours_are, against_are) = if attested {
        ("attested records/s into serve", "sealed records/s into serve")
    } else {
        ("records/s into serve", "records/s into the floor")
    };
    println!(
        "push: {ours:.0} {ours_are} / {against:.0} {against_are} = {ratio:.3}; \
         {records} records in batches of {RECORDS}, {bytes} bytes a sealed batch, \
         {connections} connections; peak memory of serve {peak} MiB"
    );
    if json {
        println!(
            r#"{{"ours":{ours:.0},"against":{against:.0},"ratio":{ratio:.3},"peak_rss_mib":{peak}}}"#
        );
    }
    Ok(())
}

/// The batches of a turn, sealed or committed to, and signed, with the client that pushes each.
async fn seal(
    city: &City,
    clients: &Arc<Vec<Client>>,
    to: &SealTo,
    day: Day,
    turn: u64,
    mode: &'static str,
) -> Result<Vec<Batch>, Failure> {
    let mut work = Vec::new();
    for half in 0..2 {
        let (city, clients, to) = (city.clone(), Arc::clone(clients), to.clone());
        work.push(tokio::task::spawn_blocking(move || {
            let own = (0..BATCHES).filter(|batch| batch % 2 == half);
            let number = move |batch| turn * BATCHES + batch;
            own.map(|batch| seal_batch(&city, &clients, &to, day, number(batch), mode))
                .collect::<Result<Vec<Batch>, Failure>>()
        }));
    }
    let mut batches = Vec::new();
    for half in work {
        batches.extend(half.await??);
    }
    Ok(batches)
}

/// Batch number `number` of the run in `mode`: duty holders in turn, each with its own numbers.
fn seal_batch(
    city: &City,
    clients: &[Client],
    to: &SealTo,
    day: Day,
    number: u64,
    mode: &'static str,
) -> Result<Batch, Failure> {
    let holder = usize::try_from(number % u64::from(HOLDERS))?;
    let outlet = city.holders[holder].outlets.first().ok_or("a holder without an outlet")?;
    let whole = DayPlan {
        day,
        fate: Fate::Sent,
        first: 1,
        departures: 0,
        arrivals: 2 * ALL,
        arrived_as: None,
        gap: None,
        understated: 0,
    };
    let first = 1 + number / u64::from(HOLDERS) * RECORDS;
    let place = Place { city, sector: Sector::Courier, outlet, day: &whole };
    let written: Vec<_> = (first..first + RECORDS).map(|seq| write(place, seq, None)).collect();
    let (kid, key) = to.get(&Sector::Courier).ok_or("no key to seal to")?;
    let plain = written.iter().map(|record| record.json.as_slice());
    let lines = match mode {
        "attested" => commit_lines(plain),
        _ => seal_lines(plain, kid, key, &Random::system())?,
    };
    let sheet = Sheet {
        stream: outlet.stream,
        day,
        mode,
        pack: Sector::Courier.pack().to_owned(),
        first,
        from: written[0].occurred_at,
        to: written[written.len() - 1].occurred_at,
        amends: Vec::new(),
    };
    let now = "2026-03-02T23:00:00+08:00".parse()?;
    Ok((holder, clients[holder].shop().batch(&sheet, &lines, now)?))
}

/// Records a second into `serve`, with receipts.
async fn push_to_us(
    clients: &Arc<Vec<Client>>,
    batches: &Arc<Vec<Batch>>,
    connections: usize,
) -> Result<f64, Failure> {
    for client in clients.iter() {
        client.token().await?;
    }
    let start = Instant::now();
    stream::iter(0..batches.len())
        .map(Ok::<usize, Failure>)
        .try_for_each_concurrent(connections, |at| {
            let (clients, batches) = (Arc::clone(clients), Arc::clone(batches));
            async move {
                let (holder, batch) = &batches[at];
                let answer = clients[*holder].push(batch).await?;
                if answer.created { Ok(()) } else { Err("pushed before".into()) }
            }
        })
        .await?;
    Ok(rate(start))
}

/// Records a second into the floor.
async fn push_to_floor(
    stage: &Stage,
    port: u16,
    batches: &Arc<Vec<Batch>>,
    connections: usize,
) -> Result<f64, Failure> {
    let http = stage.connections()?;
    let url = format!("https://localhost:{port}/");
    http.get(&url).send().await?;
    let start = Instant::now();
    stream::iter(0..batches.len())
        .map(Ok::<usize, Failure>)
        .try_for_each_concurrent(connections, |at| {
            let request = http.post(&url).body(batches[at].1.body.clone());
            async move {
                let answer = request.send().await?.error_for_status()?;
                answer.bytes().await?;
                Ok(())
            }
        })
        .await?;
    Ok(rate(start))
}

fn rate(start: Instant) -> f64 {
    let records = u32::try_from(BATCHES * RECORDS).map_or(0.0, f64::from);
    records / start.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// The most memory that a process has had in RAM, in MiB.
fn peak_rss_mib(process: u32) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no VmHWM")?;
    let kib: u64 = line.split_ascii_whitespace().nth(1).ok_or("no VmHWM")?.parse()?;
    Ok(kib.div_ceil(1024))
}

/// The floor, in a process of its own.
struct Floor {
    process: Child,
    port: u16,
}

impl Floor {
    fn start(stage: &Stage, folder: &Path) -> Result<Floor, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--floor")
            .args([&stage.certificate.chain, &stage.certificate.key])
            .arg(folder.join("floor"))
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("the floor has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        Ok(Floor { process, port: line.trim().parse()? })
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        if let Err(cause) = ended {
            println!("the floor does not end: {cause}");
        }
    }
}

/// Receives, hashes, appends, waits for the disk, answers.
fn floor(files: &[String]) -> Result<(), Failure> {
    let [chain, key, file] = files else { return Err("three files are needed".into()) };
    let tls = server_config(Path::new(chain), Path::new(key))?;
    let file = File::options().create(true).append(true).open(PathBuf::from(file))?;
    let file = web::Data::new(Mutex::new(file));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(file.clone())
                .app_data(web::PayloadConfig::new(16 * 1024 * 1024))
                .route("/", web::get().to(HttpResponse::Ok))
                .route("/", web::post().to(keep))
        })
        .workers(2)
        .disable_signals()
        .bind_rustls_0_23(("127.0.0.1", 0), tls)?;
        println!("{}", server.addrs()[0].port());
        std::io::stdout().flush()?;
        Ok(server.run().await?)
    })
}

async fn keep(body: web::Bytes, file: web::Data<Mutex<File>>) -> actix_web::Result<HttpResponse> {
    let kept = web::block(move || {
        let digest = sha256(&body);
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&body).and_then(|()| file.sync_data()).map(|()| digest)
    });
    let digest = kept.await??;
    Ok(HttpResponse::Created().body(digest.to_vec()))
}
