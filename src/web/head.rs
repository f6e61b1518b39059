//! The head of a questionnaire's pages.

use jiff::civil::Date;

use super::view::{Bar, Due};
use crate::review::Tally;
use crate::store::Questionnaire;
use crate::workbook::Problem;

/// What it shows.
pub(super) struct Header {
    /// The questionnaire.
    pub id: i64,
    /// The client's name.
    pub client: String,
    /// The file's name.
    pub file_name: String,
    /// What there is to know of the form it came in; empty for nothing.
    pub came: &'static str,
    /// The services it is about.
    pub services: Vec<String>,
    /// When the client wants it back.
    pub due: Option<Due>,
    /// Its questions about security by state.
    pub bar: Bar,
    /// Its rows about the company by state.
    pub facts: Tally,
    /// What could not be understood of the file: place and message.
    pub problems: Vec<(String, String)>,
    /// Whether its suggestions come from an older standard sheet than the one in use.
    pub outdated: bool,
    /// The standard sheet its suggestions come from: name and date.
    pub standard: String,
}

impl Header {
    /// Everything that is to be answered, by state.
    pub(super) fn all(&self) -> Tally {
        self.bar.tally.and(self.facts)
    }

    pub(super) fn new(q: Questionnaire, today: Date) -> Self {
        Self {
            id: q.id,
            due: q.due.map(|due| Due::new(due, today, q.all().left() > 0 || q.all().total() == 0)),
            facts: q.facts,
            client: q.client,
            file_name: q.file_name,
            came: q.form.note(),
            services: q.services,
            bar: Bar { tally: q.tally },
            problems: q.problems.into_iter().map(|p| (place(&p), p.message)).collect(),
            outdated: false,
            standard: String::new(),
        }
    }
}

pub(super) fn place(problem: &Problem) -> String {
    match (&problem.sheet, problem.cell) {
        (Some(sheet), Some(cell)) => format!("シート「{sheet}」{cell}"),
        (Some(sheet), None) => format!("シート「{sheet}」"),
        (None, _) => String::new(),
    }
}
