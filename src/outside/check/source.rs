//! Pieces of a file: what one thread judges at a time.

use std::sync::Arc;

use super::Unusable;
use super::cells::{Layout, Row};

/// Where records come from, a piece at a time.
pub(super) trait Source {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> Result<Option<Piece>, Unusable>;
}

/// Some records that follow one another.
pub(super) struct Piece {
    /// The records.
    pub(super) records: Records,
    /// Bytes of the file that were read for it, for the progress bar.
    pub(super) bytes: u64,
}

/// Records as their file has them.
pub(super) enum Records {
    /// Whole lines of text; the number of the first.
    Lines(u64, Vec<u8>),
    /// Exact bytes of JSON values, each with the line that it begins on.
    Values(Vec<(u64, Vec<u8>)>),
    /// Rows of a table.
    Rows(Vec<Row>, Arc<Layout>),
}

/// The longest part of a record that is kept, in bytes: more is too long for any pack.
pub(super) const KEPT: usize = 16 * 1024 + 2;

impl Piece {
    /// Hands the line and the exact plaintext of each record to `judge`.
    pub(super) fn each(&self, mut judge: impl FnMut(u64, &[u8])) {
        match &self.records {
            Records::Lines(first, text) => {
                for (number, line) in (*first..).zip(text.split(|&byte| byte == b'\n')) {
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    if !line.iter().all(u8::is_ascii_whitespace) {
                        judge(number, line);
                    }
                }
            }
            Records::Values(values) => values.iter().for_each(|(line, value)| judge(*line, value)),
            Records::Rows(rows, layout) => {
                rows.iter().for_each(|row| judge(row.line, &layout.record(row)));
            }
        }
    }
}
