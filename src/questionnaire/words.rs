//! How the files of words in `index/` are read: one line a word, `role<TAB>word`, `#` for a comment; and how a folder of one's
//! own takes their place.

use super::{demands, filled, headings, meaning, mistaken, polarity, profile};

/// A line that can't be read: the file, the line and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} の {line} 行目を読めません: 「{text}」。{why}")]
pub struct BadWord {
    /// The file's name as it is to be shown.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// What is wrong, and what is to stand there.
    pub why: String,
}

/// What takes a file's place: reads the text, shown under the given name; false where the words are in use already.
type Replace = fn(&str, &str) -> Result<bool, BadWord>;

/// The files of words, by name.
const FILES: [(&str, Replace); 7] = [
    ("headings.tsv", headings::replace),
    ("choices.tsv", meaning::replace),
    ("polarity.tsv", polarity::replace),
    ("demands.tsv", demands::replace),
    ("profile.tsv", profile::replace),
    ("placeholders.tsv", filled::replace),
    ("not-a-questionnaire.tsv", mistaken::replace),
];

/// Puts one's own words in the place of those that come with the program. `own` gives for a file's name the text that is to be
/// used and the name to show it under, or nothing. To be called once, before any workbook is looked at: words that are in use
/// stay.
///
/// # Errors
/// [`BadWord`] names file and line.
pub fn replace<E: From<BadWord>>(mut own: impl FnMut(&str) -> Result<Option<(String, String)>, E>) -> Result<(), E> {
    for (name, replace) in FILES {
        if let Some((text, shown)) = own(name)? {
            replace(&shown, &text)?;
        }
    }
    Ok(())
}

/// The lines of a file as (role, word), each given to `take`; a role that `take` does not know is an error.
///
/// # Errors
/// [`BadWord`] names the first line that is neither empty, a comment, nor `role<TAB>word` with a role that is known.
pub(super) fn read(file: &str, text: &str, mut take: impl FnMut(&str, &str) -> Result<(), String>) -> Result<(), BadWord> {
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let taken = match line.split_once('\t') {
            Some((role, word)) if !word.trim().is_empty() => take(role, word),
            _ => Err("「役割<TAB>語」の形で書いてください。".to_owned()),
        };
        taken.map_err(|why| BadWord { file: file.to_owned(), line: index + 1, text: line.to_owned(), why })?;
    }
    Ok(())
}

/// What is said of a role that no file knows.
pub(super) fn unknown(role: &str) -> String {
    format!("「{role}」という役割はありません。ファイルの先頭の説明を見てください。")
}
