//! A finding in words, for pages and letters. The words are in the Fluent files and the rule packs.

use std::fmt::Display;

use diesel::QueryResult;
use serde_json::Value;

use super::model::{Finding, FindingKind};
use crate::foundation::db::Conn;
use crate::foundation::web::Lang;
use crate::registry::{self, Sector};
use crate::rules::{Packs, Rule};

/// Where a finding happened, as people call it.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// The outlet, or the duty holder where the finding is about no outlet.
    pub(super) place: String,
}

/// Where `finding` happened: at an outlet if it is about one of its streams.
pub(super) fn scene(conn: &mut Conn, finding: &Finding, holder: &str) -> QueryResult<Scene> {
    let stream = match finding.stream {
        Some(stream) => registry::stream_for_push(conn, stream)?,
        None => None,
    };
    let place = stream.map_or_else(|| holder.to_owned(), |facts| facts.outlet.name);
    Ok(Scene { place })
}

/// The rule that `finding` says was not kept, from the pack that judged, or else from the newest
/// pack of the trade that has it.
pub(super) fn rule_of<'a>(packs: &'a Packs, finding: &Finding) -> Option<&'a Rule> {
    let rule = finding.rule.as_deref()?;
    let judged_by = finding.facts().get("pack").and_then(Value::as_str).map(str::to_owned);
    let named = judged_by.and_then(|id| packs.pack(&id)).and_then(|pack| pack.rule(rule));
    named.or_else(|| rule_called(packs, finding.sector, Some(rule)))
}

/// The rule called `id`, from the newest pack of the trade that has it.
pub(super) fn rule_called<'a>(
    packs: &'a Packs,
    sector: Sector,
    id: Option<&str>,
) -> Option<&'a Rule> {
    let own = packs.iter().filter(|pack| pack.sector() == sector.as_str());
    id.and_then(|id| own.filter_map(|pack| pack.rule(id)).last())
}

/// What was found, in one sentence or two.
pub(super) fn fact(lang: Lang, finding: &Finding, scene: &Scene, rule: Option<&Rule>) -> String {
    let rule = rule.map_or(finding.rule.as_deref().unwrap_or_default(), |rule| match lang {
        Lang::Zh => &rule.zh,
        Lang::En => &rule.en,
    });
    let values = Values::of(finding, scene, rule);
    let key = format!("cases-fact-{}", name(finding.kind));
    if finding.kind == FindingKind::CloseMismatch
        && values.has("declared")
        && values.has("received")
    {
        return values.say(lang, &format!("{key}-counts"));
    }
    values.say(lang, &key)
}

/// What to do about it.
pub(super) fn demand(lang: Lang, finding: &Finding, rule: Option<&Rule>) -> String {
    let repair = rule.map(|rule| match lang {
        Lang::Zh => &rule.repair_zh,
        Lang::En => &rule.repair_en,
    });
    match (finding.kind, repair) {
        (FindingKind::RecordFailed, Some(repair)) if !repair.is_empty() => repair.clone(),
        (kind, _) => lang.text(&format!("cases-demand-{}", name(kind))),
    }
}

/// The word of a kind as Fluent keys spell it.
pub(super) fn name(kind: FindingKind) -> String {
    kind.as_str().replace('_', "-")
}

/// The counts and words that a sentence may use.
struct Values(Vec<(&'static str, String)>);

/// The members of [`Finding::facts`] that sentences may use.
const MEMBERS: &[&str] = &[
    "declared", "received", "frame", "opened", "failed", "lower", "share", "limit", "error",
    "pack", "mode",
];

impl Values {
    fn of(finding: &Finding, scene: &Scene, rule: &str) -> Self {
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        let mut values = vec![
            ("place", scene.place.clone()),
            ("period", finding.period.clone()),
            ("day", finding.day.map(|day| day.to_string()).unwrap_or_default()),
            ("first", number(finding.first_number)),
            ("last", number(finding.last_number)),
            ("count", finding.count.to_string()),
            ("rule", rule.to_owned()),
        ];
        let facts = finding.facts();
        values.extend(MEMBERS.iter().map(|member| (*member, spoken(&facts[*member]))));
        Self(values)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, value)| *own == name && value != ABSENT)
    }

    fn say(&self, lang: Lang, key: &str) -> String {
        let mut values: Vec<(&'static str, &dyn Display)> = Vec::with_capacity(self.0.len());
        for (name, value) in &self.0 {
            values.push((name, value));
        }
        lang.text_with(key, &values)
    }
}

/// What stands for a value that was not handed in.
const ABSENT: &str = "–";

/// A count or word, or a list of words, as a sentence says it.
fn spoken(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(several) => several.iter().map(spoken).collect::<Vec<_>>().join(", "),
        _ => ABSENT.to_owned(),
    }
}
