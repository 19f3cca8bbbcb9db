//! One thousand orders typeset in one process: the last hundred against the first hundred, and how
//! much the peak of memory grows after the first hundred.
//!
//! `--json` adds one JSON object as the last line; its `ratio` is of the times.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::error::Error;
use std::time::{Duration, Instant};

use chayan::foundation::House;
use chayan::foundation::Random;
use chayan::foundation::db::{Durability, Store};
use chayan::foundation::time::Clock;
use chayan::foundation::web::Lang;
use chayan::notices::{self, CheckpointLine, Draft, FrozenBasis, Notice, Organ, Wording};
use chayan::rules::Packs;

const DOCUMENTS: usize = 1_000;
const HUNDRED: usize = 100;

/// The most memory that this process ever held, in KiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the system does not tell the peak of memory")?.parse()?)
}

/// The order number `n`: no two say the same.
fn draft(house: &House, packs: &Packs, n: usize) -> Result<Draft, Box<dyn Error>> {
    let day = house.clock.now().day();
    let words = |zh: &str, en: &str| {
        let fact = |text: &str| (1..=5).map(|i| format!("{text} {n}-{i}")).collect();
        (
            Wording { facts: fact(zh), demands: fact(zh) },
            Wording { facts: fact(en), demands: fact(en) },
        )
    };
    let (zh, en) = words("三月二日在站前店，第 1 至 5 号记录缺失", "Records are missing");
    let notice = Notice {
        case: house.fresh(),
        organ: Organ {
            id: house.fresh(),
            word: "例公".to_owned(),
            name_zh: "示例市公安局".to_owned(),
            name_en: "Example Police".to_owned(),
            contact: "0392-0000000".to_owned(),
        },
        holder: house.fresh(),
        addressee: format!("仙鹤宾馆（第 {n} 店）"),
        certificates: vec!["HN-1".to_owned(), "HN-2".to_owned()],
        zh,
        en,
        basis: FrozenBasis::freeze(packs.catalogue(), "lodging", &[], &day),
        days: 30,
        deadline: day.plus(30),
        checkpoint: Some(CheckpointLine { size: 7, root: "00c0ffee00c0ffee".to_owned() }),
        recipients: Vec::new(),
    };
    Ok(Draft::notice(notice)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}/documents.db", folder.path().display()).parse()?;
    let store = Store::open(&url, Durability::SingleNode, false)?;
    let house = House { store, clock: Clock::System, random: Random::system() };
    let packs = Packs::embedded();
    notices::set_up_press(None, "https://localhost:8443")?;
    let (mut times, mut early, mut bytes) = (Vec::with_capacity(DOCUMENTS), 0, 0);
    for n in 0..DOCUMENTS {
        let draft = draft(&house, &packs, n)?;
        let start = Instant::now();
        bytes += notices::preview(&house, &draft, Lang::Zh)?.bytes.len();
        times.push(start.elapsed());
        if n + 1 == HUNDRED {
            early = peak()?;
        }
    }
    let late = peak()?;
    let sum = |times: &[Duration]| times.iter().sum::<Duration>().as_micros();
    let (first, last) = (sum(&times[..HUNDRED]), sum(&times[DOCUMENTS - HUNDRED..]));
    let share = |part: u128, whole: u128| {
        let thousandths = (part * 1_000).div_ceil(whole.max(1));
        format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
    };
    let (ratio, growth) = (share(last, first), share(late.into(), early.into()));
    println!("{DOCUMENTS} documents, {} bytes each", bytes / DOCUMENTS);
    println!("the last hundred {last} us / the first hundred {first} us = {ratio}");
    println!("peak memory {late} KiB / after a hundred {early} KiB = {growth}");
    if std::env::args().any(|argument| argument == "--json") {
        println!(
            r#"{{"ours":{last},"against":{first},"ratio":{ratio},"peak_kib":{late},"peak_early_kib":{early},"growth":{growth}}}"#
        );
    }
    Ok(())
}
