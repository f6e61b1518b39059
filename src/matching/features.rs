//! The numbers a question and an item are judged by.
//!
//! Each has a name, by which the model file gives it a weight, so that a signal can be added or dropped without touching the
//! others. Scales are chosen so that typical values lie between 0 and about 2.

use crate::search::found::{Found, FoundItem};

/// The names of an item's features, in their order.
pub const ITEM: [&str; 13] = [
    "words",
    "concepts",
    "pairs",
    "answer",
    "title",
    "heading_words",
    "heading_concepts",
    "heading_pairs",
    "coverage",
    "covered",
    "words_share",
    "scope",
    "per_service",
];

/// The names of what is known about the whole question once its items are ranked, in their order.
pub const QUESTION: [&str; 8] =
    ["best", "first_share", "margin", "coverage", "covered", "words", "concepts", "length"];

/// The features of one item.
pub type ItemFeatures = [f64; ITEM.len()];

/// The features of a whole question.
pub type QuestionFeatures = [f64; QUESTION.len()];

/// What a question is judged by: each item's features, in the order of [`Found::items`].
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Each item's.
    pub items: Vec<ItemFeatures>,
    /// The number of terms in the question.
    pub terms: usize,
}

/// The features of everything that was found.
#[must_use]
pub fn of(found: &Found<'_>) -> Features {
    let most_words = found.items.iter().map(|i| i.signals.words).fold(1e-9, f64::max);
    // Where all items are of one kind, scope tells nothing apart.
    let mixed = found.items.iter().any(|i| i.per_service) && found.items.iter().any(|i| !i.per_service);
    let one = |item: &FoundItem<'_>| -> ItemFeatures {
        let s = &item.signals;
        let side = if !mixed {
            0.0
        } else if item.per_service {
            1.0
        } else {
            -1.0
        };
        [
            s.words / 10.0,
            s.concepts / 5.0,
            s.pairs / 40.0,
            s.answer / 10.0,
            s.title / 5.0,
            s.heading_words / 10.0,
            s.heading_concepts / 5.0,
            s.heading_pairs / 20.0,
            s.coverage,
            s.covered,
            s.words / most_words,
            found.scope * side,
            side,
        ]
    };
    Features { items: found.items.iter().map(one).collect(), terms: found.terms }
}

/// What is known about the question as a whole, given each item's score and share (softmax of the scores) and their order.
#[must_use]
pub fn of_question(features: &Features, scores: &[f64], shares: &[f64], order: &[usize]) -> QuestionFeatures {
    let Some(&first) = order.first() else { return [0.0; QUESTION.len()] };
    let item = &features.items[first];
    let mean = scores.iter().sum::<f64>() / f64::from(u32::try_from(scores.len()).unwrap_or(1).max(1));
    let second = order.get(1).map_or(mean, |&i| scores[i]);
    let terms = f64::from(u32::try_from(features.terms).unwrap_or(u32::MAX));
    [
        (scores[first] - mean) / 5.0,
        shares[first],
        (scores[first] - second) / 2.0,
        item[8],
        item[9],
        item[0],
        item[1],
        (1.0 + terms).ln() / 3.0,
    ]
}
