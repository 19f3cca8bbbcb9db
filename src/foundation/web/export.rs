//! Tables that leave the console as files: CSV for a spreadsheet, a workbook, JSON for a program.
//!
//! A cell of text is never a formula: in a workbook it is written as text, in CSV one that a
//! spreadsheet would take for a formula gets an apostrophe before it.

use std::collections::VecDeque;
use std::future::Future;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use futures_util::{Stream, StreamExt as _, stream};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::{Map, Value};

use crate::foundation::db::text_enum;
use crate::foundation::problem::Problem;

/// A file has at most so many rows; what is beyond is left out, and the file says so.
pub const MOST_ROWS: usize = 50_000;

text_enum! {
    /// The form of a file.
    pub enum FileForm {
        /// Comma-separated values in UTF-8 with a byte-order mark.
        Csv = "csv",
        /// A workbook of one sheet.
        Xlsx = "xlsx",
        /// An object with `rows`; if rows were left out, also `truncated` and an empty `rest`.
        Json = "json",
    }
}

impl FileForm {
    const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
        }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Nothing.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A row of a table.
pub type Row = Vec<Cell>;

/// What a file is called and what stands above its columns.
pub struct Sheet {
    /// The name of the file, ASCII, without its ending.
    pub name: String,
    /// The columns: the name in JSON, and the heading for people.
    pub columns: Vec<(&'static str, String)>,
    /// What a file says in which rows were left out.
    pub truncated: String,
}

/// A table that is read page by page.
pub trait Rows: Sized + Send + 'static {
    /// The next rows and what comes after them; no rows at the end.
    fn next(self) -> impl Future<Output = Result<(Vec<Row>, Self), Problem>>;
}

/// Sends `rows` as a file. CSV and JSON leave while they are read; a workbook is made in memory.
///
/// # Errors
///
/// Those of reading the first page, or of the whole table for a workbook. What fails later breaks
/// the answer off.
pub async fn export(
    form: FileForm,
    sheet: Sheet,
    rows: impl Rows,
) -> Result<HttpResponse, Problem> {
    let (first, rest) = rows.next().await?;
    let name = format!("attachment; filename=\"{}.{form}\"", sheet.name);
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(form.media())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    let table = Table { next: first.into(), rest: Some(rest), given: 0, ended: false };
    match form {
        FileForm::Csv => {
            let head = csv_line(&titles(&sheet));
            let head = [b"\xEF\xBB\xBF".to_vec(), head].concat();
            let body = lines(table).map(move |line| match line {
                Ok(Line::Row(row)) => Ok(csv_line(&row)),
                Ok(Line::Truncated) => Ok(csv_line(&[Cell::from(sheet.truncated.as_str())])),
                Err(broken) => Err(broken),
            });
            Ok(answer.streaming(bytes(head, body, Vec::new())))
        }
        FileForm::Json => {
            let mut begun = false;
            let keys: Vec<&'static str> = sheet.columns.iter().map(|(key, _)| *key).collect();
            let body = lines(table).map(move |line| match line {
                Ok(Line::Row(row)) => {
                    let comma = if std::mem::replace(&mut begun, true) { ",\n" } else { "\n" };
                    Ok(format!("{comma}{}", object(&keys, row)).into_bytes())
                }
                Ok(Line::Truncated) => Ok(b"\n],\"truncated\":true,\"rest\":[".to_vec()),
                Err(broken) => Err(broken),
            });
            Ok(answer.streaming(bytes(b"{\"rows\":[".to_vec(), body, b"]}\n".to_vec())))
        }
        FileForm::Xlsx => {
            let lines: Vec<_> = lines(table).collect().await;
            let lines: Vec<Line> = lines.into_iter().collect::<Result<_, Problem>>()?;
            let made = web::block(move || workbook(&sheet, lines)).await.map_err(Problem::ours)?;
            Ok(answer.body(made.map_err(Problem::ours)?))
        }
    }
}

/// A table on its way out.
struct Table<R> {
    next: VecDeque<Row>,
    rest: Option<R>,
    given: usize,
    ended: bool,
}

/// A row, or the word that there would be more.
enum Line {
    Row(Row),
    Truncated,
}

/// The rows of a table up to the most that a file has.
fn lines<R: Rows>(table: Table<R>) -> impl Stream<Item = Result<Line, Problem>> {
    stream::unfold(table, |mut table| async move {
        if table.ended {
            return None;
        }
        while table.next.is_empty() {
            match table.rest.take()?.next().await {
                Ok((rows, _)) if rows.is_empty() => return None,
                Ok((rows, rest)) => {
                    table.next = rows.into();
                    table.rest = Some(rest);
                }
                Err(problem) => {
                    table.ended = true;
                    return Some((Err(problem), table));
                }
            }
        }
        if table.given == MOST_ROWS {
            table.ended = true;
            return Some((Ok(Line::Truncated), table));
        }
        table.given += 1;
        let row = table.next.pop_front()?;
        Some((Ok(Line::Row(row)), table))
    })
}

/// The bytes of a file: its head, its lines in pieces, its end.
fn bytes(
    head: Vec<u8>,
    body: impl Stream<Item = Result<Vec<u8>, Problem>> + 'static,
    end: Vec<u8>,
) -> impl Stream<Item = Result<web::Bytes, Problem>> {
    let once = |bytes: Vec<u8>| stream::once(async { Ok::<_, Problem>(bytes) });
    let whole = once(head).chain(body).chain(once(end));
    whole.ready_chunks(512).map(|pieces| {
        let pieces: Vec<Vec<u8>> = pieces.into_iter().collect::<Result<_, Problem>>()?;
        Ok(pieces.concat().into())
    })
}

fn titles(sheet: &Sheet) -> Row {
    sheet.columns.iter().map(|(_, title)| Cell::from(title.as_str())).collect()
}

/// A line of CSV as RFC 4180 has it.
fn csv_line(row: &[Cell]) -> Vec<u8> {
    let mut line = Vec::new();
    for (at, cell) in row.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        match cell {
            Cell::Empty => {}
            Cell::Number(number) => line.extend(number.to_string().bytes()),
            Cell::Text(text) => quote(&mut line, text),
        }
    }
    line.extend(b"\r\n");
    line
}

fn quote(line: &mut Vec<u8>, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let mark = if formula { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        line.extend(format!("\"{mark}{}\"", text.replace('"', "\"\"")).bytes());
    } else {
        line.extend(format!("{mark}{text}").bytes());
    }
}

fn object(keys: &[&'static str], row: Row) -> Value {
    let members = keys.iter().zip(row).map(|(key, cell)| {
        let value = match cell {
            Cell::Text(text) => text.into(),
            Cell::Number(number) => number.into(),
            Cell::Empty => Value::Null,
        };
        ((*key).to_owned(), value)
    });
    Value::Object(members.collect::<Map<String, Value>>())
}

fn workbook(sheet: &Sheet, lines: Vec<Line>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name("chayan")?;
    let bold = Format::new().set_bold();
    for (column, (_, title)) in (0..).zip(&sheet.columns) {
        page.write_string_with_format(0, column, title, &bold)?;
        page.set_column_width(column, 18)?;
    }
    page.set_freeze_panes(1, 0)?;
    for (row, line) in (1..).zip(lines) {
        let cells = match line {
            Line::Row(cells) => cells,
            Line::Truncated => vec![Cell::from(sheet.truncated.as_str())],
        };
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Text(text) => page.write_string(row, column, text)?,
                Cell::Number(number) => match exact(number) {
                    Some(number) => page.write_number(row, column, number)?,
                    None => page.write_string(row, column, number.to_string())?,
                },
                Cell::Empty => continue,
            };
        }
    }
    book.save_to_buffer()
}

/// The float of a number that a workbook can hold exactly.
fn exact(number: i64) -> Option<f64> {
    i32::try_from(number).ok().map(f64::from)
}

/// Rows that are at hand.
impl Rows for Vec<Row> {
    async fn next(self) -> Result<(Vec<Row>, Self), Problem> {
        Ok::<_, Problem>((self, Self::new()))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use calamine::{Data, Reader as _};

    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            name: "table".to_owned(),
            columns: vec![("name", "名称".to_owned()), ("count", "数".to_owned())],
            truncated: "cut off".to_owned(),
        }
    }

    async fn file(form: FileForm, rows: Vec<Row>) -> Vec<u8> {
        let answer = export(form, sheet(), rows).await.unwrap();
        to_bytes(answer.into_body()).await.ok().unwrap().to_vec()
    }

    #[actix_web::test]
    async fn a_cell_is_never_a_formula() {
        let bad = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a,\"b\""];
        let rows: Vec<Row> =
            bad.iter().map(|bad| vec![Cell::from(*bad), Cell::Number(-3)]).collect();
        let csv = file(FileForm::Csv, rows.clone()).await;
        let text = String::from_utf8(csv).unwrap();
        assert!(text.starts_with(
            "\u{feff}名称,数\r\n'=1+1,-3\r\n'+1,-3\r\n'-1,-3\r\n'@x,-3\r\n'\tx,-3\r\n"
        ));
        assert!(text.ends_with("\"'\rx\",-3\r\n\"a,\"\"b\"\"\",-3\r\n"), "{text:?}");
        let book = file(FileForm::Xlsx, rows).await;
        let mut book = calamine::Xlsx::new(std::io::Cursor::new(book)).unwrap();
        let range = book.worksheet_range("chayan").unwrap();
        assert_eq!(range.get_value((1, 0)), Some(&Data::String("=1+1".to_owned())));
        assert_eq!(range.get_value((1, 1)), Some(&Data::Float(-3.0)));
        assert!(book.worksheet_formula("chayan").unwrap().is_empty());
    }

    #[actix_web::test]
    async fn json_names_its_columns_and_an_empty_table_is_empty() {
        let rows =
            vec![vec![Cell::from("甲"), Cell::Number(1)], vec![Cell::from("乙"), Cell::Empty]];
        let json: Value = serde_json::from_slice(&file(FileForm::Json, rows).await).unwrap();
        let expected = serde_json::json!({"rows": [{"name": "甲", "count": 1}, {"name": "乙", "count": null}]});
        assert_eq!(json, expected);
        let none: Value = serde_json::from_slice(&file(FileForm::Json, vec![]).await).unwrap();
        assert_eq!(none, serde_json::json!({"rows": []}));
    }

    #[actix_web::test]
    async fn a_table_that_is_too_long_says_so() {
        let rows = vec![vec![Cell::Number(1), Cell::Empty]; MOST_ROWS + 1];
        let csv = file(FileForm::Csv, rows.clone()).await;
        let text = String::from_utf8(csv).unwrap();
        assert_eq!(text.lines().count(), MOST_ROWS + 2);
        assert!(text.ends_with("cut off\r\n"));
        let json: Value = serde_json::from_slice(&file(FileForm::Json, rows).await).unwrap();
        assert_eq!(json["rows"].as_array().map(Vec::len), Some(MOST_ROWS));
        assert_eq!(json["truncated"], serde_json::json!(true));
    }
}
