//! Looks at what only the finished pack can tell, and names every mistake.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    catalogue::{BasisKind, Catalogue},
    forms,
    pack::Pack,
    shape::Shape,
};

/// Rules that the engine, or whoever opens a record, names itself: the base pack has them all.
const ENGINE_RULES: [&str; 12] = [
    "record.size",
    "record.json",
    "record.depth",
    "record.duplicate",
    "record.number",
    "record.form",
    "record.place",
    "record.day",
    "record.salt",
    "record.unopenable",
    "record.commitment",
    "unknown_member",
];

/// Hands every mistake of the pack to `say`, with the name of the file that has it.
pub(super) fn examine(
    folder: &str,
    pack: &Pack,
    shape: &Shape,
    catalogue: &Catalogue,
    say: &mut impl FnMut(&str, String),
) {
    examine_head(folder, pack, catalogue, &mut |what| say("pack.toml", what));
    for check in &pack.head.check {
        for rule in check.rules().into_iter().filter(|rule| pack.rule(rule).is_none()) {
            say("pack.toml", format!("a check reports {rule}, which is no rule"));
        }
        check.examine(shape, &mut |what| say("pack.toml", what));
    }
    examine_rules(pack, catalogue, &mut |what| say("rules.toml", what));
    examine_codes(pack, shape, &mut |what| say("rules.toml", what));
    examine_subtypes(pack, &mut |what| say("pack.toml", what));
    for path in shape.open() {
        let place = if path.is_empty() { "the record" } else { path };
        let what = "must be an object with no other properties than it names";
        say("schema.json", format!("{place} {what}"));
    }
}

fn examine_rules(pack: &Pack, catalogue: &Catalogue, say: &mut impl FnMut(String)) {
    for rule in pack.rules.values() {
        let words = [&rule.zh, &rule.en, &rule.repair_zh, &rule.repair_en];
        if words.iter().any(|text| text.trim().is_empty()) {
            say(format!("{}: has an empty text", rule.id));
        }
        for basis in rule.basis.iter().filter(|id| catalogue.basis(id).is_none()) {
            say(format!("{}: {basis} is not in the catalogue", rule.id));
        }
    }
    for rule in ENGINE_RULES {
        if pack.rule(&format!("{}.{rule}", pack.sector())).is_none() {
            say(format!("the base has no rule {rule}"));
        }
    }
}

fn examine_codes(pack: &Pack, shape: &Shape, say: &mut impl FnMut(String)) {
    for (member, codes) in &pack.codes {
        let known = shape.choices(member);
        if known.is_none_or(|known| !known.iter().eq(codes.keys())) {
            say(format!("[codes.{member}] are not the values of the schema"));
        }
    }
    for member in shape.names() {
        if shape.choices(member).is_some() && !pack.codes.contains_key(member) {
            say(format!("no [codes.{member}] for the values of the schema"));
        }
    }
}

/// Every kind within the trade has its part of the schema, and every part its kind.
fn examine_subtypes(pack: &Pack, say: &mut impl FnMut(String)) {
    let mut named = BTreeSet::new();
    for subtype in pack.subtypes() {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if subtype.name.is_empty() || !subtype.name.bytes().all(plain) {
            say(format!("{:?} is no name of a subtype", subtype.name));
        }
        if !named.insert(subtype.name.as_str()) {
            say(format!("subtype {} occurs twice", subtype.name));
        }
    }
    let definitions = pack.schema.get("$defs").and_then(Value::as_object);
    let defined: BTreeSet<&str> = definitions
        .into_iter()
        .flat_map(|definitions| definitions.keys())
        .filter_map(|name| name.strip_prefix("subtype_"))
        .collect();
    for name in named.difference(&defined) {
        say(format!("the schema has no $defs.subtype_{name}"));
    }
    for name in defined.difference(&named) {
        say(format!("the schema defines subtype_{name}, which is no subtype"));
    }
}

fn examine_head(folder: &str, pack: &Pack, catalogue: &Catalogue, say: &mut impl FnMut(String)) {
    let head = &pack.head;
    if head.id != folder || !head.id.starts_with(&format!("{}/", head.sector)) {
        say(format!("{} does not name its folder and sector", head.id));
    }
    let days = std::iter::once(&head.effective_from).chain(&head.effective_to);
    if days.into_iter().any(|day| forms::day(day).is_none()) {
        say("has a day that is not in the calendar".into());
    }
    if head.modes.is_empty() || head.modes.iter().any(|m| m != "sealed" && m != "attested") {
        say("modes are sealed, attested or both".into());
    }
    if catalogue.basis(&head.duty).is_none_or(|basis| basis.kind != BasisKind::Duty) {
        say(format!("{} is not a duty of the catalogue", head.duty));
    }
}
