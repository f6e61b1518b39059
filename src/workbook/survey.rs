//! One pass over a worksheet part for all that writing into some of its cells must know: where they stand, what stands in
//! them, where a missing one goes, and what forbids writing there.

use std::ops::Range;
use std::rc::Rc;

use super::plain::PlainCell;
use super::surveyed::{Content, Formula, Survey, Tag, WantedCell, WantedRow};
use super::token::{Kind, Token, cell_place, unescape};
use super::values::append;
use super::xml::{Tokens, XmlError};
use super::{CellRange, CellRef, MAX_COL, MAX_ROW};

/// The most columns' settings and open ranges taken: as many as there can be columns.
const MAX_KEPT: usize = MAX_COL as usize;

/// Why a part can't be surveyed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SurveyError {
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The part is no worksheet.
    #[error("ワークシートではありません")]
    NoWorksheet,
    /// It has no `sheetData`.
    #[error("セルの領域（sheetData）がありません")]
    NoData,
    /// A row without a number holds a cell of another row than the next.
    #[error("行番号のない行に、別の行のセルがあります")]
    Misplaced,
}

/// Looks for the `wanted` cells, which come by their places, and where asked to for the heights of all rows.
pub(super) fn survey(
    mut tokens: Tokens<'_>,
    wanted: impl Iterator<Item = CellRef>,
    heights: bool,
) -> Result<Survey, SurveyError> {
    let count = wanted.size_hint().0;
    let mut found = Survey { cells: Vec::with_capacity(count), rows: Vec::with_capacity(count), ..Survey::default() };
    for at in wanted {
        let place = found.cells.len();
        found.cells.push(WantedCell { at, found: None, again: false, next: None, merge: None, obstacle: None });
        match found.rows.last_mut().filter(|r| r.number == at.row) {
            Some(row) => row.cells.end = place + 1,
            None => {
                found.rows.push(WantedRow { number: at.row, tag: None, style: None, next: None, cells: place..place + 1 });
            }
        }
    }
    let mut pass = Pass { found, heights, ..Pass::default() };
    loop {
        if pass.in_other_row {
            tokens.pass_plain_cells();
        } else if pass.between_cells {
            while let Some((start, cell)) = tokens.plain_cell() {
                pass.plain_cell(start, &cell);
            }
        }
        let Some(token) = tokens.next()? else { break };
        match pass.data {
            None => pass.frame(&token)?,
            Some(depth) if token.kind == Kind::End && token.depth == depth => {
                if let Some(data) = &mut pass.found.data {
                    data.close = token.start;
                }
                pass.data = None;
            }
            Some(depth) => pass.token(&token, token.depth - depth),
        }
    }
    match pass.found.data {
        None => Err(SurveyError::NoData),
        Some(_) if pass.misplaced => Err(SurveyError::Misplaced),
        Some(_) => Ok(pass.found),
    }
}

/// Where the pass is, and what it has found so far.
#[derive(Default)]
struct Pass {
    found: Survey,
    heights: bool,
    /// The depth of `sheetData` while inside it.
    data: Option<usize>,
    row: u32,
    /// The current row tells its number.
    numbered: bool,
    /// A row without a number holds a cell of another one.
    misplaced: bool,
    /// The current row's place among the wanted ones, where it is one; whether it is the first of its number; its wanted cells.
    wanted_row: Option<usize>,
    first: bool,
    here: Range<usize>,
    /// In a row of which nothing is wanted, and that tells its number; in a wanted one, where a cell may begin.
    in_other_row: bool,
    between_cells: bool,
    /// The wanted rows, and cells of the current row, before which something further on has been seen.
    rows_passed: usize,
    cells_passed: usize,
    col: u32,
    /// The wanted cell that is being read.
    cell: Option<(usize, Content)>,
    formula: Option<FormulaTag>,
    /// Inside `rPh`, whose text is only how to read the other.
    phonetic: Option<usize>,
    in_value: bool,
    in_formula: bool,
    /// The last `t` and `s`: most cells have the same.
    kind: Rc<str>,
    style: Rc<str>,
}

/// A formula in a wanted cell.
struct FormulaTag {
    shared: bool,
    range: Option<CellRange>,
    has_text: bool,
}

impl Pass {
    /// What stands outside the cells.
    fn frame(&mut self, token: &Token<'_>) -> Result<(), SurveyError> {
        if !token.opens() {
            return Ok(());
        }
        let found = &mut self.found;
        match (token.depth, token.local()) {
            (0, b"worksheet") => {}
            (0, _) => return Err(SurveyError::NoWorksheet),
            (1, b"dimension") => {
                let range = token.attribute("ref").and_then(|r| r.parse().ok());
                found.dimension = range.map(|range| (Tag::new(token), range));
            }
            (1, b"sheetFormatPr") => {
                found.measures.default_height = decimal(token, "defaultRowHeight");
                found.measures.default_width = decimal(token, "defaultColWidth");
            }
            (2, b"col") if found.columns.len().max(found.measures.widths.len()) < MAX_KEPT => {
                let Some((first, last)) = token.number("min").zip(token.number("max")) else { return Ok(()) };
                found.columns.extend(token.attribute("style").map(|style| (first, last, style.into_owned())));
                let width = decimal(token, "width").map(|width| if token.flag("hidden") { 0.0 } else { width });
                found.measures.widths.extend(width.map(|width| (first, last, width)));
            }
            (1, b"sheetData") if found.data.is_none() => {
                found.prefix = String::from_utf8_lossy(token.prefix()).into_owned();
                found.data = Some(Tag::new(token));
                self.data = (token.kind == Kind::Start).then_some(token.depth);
            }
            (1, b"sheetProtection") => found.protected = token.flag("sheet"),
            (_, b"protectedRange") if found.open_ranges.len() < MAX_KEPT => {
                let ranges = token.attribute("sqref").unwrap_or_default();
                found.open_ranges.extend(ranges.split_whitespace().filter_map(|r| r.parse::<CellRange>().ok()).take(MAX_KEPT));
            }
            (_, b"mergeCell") => {
                let range: Option<CellRange> = token.attribute("ref").and_then(|r| r.parse().ok());
                if let Some(range) = range.filter(|r| r.first != r.last) {
                    if let Some(place) = found.place(range.first) {
                        found.cells[place].merge = Some(range);
                    }
                    self.forbid(range, Some(range.first), || format!("結合セル {range} の左上ではありません"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Marks the wanted cells of `range` but `free` as not to be written.
    fn forbid(&mut self, range: CellRange, free: Option<CellRef>, why: impl Fn() -> String) {
        let from = self.found.cells.partition_point(|c| c.at < range.first);
        for cell in self.found.cells[from..].iter_mut().take_while(|c| c.at <= range.last) {
            if range.contains(cell.at) && free != Some(cell.at) {
                cell.obstacle.get_or_insert_with(&why);
            }
        }
    }

    /// What stands inside `sheetData`: `level` 1 is a row, 2 a cell, 3 what is in it.
    fn token(&mut self, token: &Token<'_>, level: usize) {
        match (token.kind, level, token.local()) {
            (Kind::Start | Kind::Empty, 1, b"row") => self.begin_row(token),
            (Kind::End, 1, b"row") => {
                self.in_other_row = false;
                let row = self.wanted_row.filter(|_| self.first).map(|row| &mut self.found.rows[row]);
                if let Some(tag) = row.and_then(|r| r.tag.as_mut()) {
                    tag.close = token.start;
                }
            }
            (Kind::Start | Kind::Empty, 2, b"c") if self.wanted_row.is_some() || !self.numbered => self.begin_cell(token),
            (Kind::End, 2, b"c") => self.end_cell(token.end()),
            (Kind::Start | Kind::Empty, 3, b"f") if token.raw.len() > 4 || self.cell.is_some() => self.formula(token),
            (Kind::End, 3, b"f") => self.in_formula = false,
            _ if self.cell.is_some() => self.inside_cell(token, level),
            _ => {}
        }
        let begins = matches!((token.kind, level), (Kind::Start, 1)) || (level == 2 && token.kind != Kind::Start);
        self.between_cells = begins && self.wanted_row.is_some();
    }

    fn begin_row(&mut self, token: &Token<'_>) {
        let number = token.number("r");
        self.row = number.unwrap_or(self.row.saturating_add(1)).min(MAX_ROW + 1);
        (self.numbered, self.col) = (number.is_some(), 0);
        let rows = &mut self.found.rows;
        while let Some(row) = rows.get_mut(self.rows_passed).filter(|row| row.number < self.row) {
            row.next = Some(token.start);
            self.rows_passed += 1;
        }
        if self.heights {
            let heights = &mut self.found.measures.heights;
            if token.flag("hidden") {
                heights.insert(self.row, (0.0, true));
            } else if let Some(height) = decimal(token, "ht") {
                heights.insert(self.row, (height, token.flag("customHeight")));
            }
        }
        let in_order = rows.get(self.rows_passed).is_some_and(|row| row.number == self.row);
        let place = || rows.binary_search_by_key(&self.row, |r| r.number).ok();
        self.wanted_row = if in_order { Some(self.rows_passed) } else { place() };
        self.in_other_row = self.wanted_row.is_none() && self.numbered && token.kind == Kind::Start;
        (self.first, self.here) = (false, 0..0);
        let Some(row) = self.wanted_row.map(|row| &mut rows[row]) else { return };
        self.first = row.tag.is_none();
        if self.first {
            row.style = token.attribute("s").filter(|_| token.flag("customFormat")).map(Into::into);
            row.tag = Some(Tag::new(token));
        }
        self.here = row.cells.clone();
        self.cells_passed = self.here.start;
    }

    fn begin_cell(&mut self, token: &Token<'_>) {
        let (mut place, mut kind, mut style) = (None, None, None);
        for (name, value) in token.attributes() {
            match name {
                b"r" if place.is_none() => place = Some(value),
                b"t" if kind.is_none() => kind = Some(value),
                b"s" if style.is_none() => style = Some(value),
                _ => {}
            }
        }
        if self.meet_cell(token.start, place, kind, style) && token.kind == Kind::Empty {
            self.end_cell(token.end());
        }
    }

    fn plain_cell(&mut self, start: u64, cell: &PlainCell<'_>) {
        if self.meet_cell(start, cell.place, cell.kind, cell.style) {
            if let Some((_, content)) = &mut self.cell {
                append(&mut content.value, &unescape(cell.value));
            }
            self.end_cell(start + cell.length as u64);
        }
    }

    /// Takes account of a cell that begins at `start`; says whether it is a wanted one, which is then being read.
    #[inline]
    fn meet_cell(&mut self, start: u64, place: Option<&[u8]>, kind: Option<&[u8]>, style: Option<&[u8]>) -> bool {
        let mut at = place.and_then(cell_place).unwrap_or(CellRef::new(self.row, self.col.saturating_add(1)));
        let cells = &mut self.found.cells;
        if at.row != self.row {
            self.misplaced |= !self.numbered;
            for cell in &mut cells[self.here.clone()] {
                cell.obstacle.get_or_insert_with(|| "同じ行に、別の行番号のセルがあります".to_owned());
            }
            at.row = self.row;
        }
        self.col = at.col;
        if self.first {
            while let Some(cell) = cells[..self.here.end].get_mut(self.cells_passed).filter(|c| c.at.col < at.col) {
                cell.next = Some(start);
                self.cells_passed += 1;
            }
        }
        // A row has few.
        let Some(wanted) = self.here.clone().find(|&i| cells[i].at == at) else { return false };
        let kind = kind.map_or_else(Rc::default, |kind| same(&mut self.kind, kind));
        let style = style.map(|style| same(&mut self.style, style));
        self.cell = Some((wanted, Content { span: start..start, kind, style, ..Content::default() }));
        self.formula = None;
        true
    }

    fn end_cell(&mut self, end: u64) {
        let Some((wanted, mut content)) = self.cell.take() else { return };
        (self.in_value, self.in_formula, self.phonetic) = (false, false, None);
        content.span.end = end;
        let cell = &mut self.found.cells[wanted];
        if let Some(formula) = self.formula.take() {
            // The master of a shared formula is the one with the text; the range it is for may be itself alone.
            let alone = formula.range.is_some_and(|r| r.first == cell.at && r.last == cell.at);
            let master = formula.shared && (formula.range.is_some() || formula.has_text) && !alone;
            content.formula = Some(if master { Formula::SharedMaster } else { Formula::Plain });
        }
        cell.again = cell.found.is_some();
        cell.found.get_or_insert(content);
    }

    fn formula(&mut self, token: &Token<'_>) {
        let kind = token.attribute("t").unwrap_or_default();
        let range: Option<CellRange> = token.attribute("ref").and_then(|r| r.parse().ok());
        let own = self.cell.as_ref().map(|(wanted, _)| self.found.cells[*wanted].at);
        match (&*kind, range.or(own.map(|at| CellRange { first: at, last: at }))) {
            ("array", Some(range)) => self.forbid(range, None, || format!("配列数式 {range} の一部です")),
            ("dataTable", Some(range)) => self.forbid(range, None, || format!("データテーブル {range} の一部です")),
            _ => {}
        }
        if self.cell.is_some() {
            self.formula = Some(FormulaTag { shared: kind == "shared", range, has_text: false });
            self.in_formula = token.kind == Kind::Start;
        }
    }

    /// Gathers what a wanted cell holds.
    fn inside_cell(&mut self, token: &Token<'_>, level: usize) {
        match (token.kind, token.local()) {
            (Kind::Start, b"v") if level == 3 => self.in_value = true,
            (Kind::Start, b"t") if self.phonetic.is_none() => self.in_value = true,
            (Kind::End, b"v" | b"t") => self.in_value = false,
            (Kind::Start, b"rPh") if self.phonetic.is_none() => self.phonetic = Some(level),
            (Kind::End, b"rPh") if self.phonetic == Some(level) => self.phonetic = None,
            (Kind::Text | Kind::CData, _) => {
                if self.in_formula
                    && let Some(formula) = &mut self.formula
                {
                    formula.has_text |= !token.raw.trim_ascii().is_empty();
                } else if self.in_value
                    && let Some((_, content)) = &mut self.cell
                {
                    append(&mut content.value, &token.text());
                }
            }
            _ => {}
        }
    }
}

/// The attribute's value: the last one again, where it is the same.
fn same(last: &mut Rc<str>, raw: &[u8]) -> Rc<str> {
    if last.as_bytes() != raw {
        *last = unescape(raw).into();
    }
    Rc::clone(last)
}

fn decimal(token: &Token<'_>, name: &str) -> Option<f64> {
    token.attribute(name)?.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)
}
