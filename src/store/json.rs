//! What is stored as JSON: types of its own, so that a change of the domain's types can't change what is stored unseen.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{StoreError, parsed};

mod mapping;

pub(super) use mapping::{StoredMapping, StoredMark};

use crate::export::FinalAnswer;
use crate::matching::Reason;
use crate::questionnaire::filled::Filled;
use crate::questionnaire::{Kind, Mark, Question};
use crate::review::Proposal;
use crate::workbook::Problem;

/// `value` as JSON text.
pub(super) fn encode<T: Serialize + ?Sized>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt { what, value: e.to_string() })
}

/// The value of a JSON text.
pub(super) fn decode<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Corrupt { what, value: format!("{e} in {text}") })
}

/// The cells of a question.
#[derive(Serialize, Deserialize)]
pub(super) struct Cells {
    question: String,
    choice: Option<String>,
    choices: Option<Vec<String>>,
    #[serde(default)]
    boxes: Option<String>,
    text: Option<String>,
    marks: Option<Vec<(String, String)>>,
    /// What all of them take in place of ○.
    #[serde(default)]
    sign: Option<String>,
    #[serde(default)]
    legend: Vec<(String, String)>,
    #[serde(default)]
    profile: bool,
    /// Choices and text that stand in the cells.
    #[serde(default)]
    filled: Option<(Vec<String>, String)>,
}

impl Cells {
    /// Where the question stands.
    pub(super) fn question_cell(&self) -> &str {
        &self.question
    }

    pub(super) fn of(question: &Question) -> Self {
        Self {
            question: question.question_cell.to_string(),
            choice: question.choice_cell.map(|c| c.to_string()),
            choices: question.choices.clone(),
            boxes: question.boxes.clone(),
            text: question.text_cell.map(|c| c.to_string()),
            marks: question
                .marks
                .as_ref()
                .map(|marks| marks.iter().map(|m| (m.cell.to_string(), m.choice.clone())).collect()),
            sign: question.marks.iter().flatten().find_map(|m| m.sign.clone()),
            legend: question.legend.clone(),
            profile: question.kind == Kind::Profile,
            filled: question.filled.as_ref().map(|f| (f.choices.clone(), f.text.clone())),
        }
    }

    /// Whether an answer stands in them.
    pub(super) fn is_filled(&self) -> bool {
        self.filled.is_some()
    }

    /// Puts the cells into `question`.
    pub(super) fn into_question(self, mut question: Question) -> Result<Question, StoreError> {
        let cell = |text: &str| parsed("cell", text);
        question.question_cell = cell(&self.question)?;
        question.choice_cell = self.choice.as_deref().map(cell).transpose()?;
        question.choices = self.choices;
        question.boxes = self.boxes;
        question.text_cell = self.text.as_deref().map(cell).transpose()?;
        let sign = self.sign;
        question.marks = self
            .marks
            .map(|marks| marks.into_iter().map(|(at, choice)| Ok::<_, StoreError>(Mark { cell: cell(&at)?, choice, sign: sign.clone() })).collect())
            .transpose()?;
        question.legend = self.legend;
        question.filled = self.filled.map(|(choices, text)| Filled { choices, text });
        question.kind = if self.profile { Kind::Profile } else { Kind::Check };
        Ok(question)
    }
}

/// A [`Proposal`].
#[derive(Serialize, Deserialize)]
pub(super) struct StoredProposal {
    item: u32,
    number: String,
    section: Vec<String>,
    question: String,
    choice: Option<String>,
    text: String,
    confidence: f64,
    why: Vec<StoredReason>,
}

impl StoredProposal {
    /// Whether this proposes `item`.
    pub(super) fn is_of(&self, item: u32) -> bool {
        self.item == item
    }

    /// The item's question, if this proposes `item`.
    pub(super) fn question_of(self, item: u32) -> Option<String> {
        (self.item == item).then_some(self.question)
    }
}

/// A [`Reason`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredReason {
    Word(String),
    Synonym(String, String),
    Topic(String),
    Past(String),
    Ask(String),
}

impl From<&Proposal> for StoredProposal {
    fn from(p: &Proposal) -> Self {
        Self {
            item: p.item,
            number: p.number.clone(),
            section: p.section.clone(),
            question: p.question.clone(),
            choice: p.answer.choice.clone(),
            text: p.answer.text.clone(),
            confidence: p.confidence,
            why: p
                .why
                .iter()
                .map(|reason| match reason.clone() {
                    Reason::Word(word) => StoredReason::Word(word),
                    Reason::Synonym(theirs, ours) => StoredReason::Synonym(theirs, ours),
                    Reason::Topic(name) => StoredReason::Topic(name),
                    Reason::Past(question) => StoredReason::Past(question),
                    Reason::Ask(question) => StoredReason::Ask(question),
                })
                .collect(),
        }
    }
}

impl From<StoredProposal> for Proposal {
    fn from(p: StoredProposal) -> Self {
        Self {
            item: p.item,
            number: p.number,
            section: p.section,
            question: p.question,
            answer: FinalAnswer { choice: p.choice, text: p.text },
            confidence: p.confidence,
            why: p
                .why
                .into_iter()
                .map(|reason| match reason {
                    StoredReason::Word(word) => Reason::Word(word),
                    StoredReason::Synonym(theirs, ours) => Reason::Synonym(theirs, ours),
                    StoredReason::Topic(name) => Reason::Topic(name),
                    StoredReason::Past(question) => Reason::Past(question),
                    StoredReason::Ask(question) => Reason::Ask(question),
                })
                .collect(),
        }
    }
}

/// A [`Problem`].
#[derive(Serialize, Deserialize)]
pub(super) struct StoredProblem {
    sheet: Option<String>,
    cell: Option<String>,
    message: String,
}

impl From<&Problem> for StoredProblem {
    fn from(p: &Problem) -> Self {
        Self { sheet: p.sheet.clone(), cell: p.cell.map(|c| c.to_string()), message: p.message.clone() }
    }
}

impl TryFrom<StoredProblem> for Problem {
    type Error = StoreError;

    fn try_from(p: StoredProblem) -> Result<Self, StoreError> {
        let cell = p.cell.as_deref().map(|c| parsed("cell", c)).transpose()?;
        Ok(Self { sheet: p.sheet, cell, message: p.message })
    }
}
