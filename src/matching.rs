//! From a question to ranked items of the standard sheet, each with its reasons and a calibrated confidence.

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
    /// The same question was answered with this item before; its text then.
    Past(String),
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
