//! What a person put right of what was found in a workbook, and how that is carried over to the same form with other texts.
//!
//! Corrections name what survives more rows and other texts: columns by their place and heading, rows by what stands in them,
//! blocks by what stands above them and whether they end where the rows end.

use std::collections::BTreeMap;

use rows::RowTexts;

use super::{Questionnaire, SheetLayout, SheetRole};
use crate::text::normalize;
use crate::workbook::{CellRef, Sheet, Workbook, column_letters};

mod rows;
mod words;

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The questions.
    Question,
    /// Where a choice goes.
    Choice,
    /// Where a text goes.
    Text,
    /// Marked where the choice that its heading names is taken.
    Mark,
    /// The questions' numbers.
    Number,
    /// What groups the questions.
    Section,
    /// Nothing: neither read nor written.
    Nothing,
}

impl Role {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 7] = [Self::Question, Self::Choice, Self::Text, Self::Mark, Self::Number, Self::Section, Self::Nothing];

    /// Its lasting name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Choice => "choice",
            Self::Text => "text",
            Self::Mark => "mark",
            Self::Number => "number",
            Self::Section => "section",
            Self::Nothing => "nothing",
        }
    }

    /// The role of that lasting name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// A column whose role a person set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMark {
    /// The column, from 1.
    pub col: u32,
    /// What stood over it; empty where nothing was found there.
    pub head: String,
    /// What it is for.
    pub role: Role,
}

/// A row that a person left out, or took in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowMark {
    /// The row, from 1.
    pub row: u32,
    /// Its longest text, with every number as `#`.
    pub text: String,
    /// How that text's cell is painted.
    pub fill: Option<u32>,
    /// Whether every row of that text was marked so.
    pub every: bool,
    /// Taken in as a question; else left out.
    pub asks: bool,
}

/// Rows that hold questions though none were found there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// First row, from 1.
    pub first: u32,
    /// Last row.
    pub last: u32,
    /// The text of the row above, as in [`RowMark::text`]; empty where there is none.
    pub above: String,
    /// Where it ends where the rows end: the widest step between two of its rows. It then grows with them.
    pub open: Option<u32>,
}

/// What was put right on one sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetMapping {
    /// Whether it is searched for questions; `None` leaves that to its name and texts.
    pub used: Option<bool>,
    /// Columns, each at most once.
    pub columns: Vec<ColumnMark>,
    /// Rows, each at most once.
    pub rows: Vec<RowMark>,
    /// Blocks that were added.
    pub blocks: Vec<Block>,
    /// The choices that are allowed; empty leaves them to the workbook.
    pub choices: Vec<String>,
}

/// What was put right in a workbook: the sheets' names, and what on each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping(pub BTreeMap<String, SheetMapping>);

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// What column `col` is for; `None` leaves it to the finder again.
    Column {
        /// From 1.
        col: u32,
        /// The role.
        role: Option<Role>,
    },
    /// Rows `first` to `last` are left out.
    Leave {
        /// From 1.
        first: u32,
        /// Not before `first`.
        last: u32,
    },
    /// Rows `first` to `last` are no longer left out; where they were not, each is taken in as a question.
    Take {
        /// From 1.
        first: u32,
        /// Not before `first`.
        last: u32,
    },
    /// Rows `first` to `last` are read as a block of questions.
    Block {
        /// From 1.
        first: u32,
        /// Not before `first`.
        last: u32,
    },
    /// The block that begins at that row is taken away.
    Unblock(u32),
    /// Whether the sheet is searched for questions.
    Use(bool),
    /// The allowed choices; none leaves them to the workbook.
    Choices(Vec<String>),
    /// Everything on the sheet as it was found.
    Reset,
}

/// Why a correction is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCorrection {
    /// The workbook has no such sheet.
    #[error("シート「{0}」がありません。")]
    NoSheet(String),
    /// The rows are not on the sheet.
    #[error("行の範囲が正しくありません。1から{0}までの行番号で指定してください。")]
    NoRows(u32),
    /// No text in the rows.
    #[error("{0}行目から{1}行目には文がありません。質問が書かれている行を指定してください。")]
    Empty(u32, u32),
    /// More rows than a person can mean.
    #[error("一度に指定できるのは{MAX_ROWS}行までです。")]
    TooManyRows,
    /// The column is not on the sheet.
    #[error("{0}列はシートの範囲の外です。")]
    NoColumn(String),
    /// No list of choices.
    #[error("選択肢は2個から{MAX_CHOICES}個まで、1個{MAX_CHOICE_CHARS}文字以内で、1行に1つずつ入力してください。")]
    BadChoices,
}

/// The most rows of one correction.
const MAX_ROWS: u32 = 2_000;
/// The most choices a person sets.
const MAX_CHOICES: usize = 50;
/// The longest choice a person sets, in characters.
const MAX_CHOICE_CHARS: usize = 200;

impl Mapping {
    /// Whether nothing was put right.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|s| *s == SheetMapping::default())
    }

    /// What was put right on the sheet.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Option<&SheetMapping> {
        self.0.get(name)
    }

    /// This with one more correction on sheet `name`, made by somebody who saw `found`.
    ///
    /// # Errors
    /// [`BadCorrection`] says what is wrong with it.
    pub fn with(mut self, workbook: &Workbook, found: &Questionnaire, name: &str, correction: Correction) -> Result<Self, BadCorrection> {
        let sheet = workbook.sheet(name).ok_or_else(|| BadCorrection::NoSheet(name.to_owned()))?;
        if let Correction::Use(used) = correction {
            // Only what the finder would not do of itself is to be remembered.
            self.0.entry(name.to_owned()).or_default().used = None;
            let role = super::look(workbook, &self).sheets.into_iter().find(|(n, _)| n == name).map(|(_, role)| role);
            let of_itself = matches!(role, Some(SheetRole::Questions | SheetRole::Other));
            self.0.entry(name.to_owned()).or_default().used = (of_itself != used).then_some(used);
            return Ok(self.tidy());
        }
        let here = found.layout(name);
        let mapping = self.0.entry(name.to_owned()).or_default();
        match correction {
            Correction::Column { col, role } => mapping.mark_column(sheet, here, col, role)?,
            Correction::Leave { first, last } => {
                let texts = RowTexts::of(sheet);
                texts.check(first, last)?;
                let asked = found.questions.iter().filter(|q| q.sheet == name).map(|q| q.question_cell.row);
                for row in asked.filter(|row| (first..=last).contains(row)) {
                    // What was taken in by hand is simply taken out again.
                    let taken = mapping.rows.iter().any(|m| m.row == row && m.asks);
                    mapping.rows.retain(|m| m.row != row);
                    mapping.rows.extend((!taken).then(|| texts.mark(row, false)));
                }
                texts.settle(&mut mapping.rows);
            }
            Correction::Take { first, last } => {
                let texts = RowTexts::of(sheet);
                texts.check(first, last)?;
                let asked: Vec<u32> = found.questions.iter().filter(|q| q.sheet == name).map(|q| q.question_cell.row).collect();
                for row in texts.between(first, last).filter(|row| !asked.contains(row)) {
                    let left = mapping.rows.iter().any(|m| m.row == row && !m.asks);
                    mapping.rows.retain(|m| m.row != row);
                    mapping.rows.extend((!left).then(|| texts.mark(row, true)));
                }
                texts.settle(&mut mapping.rows);
            }
            Correction::Block { first, last } => {
                let texts = RowTexts::of(sheet);
                texts.check(first, last)?;
                mapping.rows.retain(|m| !(first..=last).contains(&m.row));
                mapping.blocks.retain(|b| b.last < first || last < b.first);
                mapping.blocks.push(texts.block(first, last));
                mapping.blocks.sort_by_key(|b| b.first);
            }
            Correction::Unblock(first) => mapping.blocks.retain(|b| b.first != first),
            Correction::Use(_) => {}
            Correction::Choices(choices) => {
                let bad = |c: &String| c.chars().count() > MAX_CHOICE_CHARS;
                if choices.len() == 1 || choices.len() > MAX_CHOICES || choices.iter().any(bad) {
                    return Err(BadCorrection::BadChoices);
                }
                mapping.choices = choices;
            }
            Correction::Reset => *mapping = SheetMapping::default(),
        }
        Ok(self.tidy())
    }

    /// Without sheets on which nothing is put right.
    fn tidy(mut self) -> Self {
        self.0.retain(|_, sheet| *sheet != SheetMapping::default());
        self
    }

    /// This as it applies to another workbook of the form, in which `found` was found without any correction. What has no
    /// counterpart there is left out.
    #[must_use]
    pub fn fit(&self, workbook: &Workbook, found: &Questionnaire) -> Self {
        let fit = |name: &String, mapping: &SheetMapping| {
            // 「2025年度」 is called 「2026年度」 now.
            let same = |s: &&Sheet| s.name == *name;
            let alike = |s: &&Sheet| fold(&s.name) == fold(name);
            let sheet = workbook.sheets.iter().find(same).or_else(|| workbook.sheets.iter().find(alike))?;
            let texts = RowTexts::of(sheet);
            let fitted = SheetMapping {
                used: mapping.used,
                columns: mapping.columns.iter().filter_map(|c| c.fit(sheet, found.layout(&sheet.name))).collect(),
                rows: texts.fit(&mapping.rows),
                blocks: mapping.blocks.iter().filter_map(|b| texts.moved(b)).collect(),
                choices: mapping.choices.clone(),
            };
            (fitted != SheetMapping::default()).then(|| (sheet.name.clone(), fitted))
        };
        Self(self.0.iter().filter_map(|(name, mapping)| fit(name, mapping)).collect())
    }
}

impl SheetMapping {
    /// Whether a person said that the row is not to be answered.
    pub(super) fn leaves_out(&self, row: u32) -> bool {
        self.rows.iter().any(|m| m.row == row && !m.asks)
    }

    fn mark_column(&mut self, sheet: &Sheet, here: Option<&SheetLayout>, col: u32, role: Option<Role>) -> Result<(), BadCorrection> {
        // Answers may go right of everything that stands there.
        let end = sheet.cells.keys().map(|at| at.col).max().unwrap_or(1) + 1;
        if col == 0 || col > end {
            return Err(BadCorrection::NoColumn(column_letters(col)));
        }
        self.columns.retain(|c| c.col != col);
        let Some(role) = role else { return Ok(()) };
        if matches!(role, Role::Choice | Role::Text | Role::Number | Role::Question) {
            // There is one of them in a table; tables side by side have one each.
            let span = here.and_then(|l| l.tables.iter().find(|t| (t.cols.0..=t.cols.1).contains(&col))).map_or((1, u32::MAX), |t| t.cols);
            self.columns.retain(|c| c.role != role || !(span.0..=span.1).contains(&c.col));
        }
        self.columns.push(ColumnMark { col, head: head(sheet, here, col), role });
        self.columns.sort_by_key(|c| c.col);
        Ok(())
    }

    /// The columns' roles.
    #[must_use]
    pub fn roles(&self) -> BTreeMap<u32, Role> {
        self.columns.iter().map(|c| (c.col, c.role)).collect()
    }
}

/// What stands over the column in the first heading row that has something there, with every number as `#`.
fn head(sheet: &Sheet, here: Option<&SheetLayout>, col: u32) -> String {
    let tables = here.map_or(&[][..], |l| &l.tables);
    let cells = tables.iter().filter_map(|t| t.head).flat_map(|(first, last)| (first..=last).rev().map(move |row| CellRef::new(row, col)));
    cells.map(|at| sheet.text(at)).find(|t| !t.is_empty()).map(fold).unwrap_or_default()
}

impl ColumnMark {
    fn fit(&self, sheet: &Sheet, here: Option<&SheetLayout>) -> Option<Self> {
        if self.head.is_empty() || head(sheet, here, self.col) == self.head {
            return Some(self.clone());
        }
        // Columns were put in or taken out before it: its heading says where it is now, where only one says so.
        let end = sheet.cells.keys().map(|at| at.col).max().unwrap_or(1);
        let mut now = (1..=end).filter(|col| head(sheet, here, *col) == self.head);
        let col = now.next().filter(|_| now.next().is_none())?;
        Some(Self { col, ..self.clone() })
    }
}

/// A text as it is compared between one workbook of a form and the next: in one width and case, without spaces, every number `#`.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::new();
    for c in normalize(text).chars().filter(|c| !c.is_whitespace()) {
        if !c.is_numeric() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}
