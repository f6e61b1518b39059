//! Reading: whatever the bytes, an answer or a reason, and no panic. A case that begins with `PK` is a whole file; else its
//! first byte says which part of a workbook the rest is.
#![no_main]

mod package;

use libfuzzer_sys::fuzz_target;
use package::{PARTS, limits, package, workbook::read};

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"PK") {
        let _ = read::read(data, &limits());
    } else if let [part, content @ ..] = data {
        let _ = read::read(&package(PARTS[usize::from(*part) % PARTS.len()], content), &limits());
    }
});
