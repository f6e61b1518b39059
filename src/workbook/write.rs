//! The original bytes + cell edits → bytes, in which nothing else changes.
//!
//! Only the worksheet parts that hold an edited cell are rewritten, by `splice`; every other entry of the package is copied
//! raw, compressed bytes and all. Before the result is handed out, it is read again and held against the original.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::package::Package;
use super::read::{self, ReadError};
use super::splice::{self, SpliceError};
use super::{CellEdit, CellRef, Limits, MAX_CELL_UTF16, Sheet};

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
    #[error("シート「{sheet}」のセル {cell} の回答が長すぎます（{length} 文字。Excelの上限は {MAX_CELL_UTF16} 文字）。短くしてください。")]
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

/// Puts `edits` into the workbook `original`; every part that holds no edited cell stays byte-identical.
///
/// The texts are written as inline strings: never as formulas, and without touching the shared strings. The style of a
/// cell stays; a cell that is not there yet takes its row's style, else its column's. Line ends become `\n`, control
/// characters that XML cannot hold are left out.
///
/// # Errors
/// [`WriteError`] when the file can't be edited safely; nothing is written then.
pub fn write(original: &[u8], edits: &[CellEdit], limits: &Limits) -> Result<Vec<u8>, WriteError> {
    let mut package = Package::open(original, limits)?;
    let mut by_sheet: BTreeMap<usize, BTreeMap<CellRef, String>> = BTreeMap::new();
    for edit in edits {
        let index = package.sheets.iter().position(|s| s.name == edit.sheet).ok_or_else(|| WriteError::NoSheet(edit.sheet.clone()))?;
        let text = clean(&edit.text);
        let length = text.encode_utf16().count();
        if length > MAX_CELL_UTF16 {
            return Err(WriteError::TooLong { sheet: edit.sheet.clone(), cell: edit.cell, length });
        }
        let earlier = by_sheet.entry(index).or_default().insert(edit.cell, text.clone());
        if earlier.is_some_and(|earlier| earlier != text) {
            return Err(WriteError::Twice { sheet: edit.sheet.clone(), cell: edit.cell });
        }
    }
    let before = read::read(original, limits)?;
    let mut parts = BTreeMap::new();
    for (&index, cells) in &by_sheet {
        let part = package.sheets[index].clone();
        if let Some(sheet) = before.sheet(&part.name) {
            refuse_covered(sheet, cells)?;
        }
        let xml = package.text(&part.entry)?;
        let spliced = splice::splice(&xml, cells).map_err(|e| match e {
            SpliceError::Cell(cell, reason) => WriteError::Unsafe { sheet: part.name.clone(), cell, reason: reason.to_owned() },
            SpliceError::Part(reason) => WriteError::Sheet { sheet: part.name.clone(), reason: reason.to_owned() },
        })?;
        parts.insert(part.entry.to_lowercase(), spliced);
    }
    let filled = rebuild(&mut package, parts)?;
    verify(&before, &filled, edits, limits)?;
    Ok(filled)
}

/// What Excel would keep of the text in a cell: XML 1.0 has no place for other control characters.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|&c| c == '\n' || c == '\t' || !(c.is_control() || c == '\u{fffe}' || c == '\u{ffff}'))
        .collect()
}

fn refuse_covered(sheet: &Sheet, cells: &BTreeMap<CellRef, String>) -> Result<(), WriteError> {
    for &cell in cells.keys() {
        if let Some(merge) = sheet.merges.iter().find(|m| m.contains(cell) && m.first != cell) {
            let reason = format!("結合セル {merge} の左上ではありません");
            return Err(WriteError::Unsafe { sheet: sheet.name.clone(), cell, reason });
        }
    }
    Ok(())
}

fn rebuild(package: &mut Package<'_>, mut parts: BTreeMap<String, String>) -> Result<Vec<u8>, WriteError> {
    let failed = |e: zip::result::ZipError| WriteError::Check(e.to_string());
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    out.set_raw_comment(package.zip.comment().into()).map_err(failed)?;
    for index in 0..package.zip.len() {
        let entry = package.zip.by_index_raw(index).map_err(failed)?;
        let name = entry.name().map_err(failed)?.into_owned();
        match parts.remove(&name.to_lowercase()) {
            None => out.raw_copy_file(entry).map_err(failed)?,
            Some(xml) => {
                let mut options = SimpleFileOptions::default().compression_method(entry.compression());
                if let Some(modified) = entry.last_modified() {
                    options = options.last_modified_time(modified);
                }
                drop(entry);
                out.start_file(name, options).map_err(failed)?;
                out.write_all(xml.as_bytes()).map_err(|e| WriteError::Check(e.to_string()))?;
            }
        }
    }
    if let Some(missing) = parts.keys().next() {
        return Err(WriteError::Check(format!("部品「{missing}」がありません")));
    }
    Ok(out.finish().map_err(failed)?.into_inner())
}

/// Reads the result again: the edited cells hold what was asked for, and every other cell, merge and list is what it was.
fn verify(before: &super::Workbook, filled: &[u8], edits: &[CellEdit], limits: &Limits) -> Result<(), WriteError> {
    let after = read::read(filled, limits)?;
    let mut expected = before.clone();
    for edit in edits {
        if let Some(sheet) = expected.sheets.iter_mut().find(|s| s.name == edit.sheet) {
            // What is read back is trimmed.
            sheet.cells.entry(edit.cell).or_default().text = clean(&edit.text).trim().to_owned();
        }
    }
    for (want, got) in expected.sheets.iter().zip(&after.sheets) {
        let texts = |sheet: &Sheet| -> BTreeMap<CellRef, String> {
            sheet.cells.iter().filter(|(_, c)| !c.text.is_empty()).map(|(&at, c)| (at, c.text.clone())).collect()
        };
        let (want_texts, got_texts) = (texts(want), texts(got));
        if want_texts != got_texts {
            let cell = want_texts.iter().find(|(at, t)| got_texts.get(at) != Some(t)).map(|(at, _)| *at);
            let cell = cell.or_else(|| got_texts.keys().find(|at| !want_texts.contains_key(at)).copied());
            let place = cell.map(|c| c.to_string()).unwrap_or_default();
            return Err(WriteError::Check(format!("シート「{}」のセル {place} が想定と違います", want.name)));
        }
        if want.merges != got.merges || want.protected != got.protected || want.validations.len() != got.validations.len() {
            return Err(WriteError::Check(format!("シート「{}」の結合・保護・入力規則が変わりました", want.name)));
        }
    }
    if expected.sheets.len() == after.sheets.len() {
        Ok(())
    } else {
        Err(WriteError::Check("シートの数が変わりました".to_owned()))
    }
}
