//! Writing: the part is the case's own but for its first four bytes: which part, row, column, text. What is written must be
//! read back, and the exporter's own check must never have to step in.
#![no_main]

mod package;

use libfuzzer_sys::fuzz_target;
use package::workbook::{CellEdit, CellRef, read, write};
use package::{PARTS, limits, package};

const TEXTS: [&str; 4] = ["=1 <回答> & \"実\" _x0041_", "", "a\nb", "]]>"];

fuzz_target!(|data: &[u8]| {
    let [part, row, col, text, content @ ..] = data else { return };
    let file = package(PARTS[usize::from(*part) % PARTS.len()], content);
    let cell = CellRef::new(u32::from(*row) % 40 + 1, u32::from(*col) % 30 + 1);
    let text = TEXTS[usize::from(*text) % TEXTS.len()];
    let edit = CellEdit { sheet: "S".to_owned(), cell, text: text.to_owned() };
    match write::write(&file, &[edit], &limits()) {
        Err(write::WriteError::Check(why)) => panic!("the check had to step in: {why}"),
        Err(_) => {}
        Ok(done) => {
            let before = read::read(&file, &limits());
            let after = read::read(&done.bytes, &limits());
            if let (Ok(before), Ok(after)) = (before, after) {
                let sheet = after.sheet("S").expect("it was written to");
                assert_eq!(sheet.text(cell), text);
                let texts = |book: &package::workbook::Workbook| -> Vec<_> {
                    let cells = book.sheets.iter().flat_map(|s| s.cells.iter().map(move |(at, c)| (s.name.clone(), *at, c.text.clone())));
                    cells.filter(|(_, at, text)| *at != cell && !text.is_empty()).collect()
                };
                assert_eq!(texts(&before), texts(&after));
            }
        }
    }
});
