//! Properties of every judgement: nothing panics, and nothing of a record reaches a failure.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Judgement, Packs, Place, Severity, documents};

const STREAM: &str = "01960a00-5a00-7000-8000-0000000000a1";
static PACKS: LazyLock<Packs> = LazyLock::new(Packs::embedded);
const PLACE: Place<'_> = Place { stream: STREAM, seq: 101, day: "2026-03-02", subtype: None };

fn check_in() -> Map<String, Value> {
    let birth = chrono::NaiveDate::from_ymd_opt(1990, 1, 12).unwrap();
    let record = json!({
        "salt": "AAAAAAAAAAAAAAAAAAAAAA",
        "stream": STREAM,
        "seq": 101,
        "occurred_at": "2026-03-02T14:05:00+08:00",
        "registered_at": "2026-03-02T14:07:30+08:00",
        "event": "check_in",
        "subject_kind": "person",
        "subject_name": "林小满",
        "id_doc_type": "111",
        "id_doc_no": documents::test_resident_id(birth, 23),
        "verify_method": "reader",
        "verify_result": "pass",
        "operator_id": "front-07",
        "source_no": "PMS-1",
        "room_no": "0806",
        "guests_in_room": 1,
        "minor": false,
    });
    record.as_object().unwrap().clone()
}

fn judge(record: Map<String, Value>) -> Judgement {
    let text = Value::Object(record).to_string();
    PACKS.pack("lodging/2026.1").unwrap().judge(text.as_bytes(), &PLACE)
}

#[test]
fn a_record_in_order_keeps_every_rule() {
    let judgement = judge(check_in());
    assert_eq!(judgement, Judgement::default());
    assert!(!judgement.undecided());
}

#[test]
fn failures_are_sorted_and_name_the_member() {
    let mut record = check_in();
    record.remove("room_no");
    record.insert("hobby".into(), json!("fishing"));
    let judgement = judge(record);
    let found: Vec<_> =
        judgement.failures.iter().map(|f| (f.rule.as_str(), f.pointer.as_str())).collect();
    assert_eq!(
        found,
        [("lodging.room_no.missing", "/room_no"), ("lodging.unknown_member", "/hobby")]
    );
    assert_eq!(judgement.worst(), Some(Severity::Major));
}

#[test]
fn a_defect_of_quality_alone_does_not_make_a_record_fail() {
    let mut record = check_in();
    record.remove("guests_in_room");
    let judgement = judge(record);
    assert_eq!((judgement.failures.len(), judgement.fails()), (1, false));
}

/// Any JSON value, nested a little.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[0-9]{17}[0-9X]".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for pack in PACKS.iter() {
            prop_assert!(pack.judge(&bytes, &PLACE).fails());
        }
    }

    #[test]
    fn no_place_panics(stream in ".*", seq: u64, day in ".*") {
        let text = Value::Object(check_in()).to_string();
        let place = Place { stream: &stream, seq, day: &day, subtype: None };
        prop_assert!(PACKS.pack("lodging/2026.1").unwrap().judge(text.as_bytes(), &place).fails());
    }

    #[test]
    fn a_mutated_record_is_judged_without_a_panic_by_known_rules(
        changes in prop::collection::vec((0usize..20, values()), 0..5),
        name in ".{0,20}",
    ) {
        let mut record = check_in();
        let members: Vec<String> = record.keys().cloned().chain([name]).collect();
        for (index, value) in changes {
            if let Some(member) = members.get(index) {
                record.insert(member.clone(), value);
            }
        }
        let text = Value::Object(record).to_string();
        for pack in PACKS.iter() {
            for failure in pack.judge(text.as_bytes(), &PLACE).failures {
                let rule = pack.rule(&failure.rule);
                prop_assert_eq!(rule.map(|rule| rule.severity), Some(failure.severity));
            }
        }
    }

    #[test]
    fn no_value_of_a_record_reaches_a_failure(secret in "[\\p{Han}]{6}[0-9]{6}") {
        let members: Vec<String> = check_in().keys().cloned().collect();
        for member in members {
            let mut record = check_in();
            record.insert(member, Value::from(secret.clone()));
            record.insert(secret.clone(), Value::from(secret.clone()));
            let shown = format!("{:?}", judge(record));
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }
    }
}
