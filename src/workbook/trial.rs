//! Tries the writer out on a workbook: one filled and one empty cell are written, and the result is held against the original
//! by libraries that had no part in it: `zip` for the parts, calamine for the cells.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use calamine::{DataRef, Reader as _, Xlsx};
use zip::ZipArchive;

use super::package::Package;
use super::read::{self, ReadError};
use super::write::{self, WriteError};
use super::{CellEdit, CellRef, Limits, MAX_COL, MAX_ROW, Sheet, Visibility, Workbook};

/// What was tried, in the words of a person where they are words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// How it ended.
    pub outcome: Outcome,
    /// Parts that had to stay as they were, and those that did.
    pub parts: (usize, usize),
    /// Cells that had to stay as they were, and those that did, as a second library reads them; `None` where it can't.
    pub cells: Option<(usize, usize)>,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Written as asked for, and nothing else changed.
    Written,
    /// The file can't be read; why.
    Unread(String),
    /// The file can be read but not be edited safely; why.
    Refused(String),
    /// Something else changed: what must never be.
    Damaged(String),
}

/// What is written: everything that has a meaning of its own in XML or Excel.
const TEXT: &str = "=1+1 <回答> & \"実施\" _x0041_ 😀";
/// How many cells are tried before a file counts as refused.
const TRIES: usize = 40;

/// A workbook with one filled and one empty cell written.
#[derive(Debug)]
pub struct Attempt {
    book: Workbook,
    edits: Vec<CellEdit>,
    written: Vec<u8>,
}

impl Trial {
    fn ended(outcome: Outcome) -> Self {
        Self { outcome, parts: (0, 0), cells: None }
    }
}

/// Writes into one filled and one empty cell of the workbook.
///
/// # Errors
/// The trial is over when the file can't be read or edited.
pub fn attempt(bytes: &[u8], limits: &Limits) -> Result<Attempt, Trial> {
    let book = read::read(bytes, limits).map_err(|e| Trial::ended(Outcome::Unread(e.to_string())))?;
    match write_some(bytes, &book, limits) {
        Ok((edits, written)) => Ok(Attempt { book, edits, written: written.bytes }),
        Err(WriteError::Check(why)) => Err(Trial::ended(Outcome::Damaged(why))),
        Err(e) => Err(Trial::ended(Outcome::Refused(e.to_string()))),
    }
}

impl Attempt {
    /// The workbook as it was written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.written
    }

    /// Holds the result against the original.
    #[must_use]
    pub fn compare(self, original: &[u8], limits: &Limits) -> Trial {
        let Self { book, edits, written } = self;
        let mut trial = Trial::ended(Outcome::Written);
        let mut faults = Vec::new();
        match compare_parts(original, &written, &edits, limits) {
            Ok((must, did, fault)) => {
                trial.parts = (must, did);
                faults.extend(fault);
            }
            Err(e) => faults.push(e),
        }
        if let Ok((must, did)) = compare_by_calamine(original, &written, &edits, limits.cells) {
            trial.cells = Some((must, did));
            if must != did {
                faults.push(format!("calamineで読んだ {} 個のセルが変わりました", must - did));
            }
        }
        faults.extend(compare_by_reading(&book, &written, &edits, limits).err());
        if !faults.is_empty() {
            trial.outcome = Outcome::Damaged(faults.join("、"));
        }
        trial
    }
}

/// Finds a filled and an empty cell that may be written, and writes them.
fn write_some(bytes: &[u8], book: &Workbook, limits: &Limits) -> Result<(Vec<CellEdit>, write::Written), WriteError> {
    let sheets: Vec<&Sheet> =
        book.sheets.iter().filter(|s| s.visibility == Visibility::Visible).chain(&book.sheets).take(3).collect();
    let mut filled = sheets.iter().flat_map(|s| s.cells.iter().filter(|(_, c)| !c.text.is_empty()).map(|(at, _)| (*s, *at)));
    let mut empty = sheets.iter().flat_map(|s| empty_cells(s).map(|at| (*s, at)));
    let mut chosen: Vec<CellEdit> = Vec::new();
    let mut written = None;
    let mut failure = None;
    for candidates in [&mut filled as &mut dyn Iterator<Item = (&Sheet, CellRef)>, &mut empty] {
        for (sheet, cell) in candidates.take(TRIES) {
            let edit = CellEdit { sheet: sheet.name.clone(), cell, text: TEXT.to_owned() };
            let edits: Vec<CellEdit> = chosen.iter().cloned().chain([edit.clone()]).collect();
            match write::write(bytes, &edits, limits) {
                Ok(done) => {
                    written = Some(done);
                    chosen.push(edit);
                    break;
                }
                Err(e @ WriteError::Unsafe { .. }) => failure = Some(e),
                Err(e) => return Err(e),
            }
        }
    }
    match (written, failure) {
        (Some(written), _) => Ok((chosen, written)),
        (None, failure) => Err(failure.unwrap_or_else(|| ReadError::NoSheets.into())),
    }
}

/// Empty cells inside, beside and below what is filled.
fn empty_cells(sheet: &Sheet) -> impl Iterator<Item = CellRef> {
    let styled = sheet.cells.iter().filter(|(_, c)| c.text.is_empty()).map(|(at, _)| *at).take(TRIES / 2);
    let beside = sheet
        .cells
        .keys()
        .map(|at| CellRef::new(at.row, at.col + 1))
        .filter(|at| at.col <= MAX_COL && sheet.text(*at).is_empty());
    let below = CellRef::new(sheet.cells.keys().next_back().map_or(1, |at| (at.row + 2).min(MAX_ROW)), 2);
    styled.chain(beside.take(TRIES / 2 - 2)).chain([below, CellRef::new(below.row, 9)])
}

/// The parts that must be the same, those that are, and what is wrong.
fn compare_parts(
    before: &[u8],
    after: &[u8],
    edits: &[CellEdit],
    limits: &Limits,
) -> Result<(usize, usize, Option<String>), String> {
    let package = Package::open(before, limits).map_err(|e| e.to_string())?;
    let sheets: BTreeSet<String> =
        package.sheets.iter().filter(|s| edits.iter().any(|e| e.sheet == s.name)).map(|s| s.entry.to_lowercase()).collect();
    let (before, after) = (parts(before)?, parts(after)?);
    // A formula that was written over leaves the calculation chain, and an empty chain leaves the package.
    let chain = |name: &str| name.ends_with("calcchain.xml");
    let chain_gone = before.keys().any(|n| chain(n)) && !after.keys().any(|n| chain(n));
    let may = |name: &str| {
        sheets.contains(name)
            || chain(name)
            || (chain_gone && (name.ends_with("workbook.xml.rels") || name == "[content_types].xml"))
    };
    let must = before.iter().filter(|(name, _)| !may(name));
    let (mut all, mut same, mut wrong) = (0, 0, None);
    for (name, crc) in must {
        all += 1;
        if after.get(name) == Some(crc) {
            same += 1;
        } else {
            wrong = Some(format!("部品「{name}」が変わりました"));
        }
    }
    if let Some(new) = after.keys().find(|n| !before.contains_key(*n)) {
        wrong = Some(format!("部品「{new}」が増えました"));
    }
    Ok((all, same, wrong))
}

/// What each part of a package unpacks to, as checksum and size. Its own numbers are not taken for it: all is unpacked.
fn parts(bytes: &[u8]) -> Result<BTreeMap<String, (u32, u64)>, String> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut parts = BTreeMap::new();
    let mut buffer = vec![0; 64 << 10];
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|e| e.to_string())?;
        let name = String::from_utf8_lossy(entry.name_raw()).replace('\\', "/").to_lowercase();
        let (mut crc, mut size) = (crc32fast::Hasher::new(), 0);
        loop {
            match entry.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    crc.update(&buffer[..n]);
                    size += n as u64;
                }
                // A part that was broken before is to be as broken afterwards: its packed bytes are compared by the writer.
                Err(_) => {
                    size = u64::MAX;
                    break;
                }
            }
        }
        parts.insert(name, (crc.finalize(), size));
    }
    Ok(parts)
}

/// How many cells calamine sees besides the written ones, and how many of them are the same; an error where it can't read.
fn compare_by_calamine(
    before: &[u8],
    after: &[u8],
    edits: &[CellEdit],
    limit: usize,
) -> Result<(usize, usize), calamine::XlsxError> {
    let mut before: Xlsx<_> = Xlsx::new(Cursor::new(before))?;
    let mut after: Xlsx<_> = Xlsx::new(Cursor::new(after))?;
    let (mut all, mut same) = (0, 0);
    for name in before.sheet_names() {
        let written: BTreeSet<(u32, u32)> =
            edits.iter().filter(|e| e.sheet == name).map(|e| (e.cell.row - 1, e.cell.col - 1)).collect();
        let Ok(mut cells) = before.worksheet_cells_reader(&name) else { continue };
        let mut other = after.worksheet_cells_reader(&name)?;
        loop {
            let (a, b) = (next(&mut cells, &written)?, next(&mut other, &written)?);
            match (a, b) {
                (None, None) => break,
                (a, b) => {
                    all += 1;
                    same += usize::from(a == b);
                }
            }
            if all >= limit {
                return Ok((all, same));
            }
        }
    }
    Ok((all, same))
}

/// A cell's row and column from 0, and its value.
type Value<'r> = ((u32, u32), DataRef<'r>);

type Reader<'r, 'b> = calamine::XlsxCellReader<'r, Cursor<&'b [u8]>>;

/// The next cell with a value that was not written.
fn next<'r>(
    cells: &mut Reader<'r, '_>,
    written: &BTreeSet<(u32, u32)>,
) -> Result<Option<Value<'r>>, calamine::XlsxError> {
    while let Some(cell) = cells.next_cell()? {
        let (at, value) = (cell.get_position(), cell.get_value().clone());
        if value != DataRef::Empty && !written.contains(&at) {
            return Ok(Some((at, value)));
        }
    }
    Ok(None)
}

/// Reads the result again: the written cells hold the text, and all else is what it was.
fn compare_by_reading(before: &Workbook, after: &[u8], edits: &[CellEdit], limits: &Limits) -> Result<(), String> {
    // What is written may be the cell that is one too many.
    let after = read::read(after, &Limits { cells: limits.cells + edits.len(), ..*limits }).map_err(|e| e.to_string())?;
    if before.sheets.len() != after.sheets.len() {
        return Err("シートの数が変わりました".to_owned());
    }
    for (before, after) in before.sheets.iter().zip(&after.sheets) {
        let written = |at: &CellRef| edits.iter().find(|e| e.sheet == before.name && e.cell == *at);
        for edit in edits.iter().filter(|e| e.sheet == before.name) {
            if after.text(edit.cell) != edit.text {
                return Err(format!("シート「{}」のセル {} に書いた文字が読めません", before.name, edit.cell));
            }
        }
        let texts = |s: &Sheet| -> Vec<(CellRef, String)> {
            s.cells
                .iter()
                .filter(|(at, c)| !c.text.is_empty() && written(at).is_none())
                .map(|(at, c)| (*at, c.text.clone()))
                .collect()
        };
        if texts(before) != texts(after) {
            return Err(format!("シート「{}」のほかのセルが変わりました", before.name));
        }
        let frame =
            |s: &Sheet| (s.merges.clone(), s.protected, s.hidden_rows.clone(), s.hidden_cols.clone(), s.validations.len());
        if frame(before) != frame(after) {
            return Err(format!("シート「{}」の結合・保護・入力規則が変わりました", before.name));
        }
    }
    Ok(())
}
