//! What shapes the Japanese index, kept by hand in `index/`: synonyms, stop words, the user dictionary, the words of scope,
//! of parties and of acts.
//!
//! The files are part of the program; a folder with the same file names replaces them one by one.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::facets::{Facets, Kinds};
use crate::matching::vectors::{Vectors, VectorsError};
use crate::text::{is_katakana, normalize};

/// Why the hand-kept files can't be used: always with file and line.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// The folder or a file in it can't be read.
    #[error("索引の設定ファイル {path} を読めません（{source}）。KAITOU_INDEX のフォルダを確認してください。")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The vectors can't be used.
    #[error("{file}: {source}")]
    Vectors {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: VectorsError,
    },
    /// A line is not as it should be.
    #[error("{file} の {line} 行目: {message}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong and what to do.
        message: String,
    },
}

/// The hand-kept files, checked.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    /// Groups of words with one meaning, normalized; a group's place is its name.
    pub groups: Vec<Vec<String>>,
    /// Every word of a group, by its first letter, the longest first.
    spellings: HashMap<char, Vec<(String, usize)>>,
    /// Base forms that carry no content in a questionnaire.
    stopwords: HashSet<String>,
    /// Terms that IPADIC cuts badly → the parts they are also found by.
    pub terms: HashMap<String, Vec<String>>,
    /// Words of a question that is about the company and its people.
    pub company: Vec<String>,
    /// Words of a question that is about a service for customers.
    pub service: Vec<String>,
    /// Whom a question may be about.
    parties: Kinds,
    /// What may be asked to be done.
    acts: Kinds,
    /// What words mean here, learned from the bank of topics.
    pub vectors: Arc<Vectors>,
}

/// The files by name, with the text that is built in.
pub(super) const FILES: [(&str, &str); 7] = [
    ("synonyms.tsv", include_str!("../../index/synonyms.tsv")),
    ("stopwords.txt", include_str!("../../index/stopwords.txt")),
    ("user-dictionary.csv", include_str!("../../index/user-dictionary.csv")),
    ("scope-company.txt", include_str!("../../index/scope-company.txt")),
    ("scope-service.txt", include_str!("../../index/scope-service.txt")),
    ("parties.tsv", include_str!("../../index/parties.tsv")),
    ("acts.tsv", include_str!("../../index/acts.tsv")),
];

/// Those of the files that decide how a text is cut: what was learned of texts cut otherwise is out of date.
pub(super) const CUTTING: [&str; 3] = ["synonyms.tsv", "stopwords.txt", "user-dictionary.csv"];

/// The file with the vectors; a folder of one's own need not hold it.
pub const VECTORS: &str = "vectors.bin";

impl Lexicon {
    /// Reads the files; those that `folder` holds take the place of the built-in ones.
    ///
    /// # Errors
    /// [`LexiconError`] names the file and the line.
    pub fn load(folder: Option<&Path>) -> Result<Self, LexiconError> {
        let mut lexicon = Self::default();
        if let Some(folder) = folder
            && !folder.is_dir()
        {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(LexiconError::Io { path: folder.to_owned(), source });
        }
        for (name, built_in) in FILES {
            let own = match folder.map(|f| f.join(name)).filter(|p| p.exists()) {
                Some(path) => Some(std::fs::read_to_string(&path).map_err(|source| LexiconError::Io { path, source })?),
                None => None,
            };
            let shown =
                folder.filter(|_| own.is_some()).map_or_else(|| format!("index/{name}"), |f| f.join(name).display().to_string());
            lexicon.take(name, &shown, own.as_deref().unwrap_or(built_in))?;
        }
        for (name, kinds) in [("parties.tsv", &mut lexicon.parties), ("acts.tsv", &mut lexicon.acts)] {
            kinds.finish().map_err(|message| LexiconError::Line { file: name.to_owned(), line: 1, message })?;
        }
        lexicon.vectors = Arc::new(vectors(folder)?);
        Ok(lexicon)
    }

    /// Takes one file's lines. `#` begins a comment line.
    fn take(&mut self, name: &str, shown: &str, text: &str) -> Result<(), LexiconError> {
        let lines = text.trim_start_matches('\u{feff}').lines().enumerate().map(|(n, l)| (n + 1, l.trim_end()));
        for (line, content) in lines.filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
            let taken = match name {
                "synonyms.tsv" => self.take_group(content),
                "stopwords.txt" => one_word(content).map(|w| _ = self.stopwords.insert(w)),
                "user-dictionary.csv" => self.take_term(content),
                "scope-company.txt" => one_word(content).map(|w| self.company.push(w)),
                "scope-service.txt" => one_word(content).map(|w| self.service.push(w)),
                "parties.tsv" => self.parties.take(words(content)),
                _ => self.acts.take(words(content)),
            };
            taken.map_err(|message| LexiconError::Line { file: shown.to_owned(), line, message })?;
        }
        for spellings in self.spellings.values_mut() {
            spellings.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        }
        Ok(())
    }

    fn take_group(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<String> = line.split('\t').map(|w| without_end_marks(&normalize(w))).filter(|w| !w.is_empty()).collect();
        if words.len() < 2 {
            return Err("同じ意味の語をタブで区切って2つ以上書いてください。".to_owned());
        }
        let group = self.groups.len();
        for word in &words {
            match self.spellings_of(word).iter().find(|(w, _)| w == word) {
                // サーバ and サーバー on one line are one word twice.
                Some((_, other)) if *other == group => continue,
                Some((_, other)) => {
                    let other = self.groups.get(*other).map_or("", |g| g[0].as_str());
                    return Err(format!("「{word}」は「{other}」の行にもあります。1つの行にまとめてください。"));
                }
                None => {}
            }
            let Some(first) = word.chars().next() else { continue };
            self.spellings.entry(first).or_default().push((word.clone(), group));
        }
        self.groups.push(words);
        Ok(())
    }

    fn take_term(&mut self, line: &str) -> Result<(), String> {
        let (term, parts) = line.split_once(',').ok_or("「語,部分 部分 …」の形で書いてください（部分は空でもかまいません）。")?;
        let term = normalize(term);
        let parts: Vec<String> = normalize(parts).split(' ').filter(|p| !p.is_empty()).map(str::to_owned).collect();
        if term.is_empty() || term.contains(['"', ',', ' ']) {
            return Err("語が空か、使えない文字（空白、引用符、カンマ）を含んでいます。".to_owned());
        }
        if self.terms.insert(term.clone(), parts).is_some() {
            return Err(format!("「{term}」が2回書かれています。"));
        }
        Ok(())
    }

    fn spellings_of(&self, word: &str) -> &[(String, usize)] {
        word.chars().next().and_then(|c| self.spellings.get(&c)).map_or(&[], Vec::as_slice)
    }

    /// Whom a normalized text is about, and what is to be done.
    #[must_use]
    pub fn facets(&self, normalized: &str) -> Facets {
        Facets::of(&self.parties, &self.acts, normalized)
    }

    /// Whether a base form carries no content.
    #[must_use]
    pub fn is_stopword(&self, base: &str) -> bool {
        self.stopwords.contains(base)
    }

    /// The places in a normalized text where a word of a group stands: from, to (bytes) and the group. Longer words win over
    /// shorter ones within them. `cuts` are the places where the tokenizer cut, sorted.
    #[must_use]
    pub fn concepts(&self, text: &str, cuts: &[usize]) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let hit = self.spellings.get(&c).into_iter().flatten().find_map(|(word, group)| {
                let to = at + prefix(&text[at..], word)?;
                stands_alone(text, at, to, cuts).then_some((to, *group))
            });
            at = match hit {
                Some((to, group)) => {
                    found.push((at, to, group));
                    to
                }
                None => at + c.len_utf8(),
            };
        }
        found
    }
}

/// Without the long marks at the ends of its katakana words of four letters and more: サーバー室 → サーバ室.
fn without_end_marks(word: &str) -> String {
    let mut plain = String::new();
    let mut run = 0;
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        run = if is_katakana(c) { run + 1 } else { 0 };
        if !(c == 'ー' && run >= 4 && chars.peek().is_none_or(|n| !is_katakana(*n))) {
            plain.push(c);
        }
    }
    plain
}

/// How far `word` reaches into `text` from its start, where the text may have long marks at the ends of katakana words that
/// the word has not.
fn prefix(text: &str, word: &str) -> Option<usize> {
    let mut rest = text.char_indices().peekable();
    let mut last = None;
    for letter in word.chars() {
        if last.is_some_and(is_katakana) && !is_katakana(letter) {
            rest.next_if(|(_, c)| *c == 'ー');
        }
        rest.next_if(|(_, c)| *c == letter)?;
        last = Some(letter);
    }
    if last.is_some_and(|c| is_katakana(c) && c != 'ー') {
        rest.next_if(|(_, c)| *c == 'ー');
    }
    Some(rest.peek().map_or(text.len(), |(at, _)| *at))
}

/// Whether text[from..to] is not merely a part of a longer word in katakana or Latin letters, as ログ is in カタログ:
/// where the script goes on beyond an edge, the tokenizer must have cut there.
fn stands_alone(text: &str, from: usize, to: usize, cuts: &[usize]) -> bool {
    let script = |c: Option<char>| match c {
        Some(c) if is_katakana(c) => 1,
        Some(c) if c.is_ascii_alphanumeric() => 2,
        _ => 0,
    };
    [from, to].into_iter().all(|at| {
        let before = script(text[..at].chars().next_back());
        before == 0 || before != script(text[at..].chars().next()) || cuts.binary_search(&at).is_ok()
    })
}

/// The vectors in `folder`, if it holds any, else the built-in ones.
fn vectors(folder: Option<&Path>) -> Result<Vectors, LexiconError> {
    let broken = |file: String| |source| LexiconError::Vectors { file, source };
    match folder.map(|f| f.join(VECTORS)).filter(|p| p.exists()) {
        Some(path) => {
            let bytes = std::fs::read(&path).map_err(|source| LexiconError::Io { path: path.clone(), source })?;
            Vectors::from_bytes(&bytes).map_err(broken(path.display().to_string()))
        }
        None => Vectors::built_in().map_err(broken(VECTORS.to_owned())),
    }
}

/// The words of a line, normalized.
fn words(line: &str) -> Vec<String> {
    line.split('\t').map(normalize).filter(|w| !w.is_empty()).collect()
}

fn one_word(line: &str) -> Result<String, String> {
    let word = normalize(line);
    if word.contains(' ') || word.contains('\t') { Err("1行に1語だけ書いてください。".to_owned()) } else { Ok(word) }
}
