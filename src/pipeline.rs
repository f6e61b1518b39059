//! Runs the stages and persists; the only place that moves CPU work off the async threads.
//!
//! An upload is stored before anything is done with it. One task takes what is stored and unread, a few at a time, and
//! stores what it found all at once; so whenever the process ends, the next start finds either everything or the upload.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};

use crate::clock::Clock;
use crate::export;
use crate::intake::IntakeError;
use crate::library::{self, FiledAnswer};
use crate::people::By;
use crate::questionnaire::mapping::Mapping;
use crate::questionnaire::{NoQuestions, Question};
use crate::review::{Proposal, Refusal, Suggestion};
use crate::store::{NewRelease, PastAnswer, Questionnaire, SaveError, Store, StoreError};
use crate::workbook::read::{self, ReadError};
use crate::workbook::{Limits, Problem, Workbook, write};

mod engine;
mod mapping;
mod upload;

pub use engine::{Engine, EngineError, Library, Sources};
pub use mapping::{CorrectionError, Mapped};
pub use upload::{Source, Upload};

/// How many questionnaires are read at once: each keeps one thread busy.
const AT_ONCE: usize = 2;

/// The stages, and what they need.
#[derive(Clone)]
pub struct Pipeline(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    limits: Limits,
    library: Library,
    program: PathBuf,
    engine: RwLock<Option<Arc<Engine>>>,
    progress: Mutex<HashMap<i64, Progress>>,
    queue: mpsc::UnboundedSender<i64>,
    stop: watch::Sender<bool>,
}

/// The task that reads what was uploaded.
pub struct Worker {
    task: JoinHandle<()>,
    pipeline: Pipeline,
}

/// How far the reading of a questionnaire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Others are read first.
    Waiting,
    /// The file is taken apart and searched for questions.
    Opening,
    /// Answers are looked for.
    Matching {
        /// Questions done.
        done: usize,
        /// Questions in all.
        total: usize,
    },
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The file can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file is no questionnaire's, or can't be taken in.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The same file was uploaded before; as which questionnaire, and its SHA-256.
    #[error("同じ内容のファイルが、すでにアップロードされています。")]
    Twice(Box<Questionnaire>, String),
    /// The file is the standard sheet.
    #[error("標準シート自身のようです（{0}項目の質問と回答が、使用中の標準シートと一致します）。クライアントから届いた質問票を選び直してください。標準シートを更新する場合は「標準シート」の画面から取り込んでください。")]
    OwnSheet(usize),
    /// The file is no standard sheet, or can't be searched.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file holds no questions.
    #[error(transparent)]
    NoQuestions(#[from] NoQuestions),
    /// The answers can't be put into the file.
    #[error(transparent)]
    Write(#[from] write::WriteError),
    /// There is nothing to match with.
    #[error("標準シートがまだ取り込まれていません。先に標準シートを取り込んでください。")]
    NoStandard,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stage panicked.
    #[error("a stage of the pipeline failed: {0}")]
    Stage(#[from] JoinError),
}

impl PipelineError {
    /// Whether the user's file or setting is to blame; the text is for the user then.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match self {
            Self::Read(_) | Self::Twice(..) | Self::OwnSheet(_) | Self::NoQuestions(_) | Self::Write(_) | Self::NoStandard => true,
            Self::Intake(e) => e.is_input(),
            Self::Engine(e) => e.is_input(),
            Self::Store(_) | Self::Stage(_) => false,
        }
    }
}

/// Why nothing was released.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is no such questionnaire.
    #[error("no such questionnaire")]
    NoQuestionnaire,
    /// One of the questions is not settled.
    #[error("{0}問目：{1}")]
    Refused(u32, Refusal),
    /// Somebody decided while it was being filled.
    #[error("リリースの準備中に、ほかの人が回答を変更しました。内容を確認して、もう一度リリースしてください。")]
    Changed,
    /// The file could not be filled.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

impl From<StoreError> for ReleaseError {
    fn from(e: StoreError) -> Self {
        Self::Pipeline(e.into())
    }
}

/// What came out of reading a questionnaire.
struct Found {
    problems: Vec<Problem>,
    questions: Vec<(Question, Suggestion)>,
}

impl Pipeline {
    /// Starts the pipeline: the standard sheet in use is made searchable, and what an earlier process left unread is read.
    /// `program` is this binary, which reads .xls files in a process of its own.
    ///
    /// # Errors
    /// [`PipelineError`] when the database fails or the standard sheet it holds can't be used.
    pub async fn start(
        store: Store,
        clock: Clock,
        limits: Limits,
        library: Library,
        program: PathBuf,
    ) -> Result<(Self, Worker), PipelineError> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let pipeline = Self(Arc::new(Inner {
            store,
            clock,
            limits,
            library,
            program,
            engine: RwLock::new(None),
            progress: Mutex::default(),
            queue,
            stop: watch::Sender::new(false),
        }));
        if let Some(standard) = pipeline.0.store.standard().await? {
            let engine = pipeline.build(standard.name, standard.bytes).await?;
            pipeline.set_engine(engine.with_id(standard.id));
        }
        for id in pipeline.0.store.unread().await? {
            pipeline.enqueue(id);
        }
        let task = tokio::spawn(work(pipeline.clone(), jobs));
        Ok((pipeline.clone(), Worker { task, pipeline }))
    }

    /// The standard sheet in use, searchable.
    #[must_use]
    pub fn engine(&self) -> Option<Arc<Engine>> {
        self.0.engine.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far the reading of questionnaire `id` is; `None` when it is not being read.
    #[must_use]
    pub fn progress(&self, id: i64) -> Option<Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// Imports a standard sheet and uses it from now on; when it can't be used, the old one stays.
    ///
    /// # Errors
    /// [`PipelineError`]
    pub async fn import_standard(&self, name: &str, bytes: Vec<u8>, by: &By) -> Result<(), PipelineError> {
        let engine = self.build(name.to_owned(), bytes.clone()).await?;
        let items = engine.sheet().items.len();
        let id = self.0.store.add_standard(name, &bytes, items, by, self.0.clock.now()).await?;
        self.set_engine(engine.with_id(id));
        Ok(())
    }

    /// Has a questionnaire that failed read again.
    ///
    /// # Errors
    /// [`PipelineError`]
    pub async fn retry(&self, id: i64) -> Result<(), PipelineError> {
        if self.0.store.retry(id).await? {
            self.enqueue(id);
        }
        Ok(())
    }

    /// Releases the answers at `positions` of questionnaire `id`, or all that are settled: fills the client's file with them
    /// and keeps it; the release's id.
    ///
    /// # Errors
    /// [`ReleaseError`] where one of them is not settled, or was changed in the meantime.
    pub async fn release(&self, id: i64, positions: Option<&[u32]>, by: &By) -> Result<i64, ReleaseError> {
        let questionnaire = self.0.store.questionnaire(id).await?.ok_or(ReleaseError::NoQuestionnaire)?;
        let original = self.0.store.original(id).await?.ok_or(ReleaseError::NoQuestionnaire)?;
        let questions = self.0.store.questions(id).await?;
        let mut answers = Vec::new();
        let mut cells = Vec::new();
        for q in &questions {
            let wanted = match positions {
                Some(positions) => positions.contains(&q.position),
                None => q.review.state.release().is_ok(),
            };
            if wanted {
                q.review.state.release().map_err(|why| ReleaseError::Refused(q.position, why))?;
                answers.push((q.position, q.review.revision));
                cells.extend(q.review.state.answer().into_iter().flat_map(|answer| export::edits(&q.question, answer)));
            }
        }
        let whole = answers.len() == questions.len();
        let limits = self.0.limits;
        let layout = self.0.store.layout().await?;
        let written = tokio::task::spawn_blocking(move || write::write_as(&original, &cells, layout, &limits))
            .await
            .map_err(PipelineError::from)?
            .map_err(PipelineError::from)?;
        let file_name = export::answered_name(&questionnaire.file_name, whole);
        let new = NewRelease { file_name, bytes: written.bytes, answers, cells: written.changes, notes: written.notes };
        match self.0.store.release(id, &new, by, self.0.clock.now()).await {
            Ok(release) => Ok(release),
            Err(SaveError::Stale(_)) => Err(ReleaseError::Changed),
            Err(SaveError::NoQuestion) => Err(ReleaseError::NoQuestionnaire),
            Err(SaveError::Store(e)) => Err(e.into()),
        }
    }

    /// Items of the standard sheet for `words`, as answers to `question` for `services`, best first.
    ///
    /// # Errors
    /// [`PipelineError`]
    pub async fn search(&self, words: &str, question: &Question, services: &[String]) -> Result<Vec<Proposal>, PipelineError> {
        let Some(engine) = self.engine() else { return Ok(Vec::new()) };
        let (inner, words, question, services) = (self.0.clone(), words.to_owned(), question.clone(), services.to_owned());
        Ok(tokio::task::spawn_blocking(move || engine.searcher(&inner.library).search(&words, &question, &services)).await?)
    }

    /// Of the library of filed answers, but for what was taken from questionnaire `id`: those alike to `question`, and those that
    /// hold all of `words`.
    ///
    /// # Errors
    /// [`PipelineError`]
    pub async fn filed(&self, id: i64, question: &Question, words: &str) -> Result<(Vec<FiledAnswer>, Vec<FiledAnswer>), PipelineError> {
        let all = self.0.store.library(id).await?;
        let (section, text, words) = (question.section.clone(), question.text.clone(), words.to_owned());
        let owned = |found: Vec<&FiledAnswer>| found.into_iter().cloned().collect();
        let found = move || (owned(library::alike(&section, &text, &all)), owned(library::with_words(&words, &all)));
        Ok(tokio::task::spawn_blocking(found).await?)
    }

    async fn build(&self, name: String, bytes: Vec<u8>) -> Result<Engine, PipelineError> {
        let inner = self.0.clone();
        tokio::task::spawn_blocking(move || {
            let workbook = read::read(&bytes, &inner.limits)?;
            Ok(Engine::new(name, &workbook, &inner.library)?)
        })
        .await?
    }

    /// Of two imports at once the one that was stored last stays.
    fn set_engine(&self, engine: Engine) {
        let mut current = self.0.engine.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|c| c.id() < engine.id()) {
            *current = Some(Arc::new(engine));
        }
    }

    fn enqueue(&self, id: i64) {
        self.set_progress(id, Some(Progress::Waiting));
        // The receiver lives as long as the worker; without one the questionnaire is read at the next start.
        let _ = self.0.queue.send(id);
    }

    fn set_progress(&self, id: i64, progress: Option<Progress>) {
        let mut all = self.0.progress.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Some(p) => all.insert(id, p),
            None => all.remove(&id),
        };
    }

    fn stopping(&self) -> bool {
        *self.0.stop.borrow()
    }

    /// Reads one questionnaire, from its row in the database to the rows of its questions.
    async fn process(self, id: i64) {
        let questionnaire = match self.0.store.questionnaire(id).await {
            Ok(Some(questionnaire)) => questionnaire,
            Ok(None) => return,
            Err(e) => {
                tracing::error!(questionnaire = id, error = %e, "a questionnaire could not be looked up");
                return;
            }
        };
        let generation = questionnaire.generation;
        let outcome = self.try_process(questionnaire).await;
        self.set_progress(id, None);
        let message = match outcome {
            Ok(()) => return,
            Err(e) if e.is_input() => e.to_string(),
            Err(e) => {
                tracing::error!(questionnaire = id, error = %e, "reading a questionnaire failed");
                "内部エラーのため読み取れませんでした。もう一度読み取っても直らない場合は、管理者に連絡してください。".to_owned()
            }
        };
        if let Err(e) = self.0.store.fail(id, generation, &message).await {
            tracing::error!(questionnaire = id, error = %e, "the failure could not be stored");
        }
    }

    async fn try_process(&self, questionnaire: Questionnaire) -> Result<(), PipelineError> {
        let id = questionnaire.id;
        let Some(bytes) = self.0.store.original(id).await? else { return Ok(()) };
        let engine = self.engine().ok_or(PipelineError::NoStandard)?;
        let past = self.0.store.past_answers().await?;
        self.set_progress(id, Some(Progress::Opening));
        let (workbook, state) = self.open_mapped(id, bytes, questionnaire.generation == 0).await?;
        let this = self.clone();
        let (standard, generation) = (engine.id(), questionnaire.generation);
        let found =
            tokio::task::spawn_blocking(move || this.find_and_match(&questionnaire, &workbook, &state.mapping, &engine, &past)).await??;
        // Without anything found the process is ending; the next start reads it again.
        if let Some(found) = found {
            self.0.store.finish(id, generation, standard, &found.problems, &found.questions).await?;
        }
        Ok(())
    }

    /// The CPU's part of reading: runs on a thread of its own. `None` when the process is ending.
    fn find_and_match(
        &self,
        questionnaire: &Questionnaire,
        workbook: &Workbook,
        mapping: &Mapping,
        engine: &Engine,
        past: &[PastAnswer],
    ) -> Result<Option<Found>, PipelineError> {
        if let Some(items) = engine.sheet().is_copied_in(workbook) {
            return Err(PipelineError::OwnSheet(items));
        }
        let found = crate::questionnaire::find_with(workbook, mapping)?;
        let matcher = engine.matcher(past, &self.0.library);
        let (problems, questions) = (found.problems, [found.questions, found.facts].concat());
        let total = questions.len();
        let mut suggestions = Vec::with_capacity(total);
        for (done, (question, asked)) in questions.iter().zip(&matcher.read(&questions)).enumerate() {
            if self.stopping() {
                return Ok(None);
            }
            self.set_progress(questionnaire.id, Some(Progress::Matching { done, total }));
            suggestions.push(matcher.suggest(question, asked, &questionnaire.services));
        }
        Ok(Some(Found { problems, questions: questions.into_iter().zip(suggestions).collect() }))
    }
}

impl Worker {
    /// Lets what is being done come to its next safe point, and waits for it.
    pub async fn shut_down(self) {
        self.pipeline.0.stop.send_replace(true);
        if let Err(e) = self.task.await {
            tracing::error!(error = %e, "the worker failed");
        }
    }
}

/// Takes questionnaires from the queue until it is told to stop.
async fn work(pipeline: Pipeline, mut jobs: mpsc::UnboundedReceiver<i64>) {
    let mut stop = pipeline.0.stop.subscribe();
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(id) = jobs.recv(), if running.len() < AT_ONCE => {
                running.spawn(pipeline.clone().process(id));
            }
            Some(ended) = running.join_next() => log_panic(ended),
        }
    }
    while let Some(ended) = running.join_next().await {
        log_panic(ended);
    }
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(e) = ended {
        tracing::error!(error = %e, "a questionnaire's task failed");
    }
}

/// Opens what matching needs besides the standard sheet, off the async threads.
///
/// # Errors
/// [`PipelineError::Engine`] when there is no dictionary; the text names the package that has it.
pub async fn open_library(sources: Sources) -> Result<Library, PipelineError> {
    Ok(tokio::task::spawn_blocking(move || Library::open(&sources)).await??)
}
