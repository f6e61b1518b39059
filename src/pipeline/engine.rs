//! The standard sheet made searchable: the one place where reading, searching, matching and drafting are put together.

use std::path::Path;

use super::StandardSheet;
use crate::matching::Band;
use crate::questionnaire::Question;
use crate::review::Suggestion;
use crate::store::PastAnswer;
use crate::workbook::Workbook;

/// What searching needs besides the standard sheet: dictionary and synonyms.
pub struct Library {}

impl Library {
    /// Opens the dictionary in the data folder, made from `source` when there is none.
    ///
    /// # Errors
    /// [`EngineError`]
    pub fn open(data: &Path, source: Option<&Path>) -> Result<Self, EngineError> {
        let _ = (data, source);
        Ok(Self {})
    }
}

/// Why a standard sheet can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It is none.
    #[error("{0}")]
    Standard(String),
}

/// A standard sheet, searchable.
pub struct Engine {
    id: i64,
    name: String,
    sheet: StandardSheet,
}

impl Engine {
    /// Reads the standard sheet in `workbook` and builds its index.
    ///
    /// # Errors
    /// [`EngineError`]
    pub fn new(name: String, workbook: &Workbook, library: &Library) -> Result<Self, EngineError> {
        let _ = (workbook, library);
        Ok(Self { id: 0, name, sheet: StandardSheet { services: vec![], items: vec![] } })
    }

    /// With the id it has in the store.
    #[must_use]
    pub fn with_id(self, id: i64) -> Self {
        Self { id, ..self }
    }

    /// Its id in the store.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The name of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sheet.
    #[must_use]
    pub fn sheet(&self) -> &StandardSheet {
        &self.sheet
    }

    /// Ready to match, having learned from `past` answers.
    #[must_use]
    pub fn matcher(&self, past: &[PastAnswer]) -> Matcher<'_> {
        let _ = past;
        Matcher { engine: self }
    }
}

/// Matches questions with an [`Engine`]'s sheet.
pub struct Matcher<'a> {
    engine: &'a Engine,
}

impl Matcher<'_> {
    /// What is offered for `question` of a questionnaire about `services`.
    #[must_use]
    pub fn suggest(&self, question: &Question, services: &[String]) -> Suggestion {
        let _ = (question, services, &self.engine.sheet);
        Suggestion { band: Band::None, answerable: 0.0, draft: None, proposals: vec![] }
    }
}
