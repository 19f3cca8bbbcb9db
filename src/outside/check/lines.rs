//! One record a line, cut into pieces of whole lines.

use std::io::{ErrorKind, Read};

use super::Unusable;
use super::source::{KEPT, Piece, Records, Source};

/// Bytes that are read for one piece.
const PIECE: usize = 256 * 1024;

/// The lines of a reader.
pub(super) struct Lines<R> {
    name: String,
    input: R,
    /// The number of the next line.
    line: u64,
    /// The beginning of a line whose end was not read yet.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> Lines<R> {
    /// The lines of `input`, which errors call `name`.
    pub(super) const fn new(name: String, input: R) -> Lines<R> {
        Lines { name, input, line: 1, rest: Vec::new(), ended: false }
    }

    /// Reads until `text` has a piece; returns how many bytes were read.
    fn fill(&mut self, text: &mut Vec<u8>) -> Result<usize, Unusable> {
        let mut held = text.len();
        let before = held;
        text.resize(held + PIECE, 0);
        while held < text.len() {
            match self.input.read(&mut text[held..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => held += read,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => return Err(Unusable::Input(self.name.clone(), cause)),
            }
        }
        text.truncate(held);
        Ok(held - before)
    }
}

impl<R: Read> Source for Lines<R> {
    fn next(&mut self) -> Result<Option<Piece>, Unusable> {
        let mut text = std::mem::take(&mut self.rest);
        let mut bytes = 0;
        let end = loop {
            bytes += self.fill(&mut text)?;
            match text.iter().rposition(|&byte| byte == b'\n') {
                Some(end) => break end,
                None if self.ended => break text.len(),
                // A line longer than a piece: what is kept of it is still too long for a record.
                None => text.truncate(KEPT),
            }
        };
        if self.ended {
            if text.is_empty() {
                return Ok(None);
            }
        } else {
            self.rest = text.split_off(end + 1);
            text.truncate(end);
        }
        let first = self.line;
        let breaks = text.iter().filter(|&&byte| byte == b'\n').count();
        self.line += u64::try_from(breaks).unwrap_or(0) + 1;
        let bytes = u64::try_from(bytes).unwrap_or(0);
        Ok(Some(Piece { records: Records::Lines(first, text), bytes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte more each time, as a slow pipe may.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.1 += 1;
            let n = self.1.min(into.len()).min(self.0.len());
            into[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn read(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut lines = Lines::new("x".to_owned(), Slow(text, 0));
        let mut found = Vec::new();
        while let Some(piece) = lines.next().unwrap() {
            piece.each(|number, line| found.push((number, line.to_vec())));
        }
        found
    }

    #[test]
    fn lines_keep_their_numbers_across_blanks_carriage_returns_and_a_missing_end() {
        let line = |number, text: &str| (number, text.as_bytes().to_vec());
        assert_eq!(
            read(b"{1}\r\n\n  \n{4}\n{5}"),
            [line(1, "{1}"), line(4, "{4}"), line(5, "{5}")]
        );
        assert_eq!(read(b""), []);
        assert_eq!(read(b"\n\n"), []);
    }

    #[test]
    fn a_line_longer_than_a_piece_is_one_line_that_is_too_long() {
        let text = [b"a\n".as_slice(), &vec![b'x'; 3 * PIECE + 7], b"\nb\n"].concat();
        let found = read(&text);
        assert_eq!(found.len(), 3);
        assert!(found[1].1.len() > 16 * 1024 && found[1].0 == 2);
        assert_eq!(found[2], (3, b"b".to_vec()));
    }

    #[test]
    fn lines_across_pieces_are_whole() {
        let text: String = (1..=50_000).map(|n| format!("line {n:06}\n")).collect();
        let found = read(text.as_bytes());
        assert_eq!(found.len(), 50_000);
        for (at, (number, line)) in (1..).zip(&found) {
            assert_eq!((*number, line.as_slice()), (at, format!("line {at:06}").as_bytes()));
        }
    }
}
