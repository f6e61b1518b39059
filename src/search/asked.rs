//! A question as it stands in its questionnaire.
//!
//! The same words say more in one questionnaire than in another: where every line begins with 「クラウド事業者は」, these words tell
//! no question from the next. So a term weighs the less the more of the questionnaire's questions have it.

use std::collections::{HashMap, HashSet};

use super::lexicon::Lexicon;
use super::tokenizer::{Analyzer, Term, Terms};
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
    pub(super) terms: Terms,
    pub(super) over: Terms,
    /// A weight for each of the terms: words, then concepts, then pairs.
    weights: Vec<f64>,
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
    pub(super) fn features(&self) -> (Vec<String>, &[f64]) {
        (self.terms.features(), &self.weights)
    }
}

/// See [`super::Index::questionnaire`].
pub(super) fn questionnaire<'q>(analyzer: &Analyzer, questions: impl Iterator<Item = (&'q str, &'q [String])>) -> Vec<Asked<'q>> {
    let one = |(question, section): (&'q str, &'q [String])| {
        let heading = section.join("\n");
        let scope = scope(analyzer.lexicon(), question, &heading);
        let (terms, over) = (analyzer.terms(question), analyzer.terms(&heading));
        Asked { question, heading, scope, around: 0.0, terms, over, weights: Vec::new() }
    };
    let mut all: Vec<Asked<'q>> = questions.map(one).collect();
    let scopes: Vec<f64> = all.iter().map(|a| a.scope).collect();
    for (n, asked) in all.iter_mut().enumerate() {
        let near = &scopes[n.saturating_sub(AROUND)..scopes.len().min(n + AROUND + 1)];
        asked.around = near.iter().sum::<f64>() / small(near.len());
    }
    let weights = weights(&all);
    all.iter_mut().zip(weights).for_each(|(asked, w)| asked.weights = w);
    all
}

/// Each question's terms, weighed by how many of the questions have them.
fn weights(all: &[Asked<'_>]) -> Vec<Vec<f64>> {
    let kinds = |a: &'_ Asked<'_>| [a.terms.words.len(), a.terms.concepts.len(), a.terms.pairs.len()].iter().sum::<usize>();
    if all.len() < ENOUGH {
        return all.iter().map(|a| vec![1.0; kinds(a)]).collect();
    }
    let fields: [fn(&Terms) -> &[Term]; 3] = [|t| &t.words, |t| &t.concepts, |t| &t.pairs];
    let mut weights = vec![Vec::new(); all.len()];
    for field in fields {
        let mut with: HashMap<&str, usize> = HashMap::new();
        for asked in all {
            let own: HashSet<&str> = field(&asked.terms).iter().map(|t| t.text.as_str()).collect();
            own.into_iter().for_each(|t| *with.entry(t).or_default() += 1);
        }
        let weight = |t: &Term| {
            let others = with.get(t.text.as_str()).map_or(0, |n| n - 1);
            1.0 / (1.0 + COMMON * small(others) / small(all.len()))
        };
        for (own, asked) in weights.iter_mut().zip(all) {
            own.extend(field(&asked.terms).iter().map(weight));
        }
    }
    weights
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
