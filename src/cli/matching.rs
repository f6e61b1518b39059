//! `kaitou match`: questions as lines of JSON, and their matches. How good they are is [`evaluate`]'s.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::matching::{Candidate, Decision, Model, ModelError, Reason, rank};
use crate::search::{Analyzer, Dictionary, DictionaryError, Index, IndexError, Lexicon, LexiconError};
use crate::standard::{self, StandardError, StandardSheet, UnknownService};
use crate::workbook::{Limits, read};

pub mod evaluate;
mod misses;
mod report;

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

/// Reads headings, which may be one text or a list.
fn headings<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Headings {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Option::<Headings>::deserialize(input)? {
        None => Vec::new(),
        Some(Headings::One(text)) => vec![text],
        Some(Headings::Many(texts)) => texts,
    })
}

#[derive(Debug, Deserialize)]
struct QuestionLine {
    #[serde(alias = "qid")]
    id: serde_json::Value,
    #[serde(default)]
    document: String,
    #[serde(default, deserialize_with = "headings")]
    section: Vec<String>,
    question: String,
}

#[derive(Debug, Deserialize)]
struct PastLine {
    question: String,
    #[serde(default, deserialize_with = "headings")]
    section: Vec<String>,
    items: Vec<u32>,
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
        Reason::Ask(question) => format!("複数の問いのうち: {question}"),
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
    let decision = |l: PastLine| Decision { question: l.question, section: l.section.join("\n"), items: l.items };
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
    let documents = questions.chunk_by(|a, b| a.document == b.document);
    let asked = documents.flat_map(|d| index.questionnaire(d.iter().map(|q| (q.question.as_str(), q.section.as_slice()))));
    for (question, asked) in questions.iter().zip(asked) {
        let found = rank(&index.search(&asked), &model);
        let line = MatchLine {
            id: &question.id,
            band: found.band.name(),
            answerable: rounded(found.answerable),
            candidates: found.candidates.iter().map(CandidateLine::new).collect(),
        };
        serde_json::to_writer(&mut output, &line).map_err(std::io::Error::from)?;
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}
