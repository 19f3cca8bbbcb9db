//! A pack as people and programs read it: members, rules with their articles, totals, terms.

use std::collections::BTreeSet;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Serialize;

use super::{
    catalogue::{Basis, Mark},
    forms::FORMATS,
    model::{Rule, Severity},
    needs::{self, Need},
    pack::{Label, Pack, Subtype, Total},
    packs::Packs,
    shape::{ANY, own_name},
};

/// Rules that every member has by itself.
const OWN_RULES: [&str; 3] = ["missing", "form", "unneeded"];

/// One line about a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackLine {
    /// Id and version.
    pub id: String,
    /// Name of the trade.
    pub name: Label,
    /// First day on which it may be in force.
    pub effective_from: String,
    /// Last day, where it has one.
    pub effective_to: Option<String>,
    /// How records may be submitted.
    pub modes: Vec<String>,
    /// SHA-256 of the files that decide, base64url, as the log states it.
    pub digest: String,
    /// How many rules it has.
    pub rules: usize,
}

/// All that a pack says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackView {
    /// The line that stands for it in a list.
    #[serde(flatten)]
    pub line: PackLine,
    /// Sector.
    pub sector: String,
    /// The article that sets the duty.
    pub duty: Option<BasisView>,
    /// Hours after the end of a day at which its records and close are late.
    pub day_deadline_hours: u32,
    /// Days for which the business keeps its own register.
    pub retention_days: u32,
    /// Kinds of business within the trade.
    pub subtypes: Vec<Subtype>,
    /// Figures that a day close must state.
    pub totals: Vec<Total>,
    /// Members: those of every record first.
    pub members: Vec<MemberView>,
    /// Rules by id.
    #[serde(rename = "rule")]
    pub rules: Vec<RuleView>,
    /// Records that keep every rule, one for each subtype; none where the pack came without.
    pub examples: Vec<Example>,
}

/// A record that keeps every rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The subtype of its stream.
    pub subtype: Option<String>,
    /// The plaintext.
    pub text: String,
}

/// One member of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// Its pointer without the leading slash; `*` is a place in a list.
    pub path: String,
    /// What people call it.
    pub label: Label,
    /// When it belongs in a record; more than one where the subtypes differ.
    pub needs: Vec<NeedView>,
    /// Type, lengths, format or pattern in the words of JSON Schema.
    pub form: String,
    /// The values that it may have, where they are listed.
    pub codes: Vec<CodeView>,
    /// Weights of its own rules: missing, malformed, present where it must not be.
    pub weights: Option<[Severity; 3]>,
}

/// When a member belongs in the records of some subtypes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NeedView {
    /// The subtypes; empty: all.
    pub subtypes: Vec<String>,
    /// When.
    #[serde(flatten)]
    pub need: Need,
}

/// A value with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeView {
    /// The value.
    pub code: String,
    /// What it means.
    pub label: Label,
}

/// A rule with its articles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleView {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Its articles as the catalogue has them, in the order of `basis`.
    pub articles: Vec<BasisView>,
    /// Whether it is one of the three rules that every member has by itself.
    pub own: bool,
}

/// An article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BasisView {
    /// Id in the catalogue.
    pub id: String,
    /// Law in Chinese.
    pub law_zh: String,
    /// Law in English.
    pub law_en: String,
    /// Article in Chinese.
    pub article_zh: String,
    /// Article in English.
    pub article_en: String,
    /// How well it is confirmed.
    pub mark: Mark,
}

impl From<&Basis> for BasisView {
    fn from(basis: &Basis) -> BasisView {
        BasisView {
            id: basis.id.clone(),
            law_zh: basis.law_zh.clone(),
            law_en: basis.law_en.clone(),
            article_zh: basis.article_zh.clone(),
            article_en: basis.article_en.clone(),
            mark: basis.mark,
        }
    }
}

impl Pack {
    /// The line that stands for the pack in a list.
    pub fn line(&self) -> PackLine {
        PackLine {
            id: self.head.id.clone(),
            name: self.head.name.clone(),
            effective_from: self.head.effective_from.clone(),
            effective_to: self.head.effective_to.clone(),
            modes: self.head.modes.clone(),
            digest: Base64UrlUnpadded::encode_string(&self.digest),
            rules: self.rules.len(),
        }
    }

    fn members(&self) -> Vec<MemberView> {
        let kinds: Vec<Option<&str>> = match self.subtypes() {
            [] => vec![None],
            subtypes => subtypes.iter().map(|subtype| Some(subtype.name.as_str())).collect(),
        };
        let needs: Vec<_> =
            kinds.iter().map(|kind| (*kind, needs::needs(&self.schema, *kind))).collect();
        let need_at = |pointer: &str| {
            let mut grouped: Vec<NeedView> = Vec::new();
            for (kind, needs) in &needs {
                let need = needs.get(pointer).cloned().unwrap_or_default();
                let kind = kind.map(str::to_owned);
                match grouped.iter_mut().find(|group| group.need == need) {
                    Some(group) => group.subtypes.extend(kind),
                    None => grouped.push(NeedView { subtypes: kind.into_iter().collect(), need }),
                }
            }
            if let [all] = grouped.as_mut_slice() {
                all.subtypes.clear();
            }
            grouped
        };
        let mut members: Vec<_> = self
            .paths
            .iter()
            .filter_map(|pointer| Some(self.member(pointer, own_name(pointer)?, need_at(pointer))))
            .collect();
        members.sort_by_cached_key(|member| {
            let top = member.path.split('/').next().unwrap_or_default().to_owned();
            (rank(&need_at(&format!("/{top}"))), top, member.path.clone())
        });
        members
    }

    fn member(&self, pointer: &str, name: &str, needs: Vec<NeedView>) -> MemberView {
        let property = needs::property_at(&self.schema, pointer);
        let label = self.labels.get(name).cloned();
        let codes = self.codes.get(name).into_iter().flatten();
        let weight = |defect: &str| {
            self.rule(&format!("{}.{name}.{defect}", self.sector())).map(|r| r.severity)
        };
        let [missing, form, unneeded] = OWN_RULES.map(weight);
        let weights = missing.zip(form).zip(unneeded);
        MemberView {
            path: pointer.trim_start_matches('/').to_owned(),
            label: label.unwrap_or_else(|| Label { zh: name.to_owned(), en: name.to_owned() }),
            needs,
            form: property.map(|property| needs::form(&self.schema, property)).unwrap_or_default(),
            codes: codes
                .map(|(code, label)| CodeView { code: code.clone(), label: label.clone() })
                .collect(),
            weights: weights.map(|((missing, form), unneeded)| [missing, form, unneeded]),
        }
    }
}

/// Where a member stands among others: always, sometimes, optional, never.
fn rank(needs: &[NeedView]) -> u8 {
    let rank_of = |need: &Need| match need {
        Need { always: true, .. } => 0,
        Need { never: true, .. } => 3,
        Need { when, .. } if !when.is_empty() => 1,
        _ => 2,
    };
    needs.iter().map(|view| rank_of(&view.need)).min().unwrap_or(2)
}

impl Packs {
    /// All that the pack with this id says; `None` if there is no such pack.
    pub fn describe(&self, id: &str) -> Option<PackView> {
        let pack = self.pack(id)?;
        let article = |id: &str| self.catalogue().basis(id).map(BasisView::from);
        let rules = pack.rules().map(|rule| RuleView {
            rule: rule.clone(),
            articles: rule.basis.iter().filter_map(|id| article(id)).collect(),
            own: pack.paths.iter().filter_map(|path| own_name(path)).any(|name| {
                let own = format!("{}.{name}.", pack.sector());
                rule.id.strip_prefix(&own).is_some_and(|defect| OWN_RULES.contains(&defect))
            }),
        });
        Some(PackView {
            line: pack.line(),
            sector: pack.sector().to_owned(),
            duty: article(pack.duty()),
            day_deadline_hours: pack.day_deadline_hours(),
            retention_days: pack.retention_days(),
            subtypes: pack.subtypes().to_vec(),
            totals: pack.totals().to_vec(),
            members: pack.members(),
            rules: rules.collect(),
            examples: pack.examples.clone(),
        })
    }
}

impl PackView {
    /// Members that take codes, each name once.
    pub fn coded(&self) -> Vec<&MemberView> {
        let mut coded: Vec<&MemberView> = Vec::new();
        for member in self.members.iter().filter(|member| !member.codes.is_empty()) {
            if coded.iter().all(|known| known.name() != member.name()) {
                coded.push(member);
            }
        }
        coded
    }

    /// The formats that the forms of members name, sorted.
    pub fn formats(&self) -> Vec<&str> {
        let words = self.members.iter().flat_map(|member| member.form.split(' '));
        let known = |word: &&str| *word == "uuid" || FORMATS.iter().any(|(name, _)| name == word);
        words.filter(known).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether a record or an object in one of its lists has a member of this name.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name() == name)
    }
}

impl MemberView {
    /// The name alone, without the lists around it.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').find(|segment| *segment != ANY).unwrap_or(&self.path)
    }

    /// The form for a cell of a Markdown table.
    pub fn form_cell(&self) -> String {
        self.form.replace('|', "\\|")
    }
}
