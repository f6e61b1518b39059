//! What `questions --json` and `answer --report` print: a stable form for people's scripts.

use serde::Serialize;

use super::matching::CandidateLine;
use crate::questionnaire::{Kind, Question, Questionnaire, SheetRole};
use crate::suggestion::Draft;
use crate::workbook::Change;

/// The whole output.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    sheets: Vec<SheetLine<'a>>,
    /// What is asked about the company above the tables and on title pages.
    facts: Vec<QuestionLine<'a>>,
    pub questions: Vec<QuestionLine<'a>>,
    problems: Vec<ProblemLine<'a>>,
    /// Only where a file was written: exactly the cells that changed in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<ChangeLine>>,
}

#[derive(Debug, Serialize)]
pub(super) struct ChangeLine {
    sheet: String,
    cell: String,
    before: String,
    after: String,
}

impl From<&Change> for ChangeLine {
    fn from(change: &Change) -> Self {
        let Change { sheet, cell, before, after } = change.clone();
        Self { sheet, cell: cell.to_string(), before, after }
    }
}

#[derive(Debug, Serialize)]
struct SheetLine<'a> {
    name: &'a str,
    role: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct QuestionLine<'a> {
    sheet: &'a str,
    row: u32,
    number: Option<&'a str>,
    section: &'a [String],
    question: &'a str,
    question_cell: String,
    choice_cell: Option<String>,
    choices: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    text_cell: Option<String>,
    marks: Option<Vec<MarkLine<'a>>>,
    kind: &'static str,
    /// Only in a report.
    #[serde(flatten)]
    pub answer: Option<AnswerLine>,
}

#[derive(Debug, Serialize)]
struct MarkLine<'a> {
    cell: String,
    choice: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct AnswerLine {
    pub suggestion: Option<SuggestionLine>,
    pub candidates: Vec<CandidateLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct SuggestionLine {
    item: u32,
    choice: Option<String>,
    text: String,
    confidence: f64,
    band: &'static str,
}

#[derive(Debug, Serialize)]
struct ProblemLine<'a> {
    sheet: Option<&'a str>,
    cell: Option<String>,
    message: &'a str,
}

impl From<Draft> for SuggestionLine {
    fn from(draft: Draft) -> Self {
        let confidence = super::matching::rounded(draft.confidence);
        Self { item: draft.item, choice: draft.choice, text: draft.text, confidence, band: draft.band.name() }
    }
}

impl<'a> From<&'a Question> for QuestionLine<'a> {
    fn from(question: &'a Question) -> Self {
        let mark = |m: &'a crate::questionnaire::Mark| MarkLine { cell: m.cell.to_string(), choice: &m.choice };
        Self {
            sheet: &question.sheet,
            row: question.question_cell.row,
            number: question.number.as_deref(),
            section: &question.section,
            question: &question.text,
            question_cell: question.question_cell.to_string(),
            choice_cell: question.choice_cell.map(|c| c.to_string()),
            choices: question.choices.as_deref(),
            mode: question.boxes.as_ref().map(|_| "inline_boxes"),
            text_cell: question.text_cell.map(|c| c.to_string()),
            marks: question.marks.as_ref().map(|marks| marks.iter().map(mark).collect()),
            kind: match question.kind {
                Kind::Check => "check",
                Kind::Profile => "profile",
            },
            answer: None,
        }
    }
}

impl<'a> From<&'a Questionnaire> for Report<'a> {
    fn from(found: &'a Questionnaire) -> Self {
        let role = |role: SheetRole| match role {
            SheetRole::Questions => "questions",
            SheetRole::Instructions => "instructions",
            SheetRole::Lists => "lists",
            SheetRole::Cover => "cover",
            SheetRole::Other => "other",
        };
        Self {
            sheets: found.sheets.iter().map(|(name, r)| SheetLine { name, role: role(*r) }).collect(),
            facts: found.facts.iter().map(QuestionLine::from).collect(),
            questions: found.questions.iter().map(QuestionLine::from).collect(),
            problems: found
                .problems
                .iter()
                .map(|p| ProblemLine { sheet: p.sheet.as_deref(), cell: p.cell.map(|c| c.to_string()), message: &p.message })
                .collect(),
            changes: None,
        }
    }
}
