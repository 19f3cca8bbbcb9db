//! Reads and compiles the files of one pack, and reports every mistake in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jsonschema::{PatternOptions, Validator};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    catalogue::{BasisKind, Catalogue},
    forms,
    model::{Rule, Severity},
    pack::{Cause, Head, Label, Pack},
    packs::{Files, Mistake},
};

/// Stands for the pack's duty in a list of bases.
const OWN_DUTY: &str = "@duty";
/// Bytes to which a pattern may compile.
const PATTERN_BYTES: usize = 1 << 20;
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

/// `rules.toml`, of a sector or of the base.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    template: Option<Templates>,
    #[serde(default)]
    member: BTreeMap<String, Member>,
    #[serde(default)]
    rule: Vec<RuleText>,
    #[serde(default)]
    codes: BTreeMap<String, BTreeMap<String, Label>>,
}

/// Texts of the rules that every member has; `{name}` is the member's label.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Templates {
    missing: Template,
    form: Template,
    unneeded: Template,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    zh: String,
    en: String,
    repair_zh: String,
    repair_en: String,
}

/// A member's label, and the weights of its three own rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    zh: String,
    en: String,
    #[serde(default = "major")]
    missing: Severity,
    #[serde(default = "major")]
    form: Severity,
    #[serde(default = "minor")]
    unneeded: Severity,
    #[serde(default = "own_duty")]
    basis: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    severity: Severity,
    zh: String,
    en: String,
    repair_zh: String,
    repair_en: String,
    #[serde(default = "own_duty")]
    basis: Vec<String>,
    #[serde(default)]
    on: Vec<Cause>,
}

fn major() -> Severity {
    Severity::Major
}

fn minor() -> Severity {
    Severity::Minor
}

fn own_duty() -> Vec<String> {
    vec![OWN_DUTY.to_owned()]
}

/// Where a version such as `2026.10` stands among others.
pub(super) fn version_order(version: &str) -> Option<(u32, u32)> {
    let (year, number) = version.split_once('.')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// The folders `<sector>/<version>` of packs; a file that belongs nowhere is a mistake.
pub(super) fn pack_folders(files: &Files, mistakes: &mut Vec<Mistake>) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for path in files.keys() {
        let parts: Vec<&str> = path.split('/').collect();
        let versioned = parts.get(1).is_some_and(|version| version_order(version).is_some());
        match parts.as_slice() {
            ["legal", _, "catalogue.toml"] | ["base", _, "rules.toml" | "defs.json"]
                if versioned => {}
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
    let members = properties(&schema);
    let validator = match compile(&schema) {
        Ok(validator) => validator,
        Err(what) => {
            reader.say(&format!("{folder}/schema.json"), what);
            return None;
        }
    };
    let mut builder = Builder::new(&head, &members);
    builder.add(&base, true, &mut |what| reader.say(&format!("{base_folder}/rules.toml"), what));
    builder.add(&own, false, &mut |what| reader.say(&format!("{folder}/rules.toml"), what));
    builder
        .member_rules(&base, &own, &mut |what| reader.say(&format!("{folder}/rules.toml"), what));
    let Builder { rules, causes, labels, codes, .. } = builder;

    let pack = Pack { digest, validator, rules, labels, codes, causes, head };
    examine(folder, &pack, &schema, &members, catalogue, &mut reader);
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

/// The members that a schema knows.
fn properties(schema: &Value) -> BTreeSet<String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
}

/// Gathers the rules, labels and codes of base and sector.
struct Builder<'a> {
    head: &'a Head,
    members: &'a BTreeSet<String>,
    rules: BTreeMap<String, Rule>,
    causes: HashMap<String, Vec<(Cause, String)>>,
    labels: BTreeMap<String, Label>,
    codes: BTreeMap<String, BTreeMap<String, Label>>,
}

impl<'a> Builder<'a> {
    fn new(head: &'a Head, members: &'a BTreeSet<String>) -> Builder<'a> {
        Builder {
            head,
            members,
            rules: BTreeMap::new(),
            causes: HashMap::new(),
            labels: BTreeMap::new(),
            codes: BTreeMap::new(),
        }
    }

    /// Adds the rules that a file spells out. The base writes ids without a sector, and may name
    /// members that this sector does not have.
    fn add(&mut self, file: &RulesFile, is_base: bool, say: &mut impl FnMut(String)) {
        let prefix = format!("{}.", self.head.sector);
        for text in &file.rule {
            let id = if is_base { format!("{prefix}{}", text.id) } else { text.id.clone() };
            if !id.starts_with(&prefix) {
                say(format!("{id}: does not begin with {prefix}"));
            }
            for cause in &text.on {
                let member = cause.pointer.strip_prefix('/').unwrap_or_default();
                if !self.members.contains(member) && !is_base {
                    say(format!("{id}: {:?} is no member of the schema", cause.pointer));
                }
                let causes = self.causes.entry(cause.pointer.clone()).or_default();
                causes.push((cause.clone(), id.clone()));
            }
            let rule = Rule {
                id: id.clone(),
                severity: text.severity,
                zh: text.zh.clone(),
                en: text.en.clone(),
                repair_zh: text.repair_zh.clone(),
                repair_en: text.repair_en.clone(),
                basis: self.bases(&text.basis),
            };
            if self.rules.insert(id.clone(), rule).is_some() {
                say(format!("{id}: occurs twice"));
            }
        }
        for (member, codes) in &file.codes {
            if !is_base || self.members.contains(member) {
                self.codes.insert(member.clone(), codes.clone());
            }
        }
    }

    /// Adds the three rules that each member of the schema has by itself. What the sector says
    /// about a member replaces what the base says.
    fn member_rules(&mut self, base: &RulesFile, own: &RulesFile, say: &mut impl FnMut(String)) {
        let Some(templates) = own.template.as_ref().or(base.template.as_ref()) else {
            return say("no [template] here or in the base".into());
        };
        for name in own.member.keys().filter(|name| !self.members.contains(*name)) {
            say(format!("[member.{name}] is no member of the schema"));
        }
        for name in self.members {
            let Some(member) = own.member.get(name).or_else(|| base.member.get(name)) else {
                say(format!("no [member.{name}] here or in the base"));
                continue;
            };
            for (defect, severity, template) in [
                ("missing", member.missing, &templates.missing),
                ("form", member.form, &templates.form),
                ("unneeded", member.unneeded, &templates.unneeded),
            ] {
                let id = format!("{}.{name}.{defect}", self.head.sector);
                let rule = Rule {
                    id: id.clone(),
                    severity,
                    zh: template.zh.replace("{name}", &member.zh),
                    en: template.en.replace("{name}", &member.en),
                    repair_zh: template.repair_zh.replace("{name}", &member.zh),
                    repair_en: template.repair_en.replace("{name}", &member.en),
                    basis: self.bases(&member.basis),
                };
                self.rules.entry(id).or_insert(rule);
            }
            let label = Label { zh: member.zh.clone(), en: member.en.clone() };
            self.labels.insert(name.clone(), label);
        }
    }

    fn bases(&self, names: &[String]) -> Vec<String> {
        let own =
            |name: &String| if name == OWN_DUTY { self.head.duty.clone() } else { name.clone() };
        names.iter().map(own).collect()
    }
}

/// Looks at what only the finished pack can tell.
fn examine(
    folder: &str,
    pack: &Pack,
    schema: &Value,
    members: &BTreeSet<String>,
    catalogue: &Catalogue,
    reader: &mut Reader<'_>,
) {
    examine_head(folder, pack, catalogue, reader);
    let mut say = |what: String| reader.say(&format!("{folder}/rules.toml"), what);
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
    for (member, codes) in &pack.codes {
        let known: BTreeSet<&str> = codes.keys().map(String::as_str).collect();
        if choices(schema, member).is_none_or(|choices| choices != known) {
            say(format!("[codes.{member}] are not the values of the schema"));
        }
    }
    for member in members {
        if choices(schema, member).is_some() && !pack.codes.contains_key(member) {
            say(format!("no [codes.{member}] for the values of the schema"));
        }
    }
}

fn examine_head(folder: &str, pack: &Pack, catalogue: &Catalogue, reader: &mut Reader<'_>) {
    let head = &pack.head;
    let mut say = |what: String| reader.say(&format!("{folder}/pack.toml"), what);
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
    for check in &head.check {
        for rule in check.rules().into_iter().filter(|rule| pack.rule(rule).is_none()) {
            say(format!("a check reports {rule}, which is no rule"));
        }
        for member in check.members().into_iter().filter(|member| pack.label(member).is_none()) {
            say(format!("a check looks at {member}, which is no member"));
        }
    }
}

/// The values that the schema lets a member have, if it lists texts.
fn choices<'s>(schema: &'s Value, member: &str) -> Option<BTreeSet<&'s str>> {
    let mut property: &Map<String, Value> = schema.get("properties")?.get(member)?.as_object()?;
    if let Some(name) = property.get("$ref").and_then(Value::as_str) {
        property = schema.pointer(name.strip_prefix('#')?)?.as_object()?;
    }
    property.get("enum")?.as_array()?.iter().map(Value::as_str).collect()
}
