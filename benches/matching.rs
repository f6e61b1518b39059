//! What matching costs a question, on one thread, start-up apart: on the 67 items of the sample sheet, and with a library of
//! 100,000 past questions; each beside a plain tantivy BM25 search over the same texts in the same run. Prints medians and 95th
//! percentiles in microseconds, the ratio to plain BM25, and the process's resident memory.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use kaitou::matching::{Decision, Model, rank};
use kaitou::search::tokenizer::{FieldTokenizer, Way};
use kaitou::search::{Analyzer, Dictionary, Index, Lexicon};
use kaitou::workbook::{Limits, read};
use kaitou::{config, standard};
use tantivy::TantivyDocument;
use tantivy::collector::TopDocs;
use tantivy::directory::RamDirectory;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;

const QUESTIONS: usize = 1_000;
const LIBRARY: usize = 100_000;

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The field `name` of every line of a JSON Lines file.
fn column(path: &str, name: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(root(path)).unwrap();
    text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()[name].clone()).collect()
}

fn main() {
    let start = Instant::now();
    let dictionary = Dictionary::open(&config::default_cache_dir(), None).unwrap();
    let analyzer = Analyzer::new(&dictionary, Lexicon::load(None).unwrap()).unwrap();
    let sheet = std::fs::read(root("fixtures/standard-sheet.xlsx")).unwrap();
    let sheet = standard::read(&read::read(&sheet, &Limits::default()).unwrap()).unwrap();
    let index = Index::build(&sheet, &[], &analyzer).unwrap();
    println!("start-up with the built dictionary: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    println!("resident memory: {} MB, of which mapped from files {} MB", memory("VmRSS"), memory("RssFile"));

    let questions = column("fixtures/matching/labelled.questions.jsonl", "question");
    let questions: Vec<String> = questions.iter().take(QUESTIONS).map(|q| q.as_str().unwrap().to_owned()).collect();
    assert_eq!(questions.len(), QUESTIONS);
    let items: Vec<String> = sheet.items.iter().map(|i| format!("{}\n{}", i.section.join("\n"), i.question)).collect();
    let floor = plain("plain tantivy BM25, 67 items", &items, &questions, &analyzer);
    ours("kaitou, 67 items", &index, &questions, floor);

    let past = library(&sheet.items.iter().map(|i| i.id).collect::<Vec<_>>());
    let texts: Vec<String> = past.iter().map(|d| d.question.clone()).collect();
    let floor = plain("plain tantivy BM25, 100,000 past questions", &texts, &questions, &analyzer);
    let start = Instant::now();
    let index = Index::build(&sheet, &past, &analyzer).unwrap();
    println!("learning 100,000 past questions: {:.1} s", start.elapsed().as_secs_f64());
    ours("kaitou, 67 items and 100,000 past questions", &index, &questions, floor);
    println!("resident memory: {} MB, of which mapped from files {} MB", memory("VmRSS"), memory("RssFile"));
}

/// Past questions: the bank's ways of asking, each with different openings and endings, and some item for each.
fn library(items: &[u32]) -> Vec<Decision> {
    let asks: Vec<String> = ["iso27001-controls", "services-and-contracts"]
        .iter()
        .flat_map(|name| column(&format!("index/topics/{name}.jsonl"), "asks"))
        .flat_map(|asks| asks.as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect::<Vec<_>>())
        .collect();
    let openings = ["", "貴社では、", "本サービスについて、", "委託業務に関し、", "当該システムにおいて、", "過去1年間に、", "海外拠点を含め、", "【必須】"];
    let one = |n: usize| Decision {
        question: format!("{}{}", openings[n / asks.len() % openings.len()], asks[n % asks.len()]),
        section: String::new(),
        items: vec![items[n % asks.len() % items.len()]],
    };
    (0..LIBRARY).map(one).collect()
}

fn ours(name: &str, index: &Index, questions: &[String], floor: Duration) {
    let model = Model::built_in().unwrap();
    let ask = |question: &String| {
        let asked = index.questionnaire(std::iter::once((question.as_str(), &[][..])));
        black_box(rank(&index.search(&asked[0]), &model));
    };
    let median = measure(name, questions, ask);
    println!("  ratio of the medians: {:.1}", median.as_secs_f64() / floor.as_secs_f64());
}

/// The ten best of `texts` by tantivy's BM25 over the same words.
fn plain(name: &str, texts: &[String], questions: &[String], analyzer: &Analyzer) -> Duration {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer("words").set_index_option(IndexRecordOption::WithFreqs);
    let field: Field = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let tokenizers = TokenizerManager::new();
    tokenizers.register("words", FieldTokenizer { analyzer: analyzer.clone(), way: Way::Words });
    let builder = tantivy::Index::builder().schema(schema.build()).tokenizers(tokenizers);
    let mut writer = builder.single_segment_index_writer(RamDirectory::create(), 200_000_000).unwrap();
    for text in texts {
        let mut document = TantivyDocument::default();
        document.add_text(field, text);
        writer.add_document(document).unwrap();
    }
    let searcher = writer.finalize().unwrap().reader().unwrap().searcher();
    measure(name, questions, |question| {
        let term = |t: &kaitou::search::tokenizer::Term| tantivy::Term::from_field_text(field, &t.text);
        let clause = |t| (Occur::Should, Box::new(TermQuery::new(term(t), IndexRecordOption::WithFreqs)) as Box<dyn Query>);
        let query = BooleanQuery::new(analyzer.terms(question).words.iter().map(clause).collect());
        black_box(searcher.search(&query, &TopDocs::with_limit(10).order_by_score()).unwrap());
    })
}

/// Asks each question once to warm up and once for the clock; returns the median.
fn measure(name: &str, questions: &[String], ask: impl Fn(&String)) -> Duration {
    questions.iter().for_each(&ask);
    let mut times: Vec<Duration> = questions
        .iter()
        .map(|question| {
            let start = Instant::now();
            ask(question);
            start.elapsed()
        })
        .collect();
    times.sort();
    let (median, late) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!("{name}: p50 {:.0} µs, p95 {:.0} µs", median.as_secs_f64() * 1e6, late.as_secs_f64() * 1e6);
    median
}

/// A line of Linux's account of this process, in MB; 0 elsewhere.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':')?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    value.unwrap_or(0) / 1024
}
