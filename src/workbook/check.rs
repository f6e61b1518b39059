//! Holds a filled workbook against the original before it is handed out.
//!
//! What packed it does not vouch for it: the `zip` crate, which had no part in the packing, opens the result and unpacks what
//! changed. The reasons are Japanese, for a person.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;

use super::package::{Package, Part};
use super::patch::{Compared, is_spliced};
use super::survey::survey;
use super::surveyed::Survey;
use super::write::{Texts, Touched};
use super::xml::Tokens;

type Filled<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Every entry but the touched ones has the bytes it had, packed as they were; the touched ones are what they were but for
/// the patches; and every written cell reads as it should.
pub(super) fn check(package: &Package<'_>, touched: &[Touched<'_>], removed: Option<&str>, filled: &[u8]) -> Result<(), String> {
    let mut zip = ZipArchive::new(Cursor::new(filled)).map_err(|e| e.to_string())?;
    let kept: Vec<_> = package.archive.entries.iter().filter(|e| Some(e.name.as_str()) != removed).collect();
    if zip.len() != kept.len() {
        return Err("部品の数が変わりました".to_owned());
    }
    for (index, entry) in kept.into_iter().enumerate() {
        match touched.iter().find(|t| t.part.entry.name == entry.name) {
            Some(touched) => {
                package.renew();
                part(touched, index, &mut zip).map_err(|e| format!("部品「{}」: {e}", entry.name))?;
            }
            None => {
                let same = is_same(package, entry, &mut zip, index, filled).ok_or_else(|| "部品を読み直せません".to_owned())?;
                if !same {
                    return Err(format!("部品「{}」が変わりました", entry.name));
                }
            }
        }
    }
    Ok(())
}

/// Whether the entry at `index` of the result has the name, the checksum and the packed bytes that it had.
fn is_same(
    package: &Package<'_>,
    entry: &super::archive::Entry,
    zip: &mut Filled<'_>,
    index: usize,
    filled: &[u8],
) -> Option<bool> {
    let now = zip.by_index_raw(index).ok()?;
    let start = usize::try_from(now.data_start()?).ok()?;
    let length = usize::try_from(now.compressed_size()).ok()?;
    let packed = filled.get(start..start.checked_add(length)?)?;
    let before = package.archive.bytes.get(entry.data.clone())?;
    Some(now.name_raw() == package.archive.raw_name(entry) && now.crc32() == entry.crc && packed == before)
}

/// A changed part: what it was with the patches, and the written cells as a reader finds them.
fn part(touched: &Touched<'_>, index: usize, zip: &mut Filled<'_>) -> Result<(), String> {
    let Touched { part, patches, texts } = touched;
    let now = zip.by_index(index).map_err(|e| e.to_string())?;
    let Some(before) = part.bytes() else {
        let mut compared = Compared::new(now, part.reader(), patches);
        return match texts.is_empty() {
            true => io::copy(&mut compared, &mut io::sink()).map(drop).map_err(|e| e.to_string()),
            false => read_again(Tokens::from_reader(compared, usize::MAX), texts),
        };
    };
    let after = read_all(part, now)?;
    if !is_spliced(before, patches, &after) {
        return Err("書き込んだ箇所の外が変わりました".to_owned());
    }
    if texts.is_empty() { Ok(()) } else { read_again(Tokens::of(&after, usize::MAX), texts) }
}

/// The part as it is now, as UTF-8.
fn read_all(part: &Part<'_>, mut now: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(part.bytes().map_or(0, |before| before.len() * 2));
    now.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let Some(charset) = part.charset else { return Ok(bytes) };
    charset.decode(&bytes).map(String::into_bytes).ok_or_else(|| "文字コードが正しくありません".to_owned())
}

/// Whether the written cells are found in what is read.
fn read_again(tokens: Tokens<'_>, texts: &Texts) -> Result<(), String> {
    let found = survey(tokens, texts.keys().copied(), false).map_err(|e| e.to_string())?;
    match texts.iter().find(|(cell, text)| !reads(&found, **cell, text)) {
        Some((cell, _)) => Err(format!("セル {cell} が想定と違います")),
        None => Ok(()),
    }
}

/// Whether the cell stands there once, as a text and not as a formula, and is the one asked for.
fn reads(found: &Survey, cell: super::CellRef, text: &str) -> bool {
    let Some(cell) = found.cell(cell) else { return false };
    match &cell.found {
        None => text.is_empty(),
        Some(content) => {
            let kind = if text.is_empty() { "" } else { "inlineStr" };
            !cell.again
                && *content.kind == *kind
                && content.formula.is_none()
                && super::values::unescape_hex(&content.value) == text
        }
    }
}
