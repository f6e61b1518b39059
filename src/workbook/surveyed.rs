//! What a survey of a worksheet part found: all that writing into some of its cells must know.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::token::{Kind, Token};
use super::{CellRange, CellRef};

/// Where a tag stands, and how it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub span: Range<u64>,
    pub raw: String,
    /// `<name/>`: there is no end tag.
    pub empty: bool,
    /// Where its end tag begins; for an empty one, its own end.
    pub close: u64,
}

impl Tag {
    pub fn new(token: &Token<'_>) -> Self {
        let raw = String::from_utf8_lossy(token.raw).into_owned();
        Self { span: token.span(), raw, empty: token.kind == Kind::Empty, close: token.end() }
    }
}

/// A row that holds, or should hold, a wanted cell.
#[derive(Debug)]
pub(super) struct WantedRow {
    pub number: u32,
    /// The first row of that number, where there is one; broken writers make several.
    pub tag: Option<Tag>,
    /// Its style, where it has one of its own.
    pub style: Option<String>,
    /// The begin of the first row with a higher number.
    pub next: Option<u64>,
    /// Its wanted cells, by their places among all.
    pub cells: Range<usize>,
}

/// What stands in a wanted cell.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// The cell's bytes in the part.
    pub span: Range<u64>,
    /// The cell's `t`.
    pub kind: Rc<str>,
    /// Its `s`.
    pub style: Option<Rc<str>>,
    /// Its stored value: a number, an index into the shared strings, a text.
    pub value: String,
    pub formula: Option<Formula>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Formula {
    /// Nothing depends on its standing there but by its value.
    Plain,
    /// Others are derived from it.
    SharedMaster,
}

/// A cell that is to be written.
#[derive(Debug)]
pub(super) struct WantedCell {
    pub at: CellRef,
    /// Where it stands, and what it holds.
    pub found: Option<Content>,
    /// It stands there more than once: broken writers do that.
    pub again: bool,
    /// The begin of the first cell further right in the first row of that number.
    pub next: Option<u64>,
    /// The merged block whose top left it is.
    pub merge: Option<CellRange>,
    /// Why it can't be written.
    pub obstacle: Option<String>,
}

/// What the pass found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The tag prefix of the spreadsheet's namespace with its colon, or nothing.
    pub prefix: String,
    pub dimension: Option<(Tag, CellRange)>,
    /// The columns' default styles: from, to, style.
    pub columns: Vec<(u32, u32, String)>,
    /// The `sheetData` element.
    pub data: Option<Tag>,
    /// By number.
    pub rows: Vec<WantedRow>,
    /// By place.
    pub cells: Vec<WantedCell>,
    pub protected: bool,
    /// What may be edited although the sheet is protected.
    pub open_ranges: Vec<CellRange>,
    pub measures: Measures,
}

/// The heights of rows, where they are asked for, and the widths of columns.
#[derive(Debug, Default)]
pub(super) struct Measures {
    /// Row, height in points, and whether it was set by hand; a hidden row has none. By row.
    pub heights: BTreeMap<u32, (f64, bool)>,
    pub default_height: Option<f64>,
    /// From, to, width in half-width characters.
    pub widths: Vec<(u32, u32, f64)>,
    pub default_width: Option<f64>,
}

impl WantedCell {
    /// What stands in it, where it stands once.
    pub fn content(&self) -> Option<&Content> {
        self.found.as_ref().filter(|_| !self.again)
    }
}

impl Survey {
    /// A wanted cell.
    pub fn cell(&self, at: CellRef) -> Option<&WantedCell> {
        self.place(at).map(|i| &self.cells[i])
    }

    /// A wanted cell's place among them.
    pub fn place(&self, at: CellRef) -> Option<usize> {
        self.cells.binary_search_by_key(&at, |c| c.at).ok()
    }

    /// A row with a wanted cell.
    pub fn row(&self, number: u32) -> Option<&WantedRow> {
        self.rows.binary_search_by_key(&number, |r| r.number).ok().map(|i| &self.rows[i])
    }

    /// What stands in a wanted cell, where it stands once.
    pub fn content(&self, at: CellRef) -> Option<&Content> {
        self.cell(at)?.content()
    }

    /// The style a wanted cell has, or gets: its own, else its row's, else its column's.
    pub fn style(&self, at: CellRef) -> Option<&str> {
        match self.content(at) {
            Some(content) => content.style.as_deref(),
            None => self.row(at.row).and_then(|r| r.style.as_deref()).or_else(|| self.column_style(at.col)),
        }
    }

    /// The default style of a column.
    fn column_style(&self, col: u32) -> Option<&str> {
        self.columns.iter().find(|(first, last, _)| (*first..=*last).contains(&col)).map(|(.., style)| style.as_str())
    }
}

impl Measures {
    /// A row's height in points, and whether it was set by hand.
    pub fn height(&self, row: u32) -> (f64, bool) {
        self.heights.get(&row).copied().unwrap_or((self.line_height(), false))
    }

    /// The height of a row with one line.
    pub fn line_height(&self) -> f64 {
        self.default_height.unwrap_or(15.0)
    }

    /// A column's width in half-width characters.
    pub fn width(&self, col: u32) -> f64 {
        let own = self.widths.iter().find(|(first, last, _)| (*first..=*last).contains(&col)).map(|(.., width)| *width);
        own.or(self.default_width).unwrap_or(8.43)
    }
}
