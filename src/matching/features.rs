//! The numbers a question and an item are judged by.
//!
//! Each has a name, by which the model file gives it a weight, so that a signal can be added or dropped without touching the
//! others. Scales are chosen so that typical values lie between 0 and about 2.

use super::logistic::logit;
use crate::search::found::{Found, FoundItem};

/// The names of an item's features, in their order: what is found of it; whom it is about; whether it does what is asked;
/// what past decisions say; and how close it comes to the best item in each of the first (`close`).
pub const ITEM: [&str; 41] = [
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
    "party_missing",
    "party_other",
    "party_shared",
    "act",
    "act_answer",
    "past",
    "close_words",
    "close_concepts",
    "close_pairs",
    "close_answer",
    "close_coverage",
    "close_covered",
    "close_heading_words",
    "close_heading_concepts",
    "close_heading_pairs",
    "close_meaning",
    "close_meaning_full",
    "close_meaning_part",
    "close_meaning_answer",
    "close_meaning_name",
    "close_heading_meaning",
    "close_topic",
];

/// The first so many features say what is found of the item: sharing more never speaks against it, so none has a negative weight.
const FOUND: usize = 16;

/// How near another past question may be, by cosine, to count half as much as the nearest.
const NEAR: f64 = 0.1;

/// Whether the feature in this place may have a negative weight: those of scope, parties and acts may speak against an item, and those of
/// closeness bend what the first ones say.
#[must_use]
pub fn may_be_negative(place: usize) -> bool {
    place >= FOUND && place != PAST
}

/// The names of what is known about a candidate once all items are ranked, in their order.
pub const CANDIDATE: [&str; 19] = [
    "strength",
    "share",
    "margin",
    "per_service",
    "topic",
    "on_sheet",
    "coverage",
    "meaning",
    "nearest",
    "length",
    "party_missing",
    "party_other",
    "party_shared",
    "act",
    "act_answer",
    "parties",
    "acts",
    "around",
    "around_side",
];

/// See [`close`].
const HALF: f64 = 0.7;

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
    /// [`Found::around`]; 0 where all items are of one kind.
    pub around: f64,
    /// [`Found::parties`] and [`Found::acts`].
    pub facets: [usize; 2],
}

/// The features of everything that was found.
#[must_use]
pub fn of(found: &Found<'_>) -> Features {
    // Where all items are of one kind, scope tells nothing apart.
    let mixed = found.items.iter().any(|i| i.per_service) && found.items.iter().any(|i| !i.per_service);
    let nearest = found.items.iter().filter_map(|i| i.past).map(|p| p.cosine).fold(0.0, f64::max);
    let one = |item: &FoundItem<'_>| -> ItemFeatures {
        let s = &item.signals;
        let side = if !mixed {
            0.0
        } else if item.per_service {
            1.0
        } else {
            -1.0
        };
        let mut features = [0.0; ITEM.len()];
        features[..ITEM.len() - FOUND].copy_from_slice(&[
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
            s.party_missing / 2.0,
            s.party_other / 2.0,
            s.party_shared / 2.0,
            s.act / 2.0,
            s.act_answer / 2.0,
            item.past.map_or(0.0, |p| p.cosine * p.cosine / (1.0 + (nearest - p.cosine) / NEAR)),
        ]);
        features
    };
    let mut items: Vec<ItemFeatures> = found.items.iter().map(one).collect();
    for signal in 0..FOUND {
        close(&mut items, signal, ITEM.len() - FOUND + signal);
    }
    Features {
        items,
        terms: found.terms,
        length: found.length,
        on_sheet: found.on_sheet,
        around: if mixed { found.around } else { 0.0 },
        facets: [found.parties, found.acts],
    }
}

/// Fills in feature `to` with how close each item comes to the best in feature `from`: 1 for the best, ½ for one that lies
/// [`HALF`] standard deviations behind. A signal may be weak for all items because the question is short, and still point to one.
fn close(items: &mut [ItemFeatures], from: usize, to: usize) {
    let count = number(items.len().max(1));
    let mean = items.iter().map(|i| i[from]).sum::<f64>() / count;
    let spread = (items.iter().map(|i| (i[from] - mean).powi(2)).sum::<f64>() / count).sqrt();
    let best = items.iter().map(|i| i[from]).fold(f64::NEG_INFINITY, f64::max);
    for item in items {
        item[to] = 1.0 / (1.0 + (best - item[from]) / (spread * HALF + 1e-6));
    }
}

/// A count as a number to reckon with.
pub(super) fn number(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The places of some features in [`ITEM`].
const COVERAGE: usize = 4;
const MEANING: usize = 9;
const TOPIC: usize = 15;
const AROUND: usize = 17;
const PER_SERVICE: usize = 18;
const PARTY_MISSING: usize = 19;
/// What past decisions say; the one feature that a company's first questionnaire has not.
pub const PAST: usize = 24;

/// What is known about the candidate in place `n` (from 0), given each item's score and share (softmax of the scores) and
/// their order. A score is a sum over the question's words, so its strength is seen against their number.
#[must_use]
pub fn of_candidate(features: &Features, scores: &[f64], shares: &[f64], order: &[usize], n: usize) -> CandidateFeatures {
    let Some(&item) = order.get(n) else { return [0.0; CANDIDATE.len()] };
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
        own[PARTY_MISSING],
        own[PARTY_MISSING + 1],
        own[PARTY_MISSING + 2],
        own[PARTY_MISSING + 3],
        own[PARTY_MISSING + 4],
        number(features.facets[0]) / 2.0,
        number(features.facets[1]) / 2.0,
        features.around,
        own[AROUND],
    ]
}
