//! The numbers a question and an item are judged by.
//!
//! Each has a name, by which the model file gives it a weight, so that a signal can be added or dropped without touching the
//! others. Scales are chosen so that typical values lie between 0 and about 2.

use super::logistic::logit;
use crate::search::found::{Found, FoundItem};

/// The names of an item's features, in their order. Only those of scope can speak against an item ([`FREE`]).
pub const ITEM: [&str; 20] = [
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
    "meaning_answer",
    "meaning_name",
    "heading_meaning",
    "topic",
    "scope",
    "around",
    "per_service",
    "past",
];

/// The features that may have a negative weight; sharing more words never speaks against an item.
pub const FREE: [&str; 3] = ["scope", "around", "per_service"];

/// The names of what is known about a candidate once all items are ranked, in their order.
pub const CANDIDATE: [&str; 10] =
    ["strength", "share", "margin", "per_service", "topic", "on_sheet", "coverage", "meaning", "nearest", "length"];

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
    /// [`Found::length`]
    pub length: usize,
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
            s.meaning_answer * 3.0,
            s.meaning_name * 3.0,
            s.heading_meaning * 3.0,
            s.topic,
            found.scope * side,
            found.around * side,
            side,
            item.past.map_or(0.0, |p| p.cosine * p.cosine),
        ]
    };
    Features { items: found.items.iter().map(one).collect(), terms: found.terms, length: found.length, on_sheet: found.on_sheet }
}

/// The places of some features in [`ITEM`].
const COVERAGE: usize = 4;
const MEANING: usize = 9;
const TOPIC: usize = 15;
const PER_SERVICE: usize = 18;
/// What past decisions say; the one feature that a company's first questionnaire has not.
pub const PAST: usize = 19;

/// What is known about the candidate in place `n` (from 0), given each item's score and share (softmax of the scores) and
/// their order. A score is a sum over the question's words, so its strength is seen against their number.
#[must_use]
pub fn of_candidate(features: &Features, scores: &[f64], shares: &[f64], order: &[usize], n: usize) -> CandidateFeatures {
    let Some(&item) = order.get(n) else { return [0.0; CANDIDATE.len()] };
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let own = &features.items[item];
    // For the first: how far the second is behind; for a later one: how far it is behind the first.
    let rival = if n == 0 { order.get(1) } else { order.first() };
    [
        scores[item] / (2.0 * (number(features.terms) + 1.0).sqrt()),
        logit(shares[item]) / 2.0,
        rival.map_or(1.0, |&r| (scores[item] - scores[r]) / 3.0),
        own[PER_SERVICE],
        own[TOPIC] * 2.0,
        features.on_sheet * 5.0,
        own[COVERAGE] * 2.0,
        own[MEANING],
        features.items.iter().map(|i| i[MEANING]).fold(0.0, f64::max),
        (number(features.length) + 1.0).ln() / 2.0,
    ]
}
