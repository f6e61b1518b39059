//! The titles that questions stand under.

use super::grid::Block;
use crate::text::normalize;

/// The section titles in force, the widest first.
#[derive(Default)]
pub(super) struct Titles {
    /// Shape and text of each.
    open: Vec<(String, String)>,
    /// Whether a question came since the last title: a title right after another of a new shape stands below it.
    fresh: bool,
}

impl Titles {
    pub fn put(&mut self, block: &Block<'_>) {
        let shape = shape(block);
        match self.open.iter().position(|(s, _)| *s == shape) {
            Some(level) => self.open.truncate(level),
            None if !self.fresh => self.open.pop().map_or((), |_| ()),
            None => {}
        }
        self.open.push((shape, block.text.to_owned()));
        self.fresh = true;
    }

    /// Whether a title of that form is in force.
    pub fn has_like(&self, block: &Block<'_>) -> bool {
        let shape = shape(block);
        self.open.iter().any(|(s, _)| *s == shape)
    }

    /// The titles in force.
    pub fn texts(&self) -> Vec<String> {
        self.open.iter().map(|(_, text)| text.clone()).collect()
    }

    /// A question stands under them.
    pub fn used(&mut self) {
        self.fresh = false;
    }
}

/// What titles of one level have in common: how they are numbered, and where they begin.
pub(super) fn shape(block: &Block<'_>) -> String {
    let mut numbering = String::new();
    for c in normalize(block.text).chars().take(12) {
        match c {
            '0'..='9' => {
                if !numbering.ends_with('#') {
                    numbering.push('#');
                }
            }
            // Ⅰ and Ⅱ fold to i and ii.
            'a'..='z' if numbering.is_empty() => numbering.push('a'),
            'a'..='z' if numbering == "a" => {}
            '.' | '-' | '(' | ')' | '第' | '章' | '節' | '■' | '□' | '◆' | '●' | '【' | '<' | '[' => numbering.push(c),
            _ => break,
        }
    }
    format!("{numbering}@{}", block.range.first.col)
}
