//! The self-check as a business runs it: the real program on its files.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::Value;

use crate::support::PROGRAM;

const RECORD: &str =
    include_str!("../../rule-packs/lodging/2026.1/examples/pass/check-in-resident.json");
const MAPPING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/check/hotel.toml");
const HEAD: [&str; 13] = [
    "入住时间",
    "登记时间",
    "姓名",
    "证件类型",
    "证件号码",
    "核验方式",
    "核验结果",
    "房号",
    "同住人数",
    "未成年人",
    "监护人电话",
    "操作员",
    "流水号",
];

fn check(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["check", "--pack", "lodging/2026.1"]).args(arguments).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// The lines of `--format json`: file, line, rule, pointer; and the totals.
fn problems(output: &Output) -> (Vec<(u64, String, String)>, Value) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(!text.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.pop().unwrap()["summary"].clone();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let told = lines.iter().map(|line| {
        assert!(!text(line, "text").is_empty() && !text(line, "repair").is_empty());
        (line["line"].as_u64().unwrap(), text(line, "rule"), text(line, "pointer"))
    });
    (told.collect(), summary)
}

fn owned(expected: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    expected.iter().map(|(line, rule, p)| (*line, (*rule).to_owned(), (*p).to_owned())).collect()
}

fn record(change: impl FnOnce(&mut Value)) -> String {
    let mut record: Value = serde_json::from_str(RECORD).unwrap();
    change(&mut record);
    record.to_string()
}

fn row(room: &str, guests: &str) -> Vec<String> {
    let cells = [
        "2026/3/2 14:05",
        "2026-03-02 14:07:30",
        "林小满",
        "居民身份证",
        "410699199001120234",
        "读卡",
        "一致",
        room,
        guests,
        "否",
        "",
        "front-07",
        "PMS-1",
    ];
    cells.map(str::to_owned).to_vec()
}

#[test]
fn lines_from_files_and_from_standard_input_are_judged_in_order_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let clean = record(|_| {});
    let bad = record(|r| r["minor"] = "no".into());
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(17 * 1024));
    let text = format!("{clean}\n{bad}\n{long}\n\u{feff}{clean}\n{clean}");
    let expected = owned(&[
        (2, "lodging.minor.form", "/minor"),
        (3, "lodging.record.size", ""),
        (4, "lodging.record.json", ""),
    ]);
    fs::write(folder.path().join("a.ndjson"), &text).unwrap();
    for threads in ["1", "3"] {
        let flags = ["--format", "json", "--threads", threads];
        let piped = check(folder.path(), &[&flags[..], &["-"]].concat(), text.as_bytes());
        let (told, summary) = problems(&piped);
        assert_eq!((piped.status.code(), &told), (Some(1), &expected));
        assert_eq!((&summary["records"], &summary["failing"]), (&5.into(), &3.into()));
        let read = check(folder.path(), &[&flags[..], &["a.ndjson"]].concat(), b"");
        assert_eq!(problems(&read).0, expected);
    }
    let passes = check(folder.path(), &["-"], clean.as_bytes());
    assert_eq!(passes.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&passes.stdout).contains("共检查 1 条记录"));
}

#[test]
fn a_table_with_chinese_heads_is_judged_by_its_mapping() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = format!("\u{feff}{},备注\r\n", HEAD.join(","));
    for cells in [row("0806", "1"), row("", "1"), row("0807", "二人")] {
        text.push_str(&format!("{},略\r\n", cells.join(",")));
    }
    fs::write(folder.path().join("入住.csv"), &text).unwrap();
    let told = check(folder.path(), &["--mapping", MAPPING, "--format", "json", "入住.csv"], b"");
    let expected = owned(&[
        (3, "lodging.room_no.missing", "/room_no"),
        (4, "lodging.guests_in_room.form", "/guests_in_room"),
    ]);
    assert_eq!(problems(&told).0, expected, "{}", String::from_utf8_lossy(&told.stderr));
    let shown = String::from_utf8(told.stdout).unwrap();
    assert!(!shown.contains("二人") && !shown.contains("林小满"));

    let unmapped = check(folder.path(), &["入住.csv"], b"");
    assert_eq!(unmapped.status.code(), Some(2));
    fs::write(folder.path().join("b.csv"), "房号\n0806\n").unwrap();
    let lacking = check(folder.path(), &["--mapping", MAPPING, "b.csv"], b"");
    assert_eq!(lacking.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&lacking.stderr).contains("has no column 入住时间"));
}

#[test]
fn a_workbook_is_judged_with_its_times_and_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let as_time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    for (column, head) in (0..).zip(HEAD) {
        sheet.write(0, column, head).unwrap();
    }
    for (number, room) in [(1, "0806"), (3, "")] {
        for (column, cell) in (0..).zip(row(room, "1")) {
            match column {
                0 => {
                    let time = ExcelDateTime::parse_from_str("2026-03-02T14:05:00").unwrap();
                    sheet.write_datetime_with_format(number, column, time, &as_time).unwrap();
                }
                8 => {
                    sheet.write_number(number, column, 1.0).unwrap();
                }
                9 => {
                    sheet.write_boolean(number, column, false).unwrap();
                }
                _ => {
                    sheet.write(number, column, cell).unwrap();
                }
            }
        }
    }
    book.save(folder.path().join("a.xlsx")).unwrap();
    let told = check(folder.path(), &["--mapping", MAPPING, "--format", "json", "a.xlsx"], b"");
    let (told, summary) = problems(&told);
    assert_eq!(told, owned(&[(4, "lodging.room_no.missing", "/room_no")]));
    assert_eq!(summary["records"], 2);
    fs::write(folder.path().join("b.xlsx"), "no workbook").unwrap();
    let broken = check(folder.path(), &["--mapping", MAPPING, "b.xlsx"], b"");
    assert_eq!(broken.status.code(), Some(2));
}

#[test]
fn sarif_names_rules_places_and_levels() {
    let folder = tempfile::tempdir().unwrap();
    let list = format!(
        "[\n{},\n{},\n{}]",
        record(|_| {}),
        record(|r| r["guests_in_room"] = "two".into()),
        record(|r| r["room_no"] = "".into()),
    );
    fs::write(folder.path().join("三月 a.json"), list).unwrap();
    let flags = ["--format", "sarif", "--lang", "en", "三月 a.json", "三月 a.json"];
    let told = check(folder.path(), &flags, b"");
    let sarif: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((told.status.code(), &sarif["version"]), (Some(1), &"2.1.0".into()));
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let levels: Vec<_> = results.iter().map(|result| result["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["warning", "error", "warning", "error"]);
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 4);
    assert_eq!(place["artifactLocation"]["uri"], "%E4%B8%89%E6%9C%88%20a.json");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
    }
    let clean: Value =
        serde_json::from_slice(&check(folder.path(), &["--format", "sarif", "-"], b"").stdout)
            .unwrap();
    assert_eq!(clean["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn a_summary_counts_by_rule_and_names_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let bad = record(|r| r["minor"] = "no".into());
    let told = check(folder.path(), &["--summary", "--lang", "en", "-"], bad.as_bytes());
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.starts_with("       1  lodging.minor.form\n"), "{text}");
    assert!(text.ends_with("1 record checked: 1 fail, 1 problem.\n"), "{text}");
}

#[test]
fn what_cannot_be_checked_has_its_own_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), "[{}").unwrap();
    fs::write(folder.path().join("a.txt"), "{}").unwrap();
    for arguments in [
        &["absent.ndjson"][..],
        &["a.json"],
        &["a.txt"],
        &["--subtype", "palace", "-"],
        &["--mapping", "absent.toml", "-"],
        &["--day", "2026-02-30", "-"],
        &["--threads", "0", "-"],
        &["--summary", "--format", "sarif", "-"],
        &[],
    ] {
        let told = check(folder.path(), arguments, b"");
        assert_eq!(told.status.code(), Some(2), "{arguments:?}");
        assert!(!told.stderr.is_empty());
    }
    let unknown = Command::new(PROGRAM).args(["check", "--pack", "lodging/1999.1", "-"]).output();
    assert_eq!(unknown.unwrap().status.code(), Some(2));
}
