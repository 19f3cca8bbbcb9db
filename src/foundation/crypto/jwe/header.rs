//! The header of a sealed record, read in one pass and without a tree.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{ALG, Code, ENC, Fault, MAX_KID, TYP};
use crate::foundation::crypto::b64u;
use crate::foundation::crypto::sealing::on_curve;

/// The members that later steps need; `None` where one is absent or wrong, and a fault says so.
#[derive(Debug, Default)]
pub(super) struct RawHeader<'a> {
    pub(super) kid: Option<Cow<'a, str>>,
    epk: Epk<'a>,
    pc: Option<Value<'a>>,
}

/// The coordinates of the ephemeral key.
#[derive(Debug, Default)]
struct Epk<'a> {
    x: Option<Value<'a>>,
    y: Option<Value<'a>>,
}

/// 32 bytes, and where in the header their text stands; `None` where it holds an escape.
#[derive(Debug)]
struct Value<'a> {
    bytes: [u8; 32],
    text: Option<&'a str>,
}

impl<'a> Value<'a> {
    fn of(text: &Text<'a>) -> Option<Value<'a>> {
        let bytes = b64u::decode_public_array(text.as_str())?;
        let text = match text.0 {
            Some(Cow::Borrowed(text)) => Some(text),
            _ => None,
        };
        Some(Value { bytes, text })
    }
}

impl<'a> RawHeader<'a> {
    /// Reads the decoded header and adds what is wrong with its members to `faults`.
    ///
    /// `None` where `text` is not one JSON object.
    pub(super) fn parse(text: &'a [u8], faults: &mut Vec<Fault>) -> Option<RawHeader<'a>> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let header = deserializer.deserialize_map(HeaderVisitor { faults }).ok()?;
        deserializer.end().ok()?;
        Some(header)
    }

    /// The ephemeral key's coordinates, where both are known.
    pub(super) fn point(&self) -> Option<([u8; 32], [u8; 32])> {
        Some((self.epk.x.as_ref()?.bytes, self.epk.y.as_ref()?.bytes))
    }

    /// The commitment to the plaintext, where it is known.
    pub(super) fn pc(&self) -> Option<[u8; 32]> {
        Some(self.pc.as_ref()?.bytes)
    }

    /// Where the texts of `x`, `y` and `pc` begin in `text`, which this header was read from.
    pub(super) fn places(&self, text: &[u8]) -> Option<[usize; 3]> {
        let place = |value: &Option<Value<'_>>| {
            let within = value.as_ref()?.text?;
            within.as_ptr().addr().checked_sub(text.as_ptr().addr())
        };
        Some([place(&self.epk.x)?, place(&self.epk.y)?, place(&self.pc)?])
    }
}

/// Which members an object has had so far, in the order of its list of names.
struct Members<'a> {
    names: &'static [&'static str],
    prefix: &'static str,
    code: Code,
    seen: u8,
    faults: &'a mut Vec<Fault>,
}

impl Members<'_> {
    /// The place of `name` in the list, if it is known and has not been here before.
    fn take(&mut self, name: &str) -> Option<usize> {
        let place = self.names.iter().position(|known| *known == name);
        let Some(place) = place.filter(|place| self.seen & (1 << place) == 0) else {
            let pointer = format!("{}{}", self.prefix, pointer_to(name));
            self.faults.push(Fault::at(self.code, pointer));
            return None;
        };
        self.seen |= 1 << place;
        Some(place)
    }

    /// Says what is wrong with the member `name`.
    fn wrong(&mut self, code: Code, name: &str) {
        self.faults.push(Fault::at(code, format!("{}/{name}", self.prefix)));
    }

    /// The names that never came.
    fn absent(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (names, seen) = (self.names, self.seen);
        names.iter().enumerate().filter(move |(at, _)| seen & (1 << at) == 0).map(|(_, name)| *name)
    }
}

/// The pointer to a refused member. A name that does not look like one of JOSE is not repeated:
/// it may be anything, and answers hold no content.
fn pointer_to(name: &str) -> String {
    let plain = (1..=16).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase());
    if plain || matches!(name, "p2c" | "p2s" | "b64" | "x5t#S256") {
        format!("/{name}")
    } else {
        String::new()
    }
}

struct HeaderVisitor<'f> {
    faults: &'f mut Vec<Fault>,
}

impl<'de> Visitor<'de> for HeaderVisitor<'_> {
    type Value = RawHeader<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawHeader<'de>, A::Error> {
        let mut members = Members {
            names: &["alg", "enc", "kid", "epk", "typ", "pc"],
            prefix: "/protected",
            code: Code::HeaderMember,
            seen: 0,
            faults: self.faults,
        };
        let mut header = RawHeader::default();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            let Some(place) = members.take(name.as_str()) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            match place {
                0 => constant(&map.next_value()?, ALG, Code::Alg, "alg", &mut members),
                1 => constant(&map.next_value()?, ENC, Code::Enc, "enc", &mut members),
                2 => match map.next_value::<Text<'de>>()? {
                    Text(Some(kid)) if is_kid(&kid) => header.kid = Some(kid),
                    _ => members.wrong(Code::Kid, "kid"),
                },
                3 => header.epk = map.next_value_seed(EpkSeed { faults: members.faults })?,
                4 => constant(&map.next_value()?, TYP, Code::Typ, "typ", &mut members),
                _ => {
                    header.pc = Value::of(&map.next_value()?);
                    if header.pc.is_none() {
                        members.wrong(Code::Pc, "pc");
                    }
                }
            }
        }
        for name in members.absent() {
            let code = match name {
                "alg" => Code::Alg,
                "enc" => Code::Enc,
                "kid" => Code::Kid,
                "epk" => Code::Epk,
                "typ" => Code::Typ,
                _ => Code::Pc,
            };
            members.wrong(code, name);
        }
        Ok(header)
    }
}

fn constant(text: &Text<'_>, expected: &str, code: Code, name: &str, members: &mut Members<'_>) {
    if text.as_str() != expected {
        members.wrong(code, name);
    }
}

/// Whether `kid` has the form of a key id: at most 64 of `[A-Za-z0-9_-]`.
fn is_kid(kid: &str) -> bool {
    (1..=MAX_KID).contains(&kid.len())
        && kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

struct EpkSeed<'f> {
    faults: &'f mut Vec<Fault>,
}

impl<'de> DeserializeSeed<'de> for EpkSeed<'_> {
    type Value = Epk<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Epk<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EpkSeed<'_> {
    type Value = Epk<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ephemeral public key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Epk<'de>, A::Error> {
        let before = self.faults.len();
        let mut members = Members {
            names: &["kty", "crv", "x", "y"],
            prefix: "/protected/epk",
            code: Code::Epk,
            seen: 0,
            faults: self.faults,
        };
        let mut epk = Epk::default();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            let Some(place) = members.take(name.as_str()) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let text = map.next_value::<Text<'de>>()?;
            match place {
                0 => constant(&text, "EC", Code::Epk, "kty", &mut members),
                1 => constant(&text, "P-256", Code::Epk, "crv", &mut members),
                2 => epk.x = coordinate(&text, "x", &mut members),
                _ => epk.y = coordinate(&text, "y", &mut members),
            }
        }
        for name in members.absent() {
            members.wrong(Code::Epk, name);
        }
        if let (Some(x), Some(y), true) = (&epk.x, &epk.y, self.faults.len() == before)
            && !on_curve(&x.bytes, &y.bytes)
        {
            self.faults.push(Fault::at(Code::Epk, "/protected/epk"));
        }
        Ok(epk)
    }

    fn visit_str<E>(self, _: &str) -> Result<Epk<'de>, E> {
        Ok(self.not_an_object())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Epk<'de>, E> {
        Ok(self.not_an_object())
    }

    fn visit_unit<E>(self) -> Result<Epk<'de>, E> {
        Ok(self.not_an_object())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Epk<'de>, E> {
        Ok(self.not_an_object())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Epk<'de>, E> {
        Ok(self.not_an_object())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Epk<'de>, E> {
        Ok(self.not_an_object())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Epk<'de>, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.not_an_object())
    }
}

impl EpkSeed<'_> {
    fn not_an_object<'a>(self) -> Epk<'a> {
        self.faults.push(Fault::at(Code::Epk, "/protected/epk"));
        Epk::default()
    }
}

fn coordinate<'a>(text: &Text<'a>, name: &str, members: &mut Members<'_>) -> Option<Value<'a>> {
    let value = Value::of(text);
    if value.is_none() {
        members.wrong(Code::Epk, name);
    }
    value
}

/// A text, borrowed where it holds no escape; nothing where the value is of another type.
struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text; empty where the value is of another type, which no member may be.
    fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Text<'de>, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}
