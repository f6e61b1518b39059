//! The bank of topics in `index/topics/`: what is asked in this field, each in many ways.
//!
//! Read only to learn from (`kaitou fit-vectors`); what was learned is shipped as data.

use std::path::Path;

use serde::Deserialize;

use super::lexicon::{CUTTING, FILES, LexiconError};
use super::tokenizer::Analyzer;
use crate::matching::vectors::chance::seed_of;
use crate::matching::vectors::learn::{Settings, TopicTexts, learn_all};
use crate::matching::vectors::{Vectors, squeeze};

/// Rises when texts are cut in another way, or the vectors learned in another: part of the fingerprint.
const FORMAT: &str = "1";
/// How often it is learned.
const RUNS: u64 = 4;
/// Numbers per vector in the end.
const WIDTH: usize = 192;

/// One line of the bank.
#[derive(Debug, Clone, Deserialize)]
pub struct Topic {
    /// Its name for people.
    pub name: String,
    /// Words that mean it or point to it.
    pub terms: Vec<String>,
    /// Ways of asking for it.
    pub asks: Vec<String>,
}

/// The bank, and the fingerprint of it and of the files that decide how its texts are cut.
#[derive(Debug)]
pub struct Bank {
    /// All topics, in the order of the files' names and lines.
    pub topics: Vec<Topic>,
    /// See [`Vectors::source`].
    pub fingerprint: u64,
}

impl Bank {
    /// Reads `topics/*.jsonl` and fingerprints the other files in `folder`; those it does not hold are the built-in ones.
    ///
    /// # Errors
    /// [`LexiconError`] names the file and the line.
    pub fn read(folder: &Path) -> Result<Self, LexiconError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| LexiconError::Io { path, source }
        };
        let topics_folder = folder.join("topics");
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&topics_folder).map_err(io(&topics_folder))? {
            paths.push(entry.map_err(io(&topics_folder))?.path());
        }
        paths.retain(|p| p.extension().is_some_and(|e| e == "jsonl"));
        paths.sort();
        let (mut topics, mut all) = (Vec::new(), FORMAT.to_owned());
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(io(&path))?;
            for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
                let broken = |e: serde_json::Error| LexiconError::Line { file: path.display().to_string(), line: n + 1, message: e.to_string() };
                topics.push(serde_json::from_str(line).map_err(broken)?);
            }
            all += &text;
        }
        for (name, built_in) in FILES.iter().filter(|(name, _)| CUTTING.contains(name)) {
            let path = folder.join(name);
            let own = if path.exists() { Some(std::fs::read_to_string(&path).map_err(io(&path))?) } else { None };
            all += own.as_deref().unwrap_or(built_in);
        }
        Ok(Self { topics, fingerprint: seed_of(&all) })
    }

    /// Learns the vectors of the bank's words, cut by `analyzer`: a minute or so, when optimized.
    #[must_use]
    pub fn learn(&self, analyzer: &Analyzer) -> Vectors {
        let cut = |text: &String| analyzer.terms(text).features().map(str::to_owned).collect();
        let texts = |t: &Topic| TopicTexts {
            name: t.name.clone(),
            asks: t.asks.iter().chain([&t.name]).map(cut).collect(),
            terms: t.terms.iter().map(cut).collect(),
        };
        let topics: Vec<TopicTexts> = self.topics.iter().map(texts).collect();
        let runs = learn_all(&topics, &Settings::default(), RUNS);
        let vectors = squeeze::squeeze(&runs, &topics, WIDTH);
        let features = runs.into_iter().next().map(|r| r.features).unwrap_or_default();
        Vectors::new(self.fingerprint, WIDTH, &features, &vectors, &topics)
    }
}
