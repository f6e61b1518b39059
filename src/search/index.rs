//! The tantivy index of a standard sheet, in memory, and how it is read for a question.
//!
//! A sheet has tens or hundreds of items and *every* one is judged for every question, so no top ten is cut here. tantivy
//! tokenizes, stores the postings and the lengths, and its BM25 gives each term's score in each item; these scores are read
//! out once when the index is built, so that a question costs one look-up a term.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tantivy::directory::RamDirectory;
use tantivy::postings::Postings as _;
use tantivy::query::Bm25Weight;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{DocSet as _, SegmentReader, TERMINATED, TantivyDocument};

use super::asked::{self, Asked, small};
use super::facets::Facets;
use super::found::{Found, FoundItem, Meeting, Signals};
use super::meaning::Meaning;
use super::past::Past;
use super::tokenizer::{Analyzer, FieldTokenizer, Term, Terms, Way};
use crate::matching::Decision;
use crate::standard::StandardSheet;
use crate::text::{dice, normalize, pair_set};

/// tantivy could not build the index: a fault in this program or not enough memory, never the sheet's.
#[derive(Debug, thiserror::Error)]
#[error("検索索引を作れません（{0}）。")]
pub struct IndexError(#[from] tantivy::TantivyError);

impl From<std::io::Error> for IndexError {
    fn from(e: std::io::Error) -> Self {
        Self(e.into())
    }
}

/// Memory for building: a sheet of ten thousand items needs a few megabytes.
const BUILD_BYTES: usize = 50_000_000;

/// A term in one item.
#[derive(Debug)]
struct Posting {
    item: usize,
    score: f64,
}

/// How an item spells a concept.
#[derive(Debug)]
struct Spelling {
    text: String,
    normalized: String,
}

/// All terms of one field.
#[derive(Debug, Default)]
struct FieldScores {
    terms: FxHashMap<String, Vec<Posting>>,
}

impl FieldScores {
    fn of(&self, term: &str) -> &[Posting] {
        self.terms.get(term).map_or(&[], Vec::as_slice)
    }

    /// Adds each term's score to each item that holds it, times the term's weight.
    fn add(&self, terms: &[Term], weights: &[f64], scores: &mut [f64]) {
        for (term, weight) in terms.iter().zip(weights) {
            for posting in self.of(&term.text) {
                scores[posting.item] += weight * posting.score;
            }
        }
    }

    /// How rare the term is: BM25's inverse document frequency.
    fn rarity(&self, term: &str, items: usize) -> f64 {
        let (with, all) = (small(self.of(term).len()), small(items));
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }
}

/// The fields of the tantivy index.
#[derive(Debug, Clone, Copy)]
enum Part {
    Words,
    Concepts,
    Pairs,
    Answer,
}

const PARTS: [(Part, &str, Way); 4] = [
    (Part::Words, "words", Way::Words),
    (Part::Concepts, "concepts", Way::Concepts),
    (Part::Pairs, "pairs", Way::Pairs),
    (Part::Answer, "answer", Way::Words),
];

/// A standard sheet, ready to be asked, with what is known from the past. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Index {
    sheet: Arc<Sheet>,
    past: Arc<Past>,
}

/// The standard sheet's part.
#[derive(Debug)]
struct Sheet {
    analyzer: Analyzer,
    meaning: Meaning,
    /// Id, and whether answered per service.
    items: Vec<(u32, bool)>,
    fields: [FieldScores; 4],
    /// Concept → item → how the item spells it.
    spellings: FxHashMap<String, FxHashMap<usize, Spelling>>,
    /// The summed rarity of each item's words.
    weights: Vec<f64>,
    /// Who and what stands in each item's headings and question, and in these and its answers.
    facets: Vec<[Facets; 2]>,
    /// Each item's question as pairs of characters, and its own name (the last of its headings), normalized.
    wordings: Vec<(Vec<u64>, String)>,
}

impl Index {
    /// Builds the index of `sheet`, with `past` decisions about earlier questions.
    ///
    /// # Errors
    /// [`IndexError`], which is no fault of the sheet.
    pub fn build(sheet: &StandardSheet, past: &[Decision], analyzer: &Analyzer) -> Result<Self, IndexError> {
        let mut learned = Past::default();
        past.iter().for_each(|d| learned.remember(d, analyzer));
        Ok(Self { sheet: Arc::new(Sheet::build(sheet, analyzer)?), past: Arc::new(learned) })
    }

    /// The same sheet with another past.
    #[must_use]
    pub fn with_past(&self, past: Arc<Past>) -> Self {
        Self { sheet: Arc::clone(&self.sheet), past }
    }

    /// Reads a questionnaire's questions (text and headings, in their order) as what they are among each other, ready to be
    /// searched for: who it is about, and which words say little in it because most of its questions have them.
    #[must_use]
    pub fn questionnaire<'q>(&self, questions: impl Iterator<Item = (&'q str, &'q [String])>) -> Vec<Asked<'q>> {
        asked::questionnaire(&self.sheet.analyzer, questions)
    }

    /// What is found for a question.
    #[must_use]
    pub fn search<'a>(&'a self, asked: &'a Asked<'a>) -> Found<'a> {
        self.sheet.search(asked, &self.past)
    }
}

impl Sheet {
    fn build(sheet: &StandardSheet, analyzer: &Analyzer) -> Result<Self, IndexError> {
        let mut schema = Schema::builder();
        let fields = PARTS.map(|(_, name, _)| {
            let indexing = TextFieldIndexing::default().set_tokenizer(name).set_index_option(IndexRecordOption::WithFreqs);
            schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
        });
        let tokenizers = TokenizerManager::new();
        for (_, name, way) in PARTS {
            tokenizers.register(name, FieldTokenizer { analyzer: analyzer.clone(), way });
        }
        let builder = tantivy::Index::builder().schema(schema.build()).tokenizers(tokenizers);
        let mut writer = builder.single_segment_index_writer(RamDirectory::create(), BUILD_BYTES)?;
        let mut spellings: FxHashMap<String, FxHashMap<usize, Spelling>> = FxHashMap::default();
        for (place, item) in sheet.items.iter().enumerate() {
            let title = item.section.join("\n");
            let full = format!("{title}\n{}", item.question);
            let mut answers: Vec<&str> = item.answers.iter().map(|a| a.text.as_str()).collect();
            answers.dedup();
            let mut document = TantivyDocument::default();
            for ((part, ..), field) in PARTS.iter().zip(fields) {
                match part {
                    Part::Words | Part::Concepts | Part::Pairs => document.add_text(field, &full),
                    Part::Answer => document.add_text(field, answers.join("\n")),
                }
            }
            writer.add_document(document)?;
            for concept in analyzer.terms(&full).concepts {
                let text = full[concept.from..concept.to].to_owned();
                let normalized = normalize(&text);
                spellings.entry(concept.text).or_default().entry(place).or_insert(Spelling { text, normalized });
            }
        }
        let searcher = writer.finalize()?.reader()?.searcher();
        let mut scores: [FieldScores; 4] = Default::default();
        // No segment where there is no item; else one, in which an item's document id is its place.
        for segment in searcher.segment_readers() {
            for (score, field) in scores.iter_mut().zip(fields) {
                *score = read_out(segment, field)?;
            }
        }
        let mut weights = vec![0.0; sheet.items.len()];
        for (term, postings) in &scores[Part::Words as usize].terms {
            let rarity = scores[Part::Words as usize].rarity(term, sheet.items.len());
            postings.iter().for_each(|p| weights[p.item] += rarity);
        }
        let items = sheet.items.iter().map(|i| (i.id, i.answers.iter().any(|a| a.service.is_some()))).collect();
        Ok(Self {
            analyzer: analyzer.clone(),
            meaning: Meaning::new(sheet, analyzer),
            items,
            fields: scores,
            spellings,
            weights,
            facets: sheet.items.iter().map(|i| facets(i, analyzer)).collect(),
            wordings: sheet.items.iter().map(wording).collect(),
        })
    }

    fn search<'a>(&'a self, asked: &'a Asked<'a>, past: &'a Past) -> Found<'a> {
        let (question, terms, over) = (asked.question, &asked.terms, &asked.over);
        let even = vec![1.0; over.words.len().max(over.concepts.len()).max(over.pairs.len())];
        let sum = |part: Part, terms: &[Term], weights: &[f64]| {
            let mut scores = vec![0.0; self.items.len()];
            self.fields[part as usize].add(terms, weights, &mut scores);
            scores
        };
        let words = sum(Part::Words, &terms.words, asked.word_weights());
        let concepts = sum(Part::Concepts, &terms.concepts, asked.concept_weights());
        let pairs = sum(Part::Pairs, &terms.pairs, asked.pair_weights());
        let answer = sum(Part::Answer, &terms.words, asked.word_weights());
        let heading_words = sum(Part::Words, &over.words, &even);
        let heading_concepts = sum(Part::Concepts, &over.concepts, &even);
        let heading_pairs = sum(Part::Pairs, &over.pairs, &even);
        let mut items: Vec<FoundItem<'a>> =
            self.items.iter().map(|&(id, per_service)| FoundItem { id, per_service, ..FoundItem::default() }).collect();
        for (place, item) in items.iter_mut().enumerate() {
            let signals = &mut item.signals;
            (signals.words, signals.concepts, signals.pairs) = (words[place], concepts[place], pairs[place]);
            signals.answer = answer[place];
            signals.heading_words = heading_words[place];
            signals.heading_concepts = heading_concepts[place];
            signals.heading_pairs = heading_pairs[place];
        }
        self.cover(terms, question, &mut items);
        for (item, own) in items.iter_mut().zip(&self.facets) {
            compare(&asked.facets, own, &mut item.signals);
        }
        let on_sheet = self.meaning.fill(asked, past, &mut items);
        let normalized = normalize(question);
        let pairs = pair_set(&normalized);
        for (item, (own, name)) in items.iter_mut().zip(&self.wordings) {
            item.signals.likeness = if *name == normalized { 1.0 } else { dice(&pairs, own) };
        }
        Found {
            items,
            terms: terms.words.len() + terms.concepts.len(),
            length: question.chars().count(),
            scope: asked.scope,
            around: asked.around,
            parties: asked.facets.parties.count_ones() as usize,
            acts: asked.facets.acts.count_ones() as usize,
            on_sheet,
            negated: crate::questionnaire::polarity::is_turned(question),
            past: past.alike(&normalized, &pairs, &asked.heading),
            parts: asked.parts.iter().map(|p| (p.question, self.search(p, past))).collect(),
        }
    }

    /// Fills in coverage and meetings: which of the question's words stand in the item, as such or through a synonym.
    fn cover<'a>(&'a self, asked: &Terms, question: &'a str, items: &mut [FoundItem<'a>]) {
        let words = &self.fields[Part::Words as usize];
        let concepts = &self.fields[Part::Concepts as usize];
        let mut total = 0.0;
        let mut last = vec![usize::MAX; items.len()];
        for (n, word) in asked.words.iter().enumerate() {
            let rarity = words.rarity(&word.text, items.len());
            total += rarity;
            for posting in words.of(&word.text) {
                let item = &mut items[posting.item];
                last[posting.item] = n;
                item.signals.coverage += rarity;
                item.signals.covered += rarity;
                let here = &question[word.from..word.to];
                item.meetings.push(Meeting { here, there: here, weight: posting.score, synonym: false });
            }
            let through = |c: &&Term| c.from < word.to && word.from < c.to;
            for posting in asked.concepts.iter().filter(through).flat_map(|c| concepts.of(&c.text)) {
                if last[posting.item] != n {
                    last[posting.item] = n;
                    items[posting.item].signals.coverage += rarity;
                }
            }
        }
        for concept in &asked.concepts {
            let here = &question[concept.from..concept.to];
            let (Some(spellings), normalized) = (self.spellings.get(&concept.text), normalize(here)) else { continue };
            for posting in concepts.of(&concept.text) {
                let Some(there) = spellings.get(&posting.item) else { continue };
                let synonym = normalized != there.normalized;
                items[posting.item].meetings.push(Meeting { here, there: &there.text, weight: posting.score, synonym });
            }
        }
        for (item, weight) in items.iter_mut().zip(&self.weights) {
            item.signals.coverage = if total > 0.0 { item.signals.coverage / total } else { 0.0 };
            item.signals.covered = if *weight > 0.0 { (item.signals.covered / weight).min(1.0) } else { 0.0 };
        }
    }
}

/// Who and what stands in an item's headings and question, and in these and its answers.
fn facets(item: &crate::standard::Item, analyzer: &Analyzer) -> [Facets; 2] {
    let full = format!("{}\n{}", item.question, item.section.join("\n"));
    let answers = item.answers.iter().map(|a| a.text.as_str());
    let all = std::iter::once(full.as_str()).chain(answers).collect::<Vec<_>>().join("\n");
    [full, all].map(|text| analyzer.lexicon().facets(&normalize(&text)))
}

/// Fills in how far an item is about the same parties as the question, and whether it does what that wants done.
fn compare(asked: &Facets, [own, with_answers]: &[Facets; 2], signals: &mut Signals) {
    let count = |bits: u64| f64::from(bits.count_ones());
    signals.party_missing = count(asked.parties & !with_answers.parties);
    signals.party_other = count(own.parties & !asked.parties);
    signals.party_shared = count(own.parties & asked.parties);
    signals.act = count(asked.last & own.acts);
    signals.act_answer = count(asked.last & with_answers.acts);
}

/// An item's question as pairs of characters, and its name; no name where its last heading is shared by all that stands below.
fn wording(item: &crate::standard::Item) -> (Vec<u64>, String) {
    (pair_set(&normalize(&item.question)), item.section.last().map_or_else(String::new, |n| normalize(n)))
}

/// The BM25 score of every term of `field` in every item that holds it.
fn read_out(segment: &SegmentReader, field: Field) -> Result<FieldScores, IndexError> {
    let inverted = segment.inverted_index(field)?;
    let norms = segment.get_fieldnorms_reader(field)?;
    let documents = u64::from(segment.max_doc());
    #[allow(clippy::cast_precision_loss)] // a mean length
    let mean = inverted.total_num_tokens() as f32 / documents as f32;
    let mut scores = FieldScores::default();
    let mut stream = inverted.terms().stream()?;
    while let Some((term, info)) = stream.next() {
        let weight = Bm25Weight::for_one_term_without_explain(u64::from(info.doc_freq), documents, mean);
        let mut postings = inverted.read_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?;
        let mut list = Vec::new();
        while postings.doc() != TERMINATED {
            let item = postings.doc();
            let score = weight.score(norms.fieldnorm_id(item), postings.term_freq());
            list.push(Posting { item: item as usize, score: f64::from(score) });
            postings.advance();
        }
        scores.terms.insert(String::from_utf8_lossy(term).into_owned(), list);
    }
    Ok(scores)
}
