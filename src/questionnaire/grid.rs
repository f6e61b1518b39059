//! A sheet as a person sees it: visible blocks of text, merged or single, row by row.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::headings::{Heading, Headings};
use crate::workbook::{CellRange, CellRef, Look, Sheet, Validation};

/// A block of text: one cell, or a merged rectangle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub range: CellRange,
    pub text: &'a str,
    pub look: Look,
}

impl Block<'_> {
    /// Its leftmost column.
    pub fn col(&self) -> u32 {
        self.range.first.col
    }
}

/// The visible blocks of a sheet.
pub(super) struct Grid<'a> {
    pub sheet: &'a Sheet,
    /// Blocks with a text by their top row, left to right.
    rows: BTreeMap<u32, Vec<Block<'a>>>,
    frame: Rc<Frame<'a>>,
    /// The last row with a text: a sheet may claim a million rows.
    pub last_row: u32,
    pub first_col: u32,
    /// The last column with a cell, within the rows that hold texts.
    pub last_col: u32,
}

/// Rows below the last text that may still hold places to answer.
const REACH: u32 = 4;
/// Merged blocks up to this height are found by each row that they cover.
const TALL: u32 = 256;
/// Lists for up to this many columns are found by each column.
const WIDE: u32 = 64;

/// Merges and lists of a sheet, found by row and by column, and what its texts tell.
struct Frame<'a> {
    headings: &'a Headings,
    /// What has been asked of them so far, by their cells: few texts are ever taken for a heading.
    known: RefCell<HashMap<CellRef, Option<Heading>>>,
    merges: HashMap<u32, Vec<CellRange>>,
    tall_merges: Vec<CellRange>,
    /// By column: ranges by their first row, each with the lowest row that it or one before it reaches.
    lists: HashMap<u32, Vec<Span<'a>>>,
    wide_lists: Vec<(CellRange, &'a Validation)>,
}

struct Span<'a> {
    first: u32,
    last: u32,
    reach: u32,
    list: &'a Validation,
}

impl<'a> Frame<'a> {
    fn new(sheet: &'a Sheet, headings: &'a Headings, last_row: u32) -> Self {
        let (merges, tall_merges, lists, wide_lists) = (HashMap::new(), Vec::new(), HashMap::new(), Vec::new());
        let mut frame = Self { headings, known: RefCell::default(), merges, tall_merges, lists, wide_lists };
        for merge in &sheet.merges {
            if merge.height() > TALL {
                frame.tall_merges.push(*merge);
                continue;
            }
            for row in merge.first.row..=merge.last.row.min(last_row + REACH) {
                frame.merges.entry(row).or_default().push(*merge);
            }
        }
        for list in &sheet.validations {
            for range in &list.ranges {
                if range.width() > WIDE {
                    frame.wide_lists.push((*range, list));
                    continue;
                }
                for col in range.first.col..=range.last.col {
                    frame.lists.entry(col).or_default().push(Span { first: range.first.row, last: range.last.row, reach: 0, list });
                }
            }
        }
        for spans in frame.lists.values_mut() {
            spans.sort_by_key(|s| s.first);
            let mut reach = 0;
            for span in spans {
                reach = reach.max(span.last);
                span.reach = reach;
            }
        }
        frame
    }

    fn block(&self, at: CellRef) -> CellRange {
        let low = self.merges.get(&at.row).into_iter().flatten();
        low.chain(&self.tall_merges).find(|m| m.contains(at)).copied().unwrap_or(CellRange { first: at, last: at })
    }

    /// A list that the column has between the rows.
    fn list(&self, col: u32, first: u32, last: u32) -> Option<&'a Validation> {
        let spans = self.lists.get(&col).map_or(&[][..], Vec::as_slice);
        let before = spans.partition_point(|s| s.first <= last);
        let near = spans[..before].iter().rev().take_while(|s| s.reach >= first).find(|s| s.last >= first).map(|s| s.list);
        let meets = |r: &CellRange| (r.first.col..=r.last.col).contains(&col) && r.first.row <= last && r.last.row >= first;
        near.or_else(|| self.wide_lists.iter().find(|(r, _)| meets(r)).map(|(_, list)| *list))
    }
}

impl<'a> Grid<'a> {
    pub fn new(sheet: &'a Sheet, headings: &'a Headings) -> Self {
        let last_row = sheet.cells.iter().rev().find(|(_, cell)| !cell.text.is_empty()).map_or(0, |(at, _)| at.row);
        let mut grid = Self {
            sheet,
            rows: BTreeMap::new(),
            frame: Rc::new(Frame::new(sheet, headings, last_row)),
            last_row,
            first_col: 1,
            last_col: 0,
        };
        for (&at, cell) in sheet.cells.range(..=CellRef::new(last_row, u32::MAX)) {
            grid.last_col = grid.last_col.max(at.col);
            if cell.text.is_empty() || sheet.hidden_rows.binary_search(&at.row).is_ok() || grid.hidden_col(at.col) {
                continue;
            }
            let block = Block { range: grid.block(at), text: &cell.text, look: cell.look };
            grid.rows.entry(at.row).or_default().push(block);
        }
        grid
    }

    /// The same sheet with only the texts in the columns from `first` to `last`.
    pub fn within(&self, first: u32, last: u32) -> Self {
        let inside = |b: &&Block<'a>| (first..=last).contains(&b.col());
        let rows = self.rows.iter().map(|(row, blocks)| (*row, blocks.iter().filter(inside).copied().collect::<Vec<_>>()));
        let rows = rows.filter(|(_, blocks)| !blocks.is_empty()).collect();
        Self { sheet: self.sheet, rows, frame: Rc::clone(&self.frame), last_row: self.last_row, first_col: first, last_col: last.min(self.last_col) }
    }

    /// What the block's text tells where it stands over a column.
    pub fn heading(&self, block: &Block<'_>) -> Option<Heading> {
        *self.frame.known.borrow_mut().entry(block.range.first).or_insert_with(|| self.frame.headings.column(block.text))
    }

    pub fn hidden_col(&self, col: u32) -> bool {
        self.sheet.hidden_cols.iter().any(|&(first, last)| (first..=last).contains(&col))
    }

    /// The merged block that covers the cell, else the cell alone.
    pub fn block(&self, at: CellRef) -> CellRange {
        self.frame.block(at)
    }

    /// The blocks of text that begin in the row.
    pub fn row(&self, row: u32) -> &[Block<'a>] {
        self.rows.get(&row).map_or(&[], Vec::as_slice)
    }

    /// Rows in which a block of text begins, between `first` and `last`.
    pub fn rows(&self, first: u32, last: u32) -> impl DoubleEndedIterator<Item = (u32, &[Block<'a>])> {
        let range = if first <= last { Some(self.rows.range(first..=last)) } else { None };
        range.into_iter().flatten().map(|(row, blocks)| (*row, blocks.as_slice()))
    }

    /// The list of allowed values for the cell.
    pub fn validation(&self, at: CellRef) -> Option<&'a Validation> {
        self.frame.list(at.col, at.row, at.row)
    }

    /// Whether any cell of the column has a list, between the rows.
    pub fn listed(&self, col: u32, first: u32, last: u32) -> bool {
        self.list(col, first, last).is_some()
    }

    /// A list that cells of the column have, between the rows.
    pub fn list(&self, col: u32, first: u32, last: u32) -> Option<&'a Validation> {
        self.frame.list(col, first, last)
    }

    /// Whether the cell looks like a place to write into: framed, open in a protected sheet, or with a list.
    pub fn inviting(&self, at: CellRef) -> bool {
        self.invites(at, self.sheet.look(at))
    }

    /// The same where its look is known.
    pub fn invites(&self, at: CellRef, look: Look) -> bool {
        look.bordered || (self.sheet.protected && look.unlocked) || self.validation(at).is_some()
    }

    /// Whether the cell is the first of an empty block.
    pub fn empty(&self, at: CellRef) -> bool {
        self.sheet.text(at).is_empty() && self.block(at).first == at
    }

    /// The first cells of empty blocks that look like places to write into or have a colour, row by row.
    pub fn places(&self) -> impl Iterator<Item = CellRef> {
        let last = CellRef::new(self.last_row + REACH, u32::MAX);
        let columns = self.first_col..=self.last_col;
        let cells = self.sheet.cells.range(..=last).filter(move |(at, cell)| cell.text.is_empty() && columns.contains(&at.col));
        cells.filter(|(at, cell)| (self.inviting(**at) || cell.look.filled()) && self.block(**at).first == **at).map(|(at, _)| *at)
    }
}
