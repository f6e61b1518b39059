//! A sheet as a person sees it: visible blocks of text, merged or single, row by row.

use std::cell::Cell as Memo;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::headings::{Heading, Headings};
use crate::workbook::{Cell, CellRange, CellRef, Look, Sheet, Validation};

/// A block of text: one cell, or a merged rectangle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub range: CellRange,
    pub text: &'a str,
    pub look: Look,
    /// Its place among all blocks of the sheet.
    id: usize,
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
    rows: Rows<Block<'a>>,
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

/// Things by the row they stand in, top down: one list for all rows, as most rows hold few.
struct Rows<T> {
    /// The number of each row that holds something, and where in `all` its things end.
    ends: Vec<(u32, usize)>,
    all: Vec<T>,
}

impl<T> Rows<T> {
    fn new() -> Self {
        Self { ends: Vec::new(), all: Vec::new() }
    }

    /// Adds a thing to the lowest row so far, or to one below it.
    fn push(&mut self, row: u32, thing: T) {
        self.all.push(thing);
        let end = self.all.len();
        match self.ends.last_mut() {
            Some((last, to)) if *last == row => *to = end,
            _ => self.ends.push((row, end)),
        }
    }

    /// What stands in the `at`th row that holds something.
    fn at(&self, at: usize) -> &[T] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        &self.all[from..self.ends[at].1]
    }

    fn row(&self, row: u32) -> &[T] {
        // Where every row holds something, the row is found at once.
        let near = self.ends.first().and_then(|(first, _)| row.checked_sub(*first)).map_or(0, |down| down as usize);
        match self.ends.get(near) {
            Some((found, _)) if *found == row => self.at(near),
            _ => self.ends.binary_search_by_key(&row, |(row, _)| *row).map_or(&[], |at| self.at(at)),
        }
    }

    /// The rows between `first` and `last` that hold something.
    fn between(&self, first: u32, last: u32) -> impl DoubleEndedIterator<Item = (u32, &[T])> {
        let from = self.ends.partition_point(|(row, _)| *row < first);
        let to = self.ends.partition_point(|(row, _)| *row <= last).max(from);
        (from..to).map(|at| (self.ends[at].0, self.at(at)))
    }
}

/// Cells, merges and lists of a sheet, found by row and by column, and what its texts tell.
struct Frame<'a> {
    headings: &'a Headings,
    /// What has been asked of them so far, by their blocks: few texts are ever taken for a heading.
    known: Vec<Memo<Option<Option<Heading>>>>,
    /// The sheet's cells, down to the last row that counts, each with its column.
    cells: Rows<(u32, &'a Cell)>,
    merges: HashMap<u32, Vec<CellRange>>,
    tall_merges: Vec<CellRange>,
    /// By column: ranges by their first row, each with the lowest row that it or one before it reaches.
    lists: BTreeMap<u32, Vec<Span<'a>>>,
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
        let (merges, tall_merges, lists, wide_lists) = (HashMap::new(), Vec::new(), BTreeMap::new(), Vec::new());
        let mut frame = Self { headings, known: Vec::new(), cells: Rows::new(), merges, tall_merges, lists, wide_lists };
        for (at, cell) in sheet.cells.range(..=CellRef::new(last_row + REACH, u32::MAX)) {
            frame.cells.push(at.row, (at.col, cell));
        }
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
        let mut frame = Frame::new(sheet, headings, last_row);
        let (mut rows, mut last_col) = (Rows::new(), 0);
        // Texts of hidden rows whose merged cells reach down into rows that are seen.
        let mut reaching: Vec<(CellRange, &Cell)> = Vec::new();
        for (row, cells) in frame.cells.between(1, last_row) {
            last_col = cells.iter().map(|(col, _)| *col).fold(last_col, u32::max);
            let texts = cells.iter().filter(|(col, cell)| !cell.text.is_empty() && !hidden(sheet, *col));
            let texts = texts.map(|(col, cell)| (frame.block(CellRef::new(row, *col)), *cell));
            if sheet.hidden_rows.binary_search(&row).is_ok() {
                reaching.extend(texts.filter(|(range, _)| range.last.row > row));
                continue;
            }
            let mut add = |(range, cell): (CellRange, &'a Cell)| {
                let block = Block { range, text: &cell.text, look: cell.look, id: rows.all.len() };
                rows.push(row, block);
            };
            if reaching.is_empty() {
                texts.for_each(add);
                continue;
            }
            let mut all: Vec<(CellRange, &Cell)> = reaching.drain(..).filter(|(range, _)| range.last.row >= row).map(|(range, cell)| (CellRange { first: CellRef::new(row, range.first.col), ..range }, cell)).chain(texts).collect();
            all.sort_by_key(|(range, _)| range.first.col);
            all.into_iter().for_each(&mut add);
        }
        frame.known.resize(rows.all.len(), Memo::new(None));
        Self { sheet, rows, frame: Rc::new(frame), last_row, first_col: 1, last_col }
    }

    /// The same sheet with only the texts in the columns from `first` to `last`.
    pub fn within(&self, first: u32, last: u32) -> Self {
        self.part((first, last), (1, self.last_row))
    }

    /// The same sheet with only the texts in these columns and rows.
    pub fn part(&self, (first, last): (u32, u32), (top, bottom): (u32, u32)) -> Self {
        let mut rows = Rows::new();
        for (row, blocks) in self.rows.between(top, bottom) {
            blocks.iter().filter(|b| (first..=last).contains(&b.col())).for_each(|b| rows.push(row, *b));
        }
        Self { sheet: self.sheet, rows, frame: Rc::clone(&self.frame), last_row: bottom, first_col: first, last_col: last.min(self.last_col) }
    }

    /// What the block's text tells where it stands over a column.
    pub fn heading(&self, block: &Block<'_>) -> Option<Heading> {
        let known = &self.frame.known[block.id];
        known.get().unwrap_or_else(|| {
            let heading = self.frame.headings.column(block.text);
            known.set(Some(heading));
            heading
        })
    }

    pub fn hidden_col(&self, col: u32) -> bool {
        hidden(self.sheet, col)
    }

    /// The cell, where it has a text or a look of its own.
    pub fn cell(&self, at: CellRef) -> Option<&'a Cell> {
        if at.row > self.last_row + REACH {
            return self.sheet.cells.get(&at);
        }
        let cells = self.frame.cells.row(at.row);
        // Few cells stand left of it, as a rule just those of the columns before.
        match cells.get(at.col as usize - 1) {
            Some((col, cell)) if *col == at.col => Some(cell),
            _ => cells.binary_search_by_key(&at.col, |(col, _)| *col).ok().map(|found| cells[found].1),
        }
    }

    /// The text at the cell; empty where there is none.
    pub fn text(&self, at: CellRef) -> &'a str {
        self.cell(at).map_or("", |cell| &cell.text)
    }

    /// The look of the cell; plain where it has none.
    pub fn look(&self, at: CellRef) -> Look {
        self.cell(at).map_or_else(Look::default, |cell| cell.look)
    }

    /// The merged block that covers the cell, else the cell alone.
    pub fn block(&self, at: CellRef) -> CellRange {
        self.frame.block(at)
    }

    /// The blocks of text that begin in the row.
    pub fn row(&self, row: u32) -> &[Block<'a>] {
        self.rows.row(row)
    }

    /// Rows in which a block of text begins, between `first` and `last`.
    pub fn rows(&self, first: u32, last: u32) -> impl DoubleEndedIterator<Item = (u32, &[Block<'a>])> {
        self.rows.between(first, last)
    }

    /// The list of allowed values for the cell.
    pub fn validation(&self, at: CellRef) -> Option<&'a Validation> {
        self.frame.list(at.col, at.row, at.row)
    }

    /// The one thing that the cell's list allows.
    pub fn sign(&self, at: CellRef) -> Option<String> {
        match self.validation(at)?.choices.as_deref()? {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// Whether any cell of the column has a list, between the rows.
    pub fn listed(&self, col: u32, first: u32, last: u32) -> bool {
        self.list(col, first, last).is_some()
    }

    /// A list that cells of the column have, between the rows.
    pub fn list(&self, col: u32, first: u32, last: u32) -> Option<&'a Validation> {
        self.frame.list(col, first, last)
    }

    /// Whether the cell looks like a place to write into: framed or merged, open in a protected sheet, or with a
    /// list.
    pub fn inviting(&self, at: CellRef) -> bool {
        self.invites(at, self.look(at))
    }

    /// The same where its look is known.
    pub fn invites(&self, at: CellRef, look: Look) -> bool {
        look.bordered || (self.sheet.protected && look.unlocked) || self.validation(at).is_some() || self.block(at).width() > 1
    }

    /// Whether the cell is the first of an empty block.
    pub fn empty(&self, at: CellRef) -> bool {
        self.text(at).is_empty() && self.block(at).first == at
    }

    /// The first cells of empty blocks that look like places to write into or have a colour, row by row.
    pub fn places(&self) -> impl Iterator<Item = CellRef> {
        let columns = self.first_col..=self.last_col;
        let cells = self.frame.cells.between(1, self.last_row + REACH);
        let cells = cells.flat_map(|(row, cells)| cells.iter().map(move |(col, cell)| (CellRef::new(row, *col), *cell)));
        let cells = cells.filter(move |(at, cell)| cell.text.is_empty() && columns.contains(&at.col));
        cells.filter(|(at, cell)| (self.invites(*at, cell.look) || cell.look.filled()) && self.block(*at).first == *at).map(|(at, _)| at)
    }

    /// Cells with a list in rows with a text that the file does not even name: empty and without a look.
    pub fn bare_lists(&self) -> impl Iterator<Item = CellRef> {
        let rows = self.rows(1, self.last_row).map(|(row, _)| row);
        let cells = rows.flat_map(|row| self.frame.lists.keys().map(move |col| CellRef::new(row, *col)));
        cells.filter(|at| at.col >= self.first_col && self.cell(*at).is_none() && self.validation(*at).is_some() && !self.hidden_col(at.col))
    }
}

fn hidden(sheet: &Sheet, col: u32) -> bool {
    sheet.hidden_cols.iter().any(|&(first, last)| (first..=last).contains(&col))
}
