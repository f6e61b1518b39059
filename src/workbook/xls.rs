//! Excel 97-2003 workbooks (.xls), by calamine: their cells and merged blocks.
//!
//! calamine can be made to hang or to take all memory by a broken file, so this is done in a process of its own: see
//! `isolated` and `legacy`.

use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;

use calamine::{Data, Reader as _, SheetType, SheetVisible, Xls};
use rust_xlsxwriter::{Format, Workbook as NewWorkbook, XlsxError};

use super::read::ReadError;
use super::rows::width_of;
use super::{Cell, CellRange, CellRef, Limits, Sheet, Visibility, Workbook};

/// Reads an .xls file. Looks, lists, protection and what is hidden within a sheet are not told.
///
/// # Errors
/// [`ReadError`] says what is wrong with the file, in Japanese.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    if bytes.len() > limits.file_bytes {
        return Err(ReadError::TooLarge { limit_mb: limits.file_bytes >> 20 });
    }
    if is_obfuscated(bytes) {
        return Err(ReadError::Encrypted);
    }
    let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|e| match e {
        calamine::XlsError::Password => ReadError::Encrypted,
        _ => ReadError::BadXls,
    })?;
    let mut sheets = Vec::new();
    let mut left = limits.cells;
    for meta in book.sheets_metadata().to_vec() {
        if meta.typ != SheetType::WorkSheet {
            continue;
        }
        let range = book.worksheet_range(&meta.name).map_err(|_| ReadError::BadXls)?;
        let (top, left_col) = range.start().unwrap_or((0, 0));
        let mut sheet = Sheet {
            name: meta.name.clone(),
            visibility: match meta.visible {
                SheetVisible::Visible => Visibility::Visible,
                SheetVisible::Hidden => Visibility::Hidden,
                SheetVisible::VeryHidden => Visibility::VeryHidden,
            },
            cells: BTreeMap::new(),
            merges: Vec::new(),
            validations: Vec::new(),
            protected: false,
            hidden_rows: Vec::new(),
            hidden_cols: Vec::new(),
            widths: Vec::new(),
        };
        for (row, col, value) in range.used_cells() {
            let text = text_of(value);
            if text.is_empty() {
                continue;
            }
            left = left.checked_sub(1).ok_or(ReadError::TooManyCells { sheet: meta.name.clone(), limit: limits.cells })?;
            let at = CellRef::new(top.saturating_add(row as u32) + 1, left_col.saturating_add(col as u32) + 1);
            sheet.cells.insert(at, Cell { text, ..Cell::default() });
        }
        for merge in book.merge_cells_by_sheet_name(&meta.name).unwrap_or_default() {
            let corner = |(row, col): (u32, u32)| CellRef::new(row.saturating_add(1), col.saturating_add(1));
            let range = CellRange { first: corner(merge.start), last: corner(merge.end) };
            // A broken file's block may end before it begins.
            if range.first.row <= range.last.row && range.first.col <= range.last.col {
                sheet.merges.push(range);
            }
        }
        sheets.push(sheet);
    }
    if sheets.is_empty() { Err(ReadError::NoSheets) } else { Ok(Workbook { sheets, problems: Vec::new() }) }
}

/// Whether a password hides the content by the XOR method, which calamine takes for none: the workbook stream begins with its
/// BOF record, and a FilePass record of that type follows (MS-XLS, 2.1.7.20.3 and 2.4.117).
fn is_obfuscated(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = &[0x09, 0x08, 0x10, 0x00, 0x00, 0x06, 0x05, 0x00];
    const WRITE_PROTECT: &[u8] = &[0x86, 0x00, 0x00, 0x00];
    const FILE_PASS: &[u8] = &[0x2F, 0x00, 0x06, 0x00, 0x00, 0x00];
    memchr::memmem::find_iter(bytes, BEGIN).any(|at| {
        let next = bytes.get(at + 20..).unwrap_or_default();
        next.strip_prefix(WRITE_PROTECT).unwrap_or(next).starts_with(FILE_PASS)
    })
}

/// What a person reads in the cell, as near as the stored value tells.
fn text_of(value: &Data) -> String {
    let text = match value {
        Data::Empty => String::new(),
        Data::Int(i) => i.to_string(),
        Data::Float(f) => f.to_string(),
        Data::String(s) | Data::DateTimeIso(s) | Data::DurationIso(s) => s.replace("\r\n", "\n").replace('\r', "\n"),
        Data::Bool(b) => if *b { "TRUE" } else { "FALSE" }.to_owned(),
        Data::Error(e) => e.to_string(),
        Data::DateTime(d) => super::values::date(d.as_f64(), false).unwrap_or_else(|| d.as_f64().to_string()),
    };
    text.trim().to_owned()
}

/// An .xlsx workbook with the same sheets, texts and merged blocks, so that an .xls can be answered.
///
/// # Errors
/// [`XlsxError`] when a name or place is beyond what .xlsx can hold.
pub fn to_xlsx(workbook: &Workbook) -> Result<Vec<u8>, XlsxError> {
    let mut new = NewWorkbook::new();
    let plain = Format::new().set_text_wrap();
    for sheet in &workbook.sheets {
        let out = new.add_worksheet();
        out.set_name(&sheet.name)?;
        match sheet.visibility {
            Visibility::Visible => {}
            Visibility::Hidden => drop(out.set_hidden(true)),
            Visibility::VeryHidden => drop(out.set_very_hidden(true)),
        }
        let place = |at: CellRef| -> Result<(u32, u16), XlsxError> {
            let col = u16::try_from(at.col.saturating_sub(1)).map_err(|_| XlsxError::RowColumnLimitError)?;
            Ok((at.row.saturating_sub(1), col))
        };
        for merge in &sheet.merges {
            if merge.first != merge.last {
                let ((top, left), (bottom, right)) = (place(merge.first)?, place(merge.last)?);
                out.merge_range(top, left, bottom, right, "", &plain)?;
            }
        }
        let across: HashSet<CellRef> = sheet.merges.iter().filter(|m| m.width() > 1).map(|m| m.first).collect();
        let mut widths: BTreeMap<u16, u16> = BTreeMap::new();
        for (at, cell) in &sheet.cells {
            let (row, col) = place(*at)?;
            out.write_string_with_format(row, col, &cell.text, &plain)?;
            // Excel 97-2003's own widths are not told. A text that runs over several columns says nothing about one.
            if !across.contains(at) {
                let width = widths.entry(col).or_default();
                *width = (*width).max(width_of(&cell.text));
            }
        }
        for (col, width) in widths {
            out.set_column_width(col, width)?;
        }
    }
    new.save_to_buffer()
}
