//! Properties of every judgement: nothing panics, and nothing of a record reaches a failure.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

use super::{Judgement, Pack, Packs, Place, Severity, documents};

const STREAM: &str = "01960a00-5a00-7000-8000-0000000000a1";
static PACKS: LazyLock<Packs> = LazyLock::new(Packs::embedded);
const PLACE: Place<'_> =
    Place { stream: STREAM, seq: 101, day: "2026-03-02", subtype: None, amends: None };

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

/// A passing record, with its pack and subtype.
type Passing = (Arc<Pack>, Option<String>, Map<String, Value>);

/// A passing record of every pack and subtype.
static RECORDS: LazyLock<Vec<Passing>> = LazyLock::new(|| {
    let packs = Packs::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rule-packs"))).unwrap();
    let mut records = Vec::new();
    for pack in packs.iter() {
        for example in &pack.examples {
            let record: Value = serde_json::from_str(&example.text).unwrap();
            records.push((
                pack.clone(),
                example.subtype.clone(),
                record.as_object().unwrap().clone(),
            ));
        }
    }
    records
});

fn judge_any(pack: &Pack, subtype: Option<&str>, plaintext: &[u8]) -> Judgement {
    pack.judge(plaintext, &Place { subtype, ..PLACE })
}

/// The rules that a plaintext breaks, without those about its place.
fn broken(pack: &Pack, subtype: Option<&str>, plaintext: &str) -> Vec<String> {
    let judgement = judge_any(pack, subtype, plaintext.as_bytes());
    let rules = judgement.failures.into_iter().map(|failure| failure.rule);
    let own = rules.filter_map(|rule| {
        let (_, own) = rule.split_once('.')?;
        Some(own.to_owned())
    });
    own.filter(|rule| rule != "record.place" && rule != "record.day").collect()
}

#[test]
fn every_pack_and_subtype_has_a_record_that_keeps_every_rule() {
    for pack in PACKS.iter() {
        let of_pack = RECORDS.iter().filter(|(own, ..)| own.id() == pack.id());
        assert_eq!(of_pack.count(), pack.subtypes().len().max(1), "{}", pack.id());
    }
    for (pack, subtype, record) in RECORDS.iter() {
        let text = Value::Object(record.clone()).to_string();
        assert!(broken(pack, subtype.as_deref(), &text).is_empty(), "{}", pack.id());
    }
}

#[test]
fn what_two_readers_could_read_differently_is_one_failure_in_every_pack() {
    for (pack, subtype, record) in RECORDS.iter() {
        let text = Value::Object(record.clone()).to_string();
        let body = text.strip_prefix('{').unwrap();
        let padded = |length: usize| format!("{text}{}", " ".repeat(length - text.len()));
        let nest =
            |depth: usize| format!("{{\"x\":{}{},{body}", "[".repeat(depth), "]".repeat(depth));
        for (plaintext, rule) in [
            (format!("\u{feff}{text}"), "record.json"),
            (format!("{{\"x\":\"\\ud800\",{body}"), "record.json"),
            (format!("{text}{text}"), "record.json"),
            (format!("[{text}]"), "record.json"),
            (format!("{{\"seq\":1,{body}"), "record.duplicate"),
            (format!("{{\"\\u0073eq\":1,{body}"), "record.duplicate"),
            (format!("{{\"x\":[{{\"y\":1,\"y\":2}}],{body}"), "record.duplicate"),
            (format!("{{\"x\":9007199254740993,{body}"), "record.number"),
            (format!("{{\"x\":-9007199254740993,{body}"), "record.number"),
            (format!("{{\"x\":1.5,{body}"), "record.number"),
            (nest(6), "record.depth"),
            (nest(7000), "record.depth"),
            (padded(16 * 1024 + 1), "record.size"),
        ] {
            let found = broken(pack, subtype.as_deref(), &plaintext);
            assert_eq!(found, [rule], "{}: {plaintext:.60}", pack.id());
        }
        assert!(broken(pack, subtype.as_deref(), &padded(16 * 1024)).is_empty());
        for huge in ["1e400", "-1e999999", &"9".repeat(400)] {
            let found = broken(pack, subtype.as_deref(), &format!("{{\"x\":{huge},{body}"));
            assert!(found == ["record.number"] || found == ["record.json"], "{huge}: {found:?}");
        }
    }
}

/// Puts `value` where the choices lead: into the record, or on into an object or list in it.
fn put(node: &mut Value, choices: &[usize], value: Value) {
    let Some((choice, rest)) = choices.split_first() else {
        *node = value;
        return;
    };
    match node {
        Value::Object(object) if !object.is_empty() => {
            let at = choice % object.len();
            if let Some(inner) = object.values_mut().nth(at) {
                put(inner, rest, value);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            let at = choice % list.len();
            if let Some(inner) = list.get_mut(at) {
                put(inner, rest, value);
            }
        }
        _ => *node = value,
    }
}

/// A pack with its passing examples.
type Examples = (Arc<Pack>, Vec<Map<String, Value>>);

/// Every passing example of each pack, as it stands in its folder.
static PASSING: LazyLock<Vec<Examples>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rule-packs");
    let read = |pack: &Arc<Pack>| {
        let examples = std::fs::read_dir(folder.join(pack.id()).join("examples/pass")).unwrap();
        let records = examples.map(|file| {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            serde_json::from_str(&text).unwrap()
        });
        (pack.clone(), records.collect())
    };
    PACKS.iter().map(read).collect()
});

/// Whether the schema takes a record, and whether the pack then says so, or else says why not.
fn agrees(pack: &Pack, subtype: Option<&str>, record: &Map<String, Value>) -> (bool, bool) {
    let value = Value::Object(record.clone());
    let accepted = pack.others.get(subtype.unwrap_or_default()).unwrap_or(&pack.validator);
    let accepted = accepted.is_valid(&value);
    let judged = judge_any(pack, subtype, value.to_string().as_bytes());
    let again = judge_any(pack, subtype, value.to_string().as_bytes());
    (accepted, judged == again && !judged.undecided() && (accepted || !judged.failures.is_empty()))
}

#[test]
fn every_record_that_mixes_two_others_is_judged_and_many_are_accepted() {
    let (mut accepted, mut tried) = (0, 0);
    for (pack, records) in PASSING.iter() {
        let subtypes = pack.subtypes().iter().map(|subtype| Some(subtype.name.as_str()));
        for subtype in std::iter::once(None).chain(subtypes) {
            for (one, other) in records.iter().zip(records.iter().skip(1)) {
                for (name, value) in other {
                    let mut mixed = one.clone();
                    mixed.insert(name.clone(), value.clone());
                    let (taken, judged) = agrees(pack, subtype, &mixed);
                    assert!(judged, "{} with another {name}", pack.id());
                    accepted += u32::from(taken);
                    tried += 1;
                }
            }
        }
    }
    assert!(accepted > 1000 && tried - accepted > 500, "{accepted} of {tried} accepted");
}

proptest! {
    #[test]
    fn no_record_that_the_schema_accepts_fails_to_be_judged(
        which: Index,
        mother: Index,
        father: Index,
        inherits in prop::collection::vec(any::<bool>(), 40),
        change in prop::option::of((prop::collection::vec(any::<usize>(), 1..4), values())),
        subtype: Index,
    ) {
        let (pack, records) = which.get(&PASSING);
        let mut record = mother.get(records).clone();
        let father = father.get(records);
        for ((name, value), inherits) in father.iter().zip(inherits) {
            if inherits {
                record.insert(name.clone(), value.clone());
            }
        }
        let mut record = Value::Object(record);
        if let Some((choices, value)) = change {
            put(&mut record, &choices, value);
        }
        let mut subtypes: Vec<_> = pack.subtypes().iter().map(|s| Some(s.name.as_str())).collect();
        subtypes.push(None);
        let (_, judged) = agrees(pack, *subtype.get(&subtypes), record.as_object().unwrap());
        prop_assert!(judged, "{}: {}", pack.id(), record);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for (pack, subtype, _) in RECORDS.iter() {
            prop_assert!(judge_any(pack, subtype.as_deref(), &bytes).fails());
        }
    }

    #[test]
    fn no_bytes_inside_a_record_panic(
        which: Index, at: Index, bytes in prop::collection::vec(any::<u8>(), 1..9), cut in 0usize..9,
    ) {
        let (pack, subtype, record) = which.get(&RECORDS);
        let mut text = Value::Object(record.clone()).to_string().into_bytes();
        let start = at.index(text.len());
        let end = text.len().min(start + cut);
        text.splice(start..end, bytes);
        for failure in judge_any(pack, subtype.as_deref(), &text).failures {
            prop_assert!(pack.rule(&failure.rule).is_some(), "{}", failure.rule);
        }
    }

    #[test]
    fn no_place_panics(stream in ".*", seq: u64, day in ".*") {
        let text = Value::Object(check_in()).to_string();
        let place = Place { stream: &stream, seq, day: &day, subtype: None, amends: None };
        prop_assert!(PACKS.pack("lodging/2026.1").unwrap().judge(text.as_bytes(), &place).fails());
    }

    #[test]
    fn a_mutated_record_is_judged_without_a_panic_by_known_rules(
        which: Index,
        changes in prop::collection::vec(
            (prop::collection::vec(any::<usize>(), 1..5), values()), 0..5,
        ),
        name in ".{0,20}",
        stranger in values(),
    ) {
        let (pack, subtype, record) = which.get(&RECORDS);
        let mut record = Value::Object(record.clone());
        for (choices, value) in changes {
            put(&mut record, &choices, value);
        }
        record[name] = stranger;
        for failure in judge_any(pack, subtype.as_deref(), record.to_string().as_bytes()).failures {
            let rule = pack.rule(&failure.rule);
            prop_assert_eq!(rule.map(|rule| rule.severity), Some(failure.severity));
        }
    }

    #[test]
    fn no_value_of_a_record_reaches_a_failure(
        secret in "[\\p{Han}]{6}[0-9]{6}",
        choices in prop::collection::vec(any::<usize>(), 1..5),
    ) {
        for (pack, subtype, record) in RECORDS.iter() {
            let mut record = Value::Object(record.clone());
            put(&mut record, &choices, Value::from(secret.clone()));
            record[&secret] = json!({ secret.clone(): [secret.clone()] });
            let judged = judge_any(pack, subtype.as_deref(), record.to_string().as_bytes());
            let shown = format!("{judged:?}");
            prop_assert!(judged.fails() && !shown.contains(&secret), "{}", shown);
        }
    }
}
