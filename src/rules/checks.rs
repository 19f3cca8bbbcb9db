//! The named checks that a schema cannot express. A pack switches them on with parameters.
//!
//! A check looks at members of the right type only; what is missing or malformed is the schema's
//! to report.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{documents, forms};

/// Age at which a person is no longer a minor, in years (Minors Law, article 2).
const ADULT: u32 = 18;

/// One check with its parameters, as `[[check]]` in `pack.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Check {
    /// The time `to` is at most `limit_minutes` after the time `from`.
    Within { from: String, to: String, limit_minutes: i64, rule: String },
    /// The number `lesser` is below the number `greater`.
    Less { lesser: String, greater: String, rule: String },
    /// `member` is none of `values`; not asked where a member has the value named by `unless`.
    Value { member: String, values: Vec<Value>, unless: Option<Exception>, rule: String },
    /// `member` is more than one of the placeholder `words`.
    Placeholder { member: String, words: Vec<String>, rule: String },
    /// None of `members` contains a resident ID.
    NoDocument { members: Vec<String>, rule: String },
    /// The birth date inside a document number of `types` is not after the day of `at`, and at
    /// most `max_age` years before it.
    Birth { types: Vec<String>, at: String, max_age: u32, rule: String },
    /// The flag `member` agrees with the age on the day of `at`, by a document number of `types`
    /// or else by the day `birth_member`.
    Minor {
        member: String,
        types: Vec<String>,
        birth_member: String,
        at: String,
        /// Under eighteen and not flagged.
        rule_young: String,
        /// Eighteen or older and flagged.
        rule_adult: String,
    },
}

/// A value of another member that lifts a check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    pub(super) member: String,
    pub(super) value: Value,
}

/// A failure of a check: rule id and member.
pub(super) type Broken<'a> = (&'a str, &'a str);

impl Check {
    /// Every rule that this check can report.
    pub(super) fn rules(&self) -> Vec<&str> {
        match self {
            Check::Within { rule, .. }
            | Check::Less { rule, .. }
            | Check::Value { rule, .. }
            | Check::Placeholder { rule, .. }
            | Check::NoDocument { rule, .. }
            | Check::Birth { rule, .. } => vec![rule],
            Check::Minor { rule_young, rule_adult, .. } => vec![rule_young, rule_adult],
        }
    }

    /// Every member that this check names, so that a misspelt one is found when a pack loads.
    pub(super) fn members(&self) -> Vec<&str> {
        match self {
            Check::Within { from, to, .. } => vec![from, to],
            Check::Less { lesser, greater, .. } => vec![lesser, greater],
            Check::Value { member, unless, .. } => {
                let mut members = vec![member.as_str()];
                members.extend(unless.as_ref().map(|exception| exception.member.as_str()));
                members
            }
            Check::Placeholder { member, .. } => vec![member],
            Check::NoDocument { members, .. } => members.iter().map(String::as_str).collect(),
            Check::Birth { at, .. } => vec![at, "id_doc_type", "id_doc_no"],
            Check::Minor { member, birth_member, at, .. } => {
                vec![member, birth_member, at, "id_doc_type", "id_doc_no"]
            }
        }
    }

    /// Hands every failure of this check to `report`.
    pub(super) fn run<'a>(
        &'a self,
        record: &Map<String, Value>,
        report: &mut impl FnMut(Broken<'a>),
    ) {
        match self {
            Check::Within { from, to, limit_minutes, rule } => {
                if too_late(record, from, to, *limit_minutes) {
                    report((rule, to));
                }
            }
            Check::Less { lesser, greater, rule } => {
                if let (Some(a), Some(b)) = (number(record, lesser), number(record, greater))
                    && a >= b
                {
                    report((rule, lesser));
                }
            }
            Check::Value { member, values, unless, rule } => {
                let lifted =
                    unless.as_ref().is_some_and(|e| record.get(&e.member) == Some(&e.value));
                if !lifted && record.get(member).is_some_and(|value| values.contains(value)) {
                    report((rule, member));
                }
            }
            Check::Placeholder { member, words, rule } => {
                if text(record, member).is_some_and(|value| is_placeholder(value, words)) {
                    report((rule, member));
                }
            }
            Check::NoDocument { members, rule } => {
                for member in members {
                    if text(record, member).is_some_and(documents::mentions_resident_id) {
                        report((rule, member));
                    }
                }
            }
            Check::Birth { types, at, max_age, rule } => {
                if let (Some(birth), Some(on)) = (document_birth(record, types), day_of(record, at))
                    && on.years_since(birth).is_none_or(|age| age > *max_age)
                {
                    report((rule, "id_doc_no"));
                }
            }
            Check::Minor { member, types, birth_member, at, rule_young, rule_adult } => {
                let birth = document_birth(record, types)
                    .or_else(|| text(record, birth_member).and_then(forms::day));
                let age = birth.zip(day_of(record, at)).and_then(|(b, on)| on.years_since(b));
                match (age, record.get(member).and_then(Value::as_bool)) {
                    (Some(age), Some(false)) if age < ADULT => report((rule_young, member)),
                    (Some(age), Some(true)) if age >= ADULT => report((rule_adult, member)),
                    _ => {}
                }
            }
        }
    }
}

fn too_late(record: &Map<String, Value>, from: &str, to: &str, limit_minutes: i64) -> bool {
    let moment = |member| text(record, member).and_then(forms::instant);
    matches!((moment(from), moment(to)), (Some(from), Some(to)) if to - from > limit_minutes * 60)
}

/// Whether nothing is left of `value` but one placeholder; blanks and letter case do not count.
fn is_placeholder(value: &str, words: &[String]) -> bool {
    let bare: String = value.split_whitespace().collect::<String>().to_lowercase();
    words.contains(&bare)
}

fn document_birth(record: &Map<String, Value>, types: &[String]) -> Option<NaiveDate> {
    let kind = text(record, "id_doc_type")?;
    types.iter().any(|known| known == kind).then_some(())?;
    text(record, "id_doc_no").and_then(documents::birth_date)
}

fn day_of(record: &Map<String, Value>, member: &str) -> Option<NaiveDate> {
    text(record, member).and_then(forms::instant).and_then(forms::civil_day)
}

fn text<'r>(record: &'r Map<String, Value>, member: &str) -> Option<&'r str> {
    record.get(member).and_then(Value::as_str)
}

fn number(record: &Map<String, Value>, member: &str) -> Option<u64> {
    record.get(member).and_then(Value::as_u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn broken(check: &str, record: Value) -> Vec<String> {
        let check: Check = toml::from_str(check).unwrap();
        let mut found = Vec::new();
        check.run(record.as_object().unwrap(), &mut |(rule, member): Broken<'_>| {
            found.push(format!("{rule}@{member}"));
        });
        found
    }

    #[test]
    fn a_limit_of_minutes_is_kept_to_the_second() {
        let check = "kind = 'within'\nfrom = 'a'\nto = 'b'\nlimit_minutes = 60\nrule = 'late'";
        let at = |b: &str| json!({"a": "2026-03-02T10:00:00+08:00", "b": b});
        assert!(broken(check, at("2026-03-02T11:00:00+08:00")).is_empty());
        assert_eq!(broken(check, at("2026-03-02T03:00:01Z")), ["late@b"]);
        assert!(broken(check, at("soon")).is_empty());
    }

    #[test]
    fn a_person_is_a_minor_until_the_eighteenth_birthday() {
        let check = "kind = 'minor'\nmember = 'minor'\ntypes = ['111']\nbirth_member = 'birth_date'
            at = 'at'\nrule_young = 'young'\nrule_adult = 'adult'";
        let guest = |minor: bool, day: &str| {
            let birth = NaiveDate::from_ymd_opt(2008, 3, 2).unwrap();
            json!({"id_doc_type": "111", "id_doc_no": documents::test_resident_id(birth, 1),
                "minor": minor, "at": format!("{day}T00:00:00+08:00")})
        };
        assert_eq!(broken(check, guest(false, "2026-03-01")), ["young@minor"]);
        assert!(broken(check, guest(true, "2026-03-01")).is_empty());
        assert_eq!(broken(check, guest(true, "2026-03-02")), ["adult@minor"]);
        let foreign = json!({"id_doc_type": "414", "id_doc_no": "E12345678", "birth_date": "2010-01-01",
            "minor": false, "at": "2026-03-01T00:00:00+08:00"});
        assert_eq!(broken(check, foreign), ["young@minor"]);
    }

    #[test]
    fn a_birth_lies_in_the_past_and_within_a_lifetime() {
        let check = "kind = 'birth'\ntypes = ['111']\nat = 'at'\nmax_age = 120\nrule = 'birth'";
        let born = |year| {
            let birth = NaiveDate::from_ymd_opt(year, 3, 3).unwrap();
            json!({"id_doc_type": "111", "id_doc_no": documents::test_resident_id(birth, 2),
                "at": "2026-03-02T10:00:00+08:00"})
        };
        assert!(broken(check, born(1990)).is_empty());
        assert_eq!(broken(check, born(2026)), ["birth@id_doc_no"]);
        assert_eq!(broken(check, born(1890)), ["birth@id_doc_no"]);
    }

    #[test]
    fn a_placeholder_is_seen_through_blanks_and_capitals() {
        let check = "kind = 'placeholder'\nmember = 'x'\nwords = ['货物', 'goods']\nrule = 'empty'";
        for word in ["货物", " 货 物 ", "Goods"] {
            assert_eq!(broken(check, json!({"x": word})), ["empty@x"], "{word}");
        }
        assert!(broken(check, json!({"x": "货物清单本"})).is_empty());
    }

    #[test]
    fn an_exception_lifts_a_forbidden_value() {
        let check = "kind = 'value'\nmember = 'x'\nvalues = [false]\nrule = 'no'
            unless = { member = 'y', value = 'letter' }";
        assert_eq!(broken(check, json!({"x": false})), ["no@x"]);
        assert!(broken(check, json!({"x": false, "y": "letter"})).is_empty());
        assert!(broken(check, json!({"x": true})).is_empty());
    }
}
