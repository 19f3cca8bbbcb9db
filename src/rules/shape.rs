//! What a schema calls its members, where they stand, and which values it lists for them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// References and levels that are followed; no record is nested nearly as deep.
const MAX_DEPTH: u8 = 16;
/// Stands for a place in a list, in pointers.
pub(super) const ANY: &str = "*";

/// The members of a schema.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Pointers of members and of what stands in their lists, with `*` for a place in a list.
    paths: BTreeSet<String>,
    choices: BTreeMap<String, BTreeSet<String>>,
    open: Vec<String>,
}

impl Shape {
    /// Reads a schema that has all of its definitions.
    pub(super) fn of(schema: &Value) -> Shape {
        let mut shape = Shape::default();
        shape.walk(schema, schema, "", MAX_DEPTH);
        shape
    }

    /// Pointers of members and of what stands in their lists.
    pub(super) fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    /// The names of all members, at whatever level.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.paths.iter().filter_map(|path| own_name(path)).collect()
    }

    /// Whether the record itself has a member of this name.
    pub(super) fn has(&self, member: &str) -> bool {
        self.paths.contains(&format!("/{member}"))
    }

    /// Whether the objects of `list` have a member of this name.
    pub(super) fn element_has(&self, list: &str, member: &str) -> bool {
        self.paths.contains(&format!("/{list}/{ANY}/{member}"))
    }

    /// Whether `list` is a member that holds a list.
    pub(super) fn is_list(&self, list: &str) -> bool {
        self.paths.contains(&format!("/{list}/{ANY}"))
    }

    /// Whether an error can be at `pointer`, in full or by its last name alone.
    pub(super) fn knows(&self, pointer: &str) -> bool {
        let by_name = pointer.strip_prefix('/').filter(|name| !name.contains('/'));
        pointer.is_empty()
            || self.paths.contains(pointer)
            || by_name.is_some_and(|name| self.names().contains(name))
    }

    /// The texts that a member of this name may be, if the schema lists them.
    pub(super) fn choices(&self, name: &str) -> Option<&BTreeSet<String>> {
        self.choices.get(name)
    }

    /// Objects that let in members which the schema does not name, or that need not be objects.
    pub(super) fn open(&self) -> &[String] {
        &self.open
    }

    fn walk(&mut self, root: &Value, node: &Value, path: &str, depth: u8) {
        let Some(object) = node.as_object() else { return };
        if object.contains_key("properties") && !is_closed(object) {
            self.open.push(path.to_owned());
        }
        self.gather(root, object, path, depth);
    }

    fn gather(&mut self, root: &Value, object: &Map<String, Value>, path: &str, depth: u8) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let referred = object.get("$ref").and_then(Value::as_str);
        if let Some(referred) = referred.and_then(|name| root.pointer(name.strip_prefix('#')?)) {
            self.walk(root, referred, path, depth);
        }
        for (name, property) in
            object.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let path = format!("{path}/{name}");
            self.walk(root, property, &path, depth);
            self.paths.insert(path);
        }
        if let Some(items) = object.get("items") {
            let path = format!("{path}/{ANY}");
            self.walk(root, items, &path, depth);
            self.paths.insert(path);
        }
        if object.contains_key("unevaluatedProperties") {
            let parts = object.get("allOf").and_then(Value::as_array).into_iter().flatten();
            for part in parts.filter_map(|part| resolved(root, part)) {
                self.gather(root, part, path, depth);
            }
        }
        let texts = object.get("enum").and_then(Value::as_array).and_then(|listed| {
            listed.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        if let (Some(texts), Some(name)) = (texts, last_name(path)) {
            self.choices.entry(name.to_owned()).or_default().extend(texts);
        }
    }
}

fn is_closed(object: &Map<String, Value>) -> bool {
    let shut = |keyword| object.get(keyword) == Some(&Value::Bool(false));
    object.get("type").is_some_and(|kind| kind == "object")
        && (shut("additionalProperties") || shut("unevaluatedProperties"))
}

fn resolved<'s>(root: &'s Value, part: &'s Value) -> Option<&'s Map<String, Value>> {
    match part.get("$ref").and_then(Value::as_str) {
        Some(name) => root.pointer(name.strip_prefix('#')?)?.as_object(),
        None => part.as_object(),
    }
}

/// A pointer with `*` in place of every index.
pub(super) fn general(pointer: &str) -> String {
    let segments = pointer.split('/').map(|segment| if is_index(segment) { ANY } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// The names of a pointer, the last one first.
pub(super) fn names_from_the_end(pointer: &str) -> impl Iterator<Item = &str> {
    pointer
        .rsplit('/')
        .filter(|segment| !segment.is_empty() && *segment != ANY && !is_index(segment))
}

/// The name at the very end of a pointer; `None` if it ends in a list.
pub(super) fn own_name(pointer: &str) -> Option<&str> {
    pointer.rsplit('/').next().filter(|last| Some(*last) == last_name(pointer))
}

fn last_name(pointer: &str) -> Option<&str> {
    names_from_the_end(pointer).next()
}

fn is_index(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape() -> Shape {
        Shape::of(&json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "event": { "enum": ["sign", "end"] },
                "codes": { "type": "array", "items": { "enum": ["a", "b"] } },
                "people": { "type": "array", "items": { "$ref": "#/$defs/person" } },
            },
            "$defs": {
                "person": {
                    "type": "object",
                    "unevaluatedProperties": false,
                    "properties": { "name": {}, "kind": { "enum": ["x"] } },
                    "allOf": [{ "$ref": "#/$defs/more" }],
                },
                "more": { "properties": { "kind": { "enum": ["y"] }, "age": {} } },
            },
        }))
    }

    #[test]
    fn members_are_found_in_lists_and_behind_references() {
        let shape = shape();
        let names: Vec<_> = shape.names().into_iter().collect();
        assert_eq!(names, ["age", "codes", "event", "kind", "name", "people"]);
        assert!(shape.has("people") && !shape.has("name"));
        assert!(shape.element_has("people", "age") && !shape.element_has("codes", "age"));
        assert!(shape.is_list("codes") && !shape.is_list("event"));
        assert!(shape.open().is_empty());
    }

    #[test]
    fn values_are_known_by_the_last_name() {
        let shape = shape();
        let values =
            |name| shape.choices(name).map(|c| c.iter().cloned().collect::<Vec<_>>().join(","));
        assert_eq!(values("kind").as_deref(), Some("x,y"));
        assert_eq!(values("codes").as_deref(), Some("a,b"));
        assert_eq!(values("name"), None);
    }

    #[test]
    fn a_pointer_is_known_in_full_or_by_its_last_name() {
        let shape = shape();
        for known in ["", "/event", "/people/*/age", "/codes/*", "/age"] {
            assert!(shape.knows(known), "{known}");
        }
        for unknown in ["/ages", "/people/age", "/people/0/age", "/event/*", "age"] {
            assert!(!shape.knows(unknown), "{unknown}");
        }
    }

    #[test]
    fn an_object_that_lets_in_anything_is_open() {
        let element = |keywords: Value| {
            let mut element = keywords;
            element["properties"] = json!({ "x": {} });
            Shape::of(&json!({
                "type": "object", "additionalProperties": false,
                "properties": { "list": { "items": element } },
            }))
            .open()
            .to_vec()
        };
        assert_eq!(element(json!({ "type": "object" })), ["/list/*"]);
        assert_eq!(element(json!({ "additionalProperties": false })), ["/list/*"]);
        assert!(element(json!({ "type": "object", "additionalProperties": false })).is_empty());
    }

    #[test]
    fn a_definition_that_contains_itself_ends() {
        let shape = Shape::of(&json!({
            "$ref": "#/$defs/x", "$defs": { "x": { "items": { "$ref": "#/$defs/x" } } },
        }));
        assert!(shape.names().is_empty());
    }

    #[test]
    fn an_index_becomes_a_star_and_is_no_name() {
        assert_eq!(general("/people/12/age"), "/people/*/age");
        assert_eq!(names_from_the_end("/people/12/age").collect::<Vec<_>>(), ["age", "people"]);
        assert_eq!([own_name("/a/0"), own_name("/a/0/b"), own_name("")], [None, Some("b"), None]);
    }
}
