//! The standard sheet made searchable: the one place where searching, matching and drafting are put together.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::export::FinalAnswer;
use crate::matching::{Band, Candidate, Decision, Model, ModelError, rank};
use crate::questionnaire::{Kind, Question};
use crate::review::{Proposal, Suggestion};
use crate::search::{Analyzer, Asked, Dictionary, DictionaryError, Index, IndexError, Lexicon, LexiconError, Past};
use crate::standard::{self, StandardError, StandardSheet};
use crate::store::PastAnswer;
use crate::suggestion;
use crate::workbook::Workbook;

/// Where the parts of a [`Library`] are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The folder the dictionary is built into.
    pub data: PathBuf,
    /// The folder of the dictionary's sources; Debian's where none is named.
    pub ipadic: Option<PathBuf>,
    /// A folder of synonyms and the like in place of the built-in ones.
    pub index: Option<PathBuf>,
}

/// What searching needs besides the standard sheet: dictionary, synonyms, model.
pub struct Library {
    analyzer: Analyzer,
    model: Model,
}

impl Library {
    /// Opens the dictionary, building it where there is none yet. Takes seconds then: not for an async thread.
    ///
    /// # Errors
    /// [`EngineError`] says what is missing.
    pub fn open(sources: &Sources) -> Result<Self, EngineError> {
        let Sources { data, ipadic, index } = sources;
        let lexicon = Lexicon::load(index.as_deref())?;
        let dictionary = Dictionary::open(data, ipadic.as_deref().map(Path::new))?;
        Ok(Self { analyzer: Analyzer::new(&dictionary, lexicon)?, model: Model::built_in()? })
    }
}

/// Why questions can't be matched.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file is no standard sheet.
    #[error(transparent)]
    Standard(#[from] StandardError),
    /// There is no dictionary.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// The synonyms and the like are broken.
    #[error(transparent)]
    Lexicon(#[from] LexiconError),
    /// The index can't be built; no fault of the sheet.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The built-in model is broken.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl EngineError {
    /// Whether the user's file or setting is to blame.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match self {
            Self::Standard(_) | Self::Dictionary(_) | Self::Lexicon(_) => true,
            Self::Index(_) | Self::Model(_) => false,
        }
    }
}

/// A standard sheet in use.
#[derive(Debug)]
pub struct Engine {
    id: i64,
    name: String,
    sheet: StandardSheet,
    /// Of the sheet alone.
    index: Index,
    /// What was learned for the questionnaire before: most decisions are the same for the next.
    learned: Mutex<Arc<Past>>,
}

impl Engine {
    /// Reads the standard sheet in `workbook`, which must be fit for matching.
    ///
    /// # Errors
    /// [`EngineError`]
    pub fn new(name: String, workbook: &Workbook, library: &Library) -> Result<Self, EngineError> {
        let sheet = standard::read(workbook)?;
        let index = Index::build(&sheet, &[], &library.analyzer)?;
        Ok(Self { id: 0, name, sheet, index, learned: Mutex::default() })
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

    /// Ready to match, having learned from `past` answers (the latest first).
    #[must_use]
    pub fn matcher<'a>(&'a self, past: &[PastAnswer], library: &'a Library) -> Matcher<'a> {
        // A later decision about the same question takes the earlier one's place.
        let past: Vec<Decision> = past.iter().rev().filter_map(|p| self.decision(p)).collect();
        Matcher { sheet: &self.sheet, index: self.index.with_past(self.learn(&past, library)), model: &library.model }
    }

    /// Ready to search by hand: nothing from the past.
    #[must_use]
    pub fn searcher<'a>(&'a self, library: &'a Library) -> Matcher<'a> {
        Matcher { sheet: &self.sheet, index: self.index.clone(), model: &library.model }
    }

    /// What `decisions` teach. Only those since the last time are learned, unless one of the earlier ones is no longer as it was:
    /// no decision that was taken back stays in it.
    fn learn(&self, decisions: &[Decision], library: &Library) -> Arc<Past> {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let known = learned.decisions().len();
        if known > decisions.len() || !learned.decisions().eq(&decisions[..known]) {
            *learned = Arc::default();
        }
        let new = &decisions[learned.decisions().len()..];
        if !new.is_empty() {
            let past = Arc::make_mut(&mut learned);
            new.iter().for_each(|d| past.remember(d, &library.analyzer));
        }
        Arc::clone(&learned)
    }

    /// Item `item` as an answer to `question`; `None` where there is no such item, or it says nothing about the services.
    #[must_use]
    pub fn proposal(&self, question: &Question, item: u32, services: &[String]) -> Option<Proposal> {
        proposal(&self.sheet, question, &Candidate { item, confidence: 0.0, why: Vec::new() }, services)
    }

    /// The past answer in this sheet's numbers; `None` where the item is no longer in it.
    fn decision(&self, past: &PastAnswer) -> Option<Decision> {
        let same = |id: u32| self.sheet.item(id).filter(|i| i.question == past.item_question);
        let item = same(past.item).or_else(|| self.sheet.items.iter().find(|i| i.question == past.item_question))?;
        Some(Decision { question: past.question.clone(), section: past.section.join("\n"), items: vec![item.id] })
    }
}

/// Matches questions with an [`Engine`]'s sheet.
pub struct Matcher<'a> {
    sheet: &'a StandardSheet,
    index: Index,
    model: &'a Model,
}

impl Matcher<'_> {
    /// Reads a questionnaire's questions as what they are among each other, see [`Index::questionnaire`].
    #[must_use]
    pub fn read<'q>(&self, questions: &'q [Question]) -> Vec<Asked<'q>> {
        self.index.questionnaire(questions.iter().map(|q| (q.text.as_str(), q.section.as_slice())))
    }

    /// What is offered for `question`, read as `asked`, in a questionnaire about `services`.
    #[must_use]
    pub fn suggest(&self, question: &Question, asked: &Asked<'_>, services: &[String]) -> Suggestion {
        // The standard sheet says nothing of the company's name; its profile does, see [`crate::questionnaire::profile`].
        if question.kind == Kind::Profile {
            return Suggestion { band: Band::None, answerable: 0.0, draft: None, proposals: Vec::new() };
        }
        let found = rank(&self.index.search(asked), self.model);
        let draft = suggestion::draft(question, &found, self.sheet, services);
        let proposals = found.candidates.iter().filter_map(|c| proposal(self.sheet, question, c, services)).collect();
        Suggestion {
            band: draft.as_ref().map_or(Band::None, |d| d.band),
            answerable: found.answerable,
            draft: draft.map(|d| d.item),
            proposals,
        }
    }

    /// Items for `words`, as answers to `question`, best first. A word found by hand says nothing about how sure the item is.
    #[must_use]
    pub fn search(&self, words: &str, question: &Question, services: &[String]) -> Vec<Proposal> {
        let asked = self.index.questionnaire(std::iter::once((words, [].as_slice())));
        let Some(asked) = asked.first() else { return Vec::new() };
        let found = rank(&self.index.search(asked), self.model);
        found.candidates.iter().filter_map(|c| proposal(self.sheet, question, c, services)).map(|p| Proposal { confidence: 0.0, ..p }).collect()
    }
}

/// `candidate` as an answer to `question`; `None` where its item is not in the sheet, or says nothing about the services.
fn proposal(sheet: &StandardSheet, question: &Question, candidate: &Candidate, services: &[String]) -> Option<Proposal> {
    let item = sheet.item(candidate.item)?;
    let (choice, text) = suggestion::answer_from(question, item, services)?;
    Some(Proposal {
        item: item.id,
        number: item.number.clone(),
        section: item.section.clone(),
        question: item.question.clone(),
        answer: FinalAnswer { choice, text },
        confidence: candidate.confidence,
        why: candidate.why.clone(),
    })
}
