//! JSON for hostile input: what two parsers could read differently is refused.
//!
//! Refused are duplicate members, nesting deeper than six, numbers beyond ±2^53, a byte order
//! mark, lone surrogates, invalid UTF-8 and anything after the value (RFC 8259, RFC 7493).

use serde::Deserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The deepest nesting that is read: the outermost object or array counts as one.
pub const MAX_DEPTH: u8 = 6;

/// The largest magnitude that every JSON reader keeps exact (RFC 7493, section 2.2).
const MAX_EXACT: u64 = 1 << 53;

/// Why a text was refused. The message names the place, never the content.
#[derive(Debug, thiserror::Error)]
#[error("not strict JSON of the expected shape")]
pub struct StrictJsonError(#[source] serde_json::Error);

/// The value that `bytes` stand for.
///
/// # Errors
///
/// [`StrictJsonError`] for everything that the head of this file lists.
pub fn value(bytes: &[u8]) -> Result<Value, StrictJsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer).map_err(StrictJsonError)?;
    deserializer.end().map_err(StrictJsonError)?;
    Ok(value)
}

/// Like [`value`], and shaped as `T`. Types that deny unknown members refuse those too.
///
/// # Errors
///
/// [`StrictJsonError`], also where the shape is another.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StrictJsonError> {
    serde_json::from_value(value(bytes)?).map_err(StrictJsonError)
}

/// The one encoding of a value: members sorted by name, no spaces, UTF-8.
///
/// Names are compared as bytes; those of Chayan's formats are ASCII, where this is the order of
/// RFC 8785.
#[must_use]
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text.into_bytes()
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            text.push('{');
            for (place, name) in names.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(&members[name], text);
            }
            text.push('}');
        }
        Value::Array(elements) => {
            text.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(element, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// Reads a value `depth` levels below the outermost one.
#[derive(Clone, Copy)]
struct Strict {
    depth: u8,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Strict, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        Ok(Strict { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("strict JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_EXACT {
            return Err(E::custom("number beyond 2^53"));
        }
        Ok(Value::from(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_EXACT {
            return Err(E::custom("number beyond 2^53"));
        }
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        match Number::from_f64(value) {
            Some(number) if value.abs() <= LIMIT => Ok(Value::Number(number)),
            _ => Err(E::custom("number beyond 2^53")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element_seed(deeper)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom("duplicate member"));
            }
            let value = map.next_value_seed(deeper)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_readers_disagree_about_is_refused() {
        let refused: [&[u8]; 15] = [
            br#"{"a":1,"a":1}"#,
            br#"{"a":{"b":1,"b":2}}"#,
            br#"{"a":1,"\u0061":2}"#,
            b"[[[[[[[1]]]]]]]",
            br#"{"a":9007199254740993}"#,
            br#"{"a":-9007199254740993}"#,
            br#"{"a":18446744073709551616}"#,
            br#"{"a":1e400}"#,
            br#"{"a":1e17}"#,
            b"\xef\xbb\xbf{}",
            br#"{"a":"\ud800"}"#,
            b"{\"a\":\"\xff\"}",
            b"{} {}",
            b"{\"a\":NaN}",
            b"",
        ];
        for text in refused {
            assert!(value(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn ordinary_json_is_read() {
        let text =
            br#" {"a":[[[[[1]]]]],"b":9007199254740992,"c":-1.5,"d":"\ud83d\ude00","e":null} "#;
        let read = value(text).unwrap();
        assert_eq!(read["b"], json!(9_007_199_254_740_992_u64));
        assert_eq!(read["d"], json!("😀"));
    }

    #[test]
    fn the_canonical_text_is_sorted_and_tight() {
        let value = json!({ "b": [1, { "z": null, "y": "é\"\n" }], "a": true, "B": -2 });
        let text = canonical(&value);
        assert_eq!(
            text,
            "{\"B\":-2,\"a\":true,\"b\":[1,{\"y\":\"é\\\"\\n\",\"z\":null}]}".as_bytes()
        );
        assert_eq!(canonical(&super::value(&text).unwrap()), text);
    }

    #[test]
    fn a_shape_refuses_other_types_and_members() {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Shape {
            at: i64,
        }
        assert_eq!(parse::<Shape>(br#"{"at":3}"#).unwrap().at, 3);
        for text in [r#"{"at":"3"}"#, r#"{"at":3.0}"#, r#"{"at":3,"on":1}"#, "{}", r#"{"at":[3]}"#]
        {
            assert!(parse::<Shape>(text.as_bytes()).is_err(), "{text}");
        }
    }
}
