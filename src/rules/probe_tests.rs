//! A small invented pack with subtypes and lists of objects, and what its mistakes are called.

use std::fs;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Pack, Packs, PacksError, Place};

const HEAD: &str = r#"
id = "probe/2026.1"
sector = "probe"
name = { zh = "试验", en = "Probe" }
base = "2026.1"
effective_from = "2026-01-01"
modes = ["sealed"]
day_deadline_hours = 24
retention_days = 1095
duty = "hbr-12"
totals = []

[[subtype]]
name = "house"
zh = "房屋"
en = "house"

[[subtype]]
name = "cafe"
zh = "网吧"
en = "café"

[[check]]
kind = "placeholder"
each = "people"
member = "subject_name"
words = ["无"]
rule = "probe.subject_name.placeholder"

[[check]]
kind = "bits"
members = ["phone_check"]
rule_invalid = "probe.phone_check.invalid"
rule_absent = "probe.phone_check.absent"
"#;

const RULES: &str = r#"
[member.people]
zh = "居住人"
en = "people"

[member.terminal_no]
zh = "机位"
en = "terminal"

[member.phone_check]
zh = "电话核对"
en = "comparison of the telephone number"

[member.marks]
zh = "标记"
en = "marks"
form = "minor"

[codes.phone_check]
valid = { zh = "一致", en = "valid" }
invalid = { zh = "不一致", en = "invalid" }
absent = { zh = "未核对", en = "absent" }

[[rule]]
id = "probe.subject_name.placeholder"
severity = "major"
zh = "甲"
en = "a"
repair_zh = "乙"
repair_en = "b"

[[rule]]
id = "probe.phone_check.invalid"
severity = "major"
zh = "甲"
en = "a"
repair_zh = "乙"
repair_en = "b"

[[rule]]
id = "probe.phone_check.absent"
severity = "minor"
zh = "甲"
en = "a"
repair_zh = "乙"
repair_en = "b"

[[rule]]
id = "probe.people.nameless"
severity = "critical"
zh = "甲"
en = "a"
repair_zh = "乙"
repair_en = "b"
on = [{ pointer = "/people/*/subject_name", keyword = "required" }]
"#;

fn schema() -> Value {
    let names = ["salt", "stream", "seq", "occurred_at", "people"];
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": names,
        "properties": {
            "salt": { "$ref": "#/$defs/salt" },
            "stream": { "$ref": "#/$defs/stream" },
            "seq": { "$ref": "#/$defs/number" },
            "occurred_at": { "$ref": "#/$defs/instant" },
            "terminal_no": { "$ref": "#/$defs/local_no" },
            "phone_check": { "$ref": "#/$defs/check_bit" },
            "marks": { "type": "array", "items": { "type": "string", "maxLength": 2 } },
            "people": { "type": "array", "maxItems": 20, "items": { "$ref": "#/$defs/resident" } },
        },
        "$defs": {
            "resident": {
                "type": "object",
                "additionalProperties": false,
                "required": ["subject_name"],
                "properties": {
                    "subject_name": { "$ref": "#/$defs/person_name" },
                    "id_doc_type": { "$ref": "#/$defs/id_doc_type" },
                    "id_doc_no": { "$ref": "#/$defs/id_doc_no" },
                    "verify_method": { "$ref": "#/$defs/verify_method" },
                },
                "allOf": [{ "$ref": "#/$defs/document" }],
            },
            "subtype_house": { "properties": { "terminal_no": false } },
            "subtype_cafe": { "required": ["terminal_no"] },
        },
    })
}

fn load(head: &str, rules: &str, schema: &Value) -> Result<Packs, PacksError> {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("probe/2026.1");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("pack.toml"), head).unwrap();
    fs::write(own.join("rules.toml"), rules).unwrap();
    fs::write(own.join("schema.json"), schema.to_string()).unwrap();
    Packs::load(folder.path())
}

fn pack() -> Arc<Pack> {
    load(HEAD, RULES, &schema()).unwrap().pack("probe/2026.1").unwrap().clone()
}

fn person(name: &str) -> Value {
    let birth = chrono::NaiveDate::from_ymd_opt(1990, 1, 12).unwrap();
    json!({"subject_name": name, "id_doc_type": "111",
        "id_doc_no": super::documents::test_resident_id(birth, 7)})
}

fn record(more: Value) -> Value {
    let mut record = json!({
        "salt": "AAAAAAAAAAAAAAAAAAAAAA",
        "stream": "01960a00-5a00-7000-8000-0000000000a1",
        "seq": 1,
        "occurred_at": "2026-03-02T14:05:00+08:00",
        "people": [person("林小满")],
    });
    let more = more.as_object().unwrap().clone();
    record.as_object_mut().unwrap().extend(more);
    record
}

fn found(subtype: Option<&str>, more: Value) -> Vec<String> {
    let stream = "01960a00-5a00-7000-8000-0000000000a1";
    let place = Place { stream, seq: 1, day: "2026-03-02", subtype, amends: None };
    let judgement = pack().judge(record(more).to_string().as_bytes(), &place);
    judgement.failures.into_iter().map(|f| format!("{}@{}", f.rule, f.pointer)).collect()
}

fn mistakes(head: &str, rules: &str, schema: &Value) -> String {
    load(head, rules, schema).unwrap_err().to_string()
}

#[test]
fn each_subtype_has_its_own_part_of_the_schema_and_the_first_is_for_all_others() {
    let nothing = || json!({});
    let terminal = || json!({"terminal_no": "A-12"});
    assert!(found(Some("cafe"), terminal()).is_empty());
    assert_eq!(found(Some("cafe"), nothing()), ["probe.terminal_no.missing@/terminal_no"]);
    for house in [None, Some("house"), Some("nobody knows it")] {
        assert!(found(house, nothing()).is_empty());
        assert_eq!(found(house, terminal()), ["probe.terminal_no.unneeded@/terminal_no"]);
    }
    let names: Vec<_> = pack().subtypes().iter().map(|s| s.name.clone()).collect();
    assert_eq!(names, ["house", "cafe"]);
}

#[test]
fn an_error_in_a_list_is_explained_by_its_full_pointer() {
    let nameless = json!({"people": [person("林小满"), {"id_doc_type": "NID"}]});
    assert_eq!(found(None, nameless), ["probe.people.nameless@/people/1/subject_name"]);
}

#[test]
fn an_error_in_a_list_is_explained_by_its_last_name() {
    let mut mistyped = person("林小满");
    let number = mistyped["id_doc_no"].as_str().unwrap();
    let other = if number.ends_with('1') { "2" } else { "1" };
    mistyped["id_doc_no"] = json!(format!("{}{other}", &number[..17]));
    let list = json!({"people": [mistyped]});
    assert_eq!(found(None, list), ["probe.id_doc_no.check@/people/0/id_doc_no"]);
}

#[test]
fn an_error_in_a_list_falls_to_the_own_rule_of_its_member_and_then_of_the_list() {
    let list = json!({"people": [{"subject_name": "林小满", "id_doc_type": "111"}]});
    assert_eq!(found(None, list), ["probe.id_doc_no.missing@/people/0/id_doc_no"]);
    assert_eq!(found(None, json!({"people": ["林小满"]})), ["probe.people.form@/people/0"]);
    assert_eq!(found(None, json!({"marks": ["a", "abc"]})), ["probe.marks.form@/marks/1"]);
    let stranger =
        json!({"people": [{"subject_name": "林小满", "id_doc_type": "NID", "job": "x"}]});
    assert_eq!(found(None, stranger), ["probe.unknown_member@/people/0/job"]);
}

#[test]
fn a_member_of_a_list_is_called_by_its_own_name() {
    let pack = pack();
    let label = |pointer| pack.label(pointer).map(|label| label.en.as_str());
    assert_eq!(label("/people/0/subject_name"), Some("customer's name"));
    assert_eq!(label("/people/0/job"), Some("people"));
    assert_eq!(label("/people/0"), Some("people"));
    assert_eq!(label("terminal_no"), Some("terminal"));
    assert_eq!(label("/job"), None);
}

#[test]
fn checks_run_on_lists_and_on_comparisons() {
    let two = json!({"people": [person("林小满"), person("无")]});
    assert_eq!(found(None, two), ["probe.subject_name.placeholder@/people/1/subject_name"]);
    let compared = |bit: &str| found(None, json!({"phone_check": bit}));
    assert_eq!(compared("invalid"), ["probe.phone_check.invalid@/phone_check"]);
    assert_eq!(compared("absent"), ["probe.phone_check.absent@/phone_check"]);
    assert_eq!(compared("unsure"), ["probe.phone_check.form@/phone_check"]);
}

#[test]
fn a_base_rule_about_members_that_the_trade_does_not_have_is_left_out() {
    let mut schema = schema();
    let resident = schema.pointer_mut("/$defs/resident/properties").unwrap();
    resident.as_object_mut().unwrap().retain(|name, _| name == "subject_name");
    schema.pointer_mut("/$defs/resident").unwrap().as_object_mut().unwrap().remove("allOf");
    let packs = load(HEAD, RULES, &schema).unwrap();
    assert!(packs.pack("probe/2026.1").unwrap().rule("probe.id_doc_no.check").is_none());
    assert!(pack().rule("probe.id_doc_no.check").is_some());
}

#[test]
fn mistakes_about_subtypes_are_named() {
    let renamed = HEAD.replace("name = \"cafe\"", "name = \"bar\"");
    let said = mistakes(&renamed, RULES, &schema());
    assert!(said.contains("the schema has no $defs.subtype_bar"), "{said}");
    assert!(said.contains("defines subtype_cafe, which is no subtype"), "{said}");
    let twice = HEAD.replace("name = \"cafe\"", "name = \"house\"");
    assert!(mistakes(&twice, RULES, &schema()).contains("subtype house occurs twice"));
}

#[test]
fn mistakes_about_checks_are_named() {
    let said = mistakes(&HEAD.replace("each = \"people\"", "each = \"poeple\""), RULES, &schema());
    assert!(said.contains("runs on each of poeple, which is no list"), "{said}");
    let said = mistakes(
        &HEAD.replace("member = \"subject_name\"", "member = \"terminal_no\""),
        RULES,
        &schema(),
    );
    assert!(said.contains("looks at terminal_no, which is no member of people"), "{said}");
    let said = mistakes(&HEAD.replace("[\"phone_check\"]", "[\"fone_check\"]"), RULES, &schema());
    assert!(said.contains("looks at fone_check, which is no member"), "{said}");
    let count = "\n[[check]]\nkind = \"count\"\nmember = \"seq\"\nlist = \"salt\"
        rule = \"probe.seq.form\"\n";
    let said = mistakes(&format!("{HEAD}{count}"), RULES, &schema());
    assert!(said.contains("a check counts salt, which is no list"), "{said}");
}

#[test]
fn mistakes_about_lists_are_named() {
    let rules = RULES.replace("/people/*/subject_name", "/people/0/subject_name");
    assert!(mistakes(HEAD, &rules, &schema()).contains("is no member of the schema"));
    let codes = RULES.replace("absent = {", "missing = {");
    let said = mistakes(HEAD, &codes, &schema());
    assert!(said.contains("[codes.phone_check] are not the values"), "{said}");
    let mut open = schema();
    open.pointer_mut("/$defs/resident").unwrap()["additionalProperties"] = json!(true);
    assert!(mistakes(HEAD, RULES, &open).contains("/people/* must be an object"));
    let mut nameless = schema();
    nameless.pointer_mut("/$defs/resident/properties").unwrap()["job"] = json!({"type": "string"});
    assert!(mistakes(HEAD, RULES, &nameless).contains("no [member.job] here or in the base"));
}
