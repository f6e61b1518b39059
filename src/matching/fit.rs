//! Fits the model to questions whose answers are known.
//!
//! The ranking maximizes the share of the accepted items among all items (a conditional logit); answerable and confidence
//! are logistic regressions on top. Whoever fits them on a handful of documents must not believe the figures on these same
//! documents: [`leave_one_out`] judges every document by a model that has not seen it, and it is these judgements that the
//! upper models and the bands are fitted to.

use std::collections::{BTreeMap, BTreeSet};

use super::features::Features;
use super::logistic::{self, solve};
use super::model::{Bands, Model, Ranked, softmax};
use super::CANDIDATES;

/// A question whose right items are known; none where the sheet does not answer it.
#[derive(Debug, Clone)]
pub struct Example {
    /// The document it comes from.
    pub document: String,
    /// Its features.
    pub features: Features,
    /// The places of the items that a reviewer accepts.
    pub accepted: BTreeSet<usize>,
}

/// Pulls the ranking's weights to 0.
const RANKING_PENALTY: f64 = 1.0;
/// Pulls the upper models' weights to 0.
const UPPER_PENALTY: f64 = 1.0;
/// The precision that band high must have on documents the model has not seen.
const HIGH_PRECISION: f64 = 0.97;
/// Fewer judgements than this say nothing about a precision.
const ENOUGH: usize = 15;
/// The lowest confidences of medium and low.
const MEDIUM: f64 = 0.6;
const LOW: f64 = 0.25;

/// Fits a model to all examples.
#[must_use]
pub fn fit(examples: &[Example]) -> Model {
    let mut model = fit_without_bands(examples);
    model.bands.high = high_from(leave_out(examples, &fit_without_bands).iter().zip(examples));
    model
}

/// The lowest confidence above which the first candidates are precise enough; out of reach where there is none.
fn high_from<'a>(judged: impl Iterator<Item = (&'a Fold, &'a Example)>) -> f64 {
    let judge = |(fold, example): (&Fold, &Example)| {
        let judged = fold.model.judge(&example.features);
        let hit = judged.order.first().is_some_and(|i| example.accepted.contains(i));
        (judged.confidences.first().copied().unwrap_or(0.0), hit)
    };
    let mut firsts: Vec<(f64, bool)> = judged.map(judge).collect();
    firsts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut high) = (0_u32, f64::INFINITY);
    for (n, (confidence, hit)) in firsts.iter().enumerate() {
        right += u32::from(*hit);
        let all = u32::try_from(n + 1).unwrap_or(u32::MAX);
        if n + 1 >= ENOUGH && f64::from(right) / f64::from(all) >= HIGH_PRECISION {
            high = *confidence;
        }
    }
    // Infinity is no JSON number; 2 is as much out of reach.
    if high.is_finite() { (high * 1e3).ceil() / 1e3 } else { 2.0 }
}

/// A model that has not seen an example's document.
#[derive(Debug, Clone)]
pub struct Fold {
    /// Fitted to all other documents, its bands too.
    pub model: Model,
}

/// For each example a model that has not seen its document, in the examples' order.
#[must_use]
pub fn leave_one_out(examples: &[Example]) -> Vec<Fold> {
    leave_out(examples, &fit)
}

fn leave_out(examples: &[Example], fit: &dyn Fn(&[Example]) -> Model) -> Vec<Fold> {
    let documents: BTreeSet<&str> = examples.iter().map(|e| e.document.as_str()).collect();
    let others = |document: &str| examples.iter().filter(|e| e.document != document).cloned().collect::<Vec<_>>();
    let models: BTreeMap<&str, Model> = documents.into_iter().map(|d| (d, fit(&others(d)))).collect();
    examples.iter().filter_map(|e| models.get(e.document.as_str())).map(|m| Fold { model: m.clone() }).collect()
}

fn fit_without_bands(examples: &[Example]) -> Model {
    let documents: BTreeSet<&str> = examples.iter().map(|e| e.document.as_str()).collect();
    let ranking = fit_ranking(&examples.iter().collect::<Vec<_>>());
    // The upper models must see rankings as unsure as they will be on new documents: each document's come from a ranking
    // that was fitted without it.
    let mut ranked: Vec<(&Example, Ranked)> = Vec::new();
    for document in &documents {
        let others: Vec<&Example> = examples.iter().filter(|e| e.document != *document).collect();
        let weights = if others.is_empty() { ranking.clone() } else { fit_ranking(&others) };
        let own = examples.iter().filter(|e| e.document == *document);
        ranked.extend(own.map(|e| (e, Ranked::new(&weights, &e.features))));
    }
    let rows: Vec<(Vec<f64>, bool)> =
        ranked.iter().map(|(e, r)| (r.question(&e.features).to_vec(), !e.accepted.is_empty())).collect();
    let answerable = logistic::fit(&rows, UPPER_PENALTY);
    let model = Model { ranking, answerable, confidence: Vec::new(), bands: Bands { high: 2.0, medium: MEDIUM, low: LOW } };
    let mut rows = Vec::new();
    for (example, ranked) in &ranked {
        let probability = logistic::sigmoid(
            logistic::dot(&model.answerable, &ranked.question(&example.features)) + model.answerable.last().copied().unwrap_or(0.0),
        );
        for (n, item) in ranked.order.iter().take(CANDIDATES).enumerate() {
            rows.push((ranked.candidate(n, probability).to_vec(), example.accepted.contains(item)));
        }
    }
    Model { confidence: logistic::fit(&rows, UPPER_PENALTY), ..model }
}

/// The weights that give the accepted items the largest share, by Newton's method.
fn fit_ranking(examples: &[&Example]) -> Vec<f64> {
    let width = super::features::ITEM.len();
    let mut weights = vec![0.0; width];
    for _ in 0..60 {
        let mut slope: Vec<f64> = weights.iter().map(|w| -RANKING_PENALTY * w).collect();
        let mut curve = vec![vec![0.0; width]; width];
        for (i, row) in curve.iter_mut().enumerate() {
            row[i] = RANKING_PENALTY;
        }
        for example in examples.iter().filter(|e| !e.accepted.is_empty()) {
            let items = &example.features.items;
            let shares = softmax(&items.iter().map(|f| logistic::dot(&weights, f)).collect::<Vec<_>>());
            let right: f64 = example.accepted.iter().filter_map(|&i| shares.get(i)).sum::<f64>().max(1e-9);
            let mean = |share: &dyn Fn(usize) -> f64| -> Vec<f64> {
                let mut mean = vec![0.0; width];
                for (n, f) in items.iter().enumerate() {
                    let s = share(n);
                    if s > 0.0 {
                        mean.iter_mut().zip(f).for_each(|(m, x)| *m += s * x);
                    }
                }
                mean
            };
            let all = mean(&|n| shares[n]);
            let accepted = mean(&|n| if example.accepted.contains(&n) { shares[n] / right } else { 0.0 });
            for i in 0..width {
                slope[i] += accepted[i] - all[i];
            }
            // The curvature of the share among all items alone: an upper bound, so that every step goes uphill.
            for (n, f) in items.iter().enumerate() {
                for i in 0..width {
                    let d = shares[n] * (f[i] - all[i]);
                    for j in 0..width {
                        curve[i][j] += d * (f[j] - all[j]);
                    }
                }
            }
        }
        let step = solve(curve, slope);
        weights.iter_mut().zip(&step).for_each(|(w, s)| *w += s);
        if step.iter().all(|s| s.abs() < 1e-6) {
            break;
        }
    }
    weights
}
