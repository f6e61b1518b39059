//! What makes a form the same form, whoever sends it, whatever it asks this time and however many rows it has.
//!
//! A form is known by its sheets' names, by what stands over its columns and where, and by how wide they are; years and other
//! numbers in these don't count, and nothing that stands in a question's row does.

use std::collections::BTreeSet;

use super::headings::{Heading, Headings};
use super::mapping::fold;
use super::{Questionnaire, SheetRole};
use crate::workbook::{Sheet, Workbook};

/// A form's marks: equal for workbooks of the same form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint(BTreeSet<Mark>);

/// One mark of a form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A sheet of that name.
    Sheet(String),
    /// On that sheet, over these columns stands that text.
    Head(String, u32, String),
    /// That text stands over some column.
    Word(String),
    /// On that sheet, that column is so many digits wide.
    Width(String, u32, u32),
}

/// From here on two forms are near enough to ask whether they are one.
pub const NEAR: f64 = 0.5;

/// The most columns whose widths count.
const COLUMNS: u32 = 60;
/// The most marks that are kept of a form.
const MAX_MARKS: usize = 2_000;
/// Names that Excel gives to sheets.
const NAMELESS: [&str; 2] = ["sheet#", "シート#"];

impl Fingerprint {
    /// The form of a workbook, in which `found` was found without any correction.
    #[must_use]
    pub fn of(workbook: &Workbook, found: &Questionnaire) -> Self {
        let mut marks = BTreeSet::new();
        for (sheet, (_, role)) in workbook.sheets.iter().zip(&found.sheets) {
            let name = fold(&sheet.name);
            marks.insert(Mark::Sheet(name.clone()));
            if matches!(role, SheetRole::Questions | SheetRole::Other) {
                marks.extend(heads(sheet, found).into_iter().flat_map(|(col, text)| [Mark::Head(name.clone(), col, text.clone()), Mark::Word(text)]));
                let widths = (1..=COLUMNS).map(|col| (col, sheet.width(col))).filter(|(_, width)| *width != crate::workbook::USUAL_WIDTH);
                marks.extend(widths.map(|(col, width)| Mark::Width(name.clone(), col, width.div_ceil(100))));
            }
            if marks.len() >= MAX_MARKS {
                break;
            }
        }
        Self(marks)
    }

    /// With these marks, as they were stored.
    #[must_use]
    pub fn with(marks: impl IntoIterator<Item = Mark>) -> Self {
        Self(marks.into_iter().collect())
    }

    /// Its marks, in a lasting order.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter()
    }

    /// How much of the two forms is the same, from 0 to 1; 0 where they have nothing in common but what all forms have.
    #[must_use]
    pub fn nearness(&self, other: &Self) -> f64 {
        let telling = |mark: &&Mark| match mark {
            Mark::Sheet(name) => !NAMELESS.contains(&name.as_str()),
            Mark::Word(word) => Headings::builtin().column(word).is_none(),
            Mark::Head(..) | Mark::Width(..) => false,
        };
        if !self.0.intersection(&other.0).any(|mark| telling(&mark)) {
            return 0.0;
        }
        let weight = |mark: &Mark| match mark {
            Mark::Sheet(_) => 2.0,
            Mark::Word(_) if telling(&mark) => 3.0,
            Mark::Word(_) | Mark::Head(..) => 1.0,
            Mark::Width(..) => 0.1,
        };
        let same: f64 = self.0.intersection(&other.0).map(weight).sum();
        let all: f64 = self.0.union(&other.0).map(weight).sum();
        if all > 0.0 { same / all } else { 0.0 }
    }
}

/// What stands over the columns: in the heading rows that were found, and where there are none, the known words that name a
/// question or an answer anywhere on the sheet.
fn heads(sheet: &Sheet, found: &Questionnaire) -> BTreeSet<(u32, String)> {
    let rows: Vec<(u32, u32)> = found.layout(&sheet.name).iter().flat_map(|l| l.tables.iter().filter_map(|t| t.head)).collect();
    let words = Headings::builtin();
    let names = |text: &str| words.is_word(text) && words.column(text).is_some_and(|h| h != Heading::Choice);
    let cells = sheet.cells.iter().filter(|(at, cell)| {
        let over = rows.iter().any(|(first, last)| (first..=last).contains(&&at.row));
        !cell.text.is_empty() && if rows.is_empty() { names(&cell.text) } else { over }
    });
    cells.map(|(at, cell)| (at.col, fold(&cell.text))).collect()
}
