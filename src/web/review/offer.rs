//! A proposal as it is shown: where it comes from, and why it is one.

use super::super::marks::{Piece, pieces};
use super::super::view;
use crate::matching::Reason;
use crate::review::Proposal;

/// A proposal as it is shown.
pub(in crate::web) struct Offer {
    /// The standard sheet's item.
    pub item: u32,
    /// Its number.
    pub number: String,
    /// The headings it stands under.
    pub section: String,
    /// Its question, cut where words match.
    pub question: Vec<Piece>,
    /// The choice that would be made; empty for none.
    pub choice: String,
    /// The approved text, cut where words match.
    pub text: Vec<Piece>,
    /// How sure it is.
    pub percent: String,
    /// Words that mean the same: theirs and ours.
    pub synonyms: Vec<(String, String)>,
    /// Topics of the field that both are about.
    pub topics: Vec<String>,
    /// Earlier questions that were answered with it.
    pub past: Vec<String>,
    /// The questions it answers, where there are several in the cell.
    pub asks: Vec<String>,
}

impl Offer {
    pub(super) fn new(p: &Proposal) -> Self {
        let ours = words(p, Side::Ours);
        let mut synonyms = Vec::new();
        let mut topics = Vec::new();
        let mut past = Vec::new();
        let mut asks = Vec::new();
        for reason in &p.why {
            match reason {
                Reason::Word(_) => {}
                Reason::Synonym(theirs, ours) => synonyms.push((theirs.clone(), ours.clone())),
                Reason::Topic(name) => topics.push(name.clone()),
                Reason::Past(question) => past.push(question.clone()),
                Reason::Ask(question) => asks.push(question.clone()),
            }
        }
        Self {
            item: p.item,
            number: p.number.clone(),
            section: p.section.join(" › "),
            question: pieces(&p.question, ours.iter().copied()),
            choice: p.answer.choice.clone().unwrap_or_default(),
            text: pieces(&p.answer.text, ours.iter().copied()),
            percent: if p.confidence > 0.0 { view::percent(p.confidence) } else { String::new() },
            synonyms,
            topics,
            past,
            asks,
        }
    }
}

/// In whose words.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// The client's question.
    Theirs,
    /// The standard sheet.
    Ours,
}

/// The words in which question and item meet, in one side's spelling.
pub(super) fn words(proposal: &Proposal, side: Side) -> Vec<&str> {
    proposal
        .why
        .iter()
        .filter_map(|reason| match (reason, side) {
            (Reason::Word(word), _) | (Reason::Synonym(word, _), Side::Theirs) | (Reason::Synonym(_, word), Side::Ours) => {
                Some(word.as_str())
            }
            (Reason::Past(_) | Reason::Topic(_) | Reason::Ask(_), _) => None,
        })
        .collect()
}
