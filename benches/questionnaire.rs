//! What a 300-question workbook costs, each stage beside its floor in the same run: reading and finding beside
//! calamine alone (also with a used range down to the last row), filling beside unzipping and zipping the package again.

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
    let (floor, finding) = (median(calamine), median(find));
    println!("reading {name}: finding takes {:.2} of calamine's own read\n", finding.as_secs_f64() / floor.as_secs_f64());
}

/// The median time of several runs.
fn median<T>(run: impl Fn() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..15)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed()
        })
        .collect();
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
        if name == "xl/worksheets/sheet1.xml" {
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
            let draft = |q: &questionnaire::Question| suggestion::draft(q, &rank(&index.search(&q.text, &q.section, 0.0), &model), &sheet, &[]);
            found.questions.iter().filter_map(draft).count()
        });
    });
    group.finish();
}

fn filling(c: &mut Criterion) {
    let bytes = fixture("bench/300-questions.xlsx");
    let limits = Limits::default();
    let found = questionnaire::find(&read::read(&bytes, &limits).unwrap()).unwrap();
    let answer = FinalAnswer { choice: Some("○".to_owned()), text: "社内規程にて定め、規程に準じて処理を行っている。".to_owned() };
    let cells: Vec<CellEdit> = found.questions.iter().flat_map(|q| edits(q, &answer)).collect();
    let mut group = c.benchmark_group("filling 300 answers");
    group.bench_function("floor: unzip and zip again", |b| b.iter(|| rezip(black_box(&bytes))));
    group.bench_function("workbook::write, with its check", |b| b.iter(|| write::write(black_box(&bytes), &cells, &limits).unwrap()));
    group.finish();
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

criterion_group!(benches, reading, matching, filling);
criterion_main!(benches);
