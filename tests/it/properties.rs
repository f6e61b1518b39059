//! Any edits on any workbook: what was written is read back, and everything else is what it was.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write};

use calamine::{Data, Reader, Xlsx};
use kaitou::workbook::{CellEdit, CellRef, Limits, read, write};
use proptest::prelude::*;

/// A generated cell: its column, whether its reference is written, and what it holds.
#[derive(Debug, Clone)]
enum Held {
    Nothing,
    Number(f64),
    Inline(String),
    Formula(String),
}

#[derive(Debug, Clone)]
struct Made {
    prefix: bool,
    mark: bool,
    dimension: bool,
    columns: bool,
    /// Row number → its attributes, its cells.
    rows: BTreeMap<u32, (u8, BTreeMap<u32, Held>)>,
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        Just(Held::Nothing),
        (-1e6..1e6_f64).prop_map(Held::Number),
        text().prop_map(Held::Inline),
        text().prop_map(Held::Formula),
    ]
}

/// Texts with all that has a meaning of its own.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("=1+1"),
        Just("_x0041_"),
        Just("_x005F_"),
        Just("<c r=\"A1\">"),
        Just("&amp;"),
        Just("]]>"),
        Just("\r\n"),
        Just("\n"),
        Just("\t"),
        Just("\u{0}\u{b}"),
        Just("😀"),
        Just("回答"),
        Just("\"'"),
        Just(" "),
        Just("\u{fffe}"),
        Just("é"),
        Just("_"),
        Just("x0041_"),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn made() -> impl Strategy<Value = Made> {
    let rows = prop::collection::btree_map(1..30_u32, (0..4_u8, prop::collection::btree_map(1..12_u32, held(), 0..6)), 0..8);
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), rows).prop_map(|(prefix, mark, dimension, columns, rows)| Made {
        prefix,
        mark,
        dimension,
        columns,
        rows,
    })
}

fn escaped(text: &str) -> String {
    let legal: String = text.chars().filter(|c| !matches!(c, '\u{0}' | '\u{b}' | '\u{fffe}')).collect();
    legal.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}

impl Made {
    fn xml(&self) -> String {
        let p = if self.prefix { "x:" } else { "" };
        let mut xml = if self.mark { "\u{feff}".to_owned() } else { String::new() };
        let named = if self.prefix { ":x" } else { "" };
        let _ = write!(xml, "<{p}worksheet xmlns{named}=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">");
        if self.dimension {
            let _ = write!(xml, "<{p}dimension ref=\"B2:C3\"/>");
        }
        if self.columns {
            let _ = write!(xml, "<{p}cols><{p}col min=\"2\" max='4' style=\"1\"/></{p}cols>");
        }
        let _ = write!(xml, "<{p}sheetData>");
        for (number, (attributes, cells)) in &self.rows {
            let more = ["", " spans=\"2:3\"", " s=\"2\" customFormat='1' ", " hidden=\"1\""][usize::from(*attributes)];
            if cells.is_empty() {
                let _ = write!(xml, "<{p}row r=\"{number}\"{more}/>");
                continue;
            }
            let _ = write!(xml, "<{p}row r=\"{number}\"{more}>");
            for (col, held) in cells {
                let at = CellRef::new(*number, *col);
                let _ = match held {
                    Held::Nothing => write!(xml, "<{p}c r=\"{at}\" s=\"1\"/>"),
                    Held::Number(n) => write!(xml, "<{p}c r='{at}'><{p}v>{n}</{p}v></{p}c>"),
                    Held::Inline(t) => {
                        write!(xml, "<{p}c t=\"inlineStr\" r=\"{at}\"><{p}is><{p}t>{}</{p}t></{p}is></{p}c>", escaped(t))
                    }
                    Held::Formula(t) => {
                        write!(xml, "<{p}c r=\"{at}\" t=\"str\"><{p}f>A1</{p}f><{p}v>{}</{p}v></{p}c>", escaped(t))
                    }
                };
            }
            let _ = writeln!(xml, "</{p}row>");
        }
        let _ = write!(xml, "</{p}sheetData><{p}pageMargins left=\"0.7\"/></{p}worksheet>");
        xml
    }

    fn workbook(&self) -> Vec<u8> {
        let mut zip =
            zip::ZipArchive::new(Cursor::new(include_bytes!("../../fixtures/workbooks/data-descriptors.xlsx"))).unwrap();
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for i in 0..zip.len() {
            if zip.name_for_index(i).unwrap().unwrap() == "xl/worksheets/sheet1.xml" {
                out.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
                out.write_all(self.xml().as_bytes()).unwrap();
            } else {
                out.raw_copy_file(zip.by_index_raw(i).unwrap()).unwrap();
            }
        }
        out.finish().unwrap().into_inner()
    }
}

fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = BTreeMap::new();
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        parts.insert(entry.name().unwrap().into_owned(), data);
    }
    parts
}

fn by_calamine(bytes: &[u8]) -> BTreeMap<CellRef, Data> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range("Sheet1").unwrap();
    let (top, left) = range.start().unwrap_or((0, 0));
    let at = |row: usize, col: usize| CellRef::new(top + row as u32 + 1, left + col as u32 + 1);
    range
        .used_cells()
        .map(|(row, col, value)| (at(row, col), value.clone()))
        .filter(|(_, v)| *v != Data::String(String::new()))
        .collect()
}

/// What a text becomes on its way into a cell.
fn kept(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace(['\u{0}', '\u{b}', '\u{fffe}'], "")
}

/// The sheet's XML without the named cells, without rows that hold nothing else, and without what says how far cells reach.
fn outline(xml: &[u8], edited: &BTreeMap<CellRef, String>) -> String {
    let mut out = String::new();
    let mut inside = false;
    for piece in String::from_utf8(xml.to_vec()).unwrap().split_inclusive('>') {
        let tag = piece.trim_start_matches(['\u{feff}', '\n']).trim_start_matches("<x:").trim_start_matches('<');
        if tag.starts_with("c ") {
            let reference = tag.split(" r=").nth(1).unwrap()[1..].split(['"', '\'']).next().unwrap().to_owned();
            inside = edited.contains_key(&reference.parse().unwrap()) && !tag.ends_with("/>");
            if inside || edited.contains_key(&reference.parse().unwrap()) {
                continue;
            }
        } else if inside {
            inside = !piece.trim_end().ends_with("/c>") && !piece.ends_with(":c>");
            continue;
        }
        if tag.starts_with("dimension") {
            continue;
        }
        let piece = match piece.find(" spans=") {
            Some(at) => format!("{}{}", &piece[..at], &piece[at + 8 + piece[at + 8..].find('"').unwrap() + 1..]),
            None => piece.to_owned(),
        };
        out.push_str(&piece);
    }
    without_empty_rows(&out)
}

/// A row may have been made, or opened up: rows without cells are left out, whether `<row …></row>` or `<row …/>`.
fn without_empty_rows(xml: &str) -> String {
    let mut out = String::new();
    let mut rest = xml;
    while let Some(at) = rest.find("row r=") {
        let begin = rest[..at].rfind('<').unwrap();
        let tag_end = at + rest[at..].find('>').unwrap() + 1;
        let close = ["</row>", "</x:row>"].into_iter().find(|c| rest[tag_end..].starts_with(c));
        out.push_str(&rest[..begin]);
        if rest[..tag_end].ends_with("/>") {
            rest = &rest[tag_end..];
        } else if let Some(close) = close {
            rest = rest[tag_end + close.len()..].strip_prefix('\n').unwrap_or(&rest[tag_end + close.len()..]);
        } else {
            out.push_str(&rest[begin..tag_end]);
            rest = &rest[tag_end..];
        }
    }
    out.push_str(rest);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back_and_all_else_is_unchanged(
        made in made(),
        edits in prop::collection::btree_map((1..35_u32, 1..14_u32).prop_map(|(row, col)| CellRef::new(row, col)), text(), 1..6),
    ) {
        let original = made.workbook();
        let limits = Limits::default();
        let list: Vec<CellEdit> = edits.iter().map(|(at, text)| CellEdit { sheet: "Sheet1".into(), cell: *at, text: text.clone() }).collect();
        let done = write::write(&original, &list, &limits).unwrap();

        let read = read::read(&done.bytes, &limits).unwrap();
        for (at, text) in &edits {
            let want = kept(text);
            prop_assert_eq!(read.sheets[0].text(*at), want.trim(), "{}", at);
        }
        let mut want = by_calamine(&original);
        for (at, text) in &edits {
            match kept(text) {
                text if text.is_empty() => want.remove(at),
                text => want.insert(*at, Data::String(text)),
            };
        }
        prop_assert_eq!(by_calamine(&done.bytes), want);

        let (before, after) = (unpacked(&original), unpacked(&done.bytes));
        prop_assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        for (name, part) in &before {
            if name == "xl/worksheets/sheet1.xml" {
                prop_assert_eq!(outline(part, &edits), outline(&after[name], &edits));
            } else {
                prop_assert!(after[name] == *part, "{}", name);
            }
        }
        let reported: Vec<(CellRef, String)> = done.changes.iter().map(|c| (c.cell, c.after.clone())).collect();
        prop_assert_eq!(reported, edits.iter().map(|(at, text)| (*at, kept(text))).collect::<Vec<_>>());

        // Written once more, the same comes out: nothing piles up.
        let again = write::write(&done.bytes, &list, &limits).unwrap();
        prop_assert_eq!(unpacked(&again.bytes), after);
    }
}
