//! The client's file comes back as it was, plus the answers: parts compared byte for byte, cells read again by calamine.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use kaitou::export::{FinalAnswer, edits};
use kaitou::questionnaire;
use kaitou::workbook::{CellEdit, CellRef, Limits, read, write};

use crate::questionnaires::clients;

fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|i| {
            let mut entry = zip.by_index(i).unwrap();
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            (entry.name().unwrap().into_owned(), data)
        })
        .collect()
}

/// All values of all sheets, as calamine sees them.
fn values(bytes: &[u8]) -> BTreeMap<(String, CellRef), Data> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let mut values = BTreeMap::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).unwrap();
        let (top, left) = range.start().unwrap_or((0, 0));
        for (row, col, value) in range.used_cells() {
            let at = CellRef::new(top + u32::try_from(row).unwrap() + 1, left + u32::try_from(col).unwrap() + 1);
            values.insert((name.clone(), at), value.clone());
        }
    }
    values
}

/// An answer to every question, with everything a text can hold.
fn answers(file: &Path, original: &[u8]) -> Vec<CellEdit> {
    let limits = Limits::default();
    let found = questionnaire::find(&read::read(original, &limits).unwrap()).unwrap();
    let text = |n: usize| format!("=1+{n}\n<b>&\"実施\"</b> 😀 _x000D_ {}", file.display());
    let mut all = Vec::new();
    for (n, question) in found.questions.iter().enumerate() {
        let choice = question.choices.as_ref().and_then(|c| c.first().cloned());
        let choice = choice.or_else(|| question.marks.as_ref().and_then(|m| m.first()).map(|m| m.choice.clone()));
        all.extend(edits(question, &FinalAnswer { choice, text: text(n) }));
    }
    all
}

#[test]
fn nothing_but_the_answers_changes() {
    for file in clients() {
        let original = std::fs::read(&file).unwrap();
        let edits = answers(&file, &original);
        assert!(!edits.is_empty());
        let filled = write::write(&original, &edits, &Limits::default()).unwrap().bytes;

        let (before, after) = (parts(&original), parts(&filled));
        let names = |parts: &[(String, Vec<u8>)]| parts.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
        assert_eq!(names(&before), names(&after), "{}", file.display());
        let touched: Vec<&str> = before.iter().zip(&after).filter(|(b, a)| b.1 != a.1).map(|(b, _)| b.0.as_str()).collect();
        assert!(touched.iter().all(|n| n.starts_with("xl/worksheets/sheet")), "{}: {touched:?}", file.display());
        let sheets: std::collections::BTreeSet<&str> = edits.iter().map(|e| e.sheet.as_str()).collect();
        assert_eq!(touched.len(), sheets.len(), "{}: {touched:?}", file.display());

        let mut want = values(&original);
        for edit in &edits {
            want.insert((edit.sheet.clone(), edit.cell), Data::String(edit.text.clone()));
        }
        // A mark of last year's that another one takes the place of.
        want.retain(|_, value| *value != Data::String(String::new()));
        let got = values(&filled);
        for (place, value) in &want {
            assert_eq!(got.get(place), Some(value), "{} {place:?}", file.display());
        }
        assert_eq!(got.len(), want.len(), "{}", file.display());
    }
}

#[test]
fn outside_the_written_cells_the_sheet_is_the_same_to_the_byte() {
    for file in clients() {
        let original = std::fs::read(&file).unwrap();
        let edits = answers(&file, &original);
        let filled = write::write(&original, &edits, &Limits::default()).unwrap().bytes;
        for ((name, before), (_, after)) in parts(&original).iter().zip(&parts(&filled)) {
            if before != after {
                assert_eq!(without_cells(before, &edits), without_cells(after, &edits), "{} {name}", file.display());
            }
        }
    }
}

/// The sheet's XML with every edited cell cut down to its reference and style, and `spans` left out.
fn without_cells(xml: &[u8], edits: &[CellEdit]) -> String {
    let mut xml = String::from_utf8(xml.to_vec()).unwrap();
    for edit in edits {
        let Some(start) = xml.find(&format!("<c r=\"{}\"", edit.cell)) else { continue };
        let tag_end = start + xml[start..].find('>').unwrap();
        let end = if xml[..tag_end].ends_with('/') { tag_end + 1 } else { start + xml[start..].find("</c>").unwrap() + 4 };
        let style = xml[start..tag_end].split(" s=\"").nth(1).map(|s| s.split('"').next().unwrap().to_owned());
        xml.replace_range(start..end, &format!("[{} {style:?}]", edit.cell));
    }
    xml
}

/// A sheet of 20 MB is not at hand as a whole, and is packed anew only where it changes: at its begin, in its middle and at its
/// end, in one block or over many.
#[test]
fn in_a_large_sheet_only_what_is_written_changes() {
    let mut sheet = "<worksheet><sheetData>".to_owned();
    let mut seed = 1_u32;
    for row in 1..=60_000 {
        sheet.push_str(&format!("<row r=\"{row}\">"));
        for col in 'A'..='J' {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sheet.push_str(&format!("<c r=\"{col}{row}\"><v>{}</v></c>", seed >> 16));
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    assert!(sheet.len() > 17 << 20);
    let original = replaced("workbooks/stored.xlsx", "xl/worksheets/sheet1.xml", sheet.as_bytes());
    let limits = Limits::default();
    let every_200th: Vec<u32> = (1..60_000).step_by(200).collect();
    for rows in [vec![1], vec![30_000], vec![60_000], vec![60_001], vec![7, 29_999, 30_000, 70_000], every_200th] {
        let edits: Vec<CellEdit> = rows
            .iter()
            .map(|row| CellEdit { sheet: "Sheet1".into(), cell: CellRef::new(*row, 2), text: format!("実施 {row}") })
            .collect();
        let filled = write::write(&original, &edits, &limits).unwrap().bytes;
        let mut want = sheet.clone();
        for (edit, row) in edits.iter().zip(&rows).rev() {
            let new = format!("<c r=\"B{row}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", edit.text);
            match want.find(&format!("<c r=\"B{row}\">")) {
                Some(at) => want.replace_range(at..at + want[at..].find("</c>").unwrap() + 4, &new),
                None => want = want.replace("</sheetData>", &format!("<row r=\"{row}\">{new}</row></sheetData>")),
            }
        }
        let part = parts(&filled).into_iter().find(|(name, _)| name.ends_with("sheet1.xml")).unwrap().1;
        assert!(part == want.as_bytes(), "{} cells from row {}", rows.len(), rows[0]);
        if rows.len() == 1 {
            assert!(filled.len() < original.len() + (128 << 10), "nearly all of it stays packed as it was");
        }
    }
}

/// A fixture with another content of one part.
fn replaced(fixture: &str, part: &str, content: &[u8]) -> Vec<u8> {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in parts(&bytes) {
        out.start_file(&*name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(if name == part { content } else { &data }).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn what_cannot_be_written_is_refused() {
    let file = clients().into_iter().find(|f| f.ends_with("houganshi.xlsx")).unwrap();
    let original = std::fs::read(file).unwrap();
    let limits = Limits::default();
    let edit = |sheet: &str, cell: &str, text: &str| CellEdit { sheet: sheet.into(), cell: cell.parse().unwrap(), text: text.into() };
    let refused = |edits: &[CellEdit]| write::write(&original, edits, &limits).unwrap_err().to_string();
    let sheet = read::read(&original, &limits).unwrap().sheets[0].name.clone();
    assert!(refused(&[edit("ない", "A1", "x")]).contains("「ない」が見つかりません"));
    assert!(refused(&[edit(&sheet, "Z25", "x")]).contains("Y25"), "a cell under a merge names the block");
    assert!(refused(&[edit(&sheet, "Y25", &"あ".repeat(32_768))]).contains("32767"));
    assert!(refused(&[edit(&sheet, "Y25", "a"), edit(&sheet, "Y25", "b")]).contains("異なる回答"));
    assert_eq!(write::write(&original, &[], &limits).unwrap().bytes, original, "no edit, no change at all");
}

#[test]
fn control_characters_are_left_out_and_line_ends_are_one_kind() {
    let file = clients().into_iter().find(|f| f.ends_with("plain-table.xlsx")).unwrap();
    let original = std::fs::read(file).unwrap();
    let edit = CellEdit { sheet: "Sheet1".into(), cell: "E2".parse().unwrap(), text: "一\r\n二\r三\u{0}\u{b}\u{fffe}四".into() };
    let filled = write::write(&original, &[edit], &Limits::default()).unwrap().bytes;
    assert_eq!(values(&filled)[&("Sheet1".to_owned(), "E2".parse().unwrap())], Data::String("一\n二\n三四".into()));
}
