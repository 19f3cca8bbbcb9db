//! Every subcommand and flag; each arm calls one function.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command answers on its terminal")]

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::{self, AppFault};
use crate::audits;
use crate::config::Config;
use crate::foundation::crypto;
use crate::foundation::ids::{HolderId, StreamId};
use crate::foundation::telemetry;
use crate::foundation::time::Day;
use crate::foundation::web::Lang;
use crate::identity::Invitation;
use crate::outside::{check, verify};
use crate::roles::demo::Options;
use crate::roles::{audit, demo, init, keys, notify, registry, rules, serve, up};
use crate::rules::Known;

/// Chayan (查验): compliance audits of the businesses that must verify and register identity.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// An invented city on SQLite: what was planted, what was found, and the console to look at it
    Demo(Demo),
    /// First keys, first database, one-time link of the first administrator
    Init {
        /// The name that the first administrator signs in with
        #[arg(long, default_value = "administrator")]
        login: String,
        /// The name that the console shows
        #[arg(long, default_value = "管理员")]
        name: String,
    },
    /// API, console, public log, sequencer, jobs that need no key
    Serve,
    /// Draws, opens records, reaches verdicts; no listening port
    Audit,
    /// Carries letters to the mail server; no listening port
    Notify,
    /// Serve, audit and notify as child processes
    Up,
    /// Brings the database's schema up to this program
    Migrate,
    /// Departments, duty holders, outlets, streams, officers
    #[command(subcommand)]
    Registry(Registry),
    /// Audit keys of departments
    #[command(subcommand)]
    Keys(Keys),
    /// Rule packs: what they say, and whether they are sound
    #[command(subcommand)]
    Rules(Rules),
    /// Checks records before they are sent, by the rules of the audit; says all that is wrong
    #[command(
        after_help = "Exit status: 0 no record fails, 1 some fail, 2 they cannot be checked."
    )]
    Check(Check),
    /// Checks a receipt offline
    Verify(Verify),
    /// Opens one block of drawn records, given on standard input, and ends
    #[command(hide = true)]
    OpenBlock,
}

#[derive(Args)]
struct Demo {
    /// Where the city lives; a second run on the same folder continues
    #[arg(default_value = "chayan-demo")]
    folder: PathBuf,
    /// How many records, as a multiple of 100,000
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// End after the table instead of keeping the console open
    #[arg(long)]
    once: bool,
    /// One JSON object as the last line
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Registry {
    /// Stores what a registry file declares; reports every mistake at once
    Import {
        /// A TOML file, see examples/registry.toml
        file: PathBuf,
    },
    /// Invites one of the first two administrators of a business; prints a one-time link
    Invite {
        /// The id of the duty holder
        holder: HolderId,
        /// What the person will type to sign in
        login: String,
        /// What the portal will call the person
        name: String,
        /// The language of the person's pages and letters: zh-CN or en
        #[arg(long, default_value = "zh-CN")]
        lang: Lang,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// Makes and publishes the audit keys of a month
    Make {
        /// A month, 2026-03
        month: String,
        /// Only of the department with this code
        #[arg(long)]
        department: Option<String>,
    },
    /// Lists the audit keys
    List,
    /// Takes an audit key out of use
    Retire {
        /// The key's name
        kid: String,
    },
    /// Signs and publishes the list of keys that are open now
    Publish,
}

#[derive(Subcommand)]
enum Rules {
    /// Lists the packs
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Members, codes and rules of a pack, with the articles behind them
    Show {
        /// A pack, lodging/2026.1
        pack: String,
        /// Language: zh or en
        #[arg(long, default_value = "zh", value_parser = ["zh", "en"])]
        lang: String,
        /// As JSON, in both languages
        #[arg(long)]
        json: bool,
    },
    /// What a pack says otherwise than another
    Diff {
        /// The earlier pack
        from: String,
        /// The later pack
        to: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The page of a trade, in Markdown; with an example where RULE_PACKS has one
    Page {
        /// A pack, lodging/2026.1
        pack: String,
    },
    /// Judges every example of a folder shaped like rule-packs/
    Test {
        /// The folder
        folder: PathBuf,
    },
}

#[derive(Args)]
struct Verify {
    /// The receipt, as the server answered it
    receipt: PathBuf,
    /// The exact bytes that it answers: a batch, a day close, a closure or a disclosure
    body: PathBuf,
    /// The log's public key
    #[arg(long)]
    log_key: PathBuf,
}

#[derive(Args)]
struct Check {
    /// Records: .ndjson, .jsonl, .json, .csv or .xlsx; - reads one record a line from standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The rules, such as lodging/2026.1
    #[arg(long)]
    pack: String,
    /// The kind of business within the trade, if the pack has some
    #[arg(long)]
    subtype: Option<String>,
    /// The stream that all records must name
    #[arg(long)]
    stream: Option<StreamId>,
    /// The civil day that all records must be of, 2026-03-02
    #[arg(long)]
    day: Option<Day>,
    /// Which column of a table is which member: a TOML file, see examples/check/hotel.toml
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// How problems are told
    #[arg(long, value_enum, default_value_t = check::Form::Human)]
    format: check::Form,
    /// The language of texts
    #[arg(long, value_parser = ["zh", "en"], default_value = "zh")]
    lang: String,
    /// Only counts by rule
    #[arg(long)]
    summary: bool,
    /// How many threads judge; all cores if not given
    #[arg(long)]
    threads: Option<NonZero<usize>>,
}

/// Parses the command line and runs it; gives the exit code.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Check(asked) = &cli.command {
        return ExitCode::from(run_check(asked));
    }
    crypto::install_providers();
    let config = match Config::from_environment() {
        Ok(config) => config,
        Err(errors) => return fail(&errors),
    };
    telemetry::start(config.log_form, &config.log_filter);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return fail(&cause),
    };
    match runtime.block_on(dispatch(cli.command, &config)) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => fail(&fault),
    }
}

fn fail(fault: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("chayan: {fault}");
    ExitCode::FAILURE
}

async fn dispatch(command: Command, config: &Config) -> Result<u8, AppFault> {
    match command {
        Command::Init { login, name } => {
            let invitation = init::run(config, &login, &name).await?;
            println!("The first administrator, {}, enrols once at", invitation.login);
            println!("{}", invitation.link);
        }
        Command::Demo(asked) => return run_demo(asked).await,
        Command::Serve => return serve::run(config).await,
        Command::Audit => audit::run(config).await?,
        Command::Notify => notify::run(config).await?,
        Command::Up => up::run().await?,
        Command::Migrate => app::unverified_house(config, false)?.store.migrate().await?,
        Command::Registry(Registry::Import { file }) => registry::import(config, &file).await?,
        Command::Registry(Registry::Invite { holder, login, name, lang }) => {
            let invitation = Invitation { login, name, administrator: true, lang };
            registry::invite(config, holder, &invitation).await?;
        }
        Command::Keys(command) => run_keys(command, config).await?,
        Command::Rules(command) => return run_rules(command, config),
        Command::Check(asked) => return Ok(run_check(&asked)),
        Command::Verify(paths) => return run_verify(&paths),
        Command::OpenBlock => {
            audits::open_block(std::io::stdin(), std::io::stdout()).map_err(AppFault::refused)?;
        }
    }
    Ok(0)
}

async fn run_demo(asked: Demo) -> Result<u8, AppFault> {
    let Demo { folder, scale, once, json } = asked;
    let exe = std::env::current_exe().map_err(AppFault::refused)?;
    let options = Options { folder, scale, once, json };
    demo::run(&options, &exe).await.map_err(AppFault::refused)
}

async fn run_keys(command: Keys, config: &Config) -> Result<(), AppFault> {
    match command {
        Keys::Make { month, department } => {
            let day: Day = format!("{month}-01").parse().map_err(AppFault::refused)?;
            keys::make(config, day, department.as_deref()).await
        }
        Keys::List => keys::list(config).await,
        Keys::Retire { kid } => keys::retire(config, &kid).await,
        Keys::Publish => keys::publish(config).await,
    }
}

fn run_rules(command: Rules, config: &Config) -> Result<u8, AppFault> {
    match command {
        Rules::List { json } => rules::list(config, json)?,
        Rules::Show { pack, lang, json } => rules::show(config, &pack, lang == "zh", json)?,
        Rules::Diff { from, to, json } => rules::diff(config, &from, &to, json)?,
        Rules::Page { pack } => rules::page(config, &pack)?,
        Rules::Test { folder } => return rules::test(&folder),
    }
    Ok(0)
}

/// Needs neither house nor runtime. Whatever hinders it is 2, because 1 speaks of the records.
fn run_check(asked: &Check) -> u8 {
    let read = || -> Result<u8, AppFault> {
        let config = Config::from_environment().map_err(AppFault::refused)?;
        let packs = app::packs(&config)?;
        let mapping = asked.mapping.as_ref().map(|path| {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|cause| AppFault::File(path.clone(), cause))?;
            check::Mapping::parse(&text).map_err(AppFault::refused)
        });
        let (stream, day) = (asked.stream.map(|id| id.to_string()), asked.day);
        let request = check::Asked {
            pack: check::pack(&packs, &asked.pack, asked.subtype.as_deref())
                .map_err(AppFault::refused)?,
            known: Known {
                stream: stream.as_deref(),
                seq: None,
                day: day.as_ref().map(Day::as_str),
                subtype: asked.subtype.as_deref(),
                ..Known::default()
            },
            mapping: mapping.transpose()?,
            form: asked.format,
            lang: if asked.lang == "en" { Lang::En } else { Lang::Zh },
            summary: asked.summary,
            threads: asked.threads.unwrap_or_else(|| {
                std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
            }),
        };
        let mut output = std::io::BufWriter::new(std::io::stdout());
        let totals = check::run(&request, &asked.files, &mut output).map_err(AppFault::refused)?;
        Ok(u8::from(!totals.passes()))
    };
    read().unwrap_or_else(|fault| {
        eprintln!("chayan: {fault}");
        2
    })
}

fn run_verify(paths: &Verify) -> Result<u8, AppFault> {
    let read =
        |path: &PathBuf| std::fs::read(path).map_err(|cause| AppFault::File(path.clone(), cause));
    let (receipt, body, key) = (read(&paths.receipt)?, read(&paths.body)?, read(&paths.log_key)?);
    let key = String::from_utf8_lossy(&key).trim().parse().map_err(AppFault::refused)?;
    match verify::any(&receipt, &body, &key) {
        Ok(proved) => {
            println!("the receipt holds: leaf {} of {}", proved.index, proved.head.size);
            Ok(0)
        }
        Err(untrue) => {
            println!("the receipt does not hold: {untrue}");
            Ok(1)
        }
    }
}
