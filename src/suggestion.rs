//! From a match to a draft in the client's vocabulary, or to nothing.

use crate::matching::Band;

/// A suggested answer. Its text is an approved one, verbatim.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The item it comes from: [`crate::standard::Item::id`].
    pub item: u32,
    /// The client's own word for the approved mark; `None` where that is not certain, or no choice is asked.
    pub choice: Option<String>,
    /// The approved text; with several services whose answers differ, each under its service's name.
    pub text: String,
    /// The probability that a reviewer accepts it, 0 to 1.
    pub confidence: f64,
    /// The same in steps.
    pub band: Band,
}
