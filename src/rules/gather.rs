//! Gathers the rules, labels and codes that a pack's and its base's `rules.toml` spell out, and the
//! rules that every member has by itself.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{
    model::{Rule, Severity},
    pack::{Cause, Head, Label},
    shape::Shape,
};

/// Stands for the pack's duty in a list of bases.
const OWN_DUTY: &str = "@duty";

/// `rules.toml`, of a sector or of the base.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesFile {
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

/// Gathers the rules, labels and codes of base and sector.
pub(super) struct Builder<'a> {
    head: &'a Head,
    shape: &'a Shape,
    pub(super) rules: BTreeMap<String, Rule>,
    pub(super) causes: HashMap<String, Vec<(Cause, String)>>,
    pub(super) labels: BTreeMap<String, Label>,
    pub(super) codes: BTreeMap<String, BTreeMap<String, Label>>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(head: &'a Head, shape: &'a Shape) -> Builder<'a> {
        Builder {
            head,
            shape,
            rules: BTreeMap::new(),
            causes: HashMap::new(),
            labels: BTreeMap::new(),
            codes: BTreeMap::new(),
        }
    }

    /// Adds the rules that a file spells out. The base writes ids without a sector, and may name
    /// members that this sector does not have; a rule that explains those only is left out.
    pub(super) fn add(&mut self, file: &RulesFile, is_base: bool, say: &mut impl FnMut(String)) {
        let prefix = format!("{}.", self.head.sector);
        for text in &file.rule {
            let id = if is_base { format!("{prefix}{}", text.id) } else { text.id.clone() };
            if !id.starts_with(&prefix) {
                say(format!("{id}: does not begin with {prefix}"));
            }
            let known = |cause: &&Cause| self.shape.knows(&cause.pointer);
            if is_base && !text.on.is_empty() && !text.on.iter().any(|cause| known(&cause)) {
                continue;
            }
            for cause in text.on.iter().filter(|cause| !is_base && !known(cause)) {
                say(format!("{id}: {:?} is no member of the schema", cause.pointer));
            }
            for cause in &text.on {
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
            if !is_base || self.shape.choices(member).is_some() {
                self.codes.insert(member.clone(), codes.clone());
            }
        }
    }

    /// Adds the three rules that each member of the schema has by itself. What the sector says
    /// about a member replaces what the base says.
    pub(super) fn member_rules(
        &mut self,
        base: &RulesFile,
        own: &RulesFile,
        say: &mut impl FnMut(String),
    ) {
        let Some(templates) = own.template.as_ref().or(base.template.as_ref()) else {
            return say("no [template] here or in the base".into());
        };
        let names = self.shape.names();
        for name in own.member.keys().filter(|name| !names.contains(name.as_str())) {
            say(format!("[member.{name}] is no member of the schema"));
        }
        for name in names {
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
            self.labels.insert(name.to_owned(), label);
        }
    }

    fn bases(&self, names: &[String]) -> Vec<String> {
        let own =
            |name: &String| if name == OWN_DUTY { self.head.duty.clone() } else { name.clone() };
        names.iter().map(own).collect()
    }
}
