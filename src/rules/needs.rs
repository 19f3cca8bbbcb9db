//! When the records of a schema must, may and must not have a member; and in which form. It is for
//! people: a validator, not this description, judges records.
//!
//! Conditions are written in signs, which need no translation: `a = x`, `a ∈ {x, y}`, `a ≠ ∅`
//! (given), `∧`, `∨`, `¬`, and `…` for one that has no short form.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::shape::ANY;

/// References and levels that are followed.
const MAX_DEPTH: u8 = 16;

/// When a member belongs in a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Need {
    /// In every record.
    pub always: bool,
    /// In no record.
    pub never: bool,
    /// Conditions of which each makes the member necessary.
    pub when: Vec<String>,
    /// Conditions of which each forbids the member.
    pub not_when: Vec<String>,
}

/// The needs of all members, by pointer, for streams of `subtype`.
pub(super) fn needs(schema: &Value, subtype: Option<&str>) -> BTreeMap<String, Need> {
    let mut gathered = Gathered { root: schema, needs: BTreeMap::new() };
    gathered.read(schema, "", &[], MAX_DEPTH);
    let own = subtype.and_then(|name| schema.pointer(&format!("/$defs/subtype_{name}")));
    if let Some(own) = own {
        gathered.read(own, "", &[], MAX_DEPTH);
    }
    for need in gathered.needs.values_mut() {
        if need.always {
            need.when.clear();
        }
        if need.never {
            *need = Need { never: true, ..Need::default() };
        }
    }
    gathered.needs
}

struct Gathered<'s> {
    root: &'s Value,
    needs: BTreeMap<String, Need>,
}

impl Gathered<'_> {
    fn read(&mut self, node: &Value, path: &str, under: &[String], depth: u8) {
        let (Some(object), Some(depth)) = (node.as_object(), depth.checked_sub(1)) else { return };
        if let Some(referred) = referred(self.root, object) {
            self.read(referred, path, under, depth);
        }
        for name in texts(object.get("required")) {
            self.require(&format!("{path}/{name}"), under);
        }
        for (name, property) in members(object, "properties") {
            let path = format!("{path}/{name}");
            if property == &Value::Bool(false) {
                self.forbid(&path, under);
            } else {
                self.read(property, &path, under, depth);
            }
        }
        if let Some(items) = object.get("items") {
            self.read(items, &format!("{path}/{ANY}"), under, depth);
        }
        for part in parts(object, "allOf") {
            self.read(part, path, under, depth);
        }
        for part in parts(object, "anyOf").chain(parts(object, "oneOf")) {
            self.read(part, path, &and(under, "…".to_owned()), depth);
        }
        for (name, needed) in members(object, "dependentRequired") {
            let under = and(under, format!("{name} ≠ ∅"));
            texts(Some(needed)).for_each(|other| self.require(&format!("{path}/{other}"), &under));
        }
        if let Some(condition) = object.get("if") {
            let condition = Condition::of(self.root, condition, depth);
            if let Some(then) = object.get("then") {
                self.read(then, path, &and(under, condition.inner()), depth);
            }
            if let Some(other) = object.get("else") {
                self.read(other, path, &and(under, condition.denied()), depth);
            }
        }
    }

    fn require(&mut self, path: &str, under: &[String]) {
        let need = self.needs.entry(path.to_owned()).or_default();
        need.always |= under.is_empty();
        add(&mut need.when, under);
    }

    fn forbid(&mut self, path: &str, under: &[String]) {
        let need = self.needs.entry(path.to_owned()).or_default();
        need.never |= under.is_empty();
        add(&mut need.not_when, under);
    }
}

fn add(conditions: &mut Vec<String>, under: &[String]) {
    let condition = under.join(" ∧ ");
    if !condition.is_empty() && !conditions.contains(&condition) {
        conditions.push(condition);
    }
}

fn and(under: &[String], more: String) -> Vec<String> {
    under.iter().cloned().chain([more]).collect()
}

/// A condition in signs.
enum Condition {
    /// One comparison: what is compared, the sign and its opposite, with what.
    One(String, [&'static str; 2], String),
    /// Several, joined by a sign.
    Many(Vec<Condition>, &'static str),
    /// Without a short form.
    Other,
}

impl Condition {
    fn of(root: &Value, node: &Value, depth: u8) -> Condition {
        let (Some(object), Some(depth)) = (node.as_object(), depth.checked_sub(1)) else {
            return Condition::Other;
        };
        let mut all = Vec::new();
        if let Some(referred) = referred(root, object) {
            all.push(Condition::of(root, referred, depth));
        }
        for (name, property) in members(object, "properties") {
            all.push(comparison(name, property));
        }
        for name in texts(object.get("required")) {
            if members(object, "properties").all(|(known, _)| known != name) {
                all.push(Condition::One(name.to_owned(), ["≠", "="], "∅".to_owned()));
            }
        }
        all.extend(parts(object, "allOf").map(|part| Condition::of(root, part, depth)));
        let any: Vec<_> =
            parts(object, "anyOf").map(|part| Condition::of(root, part, depth)).collect();
        if !any.is_empty() {
            all.push(Condition::Many(any, " ∨ "));
        }
        let known = ["$ref", "properties", "required", "allOf", "anyOf", "type", "$comment"];
        if all.is_empty() || object.keys().any(|keyword| !known.contains(&keyword.as_str())) {
            return Condition::Other;
        }
        Condition::Many(all, " ∧ ")
    }

    fn is_other(&self) -> bool {
        match self {
            Condition::One(..) => false,
            Condition::Many(parts, _) => parts.iter().any(Condition::is_other),
            Condition::Other => true,
        }
    }

    fn says(&self) -> String {
        match self {
            _ if self.is_other() => "…".to_owned(),
            Condition::Many(parts, _) if parts.len() == 1 => parts[0].says(),
            Condition::One(what, [sign, _], with) => format!("{what} {sign} {with}"),
            Condition::Many(parts, sign) => {
                let says: Vec<_> = parts.iter().map(Condition::inner).collect();
                says.join(sign)
            }
            Condition::Other => "…".to_owned(),
        }
    }

    /// As one of several that must hold together.
    fn inner(&self) -> String {
        match self {
            _ if self.is_other() => "…".to_owned(),
            Condition::Many(parts, _) if parts.len() == 1 => parts[0].inner(),
            Condition::Many(_, " ∨ ") => format!("({})", self.says()),
            _ => self.says(),
        }
    }

    fn denied(&self) -> String {
        match self {
            _ if self.is_other() => "…".to_owned(),
            Condition::Many(parts, _) if parts.len() == 1 => parts[0].denied(),
            Condition::One(what, [_, sign], with) => format!("{what} {sign} {with}"),
            _ => format!("¬({})", self.says()),
        }
    }
}

fn comparison(name: &str, property: &Value) -> Condition {
    let (property, signs, set) = match property.get("not") {
        Some(denied) => (denied, ["≠", "="], ["∉", "∈"]),
        None => (property, ["=", "≠"], ["∈", "∉"]),
    };
    let one = |signs, with| Condition::One(name.to_owned(), signs, with);
    if let Some(value) = property.get("const") {
        return one(signs, plain(value));
    }
    match property.get("enum").and_then(Value::as_array) {
        Some(values) => {
            let values: Vec<_> = values.iter().map(plain).collect();
            one(set, format!("{{{}}}", values.join(", ")))
        }
        None => Condition::Other,
    }
}

/// The form of a member in the words of JSON Schema: type, lengths, format or pattern.
pub(super) fn form(root: &Value, property: &Value) -> String {
    let mut words = Vec::new();
    describe(root, property, &mut words, MAX_DEPTH);
    words.join(" ")
}

fn describe(root: &Value, node: &Value, words: &mut Vec<String>, depth: u8) {
    let (Some(object), Some(depth)) = (node.as_object(), depth.checked_sub(1)) else { return };
    if let Some(referred) = referred(root, object) {
        describe(root, referred, words, depth);
    }
    match object.get("type") {
        Some(Value::String(kind)) => words.push(kind.clone()),
        Some(Value::Array(kinds)) => words.push(texts_of(kinds).join("/")),
        _ => {}
    }
    if object.contains_key("enum") {
        words.push("code".to_owned());
    }
    if let Some(value) = object.get("const") {
        words.push(format!("= {}", plain(value)));
    }
    for [least, most] in
        [["minimum", "maximum"], ["minLength", "maxLength"], ["minItems", "maxItems"]]
    {
        match (object.get(least), object.get(most)) {
            (Some(least), Some(most)) => words.push(format!("{least}–{most}")),
            (Some(least), None) => words.push(format!("≥ {least}")),
            (None, Some(most)) => words.push(format!("≤ {most}")),
            (None, None) => {}
        }
    }
    for keyword in ["format", "pattern"] {
        words.extend(object.get(keyword).and_then(Value::as_str).map(str::to_owned));
    }
    parts(object, "allOf").for_each(|part| describe(root, part, words, depth));
    if let Some(items) = object.get("items") {
        words.push("of".to_owned());
        describe(root, items, words, depth);
    }
}

/// The property at a pointer of [`super::shape::Shape`], however it is referred to.
pub(super) fn property_at<'s>(root: &'s Value, pointer: &str) -> Option<&'s Value> {
    let mut node = root;
    for segment in pointer.split('/').skip(1) {
        node = match segment {
            ANY => find(root, node, &|object| object.get("items"), MAX_DEPTH)?,
            name => find(root, node, &|object| object.get("properties")?.get(name), MAX_DEPTH)?,
        };
    }
    Some(node)
}

fn find<'s>(
    root: &'s Value,
    node: &'s Value,
    get: &dyn Fn(&'s Map<String, Value>) -> Option<&'s Value>,
    depth: u8,
) -> Option<&'s Value> {
    let (object, depth) = (node.as_object()?, depth.checked_sub(1)?);
    let behind = || referred(root, object).and_then(|node| find(root, node, get, depth));
    let within = || parts(object, "allOf").find_map(|part| find(root, part, get, depth));
    get(object).or_else(behind).or_else(within)
}

fn referred<'s>(root: &'s Value, object: &Map<String, Value>) -> Option<&'s Value> {
    root.pointer(object.get("$ref")?.as_str()?.strip_prefix('#')?)
}

fn members<'s>(
    object: &'s Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = (&'s String, &'s Value)> {
    object.get(keyword).and_then(Value::as_object).into_iter().flatten()
}

fn parts<'s>(object: &'s Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'s Value> {
    object.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn texts_of(list: &[Value]) -> Vec<&str> {
    list.iter().filter_map(Value::as_str).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "required": ["a", "list"],
            "properties": {
                "a": { "type": "string", "maxLength": 9, "pattern": "^x+$" },
                "b": { "$ref": "#/$defs/count" },
                "list": { "type": "array", "maxItems": 3, "items": { "$ref": "#/$defs/element" } },
            },
            "allOf": [{
                "if": { "properties": { "a": { "const": "x" } }, "required": ["a"] },
                "then": { "required": ["b"] },
                "else": {
                    "properties": { "b": false },
                    "if": { "properties": { "a": { "enum": ["y", "z"] }, "c": { "const": 1 } } },
                    "else": { "required": ["d"] }
                },
            }],
            "dependentRequired": { "e": ["f"] },
            "$defs": {
                "count": { "type": "integer", "minimum": 1, "maximum": 5 },
                "element": { "type": "object", "required": ["k"], "properties": { "k": {} } },
                "subtype_s": { "required": ["b"], "properties": { "f": false } },
            },
        })
    }

    #[test]
    fn a_need_is_told_with_its_conditions() {
        let needs = needs(&schema(), None);
        assert!(needs["/a"].always && needs["/list"].always && needs["/list/*/k"].always);
        assert_eq!(needs["/b"].when, ["a = x"]);
        assert_eq!(needs["/b"].not_when, ["a ≠ x"]);
        assert_eq!(needs["/d"].when, ["a ≠ x ∧ ¬(a ∈ {y, z} ∧ c = 1)"]);
        assert_eq!(needs["/f"].when, ["e ≠ ∅"]);
    }

    #[test]
    fn a_subtype_adds_its_own_needs() {
        let needs = needs(&schema(), Some("s"));
        assert!(needs["/b"].always && needs["/b"].when.is_empty());
        assert_eq!(needs["/f"], Need { never: true, ..Need::default() });
    }

    #[test]
    fn alternatives_stand_in_brackets_beside_other_conditions() {
        let one =
            |name: &str| json!({ "properties": { name: { "const": 1 } }, "required": [name] });
        let schema = json!({
            "if": one("a"),
            "then": { "if": { "anyOf": [one("b"), one("c")] }, "then": { "required": ["d"] },
                "else": { "required": ["e"] } },
        });
        let needs = needs(&schema, None);
        assert_eq!(needs["/d"].when, ["a = 1 ∧ (b = 1 ∨ c = 1)"]);
        assert_eq!(needs["/e"].when, ["a = 1 ∧ ¬(b = 1 ∨ c = 1)"]);
    }

    #[test]
    fn a_condition_without_a_short_form_is_left_open() {
        let schema = json!({
            "if": { "properties": { "a": { "minimum": 3 } } }, "then": { "required": ["b"] },
        });
        assert_eq!(needs(&schema, None)["/b"].when, ["…"]);
    }

    #[test]
    fn a_form_is_told_in_the_words_of_the_schema() {
        let schema = schema();
        let form = |pointer| form(&schema, property_at(&schema, pointer).unwrap());
        assert_eq!(form("/a"), "string ≤ 9 ^x+$");
        assert_eq!(form("/b"), "integer 1–5");
        assert_eq!(form("/list"), "array ≤ 3 of object");
        assert_eq!(form("/list/*/k"), "");
    }
}
