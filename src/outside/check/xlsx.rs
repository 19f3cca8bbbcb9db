//! Workbooks, read row by row. What all sheets share, their texts, is held in memory by the format.

use std::io::{Read, Seek};
use std::sync::Arc;

use calamine::{DataRef, Reader as _, Xlsx, XlsxCellReader, XlsxError};

use super::Unusable;
use super::cells::{Cell, Cells, Layout, Row};
use super::mapping::Mapping;
use super::source::{Piece, Records, Source};

/// Rows of one piece.
const PIECE: usize = 512;
/// The last column that a sheet may have.
const COLUMNS: usize = 16_384;

/// Opens a workbook.
///
/// # Errors
///
/// [`Unusable::Form`] if it is none.
pub(super) fn open<R: Read + Seek>(name: &str, input: R) -> Result<Xlsx<R>, Unusable> {
    Xlsx::new(input).map_err(|cause| unreadable(name, &cause))
}

/// What was read of the next row.
#[derive(Default)]
struct Ahead {
    /// Its first cell: row, column, value.
    cell: Option<(u32, u32, Cell)>,
    /// There is nothing more; the reader must not be asked again.
    ended: bool,
}

/// The rows of one sheet.
pub(super) struct Sheet<'a, R: Read + Seek> {
    name: String,
    cells: XlsxCellReader<'a, R>,
    layout: Arc<Layout>,
    ahead: Ahead,
    index: u64,
}

/// Says what hinders, and no value of a cell.
fn unreadable(name: &str, cause: &XlsxError) -> Unusable {
    let what = match cause {
        XlsxError::WorksheetNotFound(sheet) => format!("the workbook has no sheet {sheet:?}"),
        XlsxError::Password => "the workbook is locked with a password".to_owned(),
        _ => "this is no workbook that can be read".to_owned(),
    };
    Unusable::Form(name.to_owned(), what)
}

impl<'a, R: Read + Seek> Sheet<'a, R> {
    /// Reads the head of the sheet that the mapping names, or of the first.
    ///
    /// # Errors
    ///
    /// [`Unusable`] if there is no such sheet, or columns are missing.
    pub(super) fn open(
        name: String,
        book: &'a mut Xlsx<R>,
        mapping: Arc<Mapping>,
    ) -> Result<Sheet<'a, R>, Unusable> {
        let sheet = mapping.sheet.clone().or_else(|| book.sheet_names().into_iter().next());
        let cells = book.worksheet_cells_reader(&sheet.unwrap_or_default());
        let mut cells = cells.map_err(|cause| unreadable(&name, &cause))?;
        let mut ahead = Ahead::default();
        let head = row(&name, &mut cells, &mut ahead)?.map(|(_, cells)| cells).unwrap_or_default();
        let head: Vec<String> = head.into_iter().map(Cell::into_text).collect();
        let layout = Arc::new(Layout::of(&name, mapping, &head)?);
        Ok(Sheet { name, cells, layout, ahead, index: 0 })
    }
}

/// The number of the next row that is not blank, and its cells.
fn row<R: Read + Seek>(
    name: &str,
    reader: &mut XlsxCellReader<'_, R>,
    ahead: &mut Ahead,
) -> Result<Option<(u64, Vec<Cell>)>, Unusable> {
    let mut current: Option<(u32, Vec<Cell>)> = None;
    loop {
        let next = match ahead.cell.take() {
            Some(cell) => Some(cell),
            None if ahead.ended => None,
            None => next_cell(name, reader)?,
        };
        let Some((number, column, cell)) = next else {
            ahead.ended = true;
            break;
        };
        if current.as_ref().is_some_and(|(own, _)| *own != number) {
            ahead.cell = Some((number, column, cell));
            break;
        }
        let (_, cells) = current.get_or_insert_with(|| (number, Vec::new()));
        let place = usize::try_from(column).unwrap_or(COLUMNS);
        if place < COLUMNS {
            cells.resize(cells.len().max(place + 1), Cell::Blank);
            cells[place] = cell;
        }
    }
    Ok(current.map(|(number, cells)| (u64::from(number) + 1, cells)))
}

/// Row and column from 0 and value of the next cell that is not blank.
fn next_cell<R: Read + Seek>(
    name: &str,
    reader: &mut XlsxCellReader<'_, R>,
) -> Result<Option<(u32, u32, Cell)>, Unusable> {
    loop {
        let next = reader.next_cell().map_err(|cause| unreadable(name, &cause))?;
        let Some(found) = next else { return Ok(None) };
        let (row, column) = found.get_position();
        match cell_of(found.get_value()) {
            Cell::Blank => {}
            cell => return Ok(Some((row, column, cell))),
        }
    }
}

fn cell_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Blank,
        DataRef::Int(number) => Cell::Integer(*number),
        DataRef::Float(number) => match format!("{number:.0}").parse() {
            Ok(whole) if number.fract() == 0.0 => Cell::Integer(whole),
            _ => Cell::Text(number.to_string()),
        },
        DataRef::String(text) => Cell::text(text.clone()),
        DataRef::SharedString(text) => Cell::text((*text).to_owned()),
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(moment) => {
            let (y, mo, d, h, mi, s, milli) = moment.to_ymd_hms_milli();
            // A time that a formula gave may lie half a thousandth before the full second.
            let s = s + u8::from(milli >= 500 && s < 59);
            Cell::Moment(format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}"))
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text.clone()),
        DataRef::Error(error) => Cell::Text(error.to_string()),
    }
}

impl<R: Read + Seek> Source for Sheet<'_, R> {
    fn next(&mut self) -> Result<Option<Piece>, Unusable> {
        let mut rows = Vec::new();
        while rows.len() < PIECE {
            let Some((line, cells)) = row(&self.name, &mut self.cells, &mut self.ahead)? else {
                break;
            };
            rows.push(Row { line, index: self.index, cells: Cells::Typed(cells) });
            self.index += 1;
        }
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some(Piece { records: Records::Rows(rows, Arc::clone(&self.layout)), bytes: 0 }))
    }
}
