//! Reading one table of a registry file so that every mistake is found, not only the first.

use std::cell::RefCell;
use std::fmt::Display;
use std::str::FromStr;

use toml::{Table, Value};

use super::super::error::Mistake;
use super::super::place::District;
use crate::foundation::crypto::sha256;
use crate::foundation::ids::{Id, NotAnId};
use crate::foundation::mail::Address;
use crate::foundation::time::Day;

/// The mistakes found so far, in the order of the file.
#[derive(Default)]
pub(super) struct Notes(RefCell<Vec<Mistake>>);

impl Notes {
    /// Notes one mistake.
    pub(super) fn note(&self, path: impl Display, message: impl Display) {
        let mistake = Mistake { path: path.to_string(), message: message.to_string() };
        self.0.borrow_mut().push(mistake);
    }

    /// All of them.
    pub(super) fn into_vec(self) -> Vec<Mistake> {
        self.0.into_inner()
    }
}

/// What is not read yet of one table of the file.
pub(super) struct Fields<'a> {
    path: String,
    table: Table,
    notes: &'a Notes,
}

impl<'a> Fields<'a> {
    pub(super) fn new(path: String, table: Table, notes: &'a Notes) -> Self {
        Self { path, table, notes }
    }

    /// Notes a mistake in `member`.
    pub(super) fn wrong(&self, member: &str, message: impl Display) {
        self.notes.note(format!("{}.{member}", self.path), message);
    }

    /// A member that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        member: &str,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.table.remove(member)?;
        parse(&value).map_err(|message| self.wrong(member, message)).ok()
    }

    /// A member that must be there.
    pub(super) fn required<T>(
        &mut self,
        member: &str,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        if !self.table.contains_key(member) {
            self.wrong(member, "is missing");
        }
        self.optional(member, parse)
    }

    /// A member with a default. A wrong one has been noted, so the default does no harm.
    pub(super) fn or<T>(
        &mut self,
        member: &str,
        default: T,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> T {
        self.optional(member, parse).unwrap_or(default)
    }

    /// A list; absent it is empty. Each wrong element is noted by its place, counted from 1.
    pub(super) fn list<T>(
        &mut self,
        member: &str,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Vec<T> {
        let values = match self.table.remove(member) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => {
                self.wrong(member, "is not a list");
                return Vec::new();
            }
        };
        let mut parsed = Vec::new();
        for (place, value) in (1..).zip(&values) {
            match parse(value) {
                Ok(value) => parsed.push(value),
                Err(message) => self.wrong(&format!("{member}[{place}]"), message),
            }
        }
        parsed
    }

    /// A list that has at least one element.
    pub(super) fn some<T>(
        &mut self,
        member: &str,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Vec<T> {
        match self.table.get(member) {
            None => self.wrong(member, "is missing"),
            Some(Value::Array(values)) if values.is_empty() => self.wrong(member, "is empty"),
            Some(_) => {}
        }
        self.list(member, parse)
    }

    /// The tables of a list of tables, each called by its `name` member where it has one.
    pub(super) fn tables(&mut self, member: &str, name: &[&str]) -> Vec<Fields<'a>> {
        let values = match self.table.remove(member) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => {
                self.wrong(member, format!("is not a list of tables: write [[{member}]]"));
                return Vec::new();
            }
        };
        let prefix = if self.path.is_empty() {
            member.to_owned()
        } else {
            format!("{}.{member}", self.path)
        };
        let mut tables = Vec::new();
        for (place, value) in (1..).zip(values) {
            let Value::Table(table) = value else {
                self.notes.note(format!("{prefix}[{place}]"), "is not a table");
                continue;
            };
            let known = name.iter().find_map(|name| table.get(*name)?.as_str());
            let path = match known {
                Some(known) => format!("{prefix}.{known}"),
                None => format!("{prefix}[{place}]"),
            };
            tables.push(Self { path, table, notes: self.notes });
        }
        tables
    }

    /// The identity of a thing: its `id`, or one that follows from its `key`; exactly one of both.
    pub(super) fn identity<T: Id + FromStr<Err = NotAnId>>(&mut self, kind: &str) -> Option<T> {
        let id = self.optional("id", word::<T>);
        let key = self.optional("key", slug);
        match (id, key) {
            (Some(_), Some(_)) => {
                self.wrong("id", "stands beside a key: write one of both");
                None
            }
            (Some(id), None) => Some(id),
            (None, Some(key)) => Some(derived(kind, &key)),
            (None, None) => {
                self.notes.note(&self.path, "has neither a sound id nor a sound key");
                None
            }
        }
    }

    /// Where this table stands, for later mistakes.
    pub(super) fn path(&self) -> String {
        self.path.clone()
    }

    /// Notes every member that nothing has read.
    pub(super) fn finish(self) {
        for member in self.table.keys() {
            let path = if self.path.is_empty() {
                member.clone()
            } else {
                format!("{}.{member}", self.path)
            };
            self.notes.note(path, "is not known here");
        }
    }
}

/// The id of the thing of `kind` that registry files call `key`: a UUIDv8 of its name's digest,
/// so that every import of the file agrees.
pub fn derived<T: Id>(kind: &str, key: &str) -> T {
    let digest = sha256(format!("chayan/registry/1\0{kind}\0{key}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    T::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// A reference to a thing of `kind`: its id or its key.
pub(super) fn reference<T: Id + FromStr>(kind: &str) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let text = string(value)?;
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        slug(value).map(|key| derived(kind, &key))
    }
}

fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "is not text".to_owned())
}

/// One line of at most `longest` characters.
pub(super) fn text(longest: usize) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let text = string(value)?.trim();
        if text.is_empty() || text.chars().count() > longest || text.chars().any(char::is_control) {
            return Err(format!("is not one line of 1 to {longest} characters"));
        }
        Ok(text.to_owned())
    }
}

/// A short name for files: 1 to 64 lower-case letters, digits, dots, hyphens and underscores.
pub(super) fn slug(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
    if (1..=64).contains(&text.len()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(format!("\"{text}\" is not 1 to 64 of a-z, 0-9, dot, hyphen and underscore"))
    }
}

/// A text that says what it is itself: an id, a trade, a language.
pub(super) fn word<T: FromStr>(value: &Value) -> Result<T, String>
where
    T::Err: Display,
{
    let text = string(value)?;
    text.parse().map_err(|cause| format!("\"{text}\": {cause}"))
}

/// A mail address.
pub(super) fn email(value: &Value) -> Result<String, String> {
    let text = string(value)?;
    match Address::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a mail address".to_owned()),
    }
}

/// A civil day, as text or as a TOML date.
pub(super) fn day(value: &Value) -> Result<Day, String> {
    let text = match value {
        Value::Datetime(date) => date.to_string(),
        other => string(other)?.to_owned(),
    };
    text.parse().map_err(|cause| format!("\"{text}\": {cause}"))
}

/// A division that the registry knows.
pub(super) fn district(value: &Value) -> Result<District, String> {
    let district: District = word(value)?;
    match district.kind() {
        Some(_) => Ok(district),
        None => Err(format!("{district} is no division that the registry knows")),
    }
}

/// A district where something can be: not a whole city.
pub(super) fn spot(value: &Value) -> Result<District, String> {
    let district = district(value)?;
    if district.is_whole() {
        return Err(format!("{district} is a whole city: say the district"));
    }
    Ok(district)
}

/// A whole number from `least` to `most`.
pub(super) fn number<T: TryFrom<i64>>(
    least: i64,
    most: i64,
) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let fits = value.as_integer().filter(|number| (least..=most).contains(number));
        fits.and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("is not a whole number from {least} to {most}"))
    }
}

/// `true` or `false`.
pub(super) fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "is not true or false".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::ids::{HolderId, OutletId};

    #[test]
    fn an_id_from_a_key_is_the_same_for_ever_and_of_its_kind() {
        let id: HolderId = derived("holder", "crane-inn");
        assert_eq!(id.to_string(), "4573847e-03a0-845e-b0fc-284290684b0d");
        let other: OutletId = derived("outlet", "crane-inn");
        assert_ne!(id.as_uuid(), other.as_uuid());
        assert_eq!(id.as_uuid().get_version_num(), 8);
    }
}
