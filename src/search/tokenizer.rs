//! From a text to words, concepts and character pairs.
//!
//! The adapter from lindera to tantivy is our own because `lindera-tantivy` 5 goes with tantivy 0.26 and lindera 5.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use lindera::dictionary::{DictionaryBuilder, UserDictionary};
use lindera::mode::Mode;
use lindera::segmenter::Segmenter;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::dictionary::Dictionary;
use super::lexicon::{Lexicon, LexiconError};
use crate::text::{Folded, bigrams, is_katakana};

/// The parts of speech that carry content (IPADIC's first column).
const CONTENT: [&str; 4] = ["名詞", "動詞", "形容詞", "接頭詞"];
/// Their kinds that do not (IPADIC's second column).
const EMPTY: [&str; 3] = ["非自立", "代名詞", "特殊"];

/// What a text was cut into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// A base form, a concept's name or a pair of characters.
    pub text: String,
    /// Where it begins in the original text, in bytes.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

/// The three ways in which a text is indexed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Base forms of the words that carry content; a long term also by its parts.
    pub words: Vec<Term>,
    /// Groups of synonyms, each as `=` and the first word of its group.
    pub concepts: Vec<Term>,
    /// Pairs of neighbouring characters, each as `#` and the two.
    pub pairs: Vec<Term>,
}

impl Terms {
    /// All of them: the features of [`crate::matching::vectors`], which tells the three kinds apart by their marks.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.words.iter().chain(&self.concepts).chain(&self.pairs).map(|t| t.text.as_str())
    }
}

/// Cuts texts. Cheap to clone.
#[derive(Clone)]
pub struct Analyzer {
    inner: Arc<Inner>,
}

struct Inner {
    segmenter: Segmenter,
    lexicon: Lexicon,
    /// Each group of synonyms by its name as a term.
    names: Vec<String>,
}

impl Analyzer {
    /// Puts dictionary and lexicon together.
    ///
    /// # Errors
    /// When the user dictionary can't be built; the message names its file.
    pub fn new(dictionary: &Dictionary, lexicon: Lexicon) -> Result<Self, LexiconError> {
        let user = user_dictionary(dictionary, &lexicon).map_err(|message| LexiconError::Line {
            file: "user-dictionary.csv".to_owned(),
            line: 1,
            message,
        })?;
        let segmenter = Segmenter::new(Mode::Normal, dictionary.inner.clone(), user);
        let names = lexicon.groups.iter().map(|g| format!("={}", g[0])).collect();
        Ok(Self { inner: Arc::new(Inner { segmenter, lexicon, names }) })
    }

    /// The hand-kept files.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.inner.lexicon
    }

    /// Cuts `original` in all three ways; places are those of `original`.
    #[must_use]
    pub fn terms(&self, original: &str) -> Terms {
        let folded = Folded::new(original);
        let text = folded.text.as_str();
        let term = |text: &str, from: usize, to: usize| {
            let (from, to) = folded.origin(from, to);
            Term { text: text.to_owned(), from, to }
        };
        let mut terms = Terms::default();
        let mut cuts = Vec::new();
        // A text that lindera refuses still has its character pairs.
        for mut token in self.inner.segmenter.segment(Cow::Borrowed(text)).unwrap_or_default() {
            let (from, to) = (token.byte_start, token.byte_end);
            cuts.push(from);
            let Some(base) = self.base_form(&mut token) else { continue };
            for part in self.inner.lexicon.terms.get(&base).into_iter().flatten() {
                terms.words.push(term(part, from, to));
            }
            terms.words.push(term(&base, from, to));
        }
        for (from, to, group) in self.inner.lexicon.concepts(text, &cuts) {
            terms.concepts.push(term(&self.inner.names[group], from, to));
        }
        let pair = |(from, pair): (usize, &str)| Term { text: format!("#{pair}"), ..term("", from, from + pair.len()) };
        terms.pairs = bigrams(text).map(pair).collect();
        terms
    }

    /// The word's base form; `None` where it carries no content.
    fn base_form(&self, token: &mut lindera::token::Token<'_>) -> Option<String> {
        if !token.surface.chars().any(char::is_alphanumeric) {
            return None;
        }
        let details = token.details();
        // Words outside the dictionary are names and technical terms: always content.
        let known = details.len() > 1;
        if known && (!CONTENT.contains(&details[0]) || EMPTY.contains(&details[1])) {
            return None;
        }
        let base = details.get(6).filter(|b| **b != "*").map(|b| (*b).to_owned());
        let mut base = base.unwrap_or_else(|| token.surface.to_string());
        // サーバー and サーバ are one word; short words such as キー keep their mark.
        if base.ends_with('ー') && base.chars().count() >= 4 && base.chars().all(is_katakana) {
            base.pop();
        }
        (!self.inner.lexicon.is_stopword(&base)).then_some(base)
    }
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Analyzer")
    }
}

/// lindera's user dictionary from the lexicon's terms; `None` where there are none.
fn user_dictionary(dictionary: &Dictionary, lexicon: &Lexicon) -> Result<Option<UserDictionary>, String> {
    if lexicon.terms.is_empty() {
        return Ok(None);
    }
    let mut terms: Vec<&String> = lexicon.terms.keys().collect();
    terms.sort();
    let mut csv = String::new();
    for term in terms {
        // A compound in kanji always wins over its parts; a term in katakana or Latin letters must not cut up a longer word
        // that happens to hold it (ログ in カタログ), so its cost is only that of a common noun. 1285: 名詞,一般.
        let one_script = term.chars().all(is_katakana) || term.is_ascii();
        let cost = if one_script { 3000 } else { -10_000 };
        let _ = writeln!(csv, "{term},1285,1285,{cost},名詞,一般,*,*,*,*,{term},*,*");
    }
    let builder = DictionaryBuilder::new((*dictionary.inner.metadata).clone());
    builder.build_user_dict_from_reader(csv.as_bytes()).map(Some).map_err(|e| e.to_string())
}

/// Which of the three ways a field is indexed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// [`Terms::words`]
    Words,
    /// [`Terms::concepts`]
    Concepts,
    /// [`Terms::pairs`]
    Pairs,
}

/// [`Analyzer`] as a tantivy tokenizer for one [`Way`].
#[derive(Debug, Clone)]
pub struct FieldTokenizer {
    /// What cuts.
    pub analyzer: Analyzer,
    /// Which terms are taken.
    pub way: Way,
}

impl Tokenizer for FieldTokenizer {
    type TokenStream<'a> = FieldTokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> FieldTokens {
        let terms = self.analyzer.terms(text);
        let terms = match self.way {
            Way::Words => terms.words,
            Way::Concepts => terms.concepts,
            Way::Pairs => terms.pairs,
        };
        FieldTokens { terms: terms.into_iter(), token: Token::default() }
    }
}

/// The terms of one text, one by one.
#[derive(Debug)]
pub struct FieldTokens {
    terms: std::vec::IntoIter<Term>,
    token: Token,
}

impl TokenStream for FieldTokens {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        (self.token.text, self.token.offset_from, self.token.offset_to) = (term.text, term.from, term.to);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
