//! Workbooks in every form that real ones come in (`fixtures/workbooks`): one cell of each is written, and the file must come
//! back with exactly that changed, or be refused with the reason.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use kaitou::workbook::{CellEdit, Change, Limits, read, trial, write};

use crate::questionnaires::clients;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/workbooks/{name}.xlsx"))).unwrap()
}

fn edit(sheet: &str, cell: &str, text: &str) -> CellEdit {
    CellEdit { sheet: sheet.to_owned(), cell: cell.parse().unwrap(), text: text.to_owned() }
}

/// Every part unpacked, by name.
fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut part = |i| {
        let mut entry = zip.by_index(i).unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        (entry.name().unwrap().into_owned(), data)
    };
    (0..part_count(bytes)).map(&mut part).collect()
}

fn part_count(bytes: &[u8]) -> usize {
    zip::ZipArchive::new(Cursor::new(bytes)).unwrap().len()
}

/// What is left of two texts without what they begin and end with alike.
fn difference(before: &[u8], after: &[u8]) -> (String, String) {
    let text = |bytes: &[u8]| match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // What is not UTF-8 among the fixtures is Latin-1.
        _ => String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|&b| char::from(b)).collect()),
    };
    let (before, after): (Vec<char>, Vec<char>) = (text(before).chars().collect(), text(after).chars().collect());
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let tail = before[head..].iter().rev().zip(after[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    (before[head..before.len() - tail].iter().collect(), after[head..after.len() - tail].iter().collect())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    String::from_utf16(&bytes.chunks(2).map(|pair| unit([pair[0], pair[1]])).collect::<Vec<_>>()).unwrap()
}

/// What comes into an empty `<c …/>`.
const NEW: &str = r#" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c"#;

/// (fixture, cell, what stood there, what goes out of the part, what comes in)
fn written() -> Vec<(&'static str, &'static str, &'static str, &'static str, &'static str)> {
    vec![
        ("bom", "B2", "", "/", NEW),
        ("utf-16-le", "B2", "", "/", NEW),
        ("utf-16-be", "B2", "", "/", NEW),
        ("strict", "B2", "", "/", NEW),
        ("alternate-content", "B2", "", "/", NEW),
        ("huge-dimension", "B2", "", "/", NEW),
        (
            "small-dimension",
            "B2",
            "",
            r##""/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" s="1"/"##,
            r##":B2"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" s="1" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c"##,
        ),
        ("merges", "B2", "", "/", NEW),
        ("xml-map", "B2", "", "/", NEW),
        ("shared-workbook", "B2", "", "/", NEW),
        ("signed", "B2", "", "/", NEW),
        ("lists", "B2", "", "/", NEW),
        ("dialog-and-macro-sheets", "B2", "", "/", NEW),
        ("backslash-names", "B2", "", "/", NEW),
        ("content-types-case", "B2", "", "/", NEW),
        ("absolute-and-case-targets", "B2", "", "/", NEW),
        ("data-descriptors", "B2", "", "/", NEW),
        ("zip64", "B2", "", "/", NEW),
        ("stored", "B2", "", "/", NEW),
        ("latin-1", "A1", "é", r##">é"##, r##" xml:space="preserve">&#23455;&#26045;"##),
        ("prefixed", "B2", "", r##"/"##, r##" t="inlineStr"><x:is><x:t xml:space="preserve">実施</x:t></x:is></x:c"##),
        (
            "control-anchors",
            "A2",
            "記録を保管していますか。",
            r##"s"><v>2</v"##,
            r##"inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        (
            "children-out-of-order",
            "C2",
            "",
            r##"/row></sheetData><cols><col min="3" max="3" width="9" style="3"/></cols><dimension ref="A1:B"##,
            r##"c r="C2" s="3" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c></row></sheetData><cols><col min="3" max="3" width="9" style="3"/></cols><dimension ref="A1:C"##,
        ),
        ("cdata", "A1", "<c r=\"B2\"></row>", r##"><![CDATA[<c r="B2"></row>]]>"##, r##" xml:space="preserve">実施"##),
        (
            "inline-strings",
            "A1",
            "記録の保管",
            r##"r><rPr><b/></rPr><t>記録</t></r><r><t>の保管</t></r><rPh sb="0" eb="2"><t>キロク</t></rPh"##,
            r##"t xml:space="preserve">実施</t"##,
        ),
        ("inline-strings", "B1", " 前後 ", r##"> 前後 "##, r##" xml:space="preserve">実施"##),
        (
            "iso-dates",
            "A1",
            "2024/4/1",
            r##"d"><v>2024-04-01T00:00:00</v"##,
            r##"inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        (
            "no-references",
            "B2",
            "",
            r##"s="1"/"##,
            r##"r="B2" s="1" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c"##,
        ),
        (
            "disorder",
            "A2",
            "",
            r##""##,
            r##"2"><c r="A2" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c></row><row r=""##,
        ),
        ("disorder", "C3", "", "/", NEW),
        ("duplicates", "C2", "", "/", NEW),
        (
            "lower-case-references",
            "B2",
            "",
            r##"b2" s="1"/"##,
            r##"B2" s="1" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c"##,
        ),
        (
            "lower-case-references",
            "A2",
            "記録を保管していますか。",
            r##"a2" t="s"><v>2</v"##,
            r##"A2" t="inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        (
            "empty-sheet-data",
            "B2",
            "",
            r##""/><sheetData/"##,
            r##":B2"/><sheetData><row r="2"><c r="B2" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c></row></sheetData"##,
        ),
        ("spans", "B2", "", r##"1"/"##, r##"2"><c r="B2" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c></row"##),
        (
            "spans",
            "C1",
            "",
            r##"1" x14ac:dyDescent="0.4"><c r="A1" t="s"><v>0</v"##,
            r##"3" x14ac:dyDescent="0.4"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        (
            "shared-formulas",
            "A2",
            "1",
            r##"><f t="shared" si="0"/><v>1</v"##,
            r##" t="inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        ("array-formulas", "B2", "", "/", NEW),
        ("furigana", "A1", "東京都", r##"s"><v>0</v"##, r##"inlineStr"><is><t xml:space="preserve">実施</t></is"##),
        (
            "hex-escapes",
            "A1",
            "一行目\n二行目 _x0041_",
            r##"s"><v>0</v"##,
            r##"inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        ("date-1904", "A1", "2024/4/1", r##"><v>43921</v"##, r##" t="inlineStr"><is><t xml:space="preserve">実施</t></is"##),
        (
            "row-and-column-styles",
            "B2",
            "",
            r##"/"##,
            r##"><c r="B2" s="4" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c></row"##,
        ),
        (
            "row-and-column-styles",
            "B3",
            "",
            r##"/"##,
            r##"><c r="B3" s="3" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c></row"##,
        ),
        (
            "row-and-column-styles",
            "D1",
            "",
            r##""##,
            r##"c r="D1" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c><"##,
        ),
        (
            "row-and-column-styles",
            "C5",
            "",
            r##""##,
            r##"row r="5"><c r="C5" s="3" t="inlineStr"><is><t xml:space="preserve">実施</t></is></c></row><"##,
        ),
        (
            "table",
            "A2",
            "記録を保管していますか。",
            r##"s"><v>2</v"##,
            r##"inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        (
            "hidden-rows-and-columns",
            "A2",
            "記録を保管していますか。",
            r##"s"><v>2</v"##,
            r##"inlineStr"><is><t xml:space="preserve">実施</t></is"##,
        ),
        ("no-shared-strings", "B1", "", "/", NEW),
    ]
}

#[test]
fn one_cell_changes_and_nothing_else() {
    let mut wrong = Vec::new();
    for (name, at, stood, gone, came) in written() {
        let original = fixture(name);
        let sheet = read::read(&original, &Limits::default()).unwrap().sheets[0].name.clone();
        let edit = edit(&sheet, at, "実施");
        let done = match write::write(&original, std::slice::from_ref(&edit), &Limits::default()) {
            Ok(done) => done,
            Err(e) => {
                wrong.push(format!("{name} {at}: {e}"));
                continue;
            }
        };
        let change = Change { sheet, cell: edit.cell, before: stood.to_owned(), after: "実施".to_owned() };
        if done.changes != [change] {
            wrong.push(format!("{name} {at}: {:?}", done.changes));
        }
        let (before, after) = (parts(&original), parts(&done.bytes));
        let changed: Vec<&String> = before.keys().filter(|n| before[*n] != after[*n]).collect();
        assert_eq!(changed.len(), 1, "{name}: {changed:?}");
        let found = difference(&before[changed[0]], &after[changed[0]]);
        if found != (gone.to_owned(), came.to_owned()) {
            wrong.push(format!("(\"{name}\", \"{at}\", \"{stood}\", r#\"{}\"#, r#\"{}\"#)", found.0, found.1));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_written_safely_is_refused_with_the_reason() {
    for (name, at, why) in [
        ("duplicates", "A1", "同じ番地のセルが二つ以上"),
        ("wrong-rows", "B2", "同じ行に、別の行番号のセルがあります"),
        ("unnumbered-rows-out-of-place", "A1", "行番号のない行に、別の行のセルがあります"),
        ("shared-formulas", "A1", "他のセルが共有する数式の元"),
        ("array-formulas", "A2", "配列数式 A1:A2 の一部"),
        ("data-table", "B1", "データテーブル A1:B2 の一部"),
        ("merges", "C3", "結合セル B2:C3 の左上ではありません"),
        ("table", "A1", "テーブルの見出し A1:B1 の一部"),
        ("table", "B3", "テーブルの見出し A3:B3 の一部"),
        ("duplicate-entries", "B2", "部品「xl/worksheets/sheet1.xml」が二つ以上"),
        ("case-duplicates", "B2", "部品「xl/Worksheets/Sheet1.xml」が二つ以上"),
    ] {
        let error = write::write(&fixture(name), &[edit("Sheet1", at, "実施")], &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
    }
}

#[test]
fn a_formula_that_goes_leaves_the_calculation_chain() {
    let original = fixture("calculation-chain");
    let done = write::write(&original, &[edit("Sheet1", "A1", "実施")], &Limits::default()).unwrap();
    let (before, after) = (parts(&original), parts(&done.bytes));
    let changed: Vec<&str> = before.keys().filter(|n| before[*n] != after[*n]).map(String::as_str).collect();
    assert_eq!(changed, ["xl/calcChain.xml", "xl/worksheets/sheet1.xml"]);
    // The next one was on the same sheet without saying so.
    let chain = String::from_utf8(after["xl/calcChain.xml"].clone()).unwrap();
    assert!(chain.ends_with("main\"><c i=\"1\" r=\"B1\"/></calcChain>"), "{chain}");

    let original = fixture("last-formula");
    let done = write::write(&original, &[edit("Sheet1", "A1", "実施")], &Limits::default()).unwrap();
    let (before, after) = (parts(&original), parts(&done.bytes));
    assert!(
        before.contains_key("xl/calcChain.xml") && !after.contains_key("xl/calcChain.xml"),
        "an empty chain is damage to Excel"
    );
    let changed: Vec<&str> = after.keys().filter(|n| before[*n] != after[*n]).map(String::as_str).collect();
    assert_eq!(changed, ["[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"]);
    assert!(changed[..2].iter().all(|n| !String::from_utf8(after[*n].clone()).unwrap().contains("calcChain")));
}

#[test]
fn what_a_person_should_know_is_said() {
    let notes = |name: &str, at: &str| -> Vec<String> {
        let done = write::write(&fixture(name), &[edit("Sheet1", at, "実施")], &Limits::default()).unwrap();
        done.notes.into_iter().map(|n| n.message).collect()
    };
    assert!(notes("protected", "A1")[0].contains("ロックされたセル 1 個（A1 など）"));
    assert!(notes("protected", "B2").is_empty(), "unlocked");
    assert!(notes("protected", "C2").is_empty(), "in a range that may be edited");
    assert!(notes("signed", "B2")[0].contains("署名は無効"));
    assert!(notes("shared-workbook", "B2")[0].contains("共有ブック"));
    assert!(notes("stored", "B2").is_empty());
}

#[test]
fn every_fixture_can_be_written_or_says_why_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/workbooks");
    let mut tried = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let limits = Limits::default();
        let trial = trial::attempt(&bytes, &limits).map_or_else(|ended| ended, |attempt| attempt.compare(&bytes, &limits));
        let twice = path.to_str().unwrap().contains("duplicate-entries") || path.to_str().unwrap().contains("case-duplicates");
        match trial.outcome {
            trial::Outcome::Unread(_) if twice => {}
            trial::Outcome::Refused(_) if path.ends_with("unnumbered-rows-out-of-place.xlsx") => {}
            trial::Outcome::Written if !twice => {
                assert!(trial.parts.0 == trial.parts.1 && trial.parts.0 >= 4, "{}", path.display())
            }
            other => panic!("{}: {other:?}", path.display()),
        }
        tried += 1;
    }
    assert!(tried > 40);
}

#[test]
fn lists_in_every_form_and_what_is_hidden() {
    let book = read::read(&fixture("lists"), &Limits::default()).unwrap();
    let choices: Vec<Option<Vec<&str>>> =
        book.sheets[0].validations.iter().map(|v| v.choices.as_ref().map(|c| c.iter().map(String::as_str).collect())).collect();
    let yes_no = || Some(vec!["はい", "いいえ"]);
    assert_eq!(choices, [yes_no(), yes_no(), yes_no(), yes_no(), None, yes_no()]);
    assert_eq!(book.sheets[0].validations[5].ranges.len(), 2);
    assert_eq!(book.sheets[1].visibility, kaitou::workbook::Visibility::VeryHidden);
    assert_eq!(
        read::read(&fixture("alternate-content"), &Limits::default()).unwrap().sheets[0].validations.len(),
        1,
        "said twice, meant once"
    );
    let sheet = &read::read(&fixture("hidden-rows-and-columns"), &Limits::default()).unwrap().sheets[0];
    assert_eq!((sheet.hidden_rows.as_slice(), sheet.hidden_cols.as_slice()), (&[2][..], &[(3, 5)][..]));
}

/// calamine had no part in reading: every text it finds must be there.
#[test]
fn texts_are_read_as_calamine_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/workbooks");
    let traps = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut compared = 0;
    for path in clients().into_iter().chain(traps) {
        let bytes = std::fs::read(&path).unwrap();
        let (Ok(ours), Ok(mut theirs)) = (read::read(&bytes, &Limits::default()), Xlsx::new(Cursor::new(&bytes[..]))) else {
            continue;
        };
        for sheet in &ours.sheets {
            // It does not know all encodings.
            let Ok(range) = theirs.worksheet_range(&sheet.name) else { continue };
            let (top, left) = range.start().unwrap_or((0, 0));
            for (row, col, value) in range.used_cells() {
                let Data::String(text) = value else { continue };
                let at = kaitou::workbook::CellRef::new(top + row as u32 + 1, left + col as u32 + 1);
                let covered = sheet.merges.iter().any(|m| m.contains(at) && m.first != at);
                // Where the row and the cell don't agree, it believes the cell.
                if !covered && !path.ends_with("wrong-rows.xlsx") {
                    assert_eq!(sheet.text(at), text.replace("\r\n", "\n").trim(), "{} {at}", path.display());
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 2_000, "{compared}");
}

#[test]
fn a_line_break_wraps_and_low_rows_grow_where_asked_to() {
    use kaitou::workbook::write::{Layout, write_as};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let wrap = rust_xlsxwriter::Format::new().set_text_wrap();
    sheet.write_string(0, 0, "質問").unwrap();
    sheet.set_row_height(1, 16).unwrap();
    sheet.write_blank(1, 1, &wrap).unwrap();
    sheet.merge_range(2, 1, 3, 2, "", &wrap).unwrap();
    sheet.write_blank(5, 1, &wrap).unwrap();
    book.save(&path).unwrap();
    let original = std::fs::read(&path).unwrap();
    let edits: Vec<CellEdit> = ["B2", "B3", "B5", "B6"].iter().map(|at| edit("Sheet1", at, "一\n二\n三")).collect();
    let limits = Limits::default();

    let kept = write::write(&original, &edits, &limits).unwrap();
    assert_eq!(parts(&kept.bytes)["xl/styles.xml"], parts(&original)["xl/styles.xml"]);

    let fitted = write_as(&original, &edits, Layout::Fit, &limits).unwrap();
    let (before, after) = (parts(&original), parts(&fitted.bytes));
    let changed: Vec<&str> = before.keys().filter(|n| before[*n] != after[*n]).map(String::as_str).collect();
    // All but B5 wrap already, and their format is the one that B5 needs.
    assert_eq!(changed, ["xl/worksheets/sheet1.xml"]);
    let sheet = String::from_utf8(after["xl/worksheets/sheet1.xml"].clone()).unwrap();
    let row = |n: u32| {
        let from = sheet.find(&format!("<row r=\"{n}\"")).unwrap();
        sheet[from..from + sheet[from..].find('>').unwrap()].to_owned()
    };
    assert!(row(2).contains("ht=\"45\"") && row(2).contains("customHeight=\"1\""), "{}", row(2));
    assert!(row(3).contains("ht=\"30\""), "with the row below there is room for three lines: {}", row(3));
    assert!(!row(5).contains("ht=") && !row(6).contains("ht="), "Excel sees to these itself");
    assert!(sheet.contains("<c r=\"B5\" s=\"1\""), "{sheet}");

    // Without such a format one is put behind the last.
    let plain = fixture("row-and-column-styles");
    let fitted = write_as(&plain, &[edit("Sheet1", "B2", "一\n二")], Layout::Fit, &limits).unwrap();
    let styles = String::from_utf8(parts(&fitted.bytes)["xl/styles.xml"].clone()).unwrap();
    let new = "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"2\" borderId=\"1\" xfId=\"0\" applyFill=\"1\" applyAlignment=\"1\"><alignment wrapText=\"1\"/></xf></cellXfs>";
    assert!(styles.contains(new) && styles.contains("<cellXfs count=\"6\">"), "{styles}");
    let sheet = String::from_utf8(parts(&fitted.bytes)["xl/worksheets/sheet1.xml"].clone()).unwrap();
    assert!(sheet.contains("<c r=\"B2\" s=\"5\""), "{sheet}");
}
