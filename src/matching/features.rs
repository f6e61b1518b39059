//! The numbers a question and an item are judged by.
//!
//! Each has a name, by which the model file gives it a weight, so that a signal can be added or dropped without touching the
//! others. Scales are chosen so that typical values lie between 0 and about 2.

use super::logistic::logit;
use crate::search::found::{Found, FoundItem};

/// The names of an item's features, in their order. Only those from `scope` on can speak against an item ([`FREE`]).
pub const ITEM: [&str; 17] = [
    "words",
    "concepts",
    "pairs",
    "answer",
    "coverage",
    "covered",
    "heading_words",
    "heading_concepts",
    "heading_pairs",
    "meaning",
    "meaning_full",
    "meaning_part",
    "heading_meaning",
    "topic",
    "scope",
    "around",
    "per_service",
];

/// The features that may have a negative weight; sharing more words never speaks against an item.
pub const FREE: [&str; 3] = ["scope", "around", "per_service"];

/// The names of what is known about a candidate once all items are ranked, in their order.
pub const CANDIDATE: [&str; 6] = ["strength", "share", "per_service", "topic", "on_sheet", "later"];

/// The features of one item.
pub type ItemFeatures = [f64; ITEM.len()];

/// The features of a candidate.
pub type CandidateFeatures = [f64; CANDIDATE.len()];

/// What a question is judged by: each item's features, in the order of [`Found::items`].
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Each item's.
    pub items: Vec<ItemFeatures>,
    /// The number of terms in the question.
    pub terms: usize,
    /// [`Found::on_sheet`]
    pub on_sheet: f64,
}

/// The features of everything that was found.
#[must_use]
pub fn of(found: &Found<'_>) -> Features {
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
            s.coverage,
            s.covered,
            s.heading_words / 10.0,
            s.heading_concepts / 5.0,
            s.heading_pairs / 20.0,
            s.meaning * 3.0,
            s.meaning_full * 3.0,
            s.meaning_part * 3.0,
            s.heading_meaning * 3.0,
            s.topic,
            found.scope * side,
            found.around * side,
            side,
        ]
    };
    Features { items: found.items.iter().map(one).collect(), terms: found.terms, on_sheet: found.on_sheet }
}

/// The place of `per_service` in [`ITEM`].
const PER_SERVICE: usize = ITEM.len() - 1;
/// The place of `topic`.
const TOPIC: usize = 13;

/// What is known about the candidate in place `n` (from 0), given each item's score and share (softmax of the scores) and
/// their order. A score is a sum over the question's words, so its strength is seen against their number.
#[must_use]
pub fn of_candidate(features: &Features, scores: &[f64], shares: &[f64], order: &[usize], n: usize) -> CandidateFeatures {
    let Some(&item) = order.get(n) else { return [0.0; CANDIDATE.len()] };
    let terms = f64::from(u32::try_from(features.terms).unwrap_or(u32::MAX));
    [
        scores[item] / (2.0 * (terms + 1.0).sqrt()),
        logit(shares[item]) / 2.0,
        features.items[item][PER_SERVICE],
        features.items[item][TOPIC] * 2.0,
        features.on_sheet * 5.0,
        f64::from(u8::from(n > 0)),
    ]
}
