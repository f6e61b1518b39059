//! The workbook's own source, and packages around a part that the fuzzer makes up: behind checksums it would never get there.

#[path = "../../src/workbook.rs"]
#[allow(dead_code)]
pub mod workbook;

use std::io::{Cursor, Write};
use std::time::Duration;

use workbook::Limits;

/// Small, so that a case that reaches one is a fast one.
pub fn limits() -> Limits {
    Limits { file_bytes: 1 << 20, unpacked_bytes: 16 << 20, cells: 100_000, text_bytes: 4 << 20, time: Duration::from_secs(5), ..Limits::default() }
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
    let tie = |n: u32, kind: &str, to: &str| format!("<Relationship Id=\"r{n}\" Type=\"{TIES}/{kind}\" Target=\"{to}\"/>");
    let ties = |inside: String| format!("<Relationships>{inside}</Relationships>");
    let plain = [
        ("_rels/.rels", ties(tie(1, "officeDocument", "xl/workbook.xml"))),
        ("[Content_Types].xml", "<Types><Override PartName=\"/xl/calcChain.xml\"/></Types>".to_owned()),
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{MAIN}\"><sheetData><row r=\"1\"><c r=\"A1\" s=\"1\" t=\"s\"><v>0</v></c><c r=\"B1\"><f>A1</f></c></row></sheetData></worksheet>")),
        ("xl/sharedStrings.xml", "<sst><si><t>a</t></si></sst>".to_owned()),
        ("xl/styles.xml", "<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/></cellXfs></styleSheet>".to_owned()),
        ("xl/workbook.xml", format!("<workbook xmlns:r=\"{TIES}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>")),
        (
            "xl/_rels/workbook.xml.rels",
            ties([tie(1, "worksheet", "worksheets/sheet1.xml"), tie(2, "sharedStrings", "sharedStrings.xml"), tie(3, "styles", "styles.xml"), tie(4, "calcChain", "calcChain.xml")].concat()),
        ),
        ("xl/calcChain.xml", "<calcChain><c r=\"B1\" i=\"1\"/></calcChain>".to_owned()),
        ("xl/worksheets/_rels/sheet1.xml.rels", ties(tie(1, "table", "../tables/table1.xml"))),
        ("xl/tables/table1.xml", "<table ref=\"E1:F3\"/>".to_owned()),
    ];
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in &plain {
        out.start_file(*name, options).expect("in memory");
        out.write_all(if *name == part { content } else { text.as_bytes() }).expect("in memory");
    }
    out.finish().expect("in memory").into_inner()
}
