//! The records of the nine small trades. The common members are written by
//! [`records`](super::records).

use serde_json::{Value, json};

use super::city::{DISTRICTS, Sector, pick};
use super::plant::Kind;
use super::records::{ADULTS, FAR, Place, name, operator, phone, resident};
use crate::foundation::Random;
use crate::foundation::crypto::{b64u, sha256};
use crate::foundation::time::{Day, Timestamp};

const GOODS: [(&str, &str); 6] = [
    ("铝合金门窗", "box"),
    ("小型水泵", "piece"),
    ("镁粉包装袋", "bag"),
    ("陶瓷餐具", "box"),
    ("农机轮胎", "piece"),
    ("纯棉床单", "box"),
];

/// Record number `seq` of a day, which happened `at` some moment, without the common members.
pub(super) fn record(place: Place<'_>, seq: u64, at: Timestamp, random: &Random) -> Value {
    match place.sector {
        Sector::Lodging | Sector::Courier => Value::Null,
        Sector::Freight => consignment(seq, at, random),
        Sector::Telecom => activation(place, seq, random),
        Sector::Internet if place.outlet.subtype == Some("cafe") => log_on(seq, at, random),
        Sector::Internet => contract(seq, at, random),
        Sector::Finance => relation(seq, random),
        Sector::Passenger => ticket(place, seq, at, random),
        Sector::HouseRental => lease(place, seq, at, random),
        Sector::VehicleRental => rental(place, seq, at, random),
        Sector::Gasoline => petrol(seq, random),
        Sector::BottledGas => cylinder(seq, random),
    }
}

/// Makes `record` wrong in the way of `kind`; other kinds leave it as it is.
pub(super) fn spoil(record: &mut Value, sector: Sector, kind: Kind) {
    match (kind, sector) {
        (Kind::MissingField, Sector::Telecom | Sector::Finance | Sector::Passenger) => {
            record["id_doc_no_check"] = "absent".into();
        }
        (Kind::MissingField, Sector::HouseRental) => {
            let listed = record["occupant_count"].as_u64().unwrap_or(0);
            record["occupant_count"] = (listed + 1).into();
        }
        (Kind::MissingField, _) => {
            if let Some(members) = record.as_object_mut() {
                members.remove("id_doc_no");
            }
        }
        (Kind::Unverified, Sector::Passenger) => record["check_result"] = "mismatch".into(),
        (Kind::Unverified, _) => record["verify_result"] = "mismatch".into(),
        _ => {}
    }
}

/// A person with a resident ID that was read by a reader.
fn person(random: &Random, desk: &str) -> Value {
    json!({
        "subject_kind": "person", "subject_name": name(random), "id_doc_type": "111",
        "id_doc_no": resident(random, ADULTS),
        "verify_method": pick(random, &["reader", "reader", "manual"]), "verify_result": "pass",
        "operator_id": operator(desk, random),
    })
}

/// `record` with the members of `more`.
fn with(mut record: Value, more: &Value) -> Value {
    if let (Some(own), Some(more)) = (record.as_object_mut(), more.as_object()) {
        own.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    record
}

fn minutes(at: Timestamp, count: u64) -> Timestamp {
    at.plus(std::time::Duration::from_secs(60 * count))
}

fn consignment(seq: u64, at: Timestamp, random: &Random) -> Value {
    let (goods, unit) = GOODS[usize::try_from(random.below(6)).unwrap_or(0)];
    with(
        person(random, "dock"),
        &json!({
            "source_no": format!("TY-{seq:06}"), "consignor_phone": phone(random),
            "consign_date": at.day(), "goods_name": goods, "goods_qty": 1 + random.below(40),
            "goods_unit": unit, "destination_code": "410105",
            "destination": format!("{}{}号", pick(random, &FAR), 1 + random.below(400)),
            "consignee_name": name(random), "consignee_phone": phone(random),
            "inspection_result": "passed",
        }),
    )
}

fn activation(place: Place<'_>, seq: u64, random: &Random) -> Value {
    let token = sha256(format!("{}/{seq}", place.outlet.stream).as_bytes());
    json!({
        "event": pick(random, &["activate", "activate", "transfer"]), "service_type": "mobile",
        "subject_kind": "person", "id_doc_type": "111", "subject_name_check": "valid",
        "id_doc_no_check": "valid", "address_check": "valid", "by_proxy": false,
        "verify_method": "reader", "verify_result": "pass",
        "number_token": b64u::encode(&token), "card_count_check": true,
        "operator_id": operator("hall", random), "source_no": format!("BOSS-{seq:06}"),
    })
}

fn log_on(seq: u64, at: Timestamp, random: &Random) -> Value {
    with(
        person(random, "bar"),
        &json!({
            "source_no": format!("JF-{seq:06}"), "terminal_no": format!("A-{:03}", seq % 80),
            "logoff_at": minutes(at, 30 + random.below(180)),
        }),
    )
}

fn contract(seq: u64, at: Timestamp, random: &Random) -> Value {
    with(
        person(random, "svc"),
        &json!({
            "verify_method": "online", "source_no": format!("NW-{seq:06}"),
            "service_type": "hosting", "account_id": format!("acc-{seq:04x}"),
            "verify_basis": "id_no", "verified_at": at,
        }),
    )
}

fn relation(seq: u64, random: &Random) -> Value {
    json!({
        "event": "relation_opened", "subject_kind": "person", "subject_name_check": "valid",
        "sex_check": "valid", "nationality_check": "valid", "occupation_check": "valid",
        "address_check": "valid", "contact_check": "valid", "id_doc_type_check": "valid",
        "id_doc_no_check": "valid", "id_valid_until_check": "valid", "by_proxy": false,
        "verify_method": pick(random, &["reader", "online"]), "verify_result": "pass",
        "operator_id": operator("teller", random), "source_no": format!("ACC-{seq:06}"),
    })
}

fn ticket(place: Place<'_>, seq: u64, at: Timestamp, random: &Random) -> Value {
    json!({
        "subject_kind": "person", "ticket_no": format!("HB-{seq:07}"), "line_class": "I",
        "departure_at": minutes(at, 5 + random.below(40)),
        "station_code": format!("HB{:02}", 1 + place.outlet.district),
        "id_doc_type": "111", "id_doc_no_check": "valid", "verify_method": "reader",
        "check_result": "match", "boarded": true, "operator_id": operator("gate", random),
    })
}

fn lease(place: Place<'_>, seq: u64, at: Timestamp, random: &Random) -> Value {
    let tenant = with(person(random, "agent"), &json!({ "verify_method": "manual" }));
    let mut occupants = vec![json!({
        "name": tenant["subject_name"], "id_doc_type": "111", "id_doc_no": tenant["id_doc_no"],
    })];
    for _ in 0..random.below(3) {
        occupants.push(json!({
            "name": name(random), "id_doc_type": "111", "id_doc_no": resident(random, ADULTS),
        }));
    }
    let start = at.day();
    with(
        tenant,
        &json!({
            "source_no": format!("ZL-{seq:06}"), "occupant_count": occupants.len(),
            "actual_occupants": occupants,
            "dwelling_id": format!("{}号楼{}单元{}", 1 + seq % 30, 1 + seq % 4, 101 + seq % 18),
            "address_code": format!("{}-{seq:04}", DISTRICTS[place.outlet.district].0),
            "lease_start": start, "lease_end": year_later(start),
            "landlord_kind": "own_organisation", "reported_at": minutes(at, 60),
        }),
    )
}

fn year_later(day: Day) -> Day {
    day.plus(364)
}

fn rental(place: Place<'_>, seq: u64, at: Timestamp, random: &Random) -> Value {
    let renter = person(random, "shop");
    let licence = renter["id_doc_no"].clone();
    let own = with(
        renter,
        &json!({
            "contact": phone(random), "purpose": pick(random, &["private", "tourism", "business"]),
            "rent_start": at, "rent_end": minutes(at, 60 * (6 + random.below(60))),
            "pickup_method": "counter", "driver_licence_no": licence,
            "driver_licence_valid": true, "plate_no": format!("豫F{:05}", 10_000 + seq % 80_000),
            "contract_no": format!("ZC-{seq:06}"),
        }),
    );
    if place.outlet.subtype != Some("timeshare") {
        return own;
    }
    let unlocked = json!({
        "verify_method": "online", "pickup_method": "app_unlock", "pickup_match": true,
    });
    with(own, &unlocked)
}

fn petrol(seq: u64, random: &Random) -> Value {
    with(
        person(random, "pump"),
        &json!({
            "source_no": format!("GAS-{seq:06}"), "quantity_ml": 5000,
            "purpose": "garden_machinery", "container_type": "metal_can",
        }),
    )
}

fn cylinder(seq: u64, random: &Random) -> Value {
    with(
        person(random, "shop"),
        &json!({
            "source_no": format!("LPG-{seq:06}"), "cylinder_count": 1, "gas_mass_g": 14500,
            "purpose": "residential",
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::super::city::City;
    use super::super::city::tests::size;
    use super::super::plant::{Fate, Plan};
    use super::super::records::{sent, write};
    use super::*;
    use crate::rules::{Packs, Severity};

    fn plan() -> Plan {
        Plan::of(City::of_all_trades(size(4_000)))
    }

    /// The rules that a record does not keep, of whatever weight.
    fn broken(packs: &Packs, place: Place<'_>, seq: u64, json: &[u8]) -> Vec<(String, Severity)> {
        let amends = serde_json::from_slice::<serde_json::Value>(json).unwrap()["amends"].take();
        let stands = crate::rules::Place {
            stream: &place.outlet.stream.to_string(),
            seq,
            day: place.day.day.as_str(),
            subtype: place.outlet.subtype,
            amends: amends.as_u64(),
        };
        let failures = packs.pack(place.sector.pack()).unwrap().judge(json, &stands).failures;
        failures.into_iter().map(|failure| (failure.rule, failure.severity)).collect()
    }

    /// What is done with each record of the small trades on some days.
    fn each(mut act: impl FnMut(&Plan, Place<'_>, u64)) {
        let plan = plan();
        for (at, (_, facts, outlet)) in plan.city.outlets().enumerate() {
            if facts.role.is_none() {
                continue;
            }
            for day in plan.streams[at].days.iter().filter(|day| day.fate == Fate::Sent).take(20) {
                let place = Place { city: &plan.city, sector: facts.sector, outlet, day };
                (day.first..day.first + day.count()).for_each(|seq| act(&plan, place, seq));
            }
        }
    }

    #[test]
    fn every_record_in_order_keeps_every_rule_of_its_pack() {
        let packs = Packs::embedded();
        let mut seen = std::collections::BTreeMap::new();
        each(|_, place, seq| {
            let record = write(place, seq, None);
            let broken = broken(&packs, place, seq, &record.json);
            assert_eq!(broken, [], "{:?}: {}", place.sector, String::from_utf8_lossy(&record.json));
            *seen.entry(place.sector).or_insert(0) += 1;
        });
        assert_eq!(seen.len(), 9);
        assert!(seen.values().all(|count| *count >= 50), "{seen:?}");
    }

    #[test]
    fn each_planted_defect_breaks_exactly_its_rule() {
        let packs = Packs::embedded();
        each(|_, place, seq| {
            for kind in [Kind::MissingField, Kind::Unverified] {
                let rule = match (kind, place.sector) {
                    (Kind::Unverified, Sector::Passenger) => "check_result.refused",
                    (Kind::Unverified, _) => "verify_result.refused",
                    (_, Sector::Telecom | Sector::Finance) => "identity.absent",
                    (_, Sector::Passenger) => "id_doc_no_check.absent",
                    (_, Sector::HouseRental) => "occupant_count.differs",
                    _ => "id_doc_no.missing",
                };
                let record = write(place, seq, Some(kind));
                let broken = broken(&packs, place, seq, &record.json);
                let rules: Vec<&str> = broken.iter().map(|(rule, _)| rule.as_str()).collect();
                assert_eq!(rules, [format!("{}.{rule}", place.sector.as_str())]);
                assert!(broken[0].1 >= Severity::Major, "{broken:?}");
            }
        });
    }

    #[test]
    fn what_is_sent_fails_exactly_if_it_was_planted_and_a_correction_repairs() {
        let packs = Packs::embedded();
        let (mut corrections, mut failing) = (0, 0);
        each(|plan, place, seq| {
            let stream = place.outlet.stream;
            let record = sent(plan, place, seq);
            let broken = broken(&packs, place, seq, &record.json);
            let kinds = [None, Some(Kind::Unopenable), Some(Kind::Undisclosed)];
            let sound = kinds.contains(&plan.defect(stream, seq));
            assert_eq!(broken.is_empty(), sound, "{:?}: {broken:?}", place.sector);
            corrections += usize::from(plan.corrections.contains_key(&(stream, seq)));
            failing += usize::from(!sound);
        });
        assert!(corrections >= 10 && failing >= 30, "{corrections} {failing}");
    }
}
