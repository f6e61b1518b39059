//! Pure text: width, spaces, and what two texts share.

use unicode_normalization::UnicodeNormalization;

/// The text in one width and case: NFKC, lower case, white space and control characters folded to single spaces, trimmed.
#[must_use]
pub fn normalize(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).map(|c| if c.is_control() { ' ' } else { c }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}
