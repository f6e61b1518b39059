//! Many texts as vectors, and which of them are nearest to a question's.

use super::{Rows, Vectors};

/// Up to so many texts all are compared with; of more only those that share a topic with the question.
const FEW: usize = 2_000;
/// A text stands under so many topics, those it is nearest to …
const OWN_TOPICS: usize = 2;
/// … and a question is looked for under so many.
const ASKED_TOPICS: usize = 8;

/// The texts, a byte a number: 100,000 take some 20 MB.
#[derive(Debug, Default)]
pub struct Shelf {
    rows: Rows,
    count: usize,
    by_topic: Vec<Vec<u32>>,
}

impl Shelf {
    /// Puts a text at the end.
    pub fn push(&mut self, vectors: &Vectors, text: &[f32]) {
        self.by_topic.resize_with(vectors.topics().len(), Vec::new);
        for topic in foremost(&vectors.nearness(text), OWN_TOPICS) {
            self.by_topic[topic].push(u32::try_from(self.count).unwrap_or(u32::MAX));
        }
        self.rows.push(text);
        self.count += 1;
    }

    /// Calls `each` with the place of every text that may be near, and its cosine to `asked`, whose nearness to each topic is known.
    pub fn near(&self, asked: &[f32], nearness: &[f32], mut each: impl FnMut(usize, f32)) {
        if self.count <= FEW {
            (0..self.count).for_each(|n| each(n, self.rows.dot(n, asked)));
            return;
        }
        // A text that stands under two of the topics comes twice, which changes no maximum.
        for topic in foremost(nearness, ASKED_TOPICS) {
            self.by_topic[topic].iter().for_each(|&n| each(n as usize, self.rows.dot(n as usize, asked)));
        }
    }
}

/// The places of the `count` largest numbers.
fn foremost(numbers: &[f32], count: usize) -> Vec<usize> {
    let mut best: Vec<usize> = (0..numbers.len()).collect();
    if best.len() > count {
        best.select_nth_unstable_by(count, |&a, &b| numbers[b].total_cmp(&numbers[a]));
        best.truncate(count);
    }
    best
}
