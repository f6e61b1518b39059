//! Many texts as vectors, and which of them are nearest to a question's.

use super::{Rows, Vectors};

/// Up to so many texts all are compared with; of more only those that stand under a topic near to the question.
const FEW: usize = 2_000;
/// A question is looked for under so many topics. A text stands under one, so that what is compared lies together in memory.
const ASKED_TOPICS: usize = 10;

/// The texts, a byte a number: 100,000 take some 20 MB.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    topics: Vec<Board>,
    count: usize,
}

/// The texts that stand under one topic.
#[derive(Debug, Clone, Default)]
struct Board {
    rows: Rows,
    places: Vec<u32>,
}

impl Shelf {
    /// Puts a text at the end.
    pub fn push(&mut self, vectors: &Vectors, text: &[f32]) {
        self.topics.resize_with(vectors.topics().len().max(1), Board::default);
        let topic = foremost(&vectors.nearness(text), 1).first().copied().unwrap_or(0);
        self.topics[topic].rows.push(text);
        self.topics[topic].places.push(u32::try_from(self.count).unwrap_or(u32::MAX));
        self.count += 1;
    }

    /// Calls `each` with the place of every text that may be near, and its cosine to `asked`.
    pub fn near(&self, vectors: &Vectors, asked: &[f32], mut each: impl FnMut(usize, f32)) {
        let few = self.count <= FEW;
        let topics = if few { (0..self.topics.len()).collect() } else { foremost(&vectors.nearness(asked), ASKED_TOPICS) };
        for board in topics.into_iter().filter_map(|t| self.topics.get(t)) {
            board.places.iter().enumerate().for_each(|(n, &place)| each(place as usize, board.rows.dot(n, asked)));
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
