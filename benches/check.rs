//! The self-check of records, half of them clean and half with a defect each, on one thread,
//! against parsing the same lines with the JSON library alone; and on two threads against one.
//! Everything is in it: reading, judging, putting the problems into words.
//!
//! The runs take turns in one process and their medians are compared. `ratio` is the share of the
//! bare parsing speed, `threads` the speed of two threads over that of one, and `machine` what two
//! threads that share nothing and only parse gain over one: no program gains more on this machine.
//! `--json` adds one JSON object as the last line.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::num::NonZero;
use std::time::Instant;

use chayan::foundation::web::Lang;
use chayan::outside::check::{Asked, Form, Totals, run_lines};
use chayan::rules::{Known, Packs};
use serde_json::Value;

const RECORDS: u64 = 100_000;
const TURNS: usize = 7;
const RECORD: &str =
    include_str!("../rule-packs/lodging/2026.1/examples/pass/check-in-resident.json");

/// The line of one record; every second one has a defect.
fn line(record: &Value, number: u64) -> Result<String, Box<dyn Error>> {
    let mut record = record.clone();
    let members = record.as_object_mut().ok_or("the example is no object")?;
    members.insert("seq".to_owned(), number.into());
    match number % 10 {
        1 => drop(members.remove("room_no")),
        3 => drop(members.insert("id_doc_no".to_owned(), "410699199001120235".into())),
        5 => drop(members.insert("minor".to_owned(), true.into())),
        7 => drop(members.insert("face_image".to_owned(), "x".into())),
        9 => drop(members.insert("guests_in_room".to_owned(), "two".into())),
        _ => {}
    }
    Ok(record.to_string() + "\n")
}

fn thousandths(part: u128, whole: u128) -> String {
    let thousandths = part * 1_000 / whole.max(1);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

fn median(mut nanoseconds: Vec<u128>) -> u128 {
    nanoseconds.sort_unstable();
    nanoseconds[nanoseconds.len() / 2]
}

fn timed<T>(into: &mut Vec<u128>, f: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = black_box(f());
    into.push(start.elapsed().as_nanos());
    result
}

fn main() -> Result<(), Box<dyn Error>> {
    let packs = Packs::embedded();
    let pack = packs.pack("lodging/2026.1").ok_or("the pack is not there")?;
    let record: Value = serde_json::from_str(RECORD)?;
    let lines = (1..=RECORDS).map(|number| line(&record, number));
    let lines: String = lines.collect::<Result<_, _>>()?;
    let asked = |threads: usize| Asked {
        pack,
        known: Known::default(),
        mapping: None,
        form: Form::Human,
        lang: Lang::Zh,
        summary: false,
        threads: NonZero::new(threads).unwrap_or(NonZero::<usize>::MIN),
    };
    let check = |threads: usize| -> Result<Totals, Box<dyn Error>> {
        Ok(run_lines(&asked(threads), black_box(lines.as_bytes()), &mut io::sink())?)
    };
    let parse = |lines: &str| -> Result<usize, serde_json::Error> {
        let parsed = lines.lines().map(|line| serde_json::from_str::<Value>(black_box(line)));
        parsed
            .map(|value| black_box(value).map(|_| ()))
            .try_fold(0, |n, value| value.map(|()| n + 1))
    };
    let totals = check(1)?;
    if (totals.records, totals.failing * 10) != (RECORDS, RECORDS * 5) && totals.problems == 0 {
        return Err(format!("another half fails than should: {totals:?}").into());
    }
    let middle = lines.len() / 2;
    let middle = middle + lines[middle..].find('\n').map_or(0, |end| end + 1);
    let (first, second) = lines.split_at(middle);
    let parse_halves = || -> Result<usize, serde_json::Error> {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| parse(second));
            let own = parse(first)?;
            Ok(own + other.join().unwrap_or(Ok(0))?)
        })
    };
    let (mut one, mut two, mut bare, mut halves) = (vec![], vec![], vec![], vec![]);
    for _ in 0..TURNS {
        timed(&mut one, || check(1))?;
        timed(&mut bare, || parse(&lines))?;
        timed(&mut two, || check(2))?;
        timed(&mut halves, parse_halves)?;
    }
    let per_record = |times| median(times) / u128::from(RECORDS);
    let (one, two, bare) = (per_record(one), per_record(two), per_record(bare));
    let (ratio, threads) = (thousandths(bare, one), thousandths(one, two));
    let machine = thousandths(bare, per_record(halves));
    println!("one thread: {one} ns a record / bare parsing: {bare} ns = {ratio} of its speed");
    println!(
        "two threads: {two} ns a record = {threads} times one thread; bare parsing: {machine} times"
    );
    if std::env::args().any(|argument| argument == "--json") {
        println!(
            r#"{{"ours":{one},"against":{bare},"ratio":{ratio},"threads":{threads},"machine":{machine}}}"#
        );
    }
    Ok(())
}
