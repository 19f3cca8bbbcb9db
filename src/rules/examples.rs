//! The examples of a pack are its tests: each gives exactly the rules that it names.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{
    forms,
    model::Place,
    pack::Pack,
    packs::{Files, Mistake},
};

/// `examples/fail/*.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failing {
    /// What is wrong, for people.
    #[serde(rename = "about")]
    _about: String,
    /// The record; or else `raw`.
    record: Option<Value>,
    /// Exact text of the plaintext, where a JSON value cannot hold it.
    raw: Option<String>,
    /// Where the batch says that the record belongs; what is left out, the record says itself.
    #[serde(default)]
    place: ExamplePlace,
    /// Exactly the rules that fail.
    rules: BTreeSet<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExamplePlace {
    stream: Option<String>,
    seq: Option<u64>,
    day: Option<String>,
}

/// Judges every example of the pack in `folder` that is among `files`.
pub(super) fn judge_all(folder: &str, pack: &Pack, files: &Files, mistakes: &mut Vec<Mistake>) {
    let mut judge = |kind: &str, judge_one: fn(&Pack, &str) -> Result<(), String>| {
        let prefix = format!("{folder}/examples/{kind}/");
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            if let Err(what) = judge_one(pack, text) {
                mistakes.push(Mistake { file: path.clone(), what });
            }
        }
    };
    judge("pass", passes);
    judge("fail", fails);
}

fn passes(pack: &Pack, text: &str) -> Result<(), String> {
    let record: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    gives(pack, text.as_bytes(), &ExamplePlace::default(), &record, &BTreeSet::new())
}

fn fails(pack: &Pack, text: &str) -> Result<(), String> {
    let example: Failing = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if example.rules.is_empty() {
        return Err("names no rule".into());
    }
    let record = example.record.unwrap_or_default();
    let plaintext = match example.raw {
        Some(raw) => raw,
        None => record.to_string(),
    };
    gives(pack, plaintext.as_bytes(), &example.place, &record, &example.rules)
}

fn gives(
    pack: &Pack,
    plaintext: &[u8],
    place: &ExamplePlace,
    record: &Value,
    expected: &BTreeSet<String>,
) -> Result<(), String> {
    let text = |member: &str| record.get(member).and_then(Value::as_str);
    let own_day = text("occurred_at").and_then(forms::instant).and_then(forms::civil_day);
    let day = place.day.clone().or_else(|| own_day.map(|day| day.to_string())).unwrap_or_default();
    let seq = place.seq.or_else(|| record.get("seq").and_then(Value::as_u64)).unwrap_or_default();
    let stream = place.stream.as_deref().or(text("stream")).unwrap_or_default();
    let judgement = pack.judge(plaintext, &Place { stream, seq, day: &day });
    let found: BTreeSet<String> =
        judgement.failures.iter().map(|failure| failure.rule.clone()).collect();
    if judgement.undecided() {
        return Err("the pack cannot decide it".into());
    }
    if found == *expected {
        return Ok(());
    }
    let list = |rules: &BTreeSet<String>| rules.iter().cloned().collect::<Vec<_>>().join(", ");
    Err(format!("gives [{}] instead of [{}]", list(&found), list(expected)))
}
