//! Fits the model to questions whose answers are known.
//!
//! The ranking maximizes the share of the accepted items among all items (a conditional logit); answerable and confidence
//! are logistic regressions on top. Whoever fits them on a handful of documents must not believe the figures on these same
//! documents: [`leave_one_out`] judges every document by a model that has not seen it, and it is these judgements that the
//! upper models and the bands are fitted to.

use std::collections::{BTreeMap, BTreeSet};

use super::CANDIDATES;
use super::features::{Features, ITEM, PAST, may_be_negative, number};
use super::logistic::{self, Row, solve};
use super::model::{Bands, Model, Ranked, softmax};

/// A question whose right items are known; none where the sheet does not answer it.
#[derive(Debug, Clone)]
pub struct Example {
    /// The document it comes from.
    pub document: String,
    /// The file it comes from: bands must hold on each.
    pub file: String,
    /// Its features, with nothing learned from past decisions.
    pub features: Features,
    /// For each item, [`PAST`] with the decisions about the other documents as the past.
    pub past: Vec<f64>,
    /// The places of the items that a reviewer accepts.
    pub accepted: BTreeSet<usize>,
}

/// Pulls the ranking's weights to 0.
const RANKING_PENALTY: f64 = 5.0;
/// Pulls the upper models' weights to 0.
const UPPER_PENALTY: f64 = 5.0;
/// The precision that band high must have on documents the model has not seen.
const HIGH_PRECISION: f64 = 0.97;
/// So many parts the documents are dealt out to, each of which is judged by weights fitted to the others.
const FOLDS: usize = 7;
/// No weight of past decisions is greater.
const MOST_PAST: f64 = 20.0;
/// Fewer judgements than this say nothing about a precision.
const ENOUGH: usize = 15;
/// The lowest confidences of medium and low.
const MEDIUM: f64 = 0.6;
const LOW: f64 = 0.25;

/// Fits a model to all examples.
#[must_use]
pub fn fit(examples: &[Example]) -> Model {
    let mut ranking = fit_ranking(&examples.iter().collect::<Vec<_>>());
    // What stands on the ranking must see rankings as unsure as they will be on new documents: each document's come from
    // weights that were fitted without it and some others.
    let mut ranked: Vec<(&Example, Ranked)> = Vec::new();
    let documents: Vec<&str> = documents(examples).into_iter().collect();
    for fold in 0..FOLDS.min(documents.len()) {
        let out: BTreeSet<&str> = documents.iter().copied().skip(fold).step_by(FOLDS).collect();
        let (own, others): (Vec<&Example>, Vec<&Example>) = examples.iter().partition(|e| out.contains(e.document.as_str()));
        let weights = if others.is_empty() { ranking.clone() } else { fit_ranking(&others) };
        ranked.extend(own.into_iter().map(|e| (e, Ranked::new(&weights, &e.features))));
    }
    let row = |e: &Example, r: &Ranked, n: usize| r.candidate(&e.features, n).to_vec();
    let files: BTreeSet<&str> = examples.iter().map(|e| e.file.as_str()).collect();
    // A large file must not drown a small one: how sure to be differs from file to file more than within one.
    let of = |file: &str| number(examples.iter().filter(|e| e.file == file).count());
    let weights: BTreeMap<&str, f64> = files.iter().map(|f| (*f, number(examples.len()) / number(files.len()) / of(f))).collect();
    let logistic = |places: std::ops::Range<usize>, outcome: &dyn Fn(&Example, usize) -> bool| {
        let mut rows = Vec::new();
        for (example, ranked) in &ranked {
            for (n, item) in ranked.order.iter().enumerate().take(places.end).skip(places.start) {
                let weight = weights[example.file.as_str()];
                rows.push(Row { inputs: row(example, ranked, n), outcome: outcome(example, *item), weight });
            }
        }
        logistic::fit(&rows, UPPER_PENALTY)
    };
    let answerable = logistic(0..1, &|e, _| !e.accepted.is_empty());
    let confidence = logistic(0..1, &|e, item| e.accepted.contains(&item));
    let later = logistic(1..CANDIDATES, &|e, item| e.accepted.contains(&item));
    let first = |(e, r): &(&Example, Ranked)| {
        let hit = r.order.first().is_some_and(|i| e.accepted.contains(i));
        (logistic::predict(&confidence, &row(e, r, 0)), hit)
    };
    let high = |file: &&str| lowest_precise(ranked.iter().filter(|(e, _)| e.file == *file).map(first).collect());
    let bands = Bands { high: files.iter().map(high).fold(0.0, f64::max), medium: MEDIUM, low: LOW };
    ranking[PAST] = fit_past(&ranking, examples);
    Model { ranking, answerable, confidence, later, bands }
}

fn documents(examples: &[Example]) -> BTreeSet<&str> {
    examples.iter().map(|e| e.document.as_str()).collect()
}

/// The lowest confidence above which the first candidates are precise enough; out of reach where there is none.
fn lowest_precise(mut firsts: Vec<(f64, bool)>) -> f64 {
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

/// For each example a model that has not seen its document, in the examples' order.
#[must_use]
pub fn leave_one_out(examples: &[Example]) -> Vec<Model> {
    let others = |document: &str| examples.iter().filter(|e| e.document != document).cloned().collect::<Vec<_>>();
    let models: BTreeMap<&str, Model> = documents(examples).into_iter().map(|d| (d, fit(&others(d)))).collect();
    examples.iter().filter_map(|e| models.get(e.document.as_str()).cloned()).collect()
}

/// The weights that give the accepted items the largest share, by Newton's method; none below 0 that may not be.
fn fit_ranking(examples: &[&Example]) -> Vec<f64> {
    let width = ITEM.len();
    let may_fall: Vec<bool> = (0..width).map(may_be_negative).collect();
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
            // The curvature of the share among all items alone: leaving the accepted ones' out keeps it positive.
            for (n, f) in items.iter().enumerate() {
                for i in 0..width {
                    let d = shares[n] * (f[i] - all[i]);
                    for j in 0..width {
                        curve[i][j] += d * (f[j] - all[j]);
                    }
                }
            }
        }
        // A weight that stands at its bound and is pushed against it stays there.
        let bound: Vec<usize> = (0..width).filter(|&i| !may_fall[i] && weights[i] <= 0.0 && slope[i] < 0.0).collect();
        for i in bound {
            slope[i] = 0.0;
            curve.iter_mut().for_each(|row| row[i] = 0.0);
            curve[i] = vec![0.0; width];
            curve[i][i] = 1.0;
        }
        // Far from the top the parabola misleads: go only as far as it gets better.
        let mut step = solve(curve, slope);
        let before = gain(&weights, examples);
        let mut next = weights.clone();
        for _ in 0..20 {
            let bounded = |i: usize| if may_fall[i] { weights[i] + step[i] } else { (weights[i] + step[i]).max(0.0) };
            next = (0..width).map(bounded).collect();
            if gain(&next, examples) >= before {
                break;
            }
            step.iter_mut().for_each(|s| *s /= 2.0);
        }
        let moved = weights.iter().zip(&next).any(|(a, b)| (a - b).abs() > 1e-3);
        weights = next;
        if !moved {
            break;
        }
    }
    weights
}

/// The weight of [`PAST`] that gives the accepted items the largest share, all other weights given, by halving a bracket:
/// the share has one top.
fn fit_past(weights: &[f64], examples: &[Example]) -> f64 {
    let examples: Vec<(Vec<f64>, &Example)> = examples
        .iter()
        .filter(|e| !e.accepted.is_empty())
        .map(|e| (e.features.items.iter().map(|f| logistic::dot(weights, f)).collect(), e))
        .collect();
    // The slope of the share's logarithm; it falls as the weight grows.
    let slope = |weight: f64| {
        let one = |(scores, example): &(Vec<f64>, &Example)| {
            let shares = softmax(&scores.iter().zip(&example.past).map(|(s, p)| s + weight * p).collect::<Vec<_>>());
            let right: f64 = example.accepted.iter().map(|&i| shares[i]).sum::<f64>().max(1e-9);
            let all: f64 = shares.iter().zip(&example.past).map(|(s, p)| s * p).sum();
            example.accepted.iter().map(|&i| shares[i] / right * example.past[i]).sum::<f64>() - all
        };
        examples.iter().map(one).sum::<f64>() - weight * RANKING_PENALTY / 10.0
    };
    let (mut low, mut high) = (0.0, MOST_PAST);
    for _ in 0..12 {
        let middle = f64::midpoint(low, high);
        if slope(middle) > 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// What [`fit_ranking`] maximizes: the logarithm of the accepted items' share, less the penalty.
fn gain(weights: &[f64], examples: &[&Example]) -> f64 {
    let one = |e: &&&Example| {
        let shares = softmax(&e.features.items.iter().map(|f| logistic::dot(weights, f)).collect::<Vec<_>>());
        e.accepted.iter().filter_map(|&i| shares.get(i)).sum::<f64>().max(1e-12).ln()
    };
    let penalty: f64 = weights.iter().map(|w| w * w).sum::<f64>() * RANKING_PENALTY / 2.0;
    examples.iter().filter(|e| !e.accepted.is_empty()).map(|e| one(&e)).sum::<f64>() - penalty
}
