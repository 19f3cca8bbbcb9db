//! One JSON value, or a list of them, cut into the exact bytes of each record.
//!
//! Only brackets and strings are looked at; whether a record is sound JSON, the pack says.

use std::io::BufRead;

use super::Unusable;
use super::source::{KEPT, Piece, Records, Source};

/// Bytes of records after which a piece ends.
const PIECE: usize = 256 * 1024;

/// Where the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Before the first byte that counts.
    Start,
    /// Before a record of a list; `true`: the list may end here.
    Record(bool),
    /// After a record of a list.
    After,
    /// After the one record or the list.
    Ended,
}

/// The records of a JSON file.
pub(super) struct Json<R> {
    name: String,
    input: R,
    line: u64,
    stand: Stand,
    read: u64,
}

impl<R: BufRead> Json<R> {
    /// The records of `input`, which errors call `name`.
    pub(super) const fn new(name: String, input: R) -> Json<R> {
        Json { name, input, line: 1, stand: Stand::Start, read: 0 }
    }

    fn broken(&self, what: &str) -> Unusable {
        Unusable::Form(self.name.clone(), format!("line {}: {what}", self.line))
    }

    /// The next byte, which stays.
    fn peek(&mut self) -> Result<Option<u8>, Unusable> {
        let held = self.input.fill_buf();
        let held = held.map_err(|cause| Unusable::Input(self.name.clone(), cause))?;
        Ok(held.first().copied())
    }

    fn pass(&mut self, byte: u8) {
        self.input.consume(1);
        self.read += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// The next byte that is no blank, which stays.
    fn look(&mut self) -> Result<Option<u8>, Unusable> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.pass(byte);
        }
        Ok(None)
    }

    /// Reads one value to its end; of a longer one than a record may be, only the beginning.
    fn value(&mut self) -> Result<Vec<u8>, Unusable> {
        let (mut value, mut depth, mut quoted, mut escaped) = (Vec::new(), 0_u64, false, false);
        while let Some(byte) = self.peek()? {
            let outside = depth == 0 && !quoted;
            if outside && !value.is_empty() && matches!(byte, b',' | b']' | b'}') {
                return Ok(value);
            }
            self.pass(byte);
            if value.len() < KEPT {
                value.push(byte);
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(value);
                    }
                }
                _ => {}
            }
        }
        if depth > 0 || quoted {
            return Err(self.broken("the file ends inside a record"));
        }
        Ok(value)
    }

    /// The next record with its line.
    fn record(&mut self) -> Result<Option<(u64, Vec<u8>)>, Unusable> {
        loop {
            let Some(byte) = self.look()? else {
                return match self.stand {
                    Stand::Ended => Ok(None),
                    Stand::Start => Err(self.broken("the file is empty")),
                    _ => Err(self.broken("the list does not end")),
                };
            };
            match (self.stand, byte) {
                (Stand::Start, b'[') => {
                    self.pass(byte);
                    self.stand = Stand::Record(true);
                }
                (Stand::Record(true) | Stand::After, b']') => {
                    self.pass(byte);
                    self.stand = Stand::Ended;
                }
                (Stand::After, b',') => {
                    self.pass(byte);
                    self.stand = Stand::Record(false);
                }
                (Stand::Record(_), b',' | b']' | b'}') => {
                    return Err(self.broken("a record is missing"));
                }
                (Stand::Start, b'{') => {
                    self.stand = Stand::Ended;
                    return Ok(Some((self.line, self.value()?)));
                }
                (Stand::Record(_), _) => {
                    self.stand = Stand::After;
                    return Ok(Some((self.line, self.value()?)));
                }
                (Stand::Start, _) => return Err(self.broken("neither an object nor a list")),
                (Stand::After, _) => return Err(self.broken("a comma is missing")),
                (Stand::Ended, _) => {
                    return Err(self.broken("something follows; one record a line is .ndjson"));
                }
            }
        }
    }
}

impl<R: BufRead> Source for Json<R> {
    fn next(&mut self) -> Result<Option<Piece>, Unusable> {
        let (mut values, mut held, before) = (Vec::new(), 0, self.read);
        while held < PIECE {
            let Some((line, value)) = self.record()? else { break };
            // A scalar that takes no room counts too, so that a piece ends.
            held += value.len() + 32;
            values.push((line, value));
        }
        if values.is_empty() {
            return Ok(None);
        }
        Ok(Some(Piece { records: Records::Values(values), bytes: self.read - before }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u64, String)>, String> {
        let mut json = Json::new("x.json".to_owned(), text.as_bytes());
        let mut found = Vec::new();
        while let Some(piece) = json.next().map_err(|e| e.to_string())? {
            piece.each(|line, v| found.push((line, String::from_utf8(v.to_vec()).unwrap())));
        }
        Ok(found)
    }

    #[test]
    fn a_list_gives_the_exact_bytes_of_each_record_and_its_line() {
        let text = "[\n {\"a\": \"},]\\\"\"},\n\n{\"b\":[{}]} ,5 , \"x,\"]\n";
        let found = read(text).unwrap();
        let expected = [(2, "{\"a\": \"},]\\\"\"}"), (4, "{\"b\":[{}]}"), (4, "5 "), (4, "\"x,\"")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn one_object_is_one_record() {
        assert_eq!(read("\n{\"a\":1}\n").unwrap(), [(2, "{\"a\":1}".to_owned())]);
        assert_eq!(read("[]").unwrap(), []);
    }

    #[test]
    fn what_is_no_list_of_records_is_refused_with_its_line() {
        for (text, said) in [
            ("", "line 1: the file is empty"),
            ("\n7", "line 2: neither an object nor a list"),
            ("{}\n{}", "line 2: something follows; one record a line is .ndjson"),
            ("[{} {}]", "line 1: a comma is missing"),
            ("[{},]", "line 1: a record is missing"),
            ("[{}", "line 1: the list does not end"),
            ("[{\"a\": \"", "line 1: the file ends inside a record"),
        ] {
            assert_eq!(read(text).unwrap_err(), format!("x.json: {said}"), "{text}");
        }
    }

    #[test]
    fn of_a_record_that_never_ends_only_the_beginning_is_kept() {
        let found = read(&format!("[\"{}\",{{}}]", "x".repeat(1 << 20))).unwrap();
        assert_eq!((found[0].1.len(), found[1].1.as_str()), (KEPT, "{}"));
    }
}
