//! A standard sheet's items as vectors, and how near a question is to each.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::asked::Asked;
use super::found::{FoundItem, Topic};
use super::past::Past;
use super::tokenizer::Analyzer;
use crate::matching::vectors::{Vectors, dot, shares};
use crate::standard::{Item, StandardSheet};

/// A topic counts as the way from question to item where it carries at least so much of their agreement.
const LEAST_AGREEMENT: f32 = 0.1;
/// The temperatures at which question and item share topics, and at which the question's topics are looked for on the sheet.
const SHARED: f32 = 0.1;
const ON_SHEET: f32 = 0.15;

/// One item.
#[derive(Debug)]
struct ItemMeaning {
    question: Vec<f32>,
    /// Headings and question.
    full: Vec<f32>,
    /// Sentence by sentence: an item that asks for three things is not far from a question that asks for one of them.
    parts: Vec<Vec<f32>>,
    /// Its approved answers, sentence by sentence.
    answers: Vec<Vec<f32>>,
    /// Its own name, the last of its headings.
    name: Vec<f32>,
    /// The square roots of its shares of the topics.
    topics: Vec<f32>,
}

/// All items.
#[derive(Debug)]
pub struct Meaning {
    vectors: Arc<Vectors>,
    items: Vec<ItemMeaning>,
    /// How near the sheet comes to each topic with any of its items or their sentences.
    on_sheet: Vec<f32>,
}

impl Meaning {
    /// The items of `sheet`.
    #[must_use]
    pub fn new(sheet: &StandardSheet, analyzer: &Analyzer) -> Self {
        let vectors = Arc::clone(&analyzer.lexicon().vectors);
        let encode = |text: &str| encode(&vectors, analyzer, text);
        let one = |item: &Item| {
            let full = encode(&format!("{}\n{}", item.section.join("\n"), item.question));
            let parts = parts(&item.question).into_iter().map(encode).collect();
            let answers: BTreeSet<&str> = item.answers.iter().flat_map(|a| sentences(&a.text)).collect();
            ItemMeaning {
                question: encode(&item.question),
                parts,
                answers: answers.into_iter().map(encode).collect(),
                name: item.section.last().map(|n| encode(n)).unwrap_or_default(),
                topics: roots(&vectors.nearness(&full)),
                full,
            }
        };
        let items: Vec<ItemMeaning> = sheet.items.iter().map(one).collect();
        let mut on_sheet = vec![-1.0_f32; vectors.topics().len()];
        for text in items.iter().flat_map(|i| i.parts.iter().chain([&i.question, &i.full])) {
            on_sheet.iter_mut().zip(vectors.nearness(text)).for_each(|(most, n)| *most = most.max(n));
        }
        Self { vectors, items, on_sheet }
    }

    /// Fills in what the vectors say about each item for a question, and returns how near the sheet as a whole comes to the
    /// question's topics.
    pub(super) fn fill<'a>(&'a self, asked: &Asked<'_>, past: &'a Past, items: &mut [FoundItem<'a>]) -> f64 {
        let nearest = past.nearest(&self.vectors, asked);
        let over = self.vectors.encode(asked.over.features());
        let asked = self.vectors.encode_weighted(asked.features());
        let nearness = self.vectors.nearness(&asked);
        let topics = roots(&nearness);
        for (own, found) in self.items.iter().zip(items) {
            found.past = nearest.get(&found.id).copied();
            let near = |a: &[f32], b: &[f32]| f64::from(dot(a, b));
            let signals = &mut found.signals;
            signals.meaning = near(&asked, &own.question);
            signals.meaning_full = near(&asked, &own.full);
            let nearest = |texts: &[Vec<f32>], least: f64| texts.iter().map(|p| near(&asked, p)).fold(least, f64::max);
            signals.meaning_part = nearest(&own.parts, signals.meaning);
            signals.meaning_answer = nearest(&own.answers, 0.0);
            signals.meaning_name = near(&asked, &own.name);
            signals.heading_meaning = near(&over, &own.full);
            signals.topic = near(&topics, &own.topics);
            let both = topics.iter().zip(&own.topics).map(|(a, b)| a * b).enumerate();
            let best = both.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|b| b.1 >= LEAST_AGREEMENT);
            let name = |n: usize| self.vectors.topics().get(n).map(String::as_str);
            found.topic = best.and_then(|(n, share)| name(n).map(|name| Topic { name, share: f64::from(share) }));
        }
        f64::from(dot(&shares(&nearness, ON_SHEET), &self.on_sheet))
    }
}

pub(super) fn encode(vectors: &Vectors, analyzer: &Analyzer, text: &str) -> Vec<f32> {
    vectors.encode(analyzer.terms(text).features())
}

/// The square roots of a text's shares of the topics: the inner product of two such is how far both texts are about the same
/// topics, 0 to 1 (Bhattacharyya).
fn roots(nearness: &[f32]) -> Vec<f32> {
    shares(nearness, SHARED).into_iter().map(f32::sqrt).collect()
}

/// A text's sentences, what stands in brackets, and their clauses alone and by two, where they are long enough to mean something.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for sentence in sentences(text) {
        parts.push(sentence);
        let ends: Vec<usize> = sentence.match_indices(['、', '，', ',', '/', '／']).map(|(at, _)| at).chain([sentence.len()]).collect();
        if ends.len() < 2 {
            continue;
        }
        let mut from = 0;
        for (n, &to) in ends.iter().enumerate() {
            let two = ends.get(n + 1).copied().unwrap_or(to);
            parts.extend([trimmed(&sentence[from..to]), trimmed(&sentence[from..two])]);
            from = to + sentence[to..].chars().next().map_or(0, char::len_utf8);
        }
    }
    parts.retain(|p| p.chars().count() > 3);
    parts
}

/// A text's sentences and what stands in brackets, where they are long enough to mean something.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['。', '\n', '（', '）', '(', ')']).map(trimmed).filter(|p| p.chars().count() > 3)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(['、', '，', ' ', '　', '・'])
}
