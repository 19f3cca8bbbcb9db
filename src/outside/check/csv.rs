//! CSV files, read row by row; cells are decoded where they are judged.
//!
//! Comma and quotation mark are never the second byte of a character in GB 18030, so rows can be
//! told apart before anything is decoded.

use std::io::{Chain, Read};
use std::sync::Arc;

use ::csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use super::Unusable;
use super::cells::{Cells, Layout, Row};
use super::mapping::Mapping;
use super::source::{Piece, Records, Source};

/// Rows of one piece.
const PIECE: usize = 512;
/// The longest row, in bytes. A quotation mark that is never closed would make one of a whole file.
const LONGEST: usize = 1024 * 1024;

/// A reader that gives no more than it is allowed to.
struct Metered<R> {
    input: R,
    left: usize,
    read: u64,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Err(std::io::Error::other(
                "a row is longer than 1 MiB; perhaps a quotation mark is not closed",
            ));
        }
        let room = into.len().min(self.left);
        let read = self.input.read(&mut into[..room])?;
        self.left -= read;
        self.read += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}

/// The rows of a CSV file.
pub(super) struct Table<R> {
    name: String,
    reader: Reader<Metered<Chain<R, &'static [u8]>>>,
    layout: Arc<Layout>,
    index: u64,
}

impl<R: Read> Table<R> {
    /// Reads the head of the table.
    ///
    /// # Errors
    ///
    /// [`Unusable`] if it cannot be read, is not of the mapping's character set, or lacks columns.
    pub(super) fn open(
        name: String,
        input: R,
        mapping: Arc<Mapping>,
    ) -> Result<Table<R>, Unusable> {
        // Every row ends in a line feed, so that its line can be told from where it ends.
        let input = input.chain(b"\n".as_slice());
        let metered = Metered { input, left: LONGEST, read: 0 };
        let mut builder = ReaderBuilder::new();
        builder.flexible(true).terminator(Terminator::Any(b'\n'));
        let mut reader = builder.from_reader(metered);
        let head = reader.byte_headers().map_err(|cause| unreadable(&name, cause))?;
        let texts = head.iter().map(|cell| mapping.encoding.decode(cell));
        let Some(mut head) = texts.collect::<Option<Vec<String>>>() else {
            let what = "the head is no text in the character set of the mapping; a file saved by \
                        Excel in China may need encoding = \"gb18030\" there";
            return Err(Unusable::Form(name, what.to_owned()));
        };
        if let Some(first) = head.first_mut().filter(|first| first.starts_with('\u{feff}')) {
            *first = first.trim_start_matches('\u{feff}').trim_matches('"').to_owned();
        }
        let layout = Arc::new(Layout::of(&name, mapping, &head)?);
        Ok(Table { name, reader, layout, index: 0 })
    }
}

fn unreadable(name: &str, cause: ::csv::Error) -> Unusable {
    match cause.into_kind() {
        ::csv::ErrorKind::Io(cause) => Unusable::Input(name.to_owned(), cause),
        _ => Unusable::Form(name.to_owned(), "this is no CSV".to_owned()),
    }
}

impl<R: Read> Source for Table<R> {
    fn next(&mut self) -> Result<Option<Piece>, Unusable> {
        let before = self.reader.get_ref().read;
        let mut rows = Vec::new();
        while rows.len() < PIECE {
            self.reader.get_mut().left = LONGEST;
            let mut cells = ByteRecord::new();
            let read = self.reader.read_byte_record(&mut cells);
            if !read.map_err(|cause| unreadable(&self.name, cause))? {
                break;
            }
            if cells.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
                continue;
            }
            let inside = cells.as_slice().iter().filter(|&&byte| byte == b'\n').count();
            let lines = u64::try_from(inside).unwrap_or(0) + 1;
            let line = self.reader.position().line().saturating_sub(lines);
            rows.push(Row { line, index: self.index, cells: Cells::Bytes(cells) });
            self.index += 1;
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let bytes = self.reader.get_ref().read - before;
        Ok(Some(Piece { records: Records::Rows(rows, Arc::clone(&self.layout)), bytes }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MAPPING: &str = "[[column]]\nheader = '房号'\nmember = 'room'\n[[column]]\n\
        header = '人数'\nmember = 'guests'\ntype = 'integer'\n[fill]\nfirst_seq = 7\n";

    fn read(text: &[u8], mapping: &str) -> Result<Vec<(u64, Value)>, String> {
        let mapping = Arc::new(Mapping::parse(mapping).unwrap());
        let mut table =
            Table::open("x.csv".to_owned(), text, mapping).map_err(|e| e.to_string())?;
        let mut found = Vec::new();
        while let Some(piece) = table.next().map_err(|e| e.to_string())? {
            piece.each(|line, record| {
                found.push((line, serde_json::from_slice(record).unwrap_or(Value::Null)));
            });
        }
        Ok(found)
    }

    #[test]
    fn rows_become_records_with_and_without_a_byte_order_mark() {
        let text = "房号,备注,人数\n0806,\"一\n二\",2\n,,\n0807,,\n";
        let expected = vec![
            (2, json!({"room": "0806", "guests": 2, "seq": 7})),
            (5, json!({"room": "0807", "seq": 8})),
        ];
        assert_eq!(read(text.as_bytes(), MAPPING).unwrap(), expected);
        assert_eq!(read(format!("\u{feff}{text}").as_bytes(), MAPPING).unwrap(), expected);
        let windows = text.trim_end().replace('\n', "\r\n");
        assert_eq!(read(windows.as_bytes(), MAPPING).unwrap(), expected);
        let quoted = text.replacen("房号", "\"房号\"", 1);
        assert_eq!(read(format!("\u{feff}{quoted}").as_bytes(), MAPPING).unwrap(), expected);
    }

    #[test]
    fn a_file_in_gbk_is_read_where_the_mapping_says_so_and_refused_where_it_does_not() {
        let (bytes, _, _) = encoding_rs::GB18030.encode("房号,人数\n凤凰厅,2\n");
        let mapping = format!("encoding = 'gbk'\n{MAPPING}");
        let record = json!({"room": "凤凰厅", "guests": 2, "seq": 7});
        assert_eq!(read(&bytes, &mapping).unwrap(), [(2, record)]);
        assert!(read(&bytes, MAPPING).unwrap_err().contains("encoding = \"gb18030\""));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_no_record_and_the_others_are() {
        let bytes = ["房号,人数\n".as_bytes(), b"\xff\xff,1\n0806,1,x,y\n0807,1\n"].concat();
        let found = read(&bytes, MAPPING).unwrap();
        let numbers: Vec<_> =
            found.iter().map(|(line, record)| (*line, record.is_null())).collect();
        assert_eq!(numbers, [(2, true), (3, true), (4, false)]);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_ends_the_check() {
        let text = format!("房号,人数\n\"0806,{}", "x,1\n".repeat(LONGEST));
        assert!(read(text.as_bytes(), MAPPING).unwrap_err().contains("quotation mark"));
    }

    #[test]
    fn every_missing_column_is_named() {
        let said = read("房间,人数,人数\n".as_bytes(), MAPPING).unwrap_err();
        assert_eq!(said, "x.csv: has no column 房号, has two columns 人数");
    }
}
