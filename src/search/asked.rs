//! A question as it stands in its questionnaire.
//!
//! The same words say more in one questionnaire than in another: where every line begins with 「クラウド事業者は」, these words tell
//! no question from the next. So a term weighs the less the more of the questionnaire's questions have it.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::facets::Facets;
use super::lexicon::Lexicon;
use super::tokenizer::{Analyzer, Term, Terms};
use crate::questionnaire::asks::asks;
use crate::text::normalize;

/// So many questions before and after one tell what the questionnaire is about.
const AROUND: usize = 10;
/// In fewer questions than this it is chance which words are shared.
const ENOUGH: usize = 8;
/// A term that stands in all questions weighs one part in so many and one more.
const COMMON: f64 = 5.0;

/// A question, cut and weighed; made by [`super::Index::questionnaire`].
#[derive(Debug)]
pub struct Asked<'q> {
    /// Its text.
    pub question: &'q str,
    /// The headings over it, in one text.
    pub heading: String,
    /// Whom it is about: −1 the company and its people, +1 a service for customers.
    pub scope: f64,
    /// The same of the questions before and after it, itself included.
    pub around: f64,
    /// Who stands in it, and what is to be done.
    pub(super) facets: Facets,
    pub(super) terms: Terms,
    /// The headings' terms: most questions stand under the same as the one before.
    pub(super) over: Arc<Terms>,
    /// A weight for each of the terms: words, then concepts, then pairs.
    weights: Vec<f64>,
    /// Each of the questions, where there are several in it.
    pub(super) parts: Vec<Asked<'q>>,
}

impl Asked<'_> {
    pub(super) fn word_weights(&self) -> &[f64] {
        &self.weights[..self.terms.words.len()]
    }

    pub(super) fn concept_weights(&self) -> &[f64] {
        &self.weights[self.terms.words.len()..self.terms.words.len() + self.terms.concepts.len()]
    }

    pub(super) fn pair_weights(&self) -> &[f64] {
        &self.weights[self.terms.words.len() + self.terms.concepts.len()..]
    }

    /// The question's features with their weights.
    pub(super) fn features(&self) -> impl Iterator<Item = (&str, f64)> {
        self.terms.features().zip(self.weights.iter().copied())
    }
}

/// See [`super::Index::questionnaire`].
pub(super) fn questionnaire<'q>(analyzer: &Analyzer, questions: impl Iterator<Item = (&'q str, &'q [String])>) -> Vec<Asked<'q>> {
    let mut headings: HashMap<&'q [String], Arc<Terms>> = HashMap::new();
    let one = |(question, section): (&'q str, &'q [String])| {
        let heading = section.join("\n");
        let scope = scope(analyzer.lexicon(), question, &heading);
        let terms = analyzer.terms(question);
        let facets = analyzer.lexicon().facets(&normalize(question));
        let over = Arc::clone(headings.entry(section).or_insert_with(|| Arc::new(analyzer.terms(&heading))));
        let part = |text: &'q str| Asked {
            question: text,
            heading: heading.clone(),
            scope: self::scope(analyzer.lexicon(), text, &heading),
            around: 0.0,
            facets: analyzer.lexicon().facets(&normalize(text)),
            terms: analyzer.terms(text),
            over: Arc::clone(&over),
            weights: Vec::new(),
            parts: Vec::new(),
        };
        let parts = asks(question).into_iter().map(part).collect();
        Asked { question, heading, scope, around: 0.0, facets, terms, over, weights: Vec::new(), parts }
    };
    let mut all: Vec<Asked<'q>> = questions.map(one).collect();
    let scopes: Vec<f64> = all.iter().map(|a| a.scope).collect();
    for (n, asked) in all.iter_mut().enumerate() {
        let near = &scopes[n.saturating_sub(AROUND)..scopes.len().min(n + AROUND + 1)];
        asked.around = near.iter().sum::<f64>() / small(near.len());
        asked.parts.iter_mut().for_each(|p| p.around = asked.around);
    }
    weigh(&mut all);
    all
}

/// Weighs each question's terms by how many of the questions have them.
fn weigh(all: &mut [Asked<'_>]) {
    let count = all.len();
    let fields: [fn(&Terms) -> &[Term]; 3] = [|t| &t.words, |t| &t.concepts, |t| &t.pairs];
    let with = fields.map(|field| {
        let mut with: FxHashMap<String, usize> = FxHashMap::default();
        for asked in all.iter().filter(|_| count >= ENOUGH) {
            let own: FxHashSet<&str> = field(&asked.terms).iter().map(|t| t.text.as_str()).collect();
            for term in own {
                match with.get_mut(term) {
                    Some(n) => *n += 1,
                    None => _ = with.insert(term.to_owned(), 1),
                }
            }
        }
        with
    });
    let weights = |terms: &Terms| -> Vec<f64> {
        let weight = |with: &FxHashMap<String, usize>, t: &Term| {
            let others = with.get(t.text.as_str()).map_or(0, |n| n - 1);
            1.0 / (1.0 + COMMON * small(others) / small(count))
        };
        fields.iter().zip(&with).flat_map(|(field, with)| field(terms).iter().map(move |t| weight(with, t))).collect()
    };
    for asked in all {
        asked.weights = weights(&asked.terms);
        asked.parts.iter_mut().for_each(|p| p.weights = weights(&p.terms));
    }
}

/// Whom a question is about, by the words of scope in it and in its heading.
fn scope(lexicon: &Lexicon, question: &str, heading: &str) -> f64 {
    let text = format!("{}\n{}", normalize(heading), normalize(question));
    let count = |words: &[String]| small(words.iter().filter(|w| text.contains(w.as_str())).count());
    let (company, service) = (count(&lexicon.company), count(&lexicon.service));
    if company + service > 0.0 { (service - company) / (service + company) } else { 0.0 }
}

/// A count as a number to reckon with.
pub(super) fn small(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
