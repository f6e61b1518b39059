//! Questions that were answered before, and which of them are like a new one.

use rustc_hash::FxHashMap;

use super::asked::{Asked, small};
use super::found::{FoundPast, NearPast};
use super::tokenizer::Analyzer;
use crate::matching::Decision;
use crate::matching::vectors::Vectors;
use crate::matching::vectors::chance::seed_of;
use crate::matching::vectors::shelf::Shelf;
use crate::text::{dice, normalize, pair_set};

/// How many past questions are named as alike.
const LOOKED_AT: usize = 5;
/// Below this likeness (Dice over pairs of characters) two questions are not alike.
const ALIKE: f64 = 0.8;

/// Decisions about earlier questions, in the order they were made.
#[derive(Debug, Clone, Default)]
pub struct Past {
    questions: Vec<Decision>,
    /// [`seed_of`] a normalized question → the place of the latest decision about it.
    exact: FxHashMap<u64, u32>,
    /// A pair of characters → the questions that hold it.
    pairs: FxHashMap<u64, Vec<u32>>,
    /// What the questions mean, each with the headings over it.
    shelf: Shelf,
}

impl Past {
    /// Adds a decision about a question; a later one about the same question takes the place of the earlier.
    pub fn remember(&mut self, decision: &Decision, analyzer: &Analyzer) {
        let normalized = normalize(&decision.question);
        let pairs = pair_set(&normalized);
        let place = u32::try_from(self.questions.len()).unwrap_or(u32::MAX);
        pairs.into_iter().for_each(|pair| self.pairs.entry(pair).or_default().push(place));
        self.questions.push(decision.clone());
        self.exact.insert(seed_of(&normalized), place);
        let vectors = &analyzer.lexicon().vectors;
        let (question, over) = (analyzer.terms(&decision.question), analyzer.terms(&decision.section));
        self.shelf.push(vectors, &vectors.encode(question.features().chain(over.features())));
    }

    /// The decisions it was learned from, in their order.
    pub fn decisions(&self) -> impl ExactSizeIterator<Item = &Decision> {
        self.questions.iter()
    }

    /// For each item the nearest by meaning of the questions it was taken for.
    pub(super) fn nearest(&self, vectors: &Vectors, asked: &Asked<'_>) -> FxHashMap<u32, NearPast<'_>> {
        let mut nearest: FxHashMap<u32, NearPast<'_>> = FxHashMap::default();
        if self.questions.is_empty() {
            return nearest;
        }
        // The heading says what the words do not: 「手順を定めていますか」 under 廃棄 and under 持出し are two questions. What is common
        // in the questionnaire weighs as much as all else, since nothing is known of the past one's: the same text is wholly near.
        let asked = vectors.encode(asked.terms.features().chain(asked.over.features()));
        self.shelf.near(vectors, &asked, |place, cosine| {
            let cosine = f64::from(cosine);
            let Some(decision) = self.questions.get(place).filter(|_| cosine > 0.0) else { return };
            for &item in &decision.items {
                let best = nearest.entry(item).or_insert(NearPast { question: &decision.question, cosine });
                if cosine > best.cosine {
                    *best = NearPast { question: &decision.question, cosine };
                }
            }
        });
        nearest
    }

    /// The most alike of the past questions, letter by letter; those that share too little to count ([`ALIKE`]) are not looked for.
    pub(super) fn alike<'a>(&'a self, normalized: &str, pairs: &[u64], heading: &str) -> Vec<FoundPast<'a>> {
        if self.questions.is_empty() {
            return Vec::new();
        }
        let section = normalize(heading);
        let found = |decision: &'a Decision, likeness: f64| FoundPast {
            question: &decision.question,
            items: &decision.items,
            likeness,
            same_section: normalize(&decision.section) == section,
        };
        let known = self.exact.get(&seed_of(normalized)).and_then(|&place| self.questions.get(place as usize));
        if let Some(same) = known.filter(|d| normalize(&d.question) == normalized) {
            return vec![found(same, 1.0)];
        }
        // A question that is nearly the same shares nearly all pairs, the rare ones too: those are cheap to look up. Of all its
        // pairs it lacks at most so many, and so of the rarest.
        let lacks = small(pairs.len()) * (1.0 - ALIKE / (2.0 - ALIKE));
        let mut lists: Vec<&[u32]> = pairs.iter().map(|p| self.pairs.get(p).map_or(&[][..], Vec::as_slice)).collect();
        lists.sort_by_key(|l| l.len());
        let rarest = lists.len().div_ceil(2);
        let mut least = rarest;
        while least > 1 && small(rarest - least + 1) <= lacks {
            least -= 1;
        }
        let mut shared = vec![0_u16; self.questions.len()];
        let mut likenesses: Vec<(f64, usize)> = Vec::new();
        for &place in lists.into_iter().take(rarest).flatten() {
            let place = place as usize;
            shared[place] += 1;
            if usize::from(shared[place]) == least {
                let likeness = dice(pairs, &pair_set(&normalize(&self.questions[place].question))).min(0.999);
                likenesses.push((likeness, place));
            }
        }
        likenesses.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        likenesses.into_iter().take(LOOKED_AT).map(|(likeness, place)| found(&self.questions[place], likeness)).collect()
    }
}
