//! A sheet in which a merged block's text is found from each of its cells.

use std::collections::BTreeMap;

use crate::workbook::{CellRef, Sheet};

/// A text and the cell that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text<'a> {
    /// The cell; of a merged block its top-left one.
    pub(super) cell: CellRef,
    /// How many columns it spans.
    pub(super) width: u32,
    pub(super) text: &'a str,
}

pub(super) struct Grid<'a> {
    pub(super) sheet: &'a Sheet,
    /// Row → its texts by column: those that begin in the row, and those of merged blocks that reach into it from above.
    rows: BTreeMap<u32, Vec<Text<'a>>>,
}

impl<'a> Grid<'a> {
    pub(super) fn new(sheet: &'a Sheet) -> Self {
        let merged: BTreeMap<CellRef, _> = sheet.merges.iter().map(|m| (m.first, m)).collect();
        let mut rows: BTreeMap<u32, Vec<Text<'a>>> = BTreeMap::new();
        let last = sheet.cells.iter().filter(|(_, c)| !c.text.is_empty()).map(|(r, _)| r.row).max().unwrap_or(0);
        for (&cell, content) in sheet.cells.iter().filter(|(_, c)| !c.text.is_empty()) {
            let merge = merged.get(&cell);
            let width = merge.map_or(1, |m| m.width());
            let end = merge.map_or(cell.row, |m| m.last.row.min(last));
            for row in cell.row..=end {
                rows.entry(row).or_default().push(Text { cell, width, text: &content.text });
            }
        }
        rows.values_mut().for_each(|texts| texts.sort_by_key(|t| t.cell.col));
        Self { sheet, rows }
    }

    /// The rows that hold a text, with their texts from left to right.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, &[Text<'a>])> {
        self.rows.iter().map(|(row, texts)| (*row, texts.as_slice()))
    }
}
