//! One pass over a worksheet part: its cells, merges, lists, protection, hidden rows and columns.
//!
//! Nothing is built from sizes that the part declares: what is kept is what stands there, within budgets.

use std::collections::BTreeMap;

use super::package::{Package, Part};
use super::read::ReadError;
use super::token::{Kind, Token};
use super::values::{RichText, TextBudget, Values, append};
use super::{Cell, CellRange, CellRef, Look, MAX_COL, MAX_ROW};

/// The most merged blocks, list ranges and hidden rows of a sheet: more than its rows is beyond reason.
const MAX_KEPT: usize = MAX_ROW as usize;

/// A list validation as written in the part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RawList {
    pub ranges: Vec<CellRange>,
    /// `"○,×"`, `リスト!$A$1:$A$3`, a defined name, a formula.
    pub source: String,
}

/// What a worksheet part says.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub cells: BTreeMap<CellRef, Cell>,
    pub merges: Vec<CellRange>,
    pub lists: Vec<RawList>,
    pub protected: bool,
    pub hidden_rows: Vec<u32>,
    pub hidden_cols: Vec<(u32, u32)>,
    pub widths: Vec<(u32, u32, u32)>,
}

/// What may still be kept, over all sheets.
pub(super) struct Budget {
    pub cells: usize,
    pub text: TextBudget,
}

/// Reads a worksheet part; `over` is the error for more cells than may be kept.
pub(super) fn sheet(
    package: &Package<'_>,
    part: &Part<'_>,
    values: &Values,
    budget: &mut Budget,
    over: impl Fn() -> ReadError,
) -> Result<Scanned, ReadError> {
    let mut tokens = part.tokens();
    let mut scan = Scan {
        values,
        budget,
        found: Scanned::default(),
        place: Place::default(),
        list: None,
        sqref: String::new(),
        inside: Inside::Nothing,
        fallback: None,
        kept: 0,
        last_text: 0,
    };
    while let Some(token) = tokens.next().map_err(|e| package.error(&part.entry.name, e))? {
        match scan.place.data {
            None => scan.frame(&token)?,
            Some(depth) if token.kind == Kind::End && token.depth == depth => scan.place.data = None,
            Some(depth) => {
                if !scan.data(&token, token.depth - depth)? {
                    return Err(over());
                }
            }
        }
        if scan.kept > MAX_KEPT {
            return Err(ReadError::Unreasonable(part.entry.name.clone(), "結合セルや入力規則が多すぎます".to_owned()));
        }
    }
    Ok(scan.found)
}

/// Where the pass is in the cells.
#[derive(Default)]
struct Place {
    /// The depth of `sheetData` while inside it.
    data: Option<usize>,
    /// A `sheetData` has begun.
    seen: bool,
    row: u32,
    /// The row tells its number.
    numbered: bool,
    col: u32,
    cell: Option<CellRef>,
    kind: Vec<u8>,
    style: Option<u32>,
    value: String,
    in_value: bool,
    in_inline: bool,
    inline: RichText,
}

/// Which element's text is being read.
/// Rows below the last text in which looks are still kept.
const PAINTED_ROWS: u32 = 256;

#[derive(PartialEq)]
enum Inside {
    Nothing,
    Formula,
    Sqref,
}

struct Scan<'s> {
    values: &'s Values,
    budget: &'s mut Budget,
    found: Scanned,
    place: Place,
    list: Option<RawList>,
    sqref: String,
    inside: Inside,
    /// The depth of an `mc:Fallback`, which says again what its `mc:Choice` says.
    fallback: Option<usize>,
    kept: usize,
    /// The last row with a text.
    last_text: u32,
}

impl Scan<'_> {
    /// What stands outside the cells.
    fn frame(&mut self, token: &Token<'_>) -> Result<(), ReadError> {
        if let Some(depth) = self.fallback {
            if token.kind == Kind::End && token.depth == depth {
                self.fallback = None;
            }
            return Ok(());
        }
        match (token.kind, token.local()) {
            (Kind::Start, b"Fallback") => self.fallback = Some(token.depth),
            // A second one is no workbook's; the writer, too, takes the first.
            (_, b"sheetData") if token.depth == 1 && !self.place.seen => {
                self.place.seen = true;
                self.place.data = (token.kind == Kind::Start).then_some(token.depth);
            }
            (Kind::Start | Kind::Empty, b"col") => {
                let first = token.number("min").unwrap_or(1);
                let last = token.number("max").unwrap_or(first).min(MAX_COL);
                if token.flag("hidden") {
                    self.found.hidden_cols.push((first, last));
                }
                let width = token.raw_attribute("width").and_then(|w| std::str::from_utf8(w).ok()?.trim().parse::<f64>().ok());
                // No column is wider than 255 digits.
                self.found.widths.extend(width.map(|w| (first, last, (w.clamp(0.0, 255.0) * 100.0).round() as u32)));
                self.kept += 1;
            }
            (Kind::Start | Kind::Empty, b"mergeCell") => {
                self.found.merges.extend(token.attribute("ref").and_then(|r| r.parse::<CellRange>().ok()));
                self.kept += 1;
            }
            (Kind::Start | Kind::Empty, b"sheetProtection") => self.found.protected = token.flag("sheet"),
            (Kind::Start, b"dataValidation") if token.raw_attribute("type") == Some(b"list") => {
                self.list = Some(RawList::default());
                self.sqref = token.attribute("sqref").unwrap_or_default().into_owned();
            }
            (Kind::Start, b"formula1") if self.list.is_some() => self.inside = Inside::Formula,
            (Kind::Start, b"sqref") if self.list.is_some() => self.inside = Inside::Sqref,
            (Kind::End, b"formula1" | b"sqref") => self.inside = Inside::Nothing,
            (Kind::End, b"dataValidation") => self.end_list()?,
            (Kind::Text | Kind::CData, _) => match (&self.inside, &mut self.list) {
                (Inside::Formula, Some(list)) => append(&mut list.source, &token.text()),
                (Inside::Sqref, Some(_)) => append(&mut self.sqref, &token.text()),
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn end_list(&mut self) -> Result<(), ReadError> {
        if let Some(mut list) = self.list.take() {
            list.ranges = self.sqref.split_whitespace().filter_map(|r| r.parse().ok()).take(MAX_KEPT).collect();
            self.budget.text.take(list.source.len() + size_of::<RawList>())?;
            self.kept += 1 + list.ranges.len();
            self.found.lists.push(list);
        }
        Ok(())
    }

    /// What stands inside `sheetData`: `level` 1 is a row, 2 a cell, 3 what is in it. False when there are too many cells.
    fn data(&mut self, token: &Token<'_>, level: usize) -> Result<bool, ReadError> {
        let place = &mut self.place;
        match (token.kind, level, token.local()) {
            (Kind::Start | Kind::Empty, 1, b"row") => {
                let number = token.number("r");
                (place.numbered, place.row) = (number.is_some(), number.unwrap_or(place.row.saturating_add(1)));
                place.col = 0;
                if place.row <= MAX_ROW && token.flag("hidden") {
                    self.found.hidden_rows.push(place.row);
                    self.kept += 1;
                }
            }
            (Kind::Start | Kind::Empty, 2, b"c") => {
                let mut at = token.reference("r").unwrap_or(CellRef::new(place.row, place.col.saturating_add(1)));
                // A cell that says it stands in another row stands where it is: as the writer, too, takes it.
                if place.numbered {
                    at.row = place.row;
                }
                place.col = at.col;
                place.cell = Some(at);
                place.kind.clear();
                place.kind.extend_from_slice(token.raw_attribute("t").unwrap_or_default());
                place.style = token.number("s");
                place.value.clear();
                if token.kind == Kind::Empty {
                    return self.end_cell();
                }
            }
            (Kind::End, 2, b"c") => return self.end_cell(),
            (Kind::Start, 3, b"v") => place.in_value = true,
            (Kind::End, 3, b"v") => place.in_value = false,
            (Kind::Start, 3, b"is") => place.in_inline = true,
            (Kind::End, 3, b"is") => {
                place.in_inline = false;
                place.value = place.inline.take();
            }
            (Kind::Text | Kind::CData, ..) if place.in_value => append(&mut place.value, &token.text()),
            _ if place.in_inline => place.inline.add(token),
            _ => {}
        }
        Ok(true)
    }

    fn end_cell(&mut self) -> Result<bool, ReadError> {
        let place = &mut self.place;
        (place.in_value, place.in_inline) = (false, false);
        let Some(at) = place.cell.take().filter(|at| (1..=MAX_ROW).contains(&at.row) && (1..=MAX_COL).contains(&at.col)) else {
            return Ok(true);
        };
        let look = self.values.look(place.style);
        if place.value.is_empty() && look == Look::default() {
            return Ok(true);
        }
        let text = if place.value.is_empty() { String::new() } else { self.values.text(&place.kind, place.style, &place.value) };
        let text = if text.trim().len() == text.len() { text } else { text.trim().to_owned() };
        if text.is_empty() && look == Look::default() {
            return Ok(true);
        }
        // Sheets are painted down to their last row; memory goes with what is filled.
        if text.is_empty() && at.row > self.last_text + PAINTED_ROWS {
            return Ok(true);
        }
        if !text.is_empty() {
            self.last_text = at.row;
        }
        if self.budget.cells == 0 {
            // A painted but empty area is worth nothing; text that would be lost is.
            return Ok(text.is_empty());
        }
        self.budget.cells -= 1;
        self.budget.text.take(text.len())?;
        self.found.cells.insert(at, Cell { text, look });
        Ok(true)
    }
}
