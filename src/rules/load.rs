//! Reads and compiles the files of one pack, and reports every mistake in them.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::{PatternOptions, Validator};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    catalogue::Catalogue,
    examine::examine,
    forms,
    gather::{Builder, RulesFile},
    pack::{Head, Pack, Subtype},
    packs::{Files, Mistake},
    shape::Shape,
};

/// Bytes to which a pattern may compile.
const PATTERN_BYTES: usize = 1 << 20;
/// Where a version such as `2026.10` stands among others.
pub(super) fn version_order(version: &str) -> Option<(u32, u32)> {
    let (year, number) = version.split_once('.')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// Where a pack stands among those of its trade, by its id.
#[cfg(test)]
pub(super) fn order_of(id: &str) -> Option<(u32, u32)> {
    version_order(id.split_once('/')?.1)
}

/// The folders `<sector>/<version>` of packs; a file that belongs nowhere is a mistake. The working
/// days, which lie beside the packs, are the registry's to read.
pub(super) fn pack_folders(files: &Files, mistakes: &mut Vec<Mistake>) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for path in files.keys() {
        let parts: Vec<&str> = path.split('/').collect();
        let versioned = parts.get(1).is_some_and(|version| version_order(version).is_some());
        match parts.as_slice() {
            ["legal", _, "catalogue.toml"] | ["base", _, "rules.toml" | "defs.json"]
                if versioned => {}
            ["calendar", _] => {}
            [sector, version, "pack.toml" | "rules.toml" | "schema.json"]
            | [sector, version, "examples", "pass" | "fail", _]
                if versioned && !["legal", "base"].contains(sector) =>
            {
                folders.insert(format!("{sector}/{version}"));
            }
            _ => mistakes.push(Mistake {
                file: path.clone(),
                what: "is not the place or name of a file of a pack".into(),
            }),
        }
    }
    folders
}

/// Compiles the pack in `folder`; `None` if a mistake keeps it from being built at all.
pub(super) fn pack(
    folder: &str,
    files: &Files,
    catalogue: &Catalogue,
    mistakes: &mut Vec<Mistake>,
) -> Option<Pack> {
    let mut reader = Reader { files, mistakes };
    let head: Option<Head> = reader.toml(&format!("{folder}/pack.toml"));
    let own: Option<RulesFile> = reader.toml(&format!("{folder}/rules.toml"));
    let schema: Option<Value> = reader.json(&format!("{folder}/schema.json"));
    let head = head?;
    let base_folder = format!("base/{}", head.base);
    let base: Option<RulesFile> = reader.toml(&format!("{base_folder}/rules.toml"));
    let defs: Option<Value> = reader.json(&format!("{base_folder}/defs.json"));
    let (own, schema, base, defs) = (own?, schema?, base?, defs?);

    let digest = digest(
        files,
        &[
            &format!("{base_folder}/defs.json"),
            &format!("{base_folder}/rules.toml"),
            &format!("{folder}/pack.toml"),
            &format!("{folder}/rules.toml"),
            &format!("{folder}/schema.json"),
        ],
    );
    let schema =
        merge(schema, defs, &mut |what| reader.say(&format!("{folder}/schema.json"), what));
    let shape = Shape::of(&schema);
    let (validator, others) = match validators(&schema, &head.subtype) {
        Ok(validators) => validators,
        Err(what) => {
            reader.say(&format!("{folder}/schema.json"), what);
            return None;
        }
    };
    let mut builder = Builder::new(&head, &shape);
    builder.add(&base, true, &mut |what| reader.say(&format!("{base_folder}/rules.toml"), what));
    builder.add(&own, false, &mut |what| reader.say(&format!("{folder}/rules.toml"), what));
    builder
        .member_rules(&base, &own, &mut |what| reader.say(&format!("{folder}/rules.toml"), what));
    let Builder { rules, causes, labels, codes, .. } = builder;

    let (paths, examples) = (shape.paths().clone(), Vec::new());
    let pack = Pack {
        digest,
        validator,
        others,
        schema,
        paths,
        examples,
        rules,
        labels,
        codes,
        causes,
        head,
    };
    examine(folder, &pack, &shape, catalogue, &mut |file, what| {
        reader.say(&format!("{folder}/{file}"), what);
    });
    Some(pack)
}

/// Reads files and notes what is wrong with them.
struct Reader<'a> {
    files: &'a Files,
    mistakes: &'a mut Vec<Mistake>,
}

impl Reader<'_> {
    fn say(&mut self, file: &str, what: String) {
        self.mistakes.push(Mistake { file: file.to_owned(), what });
    }

    fn toml<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        self.read(path, |text| toml::from_str(text).map_err(|error| error.to_string()))
    }

    fn json<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        self.read(path, |text| serde_json::from_str(text).map_err(|error| error.to_string()))
    }

    fn read<T>(&mut self, path: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Some(text) = self.files.get(path) else {
            self.say(path, "is missing".into());
            return None;
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(what) => {
                self.say(path, what);
                None
            }
        }
    }
}

/// SHA-256 over name, length and bytes of each file, in the order given.
fn digest(files: &Files, paths: &[&String]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"chayan/pack/1\n");
    for path in paths {
        let text = files.get(*path).map(|text| text.as_bytes()).unwrap_or_default();
        hash.update(format!("{path}\n{}\n", text.len()));
        hash.update(text);
    }
    hash.finalize().into()
}

/// The schema with the definitions of the base pack.
fn merge(mut schema: Value, mut defs: Value, say: &mut impl FnMut(String)) -> Value {
    let Some(Value::Object(mut base)) = defs.get_mut("$defs").map(Value::take) else {
        say("the base has no $defs".into());
        return schema;
    };
    if let Some(Value::Object(own)) = schema.get_mut("$defs").map(Value::take) {
        for (name, definition) in own {
            if base.insert(name.clone(), definition).is_some() {
                say(format!("defines {name}, which the base defines"));
            }
        }
    }
    if let Value::Object(schema) = &mut schema {
        schema.insert("$defs".to_owned(), Value::Object(base));
    }
    schema
}

/// The validator of the first subtype, or of the schema as it stands if there is none; and those
/// of all subtypes by name.
fn validators(
    schema: &Value,
    subtypes: &[Subtype],
) -> Result<(Validator, BTreeMap<String, Validator>), String> {
    let mut others = BTreeMap::new();
    let mut first = None;
    for Subtype { name, .. } in subtypes {
        let own = format!("#/$defs/subtype_{name}");
        if schema.pointer(&own[1..]).is_none() {
            continue;
        }
        let mut with_subtype = schema.clone();
        if let Value::Object(whole) = &mut with_subtype
            && let Value::Array(parts) = whole.entry("allOf").or_insert_with(|| json!([]))
        {
            parts.push(json!({ "$ref": own }));
        }
        let validator = compile(&with_subtype)?;
        first.get_or_insert_with(|| validator.clone());
        others.insert(name.clone(), validator);
    }
    let validator = match first {
        Some(validator) => validator,
        None => compile(schema)?,
    };
    Ok((validator, others))
}

fn compile(schema: &Value) -> Result<Validator, String> {
    let mut options = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .offline()
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES));
    for (name, check) in forms::FORMATS {
        options = options.with_format(name, check);
    }
    options.build(schema).map_err(|error| error.to_string())
}
