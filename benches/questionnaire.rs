//! What a 300-question workbook costs, each stage beside its floor in the same run: reading and finding beside
//! calamine alone (also with a used range down to the last row), filling beside unzipping the package and copying it raw,
//! and beside openpyxl.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use calamine::{Reader, Xlsx};
use criterion::{Criterion, criterion_group, criterion_main};
use kaitou::export::{FinalAnswer, edits};
use kaitou::matching::{Model, rank};
use kaitou::search::{Analyzer, Dictionary, Index, Lexicon};
use kaitou::workbook::{CellEdit, Limits, MAX_ROW, read, write};
use kaitou::{config, questionnaire, standard, suggestion};

/// The sheet of each workbook here.
const SHEET: &str = "xl/worksheets/sheet1.xml";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

fn reading(c: &mut Criterion) {
    let filled = fixture("bench/300-questions.xlsx");
    measure_reading(c, "300 questions", &filled);
    measure_reading(c, "300 questions, rows painted to the last", &painted_to_the_last_row(&filled));
}

/// What reading and finding cost beside calamine alone, and their ratio.
fn measure_reading(c: &mut Criterion, name: &str, bytes: &[u8]) {
    let limits = Limits::default();
    let calamine = || {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(black_box(bytes))).unwrap();
        book.sheet_names().iter().map(|n| book.worksheet_range(n).unwrap().used_cells().count()).sum::<usize>()
    };
    let workbook = read::read(bytes, &limits).unwrap();
    let find = || questionnaire::find(black_box(&workbook)).unwrap();
    assert_eq!(find().questions.len(), 300);
    let mut group = c.benchmark_group(format!("reading {name}"));
    group.sample_size(10);
    group.bench_function("floor: calamine alone", |b| b.iter(calamine));
    group.bench_function("workbook::read", |b| b.iter(|| read::read(black_box(bytes), &limits).unwrap()));
    group.bench_function("questionnaire::find", |b| b.iter(find));
    group.finish();
    let (floor, finding) = median_times(calamine, find);
    println!("reading {name}: finding takes {:.2} of calamine's own read\n", finding.as_secs_f64() / floor.as_secs_f64());
}

/// The median times of two that take turns, so that whatever else the machine does meets both.
fn median_times<A, B>(one: impl Fn() -> A, other: impl Fn() -> B) -> (Duration, Duration) {
    let time = |run: &dyn Fn()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    let (mut times, begin) = ([Vec::new(), Vec::new()], Instant::now());
    while times[0].len() < 15 || (times[0].len() < 500 && begin.elapsed() < Duration::from_secs(2)) {
        times[0].push(time(&|| drop(black_box(one()))));
        times[1].push(time(&|| drop(black_box(other()))));
    }
    times.iter_mut().for_each(|t| t.sort());
    let [one, other] = times.map(|t| t[t.len() / 2]);
    (one, other)
}

/// The median time of several runs.
fn median_time<T>(run: impl Fn() -> T) -> Duration {
    let (mut times, begin) = (Vec::new(), Instant::now());
    while times.len() < 15 || (times.len() < 500 && begin.elapsed() < Duration::from_secs(1)) {
        let start = Instant::now();
        black_box(run());
        times.push(start.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

/// The workbook with a styled cell in each row down to 1,048,576, and its list reaching as far.
fn painted_to_the_last_row(bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut data = String::new();
        entry.read_to_string(&mut data).unwrap();
        if name == SHEET {
            let rows: String = (302..=MAX_ROW).map(|row| format!(r#"<row r="{row}"><c r="D{row}" s="2"/></row>"#)).collect();
            data = data.replace("</sheetData>", &format!("{rows}</sheetData>")).replace("D2:D301", &format!("D2:D{MAX_ROW}"));
        }
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(data.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn matching(c: &mut Criterion) {
    let limits = Limits::default();
    let sheet = standard::read(&read::read(&fixture("standard-sheet.xlsx"), &limits).unwrap()).unwrap();
    let dictionary = Dictionary::open(&config::default_cache_dir(), None).unwrap();
    let analyzer = Analyzer::new(&dictionary, Lexicon::load(None).unwrap()).unwrap();
    let index = Index::build(&sheet, &[], &analyzer).unwrap();
    let model = Model::built_in().unwrap();
    let found = questionnaire::find(&read::read(&fixture("bench/300-questions.xlsx"), &limits).unwrap()).unwrap();
    assert_eq!(found.questions.len(), 300);
    let mut group = c.benchmark_group("matching 300 questions");
    group.sample_size(20);
    group.bench_function("floor: cutting into words", |b| {
        b.iter(|| found.questions.iter().map(|q| analyzer.terms(&q.text)).map(black_box).count());
    });
    group.bench_function("search, rank and draft", |b| {
        b.iter(|| {
            let asked = index.questionnaire(found.questions.iter().map(|q| (q.text.as_str(), q.section.as_slice())));
            let draft = |(q, a): (&questionnaire::Question, &_)| suggestion::draft(q, &rank(&index.search(a), &model), &sheet, &[]);
            found.questions.iter().zip(&asked).filter_map(draft).count()
        });
    });
    group.finish();
}

fn filling(c: &mut Criterion) {
    let bytes = fixture("bench/300-questions.xlsx");
    let limits = Limits::default();
    let found = questionnaire::find(&read::read(&bytes, &limits).unwrap()).unwrap();
    let answer = FinalAnswer {
        choice: Some("○".to_owned()),
        text: "社内規程にて定め、規程に準じて処理を行っている。".to_owned(),
    };
    let cells: Vec<CellEdit> = found.questions.iter().flat_map(|q| edits(q, &answer)).collect();
    let filled = write::write(&bytes, &cells, &limits).unwrap().bytes;
    println!("filled, {} kB become {} kB", bytes.len() / 1000, filled.len() / 1000);
    let sheet = part(&filled, SHEET);
    let floor = || unzip_and_copy(black_box(&bytes));
    let packing = || unzip_and_pack(black_box(&bytes), &sheet);
    let filling = || write::write(black_box(&bytes), &cells, &limits).unwrap();
    let mut group = c.benchmark_group("filling 300 answers");
    group.bench_function("floor: unzip and copy raw", |b| b.iter(floor));
    group.bench_function("unzip, pack the filled sheet, copy the rest raw", |b| b.iter(packing));
    group.bench_function("unzip and zip again", |b| b.iter(|| rezip(black_box(&bytes))));
    group.bench_function("workbook::write, with its check", |b| b.iter(filling));
    group.finish();
    let (floor, packing, filling) = (median_time(floor), median_time(packing), median_time(filling));
    let of = |other: Duration| filling.as_secs_f64() / other.as_secs_f64();
    println!("filling takes {:.1} of unzipping and copying raw, {:.1} of packing the sheet as well", of(floor), of(packing));
    compare_with_openpyxl("bench/300-questions.xlsx", &cells, filling.as_secs_f64());
}

/// A 50 MB workbook of which one cell is written: all of its rows are in the part that changes.
fn large(c: &mut Criterion) {
    let bytes = large_workbook();
    println!("{} MB", bytes.len() >> 20);
    let limits = Limits { file_bytes: 100 << 20, ..Limits::default() };
    let cells = [CellEdit { sheet: "Sheet1".into(), cell: "B7".parse().unwrap(), text: "実施".into() }];
    let mut group = c.benchmark_group("filling a 50 MB workbook");
    group.sample_size(10);
    group.bench_function("floor: unzip and copy raw", |b| b.iter(|| unzip_and_copy(black_box(&bytes))));
    group.bench_function("workbook::write, with its check", |b| {
        b.iter(|| write::write(black_box(&bytes), &cells, &limits).unwrap())
    });
    group.finish();
}

/// A workbook of about 50 MB: one sheet of 6.6 million numbers, 300 MB unpacked.
fn large_workbook() -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const TIES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let ties = |kind: &str, target: &str| {
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        format!(
            r#"<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{TIES}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let mut sheet = format!(r#"<worksheet xmlns="{MAIN}"><sheetData>"#);
    let (mut row, mut seed) = (0, 1_u32);
    while sheet.len() < 300 << 20 {
        row += 1;
        sheet.push_str(&format!(r#"<row r="{row}" spans="1:12" ht="15">"#));
        for col in 'A'..='L' {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sheet.push_str(&format!(r#"<c r="{col}{row}" s="0"><v>{}</v></c>"#, seed >> 14));
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let book = format!(
        r#"<workbook xmlns="{MAIN}" xmlns:r="{TIES}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in [
        ("_rels/.rels", ties("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", ties("worksheet", "worksheets/sheet1.xml")),
        (SHEET, sheet),
    ] {
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(part.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// Has openpyxl load the workbook, set the same cells and save it, and prints how many times longer that takes.
fn compare_with_openpyxl(name: &str, cells: &[CellEdit], ours: f64) {
    let edits: Vec<_> = cells.iter().map(|e| (&e.sheet, e.cell.to_string(), &e.text)).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = std::process::Command::new("python3");
    python.arg(root.join("benches/openpyxl_fill.py")).arg(root.join("fixtures").join(name));
    python.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let Ok(mut child) = python.spawn() else {
        println!("openpyxl: no python3 here");
        return;
    };
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(&edits).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    match String::from_utf8_lossy(&output.stdout).trim().parse::<f64>() {
        Ok(theirs) => println!("openpyxl (load, set, save): {:.1} ms, {:.0} times as long", theirs * 1e3, theirs / ours),
        Err(_) => println!("openpyxl is not installed for python3 here"),
    }
}

/// What any reader and writer does at least: unpack every part, and copy the packed entries.
fn unzip_and_copy(bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..zip.len() {
        std::io::copy(&mut zip.by_index(i).unwrap(), &mut std::io::sink()).unwrap();
        out.raw_copy_file(zip.by_index_raw(i).unwrap()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// The same for whoever also fills a sheet: it has to be packed anew, here as fast as it can be.
fn unzip_and_pack(bytes: &[u8], sheet: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..zip.len() {
        std::io::copy(&mut zip.by_index(i).unwrap(), &mut std::io::sink()).unwrap();
        if zip.by_index(i).unwrap().name().unwrap() == SHEET {
            out.start_file(SHEET, zip::write::SimpleFileOptions::default().compression_level(Some(1))).unwrap();
            out.write_all(sheet).unwrap();
        } else {
            out.raw_copy_file(zip.by_index_raw(i).unwrap()).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

/// A part, unpacked.
fn part(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut data = Vec::new();
    zip::ZipArchive::new(Cursor::new(bytes)).unwrap().by_name(name).unwrap().read_to_end(&mut data).unwrap();
    data
}

fn rezip(bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        out.start_file(entry.name().unwrap().into_owned(), zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&data).unwrap();
    }
    out.finish().unwrap().into_inner()
}

criterion_group!(benches, reading, matching, filling, large);
criterion_main!(benches);
