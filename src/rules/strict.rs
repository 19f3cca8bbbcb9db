//! Reads the plaintext of a record strictly: what two readers could understand differently is
//! refused.
//!
//! Source: protocol, "Notation" and section 3; security, items 32 and 33.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Longest plaintext in bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024;
/// Deepest nesting; the record itself is level 1.
const MAX_DEPTH: u8 = 6;
/// Largest magnitude that every reader represents exactly, 2^53.
const MAX_INTEGER: u64 = 1 << 53;

/// Why a plaintext is not a record at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Longer than [`MAX_BYTES`].
    Size,
    /// Not UTF-8, not JSON, a byte-order mark, a lone surrogate, or not an object.
    Json,
    /// Nested deeper than six levels.
    Depth,
    /// A member occurs twice in one object.
    Duplicate,
    /// A number that is not an integer within ±2^53.
    Number,
}

impl Fault {
    /// The rule of the base pack that says so, without its sector.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Fault::Size => "record.size",
            Fault::Json => "record.json",
            Fault::Depth => "record.depth",
            Fault::Duplicate => "record.duplicate",
            Fault::Number => "record.number",
        }
    }
}

/// Parses one record.
pub(super) fn parse(plaintext: &[u8]) -> Result<Map<String, Value>, Fault> {
    if plaintext.len() > MAX_BYTES {
        return Err(Fault::Size);
    }
    let Ok(text) = std::str::from_utf8(plaintext) else { return Err(Fault::Json) };
    let fault = Cell::new(Fault::Json);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = Strict { depth: 1, fault: &fault }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    match parsed {
        Ok(Value::Object(record)) => Ok(record),
        Ok(_) => Err(Fault::Json),
        Err(_) => Err(fault.get()),
    }
}

/// Reads one value at a depth, and leaves the reason of a refusal behind.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: u8,
    fault: &'a Cell<Fault>,
}

impl Strict<'_> {
    fn refuse<E: Error>(&self, fault: Fault) -> E {
        self.fault.set(fault);
        E::custom("refused")
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth > MAX_DEPTH {
            return Err(self.refuse(Fault::Depth));
        }
        Ok(Strict { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_INTEGER {
            return Err(self.refuse(Fault::Number));
        }
        Ok(Value::Number(Number::from(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_INTEGER {
            return Err(self.refuse(Fault::Number));
        }
        Ok(Value::Number(Number::from(value)))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Err(self.refuse(Fault::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                return Err(self.refuse(Fault::Duplicate));
            }
            let value = members.next_value_seed(inner)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<Fault> {
        parse(text.as_bytes()).err()
    }

    #[test]
    fn a_plain_record_is_read_as_it_stands() {
        let text = r#"{"a":[1,-9007199254740992,null,true],"b":{"c":"一\ud83d\ude00"}}"#;
        let parsed = Value::Object(parse(text.as_bytes()).unwrap());
        assert_eq!(parsed, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_member_twice_is_refused_at_every_level_even_when_written_differently() {
        assert_eq!(fault(r#"{"a":1,"a":1}"#), Some(Fault::Duplicate));
        assert_eq!(fault(r#"{"x":[{"a":1,"\u0061":2}]}"#), Some(Fault::Duplicate));
    }

    #[test]
    fn numbers_are_integers_that_every_reader_holds_exactly() {
        for text in ["9007199254740993", "-9007199254740993", "1.0", "1e3", "-0"] {
            assert_eq!(fault(&format!(r#"{{"a":{text}}}"#)), Some(Fault::Number), "{text}");
        }
    }

    #[test]
    fn seven_levels_are_too_deep_and_six_are_not() {
        let nested =
            |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        assert_eq!(fault(&nested(6)), None);
        assert_eq!(fault(&nested(7)), Some(Fault::Depth));
        assert_eq!(
            fault(&format!(r#"{{"a":{}{}}}"#, "[".repeat(8000), "]".repeat(8000))),
            Some(Fault::Depth)
        );
    }

    #[test]
    fn what_is_not_one_json_object_in_utf8_is_refused() {
        for text in
            ["", "[]", "1", "{}{}", "{} x", "\u{feff}{}", r#"{"a":"\ud800"}"#, r#"{"a":1,}"#]
        {
            assert_eq!(fault(text), Some(Fault::Json), "{text}");
        }
        assert_eq!(parse(b"{\"a\":\"\xff\"}").err(), Some(Fault::Json));
    }

    #[test]
    fn one_byte_over_sixteen_kibibytes_is_too_long() {
        let fits = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_BYTES - 8));
        assert_eq!((fits.len(), fault(&fits)), (MAX_BYTES, None));
        assert_eq!(fault(&format!("{fits} ")), Some(Fault::Size));
    }
}
