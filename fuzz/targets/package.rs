//! The workbook's own source, and packages around a part that the fuzzer makes up: behind checksums it would never get there.

// Not every target needs all of it.
#![allow(dead_code)]

#[path = "../../src"]
mod source {
    pub mod workbook;
}

pub use source::workbook;

use std::io::{Cursor, Read, Write};
use std::time::Duration;

use workbook::{CellEdit, CellRef, Limits, Workbook, read, write};

/// Small, so that a case that reaches one is a fast one.
pub fn limits() -> Limits {
    Limits {
        file_bytes: 1 << 20,
        unpacked_bytes: 16 << 20,
        cells: 100_000,
        text_bytes: 4 << 20,
        time: Duration::from_secs(5),
        ..Limits::default()
    }
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const TIES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The parts that a case can be.
pub const PARTS: [&str; 8] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/calcChain.xml",
    "xl/worksheets/_rels/sheet1.xml.rels",
    "xl/tables/table1.xml",
];

/// A workbook in which `part` is `content`.
pub fn package(part: &str, content: &[u8]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in &plain_parts() {
        out.start_file(*name, stored()).expect("in memory");
        out.write_all(if *name == part { content } else { text.as_bytes() }).expect("in memory");
    }
    out.finish().expect("in memory").into_inner()
}

/// A workbook whose worksheet is packed as `packed`: a deflate stream, if a whole one.
pub fn package_of_packed(packed: &[u8]) -> Vec<u8> {
    let mut sheet = Vec::new();
    let most = 1 << 20;
    // What does not unpack is a damaged part, which the directory claims to be empty.
    if flate2::read::DeflateDecoder::new(packed).take(most).read_to_end(&mut sheet).is_err() {
        sheet.clear();
    }
    let mut file = package(PARTS[0], packed);
    // It stands there as stored: the headers are told what it is.
    let number = |n: usize| u32::try_from(n).expect("small").to_le_bytes();
    let crc = crc32fast::hash(&sheet).to_le_bytes();
    let name = PARTS[0].as_bytes();
    let places: Vec<usize> = memchr::memmem::find_iter(&file, name).collect();
    for (place, signature, before) in places.iter().flat_map(|&p| [(p, b"PK\x03\x04", 30), (p, b"PK\x01\x02", 46)]) {
        let Some(header) = place.checked_sub(before).filter(|&h| file[h..].starts_with(signature)) else { continue };
        // Method, checksum and unpacked size.
        let shift = if before == 30 { 0 } else { 2 };
        file[header + 8 + shift..][..2].copy_from_slice(&8_u16.to_le_bytes());
        file[header + 14 + shift..][..4].copy_from_slice(&crc);
        file[header + 22 + shift..][..4].copy_from_slice(&number(sheet.len()));
    }
    file
}

/// Writes into one cell: what is written must be read back with nothing else changed, and the exporter's own check must never
/// have to step in.
pub fn write_into(file: &[u8], [row, col, text]: [u8; 3], limits: &Limits) {
    let cell = CellRef::new(u32::from(row) % 40 + 1, u32::from(col) % 30 + 1);
    let text = TEXTS[usize::from(text) % TEXTS.len()];
    let edit = CellEdit { sheet: "S".to_owned(), cell, text: text.to_owned() };
    let layout = if row >= 0x80 { write::Layout::Fit } else { write::Layout::Keep };
    match write::write_as(file, &[edit], layout, limits) {
        Err(write::WriteError::Check(why)) => panic!("the check had to step in: {why}"),
        Err(_) => {}
        Ok(done) => {
            let (before, after) = (read::read(file, limits), read::read(&done.bytes, limits));
            if let (Ok(before), Ok(after)) = (before, after) {
                let sheet = after.sheet("S").expect("it was written to");
                assert_eq!(sheet.text(cell), text);
                let texts = |book: &Workbook| -> Vec<_> {
                    let cells =
                        book.sheets.iter().flat_map(|s| s.cells.iter().map(move |(at, c)| (s.name.clone(), *at, c.text.clone())));
                    cells.filter(|(_, at, text)| *at != cell && !text.is_empty()).collect()
                };
                assert_eq!(texts(&before), texts(&after));
            }
        }
    }
}

const TEXTS: [&str; 4] = ["=1 <回答> & \"実\" _x0041_", "", "a\nb", "]]>"];

fn stored() -> zip::write::SimpleFileOptions {
    zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)
}

fn plain_parts() -> [(&'static str, String); 10] {
    let tie = |n: u32, kind: &str, to: &str| format!("<Relationship Id=\"r{n}\" Type=\"{TIES}/{kind}\" Target=\"{to}\"/>");
    let ties = |inside: String| format!("<Relationships>{inside}</Relationships>");
    [        ("_rels/.rels", ties(tie(1, "officeDocument", "xl/workbook.xml"))),
        ("[Content_Types].xml", "<Types><Override PartName=\"/xl/calcChain.xml\"/></Types>".to_owned()),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "<worksheet xmlns=\"{MAIN}\"><sheetData><row r=\"1\"><c r=\"A1\" s=\"1\" t=\"s\"><v>0</v></c><c r=\"B1\"><f>A1</f></c></row></sheetData></worksheet>"
            ),
        ),
        ("xl/sharedStrings.xml", "<sst><si><t>a</t></si></sst>".to_owned()),
        ("xl/styles.xml", "<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>".to_owned()),
        (
            "xl/workbook.xml",
            format!("<workbook xmlns:r=\"{TIES}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            ties(
                [
                    tie(1, "worksheet", "worksheets/sheet1.xml"),
                    tie(2, "sharedStrings", "sharedStrings.xml"),
                    tie(3, "styles", "styles.xml"),
                    tie(4, "calcChain", "calcChain.xml"),
                ]
                .concat(),
            ),
        ),
        ("xl/calcChain.xml", "<calcChain><c r=\"B1\" i=\"1\"/></calcChain>".to_owned()),
        ("xl/worksheets/_rels/sheet1.xml.rels", ties(tie(1, "table", "../tables/table1.xml"))),
        ("xl/tables/table1.xml", "<table ref=\"E1:F3\"/>".to_owned()),
    ]
}
