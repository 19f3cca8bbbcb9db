//! Each check holds where it must and fails where it must.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::checks::{Broken, Check};
use super::documents;

fn broken(check: &str, record: Value) -> Vec<String> {
    let check: Check = toml::from_str(check).unwrap();
    let mut found = Vec::new();
    check.run(record.as_object().unwrap(), &mut |(rule, pointer): Broken<'_>| {
        found.push(format!("{rule}@{}", pointer.trim_start_matches('/')));
    });
    found
}

#[test]
fn a_limit_of_minutes_is_kept_to_the_second() {
    let check = "kind = 'within'\nfrom = 'a'\nto = 'b'\nlimit_minutes = 60\nrule = 'late'";
    let at = |b: &str| json!({"a": "2026-03-02T10:00:00+08:00", "b": b});
    assert!(broken(check, at("2026-03-02T11:00:00+08:00")).is_empty());
    assert_eq!(broken(check, at("2026-03-02T03:00:01Z")), ["late@b"]);
    assert!(broken(check, at("soon")).is_empty());
}

#[test]
fn a_person_is_a_minor_until_the_eighteenth_birthday() {
    let check = "kind = 'minor'\nmember = 'minor'\ntypes = ['111']\nbirth_member = 'birth_date'
        at = 'at'\nrule_young = 'young'\nrule_adult = 'adult'";
    let guest = |minor: bool, day: &str| {
        let birth = NaiveDate::from_ymd_opt(2008, 3, 2).unwrap();
        json!({"id_doc_type": "111", "id_doc_no": documents::test_resident_id(birth, 1),
            "minor": minor, "at": format!("{day}T00:00:00+08:00")})
    };
    assert_eq!(broken(check, guest(false, "2026-03-01")), ["young@minor"]);
    assert!(broken(check, guest(true, "2026-03-01")).is_empty());
    assert_eq!(broken(check, guest(true, "2026-03-02")), ["adult@minor"]);
    let foreign = json!({"id_doc_type": "414", "id_doc_no": "E12345678", "birth_date": "2010-01-01",
        "minor": false, "at": "2026-03-01T00:00:00+08:00"});
    assert_eq!(broken(check, foreign), ["young@minor"]);
}

#[test]
fn a_birth_lies_in_the_past_and_within_a_lifetime() {
    let check = "kind = 'birth'\ntypes = ['111']\nat = 'at'\nmax_age = 120\nrule = 'birth'";
    let born = |year| {
        let birth = NaiveDate::from_ymd_opt(year, 3, 3).unwrap();
        json!({"id_doc_type": "111", "id_doc_no": documents::test_resident_id(birth, 2),
            "at": "2026-03-02T10:00:00+08:00"})
    };
    assert!(broken(check, born(1990)).is_empty());
    assert_eq!(broken(check, born(2026)), ["birth@id_doc_no"]);
    assert_eq!(broken(check, born(1890)), ["birth@id_doc_no"]);
}

#[test]
fn a_placeholder_is_seen_through_blanks_and_capitals() {
    let check = "kind = 'placeholder'\nmember = 'x'\nwords = ['货物', 'goods']\nrule = 'empty'";
    for word in ["货物", " 货 物 ", "Goods"] {
        assert_eq!(broken(check, json!({"x": word})), ["empty@x"], "{word}");
    }
    assert!(broken(check, json!({"x": "货物清单本"})).is_empty());
}

#[test]
fn an_exception_lifts_a_forbidden_value() {
    let check = "kind = 'value'\nmember = 'x'\nvalues = [false]\nrule = 'no'
        unless = { member = 'y', value = 'letter' }";
    assert_eq!(broken(check, json!({"x": false})), ["no@x"]);
    assert!(broken(check, json!({"x": false, "y": "letter"})).is_empty());
    assert!(broken(check, json!({"x": true})).is_empty());
}

#[test]
fn a_time_or_day_is_not_before_another() {
    let check = "kind = 'not_before'\nfrom = 'a'\nto = 'b'\nrule = 'order'";
    let pair = |a: &str, b: &str| broken(check, json!({"a": a, "b": b}));
    assert!(pair("2026-03-02T10:00:00+08:00", "2026-03-02T02:00:00Z").is_empty());
    assert_eq!(pair("2026-03-02T10:00:00+08:00", "2026-03-02T09:59:59+08:00"), ["order@b"]);
    assert!(pair("2026-03-02", "2026-03-02").is_empty());
    assert_eq!(pair("2026-03-02", "2026-03-01"), ["order@b"]);
    assert!(pair("2026-03-02T10:00:00+08:00", "2026-03-02").is_empty());
    assert_eq!(pair("2026-03-02", "2026-03-01T15:59:59Z"), ["order@b"]);
    assert!(pair("soon", "2026-03-01").is_empty());
}

#[test]
fn a_number_is_at_most_another() {
    let check = "kind = 'at_most'\nlesser = 'a'\ngreater = 'b'\nrule = 'more'";
    assert!(broken(check, json!({"a": 2, "b": 2})).is_empty());
    assert!(broken(check, json!({"a": -3, "b": 2})).is_empty());
    assert_eq!(broken(check, json!({"a": 3, "b": 2})), ["more@a"]);
    assert!(broken(check, json!({"a": "3", "b": 2})).is_empty());
}

#[test]
fn a_stated_count_is_the_length_of_its_list() {
    let check = "kind = 'count'\nmember = 'n'\nlist = 'codes'\nrule = 'count'";
    assert!(broken(check, json!({"n": 2, "codes": ["a", "b"]})).is_empty());
    assert_eq!(broken(check, json!({"n": 3, "codes": ["a", "b"]})), ["count@n"]);
    assert_eq!(broken(check, json!({"n": -1, "codes": []})), ["count@n"]);
    assert!(broken(check, json!({"n": 3})).is_empty());
}

#[test]
fn a_comparison_that_failed_or_was_not_made_is_told_apart() {
    let check = "kind = 'bits'\nmembers = ['a', 'b', 'c', 'd']\nrule_invalid = 'wrong'
        rule_absent = 'none'";
    let record = json!({"a": "valid", "b": "invalid", "c": "absent", "d": true});
    assert_eq!(broken(check, record), ["wrong@b", "none@c"]);
}

#[test]
fn a_check_digit_belongs_to_the_number_of_a_passport() {
    let check = "kind = 'mrz'\nnumber = 'id_doc_no'\ndigit = 'id_doc_check_digit'\nrule = 'mrz'";
    let passport = |kind: &str, number: &str, digit: &str| {
        let record = json!({"id_doc_type": kind, "id_doc_no": number, "id_doc_check_digit": digit});
        broken(check, record)
    };
    assert!(passport("414", "L898902C3", "6").is_empty(), "the specimen of ICAO 9303");
    assert_eq!(passport("414", "L898902C3", "7"), ["mrz@id_doc_check_digit"]);
    assert!(passport("414", "l898902c3", "7").is_empty(), "the form is another rule's");
    assert!(passport("414", "L898902C3", "66").is_empty());
    assert!(passport("513", "L898902C3", "7").is_empty());
    assert!(broken(check, json!({"id_doc_type": "414", "id_doc_no": "L898902C3"})).is_empty());
}

#[test]
fn a_check_of_each_runs_on_every_object_of_a_list_and_says_which() {
    let people = |people: Value| json!({"people": people, "name": "无", "kind": "letter"});
    let placeholder = "kind = 'placeholder'\neach = 'people'\nmember = 'name'\nwords = ['无']
        rule = 'empty'";
    let some = json!([{"name": "无"}, "无", {"name": "林小满"}, {}, {"name": "无"}]);
    assert_eq!(broken(placeholder, people(some)), ["empty@people/0/name", "empty@people/4/name"]);
    assert!(broken(placeholder, people(json!("无"))).is_empty());

    let value = "kind = 'value'\neach = 'people'\nmember = 'x'\nvalues = [1]\nrule = 'one'
        unless = { member = 'kind', value = 'letter' }";
    assert!(broken(value, people(json!([{"x": 1}]))).is_empty(), "the record lifts it");
    let own = people(json!([{"x": 1, "kind": "parcel"}]));
    assert_eq!(broken(value, own), ["one@people/0/x"], "the object's own member comes first");
}

#[test]
fn the_birth_of_each_person_is_compared_with_a_time_of_the_record() {
    let check = "kind = 'birth'\neach = 'people'\ntypes = ['111']\nat = 'at'\nmax_age = 120
        rule = 'birth'";
    let born = |year| {
        let birth = NaiveDate::from_ymd_opt(year, 3, 3).unwrap();
        json!({"id_doc_type": "111", "id_doc_no": documents::test_resident_id(birth, 2)})
    };
    let record = json!({"at": "2026-03-02T10:00:00+08:00", "people": [born(1990), born(2026)]});
    assert_eq!(broken(check, record), ["birth@people/1/id_doc_no"]);
}
