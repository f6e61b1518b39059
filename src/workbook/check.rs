//! Holds a filled workbook against the original before it is handed out.
//!
//! What packed it does not vouch for it: the `zip` crate, which had no part in the packing, opens the result and unpacks what
//! changed. Nor does what found the places: in a sheet whose cells stand in order, the written ones are read by a reader that
//! knows nothing else, and only in any other sheet by the `survey`. The reasons are Japanese, for a person.

use std::borrow::Cow;
use std::io::{self, Cursor, Read};

use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use super::CellRef;
use super::package::{Package, Part};
use super::patch::{Compared, is_spliced};
use super::plain::PlainCell;
use super::survey::survey;
use super::surveyed::WantedCell;
use super::token::{Kind, cell_place, unescape};
use super::values::unescape_hex;
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
                part(touched, index, &mut zip, filled).map_err(|e| format!("部品「{}」: {e}", entry.name))?;
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
fn part(touched: &Touched<'_>, index: usize, zip: &mut Filled<'_>, filled: &[u8]) -> Result<(), String> {
    let Touched { part, patches, texts } = touched;
    let now = zip.by_index(index).map_err(|e| e.to_string())?;
    let Some(before) = part.bytes() else {
        let mut compared = Compared::new(now, part.reader(), patches);
        return match texts.is_empty() {
            true => io::copy(&mut compared, &mut io::sink()).map(drop).map_err(|e| e.to_string()),
            false => read_again(Tokens::from_reader(compared, usize::MAX), texts),
        };
    };
    let after = match stored(&now, filled) {
        Some(bytes) if part.charset.is_none() => Cow::Borrowed(bytes),
        _ => Cow::Owned(read_all(part, now)?),
    };
    if !is_spliced(before, patches, &after) {
        return Err("書き込んだ箇所の外が変わりました".to_owned());
    }
    if texts.is_empty() || reads_plainly(&after, texts) { Ok(()) } else { read_again(Tokens::of(&after, usize::MAX), texts) }
}

/// The bytes of an entry that is not packed, with the checksum they should have.
fn stored<'a, R: Read>(now: &ZipFile<'_, R>, filled: &'a [u8]) -> Option<&'a [u8]> {
    let start = usize::try_from(now.data_start()?).ok()?;
    let bytes = filled.get(start..start.checked_add(usize::try_from(now.size()).ok()?)?)?;
    let is_stored = now.compression() == CompressionMethod::Stored && now.compressed_size() == now.size();
    (is_stored && crc32fast::hash(bytes) == now.crc32()).then_some(bytes)
}

/// The part as it is now, as UTF-8.
fn read_all(part: &Part<'_>, mut now: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(part.bytes().map_or(0, |before| before.len() * 2));
    now.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let Some(charset) = part.charset else { return Ok(bytes) };
    charset.decode(&bytes).map(String::into_bytes).ok_or_else(|| "文字コードが正しくありません".to_owned())
}

/// Whether all cells of the sheet stand in order, and the written ones are plain and read as they should: each stands there
/// once, then. Where it is not so plain, [`read_again`] finds out.
fn reads_plainly(sheet: &[u8], texts: &Texts<'_>) -> bool {
    let mut coming = texts.iter().peekable();
    let in_order = for_each_cell(sheet, |at, cell| match coming.next_if(|(wanted, _)| *wanted == at) {
        None => true,
        Some((_, text)) => cell.is_some_and(|cell| says(cell, text)),
    });
    in_order == Some(true) && coming.peek().is_none()
}

/// Goes through the cells of a sheet, those that are not plain by their places only, until `see` says no, which is then given.
/// `None` where they are not all in order, or are no cells of a worksheet.
fn for_each_cell(sheet: &[u8], mut see: impl FnMut(CellRef, Option<&PlainCell<'_>>) -> bool) -> Option<bool> {
    let mut tokens = Tokens::of(sheet, usize::MAX);
    let (mut row, mut last) = (0, CellRef::new(0, 0));
    let mut next = |row: u32, place: Option<&[u8]>| {
        let at = place.and_then(cell_place).filter(|at| at.row == row && *at > last)?;
        last = at;
        Some(at)
    };
    // `sheetData` is open, or has been; a cell of a row may begin.
    let (mut in_data, mut ended, mut between) = (false, false, false);
    loop {
        while between && let Some((_, cell)) = tokens.plain_cell() {
            if !see(next(row, cell.place)?, Some(&cell)) {
                return Some(false);
            }
        }
        let Some(token) = tokens.next().ok()? else { return ended.then_some(true) };
        between = false;
        match (token.depth, token.local(), token.kind) {
            (0, name, Kind::Start) if name != b"worksheet" => return None,
            (1, b"sheetData", Kind::Start | Kind::Empty) if in_data || ended => return None,
            (1, b"sheetData", kind) => (in_data, ended) = (kind == Kind::Start, kind != Kind::Start),
            (2, b"row", Kind::Start | Kind::Empty) if in_data => {
                row = token.number("r").filter(|number| *number > row)?;
                between = token.kind == Kind::Start;
            }
            (3, b"c", Kind::Start | Kind::Empty) if in_data => {
                if !see(next(row, token.raw_attribute("r"))?, None) {
                    return Some(false);
                }
                between = token.kind == Kind::Empty;
            }
            (3, _, kind) => between = in_data && kind != Kind::Start,
            _ => {}
        }
    }
}

/// Whether the plain cell has this text.
fn says(cell: &PlainCell<'_>, text: &str) -> bool {
    let kind = if text.is_empty() { None } else { Some(&b"inlineStr"[..]) };
    let says = match memchr::memchr2(b'&', b'_', cell.value) {
        None => cell.value == text.as_bytes(),
        Some(_) => unescape_hex(&unescape(cell.value)) == text,
    };
    says && cell.kind == kind
}

/// Whether the written cells are found in what is read.
fn read_again(tokens: Tokens<'_>, texts: &Texts<'_>) -> Result<(), String> {
    let found = survey(tokens, texts.iter().map(|(at, _)| *at), false).map_err(|e| e.to_string())?;
    match texts.iter().zip(&found.cells).find(|((at, text), cell)| !reads(cell, *at, text)) {
        Some(((at, _), _)) => Err(format!("セル {at} が想定と違います")),
        None => Ok(()),
    }
}

/// Whether the cell stands there once, as a text and not as a formula, and is the one asked for.
fn reads(cell: &WantedCell, at: CellRef, text: &str) -> bool {
    match &cell.found {
        _ if cell.at != at => false,
        None => text.is_empty(),
        Some(content) => {
            let kind = if text.is_empty() { "" } else { "inlineStr" };
            !cell.again && *content.kind == *kind && content.formula.is_none() && unescape_hex(&content.value) == text
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::layout::Fit;
    use super::super::splice::patches;
    use super::super::write::write;
    use super::super::{CellEdit, Limits};
    use super::*;

    /// A workbook whose sheet has so many rows.
    fn workbook(rows: u32) -> Vec<u8> {
        let rows = (1..=rows).map(|n| format!(r#"<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}" s="1"/></row>"#));
        let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", rows.collect::<String>());
        let tie = |id: &str, kind: &str, to: &str| format!(r#"<Relationship Id="{id}" Type="x/{kind}" Target="{to}"/>"#);
        let ties = |one: String| format!("<Relationships>{one}</Relationships>");
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, part) in [
            ("_rels/.rels", ties(tie("a", "officeDocument", "xl/workbook.xml"))),
            ("xl/_rels/workbook.xml.rels", ties(tie("b", "worksheet", "sheet.xml"))),
            ("xl/workbook.xml", r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>"#.to_owned()),
            ("xl/sheet.xml", sheet),
        ] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(part.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn filled(original: &[u8], cells: &[(&str, &str)]) -> Vec<u8> {
        let edit = |&(cell, text): &(&str, &str)| CellEdit { sheet: "S".into(), cell: cell.parse().unwrap(), text: text.into() };
        write(original, &cells.iter().map(edit).collect::<Vec<_>>(), &Limits::default()).unwrap().bytes
    }

    #[test]
    fn damage_anywhere_is_found() {
        // A small sheet is stored, a large one packed.
        for (rows, step, packed) in [(9, 1, CompressionMethod::Stored), (9_000, 301, CompressionMethod::Deflated)] {
            let original = workbook(rows);
            let package = Package::open(&original, &Limits::default()).unwrap();
            let part = package.load(package.entry("xl/sheet.xml").unwrap()).unwrap();
            let cells = [("B2", "実施"), ("C3", "a&b"), ("A9999", "_x0041_")];
            let texts: Texts<'_> = cells.iter().map(|(at, text)| (at.parse().unwrap(), Cow::from(*text))).collect();
            let found = survey(part.tokens(), texts.iter().map(|(at, _)| *at), false).unwrap();
            let touched = [Touched { patches: patches(&found, &texts, &Fit::default()).unwrap(), part, texts }];
            let is_good = |bytes: &[u8]| check(&package, &touched, None, bytes).is_ok();

            let good = filled(&original, &cells);
            assert!(is_good(&good));
            assert!(!is_good(&original));
            assert!(!is_good(&filled(&original, &cells[..2])));
            assert!(!is_good(&filled(&good, &[("C3", "a&c")])));
            assert!(!is_good(&filled(&good, &[("D4", "実施")])));

            let mut zip = ZipArchive::new(Cursor::new(&good[..])).unwrap();
            assert_eq!(zip.by_name("xl/sheet.xml").unwrap().compression(), packed);
            for index in 0..zip.len() {
                let entry = zip.by_index_raw(index).unwrap();
                let start = usize::try_from(entry.data_start().unwrap()).unwrap();
                for at in (start..start + usize::try_from(entry.compressed_size()).unwrap()).step_by(step) {
                    let mut other = good.clone();
                    other[at] ^= 1;
                    assert!(!is_good(&other), "{at} of {}", good.len());
                }
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_read_token_by_token() {
        let text = |s: &str| format!(r#" t="inlineStr"><is><t>{s}</t></is></c>"#);
        let texts: Texts<'_> = vec![("A1".parse().unwrap(), Cow::from("a&b")), ("B2".parse().unwrap(), Cow::from(""))];
        let plainly = |rows: &str| {
            let sheet = format!("<worksheet><cols/><sheetData>{rows}</sheetData></worksheet>");
            (reads_plainly(sheet.as_bytes(), &texts), read_again(Tokens::of(sheet.as_bytes(), 9), &texts).is_ok())
        };
        let a1 = format!("<c r=\"A1\"{}", text("a&amp;b"));
        let b2 = r#"<row r="2"><c r="B2" s="1"/></row>"#;
        let first = |cells: &str| format!("<row r=\"1\">{cells}</row>");
        let (plain, formula) = (first(&a1), first(&format!(r#"{a1}<c r="B1"><f>A1</f><v>1</v></c><c r="C1"/>"#)));
        for (rows, want) in [
            (format!("{plain}{b2}"), (true, true)),
            (format!("{formula} {b2}"), (true, true)),
            (plain.clone(), (false, true)),
            (format!("{b2}{plain}"), (false, true)),
            (format!("{plain}<row r=\"2\"><c r='B2'/></row>"), (false, true)),
            (format!("{plain}<row>{}</row>", "<c/>".repeat(2)), (false, true)),
            (format!("{}{b2}", first(&a1.replace("<t>", "<t >"))), (false, true)),
            (format!("{}{b2}", first(&a1.replace("a&amp;b", "a&amp;amp;b"))), (false, false)),
            (format!("{}{b2}", first(&a1.replace("a&amp;b", "a&b"))), (true, true)),
            (format!("{}{b2}", first(&a1.replace("inlineStr", "str"))), (false, false)),
            (format!("{}{b2}", first(&a1.repeat(2))), (false, false)),
            (format!("{plain}{b2}{plain}"), (false, false)),
            (format!("{plain}{}", b2.replace("/>", "><v>1</v></c>")), (false, false)),
            (format!("{plain}{b2}<row r=\"3\">"), (false, false)),
        ] {
            assert_eq!(plainly(&rows), want, "{rows}");
        }
    }
}
