//! `kaitou match`, `kaitou evaluate` and `kaitou fit`: questions as lines of JSON, their matches, and how good they are.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::matching::fit::{self, Example};
use crate::matching::measure::Truth;
use crate::matching::{Candidate, Decision, Match, Model, ModelError, Reason, features, rank};
use crate::search::{Analyzer, Dictionary, Found, DictionaryError, Index, IndexError, Lexicon, LexiconError};
use crate::standard::{self, StandardError, StandardSheet, UnknownService};
use crate::workbook::{Limits, read};

mod report;

use report::report;

/// Where dictionary and index files come from.
#[derive(Debug, Clone, Args)]
pub struct IndexArgs {
    /// IPADIC のソース（CSV と .def）のフォルダ
    #[arg(long, env = "KAITOU_IPADIC", value_name = "DIR")]
    pub ipadic: Option<PathBuf>,
    /// 同義語などを差し替えるフォルダ（index/ と同じファイル名）
    #[arg(long, env = "KAITOU_INDEX", value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// 作成した辞書を置くフォルダ（既定は利用者のキャッシュ）
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// The standard sheet and what is known from the past.
#[derive(Debug, Clone, Args)]
pub struct SheetArgs {
    /// 標準シート（.xlsx）
    #[arg(long, value_name = "SHEET")]
    pub standard: PathBuf,
    /// 過去の判断（1行に1件の JSON: question, section, items）
    #[arg(long, value_name = "PAST.jsonl")]
    pub library: Option<PathBuf>,
    /// Dictionary and index files.
    #[command(flatten)]
    pub index: IndexArgs,
}

/// `kaitou match`
#[derive(Debug, Clone, Args)]
pub struct MatchArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// 対象のサービス（標準シートの列名。複数指定可）
    #[arg(long = "service", value_name = "NAME")]
    pub services: Vec<String>,
}

/// `kaitou evaluate`
#[derive(Debug, Clone, Args)]
pub struct EvaluateArgs {
    /// The sheet. With a library, every decision in it counts, about these same questions too: leave them out yourself.
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// 質問（1行に1件の JSON: qid, document, section, question）
    #[arg(long, value_name = "Q.jsonl")]
    pub questions: PathBuf,
    /// 正解（1行に1件の JSON: qid, kind, items）
    #[arg(long, value_name = "G.jsonl")]
    pub gold: PathBuf,
}

/// `kaitou fit`
#[derive(Debug, Clone, Args)]
pub struct FitArgs {
    /// Sheet, questions and their answers.
    #[command(flatten)]
    pub evaluate: EvaluateArgs,
    /// モデルの書き出し先
    #[arg(long, value_name = "MODEL.json")]
    pub out: PathBuf,
}

/// Bad input: its text says what is wrong and where. All of these end with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file can't be read or written.
    #[error("{path} を開けません（{source}）。")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is not the JSON it should be.
    #[error("{file} の {line} 行目を読めません（{message}）。1行に1件の JSON を書いてください。")]
    Line {
        /// The file.
        file: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The standard sheet is no workbook.
    #[error("{path}: {source}")]
    Workbook {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: read::ReadError,
    },
    /// The standard sheet's contents can't be understood.
    #[error("{path}: {source}")]
    Standard {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: StandardError,
    },
    /// No such service.
    #[error(transparent)]
    Service(#[from] UnknownService),
    /// No dictionary.
    #[error(transparent)]
    Dictionary(#[from] DictionaryError),
    /// A broken file in `index/`.
    #[error(transparent)]
    Lexicon(#[from] LexiconError),
    /// A question without an answer in the gold file, or the other way round.
    #[error("{0}")]
    Gold(String),
}

/// Bad input, or a fault of this program.
#[derive(Debug, thiserror::Error)]
pub enum MatchingError {
    /// Exit code 2.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Exit code 1.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Exit code 1.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Exit code 1: the output can't be written.
    #[error("結果を書き出せません（{0}）。")]
    Output(#[from] std::io::Error),
}

impl MatchingError {
    /// 2 for bad input, 1 for a fault.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Input(_)) { 2 } else { 1 }
    }
}

/// Headings as one text or as a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum Section {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Section {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

#[derive(Debug, Deserialize)]
struct QuestionLine {
    #[serde(alias = "qid")]
    id: serde_json::Value,
    #[serde(default)]
    document: String,
    #[serde(default)]
    section: Section,
    question: String,
}

#[derive(Debug, Deserialize)]
struct PastLine {
    question: String,
    #[serde(default)]
    section: Section,
    items: Vec<u32>,
}

#[derive(Debug, Deserialize)]
struct GoldLine {
    qid: String,
    kind: Kind,
    #[serde(default)]
    items: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Answerable,
    None,
    Ambiguous,
}

#[derive(Debug, Serialize)]
struct MatchLine<'a> {
    id: &'a serde_json::Value,
    band: &'static str,
    answerable: f64,
    candidates: Vec<CandidateLine>,
}

/// A candidate as it is printed.
#[derive(Debug, Serialize)]
pub(super) struct CandidateLine {
    item: u32,
    confidence: f64,
    why: Vec<String>,
}

/// A reason as one text.
#[must_use]
pub fn say(reason: &Reason) -> String {
    match reason {
        Reason::Word(word) => word.clone(),
        Reason::Synonym(here, there) => format!("{here}＝{there}"),
        Reason::Topic(name) => format!("話題: {name}"),
        Reason::Past(question) => format!("過去の回答: {question}"),
    }
}

/// Four places are more than any figure here is good for.
pub(super) fn rounded(p: f64) -> f64 {
    (p * 1e4).round() / 1e4
}

impl CandidateLine {
    pub(super) fn new(candidate: &Candidate) -> Self {
        Self { item: candidate.item, confidence: rounded(candidate.confidence), why: candidate.why.iter().map(say).collect() }
    }
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> InputError {
    let path = path.to_owned();
    move |source| InputError::File { path, source }
}

/// The lines of `input` as JSON; empty ones are passed over.
fn lines<T: DeserializeOwned>(name: &str, input: impl BufRead) -> Result<Vec<T>, InputError> {
    let mut values = Vec::new();
    for (n, line) in input.lines().enumerate() {
        let error = |message: String| InputError::Line { file: name.to_owned(), line: n + 1, message };
        let line = line.map_err(|e| error(e.to_string()))?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if !line.is_empty() {
            values.push(serde_json::from_str(line).map_err(|e| error(e.to_string()))?);
        }
    }
    Ok(values)
}

fn file_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, InputError> {
    let file = std::fs::File::open(path).map_err(file_error(path))?;
    lines(&path.display().to_string(), std::io::BufReader::new(file))
}

/// Reads a standard sheet from a file.
///
/// # Errors
/// [`InputError`] names the file.
pub fn read_standard(path: &Path) -> Result<StandardSheet, InputError> {
    let bytes = std::fs::read(path).map_err(file_error(path))?;
    let workbook =
        read::read(&bytes, &Limits::default()).map_err(|source| InputError::Workbook { path: path.to_owned(), source })?;
    standard::read(&workbook).map_err(|source| InputError::Standard { path: path.to_owned(), source })
}

/// Loads dictionary and lexicon.
///
/// # Errors
/// [`InputError`] says what is missing or which line is broken.
pub fn open_analyzer(args: &IndexArgs) -> Result<Analyzer, InputError> {
    let lexicon = Lexicon::load(args.index.as_deref())?;
    let data = args.data.clone().unwrap_or_else(crate::config::default_cache_dir);
    let dictionary = Dictionary::open(&data, args.ipadic.as_deref())?;
    Ok(Analyzer::new(&dictionary, lexicon)?)
}

/// Reads past decisions.
///
/// # Errors
/// [`InputError`] names the line.
pub fn read_library(path: &Path) -> Result<Vec<Decision>, InputError> {
    let lines: Vec<PastLine> = file_lines(path)?;
    let decision = |l: PastLine| Decision { question: l.question, section: l.section.into_vec().join("\n"), items: l.items };
    Ok(lines.into_iter().map(decision).collect())
}

/// The standard sheet, and its index with what the library adds.
pub(super) fn open(args: &SheetArgs) -> Result<(StandardSheet, Index), MatchingError> {
    let sheet = read_standard(&args.standard)?;
    let past = args.library.as_deref().map(read_library).transpose()?.unwrap_or_default();
    let index = Index::build(&sheet, &past, &open_analyzer(&args.index)?)?;
    Ok((sheet, index))
}

/// Matches the questions on `input` and writes a line for each to `output`, in the same order. The services are checked; they
/// choose among an item's answers, not among items.
///
/// # Errors
/// [`MatchingError`]; nothing is written where the input is bad.
pub fn run_match(args: &MatchArgs, input: impl BufRead, mut output: impl Write) -> Result<(), MatchingError> {
    let questions: Vec<QuestionLine> = lines("標準入力", input)?;
    let (sheet, index) = open(&args.sheet)?;
    sheet.check_services(&args.services).map_err(InputError::from)?;
    let model = Model::built_in()?;
    let questions: Vec<_> = questions.into_iter().map(|q| (q.id, q.question, q.section.into_vec())).collect();
    let around = index.scopes_around(questions.iter().map(|(_, text, section)| (text.as_str(), section.as_slice())));
    for ((id, text, section), around) in questions.iter().zip(around) {
        let found = rank(&index.search(text, section, around), &model);
        let line = MatchLine {
            id,
            band: found.band.name(),
            answerable: rounded(found.answerable),
            candidates: found.candidates.iter().map(CandidateLine::new).collect(),
        };
        serde_json::to_writer(&mut output, &line).map_err(std::io::Error::from)?;
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}

/// A question of known answer.
struct Known {
    document: String,
    section: Vec<String>,
    question: String,
    truth: Truth,
}

/// Puts questions and gold together; ambiguous ones are left out.
fn known(args: &EvaluateArgs, sheet: &StandardSheet) -> Result<Vec<Known>, InputError> {
    let questions: Vec<QuestionLine> = file_lines(&args.questions)?;
    let gold: Vec<GoldLine> = file_lines(&args.gold)?;
    let mut by_id: HashMap<String, GoldLine> = HashMap::new();
    for line in gold {
        if let Some(item) = line.items.iter().find(|i| sheet.item(**i).is_none()) {
            return Err(InputError::Gold(format!("正解 {} の項目 {item} は標準シートにありません。", line.qid)));
        }
        by_id.insert(line.qid.clone(), line);
    }
    let mut known = Vec::new();
    for q in questions {
        let id = q.id.as_str().map_or_else(|| q.id.to_string(), str::to_owned);
        let gold = by_id.remove(&id).ok_or_else(|| InputError::Gold(format!("質問 {id} の正解がありません。")))?;
        if gold.kind != Kind::Ambiguous {
            let accepted = if gold.kind == Kind::Answerable { gold.items } else { Vec::new() };
            let truth = Truth { accepted };
            known.push(Known { document: q.document, section: q.section.into_vec(), question: q.question, truth });
        }
    }
    Ok(known)
}

/// Searches for all questions; those around one are its document's.
fn search<'a>(index: &'a Index, known: &'a [Known]) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for document in known.chunk_by(|a, b| a.document == b.document) {
        let around = index.scopes_around(document.iter().map(|k| (k.question.as_str(), k.section.as_slice())));
        found.extend(document.iter().zip(around).map(|(k, around)| index.search(&k.question, &k.section, around)));
    }
    found
}

/// Measures the built-in model on questions of known answer.
///
/// # Errors
/// [`MatchingError`]
pub fn run_evaluate(args: &EvaluateArgs, mut output: impl Write) -> Result<(), MatchingError> {
    let (sheet, index) = open(&args.sheet)?;
    let known = known(args, &sheet)?;
    let model = Model::built_in()?;
    let matches: Vec<Match> = search(&index, &known).iter().map(|f| rank(f, &model)).collect();
    Ok(report(&known, &matches, &mut output)?)
}

/// Fits a model to questions of known answer, writes it, and reports the figures of every document by a model that has not
/// seen it.
///
/// # Errors
/// [`MatchingError`]
pub fn run_fit(args: &FitArgs, mut output: impl Write) -> Result<(), MatchingError> {
    let (sheet, index) = open(&args.evaluate.sheet)?;
    let known = known(&args.evaluate, &sheet)?;
    let found = search(&index, &known);
    let example = |(k, f): (&Known, &_)| Example {
        document: k.document.clone(),
        features: features::of(f),
        accepted: sheet.items.iter().enumerate().filter(|(_, i)| k.truth.accepted.contains(&i.id)).map(|(n, _)| n).collect(),
    };
    let examples: Vec<Example> = known.iter().zip(&found).map(example).collect();
    let model = fit::fit(&examples);
    let matches: Vec<Match> = fit::leave_one_out(&examples).iter().zip(&found).map(|(model, f)| rank(f, model)).collect();
    writeln!(output, "# 各文書を、その文書を除いて当てはめたモデルで測った値")?;
    report(&known, &matches, &mut output)?;
    std::fs::write(&args.out, model.to_json()?).map_err(file_error(&args.out))?;
    Ok(())
}
