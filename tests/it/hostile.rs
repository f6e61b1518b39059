//! Files that mean harm or are broken: always an answer or a clear reason, within the limits.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kaitou::isolated::{Bounds, IsolatedError};
use kaitou::legacy;
use kaitou::workbook::read::{self, ReadError};
use kaitou::workbook::{CellEdit, CellRef, Limits, write, xls};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

const SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";
const HEAD: &str = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>";

/// A plain workbook with some parts replaced or added.
fn with_parts(changes: &[(&str, &[u8])]) -> Vec<u8> {
    let bytes = fixture("workbooks/stored.xlsx");
    let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let name = entry.name().unwrap().into_owned();
        if !changes.iter().any(|(n, _)| *n == name) {
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            out.start_file(name, options).unwrap();
            out.write_all(&data).unwrap();
        }
    }
    for (name, data) in changes {
        out.start_file(*name, options).unwrap();
        out.write_all(data).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn with_sheet(cells: &str) -> Vec<u8> {
    with_parts(&[(SHEET, format!("{HEAD}{cells}</sheetData></worksheet>").as_bytes())])
}

fn refused(bytes: &[u8], limits: &Limits) -> ReadError {
    read::read(bytes, limits).unwrap_err()
}

#[test]
fn entities_are_refused() {
    let entities: String = (1..9).map(|n| format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10))).collect();
    let laughs = format!("<!DOCTYPE sst [<!ENTITY a0 \"ha\">{entities}]><sst><si><t>&a8;</t></si></sst>");
    let outside = format!("<!DOCTYPE worksheet [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{HEAD}</sheetData></worksheet>");
    for (part, xml) in [(STRINGS, &laughs), (SHEET, &outside), ("xl/workbook.xml", &outside), ("_rels/.rels", &outside)] {
        assert!(
            matches!(refused(&with_parts(&[(part, xml.as_bytes())]), &Limits::default()), ReadError::Doctype(p) if p == part),
            "{part}"
        );
    }
    // Without a declaration it is no entity, only odd text.
    let odd = with_sheet("<row><c t=\"inlineStr\"><is><t>&x;</t></is></c></row>");
    assert_eq!(read::read(&odd, &Limits::default()).unwrap().sheets[0].text(CellRef::new(1, 1)), "&x;");
}

#[test]
fn bombs_are_refused() {
    let limits = Limits::default();
    let comments = format!("{HEAD}{}</sheetData></worksheet>", "<!-- -->".repeat(10 << 20));
    assert!(matches!(refused(&with_parts(&[(SHEET, comments.as_bytes())]), &Limits { ratio: 100, ..limits }), ReadError::Bomb { .. }), "by its ratio");
    assert!(
        matches!(refused(&with_sheet(" "), &Limits { unpacked_bytes: 999, ..limits }), ReadError::Bomb { limit_mb: 0 }),
        "by its size"
    );
    let deep = "<c>".repeat(100_000);
    assert!(matches!(refused(&with_sheet(&deep), &limits), ReadError::Unreasonable(..)), "by its depth");
    let long = format!("<row><c r=\"{}\"/></row>", "9".repeat(40 << 20));
    assert!(matches!(refused(&with_sheet(&long), &limits), ReadError::Unreasonable(..)), "by one token");
    let parts: Vec<String> = (0..10_001).map(|n| format!("xl/media/{n}")).collect();
    let many: Vec<(&str, &[u8])> = parts.iter().map(|p| (p.as_str(), &b""[..])).collect();
    assert!(matches!(refused(&with_parts(&many), &limits), ReadError::TooManyParts { limit: 10_000 }));
    // One text of 32 kB, shown by 10,000 cells.
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(32_000));
    let shown: String = (1..=10_000).map(|n| format!("<row r=\"{n}\"><c r=\"A{n}\" t=\"s\"><v>0</v></c></row>")).collect();
    let sheet = format!("{HEAD}{shown}</sheetData></worksheet>");
    let repeated = with_parts(&[(STRINGS, strings.as_bytes()), (SHEET, sheet.as_bytes())]);
    assert!(matches!(refused(&repeated, &limits), ReadError::TooMuchText { limit_mb: 128 }));
    let merges = "<mergeCell ref=\"A1:B2\"/>".repeat(1_050_000);
    let merged = format!("<worksheet><mergeCells>{merges}</mergeCells><sheetData/></worksheet>");
    let limits = Limits { ratio: 10_000, ..limits };
    assert!(matches!(refused(&with_parts(&[(SHEET, merged.as_bytes())]), &limits), ReadError::Unreasonable(..)));
}

#[test]
fn far_cells_cost_nothing() {
    for far in ["ZZ200000", "XFD1048576"] {
        let bytes = with_sheet(&format!("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row><c r=\"{far}\"><v>2</v></c></row>"));
        let book = read::read(&bytes, &Limits::default()).unwrap();
        assert_eq!(book.sheets[0].cells.len(), 2);
        assert_eq!(book.sheets[0].text(far.parse().unwrap()), "2");
    }
    let beyond = with_sheet(
        "<row r=\"4294967295\"><c><v>1</v></c></row><row><c r=\"XFE1\"><v>1</v></c><c r=\"A99999999999\"><v>1</v></c></row>",
    );
    assert!(read::read(&beyond, &Limits::default()).unwrap().sheets[0].cells.len() <= 2);
}

#[test]
fn every_limit_is_the_one_passed_in() {
    let bytes = fixture("workbooks/lists.xlsx");
    let limits = Limits::default();
    assert!(matches!(refused(&bytes, &Limits { file_bytes: 99, ..limits }), ReadError::TooLarge { .. }));
    assert!(matches!(refused(&bytes, &Limits { entries: 3, ..limits }), ReadError::TooManyParts { limit: 3 }));
    assert!(matches!(refused(&bytes, &Limits { cells: 3, ..limits }), ReadError::TooManyCells { limit: 3, .. }));
    assert!(matches!(refused(&bytes, &Limits { text_bytes: 9, ..limits }), ReadError::TooMuchText { .. }));
    assert!(matches!(refused(&bytes, &Limits { xml_depth: 2, ..limits }), ReadError::Unreasonable(..)));
    assert!(matches!(refused(&bytes, &Limits { time: Duration::ZERO, ..limits }), ReadError::TooSlow { seconds: 0 }));
}

#[test]
fn names_that_go_round_in_a_circle_end() {
    let names =
        "<definedNames><definedName name=\"a\">b</definedName><definedName name=\"b\">a</definedName></definedNames></workbook>";
    let plain = {
        let mut zip = zip::ZipArchive::new(Cursor::new(fixture("workbooks/stored.xlsx"))).unwrap();
        let mut data = String::new();
        zip.by_name("xl/workbook.xml").unwrap().read_to_string(&mut data).unwrap();
        data.replace("</workbook>", names)
    };
    let list =
        "<dataValidations><dataValidation type=\"list\" sqref=\"A1\"><formula1>a</formula1></dataValidation></dataValidations>";
    let sheet = format!("{HEAD}</sheetData>{list}</worksheet>");
    let bytes = with_parts(&[("xl/workbook.xml", plain.as_bytes()), (SHEET, sheet.as_bytes())]);
    let read = read::read(&bytes, &Limits::default()).unwrap();
    assert_eq!(read.sheets[0].validations[0].choices, None);
    assert_eq!(read.problems.len(), 1);
}

#[test]
fn other_programs_files_are_named() {
    let zip = |name: &str| {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for part in ["mimetype", name] {
            out.start_file(part, zip::write::SimpleFileOptions::default()).unwrap();
        }
        out.finish().unwrap().into_inner()
    };
    let limits = Limits::default();
    assert!(matches!(refused(&zip("content.xml"), &limits), ReadError::OpenDocument));
    assert!(matches!(refused(&zip("word/document.xml"), &limits), ReadError::NotAWorkbook));
    assert!(matches!(refused(&fixture("bad/encrypted.xlsx"), &limits), ReadError::Encrypted));
    let rels = "<Relationships><Relationship Id=\"r\" Type=\"x/officeDocument\" Target=\"xl/workbook.bin\"/></Relationships>";
    assert!(matches!(refused(&with_parts(&[("_rels/.rels", rels.as_bytes())]), &limits), ReadError::BinaryWorkbook));
    // The name of the stream that makes it a workbook, as old programs wrote it.
    let name = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for (stream, is_book) in [("Workbook", true), ("BOOK", true), ("WordDocument", false)] {
        let file = [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 504], &name(stream)].concat();
        assert_eq!(matches!(refused(&file, &limits), ReadError::LegacyXls), is_book, "{stream}");
    }
    let mut locked = fixture("workbooks/stored.xlsx");
    let at = locked.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    locked[at + 8] |= 1;
    assert!(matches!(refused(&locked, &limits), ReadError::EncryptedPart(_)));
}

/// xorshift: the same files every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// Bytes turned, cut out, doubled, and numbers made extreme.
fn mutated(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => drop(bytes.drain(at..(at + dice.below(40)).min(bytes.len()))),
            2 => {
                let again = bytes[at..(at + dice.below(40)).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
            3 => bytes.iter_mut().skip(at).take(4).for_each(|b| *b = 0xFF),
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn broken_files_never_panic_and_are_never_written_wrong() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let edit = CellEdit { sheet: "Sheet1".into(), cell: CellRef::new(2, 2), text: "実施".into() };
    let (mut read_well, mut written) = (0, 0);
    for name in ["stored", "zip64", "data-descriptors", "calculation-chain", "table", "lists", "utf-16-le", "spans", "prefixed"] {
        let bytes = fixture(&format!("workbooks/{name}.xlsx"));
        for _ in 0..400 {
            let bytes = mutated(&bytes, &mut dice);
            let limits = Limits { time: Duration::from_secs(2), ..Limits::default() };
            read_well += usize::from(read::read(&bytes, &limits).is_ok());
            if let Ok(done) = write::write(&bytes, std::slice::from_ref(&edit), &limits) {
                written += 1;
                // Whether the rest could be read before or not: what was written stands there.
                if let Ok(after) = read::read(&done.bytes, &limits) {
                    assert_eq!(after.sheet("Sheet1").map(|s| s.text(edit.cell)), Some("実施"));
                }
            }
            let _ = xls::read(&bytes, &limits);
        }
    }
    assert!(read_well > 100 && written > 100, "{read_well} {written}: the files are too broken to tell anything");
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kaitou"))
}

#[test]
fn an_old_workbook_is_read_in_a_child_and_becomes_a_new_one() {
    let book = legacy::read(&program(), &fixture("other-forms/legacy.xls"), &Bounds::default()).unwrap();
    assert_eq!(book.sheets[0].name, "確認票");
    assert_eq!(book.sheets[0].text(CellRef::new(5, 3)), "倉庫の入館証を、退職の当日に回収していますか。");
    let again = read::read(&xls::to_xlsx(&book).unwrap(), &Limits::default()).unwrap();
    let texts = |b: &kaitou::workbook::Workbook| -> Vec<(CellRef, String)> {
        b.sheets[0].cells.iter().filter(|(_, c)| !c.text.is_empty()).map(|(at, c)| (*at, c.text.clone())).collect()
    };
    assert_eq!(texts(&book), texts(&again));
}

#[test]
fn a_childs_end_is_not_the_parents() {
    let old = fixture("other-forms/legacy.xls");
    let read = |bytes: &[u8], bounds: Bounds| legacy::read(&program(), bytes, &bounds).unwrap_err();
    let bounds = Bounds::default();
    assert!(matches!(read(b"no workbook", bounds), IsolatedError::Refused(why) if why.contains("旧形式")));
    assert!(matches!(read(&old, Bounds { time: Duration::ZERO, ..bounds }), IsolatedError::TooSlow(_)));
    let mut large = old.clone();
    large.resize(32 << 20, 0);
    assert!(matches!(read(&large, Bounds { memory: 16 << 20, ..bounds }), IsolatedError::Died));
    assert!(matches!(read(&old, Bounds { answer: 10, ..bounds }), IsolatedError::Died));
    let mut dice = Dice(7);
    for _ in 0..20 {
        // Whatever comes out, this process goes on.
        let _ = legacy::read(&program(), &mutated(&old, &mut dice), &bounds);
    }
}
