//! Writing into a worksheet that is taken for a large one, so that the blocks of its deflate stream stay as they are where
//! nothing is written. The stream is the case's own but for its first three bytes: row, column, text.
#![no_main]

mod package;

use libfuzzer_sys::fuzz_target;
use package::workbook::Limits;
use package::{limits, package_of_packed, write_into};

fuzz_target!(|data: &[u8]| {
    let [row, col, text, packed @ ..] = data else { return };
    write_into(&package_of_packed(packed), [*row, *col, *text], &Limits { held_bytes: 0, ..limits() });
});
