//! What is offered to a reviewer for one question.

use crate::export::FinalAnswer;
use crate::matching::{Band, Reason};

/// An item of the standard sheet as a possible answer to one question. It holds the item's words as they were when it was
/// proposed, so that it stays readable when the standard sheet is replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// [`crate::standard::Item::id`].
    pub item: u32,
    /// The item's number as the sheet shows it.
    pub number: String,
    /// The headings the item stands under, the widest first.
    pub section: Vec<String>,
    /// The item's question, verbatim.
    pub question: String,
    /// What would be answered with this item.
    pub answer: FinalAnswer,
    /// The probability that a reviewer accepts it, 0 to 1.
    pub confidence: f64,
    /// Why it is proposed, the weightiest first.
    pub why: Vec<Reason>,
}

/// All that is offered to a reviewer for one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The band of the best proposal.
    pub band: Band,
    /// The probability that the standard sheet answers the question at all, 0 to 1.
    pub answerable: f64,
    /// The item that is the draft; `None` where nothing is sure enough to be suggested.
    pub draft: Option<u32>,
    /// Best first.
    pub proposals: Vec<Proposal>,
}

impl Suggestion {
    /// The proposal with the standard sheet's item `item`.
    #[must_use]
    pub fn proposal(&self, item: u32) -> Option<&Proposal> {
        self.proposals.iter().find(|p| p.item == item)
    }

    /// The proposal that is the draft.
    #[must_use]
    pub fn drafted(&self) -> Option<&Proposal> {
        self.draft.and_then(|item| self.proposal(item))
    }
}
