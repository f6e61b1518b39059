//! A sheet as the client sees it, near enough: columns as wide, blocks merged, cells painted, with what was found marked in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::left::why_words;
use crate::questionnaire::mapping::{Role, SheetMapping};
use crate::questionnaire::{Questionnaire, Why};
use crate::workbook::{CellRange, CellRef, Look, Sheet, column_letters};

/// The most rows that are drawn at once.
const ROWS: u32 = 300;
/// So many rows before and after a question show its place.
const AROUND: u32 = 3;
/// The most columns that are drawn.
const COLUMNS: u32 = 60;
/// So far right of the last text frames and blocks still count.
const BESIDE: u32 = 20;
/// The most characters of a cell that are shown.
const CELL_CHARS: usize = 400;
/// The narrowest a column is drawn that can be clicked, in pixels.
const MIN_CLICKABLE: u32 = 26;

/// A sheet as it is drawn.
pub(super) struct SheetView {
    /// Its name.
    pub name: String,
    /// Its columns, left to right.
    pub cols: Vec<Col>,
    /// The rows that are drawn.
    pub rows: Vec<Row>,
    /// How wide it is drawn, in pixels.
    pub width: u32,
    /// Columns right of those that are drawn.
    pub more_cols: u32,
    /// The first row that is drawn.
    pub from: u32,
    /// The last row of the sheet.
    pub last: u32,
    /// Where the rows above and below begin that are not drawn.
    pub before: Option<u32>,
    /// As above.
    pub after: Option<u32>,
    /// Questions on it.
    pub questions: usize,
    /// The row that is looked for.
    pub here: Option<u32>,
}

/// A column as it is drawn.
pub(super) struct Col {
    /// From 1.
    pub col: u32,
    /// Its letters.
    pub letters: String,
    /// In pixels.
    pub width: u32,
    /// Whether a person sees it in Excel.
    pub hidden: bool,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether a person said so.
    pub set: bool,
    /// Whether its role can be changed: something begins in it.
    pub clickable: bool,
}

/// A row as it is drawn.
pub(super) struct Row {
    /// From 1.
    pub row: u32,
    /// What it holds, in a word; empty for nothing.
    pub label: String,
    /// As above, for the style sheet.
    pub class: &'static str,
    /// What a click on its number does: `leave` or `take`; nothing where it holds no text.
    pub deed: &'static str,
    /// Its cells.
    pub cells: Vec<Cell>,
}

/// A cell as it is drawn.
pub(super) struct Cell {
    /// The block's size.
    pub colspan: u32,
    /// As above.
    pub rowspan: u32,
    /// Its text, cut.
    pub text: String,
    /// `#rrggbb`; empty for white.
    pub fill: String,
    /// Classes for the style sheet.
    pub class: String,
    /// What it was found to be, in words.
    pub tags: Vec<Tag>,
}

/// What a cell was found to be.
pub(super) struct Tag {
    /// The role's name, for the style sheet.
    pub class: &'static str,
    /// In words.
    pub text: String,
}

impl SheetView {
    /// The sheet from row `from` on; `may`: its columns and rows can be clicked.
    pub fn new(sheet: &Sheet, found: &Questionnaire, said: &SheetMapping, from: u32, may: bool) -> Self {
        Self::window(sheet, found, said, from, ROWS, may)
    }

    /// The rows around one, to look at.
    pub fn around(sheet: &Sheet, found: &Questionnaire, row: u32) -> Self {
        let from = row.saturating_sub(AROUND).max(1);
        Self { here: Some(row), ..Self::window(sheet, found, &SheetMapping::default(), from, row - from + 1 + AROUND, false) }
    }

    fn window(sheet: &Sheet, found: &Questionnaire, said: &SheetMapping, from: u32, count: u32, may: bool) -> Self {
        let tags = tags(sheet, found);
        let text_end = sheet.cells.iter().rev().find(|(_, c)| !c.text.is_empty()).map_or(1, |(at, _)| at.row);
        let last = tags.keys().map(|at| at.row).max().unwrap_or(1).max(text_end);
        let last_col = last_col(sheet, last, &tags);
        // One more than is used: answers may go there.
        let last_col = if may { last_col + 1 } else { last_col };
        let drawn = last_col.min(COLUMNS);
        let from = if from > last { 1 } else { from.max(1) };
        let to = last.min(from.saturating_add(count - 1));
        let blocks = blocks(sheet, from, to, drawn);
        let rows: Vec<Row> = rows(sheet, found, from, to, drawn, &blocks, &tags, may);
        let cols = cols(sheet, found, said, from, to, drawn, &blocks, may);
        Self {
            name: sheet.name.clone(),
            width: 64 + cols.iter().map(|c| c.width).sum::<u32>(),
            cols,
            rows,
            more_cols: last_col - drawn,
            from,
            last,
            before: (from > 1).then(|| from.saturating_sub(ROWS).max(1)),
            after: (to < last).then_some(to + 1),
            questions: found.questions.iter().filter(|q| q.sheet == sheet.name).count(),
            here: None,
        }
    }

    /// The last row that is drawn.
    pub fn to(&self) -> u32 {
        self.rows.last().map_or(self.from, |r| r.row)
    }
}

/// The last column that tells something, in rows down to `last`. What is painted or merged far to the right of all texts doesn't.
fn last_col(sheet: &Sheet, last: u32, tags: &HashMap<CellRef, Vec<Tag>>) -> u32 {
    let down = || sheet.cells.range(..=CellRef::new(last, u32::MAX));
    let texts = down().filter(|(_, c)| !c.text.is_empty()).map(|(at, _)| at.col).chain(tags.keys().map(|at| at.col)).max().unwrap_or(1);
    let framed = down().filter(|(_, c)| c.look.bordered).map(|(at, _)| at.col);
    let merged = sheet.merges.iter().filter(|m| m.first.row <= last && m.first.col <= texts).map(|m| m.last.col);
    framed.chain(merged).filter(|col| *col <= texts + BESIDE).max().unwrap_or(texts).max(texts)
}

/// What the cells of a sheet were found to be.
fn tags(sheet: &Sheet, found: &Questionnaire) -> HashMap<CellRef, Vec<Tag>> {
    let mut tags: HashMap<CellRef, Vec<Tag>> = HashMap::new();
    for (at, q) in found.questions.iter().enumerate().filter(|(_, q)| q.sheet == sheet.name) {
        let name = question_name(q.number.as_deref(), at);
        let mut put = |cell: CellRef, role: Role, text: String| tags.entry(cell).or_default().push(Tag { class: role.name(), text });
        put(q.question_cell, Role::Question, format!("質問 {name}"));
        q.choice_cell.into_iter().for_each(|cell| put(cell, Role::Choice, "選択".to_owned()));
        q.text_cell.into_iter().for_each(|cell| put(cell, Role::Text, "記述".to_owned()));
        q.marks.iter().flatten().for_each(|m| put(m.cell, Role::Mark, "○".to_owned()));
    }
    for fact in found.facts.iter().filter(|f| f.sheet == sheet.name) {
        let mut put = |cell: CellRef, role: Role, text: &str| tags.entry(cell).or_default().push(Tag { class: role.name(), text: text.to_owned() });
        put(fact.question_cell, Role::Question, FACT);
        fact.text_cell.into_iter().for_each(|cell| put(cell, Role::Text, "記述"));
    }
    tags
}

/// What is asked about the company outside of the questions.
const FACT: &str = "会社情報";

/// The number that the client gave, where it is short, else the place.
fn question_name(number: Option<&str>, at: usize) -> String {
    number.filter(|n| n.chars().count() <= 8).map_or_else(|| (at + 1).to_string(), str::to_owned)
}

/// Every cell that a merged block begins in or covers, within what is drawn: its size, and the cell whose text it shows.
fn blocks(sheet: &Sheet, from: u32, to: u32, drawn: u32) -> HashMap<CellRef, Option<(CellRange, CellRef)>> {
    let mut blocks = HashMap::new();
    for merge in &sheet.merges {
        let first = CellRef::new(merge.first.row.max(from), merge.first.col);
        let last = CellRef::new(merge.last.row.min(to), merge.last.col.min(drawn));
        // Blocks do not overlap, but in a broken file.
        if first.row > last.row || first.col > last.col || blocks.contains_key(&first) {
            continue;
        }
        for row in first.row..=last.row {
            for col in first.col..=last.col {
                blocks.entry(CellRef::new(row, col)).or_insert(None);
            }
        }
        blocks.insert(first, Some((CellRange { first, last }, merge.first)));
    }
    blocks
}

#[expect(clippy::too_many_arguments, reason = "the parts of one drawing")]
fn rows(
    sheet: &Sheet,
    found: &Questionnaire,
    from: u32,
    to: u32,
    drawn: u32,
    blocks: &HashMap<CellRef, Option<(CellRange, CellRef)>>,
    tags: &HashMap<CellRef, Vec<Tag>>,
    may: bool,
) -> Vec<Row> {
    let mut asked: BTreeMap<u32, String> = BTreeMap::new();
    for (at, q) in found.questions.iter().enumerate().filter(|(_, q)| q.sheet == sheet.name) {
        asked.entry(q.question_cell.row).or_insert_with(|| format!("問 {}", question_name(q.number.as_deref(), at)));
    }
    for fact in found.facts.iter().filter(|f| f.sheet == sheet.name) {
        asked.entry(fact.question_cell.row).or_insert_with(|| "会社".to_owned());
    }
    let layout = found.layout(&sheet.name);
    let left: HashMap<u32, Why> = layout.iter().flat_map(|l| l.left.iter().copied()).collect();
    let heads: BTreeSet<u32> = layout.iter().flat_map(|l| l.tables.iter().filter_map(|t| t.head)).flat_map(|(first, last)| first..=last).collect();
    let text_in = |row: u32| sheet.cells.range(CellRef::new(row, 1)..=CellRef::new(row, u32::MAX)).any(|(_, c)| !c.text.is_empty());
    let row = |row: u32| {
        let hidden = sheet.hidden_rows.binary_search(&row).is_ok();
        let (label, class) = match (asked.get(&row), left.get(&row)) {
            (Some(name), _) => (name.clone(), "asks"),
            (None, Some(why)) => (why_words(*why).0.to_owned(), if *why == Why::Excluded { "excluded" } else { "left" }),
            (None, None) if hidden => ("非表示".to_owned(), "left"),
            (None, None) if heads.contains(&row) => ("見出し".to_owned(), "left"),
            (None, None) => (String::new(), ""),
        };
        let deed = match class {
            _ if !may || hidden => "",
            "asks" => "leave",
            _ if text_in(row) => "take",
            _ => "",
        };
        let mut cells = Vec::new();
        let mut col = 1;
        while col <= drawn {
            let at = CellRef::new(row, col);
            col += 1;
            if let Some(mut drawn_cell) = cell(sheet, at, blocks, tags) {
                let over = spill(sheet, at, drawn, blocks, tags);
                drawn_cell.colspan += over;
                col += over;
                cells.push(drawn_cell);
            }
        }
        Row { row, label, class, deed, cells }
    };
    (from..=to).map(row).collect()
}

/// Over how many empty cells right of it a text runs that is too long for its own, as Excel lets it.
fn spill(
    sheet: &Sheet,
    at: CellRef,
    drawn: u32,
    blocks: &HashMap<CellRef, Option<(CellRange, CellRef)>>,
    tags: &HashMap<CellRef, Vec<Tag>>,
) -> u32 {
    let (text, look) = (sheet.text(at), sheet.look(at));
    if text.is_empty() || blocks.contains_key(&at) || tags.contains_key(&at) {
        return 0;
    }
    // In digits: a letter of Japanese is as wide as two.
    let digits = |line: &str| line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<u32>() * 100;
    let wanted = text.lines().map(digits).max().unwrap_or(0);
    let mut width = sheet.width(at.col);
    // Where it takes two lines, it may be meant to wrap.
    if wanted <= width * 2 {
        return 0;
    }
    let free = |col: &u32| {
        let next = CellRef::new(at.row, *col);
        sheet.text(next).is_empty() && !blocks.contains_key(&next) && !tags.contains_key(&next) && sheet.look(next).fill == look.fill
    };
    let mut over = 0;
    for col in (at.col + 1..=drawn).take_while(free) {
        if width >= wanted {
            break;
        }
        width += sheet.width(col);
        over += 1;
    }
    over
}

/// The cell as it is drawn; `None` for one that a merged block covers.
fn cell(
    sheet: &Sheet,
    at: CellRef,
    blocks: &HashMap<CellRef, Option<(CellRange, CellRef)>>,
    tags: &HashMap<CellRef, Vec<Tag>>,
) -> Option<Cell> {
    let (range, shown) = match blocks.get(&at) {
        Some(block) => (*block)?,
        None => (CellRange { first: at, last: at }, at),
    };
    let look = sheet.look(shown);
    let found = tags.get(&shown).map_or(&[][..], Vec::as_slice);
    let mut class: Vec<&str> = found.iter().map(|t| t.class).collect();
    class.extend(look.bold.then_some("strong"));
    class.extend(look.bordered.then_some("framed"));
    class.extend(look.fill.filter(|fill| is_dark(*fill)).map(|_| "ondark"));
    let mut text: String = sheet.text(shown).chars().take(CELL_CHARS + 1).collect();
    if let Some((end, _)) = text.char_indices().nth(CELL_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    Some(Cell {
        colspan: range.width(),
        rowspan: range.height(),
        text,
        fill: look.fill.map(|fill| format!("#{:06x}", fill & 0xFF_FFFF)).unwrap_or_default(),
        class: class.join(" "),
        tags: found.iter().map(|t| Tag { class: t.class, text: t.text.clone() }).collect(),
    })
}

/// Whether white letters can be read better on the colour than black ones (by its relative luminance, WCAG 2.2): one of the two
/// always can.
fn is_dark(rgb: u32) -> bool {
    let part = |shift: u32| {
        let c = f64::from(rgb >> shift & 0xFF) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0) < 0.179
}

#[expect(clippy::too_many_arguments, reason = "the parts of one drawing")]
fn cols(
    sheet: &Sheet,
    found: &Questionnaire,
    said: &SheetMapping,
    from: u32,
    to: u32,
    drawn: u32,
    blocks: &HashMap<CellRef, Option<(CellRange, CellRef)>>,
    may: bool,
) -> Vec<Col> {
    // A column can be clicked where something begins in it that is no part of a block.
    let begins = |(at, look): (CellRef, Look)| !matches!(blocks.get(&at), Some(None)) && (look.bordered || look.filled() || !sheet.text(at).is_empty());
    let window = sheet.cells.range(CellRef::new(from, 1)..=CellRef::new(to, u32::MAX)).filter(|(at, _)| at.col <= drawn);
    let used: BTreeSet<u32> = window.map(|(at, cell)| (*at, cell.look)).filter(|cell| begins(*cell)).map(|(at, _)| at.col).collect();
    let mut roles: BTreeMap<u32, Role> = found.layout(&sheet.name).iter().flat_map(|l| &l.tables).flat_map(|t| t.roles.clone()).collect();
    for q in found.questions.iter().filter(|q| q.sheet == sheet.name) {
        // Where answers stand below, no table says it.
        roles.entry(q.question_cell.col).or_insert(Role::Question);
        for (cell, role) in [(q.choice_cell, Role::Choice), (q.text_cell, Role::Text)] {
            cell.map(|at| roles.entry(at.col).or_insert(role));
        }
    }
    let end = used.last().copied().unwrap_or(0) + 1;
    let col = |col: u32| {
        let set = said.columns.iter().find(|c| c.col == col);
        let hidden = sheet.hidden_cols.iter().any(|(first, last)| (*first..=*last).contains(&col));
        let role = set.map(|c| c.role).or_else(|| roles.get(&col).copied());
        let clickable = may && !hidden && (used.contains(&col) || role.is_some() || col == end);
        // A digit is about 7 pixels wide, drawn a little smaller here.
        let width = (sheet.width(col) * 7 / 100 + 5) * 86 / 100;
        Col {
            col,
            letters: column_letters(col),
            width: if hidden { 14 } else { width.max(if clickable { MIN_CLICKABLE } else { 8 }) },
            hidden,
            role,
            set: set.is_some(),
            clickable,
        }
    };
    (1..=drawn).map(col).collect()
}
