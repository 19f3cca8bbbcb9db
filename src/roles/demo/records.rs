//! The records of the city, one by one: invented people, parcels and rooms.
//!
//! A record is a function of seed, stream and number, so that a run that continues makes the same
//! ones, and so that a business that attests has the very bytes when it is asked for them. Those of
//! the nine small trades are in `trades`.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::city::{City, Outlet, Sector, moment, pick};
use super::plant::{DayPlan, Kind, Plan};
use super::trades;
use crate::foundation::Random;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::ids::{Id, StreamId};
use crate::foundation::time::Timestamp;
use crate::rules::documents;

/// A record as the business writes it down.
#[derive(Clone, Debug)]
pub struct Written {
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The exact JSON bytes.
    pub json: Vec<u8>,
}

const SURNAMES: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
    "何", "郭", "马", "罗",
];
const GIVEN: [&str; 24] = [
    "小满", "春生", "秋实", "一诺", "子涵", "雨桐", "志远", "建国", "秀兰", "桂英", "海燕", "明辉",
    "文博", "思源", "若溪", "浩然", "晓东", "丽娟", "国强", "婉清", "景行", "知夏", "长河", "望舒",
];
const FOREIGNERS: [(&str, &str); 8] = [
    ("Anna Müller", "DEU"),
    ("John Carter", "USA"),
    ("Marie Dubois", "FRA"),
    ("Kenji Sato", "JPN"),
    ("Min-jun Park", "KOR"),
    ("Olga Ivanova", "RUS"),
    ("Nguyen Van An", "VNM"),
    ("Priya Nair", "IND"),
];
const ITEMS: [(&str, &str); 12] = [
    ("棉衬衫", "clothing"),
    ("运动鞋", "clothing"),
    ("小学课本", "books"),
    ("手机充电器", "electronics"),
    ("蓝牙耳机", "battery"),
    ("淇河鲫鱼罐头", "food"),
    ("缠丝鸭蛋", "food"),
    ("水泵配件", "machinery"),
    ("陶瓷茶具", "fragile"),
    ("洗发水", "liquid"),
    ("合同文件", "document"),
    ("床上四件套", "household"),
];
pub(super) const FAR: [&str; 6] = [
    "河南省郑州市金水区花园路",
    "北京市海淀区学院路",
    "浙江省杭州市西湖区文三路",
    "广东省深圳市南山区科苑路",
    "陕西省西安市雁塔区小寨路",
    "湖北省武汉市洪山区珞喻路",
];

/// Where a record stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The city.
    pub city: &'a City,
    /// What the duty holder does.
    pub sector: Sector,
    /// The outlet.
    pub outlet: &'a Outlet,
    /// The day.
    pub day: &'a DayPlan,
}

/// Record number `seq` of the day, with `defect` in it.
pub fn write(place: Place<'_>, seq: u64, defect: Option<Kind>) -> Written {
    let random = dice(place.city.size.seed, place.outlet.stream, seq);
    let at = seq - place.day.first;
    let (occurred_at, mut record) = match place.sector {
        Sector::Courier => {
            let at = during(place, (8 * 60 + 30, 19 * 60), at, place.day.arrivals, &random);
            (at, parcel(place, seq, defect, &random))
        }
        Sector::Lodging if place.day.leaves(seq) => {
            let at = during(place, (6 * 60 + 30, 12 * 60), at, place.day.departures, &random);
            (at, check_out(place, seq, &random))
        }
        Sector::Lodging => {
            let at = at - place.day.departures;
            let at = during(place, (12 * 60 + 30, 22 * 60), at, place.day.arrivals, &random);
            (at, check_in(place, seq, at, defect, &random))
        }
        _ => {
            let at = during(place, (8 * 60, 19 * 60), at, place.day.arrivals, &random);
            (at, trades::record(place, seq, at, &random))
        }
    };
    let registered = occurred_at.plus(std::time::Duration::from_secs(20 + random.below(400)));
    for (name, value) in [
        ("salt", json!(b64u::encode(&random.bytes::<16>()))),
        ("stream", json!(place.outlet.stream)),
        ("seq", json!(seq)),
        ("occurred_at", json!(occurred_at)),
        ("registered_at", json!(registered)),
    ] {
        record[name] = value;
    }
    spoil(&mut record, place.sector, defect, &random);
    Written { occurred_at, json: record.to_string().into_bytes() }
}

/// Record number `seq` of the day as the business of `plan` sends it: with what was planted in it,
/// or as the correction of an earlier one.
pub fn sent(plan: &Plan, place: Place<'_>, seq: u64) -> Written {
    let stream = place.outlet.stream;
    let Some(corrected) = plan.corrections.get(&(stream, seq)) else {
        return write(place, seq, plan.defect(stream, seq));
    };
    let Written { occurred_at, json } = write(place, *corrected, None);
    let mut record: Value = serde_json::from_slice(&json).unwrap_or_default();
    let random = dice(place.city.size.seed, stream, seq);
    record["seq"] = json!(seq);
    record["amends"] = json!(corrected);
    record["salt"] = json!(b64u::encode(&random.bytes::<16>()));
    Written { occurred_at, json: record.to_string().into_bytes() }
}

/// Takes out what a defect says is missing, or makes a check digit wrong.
fn spoil(record: &mut Value, sector: Sector, defect: Option<Kind>, random: &Random) {
    let absent = match (defect, sector) {
        (Some(Kind::MissingField), Sector::Lodging) => "room_no",
        (Some(Kind::MissingField), Sector::Courier) => "recipient_phone",
        (Some(Kind::MissingItem), Sector::Courier) => {
            pick(random, &["item_name", "item_nature", "item_qty"])
        }
        (Some(Kind::WrongCheckDigit), _) => {
            let number = record["id_doc_no"].as_str().unwrap_or_default();
            record["id_doc_no"] = wrong_check_digit(number).into();
            return;
        }
        (Some(Kind::MinorAlone), _) => "guardian_contact",
        (Some(kind), _) => return trades::spoil(record, sector, kind),
        _ => return,
    };
    if let Some(members) = record.as_object_mut() {
        members.remove(absent);
    }
}

fn wrong_check_digit(number: &str) -> String {
    let (body, check) = number.split_at(number.len().saturating_sub(1));
    let wrong = check.parse::<u32>().map_or(0, |digit| (digit + 1) % 10);
    format!("{body}{wrong}")
}

fn dice(seed: u64, stream: StreamId, seq: u64) -> Random {
    let bytes = [&seed.to_be_bytes()[..], stream.as_uuid().as_bytes(), &seq.to_be_bytes()].concat();
    let [a, b, c, d, e, f, g, h, ..] = sha256(&bytes);
    Random::seeded(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

/// The moment of event number `at` of `of`, spread evenly between two minutes of the day.
fn during(place: Place<'_>, minutes: (u64, u64), at: u64, of: u64, random: &Random) -> Timestamp {
    let span = (minutes.1 - minutes.0) * 60;
    let step = span / of.max(1);
    moment(place.day.day, minutes.0 * 60 + at * span / of.max(1) + random.below(step.max(1)))
}

pub(super) fn name(random: &Random) -> String {
    format!("{}{}", pick(random, &SURNAMES), pick(random, &GIVEN))
}

/// A telephone number that nobody has.
pub(super) fn phone(random: &Random) -> String {
    format!("1390000{:04}", random.below(10_000))
}

fn birth(random: &Random, years: (u64, u64)) -> NaiveDate {
    let year = i32::try_from(years.0 + random.below(years.1 - years.0)).unwrap_or(1990);
    let day = u32::try_from(1 + random.below(365)).unwrap_or(1);
    NaiveDate::from_yo_opt(year, day).unwrap_or_default()
}

pub(super) fn resident(random: &Random, years: (u64, u64)) -> String {
    let seq = u16::try_from(random.below(1_000)).unwrap_or(0);
    documents::test_resident_id(birth(random, years), seq)
}

pub(super) const ADULTS: (u64, u64) = (1950, 2006);
const CHILDREN: (u64, u64) = (2010, 2022);

fn check_out(place: Place<'_>, seq: u64, random: &Random) -> Value {
    let at = seq - place.day.first;
    let arrived_as = place.day.arrived_as.map_or(0, |first| first + at);
    json!({
        "event": "check_out", "checkin_seq": arrived_as, "operator_id": operator("front", random),
        "source_no": format!("PMS-{}-{seq:06}", place.day.day), "room_no": room(place, arrived_as),
    })
}

/// The room of the guest who arrived as number `seq`.
fn room(place: Place<'_>, seq: u64) -> String {
    let dice = dice(place.city.size.seed ^ 1, place.outlet.stream, seq);
    format!("{:02}{:02}", 2 + dice.below(9), 1 + dice.below(24))
}

pub(super) fn operator(desk: &str, random: &Random) -> String {
    format!("{desk}-{:02}", 1 + random.below(9))
}

fn check_in(
    place: Place<'_>,
    seq: u64,
    at: Timestamp,
    defect: Option<Kind>,
    random: &Random,
) -> Value {
    let mut record = json!({
        "event": "check_in", "subject_kind": "person", "subject_name": name(random),
        "id_doc_type": "111", "id_doc_no": resident(random, ADULTS),
        "verify_method": pick(random, &["reader", "reader", "reader", "manual"]),
        "verify_result": "pass", "operator_id": operator("front", random),
        "source_no": format!("PMS-{}-{seq:06}", place.day.day), "room_no": room(place, seq),
        "guests_in_room": 1 + random.below(2), "minor": false,
    });
    let kind = match defect {
        Some(Kind::MinorAlone) => 0,
        Some(Kind::WrongCheckDigit) => 99,
        _ => random.below(100),
    };
    match kind {
        0..4 => {
            record["id_doc_type"] = "113".into();
            record["id_doc_no"] = resident(random, CHILDREN).into();
            record["minor"] = true.into();
            record["guardian_contact"] = phone(random).into();
            record["guardian_relation"] =
                pick(random, &["parent", "grandparent", "entrusted_adult"]).into();
        }
        4..8 => {
            let who = usize::try_from(random.below(8)).unwrap_or(0);
            let (name, nationality) = FOREIGNERS[who];
            record["subject_name"] = name.into();
            record["id_doc_type"] = "414".into();
            record["id_doc_no"] = format!("T{:08}", random.below(100_000_000)).into();
            record["nationality"] = nationality.into();
            record["birth_date"] = birth(random, ADULTS).to_string().into();
            let minutes = std::time::Duration::from_secs(60 * (10 + random.below(60)));
            record["foreign_report_at"] = json!(at.plus(minutes));
        }
        _ => {}
    }
    record
}

fn parcel(place: Place<'_>, seq: u64, defect: Option<Kind>, random: &Random) -> Value {
    let (item, nature) = ITEMS[usize::try_from(random.below(12)).unwrap_or(0)];
    let mut record = json!({
        "subject_kind": "person",
        "waybill_no": format!("XN{}{seq:07}", place.outlet.stream.as_uuid().as_u128() % 1_000_000),
        "sender_name": name(random), "sender_phone": phone(random),
        "sender_address": place.outlet.address,
        "recipient_name": name(random), "recipient_phone": phone(random),
        "recipient_address": format!("{}{}号", pick(random, &FAR), 1 + random.below(400)),
        "item_name": item, "item_nature": nature, "item_qty": 1 + random.below(4),
        "open_inspection": true, "operator_id": operator("clerk", random),
    });
    let kind = if defect == Some(Kind::WrongCheckDigit) { 99 } else { random.below(100) };
    match kind {
        0..5 => {
            record["item_name"] = "信件".into();
            record["item_nature"] = "letter".into();
            record["open_inspection"] = false.into();
            record["exemption_code"] = "letter".into();
        }
        5..15 => {
            record["subject_kind"] = "organisation".into();
            record["sender_name"] =
                format!("鹤壁{}商贸有限公司（虚构）", pick(random, &GIVEN)).into();
            record["exemption_code"] = "agreement_customer".into();
            record["agreement_no"] = format!("AQ-2026-{:04}", random.below(10_000)).into();
        }
        _ => {
            record["id_doc_type"] = "111".into();
            record["id_doc_no"] = resident(random, ADULTS).into();
            record["verify_method"] =
                pick(random, &["reader", "reader", "manual", "online"]).into();
            record["verify_result"] = "pass".into();
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use super::super::plant::Plan;
    use super::super::plant::tests::plan;
    use super::*;
    use crate::rules::{Packs, Severity};

    /// Every record of some streams with what the rules say of it.
    fn judged(plan: &Plan, of: Sector) -> Vec<(Option<Kind>, Vec<String>)> {
        let packs = Packs::embedded();
        let mut seen = Vec::new();
        for (at, (holder, facts, outlet)) in plan.city.outlets().enumerate() {
            let bad = !plan.standings[holder].compliant();
            if facts.sector != of || !(bad || at % 40 == 0) {
                continue;
            }
            let pack = packs.pack(facts.sector.pack()).unwrap();
            for day in plan.streams[at].days.iter().take(5) {
                let place = Place { city: &plan.city, sector: facts.sector, outlet, day };
                for seq in day.batches().into_iter().flat_map(|(a, b)| a..=b) {
                    let defect = plan.records.get(&(outlet.stream, seq)).copied();
                    let record = write(place, seq, defect);
                    let stands = crate::rules::Place {
                        stream: &outlet.stream.to_string(),
                        seq,
                        day: day.day.as_str(),
                        subtype: None,
                        amends: None,
                    };
                    let failing = pack.judge(&record.json, &stands).failures;
                    let failing = failing.into_iter().filter(|f| f.severity >= Severity::Major);
                    seen.push((defect, failing.map(|f| f.rule).collect()));
                }
            }
        }
        assert!(seen.len() > 500);
        seen
    }

    #[test]
    fn a_record_fails_exactly_if_something_was_planted_in_it() {
        let plan = plan();
        for sector in [Sector::Lodging, Sector::Courier] {
            for (defect, rules) in judged(&plan, sector) {
                let visible = defect.is_some_and(|kind| kind != Kind::Unopenable);
                assert_eq!(!rules.is_empty(), visible, "{defect:?}: {rules:?}");
            }
        }
    }

    #[test]
    fn times_of_a_day_never_run_backwards() {
        let plan = plan();
        let (_, facts, outlet) = plan.city.outlets().next().unwrap();
        for day in &plan.streams[0].days {
            let place = Place { city: &plan.city, sector: facts.sector, outlet, day };
            let times: Vec<_> = (day.first..day.first + day.count())
                .map(|seq| write(place, seq, None).occurred_at)
                .collect();
            assert!(times.is_sorted(), "{}", day.day);
            assert!(times.iter().all(|at| at.day() == day.day));
        }
    }
}
