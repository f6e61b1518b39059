//! Writing: the part is the case's own but for its first four bytes: which part, row, column, text. A part number of 128 and
//! more has the parts unpacked anew for each pass, as large ones are.
#![no_main]

mod package;

use libfuzzer_sys::fuzz_target;
use package::workbook::Limits;
use package::{PARTS, limits, package, write_into};

fuzz_target!(|data: &[u8]| {
    let [part, row, col, text, content @ ..] = data else { return };
    let file = package(PARTS[usize::from(*part) % PARTS.len()], content);
    let held_bytes = if *part >= 0x80 { 0 } else { limits().held_bytes };
    write_into(&file, [*row, *col, *text], &Limits { held_bytes, ..limits() });
});
