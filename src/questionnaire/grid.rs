//! A sheet as a person sees it: visible blocks of text, merged or single, row by row.

use std::collections::{BTreeMap, HashMap};

use crate::workbook::{CellRange, CellRef, Look, Sheet, Validation};

/// A block of text: one cell, or a merged rectangle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub range: CellRange,
    pub text: &'a str,
    pub look: Look,
}

/// The visible blocks of a sheet.
pub(super) struct Grid<'a> {
    pub sheet: &'a Sheet,
    /// Blocks with a text by their top row, left to right.
    rows: BTreeMap<u32, Vec<Block<'a>>>,
    /// Merges by the rows they cover, within the rows that hold anything.
    merges: HashMap<u32, Vec<CellRange>>,
    pub last_row: u32,
    pub first_col: u32,
    pub last_col: u32,
}

impl<'a> Grid<'a> {
    pub fn new(sheet: &'a Sheet) -> Self {
        let last_row = sheet.cells.keys().map(|c| c.row).max().unwrap_or(0);
        let last_col = sheet.cells.keys().map(|c| c.col).max().unwrap_or(0);
        let mut merges: HashMap<u32, Vec<CellRange>> = HashMap::new();
        for merge in &sheet.merges {
            for row in merge.first.row..=merge.last.row.min(last_row) {
                merges.entry(row).or_default().push(*merge);
            }
        }
        let mut grid = Self { sheet, rows: BTreeMap::new(), merges, last_row, first_col: 1, last_col };
        for (&at, cell) in &sheet.cells {
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
        let inside = |b: &&Block<'a>| (first..=last).contains(&b.range.first.col);
        let rows = self.rows.iter().map(|(row, blocks)| (*row, blocks.iter().filter(inside).copied().collect::<Vec<_>>()));
        let rows = rows.filter(|(_, blocks)| !blocks.is_empty()).collect();
        Self { sheet: self.sheet, rows, merges: self.merges.clone(), last_row: self.last_row, first_col: first, last_col: last.min(self.last_col) }
    }

    pub fn hidden_col(&self, col: u32) -> bool {
        self.sheet.hidden_cols.iter().any(|&(first, last)| (first..=last).contains(&col))
    }

    /// The merged block that covers the cell, else the cell alone.
    pub fn block(&self, at: CellRef) -> CellRange {
        self.merges
            .get(&at.row)
            .and_then(|merges| merges.iter().find(|m| m.contains(at)))
            .copied()
            .unwrap_or(CellRange { first: at, last: at })
    }

    /// The blocks of text that begin in the row.
    pub fn row(&self, row: u32) -> &[Block<'a>] {
        self.rows.get(&row).map_or(&[], Vec::as_slice)
    }

    /// Rows in which a block of text begins, between `first` and `last`.
    pub fn rows(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, &[Block<'a>])> {
        let range = if first <= last { Some(self.rows.range(first..=last)) } else { None };
        range.into_iter().flatten().map(|(row, blocks)| (*row, blocks.as_slice()))
    }

    /// The list of allowed values for the cell.
    pub fn validation(&self, at: CellRef) -> Option<&'a Validation> {
        self.sheet.validations.iter().find(|v| v.ranges.iter().any(|r| r.contains(at)))
    }

    /// Whether any cell of the column has a list, between the rows.
    pub fn listed(&self, col: u32, first: u32, last: u32) -> bool {
        let meets = |r: &CellRange| (r.first.col..=r.last.col).contains(&col) && r.first.row <= last && r.last.row >= first;
        self.sheet.validations.iter().flat_map(|v| &v.ranges).any(meets)
    }

    /// Whether the cell looks like a place to write into: framed, open in a protected sheet, or with a list.
    pub fn inviting(&self, at: CellRef) -> bool {
        let look = self.sheet.look(at);
        look.bordered || (self.sheet.protected && look.unlocked) || self.validation(at).is_some()
    }
}
