//! Learns what words mean in this field from the bank of topics.
//!
//! Each feature has a vector and a weight, a text is the weighted and normalized sum. In every step two asks of each topic are
//! drawn, and each is to be nearer to the other than to those of all other topics (InfoNCE, van den Oord et al. 2018, with
//! in-batch negatives). Some features are dropped at random each time, so that none is relied on alone. Adam (Kingma and Ba
//! 2015) follows the slope. All sums run in a fixed order, and chance is our own: the result is the same on every machine.

use std::collections::{BTreeMap, BTreeSet};

use super::chance::{Chance, seed_of};

/// One topic of the bank, each text as its features.
#[derive(Debug, Clone, Default)]
pub struct TopicTexts {
    /// Its name for people.
    pub name: String,
    /// Ways of asking for it, its name among them.
    pub asks: Vec<Vec<String>>,
    /// Words that mean it or point to it.
    pub terms: Vec<Vec<String>>,
}

/// How to learn.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Numbers per vector.
    pub width: usize,
    /// Steps, each with two texts of every topic.
    pub steps: usize,
    /// How sharply near and far are told apart.
    pub temperature: f32,
    /// The share of features that is left out of a text each time.
    pub dropout: f32,
    /// Of Adam.
    pub rate: f32,
    /// How often the second text is made of some of the topic's terms.
    pub from_terms: f32,
    /// Features in fewer texts get no vector.
    pub least_texts: u32,
}

/// What was learned in one run.
#[derive(Debug, Clone)]
pub struct Learned {
    /// Features in order.
    pub features: Vec<String>,
    /// A row per feature, each already times its weight.
    pub vectors: Vec<f32>,
}

/// The features of the bank that stand in enough texts, with the logarithm of their inverse document frequency.
fn vocabulary(topics: &[TopicTexts], least: u32) -> (Vec<String>, Vec<f32>) {
    let mut texts = 0_u32;
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for ask in topics.iter().flat_map(|t| &t.asks) {
        texts += 1;
        for feature in ask.iter().collect::<BTreeSet<_>>() {
            *seen.entry(feature).or_default() += 1;
        }
    }
    let idf = |n: u32| (f64::from(texts) / f64::from(1 + n)).ln();
    #[allow(clippy::cast_possible_truncation)] // a logarithm
    let weight = |f: &str, n: u32| (idf(n) * if f.starts_with('#') { 0.5 } else { 1.0 }).max(0.1).ln() as f32;
    let kept = || seen.iter().filter(|(_, n)| **n >= least);
    (kept().map(|(f, _)| (*f).to_owned()).collect(), kept().map(|(f, n)| weight(f, *n)).collect())
}

/// e to the power of `x`, from additions and multiplications only.
fn exp(x: f32) -> f32 {
    // 2^(n + r) with |r| ≤ 1/2: the power of two exactly, the rest by its series.
    let y = (f64::from(x) * std::f64::consts::LOG2_E).clamp(-120.0, 120.0);
    let n = y.round();
    let r = (y - n) * std::f64::consts::LN_2;
    let series = (1..=9).rev().fold(1.0, |sum, k| 1.0 + sum * r / f64::from(k));
    #[allow(clippy::cast_possible_truncation)]
    let power = f64::from_bits(((1023 + n as i64).unsigned_abs()) << 52);
    #[allow(clippy::cast_possible_truncation)]
    let value = (series * power) as f32;
    value
}

/// `sum += factor * row`
pub(super) fn add(sum: &mut [f32], factor: f32, row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(s, x)| *s += factor * x);
}

/// The inner product in eight lanes, which compilers turn into wide instructions; the order of additions is fixed.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a.zip(b) {
        lanes.iter_mut().zip(x).zip(y).for_each(|((l, x), y)| *l += x * y);
    }
    lanes.iter().sum::<f32>() + rest
}

/// Adam's state for some numbers.
struct Adam {
    numbers: Vec<f32>,
    slope: Vec<f32>,
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Adam {
    fn new(numbers: Vec<f32>) -> Self {
        let zero = vec![0.0; numbers.len()];
        Self { slope: zero.clone(), mean: zero.clone(), square: zero, numbers }
    }

    /// Goes down the slope and forgets it.
    fn step(&mut self, rate: f32, n: i32) {
        let (mean_share, square_share) = (1.0 - 0.9_f32.powi(n), 1.0 - 0.999_f32.powi(n));
        let rate = rate / mean_share;
        let root = 1.0 / square_share.sqrt();
        let state = self.numbers.iter_mut().zip(&mut self.slope).zip(self.mean.iter_mut().zip(&mut self.square));
        for ((x, g), (m, s)) in state {
            *m = 0.9 * *m + 0.1 * *g;
            *s = 0.999 * *s + 0.001 * *g * *g;
            *x -= rate * *m / (s.sqrt() * root + 1e-8);
            *g = 0.0;
        }
    }
}

/// One side of a step: a text of each topic.
struct Side {
    /// The features of each text, after dropout.
    texts: Vec<Vec<usize>>,
    /// Normalized sums, row by row.
    sums: Vec<f32>,
    /// Their lengths before.
    lengths: Vec<f32>,
}

struct Run {
    width: usize,
    vectors: Adam,
    weights: Adam,
}

impl Run {
    fn encode(&self, texts: Vec<Vec<usize>>) -> Side {
        let mut sums = vec![0.0; texts.len() * self.width];
        let mut lengths = Vec::with_capacity(texts.len());
        for (text, sum) in texts.iter().zip(sums.chunks_exact_mut(self.width)) {
            for &feature in text {
                add(sum, exp(self.weights.numbers[feature]), self.row(feature));
            }
            let length = dot(sum, sum).sqrt().max(1e-6);
            sum.iter_mut().for_each(|x| *x /= length);
            lengths.push(length);
        }
        Side { texts, sums, lengths }
    }

    fn row(&self, feature: usize) -> &[f32] {
        &self.vectors.numbers[feature * self.width..(feature + 1) * self.width]
    }

    /// Takes the slope at each text back to its features.
    fn back(&mut self, side: &Side, slopes: &mut [f32]) {
        let width = self.width;
        for (n, slope) in slopes.chunks_exact_mut(width).enumerate() {
            let sum = &side.sums[n * width..(n + 1) * width];
            let along = dot(slope, sum);
            for (s, x) in slope.iter_mut().zip(sum) {
                *s = (*s - along * x) / side.lengths[n];
            }
            for &feature in &side.texts[n] {
                let weight = exp(self.weights.numbers[feature]);
                let from = feature * width;
                add(&mut self.vectors.slope[from..from + width], weight, slope);
                self.weights.slope[feature] += weight * dot(&self.vectors.numbers[from..from + width], slope);
            }
        }
    }
}

/// The slope of both cross entropies (each left text among all right ones and the other way round) at the similarities.
fn contrast(similarities: &[f32], n: usize) -> Vec<f32> {
    let mut slope = vec![0.0; n * n];
    let mut columns = vec![0.0_f32; n];
    // Similarities are at most 1/temperature, so that no power overflows.
    let powers: Vec<f32> = similarities.iter().map(|s| exp(*s)).collect();
    for row in powers.chunks_exact(n) {
        add(&mut columns, 1.0, row);
    }
    #[allow(clippy::cast_precision_loss)] // hundreds of topics
    let share = 1.0 / n as f32;
    for (i, (row, out)) in powers.chunks_exact(n).zip(slope.chunks_exact_mut(n)).enumerate() {
        let sum: f32 = row.iter().sum();
        for (j, (p, o)) in row.iter().zip(out.iter_mut()).enumerate() {
            *o = share * (p / sum + p / columns[j]);
        }
        out[i] -= 2.0 * share;
    }
    slope
}

impl Default for Settings {
    /// What gave the best ranking; nothing here is sensitive.
    fn default() -> Self {
        Self { width: 192, steps: 360, temperature: 0.1, dropout: 0.55, rate: 3e-3, from_terms: 0.15, least_texts: 2 }
    }
}

/// Learns `runs` times from different seeds, on as many cores; the result does not depend on their number.
#[must_use]
pub fn learn_all(topics: &[TopicTexts], settings: &Settings, runs: u64) -> Vec<Learned> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut learned = Vec::new();
    while (learned.len() as u64) < runs {
        let from = learned.len() as u64;
        learned.extend(std::thread::scope(|scope| {
            let start = |seed| scope.spawn(move || learn(topics, settings, seed));
            let handles: Vec<_> = (from..runs.min(from + cores)).map(start).collect();
            // A run that failed to come back would be a fault of this program: it is done again here, where it shows.
            let done = |(n, h): (u64, std::thread::ScopedJoinHandle<'_, Learned>)| h.join().unwrap_or_else(|_| learn(topics, settings, from + n));
            (0..).zip(handles).map(done).collect::<Vec<_>>()
        }));
    }
    learned
}

/// Texts as the places of their features.
type Texts = Vec<Vec<usize>>;

/// Learns once.
#[must_use]
pub fn learn(topics: &[TopicTexts], settings: &Settings, seed: u64) -> Learned {
    let (features, log_weights) = vocabulary(topics, settings.least_texts);
    let place: BTreeMap<&str, usize> = features.iter().enumerate().map(|(n, f)| (f.as_str(), n)).collect();
    let placed = |texts: &[Vec<String>]| -> Vec<Vec<usize>> {
        texts.iter().map(|t| t.iter().filter_map(|f| place.get(f.as_str()).copied()).collect()).collect()
    };
    let bank: Vec<(Texts, Texts)> = topics.iter().map(|t| (placed(&t.asks), placed(&t.terms))).collect();
    let width = settings.width;
    let vectors = features.iter().flat_map(|f| beginning(f, seed, width)).collect();
    let mut run = Run { width, vectors: Adam::new(vectors), weights: Adam::new(log_weights) };
    let mut chance = Chance::new(seed);
    let n = bank.len();
    for step in 1..=settings.steps {
        let (mut left, mut right) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (asks, terms) in &bank {
            let (x, y) = draw(asks, terms, settings, &mut chance);
            left.push(dropped(&x, settings.dropout, &mut chance));
            right.push(dropped(&y, settings.dropout, &mut chance));
        }
        let (left, right) = (run.encode(left), run.encode(right));
        let mut similarities = vec![0.0; n * n];
        let turned = transposed(&right.sums, n, width);
        for (row, out) in left.sums.chunks_exact(width).zip(similarities.chunks_exact_mut(n)) {
            for (x, column) in row.iter().zip(turned.chunks_exact(n)) {
                add(out, x / settings.temperature, column);
            }
        }
        let slope = contrast(&similarities, n);
        let (mut left_slope, mut right_slope) = (vec![0.0; n * width], vec![0.0; n * width]);
        for (i, row) in slope.chunks_exact(n).enumerate() {
            for (j, s) in row.iter().enumerate() {
                let s = s / settings.temperature;
                add(&mut left_slope[i * width..(i + 1) * width], s, &right.sums[j * width..(j + 1) * width]);
                add(&mut right_slope[j * width..(j + 1) * width], s, &left.sums[i * width..(i + 1) * width]);
            }
        }
        run.back(&left, &mut left_slope);
        run.back(&right, &mut right_slope);
        let n = i32::try_from(step).unwrap_or(i32::MAX);
        run.vectors.step(settings.rate, n);
        run.weights.step(settings.rate, n);
    }
    let mut vectors = run.vectors.numbers;
    for (row, w) in vectors.chunks_exact_mut(width).zip(&run.weights.numbers) {
        let weight = exp(*w);
        row.iter_mut().for_each(|x| *x *= weight);
    }
    Learned { features, vectors }
}

/// The vector a feature begins with.
fn beginning(feature: &str, seed: u64, width: usize) -> Vec<f32> {
    let mut chance = Chance::new(seed_of(feature) ^ seed);
    #[allow(clippy::cast_precision_loss)] // hundreds
    let scale = 1.0 / (width as f32).sqrt();
    (0..width).map(|_| chance.normal() * scale).collect()
}

/// Two different asks of a topic; for the second now and then some of its terms.
fn draw(asks: &[Vec<usize>], terms: &[Vec<usize>], settings: &Settings, chance: &mut Chance) -> (Vec<usize>, Vec<usize>) {
    let first = chance.below(asks.len().max(1));
    let mut second = chance.below(asks.len().saturating_sub(1).max(1));
    if second >= first {
        second += 1;
    }
    let ask = |n: usize| asks.get(n).or(asks.first()).cloned().unwrap_or_default();
    if !terms.is_empty() && chance.unit() < settings.from_terms {
        let some = (0..4).flat_map(|_| terms[chance.below(terms.len())].clone()).collect();
        return (ask(first), some);
    }
    (ask(first), ask(second))
}

fn dropped(text: &[usize], share: f32, chance: &mut Chance) -> Vec<usize> {
    text.iter().copied().filter(|_| chance.unit() >= share).collect()
}

fn transposed(rows: &[f32], n: usize, width: usize) -> Vec<f32> {
    let mut turned = vec![0.0; rows.len()];
    for (i, row) in rows.chunks_exact(width).enumerate() {
        for (j, x) in row.iter().enumerate() {
            turned[j * n + i] = *x;
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_of_one_topic_come_together_and_every_run_is_the_same() {
        let text = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let topic = |asks: [&str; 3]| TopicTexts { name: asks[0].to_owned(), asks: asks.map(text).to_vec(), terms: Vec::new() };
        let topics = [topic(["a b", "b c", "c a"]), topic(["d e", "e f", "f d"]), topic(["g h", "h i", "i g"])];
        let settings = Settings { width: 16, steps: 60, ..Settings::default() };
        let runs = learn_all(&topics, &settings, 2);
        assert_eq!(runs[1].vectors, learn(&topics, &settings, 1).vectors);
        let vector = |f: &str| {
            let n = runs[0].features.iter().position(|x| x == f).unwrap();
            &runs[0].vectors[n * 16..(n + 1) * 16]
        };
        let near = |a: &str, b: &str| dot(vector(a), vector(b)) / (dot(vector(a), vector(a)) * dot(vector(b), vector(b))).sqrt();
        assert!(near("a", "c") > near("a", "d") + 0.3, "{} {}", near("a", "c"), near("a", "d"));
        assert!((exp(1.0) - std::f32::consts::E).abs() < 1e-6 && (exp(-10.0) - 4.539_993e-5).abs() < 1e-10);
    }
}
