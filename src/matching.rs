//! From a question to ranked items of the standard sheet, each with its reasons and a calibrated confidence.
//!
//! [`rank`] takes what the index found ([`crate::search::found`]), makes of it a few numbers per item ([`features`]), adds them
//! up with the weights of a small model ([`model`], fitted by [`fit`], judged by [`measure`]) and says for every candidate how
//! likely a reviewer is to accept it. A question that was answered before goes by that decision ([`past`]); one that means nearly
//! the same as an answered one is drawn to its item ([`features::PAST`]).
//!
//! # Fitting again
//!
//! After a change to the features or to `index/`:
//!
//! ```text
//! kaitou fit-vectors                         # only where index/ or the cutting of texts changed; writes src/matching/vectors.bin
//! kaitou fit --standard fixtures/standard-sheet.xlsx \
//!     --questions fixtures/matching/labelled.questions.jsonl --gold fixtures/matching/labelled.gold.jsonl \
//!     --questions OTHER.questions.jsonl --gold OTHER.gold.jsonl \
//!     --out src/matching/model.json --misses
//! ```
//!
//! It prints the figures of every document by a model that has not seen it. The shipped model was fitted to the questions in
//! `fixtures/matching/` and to 274 questions of seven published documents, which are not part of the project.

pub mod features;
pub mod fit;
pub mod logistic;
pub mod measure;
pub mod model;
pub mod past;
pub mod vectors;

use crate::search::found::{Found, FoundItem};
pub use model::{Model, ModelError};

/// At most so many candidates are named.
pub const CANDIDATES: usize = 10;
/// At most so many reasons are named for each.
const REASONS: usize = 8;

/// From this nearness on a past question is named as a reason.
const NEAR_PAST: f64 = 0.6;

/// How sure a match is, in the steps a reviewer works by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Nothing is suggested.
    None,
    /// Suggested, to be read with care.
    Low,
    /// Suggested; mostly right.
    Medium,
    /// Right but for rare cases.
    High,
}

impl Band {
    /// All, the surest first.
    pub const ALL: [Self; 4] = [Self::High, Self::Medium, Self::Low, Self::None];

    /// The name in the command line's output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Why a candidate is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A word that stands in both, in the question's spelling.
    Word(String),
    /// Two words that mean the same here: the question's and the item's.
    Synonym(String, String),
    /// Both are about this topic of the field, though the words may differ.
    Topic(String),
    /// The same question, or one that means nearly the same, was answered with this item before; its text then.
    Past(String),
    /// It answers this one of the several questions in the cell.
    Ask(String),
}

/// An item of the standard sheet as a possible answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// [`crate::standard::Item::id`].
    pub item: u32,
    /// The probability that a reviewer accepts it, 0 to 1.
    pub confidence: f64,
    /// Why, the weightiest first.
    pub why: Vec<Reason>,
}

/// What was found for a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The band of the best candidate.
    pub band: Band,
    /// The probability that the sheet answers the question at all, 0 to 1.
    pub answerable: f64,
    /// At most ten, best first.
    pub candidates: Vec<Candidate>,
}

/// What a person decided about an earlier question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its text.
    pub question: String,
    /// The headings it stood under, in one text.
    pub section: String,
    /// The items that were taken, best first; empty where nothing in the sheet answered it.
    pub items: Vec<u32>,
}

/// Ranks all items for a question.
#[must_use]
pub fn rank(found: &Found<'_>, model: &Model) -> Match {
    let judged = model.judge(&features::of(found));
    let mut candidates: Vec<Candidate> = judged
        .order
        .iter()
        .take(CANDIDATES)
        .zip(&judged.confidences)
        .filter_map(|(&place, &confidence)| found.items.get(place).map(|item| (item, confidence)))
        .map(|(item, confidence)| Candidate { item: item.id, confidence, why: reasons(item) })
        .collect();
    let mut answerable = judged.answerable;
    let known = past::apply(found, &mut candidates, &mut answerable);
    let best = candidates.first().map_or(0.0, |c| c.confidence);
    let mut band = if known.is_some_and(|sure| sure >= past::SURE) { Band::High } else { model.band(best) };
    if found.negated {
        // The item may be the right one and its mark still not the answer: a person has to turn it round.
        band = band.min(Band::Medium);
    }
    // What was decided about the whole text before says how its questions are answered together.
    if known.is_none() && part_by_part(found, model, &mut candidates) {
        band = band.min(Band::Medium);
    }
    Match { band, answerable, candidates }
}

/// Puts the best answer to each of several questions in one behind the best for all of them together, and says which question
/// it answers. Returns whether one item does not answer all.
fn part_by_part(found: &Found<'_>, model: &Model, candidates: &mut Vec<Candidate>) -> bool {
    let mut items = Vec::new();
    for (question, part) in &found.parts {
        let own = rank(part, model);
        let Some(best) = own.candidates.into_iter().next().filter(|_| own.band > Band::None) else { continue };
        let reason = Reason::Ask((*question).to_owned());
        if !items.contains(&best.item) {
            items.push(best.item);
        }
        let old = candidates.iter().position(|c| c.item == best.item);
        let place = old.filter(|&at| at == 0).unwrap_or_else(|| items.len().min(candidates.len()));
        let sure = best.confidence;
        let mut candidate = old.map_or(best, |at| candidates.remove(at));
        candidate.confidence = candidate.confidence.max(sure);
        candidate.why.insert(0, reason);
        candidates.insert(place.min(candidates.len()), candidate);
    }
    candidates.truncate(CANDIDATES);
    // Nobody takes the second sooner than the first.
    let mut most = 1.0_f64;
    for candidate in candidates.iter_mut() {
        most = most.min(candidate.confidence);
        candidate.confidence = most;
    }
    items.len() > 1 || items.len() == 1 && candidates.first().is_some_and(|c| !items.contains(&c.item))
}

/// The words in which question and item meet, the weightiest first; a word that is also met as a part of a longer one once.
fn reasons(item: &FoundItem<'_>) -> Vec<Reason> {
    let mut meetings = item.meetings.clone();
    meetings.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut reasons: Vec<Reason> = Vec::new();
    for meeting in meetings {
        let reason = if meeting.synonym {
            Reason::Synonym(meeting.here.to_owned(), meeting.there.to_owned())
        } else {
            Reason::Word(meeting.here.to_owned())
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons.truncate(REASONS);
    reasons.extend(item.past.filter(|p| p.cosine >= NEAR_PAST).map(|p| Reason::Past(p.question.to_owned())));
    reasons.extend(item.topic.map(|t| Reason::Topic(t.name.to_owned())));
    reasons
}
