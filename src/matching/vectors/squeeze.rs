//! Makes one set of vectors out of several runs of learning, and as small as does no harm.
//!
//! Side by side, the runs' vectors are wide, and most of the width says little: what texts differ in lies in far fewer
//! directions. Those are the main axes of the bank's own texts (principal components, found by repeated multiplication), and every
//! vector is turned to them.

use std::collections::HashMap;

use super::chance::Chance;
use super::learn::{Learned, TopicTexts, add, dot};

/// Repetitions; the axes that matter are settled long before.
const ROUNDS: usize = 15;

/// One row of `width` numbers for each feature of `runs`, which must be of the same features.
#[must_use]
pub fn squeeze(runs: &[Learned], topics: &[TopicTexts], width: usize) -> Vec<f32> {
    let Some(first) = runs.first().filter(|r| !r.features.is_empty()) else { return Vec::new() };
    let count = first.features.len();
    let parts: Vec<usize> = runs.iter().map(|r| r.vectors.len() / count).collect();
    let wide: usize = parts.iter().sum();
    let mut joined = Vec::with_capacity(count * wide);
    for n in 0..count {
        for (run, part) in runs.iter().zip(&parts) {
            joined.extend(&run.vectors[n * part..(n + 1) * part]);
        }
    }
    let axes = main_axes(&spread(&joined, &first.features, topics, wide), wide, width);
    let mut squeezed = Vec::with_capacity(count * width);
    for row in joined.chunks_exact(wide) {
        squeezed.extend(axes.chunks_exact(wide).map(|axis| dot(row, axis)));
    }
    squeezed
}

/// How the bank's texts (each brought to length 1) spread: the sum of their squares, as a symmetric matrix.
fn spread(joined: &[f32], features: &[String], topics: &[TopicTexts], wide: usize) -> Vec<f32> {
    let place: HashMap<&str, usize> = features.iter().enumerate().map(|(n, f)| (f.as_str(), n)).collect();
    let mut spread = vec![0.0; wide * wide];
    let mut text = vec![0.0; wide];
    for ask in topics.iter().flat_map(|t| &t.asks) {
        text.fill(0.0);
        for n in ask.iter().filter_map(|f| place.get(f.as_str())) {
            add(&mut text, 1.0, &joined[n * wide..(n + 1) * wide]);
        }
        let length = dot(&text, &text).sqrt().max(1e-6);
        text.iter_mut().for_each(|x| *x /= length);
        for (x, row) in text.iter().zip(spread.chunks_exact_mut(wide)) {
            add(row, *x, &text);
        }
    }
    spread
}

/// The `width` directions in which a symmetric matrix stretches most, each of length 1 and square to the others.
fn main_axes(matrix: &[f32], wide: usize, width: usize) -> Vec<f32> {
    let mut chance = Chance::new(0);
    let mut axes: Vec<f32> = (0..width * wide).map(|_| chance.normal()).collect();
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; axes.len()];
        for (axis, out) in axes.chunks_exact(wide).zip(next.chunks_exact_mut(wide)) {
            for (x, row) in axis.iter().zip(matrix.chunks_exact(wide)) {
                add(out, *x, row);
            }
        }
        axes = next;
        square(&mut axes, wide);
    }
    axes
}

/// Makes each row square to those before it and of length 1 (Gram and Schmidt, twice against rounding).
fn square(axes: &mut [f32], wide: usize) {
    for n in 0..axes.len() / wide {
        let (before, rest) = axes.split_at_mut(n * wide);
        let axis = &mut rest[..wide];
        for _ in 0..2 {
            let length = dot(axis, axis).sqrt().max(1e-12);
            axis.iter_mut().for_each(|x| *x /= length);
            for other in before.chunks_exact(wide) {
                let along = dot(axis, other);
                add(axis, -along, other);
            }
        }
        let length = dot(axis, axis).sqrt().max(1e-12);
        axis.iter_mut().for_each(|x| *x /= length);
    }
}
