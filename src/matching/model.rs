//! The model: weights by feature name, kept as data in `model.json` beside this file.
//!
//! Three small models stand on each other. The *ranking* gives each item a score, the weighted sum of its features; the
//! softmax over all items is its share. *Answerable*, *confidence* and *later* are logistic models over what is known about a
//! candidate then: whether any item answers (asked about the first candidate), whether the first candidate does, and whether a
//! later one does.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::features::{CANDIDATE, CandidateFeatures, Features, ITEM, of_candidate};
use super::logistic::{dot, predict};
use super::{Band, CANDIDATES};

/// A model file that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("モデルファイルを読めません（{0}）。kaitou fit で作り直してください。")]
pub struct ModelError(String);

/// Weights by name, as they stand in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ranking: BTreeMap<String, f64>,
    answerable: BTreeMap<String, f64>,
    confidence: BTreeMap<String, f64>,
    later: BTreeMap<String, f64>,
    bands: Bands,
}

/// The lowest confidence of each band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    /// Of [`Band::High`]; above 1 where no threshold was precise enough.
    pub high: f64,
    /// Of [`Band::Medium`].
    pub medium: f64,
    /// Of [`Band::Low`].
    pub low: f64,
}

/// The weights, in the features' order; the last of the logistic ones is the constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Of [`ITEM`].
    pub ranking: Vec<f64>,
    /// Of [`CANDIDATE`], and the constant.
    pub answerable: Vec<f64>,
    /// Of [`CANDIDATE`], and the constant: for the first candidate.
    pub confidence: Vec<f64>,
    /// The same for all others.
    pub later: Vec<f64>,
    /// The bands.
    pub bands: Bands,
}

/// What the model says about one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The items' places, best first.
    pub order: Vec<usize>,
    /// The confidences of the first ten of them.
    pub confidences: Vec<f64>,
    /// The probability that any item answers.
    pub answerable: f64,
}

const CONSTANT: &str = "constant";

fn named(weights: &[f64], names: &[&str]) -> BTreeMap<String, f64> {
    let rounded = |w: f64| (w * 1e4).round() / 1e4;
    names.iter().chain([&CONSTANT]).zip(weights).map(|(n, w)| ((*n).to_owned(), rounded(*w))).collect()
}

fn ordered(weights: &BTreeMap<String, f64>, names: &[&str], constant: bool) -> Result<Vec<f64>, ModelError> {
    let names: Vec<&str> = names.iter().copied().chain(constant.then_some(CONSTANT)).collect();
    if let Some(unknown) = weights.keys().find(|k| !names.contains(&k.as_str())) {
        return Err(ModelError(format!("「{unknown}」という特徴はありません")));
    }
    let find = |name: &&str| weights.get(*name).copied().ok_or_else(|| ModelError(format!("特徴「{name}」の重みがありません")));
    names.iter().map(find).collect()
}

impl Model {
    /// The model that is built in.
    ///
    /// # Errors
    /// Never for a released program: a test reads it.
    pub fn built_in() -> Result<Self, ModelError> {
        Self::from_json(include_str!("model.json"))
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// [`ModelError`] names the feature that is missing or unknown.
    pub fn from_json(json: &str) -> Result<Self, ModelError> {
        let file: File = serde_json::from_str(json).map_err(|e| ModelError(e.to_string()))?;
        Ok(Self {
            ranking: ordered(&file.ranking, &ITEM, false)?,
            answerable: ordered(&file.answerable, &CANDIDATE, true)?,
            confidence: ordered(&file.confidence, &CANDIDATE, true)?,
            later: ordered(&file.later, &CANDIDATE, true)?,
            bands: file.bands,
        })
    }

    /// The model file's text.
    ///
    /// # Errors
    /// When a weight is not a number.
    pub fn to_json(&self) -> Result<String, ModelError> {
        let file = File {
            ranking: named(&self.ranking, &ITEM),
            answerable: named(&self.answerable, &CANDIDATE),
            confidence: named(&self.confidence, &CANDIDATE),
            later: named(&self.later, &CANDIDATE),
            bands: self.bands,
        };
        serde_json::to_string_pretty(&file).map(|json| json + "\n").map_err(|e| ModelError(e.to_string()))
    }

    /// Judges one question.
    #[must_use]
    pub fn judge(&self, features: &Features) -> Judged {
        let ranked = Ranked::new(&self.ranking, features);
        let answerable = if features.terms == 0 { 0.0 } else { predict(&self.answerable, &ranked.candidate(features, 0)) };
        let of = |n: usize| if n == 0 { &self.confidence } else { &self.later };
        let mut confidences: Vec<f64> =
            (0..ranked.order.len().min(CANDIDATES)).map(|n| predict(of(n), &ranked.candidate(features, n))).collect();
        // The order is the ranking's; a later candidate is never surer than an earlier one.
        for n in 1..confidences.len() {
            confidences[n] = confidences[n].min(confidences[n - 1]);
        }
        if features.terms == 0 {
            confidences.iter_mut().for_each(|c| *c = 0.0);
        }
        Judged { order: ranked.order, confidences, answerable }
    }

    /// The band of a confidence.
    #[must_use]
    pub fn band(&self, confidence: f64) -> Band {
        let Bands { high, medium, low } = self.bands;
        match confidence {
            c if c >= high => Band::High,
            c if c >= medium => Band::Medium,
            c if c >= low => Band::Low,
            _ => Band::None,
        }
    }
}

/// A question's items, ranked.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// Each item's weighted sum.
    pub scores: Vec<f64>,
    /// Their softmax.
    pub shares: Vec<f64>,
    /// The items' places, best first; equal ones in the sheet's order.
    pub order: Vec<usize>,
}

impl Ranked {
    /// Ranks by the ranking's weights.
    #[must_use]
    pub fn new(weights: &[f64], features: &Features) -> Self {
        let scores: Vec<f64> = features.items.iter().map(|f| dot(weights, f)).collect();
        let shares = softmax(&scores);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        Self { scores, shares, order }
    }

    /// What is known about the candidate in place `n`, from 0.
    #[must_use]
    pub fn candidate(&self, features: &Features, n: usize) -> CandidateFeatures {
        of_candidate(features, &self.scores, &self.shares, &self.order, n)
    }
}

/// Shares that add up to 1.
#[must_use]
pub fn softmax(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|s| (s - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}
