//! Rows of a table, and the records that a mapping makes of them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Unusable;
use super::mapping::{Column, Kind, Mapping};

/// The salt that is filled in: sixteen bytes of zero. The program that seals draws its own.
const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// One row of a table.
pub(super) struct Row {
    /// Its line in a CSV file, its number in a sheet.
    pub(super) line: u64,
    /// Its place among the rows that have a record, from 0.
    pub(super) index: u64,
    pub(super) cells: Cells,
}

/// The cells of a row, as the file has them.
pub(super) enum Cells {
    /// Of a CSV file, in its character set.
    Bytes(::csv::ByteRecord),
    /// Of a sheet.
    Typed(Vec<Cell>),
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Cell {
    #[default]
    Blank,
    Text(String),
    Integer(i64),
    Bool(bool),
    /// A time without offset, `YYYY-MM-DDThh:mm:ss`.
    Moment(String),
}

impl Cell {
    /// A text, which is blank if there is nothing in it to see.
    pub(super) fn text(text: String) -> Cell {
        if text.trim().is_empty() { Cell::Blank } else { Cell::Text(text) }
    }

    /// What a cell reads as.
    pub(super) fn into_text(self) -> String {
        match self {
            Cell::Blank => String::new(),
            Cell::Text(text) | Cell::Moment(text) => text,
            Cell::Integer(number) => number.to_string(),
            Cell::Bool(truth) => truth.to_string(),
        }
    }
}

/// Where the columns of a mapping stand in one table.
pub(super) struct Layout {
    mapping: Arc<Mapping>,
    /// The place in a row of each column of the mapping.
    places: Vec<usize>,
    width: usize,
}

impl Layout {
    /// Finds the columns of `mapping` in the head of the table `name`.
    ///
    /// # Errors
    ///
    /// [`Unusable::Columns`] names every column that is missing or there twice.
    pub(super) fn of(
        name: &str,
        mapping: Arc<Mapping>,
        head: &[String],
    ) -> Result<Layout, Unusable> {
        let (mut places, mut wrong) = (Vec::new(), Vec::new());
        for column in &mapping.column {
            let mut found = head.iter().enumerate().filter(|(_, h)| h.trim() == column.header);
            match (found.next(), found.next()) {
                (Some((place, _)), None) => places.push(place),
                (None, _) => wrong.push(format!("has no column {}", column.header)),
                (Some(_), Some(_)) => wrong.push(format!("has two columns {}", column.header)),
            }
        }
        if wrong.is_empty() {
            return Ok(Layout { mapping, places, width: head.len() });
        }
        Err(Unusable::Columns(name.to_owned(), wrong.join(", ")))
    }

    /// The record of a row, exact JSON. A row that cannot be read gives bytes that are no record.
    pub(super) fn record(&self, row: &Row) -> Vec<u8> {
        let mut record = Map::new();
        let fill = &self.mapping.fill;
        if let Some(stream) = fill.stream {
            record.insert("stream".to_owned(), stream.to_string().into());
        }
        if let Some(first) = fill.first_seq {
            record.insert("seq".to_owned(), first.saturating_add(row.index).into());
        }
        if fill.salt {
            record.insert("salt".to_owned(), SALT.into());
        }
        for (member, value) in &self.mapping.constants {
            record.insert(member.clone(), value.clone());
        }
        for (column, place) in self.mapping.column.iter().zip(&self.places) {
            let Some(cell) = self.cell(&row.cells, *place) else { return Vec::new() };
            if let Some(value) = value_of(column, cell, &self.mapping.offset) {
                record.insert(column.member.clone(), value);
            }
        }
        Value::Object(record).to_string().into_bytes()
    }

    /// The cell at a place; `None` if the row has more cells than the head, or no text of the
    /// character set in this one.
    fn cell(&self, cells: &Cells, place: usize) -> Option<Cell> {
        match cells {
            Cells::Typed(cells) => Some(cells.get(place).cloned().unwrap_or_default()),
            Cells::Bytes(cells) if cells.len() > self.width => None,
            Cells::Bytes(cells) => {
                let bytes = cells.get(place).unwrap_or_default();
                // Windows ends its lines with two bytes, and only the second one ends a row.
                let last = place + 1 == cells.len();
                let bytes = bytes.strip_suffix(b"\r").filter(|_| last).unwrap_or(bytes);
                self.mapping.encoding.decode(bytes).map(Cell::text)
            }
        }
    }
}

/// What a cell becomes; `None` if it is blank and has no default.
fn value_of(column: &Column, cell: Cell, offset: &str) -> Option<Value> {
    if cell == Cell::Blank {
        return column.default.clone();
    }
    if let (Kind::Time, Cell::Moment(moment)) = (column.kind, &cell) {
        return Some(format!("{moment}{offset}").into());
    }
    let text = cell.into_text();
    if let Some(code) = column.codes.get(text.trim()) {
        return Some(code.as_str().into());
    }
    let read: Option<Value> = match column.kind {
        Kind::Text => None,
        Kind::Integer => text.trim().parse::<i64>().ok().map(Value::from),
        Kind::Bool => truth(text.trim()).map(Value::from),
        Kind::Time => time(text.trim()).map(|time| format!("{time}{offset}").into()),
        Kind::Date => day(text.trim()).map(Value::from),
    };
    Some(read.unwrap_or_else(|| text.into()))
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "是" | "有" | "true" | "yes" | "y" | "1" => Some(true),
        "否" | "无" | "false" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// A time without offset, in the ways that tables write it; `None` for others, among them times
/// with an offset, which stay as they are.
fn time(text: &str) -> Option<String> {
    let (date, rest) = date(text)?;
    let rest = rest.trim_start_matches([' ', 'T']).trim_end_matches(['秒', '分']);
    let parts: Vec<&str> = rest.split([':', '：', '时', '分']).collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, *second),
        _ => return None,
    };
    let (hour, minute, second) = (two_digits(hour)?, two_digits(minute)?, two_digits(second)?);
    Some(format!("{date}T{hour}:{minute}:{second}"))
}

fn day(text: &str) -> Option<String> {
    let (date, rest) = date(text)?;
    let midnight = rest.trim_start_matches([' ', 'T', '0', ':']).is_empty();
    midnight.then_some(date)
}

/// The day at the beginning of `text`, and what follows it.
fn date(text: &str) -> Option<(String, &str)> {
    if let Some((digits, rest)) = text.split_at_checked(8)
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !rest.starts_with(|c: char| c.is_ascii_digit())
    {
        return Some((format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]), rest));
    }
    let (year, rest) = text.split_once(['-', '/', '.', '年'])?;
    let (month, rest) = rest.split_once(['-', '/', '.', '月'])?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, rest) = rest.split_at(end);
    let rest = rest.strip_prefix('日').unwrap_or(rest);
    let plain = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    plain.then_some(())?;
    Some((format!("{year}-{}-{}", two_digits(month)?, two_digits(day)?), rest))
}

fn two_digits(text: &str) -> Option<String> {
    let plain = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| format!("{text:0>2}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(kind: &str, cell: Cell) -> Option<Value> {
        let text = format!("header = 'x'\nmember = 'x'\ntype = '{kind}'");
        value_of(&toml::from_str(&text).unwrap(), cell, "+08:00")
    }

    fn of_text(kind: &str, text: &str) -> Value {
        value(kind, Cell::text(text.to_owned())).unwrap()
    }

    #[test]
    fn times_as_tables_write_them_get_seconds_and_the_offset() {
        for text in [
            "2026-03-02 14:05:00",
            "2026/3/2 14:05",
            "2026.3.2 14:05",
            "2026-03-02T14:05:00",
            "20260302 14:05",
            "2026年3月2日14时05分",
            "2026年3月2日 14：05：00",
        ] {
            assert_eq!(of_text("time", text), "2026-03-02T14:05:00+08:00", "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_has_its_own_offset_stays_as_it_is() {
        for text in [
            "2026-03-02T06:05:00Z",
            "2026-03-02T14:05:00+08:00",
            "2026-03-02 14:05:00.5",
            "2026-03-02",
            "3/2 14:05",
            "下午两点",
            "2026-03-02 2:05 PM 7",
        ] {
            assert_eq!(of_text("time", text), text, "{text}");
        }
    }

    #[test]
    fn days_numbers_and_truths_are_read_and_others_stay_text() {
        assert_eq!(of_text("date", "1990/1/2"), "1990-01-02");
        assert_eq!(of_text("date", "19900102"), "1990-01-02");
        assert_eq!(of_text("date", "1990-01-02 00:00:00"), "1990-01-02");
        assert_eq!(of_text("date", "1990-01-02 10:00:00"), "1990-01-02 10:00:00");
        assert_eq!(of_text("integer", " 2 "), 2);
        assert_eq!(of_text("integer", "two"), "two");
        assert_eq!((of_text("bool", "是"), of_text("bool", "FALSE")), (json!(true), json!(false)));
        assert_eq!(of_text("bool", "maybe"), "maybe");
    }

    #[test]
    fn cells_of_a_sheet_become_what_the_column_asks_for() {
        let moment = || Cell::Moment("1990-01-02T00:00:00".to_owned());
        assert_eq!(value("date", moment()).unwrap(), "1990-01-02");
        assert_eq!(value("time", moment()).unwrap(), "1990-01-02T00:00:00+08:00");
        assert_eq!(value("text", Cell::Integer(806)).unwrap(), "806");
        assert_eq!(value("integer", Cell::Integer(2)).unwrap(), 2);
        assert_eq!(value("bool", Cell::Bool(true)).unwrap(), true);
        assert_eq!(value("text", Cell::text("  ".to_owned())), None);
    }
}
