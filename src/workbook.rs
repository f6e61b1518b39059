//! A workbook as kaitou sees it: cells with their looks, merges and lists of allowed values.
//!
//! These are plain values with no idea what a question is; `read` makes them from a file's bytes,
//! `write` puts edits into those same bytes.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::Duration;

mod archive;
mod bits;
mod blocks;
mod calculation;
mod charset;
mod check;
mod layout;
mod lists;
mod package;
mod packing;
mod palette;
mod patch;
mod plain;
pub mod read;
mod repack;
pub mod rows;
mod scan;
mod splice;
mod styles;
mod survey;
mod surveyed;
mod token;
pub mod trial;
mod values;
pub mod write;
pub mod xls;
mod xml;

/// The last row a worksheet can have (ECMA-376, 18.3.1.73).
pub const MAX_ROW: u32 = 1_048_576;
/// The last column a worksheet can have: XFD.
pub const MAX_COL: u32 = 16_384;
/// The longest text a cell can hold, in UTF-16 units.
pub const MAX_CELL_UTF16: usize = 32_767;

/// The place of a cell: row and column both count from 1, as a person reads them in Excel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    /// 1 ..= [`MAX_ROW`]
    pub row: u32,
    /// 1 ..= [`MAX_COL`]
    pub col: u32,
}

impl CellRef {
    /// The cell at `row` and `col`, both counted from 1.
    #[must_use]
    pub const fn new(row: u32, col: u32) -> Self {
        Self { row, col }
    }
}

impl fmt::Display for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        letters(self.col).try_for_each(|letter| f.write_char(letter))?;
        write!(f, "{}", self.row)
    }
}

/// `A` for 1, `XFD` for 16384.
#[must_use]
pub fn column_letters(col: u32) -> String {
    letters(col).collect()
}

/// The letters of a column, the first one first.
fn letters(mut col: u32) -> impl Iterator<Item = char> {
    let mut letters = [0; 7];
    let mut count = 0;
    while col > 0 {
        col -= 1;
        letters[count] = b'A' + (col % 26) as u8;
        count += 1;
        col /= 26;
    }
    letters.into_iter().take(count).rev().map(char::from)
}

/// A text that is no cell reference such as `C12`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("「{0}」はセル番地ではありません")]
pub struct BadReference(pub String);

impl FromStr for CellRef {
    type Err = BadReference;

    /// Reads `C12`, `$C$12` and `c12`.
    fn from_str(s: &str) -> Result<Self, BadReference> {
        let bad = || BadReference(s.to_owned());
        let plain = s.replace('$', "");
        let split = plain.find(|c: char| c.is_ascii_digit()).ok_or_else(bad)?;
        let (letters, digits) = plain.split_at(split);
        if letters.is_empty() || letters.len() > 3 {
            return Err(bad());
        }
        let mut col = 0;
        for b in letters.bytes() {
            if !b.is_ascii_alphabetic() {
                return Err(bad());
            }
            col = col * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1;
        }
        let row: u32 = digits.parse().map_err(|_| bad())?;
        if row == 0 || row > MAX_ROW || col > MAX_COL {
            return Err(bad());
        }
        Ok(Self { row, col })
    }
}

/// A rectangle of cells, both corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellRange {
    /// Top-left corner.
    pub first: CellRef,
    /// Bottom-right corner.
    pub last: CellRef,
}

impl CellRange {
    /// Whether `cell` lies in the rectangle.
    #[must_use]
    pub fn contains(&self, cell: CellRef) -> bool {
        (self.first.row..=self.last.row).contains(&cell.row) && (self.first.col..=self.last.col).contains(&cell.col)
    }

    /// How many columns wide.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.last.col - self.first.col + 1
    }

    /// How many rows high.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.last.row - self.first.row + 1
    }
}

impl FromStr for CellRange {
    type Err = BadReference;

    /// Reads `B2:D9` and, as a range of one cell, `B2`. Whole columns (`B:B`) and rows (`2:9`) reach to the sheet's edges.
    fn from_str(s: &str) -> Result<Self, BadReference> {
        let bad = || BadReference(s.to_owned());
        let plain = s.replace('$', "");
        let (a, b) = plain.split_once(':').unwrap_or((&plain, &plain));
        let (first, last) = if a.bytes().all(|c| c.is_ascii_digit()) && b.bytes().all(|c| c.is_ascii_digit()) {
            (format!("A{a}").parse()?, format!("XFD{b}").parse()?)
        } else if a.bytes().all(|c| c.is_ascii_alphabetic()) && b.bytes().all(|c| c.is_ascii_alphabetic()) {
            (format!("{a}1").parse()?, format!("{b}{MAX_ROW}").parse()?)
        } else {
            (a.parse::<CellRef>()?, b.parse::<CellRef>()?)
        };
        if first.row > last.row || first.col > last.col {
            return Err(bad());
        }
        Ok(Self { first, last })
    }
}

impl fmt::Display for CellRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.first, self.last)
    }
}

/// Whether a sheet can be seen in Excel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Shown as a tab.
    Visible,
    /// Hidden; a person can show it from the menu.
    Hidden,
    /// Hidden so that only a program can show it.
    VeryHidden,
}

/// What a cell looks like, as far as it tells a heading from a place to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The background colour, where it has one other than white: 0xRRGGBB, black where its colour is not known.
    pub fill: Option<u32>,
    /// Bold letters.
    pub bold: bool,
    /// Has at least one border.
    pub bordered: bool,
    /// May be edited when the sheet is protected.
    pub unlocked: bool,
}

impl Look {
    /// Whether it has a background colour other than white.
    #[must_use]
    pub const fn filled(self) -> bool {
        self.fill.is_some()
    }
}

/// One cell that has a text, or a look of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What a person reads in it, without surrounding white space; empty for a cell that only has a look.
    pub text: String,
    /// Its look.
    pub look: Look,
}

/// A list of values that Excel offers for some cells (data validation of type `list`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// The cells it is for.
    pub ranges: Vec<CellRange>,
    /// The offered values in their order; `None` where the source of the list could not be followed.
    pub choices: Option<Vec<String>>,
}

/// One worksheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The name on its tab.
    pub name: String,
    /// Whether it can be seen.
    pub visibility: Visibility,
    /// Its cells, row by row. Only cells with a text or a look of their own; inside a merge, only the top-left has a text.
    pub cells: BTreeMap<CellRef, Cell>,
    /// Merged blocks.
    pub merges: Vec<CellRange>,
    /// Lists of allowed values.
    pub validations: Vec<Validation>,
    /// Whether the sheet is protected, so that only unlocked cells can be edited.
    pub protected: bool,
    /// Rows a person does not see.
    pub hidden_rows: Vec<u32>,
    /// Columns a person does not see, as ranges from–to.
    pub hidden_cols: Vec<(u32, u32)>,
    /// How wide columns are, as ranges from–to, each with its width in hundredths of a digit.
    pub widths: Vec<(u32, u32, u32)>,
}

/// How wide a column is that says nothing about it: Excel's own, in hundredths of a digit.
pub const USUAL_WIDTH: u32 = 843;

impl Sheet {
    /// The text at `cell`; empty where there is none.
    #[must_use]
    pub fn text(&self, cell: CellRef) -> &str {
        self.cells.get(&cell).map_or("", |c| &c.text)
    }

    /// How wide column `col` is, in hundredths of a digit.
    #[must_use]
    pub fn width(&self, col: u32) -> u32 {
        self.widths.iter().find(|(first, last, _)| (*first..=*last).contains(&col)).map_or(USUAL_WIDTH, |(.., width)| *width)
    }

    /// The look of `cell`; plain where it has none.
    #[must_use]
    pub fn look(&self, cell: CellRef) -> Look {
        self.cells.get(&cell).map_or_else(Look::default, |c| c.look)
    }
}

/// A workbook: its sheets in tab order, and what could not be read of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbook {
    /// In tab order.
    pub sheets: Vec<Sheet>,
    /// Parts that were passed over, with place and reason.
    pub problems: Vec<Problem>,
}

impl Workbook {
    /// The sheet of that name.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|s| s.name == name)
    }
}

/// Something a person should know about the workbook: what, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The sheet it is in, where it is in one.
    pub sheet: Option<String>,
    /// The cell it is in, where it is in one.
    pub cell: Option<CellRef>,
    /// What is the matter and what to do, in Japanese.
    pub message: String,
}

/// A text to be put into one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellEdit {
    /// The name of the sheet.
    pub sheet: String,
    /// The cell; in a merged block its top-left one.
    pub cell: CellRef,
    /// The new text: always written as text, never as a formula.
    pub text: String,
}

/// One cell that was written: what stood there, and what stands there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name of the sheet.
    pub sheet: String,
    /// The cell.
    pub cell: CellRef,
    /// What a person read in it before; empty where there was nothing.
    pub before: String,
    /// What stands in it now.
    pub after: String,
}

/// How much of a file is read before it is refused: every file comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The file itself, in bytes.
    pub file_bytes: usize,
    /// All parts of the package unpacked, in bytes.
    pub unpacked_bytes: u64,
    /// How many times larger than packed a part may become (those below 64 MB may in any case).
    pub ratio: u64,
    /// Entries in the package.
    pub entries: usize,
    /// How deep elements of a part may be nested.
    pub xml_depth: usize,
    /// Cells kept, over all sheets.
    pub cells: usize,
    /// Text kept, over shared strings and cells, in bytes.
    pub text_bytes: u64,
    /// A part up to this size, in bytes, is unpacked once and held while it is worked on; a larger one is unpacked anew for each
    /// pass.
    pub held_bytes: u64,
    /// How long reading may take.
    pub time: Duration,
}

impl Default for Limits {
    /// 50 MB packed, 1 GB unpacked, 400-fold, 10,000 entries, 256 deep, 2,000,000 cells, 128 MB of text, parts held up to 16 MB,
    /// 8 seconds: many times the largest questionnaire seen, and together less than 512 MB of memory.
    fn default() -> Self {
        Self {
            file_bytes: 50 << 20,
            unpacked_bytes: 1 << 30,
            ratio: 400,
            entries: 10_000,
            xml_depth: 256,
            cells: 2_000_000,
            text_bytes: 128 << 20,
            held_bytes: 16 << 20,
            time: Duration::from_secs(8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_what_they_print() {
        for (text, row, col) in [("A1", 1, 1), ("Z9", 9, 26), ("AA10", 10, 27), ("XFD1048576", MAX_ROW, MAX_COL)] {
            assert_eq!(text.parse(), Ok(CellRef::new(row, col)));
            assert_eq!(CellRef::new(row, col).to_string(), text);
        }
        assert_eq!("$c$12".parse(), Ok(CellRef::new(12, 3)));
        for bad in ["", "A", "12", "A0", "XFE1", "A1048577", "あ1", "A1B"] {
            assert!(bad.parse::<CellRef>().is_err(), "{bad}");
        }
        assert_eq!("B:C".parse::<CellRange>().unwrap().last, CellRef::new(MAX_ROW, 3));
    }
}
