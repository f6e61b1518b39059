//! Rows by what stands in them, so that a mark finds its row again in another workbook of the form.

use std::collections::BTreeMap;

use super::{BadCorrection, Block, MAX_ROWS, RowMark, fold};
use crate::workbook::Sheet;

/// The longest text of every row and how its cell is painted.
pub(super) struct RowTexts(BTreeMap<u32, (String, Option<u32>)>);

impl RowTexts {
    pub fn of(sheet: &Sheet) -> Self {
        let mut longest: BTreeMap<u32, (&str, Option<u32>)> = BTreeMap::new();
        for (at, cell) in sheet.cells.iter().filter(|(_, c)| !c.text.is_empty()) {
            let row = longest.entry(at.row).or_insert(("", None));
            if cell.text.len() > row.0.len() {
                *row = (&cell.text, cell.look.fill);
            }
        }
        Self(longest.into_iter().map(|(row, (text, fill))| (row, (fold(text), fill))).collect())
    }

    /// Refuses rows that can't be meant.
    pub fn check(&self, first: u32, last: u32) -> Result<(), BadCorrection> {
        let end = self.0.keys().next_back().copied().unwrap_or(1);
        if first == 0 || last < first || first > end {
            return Err(BadCorrection::NoRows(end));
        }
        if last - first >= MAX_ROWS {
            return Err(BadCorrection::TooManyRows);
        }
        self.between(first, last).next().map(drop).ok_or(BadCorrection::Empty(first, last))
    }

    /// The rows with a text.
    pub fn between(&self, first: u32, last: u32) -> impl Iterator<Item = u32> {
        self.0.range(first..=last).map(|(row, _)| *row)
    }

    /// A mark on the row.
    pub fn mark(&self, row: u32, asks: bool) -> RowMark {
        let (text, fill) = self.0.get(&row).cloned().unwrap_or_default();
        RowMark { row, text, fill, every: false, asks }
    }

    /// Puts the marks in order and finds out which of them are on every row of their text.
    pub fn settle(&self, marks: &mut Vec<RowMark>) {
        marks.sort_by_key(|m| m.row);
        let counted: Vec<(String, bool)> = marks.iter().map(|m| (m.text.clone(), m.asks)).collect();
        for mark in marks {
            let marked = counted.iter().filter(|(text, asks)| *text == mark.text && *asks == mark.asks).count();
            mark.every = marked == self.0.values().filter(|(text, _)| *text == mark.text).count();
        }
    }

    /// The marks on the rows that are theirs in this sheet.
    pub fn fit(&self, marks: &[RowMark]) -> Vec<RowMark> {
        let mut fitted: Vec<RowMark> = Vec::new();
        for mark in marks {
            let taken = |row: &u32| fitted.iter().any(|m| m.row == *row);
            let mut same: Vec<u32> = self.0.iter().filter(|(row, (text, _))| *text == mark.text && !taken(row)).map(|(row, _)| *row).collect();
            if !mark.every {
                same.sort_by_key(|row| row.abs_diff(mark.row));
                same.truncate(1);
            }
            // Its text was changed: the row at its place is the same where no other is painted like it.
            let painted = |row: &u32| self.0.get(row).is_some_and(|(_, fill)| *fill == mark.fill);
            if same.is_empty() && !mark.asks && mark.fill.is_some() && painted(&mark.row) && self.0.keys().filter(|r| painted(r)).count() == 1 {
                same.push(mark.row);
            }
            fitted.extend(same.into_iter().map(|row| RowMark { row, ..mark.clone() }));
        }
        fitted
    }

    /// A block of those rows.
    pub fn block(&self, first: u32, last: u32) -> Block {
        let above = self.0.range(..first).next_back().map(|(_, (text, _))| text.clone()).unwrap_or_default();
        let inside: Vec<u32> = self.0.range(first..=last).map(|(row, _)| *row).collect();
        let step = inside.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1);
        let end = inside.last().copied().unwrap_or(last);
        let ends = self.0.range(last + 1..).next().is_none_or(|(next, _)| next - end > step);
        Block { first, last, above, open: ends.then_some(step) }
    }

    /// The block where it is in this sheet.
    pub fn moved(&self, block: &Block) -> Option<Block> {
        let above = block.first.saturating_sub(1);
        let same = self.0.iter().filter(|(_, (text, _))| *text == block.above && !block.above.is_empty());
        let above = same.map(|(row, _)| *row).min_by_key(|row| row.abs_diff(above)).unwrap_or(above);
        let first = self.0.range(above + 1..).next().map(|(row, _)| *row)?;
        let last = match block.open {
            None => first + (block.last - block.first),
            Some(step) => {
                let mut last = first;
                for (&row, _) in self.0.range(first..).take_while(|(row, _)| **row - first < MAX_ROWS) {
                    if row - last > step {
                        break;
                    }
                    last = row;
                }
                last
            }
        };
        Some(Block { first, last, ..block.clone() })
    }
}
