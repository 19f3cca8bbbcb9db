//! The named checks that a schema cannot express. A pack switches them on with parameters.
//!
//! A check looks at members of the right type only; what is missing or malformed is the schema's
//! to report.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{documents, forms, shape::Shape};

/// Age at which a person is no longer a minor, in years (Minors Law, article 2).
const ADULT: u32 = 18;
/// Document code of a foreign passport.
const PASSPORT: &str = "414";

/// One check with its parameters, as `[[check]]` in `pack.toml`. With `each` it runs on every
/// object of that list instead of on the record.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Check {
    /// The time `to` is at most `limit_minutes` after the time `from`.
    Within { from: String, to: String, limit_minutes: i64, rule: String },
    /// The time or day `to` is not before the time or day `from`.
    NotBefore { from: String, to: String, rule: String },
    /// The number `lesser` is below the number `greater`.
    Less { lesser: String, greater: String, rule: String },
    /// The number `lesser` is not above the number `greater`.
    AtMost { lesser: String, greater: String, rule: String },
    /// The number `member` is the length of the list `list`.
    Count { member: String, list: String, rule: String },
    /// `member` is none of `values`; not asked where a member has the value named by `unless`.
    Value {
        each: Option<String>,
        member: String,
        values: Vec<Value>,
        unless: Option<Exception>,
        rule: String,
    },
    /// `member` is more than one of the placeholder `words`.
    Placeholder { each: Option<String>, member: String, words: Vec<String>, rule: String },
    /// None of `members` contains a resident ID.
    NoDocument { each: Option<String>, members: Vec<String>, rule: String },
    /// What the business found when it compared `members` with the documents: none is `invalid`,
    /// none `absent`.
    Bits { members: Vec<String>, rule_invalid: String, rule_absent: String },
    /// The birth date inside a document number of `types` is not after the day of `at`, and at
    /// most `max_age` years before it.
    Birth { each: Option<String>, types: Vec<String>, at: String, max_age: u32, rule: String },
    /// The check digit that a reader gave with a passport is the one of the passport number.
    Mrz { each: Option<String>, number: String, digit: String, rule: String },
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

/// A failure of a check: rule id and pointer.
pub(super) type Broken<'a> = (&'a str, String);

impl Check {
    /// Every rule that this check can report.
    pub(super) fn rules(&self) -> Vec<&str> {
        match self {
            Check::Within { rule, .. }
            | Check::NotBefore { rule, .. }
            | Check::Less { rule, .. }
            | Check::AtMost { rule, .. }
            | Check::Count { rule, .. }
            | Check::Value { rule, .. }
            | Check::Placeholder { rule, .. }
            | Check::NoDocument { rule, .. }
            | Check::Birth { rule, .. }
            | Check::Mrz { rule, .. } => vec![rule],
            Check::Bits { rule_invalid, rule_absent, .. } => vec![rule_invalid, rule_absent],
            Check::Minor { rule_young, rule_adult, .. } => vec![rule_young, rule_adult],
        }
    }

    /// The list on whose objects this check runs; `None`: on the record.
    fn each(&self) -> Option<&str> {
        match self {
            Check::Value { each, .. }
            | Check::Placeholder { each, .. }
            | Check::NoDocument { each, .. }
            | Check::Birth { each, .. }
            | Check::Mrz { each, .. } => each.as_deref(),
            _ => None,
        }
    }

    /// The members that the object under this check must be able to have.
    fn members(&self) -> Vec<&str> {
        match self {
            Check::Within { from, to, .. } | Check::NotBefore { from, to, .. } => vec![from, to],
            Check::Less { lesser, greater, .. } | Check::AtMost { lesser, greater, .. } => {
                vec![lesser, greater]
            }
            Check::Count { member, list, .. } => vec![member, list],
            Check::Value { member, .. } | Check::Placeholder { member, .. } => vec![member],
            Check::NoDocument { members, .. } | Check::Bits { members, .. } => {
                members.iter().map(String::as_str).collect()
            }
            Check::Birth { .. } => vec!["id_doc_type", "id_doc_no"],
            Check::Mrz { number, digit, .. } => vec!["id_doc_type", number, digit],
            Check::Minor { member, birth_member, .. } => {
                vec![member, birth_member, "id_doc_type", "id_doc_no"]
            }
        }
    }

    /// The members that may stand in the object under this check or in the record around it.
    fn outer_members(&self) -> Vec<&str> {
        match self {
            Check::Value { unless: Some(exception), .. } => vec![&exception.member],
            Check::Birth { at, .. } | Check::Minor { at, .. } => vec![at],
            _ => Vec::new(),
        }
    }

    /// Hands every name of this check that the schema does not have to `say`, so that a misspelt
    /// one is found when a pack loads.
    pub(super) fn examine(&self, shape: &Shape, say: &mut impl FnMut(String)) {
        let each = self.each();
        if let Some(list) = each.filter(|list| !shape.is_list(list)) {
            return say(format!("a check runs on each of {list}, which is no list"));
        }
        let is_own = |member: &str| match each {
            Some(list) => shape.element_has(list, member),
            None => shape.has(member),
        };
        let within = each.map(|list| format!(" of {list}")).unwrap_or_default();
        for member in self.members().into_iter().filter(|member| !is_own(member)) {
            say(format!("a check looks at {member}, which is no member{within}"));
        }
        let is_outer = |member: &str| is_own(member) || shape.has(member);
        for member in self.outer_members().into_iter().filter(|member| !is_outer(member)) {
            say(format!("a check looks at {member}, which is no member"));
        }
        if let Check::Count { list, .. } = self
            && !shape.is_list(list)
        {
            say(format!("a check counts {list}, which is no list"));
        }
    }

    /// Hands every failure of this check to `report`.
    pub(super) fn run<'a>(
        &'a self,
        record: &Map<String, Value>,
        report: &mut impl FnMut(Broken<'a>),
    ) {
        let Some(list) = self.each() else {
            return self.run_on(Scope { object: record, record }, &mut |rule, member| {
                report((rule, format!("/{member}")));
            });
        };
        let elements = record.get(list).and_then(Value::as_array).into_iter().flatten();
        for (index, object) in elements.enumerate() {
            let Some(object) = object.as_object() else { continue };
            self.run_on(Scope { object, record }, &mut |rule, member| {
                report((rule, format!("/{list}/{index}/{member}")));
            });
        }
    }

    fn run_on<'a>(&'a self, scope: Scope<'_>, report: &mut impl FnMut(&'a str, &'a str)) {
        match self {
            Check::Within { from, to, limit_minutes, rule } => {
                if scope.too_late(from, to, *limit_minutes) {
                    report(rule, to);
                }
            }
            Check::NotBefore { from, to, rule } => {
                if scope.is_before(to, from) {
                    report(rule, to);
                }
            }
            Check::Less { lesser, greater, rule } => {
                if scope.numbers(lesser, greater).is_some_and(|(a, b)| a >= b) {
                    report(rule, lesser);
                }
            }
            Check::AtMost { lesser, greater, rule } => {
                if scope.numbers(lesser, greater).is_some_and(|(a, b)| a > b) {
                    report(rule, lesser);
                }
            }
            Check::Count { member, list, rule } => {
                let listed = scope.object.get(list).and_then(Value::as_array).map(Vec::len);
                let listed = listed.and_then(|length| i64::try_from(length).ok());
                if scope.number(member).zip(listed).is_some_and(|(stated, listed)| stated != listed)
                {
                    report(rule, member);
                }
            }
            Check::Value { member, values, unless, rule, .. } => {
                let lifted =
                    unless.as_ref().is_some_and(|e| scope.outer(&e.member) == Some(&e.value));
                if !lifted && scope.object.get(member).is_some_and(|value| values.contains(value)) {
                    report(rule, member);
                }
            }
            Check::Placeholder { member, words, rule, .. } => {
                if scope.text(member).is_some_and(|value| is_placeholder(value, words)) {
                    report(rule, member);
                }
            }
            Check::NoDocument { members, rule, .. } => {
                for member in members {
                    if scope.text(member).is_some_and(documents::mentions_resident_id) {
                        report(rule, member);
                    }
                }
            }
            Check::Bits { members, rule_invalid, rule_absent } => {
                for member in members {
                    match scope.text(member) {
                        Some("invalid") => report(rule_invalid, member),
                        Some("absent") => report(rule_absent, member),
                        _ => {}
                    }
                }
            }
            Check::Birth { types, at, max_age, rule, .. } => {
                if let (Some(birth), Some(on)) = (scope.document_birth(types), scope.day_of(at))
                    && on.years_since(birth).is_none_or(|age| age > *max_age)
                {
                    report(rule, "id_doc_no");
                }
            }
            Check::Mrz { number, digit, rule, .. } => {
                if scope.misread(number, digit) {
                    report(rule, digit);
                }
            }
            Check::Minor { member, types, birth_member, at, rule_young, rule_adult } => {
                let flag = scope.object.get(member).and_then(Value::as_bool);
                match (scope.age(types, birth_member, at), flag) {
                    (Some(age), Some(false)) if age < ADULT => report(rule_young, member),
                    (Some(age), Some(true)) if age >= ADULT => report(rule_adult, member),
                    _ => {}
                }
            }
        }
    }
}

/// The object under a check, and the record around it or the same once more.
#[derive(Clone, Copy)]
struct Scope<'r> {
    object: &'r Map<String, Value>,
    record: &'r Map<String, Value>,
}

impl<'r> Scope<'r> {
    fn text(self, member: &str) -> Option<&'r str> {
        self.object.get(member).and_then(Value::as_str)
    }

    fn number(self, member: &str) -> Option<i64> {
        self.object.get(member).and_then(Value::as_i64)
    }

    fn numbers(self, lesser: &str, greater: &str) -> Option<(i64, i64)> {
        self.number(lesser).zip(self.number(greater))
    }

    /// A member of the object, or else of the record around it.
    fn outer(self, member: &str) -> Option<&'r Value> {
        self.object.get(member).or_else(|| self.record.get(member))
    }

    fn instant(self, member: &str) -> Option<i64> {
        self.text(member).and_then(forms::instant)
    }

    /// The day that a member is, or on which its time falls.
    fn day_of(self, member: &str) -> Option<NaiveDate> {
        let text = self.outer(member)?.as_str()?;
        forms::day(text).or_else(|| forms::instant(text).and_then(forms::civil_day))
    }

    fn too_late(self, from: &str, to: &str, limit_minutes: i64) -> bool {
        let both = self.instant(from).zip(self.instant(to));
        both.is_some_and(|(from, to)| to - from > limit_minutes * 60)
    }

    /// Whether one time is before another; by the day where one of them is only a day.
    fn is_before(self, early: &str, late: &str) -> bool {
        match (self.instant(early), self.instant(late)) {
            (Some(early), Some(late)) => early < late,
            _ => self.day_of(early).zip(self.day_of(late)).is_some_and(|(a, b)| a < b),
        }
    }

    fn document_birth(self, types: &[String]) -> Option<NaiveDate> {
        let kind = self.text("id_doc_type")?;
        types.iter().any(|known| known == kind).then_some(())?;
        self.text("id_doc_no").and_then(documents::birth_date)
    }

    fn age(self, types: &[String], birth_member: &str, at: &str) -> Option<u32> {
        let birth =
            self.document_birth(types).or_else(|| self.text(birth_member).and_then(forms::day))?;
        self.day_of(at)?.years_since(birth)
    }

    /// Whether a passport number and the check digit that a reader gave do not belong together.
    fn misread(self, number: &str, digit: &str) -> bool {
        let number = self.text(number).filter(|_| self.text("id_doc_type") == Some(PASSPORT));
        let right = number.and_then(documents::passport_check_digit);
        let read = self.text(digit).filter(|digit| matches!(digit.as_bytes(), [b'0'..=b'9']));
        right.zip(read).is_some_and(|(right, read)| !read.starts_with(right))
    }
}

/// Whether nothing is left of `value` but one placeholder; blanks and letter case do not count.
fn is_placeholder(value: &str, words: &[String]) -> bool {
    let bare: String = value.split_whitespace().collect::<String>().to_lowercase();
    words.contains(&bare)
}
