//! Whatever comes in → a workbook that can be answered and given back.
//!
//! An .xlsx or .xlsm stays what it is, to the byte. An .xls, a .csv and pasted rows become an .xlsx, which is the original from
//! then on; that they did is kept, and said wherever the file is shown.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::audit::hex;
use crate::isolated::{Bounds, IsolatedError};
use crate::legacy;
use crate::questionnaire::mistaken::{self, Mistaken};
use crate::workbook::read::{self, ReadError};
use crate::workbook::rows::{self, RowsError};
use crate::workbook::{Limits, Sheet, xls};

/// At most so many sheets of an old workbook are made anew.
const SHEETS: usize = 500;
/// The name of what has no file.
const PASTED: &str = "貼り付けた質問.xlsx";
/// Column heads that rows of questions without any get.
const HEADS: (&str, &str, &str) = ("No.", "質問", "回答");

/// As what a questionnaire came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// An .xlsx or .xlsm workbook.
    #[default]
    Workbook,
    /// An Excel 97-2003 workbook.
    Xls,
    /// A .csv file.
    Csv,
    /// Rows from the clipboard.
    Pasted,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Workbook, Self::Xls, Self::Csv, Self::Pasted];

    /// What a person should know of it; empty for a workbook, which comes back as it is.
    #[must_use]
    pub fn note(self) -> &'static str {
        match self {
            Self::Workbook => "",
            Self::Xls => "旧形式（.xls）で届いたため、.xlsx 形式に変換しました。回答済みのファイルも .xlsx 形式です。書式と選択肢リストは引き継がれません。",
            Self::Csv => "CSVで届いたため、.xlsx 形式に変換しました。回答済みのファイルも .xlsx 形式です。",
            Self::Pasted => "貼り付けた表から .xlsx 形式のファイルを作りました。回答済みのファイルも .xlsx 形式です。",
        }
    }
}

/// A workbook that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The .xlsx or .xlsm file to answer.
    pub bytes: Vec<u8>,
    /// As what it came.
    pub form: Form,
}

/// Why nothing was taken in; the text is for a person.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It is another kind of file.
    #[error("Excelブックではありません。{0}")]
    Mistaken(Mistaken),
    /// It can't be read as a workbook.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It can't be read as an old workbook.
    #[error(transparent)]
    Isolated(#[from] IsolatedError),
    /// It can't be read as rows.
    #[error(transparent)]
    Rows(#[from] RowsError),
}

impl IntakeError {
    /// Whether the file is to blame.
    #[must_use]
    pub fn is_input(&self) -> bool {
        !matches!(self, Self::Isolated(IsolatedError::Io(_)))
    }
}

/// The SHA-256 of what came in, in hexadecimal: by it the same file is known again.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Takes a file in. Its bytes tell what it is, and its name only whether a text is a table. An .xls is read in a child of `program`
/// (this binary).
///
/// # Errors
/// [`IntakeError`] says what the file seems to be, or what is wrong with it.
pub fn file(program: &Path, name: &str, bytes: Vec<u8>, limits: &Limits) -> Result<Taken, IntakeError> {
    match probe(&bytes, limits) {
        Ok(()) => Ok(Taken { bytes, form: Form::Workbook }),
        Err(ReadError::LegacyXls) => {
            let book = legacy::read(program, &bytes, &Bounds::default())?;
            if book.sheets.len() > SHEETS {
                return Err(ReadError::TooManyParts { limit: SHEETS }.into());
            }
            // Every cell of a merged block is written.
            let merged = |s: &Sheet| s.merges.iter().map(|m| m.width() as usize * m.height() as usize).sum::<usize>();
            rows::check_size(book.sheets.iter().map(|s| s.cells.len() + merged(s)).sum(), limits)?;
            Ok(Taken { bytes: xls::to_xlsx(&book).map_err(RowsError::from)?, form: Form::Xls })
        }
        Err(ReadError::NotAZip) if is_text(name) => {
            Ok(Taken { bytes: rows::to_xlsx(&rows::csv(&bytes, limits)?)?, form: Form::Csv })
        }
        Err(e @ (ReadError::NotAZip | ReadError::NotAWorkbook | ReadError::OtherProgram)) => {
            Err(mistaken::of_bytes(&bytes).map_or(IntakeError::Read(e), IntakeError::Mistaken))
        }
        Err(e) => Err(e.into()),
    }
}

/// Takes rows from the clipboard in. Where they are questions and nothing else, they get a place for the answers.
///
/// # Errors
/// [`IntakeError`] says what is wrong with them.
pub fn pasted(text: &str, limits: &Limits) -> Result<Taken, IntakeError> {
    let mut rows = rows::pasted(text, limits)?;
    if let Some(width) = bare(&rows) {
        let (number, question, answer) = HEADS;
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        for row in &mut rows {
            row.truncate(width);
            row.resize(width + 1, String::new());
        }
        let heads = if width == 1 { vec![question, answer] } else { vec![number, question, answer] };
        rows.insert(0, heads.into_iter().map(str::to_owned).collect());
    }
    Ok(Taken { bytes: rows::to_xlsx(&rows)?, form: Form::Pasted })
}

/// The name under which pasted rows are kept.
#[must_use]
pub fn pasted_name() -> String {
    PASTED.to_owned()
}

/// How many columns rows have that hold questions only, or a number and a question; `None` where they hold more.
fn bare(rows: &[Vec<String>]) -> Option<usize> {
    let filled = |row: &Vec<String>| row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    let width = rows.iter().map(filled).max().filter(|width| *width <= 2)?;
    let counted = |row: &Vec<String>| row.first().is_none_or(|n| n.chars().nth(8).is_none() && (n.is_empty() || n.contains(char::is_numeric)));
    (width == 1 || rows.iter().all(counted)).then_some(width)
}

/// Whether a file's name says that it is a table in text.
fn is_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".csv", ".tsv", ".txt"].iter().any(|ending| name.ends_with(ending))
}

/// Whether the file is a workbook at all, without reading much of it.
fn probe(bytes: &[u8], limits: &Limits) -> Result<(), ReadError> {
    match read::read(bytes, &Limits { cells: 2_000.min(limits.cells), ..*limits }) {
        Ok(_) | Err(ReadError::TooManyCells { .. }) => Ok(()),
        Err(e) => Err(e),
    }
}
