//! How the columns of a table become the members of a record, as a TOML file says it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::foundation::ids::StreamId;

/// What is wrong with a mapping.
#[derive(Debug, thiserror::Error)]
pub enum MappingFault {
    /// It is not TOML of this form.
    #[error("the mapping is not understood: {0}")]
    Form(#[from] toml::de::Error),
    /// It contradicts itself.
    #[error("the mapping: {0}")]
    Sense(String),
}

/// A mapping of columns to members.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Character set of CSV files.
    #[serde(default)]
    pub(super) encoding: Charset,
    /// The sheet of a workbook; the first if it is not named.
    pub(super) sheet: Option<String>,
    /// Offset of times that have none of their own.
    #[serde(default = "shanghai")]
    pub(super) offset: String,
    /// The columns that count; others are left alone.
    pub(super) column: Vec<Column>,
    /// Members that are the same in every record.
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Value>,
    /// Members that the sending program adds later.
    #[serde(default)]
    pub(super) fill: Fill,
}

fn shanghai() -> String {
    "+08:00".to_owned()
}

/// A character set of CSV files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Charset {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB 18030, and GBK and GB 2312, which are parts of it.
    #[serde(rename = "gb18030", alias = "gbk", alias = "gb2312")]
    Gb18030,
}

impl Charset {
    /// The text of `bytes`; `None` if they are no text of this set.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        let charset = match self {
            Charset::Utf8 => encoding_rs::UTF_8,
            Charset::Gb18030 => encoding_rs::GB18030,
        };
        let text = charset.decode_without_bom_handling_and_without_replacement(bytes)?;
        Some(text.into_owned())
    }
}

/// One column and the member that it becomes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    /// The text in the head of the table.
    pub(super) header: String,
    pub(super) member: String,
    #[serde(default, rename = "type")]
    pub(super) kind: Kind,
    /// What the table writes, and what the record writes instead.
    #[serde(default)]
    pub(super) codes: BTreeMap<String, String>,
    /// What a blank cell means; without it the member is left out.
    pub(super) default: Option<Value>,
}

/// What a cell becomes. A cell that does not fit stays text, and the pack says what is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    #[default]
    Text,
    Integer,
    Bool,
    Time,
    Date,
}

/// Members that the sending program adds when it seals, and a table therefore lacks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fill {
    pub(super) stream: Option<StreamId>,
    /// The number of the first row of each table; the following count on.
    pub(super) first_seq: Option<u64>,
    #[serde(default)]
    pub(super) salt: bool,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    ///
    /// [`MappingFault`], which names what is not understood or contradicts itself.
    pub fn parse(text: &str) -> Result<Mapping, MappingFault> {
        let mapping: Mapping = toml::from_str(text)?;
        let sense = |what: String| Err(MappingFault::Sense(what));
        if mapping.column.is_empty() {
            return sense("it names no column".to_owned());
        }
        let mut members = BTreeSet::new();
        let columns = mapping.column.iter().map(|column| &column.member);
        for member in columns.chain(mapping.constants.keys()) {
            if !members.insert(member.as_str()) {
                return sense(format!("{member} is given twice"));
            }
        }
        let fill = &mapping.fill;
        for (member, filled) in [
            ("stream", fill.stream.is_some()),
            ("seq", fill.first_seq.is_some()),
            ("salt", fill.salt),
        ] {
            if filled && members.contains(member) {
                return sense(format!("{member} is filled in and comes from the table too"));
            }
        }
        Ok(mapping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: &str = "[[column]]\nheader = '房号'\nmember = 'room_no'\n";

    #[test]
    fn the_example_is_understood() {
        let text = include_str!("../../../examples/check/hotel.toml");
        let mapping = Mapping::parse(text).unwrap();
        assert!(mapping.column.iter().any(|column| column.kind == Kind::Time));
        assert!(mapping.fill.salt && mapping.fill.first_seq.is_some());
    }

    #[test]
    fn a_mapping_that_contradicts_itself_or_is_misspelt_is_refused() {
        for (text, said) in [
            ("column = []".to_owned(), "names no column"),
            (format!("{COLUMN}{COLUMN}"), "room_no is given twice"),
            (format!("{COLUMN}[constants]\nroom_no = '1'"), "room_no is given twice"),
            (format!("{COLUMN}[constants]\nseq = 1\n[fill]\nfirst_seq = 1"), "seq is filled in"),
            (format!("{COLUMN}type = 'number'"), "unknown variant"),
            (format!("{COLUMN}typ = 'text'"), "unknown field"),
            (format!("encoding = 'utf-16'\n{COLUMN}"), "unknown variant"),
        ] {
            let refused = Mapping::parse(&text).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }
}
