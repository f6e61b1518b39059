//! A questionnaire: the questions of a client's workbook, where their answers go, and in which words.

use std::collections::BTreeMap;

use mapping::Role;

use crate::workbook::{CellRef, Problem};

mod amounts;
pub mod asks;
pub mod boxes;
mod cards;
pub mod choices;
mod columns;
mod corrected;
mod demands;
mod facts;
pub mod filled;
mod find;
pub mod fingerprint;
mod grid;
mod headings;
pub mod legend;
pub mod mapping;
mod meaning;
pub mod mistaken;
mod numbers;
mod offered;
mod parts;
pub mod polarity;
pub mod profile;
mod rows;
mod table;
mod titles;
mod wording;
mod words;

pub use find::{find, find_with, look};
pub use headings::{BadLine, Heading, Headings};
pub use meaning::Stance;
pub use words::{BadWord, replace as replace_words};

/// What a sheet of the workbook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetRole {
    /// Holds questions.
    Questions,
    /// Says how to fill the others in: 記入要領, 凡例, 記入例.
    Instructions,
    /// Holds values for lists.
    Lists,
    /// A title page.
    Cover,
    /// Anything else.
    Other,
}

/// A cell that is marked when its choice is taken, where each choice has a column of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The cell to mark.
    pub cell: CellRef,
    /// The choice it stands for, as its heading says.
    pub choice: String,
    /// What is written there, where its list has nothing else: 「レ」, 「✓」; elsewhere ○.
    pub sign: Option<String>,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Security: answered from the standard sheet.
    #[default]
    Check,
    /// A fact about the company, such as its name or address: answered from the company's profile.
    Profile,
}

/// One question of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name of the sheet it is on.
    pub sheet: String,
    /// Its number as the client wrote it.
    pub number: Option<String>,
    /// The headings it stands under, the widest first.
    pub section: Vec<String>,
    /// The question, verbatim.
    pub text: String,
    /// Where it stands.
    pub question_cell: CellRef,
    /// The cell that takes one of [`Question::choices`].
    pub choice_cell: Option<CellRef>,
    /// The allowed choices in the client's words and order; `None` where the file does not say.
    pub choices: Option<Vec<String>>,
    /// The text of the choice cell where boxes are ticked inside it: 「□はい　□いいえ」.
    pub boxes: Option<String>,
    /// The cell that takes free text.
    pub text_cell: Option<CellRef>,
    /// The cells of which one is marked, where each choice has a column of its own.
    pub marks: Option<Vec<Mark>>,
    /// What the workbook says of the choices: choice and explanation, 「○」 and 「実施している」. Empty where it says nothing.
    pub legend: Vec<(String, String)>,
    /// What it is about.
    pub kind: Kind,
    /// What stands in its answer cells as the file came in; `None` where they are still to be filled in.
    pub filled: Option<filled::Filled>,
}

/// What was found in a client's workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questionnaire {
    /// Every sheet by name, in tab order, with its role.
    pub sheets: Vec<(String, SheetRole)>,
    /// In the order a person reads them.
    pub questions: Vec<Question>,
    /// What is asked about the company outside of the questions, in the same form: 「会社名」 above a table or on a title page.
    pub facts: Vec<Question>,
    /// What could not be understood, with its place.
    pub problems: Vec<Problem>,
    /// How each sheet was read, in tab order.
    pub layouts: Vec<SheetLayout>,
}

impl Questionnaire {
    /// All that a person is to answer: the questions, then what is asked about the company outside of them.
    pub fn asked(&self) -> impl Iterator<Item = &Question> {
        self.questions.iter().chain(&self.facts)
    }

    /// How the sheet of that name was read.
    #[must_use]
    pub fn layout(&self, sheet: &str) -> Option<&SheetLayout> {
        self.sheets.iter().position(|(name, _)| name == sheet).and_then(|at| self.layouts.get(at))
    }
}

/// How a sheet was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetLayout {
    /// The tables that were found, in the order in which they were read.
    pub tables: Vec<FoundTable>,
    /// Rows within the tables that hold no question, each with the reason.
    pub left: Vec<(u32, Why)>,
}

/// A table as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTable {
    /// Its first and last heading row, where it has one.
    pub head: Option<(u32, u32)>,
    /// Its first and last row below the headings; the last is as far down as it could reach.
    pub rows: (u32, u32),
    /// Its first and last column.
    pub cols: (u32, u32),
    /// What its columns are for; those that are for nothing are not in it.
    pub roles: BTreeMap<u32, Role>,
}

/// Why a row of a table holds no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// A heading of what follows.
    Title,
    /// Its answer is asked for by the rows under it.
    Parent,
    /// Explains.
    Note,
    /// Shows how to fill the others in.
    Example,
    /// Adds the others up.
    Total,
    /// The name of a field, such as remarks on the whole.
    Field,
    /// The place of its answer is closed.
    Closed,
    /// Lacks a number or a place to answer that the others have.
    Unlike,
    /// For the client's own use.
    Internal,
    /// A person said so.
    Excluded,
}

/// No question was found in the workbook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoQuestions(pub String);
