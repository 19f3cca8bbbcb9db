//! One rule pack: what a sector's records must look like, and the judgement of one record.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    checks::Check,
    describe::Example,
    forms,
    model::{Amends, Failure, Judgement, Known, Place, Rule, Severity},
    shape::{general, names_from_the_end, own_name},
    strict,
};

/// A name in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A figure from outside the register that a day close must state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Name in the day close, such as `room_nights_sold`.
    pub name: String,
    /// What is counted, in Chinese.
    pub zh: String,
    /// What is counted, in English.
    pub en: String,
    /// Whether it counts what a record is made of, one to one: then figures and records are
    /// reconciled.
    #[serde(default)]
    pub records: bool,
}

/// A kind of business within a trade, whose records the schema describes more closely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subtype {
    /// Name in the registry, such as `homestay`.
    pub name: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// `pack.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) sector: String,
    pub(super) name: Label,
    /// Version of the base pack with members, documents and rules common to all sectors.
    pub(super) base: String,
    pub(super) effective_from: String,
    pub(super) effective_to: Option<String>,
    pub(super) modes: Vec<String>,
    pub(super) day_deadline_hours: u32,
    pub(super) retention_days: u32,
    pub(super) duty: String,
    pub(super) totals: Vec<Total>,
    #[serde(default)]
    pub(super) subtype: Vec<Subtype>,
    #[serde(default)]
    pub(super) check: Vec<Check>,
}

/// Which errors of a schema a rule explains; the most specific cause wins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cause {
    pub(super) pointer: String,
    pub(super) keyword: Option<String>,
    pub(super) format: Option<String>,
}

impl Cause {
    /// How specific this cause is for an error at its pointer, or `None` if it is another's.
    fn weight(&self, keyword: &str, format: Option<&str>) -> Option<u8> {
        let fits = |own: &Option<String>, other: Option<&str>| match own.as_deref() {
            None => Some(0),
            own => (own == other).then_some(1),
        };
        Some(fits(&self.keyword, Some(keyword))? + fits(&self.format, format)?)
    }
}

/// A sector's rules of one version, compiled.
#[derive(Debug)]
pub struct Pack {
    pub(super) head: Head,
    pub(super) digest: [u8; 32],
    /// For streams without a subtype, or of one that the pack does not know.
    pub(super) validator: Validator,
    /// The schema with the definitions of the base.
    pub(super) schema: Value,
    /// Pointers of all members, with `*` for a place in a list.
    pub(super) paths: BTreeSet<String>,
    /// A passing example of each subtype, if the pack came with examples.
    pub(super) examples: Vec<Example>,
    /// By subtype.
    pub(super) others: BTreeMap<String, Validator>,
    pub(super) rules: BTreeMap<String, Rule>,
    pub(super) labels: BTreeMap<String, Label>,
    pub(super) codes: BTreeMap<String, BTreeMap<String, Label>>,
    /// By pointer, with `*` for a place in a list: causes and the rule that each explains.
    pub(super) causes: HashMap<String, Vec<(Cause, String)>>,
}

impl Pack {
    /// Id and version, such as `lodging/2026.1`.
    pub fn id(&self) -> &str {
        &self.head.id
    }

    /// Sector, such as `lodging`.
    pub fn sector(&self) -> &str {
        &self.head.sector
    }

    /// What a record must look like, as JSON Schema with every definition it refers to.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Name of the trade.
    pub fn name(&self) -> &Label {
        &self.head.name
    }

    /// Whether the pack is in force on `day` (`YYYY-MM-DD`).
    pub fn in_force(&self, day: &str) -> bool {
        self.head.effective_from.as_str() <= day
            && self.head.effective_to.as_deref().is_none_or(|to| day <= to)
    }

    /// Whether records may be submitted in `mode` (`sealed` or `attested`).
    pub fn allows(&self, mode: &str) -> bool {
        self.head.modes.iter().any(|own| own == mode)
    }

    /// Hours after the end of a civil day at which the day's records and close are late.
    pub fn day_deadline_hours(&self) -> u32 {
        self.head.day_deadline_hours
    }

    /// Days for which the business keeps its own register.
    pub fn retention_days(&self) -> u32 {
        self.head.retention_days
    }

    /// Figures that a day close must state.
    pub fn totals(&self) -> &[Total] {
        &self.head.totals
    }

    /// Kinds of business within the trade; a stream without one counts as the first.
    pub fn subtypes(&self) -> &[Subtype] {
        &self.head.subtype
    }

    /// Id of the article that sets the sector's duty.
    pub fn duty(&self) -> &str {
        &self.head.duty
    }

    /// SHA-256 over the files that decide: base rules and definitions, `pack.toml`, `rules.toml`,
    /// `schema.json`. Examples decide nothing and are not in it.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Every rule, by id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The rule with this id; `None` if this version has no such rule.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// What people call the member of a name, or the one at a pointer: of the names in the pointer,
    /// the last that has a label.
    pub fn label(&self, member: &str) -> Option<&Label> {
        names_from_the_end(member).find_map(|name| self.labels.get(name))
    }

    /// The codes of a member with their names, by code; `None` if it takes no codes.
    pub fn codes(&self, member: &str) -> Option<&BTreeMap<String, Label>> {
        self.codes.get(member)
    }

    /// Judges one record from its exact plaintext.
    ///
    /// Every failure is reported at once, except that a plaintext which is no record at all has
    /// one failure only. No input panics.
    pub fn judge(&self, plaintext: &[u8], place: &Place<'_>) -> Judgement {
        self.check(plaintext, &Known::from(place))
    }

    /// Judges one record as [`Pack::judge`] does, where not all is known about its place: what is
    /// not known is not compared.
    pub fn check(&self, plaintext: &[u8], known: &Known<'_>) -> Judgement {
        let record = match strict::parse(plaintext) {
            Ok(record) => record,
            Err(fault) => return Judgement::new(vec![self.base_failure(fault.rule(), "")], false),
        };
        let mut failures = Vec::new();
        self.check_place(&record, known, &mut failures);
        for check in &self.head.check {
            check.run(&record, &mut |(rule, pointer)| failures.push(self.failure(rule, pointer)));
        }
        let validator = known.subtype.and_then(|subtype| self.others.get(subtype));
        let validator = validator.unwrap_or(&self.validator);
        let undecided = self.check_schema(validator, &Value::Object(record), &mut failures);
        Judgement::new(failures, undecided)
    }

    /// A record repeats its own stream, number and day, and the number that it corrects; one that
    /// was copied from another place does not.
    fn check_place(
        &self,
        record: &Map<String, Value>,
        known: &Known<'_>,
        failures: &mut Vec<Failure>,
    ) {
        let differs = |own: Option<&str>, other: Option<&str>| {
            own.zip(other).is_some_and(|(own, other)| own != other)
        };
        let text = |member: &str| record.get(member).and_then(Value::as_str);
        if differs(text("stream"), known.stream) {
            failures.push(self.base_failure("record.place", "/stream"));
        }
        let seq = record.get("seq").and_then(Value::as_u64);
        if seq.zip(known.seq).is_some_and(|(own, other)| own != other) {
            failures.push(self.base_failure("record.place", "/seq"));
        }
        // What is no number is the schema's affair.
        let amends = record.get("amends").map(Value::as_u64);
        let agrees = match known.amends {
            Amends::Unknown => true,
            Amends::Nothing => amends.is_none(),
            Amends::Number(old) => amends.is_some_and(|own| own.is_none_or(|own| own == old)),
        };
        if !agrees {
            failures.push(self.base_failure("record.place", "/amends"));
        }
        let moment = text("occurred_at").and_then(forms::instant);
        if moment.zip(known.day).is_some_and(|(at, day)| forms::civil_day(at) != forms::day(day)) {
            failures.push(self.base_failure("record.day", "/occurred_at"));
        }
    }

    /// Returns whether the engine gave up on a part of the schema.
    fn check_schema(
        &self,
        validator: &Validator,
        record: &Value,
        failures: &mut Vec<Failure>,
    ) -> bool {
        if validator.is_valid(record) {
            return false;
        }
        let (mut gave_up, before) = (false, failures.len());
        for error in validator.iter_errors(record) {
            gave_up |= self.explain(&error, failures);
        }
        // What is refused without a reason is not in order, and nobody may take it for that.
        gave_up || failures.len() == before
    }

    /// Turns one error of the schema into failures; returns whether it is the engine's own.
    fn explain(&self, error: &ValidationError<'_>, failures: &mut Vec<Failure>) -> bool {
        let pointer = error.instance_path().as_str();
        let mut say = |pointer: String, keyword: &str, format: Option<&str>| {
            failures.push(self.failure(&self.rule_for(&pointer, keyword, format), pointer));
        };
        match error.kind() {
            ValidationErrorKind::BacktrackLimitExceeded { .. }
            | ValidationErrorKind::RegexEngineFailure { .. }
            | ValidationErrorKind::Referencing(_) => return true,
            ValidationErrorKind::Required { property } => {
                let member = property.as_str().unwrap_or_default();
                say(format!("{pointer}/{member}"), "required", None);
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for member in unexpected {
                    let place = printable(member).map(|name| format!("{pointer}/{name}"));
                    let place = place.unwrap_or_else(|| pointer.to_owned());
                    failures.push(self.base_failure("unknown_member", &place));
                }
            }
            ValidationErrorKind::Format { format } => {
                say(pointer.to_owned(), "format", Some(format));
            }
            kind => say(pointer.to_owned(), kind.keyword(), None),
        }
        false
    }

    /// The rule for an error of the schema: the most specific cause at its pointer, else at the
    /// last name of its pointer, else the own rule of the last member that has one.
    fn rule_for(&self, pointer: &str, keyword: &str, format: Option<&str>) -> String {
        let tail = own_name(pointer).map(|name| format!("/{name}"));
        let places = std::iter::once(general(pointer)).chain(tail);
        let mut explained = places.filter_map(|place| self.cause_at(&place, keyword, format));
        if let Some(rule) = explained.next() {
            return rule.to_owned();
        }
        let defect = match keyword {
            "required" => "missing",
            "falseSchema" => "unneeded",
            _ => "form",
        };
        names_from_the_end(pointer)
            .map(|name| format!("{}.{name}.{defect}", self.head.sector))
            .find(|own| self.rules.contains_key(own))
            .unwrap_or_else(|| format!("{}.record.form", self.head.sector))
    }

    fn cause_at(&self, place: &str, keyword: &str, format: Option<&str>) -> Option<&str> {
        let causes = self.causes.get(place)?.iter();
        causes
            .filter_map(|(cause, rule)| Some((cause.weight(keyword, format)?, rule.as_str())))
            .max_by_key(|(weight, _)| *weight)
            .map(|(_, rule)| rule)
    }

    fn base_failure(&self, rule: &str, pointer: &str) -> Failure {
        self.failure(&format!("{}.{rule}", self.head.sector), pointer.to_owned())
    }

    fn failure(&self, rule: &str, pointer: String) -> Failure {
        let severity = self.rules.get(rule).map_or(Severity::Major, |rule| rule.severity);
        Failure { rule: rule.to_owned(), severity, pointer }
    }
}

/// A member's name, if it can only be a name: a sender may hide a person's data in the names of
/// members, and a pointer reaches logs and letters.
fn printable(name: &str) -> Option<&str> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (plain && matches!(name.len(), 1..=40) && digits <= 4).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_unknown_member_is_shown_only_if_it_can_be_nothing_else() {
        assert_eq!(printable("face_image_2"), Some("face_image_2"));
        for name in ["", "姓名张三", "13900000000", "a b", "a/b", &"x".repeat(41)] {
            assert_eq!(printable(name), None, "{name}");
        }
    }

    #[test]
    fn the_more_a_cause_says_the_more_it_weighs() {
        let cause = |keyword: Option<&str>, format: Option<&str>| Cause {
            pointer: "/x".into(),
            keyword: keyword.map(str::to_owned),
            format: format.map(str::to_owned),
        };
        assert_eq!(cause(None, None).weight("format", Some("uscc")), Some(0));
        assert_eq!(cause(Some("format"), None).weight("format", Some("uscc")), Some(1));
        assert_eq!(cause(Some("format"), Some("uscc")).weight("format", Some("uscc")), Some(2));
        assert_eq!(cause(Some("format"), Some("uscc")).weight("format", Some("phone")), None);
        assert_eq!(cause(Some("type"), None).weight("format", Some("uscc")), None);
    }
}
