//! The self-check of a business: its records against the rules of the audit, before they are sent.
//!
//! [`run`] reads files of any size in pieces, judges every record with the very code of the audit
//! ([`Pack::check`]), and tells every problem of every record: line, member, rule, weight, text and
//! repair. Some threads share the work; each takes the next piece, judges it, and reports it when
//! its turn comes, so the order is that of the file and no more is held than a piece a thread.
//!
//! No value of a record is ever told. The file, the line, the pointer and the rule lead there.

mod cells;
mod csv;
mod json;
mod lines;
mod mapping;
mod report;
mod source;
mod threads;
mod xlsx;

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

pub use mapping::{Mapping, MappingFault};
pub use report::{Form, Totals};

use self::report::Report;
use self::source::Source;
use crate::foundation::web::Lang;
use crate::rules::{Known, Pack, Packs};

/// What is checked, by which rules, and how it is told.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The rules.
    pub pack: &'a Pack,
    /// What all records have in common, as far as it is known.
    pub known: Known<'a>,
    /// How the columns of a table become members; tables need one.
    pub mapping: Option<Mapping>,
    /// How it is told.
    pub form: Form,
    /// The language of texts.
    pub lang: Lang,
    /// Tell counts by rule only.
    pub summary: bool,
    /// How many threads judge.
    pub threads: NonZero<usize>,
}

/// Why a file cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be opened or read.
    #[error("{0}: {1}")]
    Input(String, io::Error),
    /// Its name does not say how to read it.
    #[error("{0}: the name must end in .ndjson, .jsonl, .json, .csv or .xlsx")]
    Kind(String),
    /// It is not what its name says.
    #[error("{0}: {1}")]
    Form(String, String),
    /// A table came without a mapping.
    #[error("{0}: a table needs --mapping, a file that says which column is which member")]
    Unmapped(String),
    /// The mapping asks for columns that the table has not, or has twice.
    #[error("{0}: {1}")]
    Columns(String, String),
    /// A summary in the form of single results.
    #[error("SARIF lists single results: leave --summary or the form out")]
    Summary,
    /// What is found cannot be told.
    #[error("cannot write: {0}")]
    Output(io::Error),
}

/// The pack called `id`; `subtype` must be one of its kinds of business.
///
/// # Errors
///
/// A sentence that names the packs, or the subtypes, that there are.
pub fn pack<'p>(packs: &'p Packs, id: &str, subtype: Option<&str>) -> Result<&'p Pack, String> {
    let Some(pack) = packs.pack(id) else {
        let known: Vec<&str> = packs.iter().map(|pack| pack.id()).collect();
        return Err(format!("no rule pack {id}; there are {}", known.join(", ")));
    };
    let known: Vec<&str> = pack.subtypes().iter().map(|subtype| subtype.name.as_str()).collect();
    match subtype {
        Some(subtype) if !known.contains(&subtype) => {
            Err(format!("{id} has no subtype {subtype}; it has [{}]", known.join(", ")))
        }
        _ => Ok(pack),
    }
}

/// The file name that stands for standard input, read as lines.
const STANDARD_INPUT: &str = "-";

/// Checks `files` one after the other and tells the problems to `output`.
///
/// # Errors
///
/// [`Unusable`] at the first file that cannot be checked; what was found before has been told.
pub fn run(
    asked: &Asked<'_>,
    files: &[PathBuf],
    output: &mut (dyn Write + Send),
) -> Result<Totals, Unusable> {
    if asked.summary && asked.form == Form::Sarif {
        return Err(Unusable::Summary);
    }
    let bar = progress(files);
    let mut report = Report::new(asked, output, bar.clone());
    report.begin()?;
    let mut behind = 0;
    for file in files {
        report.file(&name_of(file))?;
        check(asked, file, &mut report)?;
        behind += size_of(file);
        bar.set_position(behind);
    }
    bar.finish_and_clear();
    report.end()
}

/// A bar over the bytes of all files, or a spinner where standard input is among them; hidden where
/// standard error is no terminal.
fn progress(files: &[PathBuf]) -> ProgressBar {
    if files.iter().any(|file| file.as_os_str() == STANDARD_INPUT) {
        return ProgressBar::new_spinner();
    }
    let bar = ProgressBar::new(files.iter().map(|file| size_of(file)).sum());
    match ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes}/{total_bytes}  {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn size_of(file: &Path) -> u64 {
    file.metadata().map_or(0, |facts| facts.len())
}

fn name_of(file: &Path) -> String {
    file.display().to_string()
}

fn check(asked: &Asked<'_>, file: &Path, report: &mut Report<'_, '_>) -> Result<(), Unusable> {
    let name = name_of(file);
    if name == STANDARD_INPUT {
        return judge(asked, lines::Lines::new(name, io::stdin()), report);
    }
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "ndjson" | "jsonl" => judge(asked, lines::Lines::new(name, open(file)?), report),
        "json" => judge(asked, json::Json::new(name, BufReader::new(open(file)?)), report),
        "csv" => {
            let mapping = mapping(asked, &name)?;
            let table = csv::Table::open(name, open(file)?, mapping)?;
            judge(asked, table, report)
        }
        "xlsx" => {
            let mapping = mapping(asked, &name)?;
            let mut book = xlsx::open(&name, BufReader::new(open(file)?))?;
            judge(asked, xlsx::Sheet::open(name, &mut book, mapping)?, report)
        }
        _ => Err(Unusable::Kind(name)),
    }
}

fn open(file: &Path) -> Result<File, Unusable> {
    File::open(file).map_err(|cause| Unusable::Input(name_of(file), cause))
}

fn mapping(asked: &Asked<'_>, name: &str) -> Result<Arc<Mapping>, Unusable> {
    let mapping = asked.mapping.clone().map(Arc::new);
    mapping.ok_or_else(|| Unusable::Unmapped(name.to_owned()))
}

fn judge<S: Source + Send>(
    asked: &Asked<'_>,
    source: S,
    report: &mut Report<'_, '_>,
) -> Result<(), Unusable> {
    let teller = report.teller();
    threads::run(source, asked.threads, |piece| teller.tell(piece), &mut |told| report.add(told))
}

/// Checks the lines of `input` and tells the problems to `output`, as [`run`] does for a file.
///
/// # Errors
///
/// [`Unusable`] if `input` cannot be read or `output` not written.
pub fn run_lines(
    asked: &Asked<'_>,
    input: impl Read + Send,
    output: &mut (dyn Write + Send),
) -> Result<Totals, Unusable> {
    let mut report = Report::new(asked, output, ProgressBar::hidden());
    report.begin()?;
    judge(asked, lines::Lines::new(STANDARD_INPUT.to_owned(), input), &mut report)?;
    report.end()
}
