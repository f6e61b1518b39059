//! One pass over a worksheet part for all that writing into some of its cells must know: where they stand, what stands in
//! them, where a missing one goes, and what forbids writing there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::token::{Kind, Token};
use super::values::append;
use super::xml::{Tokens, XmlError};
use super::{CellRange, CellRef, MAX_COL, MAX_ROW};

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
#[derive(Debug, Default)]
pub(super) struct WantedRow {
    /// The rows of that number: one, or none; broken writers make several.
    pub tags: Vec<Tag>,
    /// The style of the first of them, where it has one of its own.
    pub style: Option<String>,
    /// The begin of the first row with a higher number.
    pub next: Option<u64>,
}

/// What stands in a wanted cell.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// The cell's `t`.
    pub kind: String,
    /// Its `s`.
    pub style: Option<String>,
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
#[derive(Debug, Default)]
pub(super) struct WantedCell {
    /// Where it stands, and what it holds: once, or not at all; broken writers make several.
    pub found: Vec<(Range<u64>, Content)>,
    /// The begin of the first cell further right in the first row of that number.
    pub next: Option<u64>,
    /// Why it can't be written.
    pub obstacle: Option<String>,
}

/// The most columns' settings and open ranges taken: as many as there can be columns.
const MAX_KEPT: usize = MAX_COL as usize;

/// A column's default style: from, to, style.
type ColumnStyle = (u32, u32, String);

/// What the pass found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The tag prefix of the spreadsheet's namespace with its colon, or nothing.
    pub prefix: String,
    pub dimension: Option<(Tag, CellRange)>,
    pub columns: Vec<ColumnStyle>,
    /// The `sheetData` element.
    pub data: Option<Tag>,
    pub rows: BTreeMap<u32, WantedRow>,
    pub cells: BTreeMap<CellRef, WantedCell>,
    pub protected: bool,
    /// The merged blocks whose top left is wanted.
    pub merges: BTreeMap<CellRef, CellRange>,
    /// The heights that rows say they have, in points, and whether they were set by hand; a hidden row has none.
    heights: BTreeMap<u32, (f64, bool)>,
    with_heights: bool,
    default_height: Option<f64>,
    /// From, to, width in half-width characters.
    widths: Vec<(u32, u32, f64)>,
    default_width: Option<f64>,
    /// What may be edited although the sheet is protected.
    pub open_ranges: Vec<CellRange>,
    /// Wanted rows that have no higher row behind them yet, and wanted columns of the current row likewise.
    rows_open: BTreeSet<u32>,
    cols_open: BTreeSet<u32>,
}

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
}

/// Where the pass is.
#[derive(Default)]
struct Place {
    /// The depth of `sheetData` while inside it.
    data: Option<usize>,
    row: u32,
    /// The current row is wanted, and is the first of its number.
    row_wanted: bool,
    row_first: bool,
    col: u32,
    /// The wanted cell that is being read: its begin and what was found so far.
    cell: Option<(CellRef, u64, Content)>,
    /// Inside `rPh`, whose text is only how to read the other.
    phonetic: Option<usize>,
    in_value: bool,
    in_formula: bool,
    formula: Option<(String, Option<CellRange>, bool)>,
}

/// Looks for the `wanted` cells, and where asked to for the heights of all rows.
pub(super) fn survey(
    mut tokens: Tokens<'_>,
    wanted: impl Iterator<Item = CellRef>,
    heights: bool,
) -> Result<Survey, SurveyError> {
    let mut survey = Survey { with_heights: heights, ..Survey::default() };
    for at in wanted {
        survey.cells.insert(at, WantedCell::default());
        survey.rows.insert(at.row, WantedRow::default());
        survey.rows_open.insert(at.row);
    }
    let mut place = Place::default();
    while let Some(token) = tokens.next()? {
        match place.data {
            None => survey.frame(&token, &mut place)?,
            Some(depth) if token.kind == Kind::End && token.depth == depth => {
                if let Some(data) = &mut survey.data {
                    data.close = token.start;
                }
                place.data = None;
            }
            Some(depth) => survey.data(&token, token.depth - depth, &mut place),
        }
    }
    if survey.data.is_none() { Err(SurveyError::NoData) } else { Ok(survey) }
}

impl Survey {
    /// What stands outside the cells.
    fn frame(&mut self, token: &Token<'_>, place: &mut Place) -> Result<(), SurveyError> {
        if !token.opens() {
            return Ok(());
        }
        match (token.depth, token.local()) {
            (0, b"worksheet") => {}
            (0, _) => return Err(SurveyError::NoWorksheet),
            (1, b"dimension") => {
                let range = token.attribute("ref").and_then(|r| r.parse().ok());
                self.dimension = range.map(|range| (Tag::new(token), range));
            }
            (1, b"sheetFormatPr") => {
                self.default_height = decimal(token, "defaultRowHeight");
                self.default_width = decimal(token, "defaultColWidth");
            }
            (2, b"col") if self.columns.len().max(self.widths.len()) < MAX_KEPT => {
                self.columns.extend(column_style(token));
                if let (Some(first), Some(last), Some(width)) =
                    (token.number("min"), token.number("max"), decimal(token, "width"))
                {
                    self.widths.push((first, last, if token.flag("hidden") { 0.0 } else { width }));
                }
            }
            (1, b"sheetData") if self.data.is_none() => {
                self.prefix = String::from_utf8_lossy(token.prefix()).into_owned();
                self.data = Some(Tag::new(token));
                place.data = (token.kind == Kind::Start).then_some(token.depth);
            }
            (1, b"sheetProtection") => self.protected = token.flag("sheet"),
            (_, b"protectedRange") if self.open_ranges.len() < MAX_KEPT => {
                let ranges = token.attribute("sqref").unwrap_or_default();
                self.open_ranges.extend(ranges.split_whitespace().filter_map(|r| r.parse::<CellRange>().ok()).take(MAX_KEPT));
            }
            (_, b"mergeCell") => {
                let range: Option<CellRange> = token.attribute("ref").and_then(|r| r.parse().ok());
                if let Some(range) = range.filter(|r| r.first != r.last) {
                    if self.cells.contains_key(&range.first) {
                        self.merges.insert(range.first, range);
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
        for (at, cell) in self.cells.range_mut(range.first..=range.last) {
            if range.contains(*at) && free != Some(*at) {
                cell.obstacle.get_or_insert_with(&why);
            }
        }
    }

    /// What stands inside `sheetData`: `level` 1 is a row, 2 a cell, 3 what is in it.
    fn data(&mut self, token: &Token<'_>, level: usize, place: &mut Place) {
        match (token.kind, level, token.local()) {
            (Kind::Start | Kind::Empty, 1, b"row") => self.begin_row(token, place),
            (Kind::End, 1, b"row") => {
                if let Some(tag) = self.rows.get_mut(&place.row).filter(|_| place.row_wanted).and_then(|r| r.tags.last_mut()) {
                    tag.close = token.start;
                }
            }
            (Kind::Start | Kind::Empty, 2, b"c") if place.row_wanted => self.begin_cell(token, place),
            (Kind::End, 2, b"c") => self.end_cell(token.end(), place),
            (Kind::Start | Kind::Empty, 3, b"f") if token.raw.len() > 4 || place.cell.is_some() => self.formula(token, place),
            (Kind::End, 3, b"f") => place.in_formula = false,
            _ if place.cell.is_some() => inside_cell(token, level, place),
            _ => {}
        }
    }

    fn begin_row(&mut self, token: &Token<'_>, place: &mut Place) {
        place.row = token.number("r").unwrap_or(place.row.saturating_add(1)).min(MAX_ROW + 1);
        place.col = 0;
        while let Some(row) = self.rows_open.first().copied().filter(|&row| row < place.row) {
            self.rows_open.remove(&row);
            self.rows.entry(row).or_default().next = Some(token.start);
        }
        if self.with_heights {
            if token.flag("hidden") {
                self.heights.insert(place.row, (0.0, true));
            } else if let Some(height) = decimal(token, "ht") {
                self.heights.insert(place.row, (height, token.flag("customHeight")));
            }
        }
        let Some(row) = self.rows.get_mut(&place.row) else {
            place.row_wanted = false;
            return;
        };
        place.row_wanted = true;
        place.row_first = row.tags.is_empty();
        if place.row_first {
            row.style = token.attribute("s").filter(|_| token.flag("customFormat")).map(Into::into);
            let (from, to) = (CellRef::new(place.row, 1), CellRef::new(place.row, MAX_COL));
            self.cols_open = self.cells.range(from..=to).map(|(at, _)| at.col).collect();
        }
        // That there is more than one is all that is to be known of the others.
        row.tags.truncate(1);
        row.tags.push(Tag::new(token));
    }

    fn begin_cell(&mut self, token: &Token<'_>, place: &mut Place) {
        let at =
            token.reference("r").unwrap_or(CellRef::new(place.row, place.col.saturating_add(1)));
        place.col = at.col;
        if place.row_first && at.row == place.row {
            while let Some(col) = self.cols_open.first().copied().filter(|&col| col < at.col) {
                self.cols_open.remove(&col);
                if let Some(cell) = self.cells.get_mut(&CellRef::new(place.row, col)) {
                    cell.next = Some(token.start);
                }
            }
        }
        if self.cells.contains_key(&at) {
            let text = |name| token.attribute(name).map(|v| v.into_owned());
            place.cell =
                Some((at, token.start, Content { kind: text("t").unwrap_or_default(), style: text("s"), ..Content::default() }));
            place.formula = None;
            if token.kind == Kind::Empty {
                self.end_cell(token.end(), place);
            }
        }
    }

    fn end_cell(&mut self, end: u64, place: &mut Place) {
        let Some((at, start, mut content)) = place.cell.take() else { return };
        (place.in_value, place.in_formula, place.phonetic) = (false, false, None);
        if let Some((kind, range, has_text)) = place.formula.take() {
            // The master of a shared formula is the one with the text; the range it is for may be itself alone.
            let alone = range.is_some_and(|r| r.first == at && r.last == at);
            let master = kind == "shared" && (range.is_some() || has_text) && !alone;
            content.formula = Some(if master { Formula::SharedMaster } else { Formula::Plain });
        }
        if let Some(cell) = self.cells.get_mut(&at) {
            cell.found.truncate(1);
            cell.found.push((start..end, content));
        }
    }

    fn formula(&mut self, token: &Token<'_>, place: &mut Place) {
        let kind = token.attribute("t").unwrap_or_default();
        let range: Option<CellRange> = token.attribute("ref").and_then(|r| r.parse().ok());
        let own = place.cell.as_ref().map(|(at, ..)| CellRange { first: *at, last: *at });
        match (&*kind, range.or(own)) {
            ("array", Some(range)) => self.forbid(range, None, || format!("配列数式 {range} の一部です")),
            ("dataTable", Some(range)) => self.forbid(range, None, || format!("データテーブル {range} の一部です")),
            _ => {}
        }
        if place.cell.is_some() {
            place.formula = Some((kind.into_owned(), range, false));
            place.in_formula = token.kind == Kind::Start;
        }
    }

    /// What stands in a wanted cell, where it stands once.
    pub fn content(&self, at: CellRef) -> Option<&Content> {
        match &*self.cells.get(&at)?.found {
            [(_, content)] => Some(content),
            _ => None,
        }
    }

    /// The style a wanted cell has, or gets: its own, else its row's, else its column's.
    pub fn style(&self, at: CellRef) -> Option<&str> {
        match self.content(at) {
            Some(content) => content.style.as_deref(),
            None => self.rows.get(&at.row).and_then(|r| r.style.as_deref()).or_else(|| self.column_style(at.col)),
        }
    }

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

    /// The default style of a column.
    pub fn column_style(&self, col: u32) -> Option<&str> {
        self.columns.iter().find(|(first, last, _)| (*first..=*last).contains(&col)).map(|(.., style)| style.as_str())
    }
}

/// Gathers what a wanted cell holds.
fn inside_cell(token: &Token<'_>, level: usize, place: &mut Place) {
    match (token.kind, token.local()) {
        (Kind::Start, b"v") if level == 3 => place.in_value = true,
        (Kind::Start, b"t") if place.phonetic.is_none() => place.in_value = true,
        (Kind::End, b"v" | b"t") => place.in_value = false,
        (Kind::Start, b"rPh") if place.phonetic.is_none() => place.phonetic = Some(level),
        (Kind::End, b"rPh") if place.phonetic == Some(level) => place.phonetic = None,
        (Kind::Text | Kind::CData, _) => {
            if place.in_formula
                && let Some((.., has_text)) = &mut place.formula
            {
                *has_text |= !token.raw.trim_ascii().is_empty();
            } else if place.in_value
                && let Some((.., content)) = &mut place.cell
            {
                append(&mut content.value, &token.text());
            }
        }
        _ => {}
    }
}

fn decimal(token: &Token<'_>, name: &str) -> Option<f64> {
    token.attribute(name)?.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)
}

fn column_style(token: &Token<'_>) -> Option<ColumnStyle> {
    Some((token.number("min")?, token.number("max")?, token.attribute("style")?.into_owned()))
}
