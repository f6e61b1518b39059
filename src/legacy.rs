//! Excel 97-2003 workbooks (.xls), read in a child process: nothing such a file does harms this one.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::isolated::{self, Bounds, IsolatedError};
use crate::workbook::{Cell, CellRange, CellRef, Sheet, Visibility, Workbook};

/// The name of the child's job.
pub(crate) const JOB: &str = "xls";

/// Reads an .xls file in a child of `program` (this binary, `std::env::current_exe` in the service).
///
/// # Errors
/// [`IsolatedError`]; its text says what is wrong with the file, in Japanese.
pub fn read(program: &Path, bytes: &[u8], bounds: &Bounds) -> Result<Workbook, IsolatedError> {
    let wire: WireBook = isolated::run(program, JOB, bytes, bounds)?;
    Ok(wire.into())
}

/// A workbook between the processes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WireBook {
    sheets: Vec<WireSheet>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WireSheet {
    name: String,
    /// 0 visible, 1 hidden, 2 very hidden.
    hidden: u8,
    cells: Vec<(u32, u32, String)>,
    merges: Vec<[u32; 4]>,
}

impl From<Workbook> for WireBook {
    fn from(book: Workbook) -> Self {
        let wire = |sheet: Sheet| WireSheet {
            name: sheet.name,
            hidden: match sheet.visibility {
                Visibility::Visible => 0,
                Visibility::Hidden => 1,
                Visibility::VeryHidden => 2,
            },
            cells: sheet.cells.into_iter().map(|(at, cell)| (at.row, at.col, cell.text)).collect(),
            merges: sheet.merges.iter().map(|m| [m.first.row, m.first.col, m.last.row, m.last.col]).collect(),
        };
        Self { sheets: book.sheets.into_iter().map(wire).collect() }
    }
}

impl From<WireBook> for Workbook {
    fn from(wire: WireBook) -> Self {
        let sheet = |wire: WireSheet| Sheet {
            name: wire.name,
            visibility: match wire.hidden {
                0 => Visibility::Visible,
                1 => Visibility::Hidden,
                _ => Visibility::VeryHidden,
            },
            cells: wire
                .cells
                .into_iter()
                .map(|(row, col, text)| (CellRef::new(row, col), Cell { text, ..Cell::default() }))
                .collect(),
            merges: wire
                .merges
                .iter()
                .map(|&[a, b, c, d]| CellRange { first: CellRef::new(a, b), last: CellRef::new(c, d) })
                .collect(),
            validations: Vec::new(),
            protected: false,
            hidden_rows: Vec::new(),
            hidden_cols: Vec::new(),
            widths: Vec::new(),
        };
        Self { sheets: wire.sheets.into_iter().map(sheet).collect(), problems: Vec::new() }
    }
}
