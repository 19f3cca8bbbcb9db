//! The examples of a pack are its tests: each gives exactly the rules that it names.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{
    catalogue::{BasisKind, Catalogue},
    describe::Example,
    forms,
    model::{Place, Severity},
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
    subtype: Option<String>,
}

/// Fewest passing and failing examples of a pack.
const ENOUGH: (usize, usize) = (12, 25);

/// How well the examples of a pack cover it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Id of the pack.
    pub pack: String,
    /// Records that keep every rule.
    pub passing: usize,
    /// Records that break rules.
    pub failing: usize,
    /// What a pack needs before it is put in force, and this one lacks, one sentence each.
    pub gaps: Vec<String>,
}

/// How well the examples among `files` cover the pack, and whether its rules stand on articles
/// that may be cited.
pub(super) fn coverage(pack: &Pack, files: &Files, catalogue: &Catalogue) -> Coverage {
    let under = |kind: &str| {
        let prefix = format!("{}/examples/{kind}/", pack.id());
        files.iter().filter(move |(path, _)| path.starts_with(&prefix)).map(|(_, text)| text)
    };
    let (passing, failing) = (under("pass").count(), under("fail").count());
    let mut gaps = Vec::new();
    if passing < ENOUGH.0 || failing < ENOUGH.1 {
        let (least_passing, least_failing) = ENOUGH;
        gaps.push(format!(
            "{passing} passing and {failing} failing examples; {least_passing} and \
             {least_failing} are the least"
        ));
    }
    let named: BTreeSet<String> = under("fail")
        .filter_map(|text| serde_json::from_str::<Failing>(text).ok())
        .flat_map(|example| example.rules)
        .collect();
    for rule in pack.rules() {
        let of_a_member = ["missing", "form", "unneeded"].iter().any(|d| rule.id.ends_with(d));
        if !of_a_member && !rule.id.contains(".record.") && !named.contains(&rule.id) {
            gaps.push(format!("{} has no failing example", rule.id));
        }
        let mut duties = rule.basis.iter().filter_map(|id| catalogue.citable(id));
        if rule.severity >= Severity::Major && !duties.any(|b| b.kind == BasisKind::Duty) {
            gaps.push(format!("{} has no duty that may be cited", rule.id));
        }
    }
    Coverage { pack: pack.id().to_owned(), passing, failing, gaps }
}

/// Judges every example of the pack in `folder` that is among `files`.
pub(super) fn judge_all(folder: &str, pack: &Pack, files: &Files, mistakes: &mut Vec<Mistake>) {
    let mut judge = |kind: &str, judge_one: fn(&Pack, &str, &str) -> Result<(), String>| {
        let prefix = format!("{folder}/examples/{kind}/");
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with(&prefix)) {
            let name = path.strip_prefix(&prefix).unwrap_or_default();
            if let Err(what) = judge_one(pack, name, text) {
                mistakes.push(Mistake { file: path.clone(), what });
            }
        }
    };
    judge("pass", passes);
    judge("fail", fails);
}

/// The first passing example of each subtype, or of a pack without subtypes.
pub(super) fn models(pack: &Pack, files: &Files) -> Vec<Example> {
    let prefix = format!("{}/examples/pass/", pack.id());
    let mut models: Vec<Example> = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.starts_with(&prefix)) {
        let first = pack.subtypes().first().map(|subtype| subtype.name.clone());
        let subtype = subtype_of(path.strip_prefix(&prefix).unwrap_or_default()).or(first);
        if models.iter().all(|known| known.subtype != subtype) {
            models.push(Example { subtype, text: text.clone().into_owned() });
        }
    }
    models
}

/// The name of a passing example is `<what>.json` or `<what>.<subtype>.json`.
fn subtype_of(name: &str) -> Option<String> {
    let (_, subtype) = name.strip_suffix(".json")?.split_once('.')?;
    Some(subtype.to_owned())
}

fn passes(pack: &Pack, name: &str, text: &str) -> Result<(), String> {
    let record: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let subtype = subtype_of(name);
    let place = ExamplePlace { subtype, ..ExamplePlace::default() };
    gives(pack, text.as_bytes(), &place, &record, &BTreeSet::new())
}

fn fails(pack: &Pack, _name: &str, text: &str) -> Result<(), String> {
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
    let subtype = place.subtype.as_deref();
    if let Some(other) = subtype.filter(|own| pack.subtypes().iter().all(|s| s.name != *own)) {
        return Err(format!("{other} is no subtype of the pack"));
    }
    let amends = record.get("amends").and_then(Value::as_u64);
    let judgement = pack.judge(plaintext, &Place { stream, seq, day: &day, subtype, amends });
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
