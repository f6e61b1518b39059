//! A workbook → the standard sheet in it.
//!
//! Every row of a visible sheet is one of four: a row of headings (it says which column holds what, and a later one says so
//! anew), a row of service names (under or beside the answers' heading), an item, or a title over the items that follow.

use std::collections::{BTreeMap, HashMap};

use super::grid::{Grid, Text};
use super::headings::{Role, is_number, looked_for, role_of, service_in};
use super::{Answer, Item, StandardSheet};
use crate::questionnaire::choices::stance_of;
use crate::workbook::{Sheet, Visibility, Workbook};

/// Why a workbook can't be read as a standard sheet; the text says where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StandardError {
    /// No row of headings on any sheet.
    #[error(
        "標準シートの見出し行が見つかりません（確認したシート: {sheets}）。{looked_for}が1つの行に並んでいる必要があります。"
    )]
    NoHeadings {
        /// The sheets that were looked through.
        sheets: String,
        /// The headings that were looked for.
        looked_for: String,
    },
    /// Headings, but nothing below them.
    #[error("シート「{sheet}」の {row} 行目に見出しがありますが、その下に項目が1つもありません。")]
    NoItems {
        /// The sheet.
        sheet: String,
        /// The row of headings.
        row: u32,
    },
    /// An item without any answer.
    #[error("シート「{sheet}」の {row} 行目（番号 {number}）に回答がありません。回答を記入するか、行を削除してください。")]
    NoAnswer {
        /// The sheet.
        sheet: String,
        /// The row.
        row: u32,
        /// The item's number.
        number: String,
    },
    /// A number without a question.
    #[error("シート「{sheet}」の {row} 行目（番号 {number}）に質問がありません。質問を記入するか、行を削除してください。")]
    NoQuestion {
        /// The sheet.
        sheet: String,
        /// The row.
        row: u32,
        /// The item's number.
        number: String,
    },
    /// A number that stands twice on one sheet.
    #[error("シート「{sheet}」の番号 {number} が {first} 行目と {row} 行目で重複しています。番号を直してください。")]
    SameNumber {
        /// The sheet.
        sheet: String,
        /// The number.
        number: String,
        /// The row of the first.
        first: u32,
        /// The row of the second.
        row: u32,
    },
}

/// Reads the standard sheet: every visible worksheet that has headings for questions and answers.
///
/// # Errors
/// [`StandardError`] says which row can't be read and why.
pub fn read(workbook: &Workbook) -> Result<StandardSheet, StandardError> {
    let mut items = Vec::new();
    let mut headings = None;
    let visible: Vec<&Sheet> = workbook.sheets.iter().filter(|s| s.visibility == Visibility::Visible).collect();
    for sheet in &visible {
        let mut reader = Reader::new(sheet);
        reader.run()?;
        if let Some(layout) = &reader.layout {
            headings = headings.or_else(|| Some((sheet.name.clone(), layout.row)));
        }
        items.append(&mut reader.items);
    }
    let Some((sheet, row)) = headings else {
        let sheets = visible.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join("、");
        return Err(StandardError::NoHeadings { sheets, looked_for: looked_for() });
    };
    if items.is_empty() {
        return Err(StandardError::NoItems { sheet, row });
    }
    number(&mut items);
    let mut services = Vec::new();
    for service in items.iter().flat_map(|i| &i.answers).filter_map(|a| a.service.as_ref()) {
        if !services.contains(service) {
            services.push(service.clone());
        }
    }
    Ok(StandardSheet { services, items })
}

/// Gives the ids: the sheet's own numbers where they are whole numbers without repetition, else the places from 1.
fn number(items: &mut [Item]) {
    let own: Option<Vec<u32>> = items.iter().map(|i| crate::text::normalize(&i.number).parse().ok().filter(|n| *n > 0)).collect();
    let unique = |ids: &Vec<u32>| ids.iter().collect::<std::collections::HashSet<_>>().len() == ids.len();
    let ids = own.filter(unique).unwrap_or_else(|| (1..).take(items.len()).collect());
    items.iter_mut().zip(ids).for_each(|(item, id)| item.id = id);
}

/// Which column holds what.
#[derive(Debug, Clone)]
struct Layout {
    /// The row of the headings.
    row: u32,
    number: Option<u32>,
    /// The columns of categories and questions, from and up to (not including) the marks or answers.
    question: (u32, u32),
    /// Columns with a heading of their own for sections, among or before the questions.
    sections: Vec<u32>,
    mark: Option<u32>,
    /// The answers' columns, each with its service.
    answers: Vec<(u32, Option<String>)>,
    /// How far the answers' heading reaches.
    answers_end: u32,
    notes: Vec<u32>,
}

struct Title {
    text: String,
    /// Looks that tell a chapter from a section: its column and width, fill, bold, and how deep its number is.
    look: (u32, u32, bool, bool, usize),
}

struct Reader<'a> {
    grid: Grid<'a>,
    layout: Option<Layout>,
    titles: Vec<Title>,
    /// The last text in each column of categories.
    carried: BTreeMap<u32, String>,
    /// Whether an item has come since the last title.
    item_since_title: bool,
    items: Vec<Item>,
    /// Number → its row.
    numbers: HashMap<String, u32>,
}

impl<'a> Reader<'a> {
    fn new(sheet: &'a Sheet) -> Self {
        Self {
            grid: Grid::new(sheet),
            layout: None,
            titles: Vec::new(),
            carried: BTreeMap::new(),
            item_since_title: true,
            items: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    fn run(&mut self) -> Result<(), StandardError> {
        let rows: Vec<(u32, Vec<Text<'a>>)> = self.grid.rows().map(|(r, t)| (r, t.to_vec())).collect();
        for (row, texts) in rows {
            if let Some(layout) = headings(row, &texts) {
                self.layout = Some(layout);
                self.carried.clear();
            } else if let Some(layout) = self.layout.take() {
                let own: Vec<Text<'a>> = texts.iter().filter(|t| t.cell.row == row).copied().collect();
                self.layout = Some(self.row(layout, row, &texts, &own)?);
            }
        }
        Ok(())
    }

    /// Reads one row below headings and returns the layout for the next one. `texts` are all that are seen in the row, `own`
    /// those that begin in it.
    fn row(&mut self, mut layout: Layout, row: u32, texts: &[Text<'a>], own: &[Text<'a>]) -> Result<Layout, StandardError> {
        let number = layout.number.and_then(|c| texts.iter().find(|t| t.cell.col == c)).filter(|t| is_number(t.text));
        let own_number = number.filter(|t| t.cell.row == row);
        let answers: Vec<&Text<'a>> =
            own.iter().filter(|t| (layout.answers[0].0..layout.answers_end).contains(&t.cell.col)).collect();
        let before: Vec<&Text<'a>> = own.iter().filter(|t| t.cell.col < layout.answers[0].0).collect();
        let question = self.question(&layout, texts);
        let is_item = match layout.number {
            Some(_) => own_number.is_some() || (number.is_some() && question.is_some_and(|q| q.cell.row == row)),
            None => question.is_some_and(|q| q.cell.row == row) && !answers.is_empty(),
        };
        if is_item {
            self.item(&layout, row, number.map_or("", |n| n.text), own_number.is_some(), texts)?;
            return Ok(layout);
        }
        // 「詳細」 again over the answers, in a row with a title: the headings of a further part.
        if answers.iter().any(|t| role_of(t.text) == Some(Role::Answer)) {
            let first = answers[0];
            layout.answers = vec![(first.cell.col, None)];
            layout.answers_end = first.cell.col + first.width;
            layout.row = row;
        } else if !answers.is_empty() && answers.iter().all(|t| is_name(t.text)) {
            // Names in a row without a question, where answers would stand: services.
            layout.answers = answers.iter().map(|t| (t.cell.col, Some(t.text.to_owned()))).collect();
            layout.answers_end = answers.last().map_or(layout.answers_end, |t| t.cell.col + t.width);
        }
        if let Some(title) = before.first() {
            self.title(title);
        }
        Ok(layout)
    }

    /// The cell that asks: the last of those before marks and answers.
    fn question<'t>(&self, layout: &Layout, texts: &'t [Text<'a>]) -> Option<&'t Text<'a>> {
        let (from, to) = layout.question;
        texts.iter().rfind(|t| (from..to).contains(&t.cell.col) && !layout.sections.contains(&t.cell.col))
    }

    fn title(&mut self, title: &Text<'_>) {
        let look = self.grid.sheet.look(title.cell);
        let depth = title.text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').next().unwrap_or("");
        let depth = depth.split(['.', '-']).filter(|p| !p.is_empty()).count();
        let look = (title.cell.col, title.width, look.filled(), look.bold, depth);
        match self.titles.iter().position(|t| t.look == look) {
            Some(level) => self.titles.truncate(level),
            // Another look right below a title is a level deeper; after items it begins anew unless its number is deeper.
            None if !self.item_since_title => {}
            None => {
                let level = self.titles.iter().position(|t| t.look.4 >= depth || t.look.4 == 0).unwrap_or(self.titles.len());
                self.titles.truncate(level);
            }
        }
        self.titles.push(Title { text: title.text.to_owned(), look });
        self.item_since_title = false;
        self.carried.clear();
    }

    fn item(&mut self, layout: &Layout, row: u32, number: &str, own: bool, texts: &[Text<'a>]) -> Result<(), StandardError> {
        let sheet = || self.grid.sheet.name.clone();
        let Some(question) = self.question(layout, texts) else {
            return Err(StandardError::NoQuestion { sheet: sheet(), row, number: number.to_owned() });
        };
        if own && let Some(&first) = self.numbers.get(number) {
            return Err(StandardError::SameNumber { sheet: sheet(), number: number.to_owned(), first, row });
        }
        let answers = answers(layout, texts);
        if answers.is_empty() {
            return Err(StandardError::NoAnswer { sheet: sheet(), row, number: number.to_owned() });
        }
        self.numbers.insert(number.to_owned(), row);
        let first = layout.sections.iter().copied().chain([layout.question.0]).min().unwrap_or(layout.question.0);
        let names: Vec<&Text<'a>> = texts
            .iter()
            .filter(|t| {
                t.cell.col >= first
                    && t.cell.col < layout.question.1
                    && t.cell != question.cell
                    && Some(t.cell.col) != layout.number
            })
            .collect();
        // A category that changes ends those to its right; an empty cell repeats the one above.
        for name in names {
            if self.carried.get(&name.cell.col).is_none_or(|old| old != name.text) {
                self.carried.retain(|col, _| *col < name.cell.col);
                self.carried.insert(name.cell.col, name.text.to_owned());
            }
        }
        let spans_all = question.cell.col <= first;
        if spans_all {
            self.carried.clear();
        }
        let carried = self.carried.range(..question.cell.col).map(|(_, text)| text.clone());
        let section = self.titles.iter().map(|t| t.text.clone()).chain(carried).collect();
        let number = if number.is_empty() { (self.items.len() + 1).to_string() } else { number.to_owned() };
        self.items.push(Item { id: 0, number, section, question: question.text.to_owned(), answers });
        self.item_since_title = true;
        Ok(())
    }
}

/// Reads a row as headings: at least one for questions and one for answers (or marks).
fn headings(row: u32, texts: &[Text<'_>]) -> Option<Layout> {
    let own = texts.iter().filter(|t| t.cell.row == row);
    let mut roles: Vec<(Role, &Text<'_>)> = own.filter_map(|t| role_of(t.text).map(|r| (r, t))).collect();
    // Without a heading for answers the marks are the answers, or else the notes.
    for stand_in in [Role::Mark, Role::Note] {
        if !roles.iter().any(|(r, _)| *r == Role::Answer) {
            roles.iter_mut().filter(|(r, _)| *r == stand_in).for_each(|(r, _)| *r = Role::Answer);
        }
    }
    let columns = |role: Role| roles.iter().filter(move |(r, _)| *r == role).map(|(_, t)| *t);
    let question = columns(Role::Question).next_back()?;
    let answers: Vec<&Text<'_>> = columns(Role::Answer).filter(|t| t.cell.col > question.cell.col).collect();
    let (first, last) = (answers.first()?, answers.last()?);
    let from = columns(Role::Question).map(|t| t.cell.col).min()?;
    let end = question.cell.col + question.width;
    let several = answers.len() > 1 && answers.iter().all(|t| service_in(t.text).is_some());
    let service = |t: &Text<'_>| if several { service_in(t.text) } else { None };
    // Several headings for answers that name no service (回答, 詳細): the later ones explain the first.
    let (taken, rest) = answers.split_at(if several { answers.len() } else { 1 });
    Some(Layout {
        row,
        number: columns(Role::Number).map(|t| t.cell.col).next(),
        question: (from, end.min(first.cell.col)),
        sections: columns(Role::Section).map(|t| t.cell.col).collect(),
        // A column of marks may have no heading: then it is the one between questions and answers.
        mark: columns(Role::Mark).map(|t| t.cell.col).next().or((end < first.cell.col).then_some(end)),
        answers: taken.iter().map(|t| (t.cell.col, service(t))).collect(),
        answers_end: if several { last.cell.col + last.width } else { first.cell.col + first.width },
        notes: rest.iter().copied().chain(columns(Role::Note)).map(|t| t.cell.col).collect(),
    })
}

/// Whether a cell may be a service's name: short, no sentence, no mark.
fn is_name(text: &str) -> bool {
    text.chars().count() <= 60 && !text.contains('。') && role_of(text).is_none() && stance_of(text).is_none()
}

/// The answers of an item's row; none where all cells are empty.
fn answers(layout: &Layout, texts: &[Text<'_>]) -> Vec<Answer> {
    let at = |col: u32| texts.iter().find(|t| (t.cell.col..t.cell.col + t.width).contains(&col)).map(|t| t.text);
    let begins = |col: u32| texts.iter().find(|t| t.cell.col == col).map(|t| t.text);
    let mark = layout.mark.and_then(begins);
    let notes: Vec<&str> = layout.notes.iter().filter_map(|&c| begins(c)).collect();
    let mut answers = Vec::new();
    for (place, (col, service)) in layout.answers.iter().enumerate() {
        let next = layout.answers.get(place + 1).map_or(layout.answers_end, |a| a.0);
        let mut parts: Vec<&str> = at(*col).into_iter().collect();
        parts.extend(texts.iter().filter(|t| t.cell.col > *col && t.cell.col < next).map(|t| t.text));
        let mut mark = mark.map(str::to_owned);
        // A lone mark with an explanation beside it: 「実施済」 | 「年1回 …」.
        if mark.is_none() && parts.len() == 1 && stance_of(parts[0]).is_some() && (service.is_none() || !notes.is_empty()) {
            mark = parts.pop().map(str::to_owned);
        }
        parts.extend(&notes);
        if mark.is_some() || !parts.is_empty() {
            answers.push(Answer { service: service.clone(), mark, text: parts.join("\n") });
        }
    }
    answers
}
