//! What a client's question demands beyond the thing itself: 「第三者による診断」, 「全従業員への教育」, 「AES-256での暗号化」. An approved 「○」
//! need not mean that much, so it is carried over only where item or approved text speak of it, too.
//!
//! The words are in `index/demands.tsv`.

use std::collections::HashSet;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::headings::without_brackets;
use super::words::{self, BadWord};
use crate::text::normalize;

/// The file of words.
pub const VOCABULARY: &str = "index/demands.tsv";

/// The words of `index/demands.tsv`, all of them looked for at once.
#[derive(Debug, Default)]
struct Words {
    finder: Option<AhoCorasick>,
    /// What each word of the finder is.
    found: Vec<Word>,
    groups: usize,
    /// How many kinds each line of `kinds` has.
    kinds: usize,
    names: HashSet<String>,
}

#[derive(Debug, Clone, Copy)]
enum Word {
    /// A demand, by its group, or words that only answer one.
    Demand { group: usize, asks: bool },
    /// One of several kinds: the line and the kind's place in it.
    Kind { line: usize, kind: usize },
}

/// Those in use: set at the start, else the built-in ones.
static WORDS: OnceLock<Words> = OnceLock::new();

/// Puts other words in the place of the built-in ones, see [`words::replace`].
pub(super) fn replace(file: &str, text: &str) -> Result<bool, BadWord> {
    Ok(WORDS.set(Words::parse(file, text)?).is_ok())
}

impl Words {
    fn builtin() -> &'static Self {
        WORDS.get_or_init(|| Self::parse(VOCABULARY, include_str!("../../index/demands.tsv")).unwrap_or_default())
    }

    fn parse(file: &str, text: &str) -> Result<Self, BadWord> {
        let mut words = Self::default();
        let mut patterns: Vec<String> = Vec::new();
        words::read(file, text, |role, line| {
            let mut add = |text: &str, word: Word, found: &mut Vec<Word>| {
                patterns.push(squeeze(text));
                found.push(word);
            };
            match role {
                "demand" => {
                    for word in line.split('\t').filter(|w| !w.is_empty()) {
                        let asks = !word.starts_with('+');
                        add(word.trim_start_matches('+'), Word::Demand { group: words.groups, asks }, &mut words.found);
                    }
                    words.groups += 1;
                }
                "kinds" => {
                    for (kind, names) in line.split('\t').enumerate() {
                        names.split('|').for_each(|word| add(word, Word::Kind { line: words.kinds, kind }, &mut words.found));
                    }
                    words.kinds += 1;
                }
                "name" => {
                    words.names.insert(normalize(line));
                }
                _ => return Err(words::unknown(role)),
            }
            Ok(())
        })?;
        words.finder = AhoCorasick::new(patterns).ok();
        Ok(words)
    }

    fn in_text(&self, squeezed: &str) -> Vec<Word> {
        let hits = self.finder.iter().flat_map(|f| f.find_overlapping_iter(squeezed));
        hits.map(|hit| self.found[hit.pattern().as_usize()]).collect()
    }

    fn met(&self, question: &str, item: &str, approved: &str) -> bool {
        // Examples and notes in brackets demand nothing.
        let normal = normalize(&without_brackets(question));
        let said = normalize(&format!("{item}\n{approved}"));
        let (asked, ours) = (self.in_text(&squeeze(&normal)), self.in_text(&squeeze(&said)));
        let answered: HashSet<usize> = ours.iter().filter_map(|w| if let Word::Demand { group, .. } = w { Some(*group) } else { None }).collect();
        let kinds = |found: &[Word], of: usize| -> HashSet<usize> {
            found.iter().filter_map(|w| if let Word::Kind { line, kind } = w { Some(*kind).filter(|_| *line == of) } else { None }).collect()
        };
        let demands = asked.iter().all(|w| !matches!(w, Word::Demand { group, asks: true } if !answered.contains(group)));
        let all_kinds = (0..self.kinds).all(|line| {
            let named = kinds(&ours, line);
            named.is_empty() || kinds(&asked, line).is_subset(&named)
        });
        demands && all_kinds && self.named(&normal, &said)
    }

    /// Whether all names in Latin letters and numbers of standards stand in what is said. In English every word is in such letters.
    fn named(&self, question: &str, said: &str) -> bool {
        if !question.chars().any(|c| matches!(c, '\u{3040}'..='\u{309f}')) || question.contains(" is ") || question.contains(" are ") {
            return true;
        }
        let tokens = question.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '/')).map(|t| t.trim_matches(['-', '.', '/']));
        tokens.filter(|t| !t.is_empty()).all(|token| {
            let letters = token.contains(|c: char| c.is_ascii_alphabetic());
            let standard = matches!(token.len(), 4 | 5) && token.bytes().all(|b| b.is_ascii_digit()) && !token.starts_with("20");
            // What is a word of a demand has been looked at there.
            let demand = || self.in_text(token).iter().any(|w| matches!(w, Word::Demand { asks: true, .. }));
            !letters && !standard || self.names.contains(token) || said.contains(token) || letters && demand()
        })
    }
}

/// Whether `item` with its `approved` text speaks of all that `question` demands.
pub(super) fn met(question: &str, item: &str, approved: &str) -> bool {
    Words::builtin().met(question, item, approved)
}

fn squeeze(text: &str) -> String {
    let mut text = normalize(text);
    text.retain(|c| !c.is_whitespace());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_met() {
        assert!(Words::parse(VOCABULARY, include_str!("../../index/demands.tsv")).is_ok());
        for (question, item, approved, want) in [
            ("第三者による脆弱性診断を実施していますか。", "脆弱性診断の実施", "年1回、自社で実施している。", false),
            ("脆弱性診断を実施していますか。", "脆弱性診断の実施", "年1回実施している。", true),
            ("ISO/IEC 27017の認証を取得していますか。", "認証の取得", "ISO/IEC 27001を取得している。", false),
            ("PCに対策ソフト（EDR等）を入れていますか。", "マルウェア対策", "全端末に導入している。", true),
        ] {
            assert_eq!(met(question, item, approved), want, "{question}");
        }
    }
}
