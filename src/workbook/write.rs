//! The original bytes + cell edits → bytes, in which nothing else changes.
//!
//! Only the worksheet parts that hold an edited cell are patched (`splice`), and the calculation chain where a formula goes;
//! every other entry of the package keeps its bytes as they are packed (`archive`). Before the result is handed out, it is
//! read again and held against the original (`check`).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;

use super::layout::{self, Fit, Formats};
use super::package::{Package, Part, SheetPart};
use super::packing::Content as EntryContent;
use super::patch::{Patch, spliced};
use super::read::ReadError;
use super::splice;
use super::survey::{SurveyError, survey};
use super::surveyed::{Content, Survey};
use super::values::{TextBudget, Values};
use super::{CellEdit, CellRange, CellRef, Change, Limits, MAX_CELL_UTF16, Problem, calculation, check};

/// Why an answer could not be put into the file; nothing is written then.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The original can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No such sheet.
    #[error("シート「{0}」が見つかりません。")]
    NoSheet(String),
    /// The text is longer than a cell can hold.
    #[error(
        "シート「{sheet}」のセル {cell} の回答が長すぎます（{length} 文字。Excelの上限は {MAX_CELL_UTF16} 文字）。短くしてください。"
    )]
    TooLong {
        /// The sheet.
        sheet: String,
        /// The cell.
        cell: CellRef,
        /// Its length in UTF-16 units.
        length: usize,
    },
    /// The same cell twice, with different texts.
    #[error("シート「{sheet}」のセル {cell} に、異なる回答が二つあります。どちらか一方にしてください。")]
    Twice {
        /// The sheet.
        sheet: String,
        /// The cell.
        cell: CellRef,
    },
    /// The cell lies under a merged block, or takes part in a formula over several cells.
    #[error("シート「{sheet}」のセル {cell} には書き込めません（{reason}）。")]
    Unsafe {
        /// The sheet.
        sheet: String,
        /// The cell.
        cell: CellRef,
        /// Why.
        reason: String,
    },
    /// The worksheet part is built in a way that can't be edited safely.
    #[error("シート「{sheet}」は安全に編集できません（{reason}）。Excelで開いて保存し直したファイルをお使いください。")]
    Sheet {
        /// The sheet.
        sheet: String,
        /// Why.
        reason: String,
    },
    /// The package could not be put together, or what was put together is not what was asked for.
    #[error("書き込んだファイルの検査に失敗しました（{0}）。ファイルは作成していません。")]
    Check(String),
}

/// A workbook with answers in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub bytes: Vec<u8>,
    /// Exactly the cells that were written, by sheet and place.
    pub changes: Vec<Change>,
    /// What a person should know about it.
    pub notes: Vec<Problem>,
}

/// The texts for one sheet, by their places.
pub(super) type Texts<'e> = Vec<(CellRef, Cow<'e, str>)>;

/// A part that changes.
pub(super) struct Touched<'p> {
    pub part: Part<'p>,
    pub patches: Vec<Patch>,
    /// The cells written, where it is a worksheet.
    pub texts: Texts<'p>,
}

/// Puts `edits` into the workbook `original`; every part that holds no edited cell stays byte-identical.
///
/// The texts are written as inline strings: never as formulas, and without touching the shared strings. The style of a
/// cell stays; a cell that is not there yet takes its row's style, else its column's. Line ends become `\n`, control
/// characters that XML cannot hold are left out. Where a formula is written over, its entry leaves the calculation chain.
///
/// The result is checked before it is handed out: every entry by the `zip` crate against the original's bytes, every
/// changed part against the original with the patches put in, and the written cells by reading them again.
///
/// # Errors
/// [`WriteError`] when the file can't be edited safely; nothing is written then.
pub fn write(original: &[u8], edits: &[CellEdit], limits: &Limits) -> Result<Written, WriteError> {
    write_as(original, edits, Layout::Keep, limits)
}

/// How the written cells are to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// As they looked.
    #[default]
    Keep,
    /// A line break wraps, and a row too low for its text grows where Excel would not see to it itself: where its height was
    /// set by hand, and in merged blocks. A format that wraps may have to be added to the styles.
    Fit,
}

/// Does what [`write()`] does, and lays the cells out.
///
/// # Errors
/// [`WriteError`] when the file can't be edited safely; nothing is written then.
pub fn write_as(original: &[u8], edits: &[CellEdit], layout: Layout, limits: &Limits) -> Result<Written, WriteError> {
    let package = Package::open(original, limits)?;
    let mut formats = if layout == Layout::Fit { Formats::read(&package)? } else { None };
    let mut lookup = Lookup { package: &package, limits, values: None };
    let mut touched: Vec<Touched<'_>> = Vec::new();
    let mut changes = Vec::with_capacity(edits.len());
    let mut notes = Vec::new();
    let mut formulas = BTreeSet::new();
    for (index, texts) in sort(&package, edits)? {
        let sheet = &package.sheets[index];
        package.renew();
        let part = package.load(package.entry(&sheet.entry)?)?;
        if touched.iter().any(|t| t.part.entry.name == part.entry.name) {
            return Err(WriteError::Sheet {
                sheet: sheet.name.clone(), reason: "別のシートと部品を共有しています".to_owned()
            });
        }
        let survey = survey(part.tokens(), texts.iter().map(|(at, _)| *at), layout == Layout::Fit)
            .map_err(|e| unsurveyed(&package, sheet, &part, e))?;
        let fit = layout::fit(&survey, &texts, formats.as_mut());
        let patches = patches(&package, sheet, &part, &survey, &texts, &fit)?;
        for ((cell, after), surveyed) in texts.iter().zip(&survey.cells) {
            let content = surveyed.content();
            if content.is_some_and(|c| c.formula.is_some()) {
                formulas.insert((sheet.id, *cell));
            }
            let before = lookup.shown(content)?;
            changes.push(Change { sheet: sheet.name.clone(), cell: *cell, before, after: after.to_string() });
        }
        notes.extend(lookup.protection_note(sheet, &survey)?);
        notes.extend(fit.note(&sheet.name));
        if !patches.is_empty() {
            touched.push(Touched { part, patches, texts });
        }
    }
    notes.extend(package_notes(&package));
    let chain = calculation::unchain(&package, &formulas)?;
    for (name, patches) in chain.parts {
        touched.push(Touched { part: package.load(package.entry(&name)?)?, patches, texts: Texts::new() });
    }
    if let Some(formats) = formats {
        let patches = formats.patches();
        if !patches.is_empty() {
            touched.push(Touched { part: formats.part, patches, texts: Texts::new() });
        }
    }
    if touched.is_empty() {
        return Ok(Written { bytes: original.to_vec(), changes, notes });
    }
    let removed = chain.removed.as_deref();
    package.renew();
    let bytes = rebuild(&package, &touched, removed).map_err(|e| WriteError::Check(e.to_string()))?;
    check::check(&package, &touched, removed, &bytes).map_err(WriteError::Check)?;
    Ok(Written { bytes, changes, notes })
}

/// The edits by sheet and cell.
fn sort<'e>(package: &Package<'_>, edits: &'e [CellEdit]) -> Result<Vec<(usize, Texts<'e>)>, WriteError> {
    let mut all = Vec::with_capacity(edits.len());
    for edit in edits {
        let index =
            package.sheets.iter().position(|s| s.name == edit.sheet).ok_or_else(|| WriteError::NoSheet(edit.sheet.clone()))?;
        let text = clean(&edit.text);
        // A text has at least as many bytes.
        let length = if text.len() > MAX_CELL_UTF16 { text.encode_utf16().count() } else { 0 };
        if length > MAX_CELL_UTF16 {
            return Err(WriteError::TooLong { sheet: edit.sheet.clone(), cell: edit.cell, length });
        }
        all.push((index, edit.cell, text));
    }
    all.sort_by_key(|(index, cell, _)| (*index, *cell));
    let mut by_sheet: Vec<(usize, Texts<'e>)> = Vec::new();
    for (index, cell, text) in all {
        if by_sheet.last().is_none_or(|(last, _)| *last != index) {
            by_sheet.push((index, Texts::with_capacity(edits.len())));
        }
        let Some((_, texts)) = by_sheet.last_mut() else { continue };
        match texts.last() {
            Some((last, earlier)) if *last == cell && *earlier == text => {}
            Some((last, _)) if *last == cell => {
                return Err(WriteError::Twice { sheet: package.sheets[index].name.clone(), cell });
            }
            _ => texts.push((cell, text)),
        }
    }
    Ok(by_sheet)
}

/// What Excel would keep of the text in a cell: XML 1.0 has no place for other control characters.
fn clean(text: &str) -> Cow<'_, str> {
    let kept = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    // What is left out has one of these bytes; that nearly no text has any is quickly seen.
    let suspect = |b: u8| b < b' ' || matches!(b, 0x7F | 0xC2 | 0xEF);
    if !text.bytes().fold(false, |any, b| any | suspect(b)) || text.chars().all(kept) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut after_return = false;
    for c in text.chars() {
        match c {
            '\r' => out.push('\n'),
            '\n' if after_return => {}
            c if kept(c) => out.push(c),
            _ => {}
        }
        after_return = c == '\r';
    }
    Cow::Owned(out)
}

fn unsurveyed(package: &Package<'_>, sheet: &SheetPart, part: &Part<'_>, error: SurveyError) -> WriteError {
    match error {
        SurveyError::Xml(e) => package.error(&part.entry.name, e).into(),
        SurveyError::NoWorksheet | SurveyError::NoData | SurveyError::Misplaced => {
            WriteError::Sheet { sheet: sheet.name.clone(), reason: error.to_string() }
        }
    }
}

fn patches(
    package: &Package<'_>,
    sheet: &SheetPart,
    part: &Part<'_>,
    survey: &Survey,
    texts: &Texts<'_>,
    fit: &Fit,
) -> Result<Vec<Patch>, WriteError> {
    let refuse = |cell, reason| WriteError::Unsafe { sheet: sheet.name.clone(), cell, reason };
    let heads: Vec<CellRange> = calculation::table_heads(package, &sheet.entry)?;
    for (cell, _) in texts {
        if let Some(head) = heads.iter().find(|h| h.contains(*cell)) {
            return Err(refuse(*cell, format!("テーブルの見出し {head} の一部です")));
        }
    }
    let mut patches = splice::patches(survey, texts, fit).map_err(|(cell, reason)| refuse(cell, reason))?;
    if let Some(charset) = part.charset {
        patches.iter_mut().for_each(|p| p.text = charset.portable(&p.text));
    }
    Ok(patches)
}

/// Tells what stands in a cell; the tables for that are read only when they are needed.
struct Lookup<'p> {
    package: &'p Package<'p>,
    limits: &'p Limits,
    values: Option<Values>,
}

impl Lookup<'_> {
    fn values(&mut self) -> Result<&Values, ReadError> {
        match &mut self.values {
            Some(values) => Ok(values),
            none => {
                let values = Values::read(self.package, &mut TextBudget::new(self.limits.text_bytes))?;
                Ok(none.insert(values))
            }
        }
    }

    /// What a person reads in the cell.
    fn shown(&mut self, content: Option<&Content>) -> Result<String, ReadError> {
        let Some(content) = content.filter(|c| !c.value.is_empty()) else { return Ok(String::new()) };
        let style = content.style.as_deref().and_then(|s| s.parse().ok());
        Ok(self.values()?.text(content.kind.as_bytes(), style, &content.value))
    }

    /// Says where locked cells of a protected sheet were written: nobody could have typed there.
    fn protection_note(&mut self, sheet: &SheetPart, survey: &Survey) -> Result<Option<Problem>, ReadError> {
        if !survey.protected {
            return Ok(None);
        }
        let values = self.values()?;
        let is_locked = |cell: &CellRef| {
            let style = survey.style(*cell).and_then(|s| s.parse().ok());
            !values.look(style).unlocked && !survey.open_ranges.iter().any(|r| r.contains(*cell))
        };
        let locked: Vec<CellRef> = survey.cells.iter().map(|c| c.at).filter(is_locked).collect();
        let Some(&first) = locked.first() else { return Ok(None) };
        let message = format!("保護されたシートの、ロックされたセル {} 個（{first} など）に書き込みました。", locked.len());
        Ok(Some(Problem { sheet: Some(sheet.name.clone()), cell: Some(first), message }))
    }
}

/// What editing the file ends or leaves behind.
fn package_notes(package: &Package<'_>) -> Vec<Problem> {
    let note = |message: &str| Problem { sheet: None, cell: None, message: message.to_owned() };
    let mut notes = Vec::new();
    if package.archive.entries.iter().any(|e| e.name.to_ascii_lowercase().starts_with("_xmlsignatures/")) {
        notes.push(note("このブックには電子署名がありますが、書き込みにより署名は無効になります。"));
    }
    if package.relationships.iter().any(|r| r.kind.ends_with("/revisionHeaders")) {
        notes.push(note("このブックは共有ブックです。書き込みは変更履歴に残りません。"));
    }
    notes
}

fn rebuild(package: &Package<'_>, touched: &[Touched<'_>], removed: Option<&str>) -> io::Result<Vec<u8>> {
    let index = |name: &str| package.archive.entries.iter().position(|e| e.name == name).ok_or(io::ErrorKind::NotFound);
    let mut replacements: Vec<(usize, Option<EntryContent<'_>>)> = Vec::new();
    for Touched { part, patches, .. } in touched {
        let content = match (part.bytes(), part.charset) {
            (Some(before), None) => EntryContent::Spliced(before, patches),
            (Some(before), Some(charset)) => {
                let after = spliced(before, patches).ok_or(io::ErrorKind::InvalidInput)?;
                EntryContent::Bytes(charset.encode(&String::from_utf8_lossy(&after)))
            }
            (None, _) => EntryContent::Patched(part.reader(), patches),
        };
        replacements.push((index(&part.entry.name)?, Some(content)));
    }
    if let Some(name) = removed {
        replacements.push((index(name)?, None));
    }
    package.archive.replace(replacements)
}
