//! What words mean in this field: a vector for each word, concept and pair of characters, learned from the bank of topics.
//!
//! 「退職者のID」 and 「権限の見直し」 share no word and ask for the same thing. The bank (`index/topics/`) holds some 395 topics of
//! the field, each asked in about 59 ways; [`learn`] pulls the asks of a topic together and pushes topics apart, [`squeeze`]
//! makes one small set of vectors out of several runs, which differ by chance and are better together than each alone. A text is the sum
//! of its features' vectors, brought to length 1; two texts are as alike as the cosine between them. A feature that the bank
//! does not know gets a vector by chance (always the same one for the same name): it is like nothing but itself.
//!
//! The vectors are shipped as data, `vectors.bin` beside this file, made by `kaitou fit-vectors` from `index/`. Learning takes about a
//! minute of two cores when optimized and far too long when not, against a start-up of 0.3 s; the file has 6 MB (a byte a
//! number, features of at least two texts, 192 numbers each; 1,536 unsquashed ones were no better in the ranking) and is decoded in
//! milliseconds. It remembers what it was learned from: [`Vectors::source`] is a fingerprint of the bank and of
//! the files that decide how texts are cut, and a test says when the shipped one is out of date. An outdated one still works.

pub mod chance;
pub mod learn;
pub mod shelf;
pub mod squeeze;

use chance::{Chance, seed_of};
pub use learn::dot;
use rustc_hash::FxHashMap;

/// What the file begins with; the last digit is the format's version.
const MAGIC: &[u8; 8] = b"kaitouV1";

/// A file of vectors that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("単語ベクトルのファイルを読めません（{0}）。kaitou fit-vectors で作り直してください。")]
pub struct VectorsError(&'static str);

/// Rows of numbers, a byte each with one scale per row.
#[derive(Debug, Clone, Default)]
struct Rows {
    bytes: Vec<i8>,
    scales: Vec<f32>,
}

impl Rows {
    fn push(&mut self, row: &[f32]) {
        let most = row.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
        let scale = if most > 0.0 { most / 127.0 } else { 1.0 };
        #[allow(clippy::cast_possible_truncation)] // at most 127
        self.bytes.extend(row.iter().map(|x| (x / scale).round() as i8));
        self.scales.push(scale);
    }

    /// The inner product with a row.
    fn dot(&self, n: usize, other: &[f32]) -> f32 {
        let row = &self.bytes[n * other.len()..(n + 1) * other.len()];
        let (mut lanes, at) = ([0.0_f32; 8], other.len() / 8 * 8);
        for (x, y) in row[..at].chunks_exact(8).zip(other.chunks_exact(8)) {
            lanes.iter_mut().zip(x).zip(y).for_each(|((l, x), y)| *l += f32::from(*x) * y);
        }
        let rest: f32 = row[at..].iter().zip(&other[at..]).map(|(x, y)| f32::from(*x) * y).sum();
        self.scales[n] * (lanes.iter().sum::<f32>() + rest)
    }

    /// `sum += weight * row`
    fn add(&self, n: usize, weight: f32, sum: &mut [f32]) {
        let scale = weight * self.scales[n];
        let row = &self.bytes[n * sum.len()..(n + 1) * sum.len()];
        sum.iter_mut().zip(row).for_each(|(s, b)| *s += scale * f32::from(*b));
    }
}

/// Vectors of features, and topics as points among them.
#[derive(Debug, Default)]
pub struct Vectors {
    source: u64,
    width: usize,
    /// Feature → its row.
    places: FxHashMap<String, usize>,
    rows: Rows,
    /// How long the vector of an unknown word is, and that of an unknown pair.
    unknown: [f32; 2],
    topics: Vec<String>,
    /// The topics' centres, each of length 1.
    centres: Vec<f32>,
}

impl Vectors {
    /// Puts together what was learned: `vectors` holds a row per feature. `topics` are the names, each with its asks.
    #[must_use]
    pub fn new(source: u64, width: usize, features: &[String], vectors: &[f32], topics: &[learn::TopicTexts]) -> Self {
        let mut all = Self { source, width, ..Self::default() };
        let mut lengths: [Vec<f32>; 2] = Default::default();
        for (n, (feature, row)) in features.iter().zip(vectors.chunks_exact(width)).enumerate() {
            all.places.insert(feature.clone(), n);
            all.rows.push(row);
            lengths[usize::from(is_pair(feature))].push(dot(row, row).sqrt());
        }
        all.unknown = lengths.map(|mut l| {
            l.sort_by(f32::total_cmp);
            l.get(l.len() / 2).copied().unwrap_or(1.0)
        });
        for topic in topics {
            let mut centre = vec![0.0; width];
            for ask in &topic.asks {
                let ask = all.encode(ask.iter().map(String::as_str));
                centre.iter_mut().zip(&ask).for_each(|(c, a)| *c += a);
            }
            normalize(&mut centre);
            all.topics.push(topic.name.clone());
            all.centres.extend(centre);
        }
        all
    }

    /// The vectors that are built in.
    ///
    /// # Errors
    /// Never for a released program: a test reads them.
    pub fn built_in() -> Result<Self, VectorsError> {
        Self::from_bytes(include_bytes!("vectors.bin"))
    }

    /// The fingerprint of what they were learned from.
    #[must_use]
    pub fn source(&self) -> u64 {
        self.source
    }

    /// The topics' names.
    #[must_use]
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// The text with these features as a vector of length 1; of length 0 where there is no feature.
    #[must_use]
    pub fn encode<'a>(&self, features: impl IntoIterator<Item = &'a str>) -> Vec<f32> {
        self.encode_weighted(features.into_iter().map(|f| (f, 1.0)))
    }

    /// The same with a weight for each feature.
    #[must_use]
    pub fn encode_weighted<'a>(&self, features: impl IntoIterator<Item = (&'a str, f64)>) -> Vec<f32> {
        let mut sum = vec![0.0; self.width];
        for (feature, weight) in features {
            #[allow(clippy::cast_possible_truncation)] // 0 to 1
            let weight = weight as f32;
            if let Some(&n) = self.places.get(feature) {
                self.rows.add(n, weight, &mut sum);
            } else {
                let mut chance = Chance::new(seed_of(feature));
                #[allow(clippy::cast_precision_loss)] // hundreds
                let scale = weight * self.unknown[usize::from(is_pair(feature))] / (self.width as f32).sqrt();
                for chunk in sum.chunks_mut(64) {
                    let signs = chance.bits();
                    for (n, s) in chunk.iter_mut().enumerate() {
                        *s += if signs >> n & 1 == 0 { scale } else { -scale };
                    }
                }
            }
        }
        normalize(&mut sum);
        sum
    }

    /// How near a text is to each topic's centre, in [`Vectors::topics`]' order, −1 to 1.
    #[must_use]
    pub fn nearness(&self, text: &[f32]) -> Vec<f32> {
        self.centres.chunks_exact(self.width.max(1)).map(|c| dot(text, c)).collect()
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.source.to_le_bytes());
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
        bytes.extend([self.width, self.places.len(), self.topics.len()].map(count).concat());
        bytes.extend(self.unknown.map(f32::to_le_bytes).concat());
        let mut features: Vec<(&String, usize)> = self.places.iter().map(|(f, n)| (f, *n)).collect();
        features.sort_by_key(|f| f.1);
        let mut centres = Rows::default();
        self.centres.chunks_exact(self.width.max(1)).for_each(|c| centres.push(c));
        let named = features.into_iter().map(|(f, n)| (f, n, &self.rows));
        let topics = self.topics.iter().enumerate().map(|(n, t)| (t, n, &centres));
        for (name, n, rows) in named.chain(topics) {
            bytes.extend(u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
            bytes.extend(name.as_bytes());
            bytes.extend(rows.scales[n].to_le_bytes());
            bytes.extend(rows.bytes[n * self.width..(n + 1) * self.width].iter().map(|b| b.to_le_bytes()[0]));
        }
        bytes
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`VectorsError`] when they are not such a file, or not all of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VectorsError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(VectorsError("形式が違います"))?;
        let source = u64::from_le_bytes(take(&mut rest)?);
        let [width, features, topics] = [count(&mut rest)?, count(&mut rest)?, count(&mut rest)?];
        let unknown = [f32::from_le_bytes(take(&mut rest)?), f32::from_le_bytes(take(&mut rest)?)];
        // Each row takes its width and more: what can't be in the file is not asked of the memory.
        if width.saturating_mul(features.saturating_add(topics)) > rest.len() {
            return Err(CUT_SHORT);
        }
        let mut all = Self { source, width, unknown, ..Self::default() };
        all.places.reserve(features);
        all.rows.bytes.reserve(features * width);
        for n in 0..features {
            let name = row(&mut rest, width, &mut all.rows)?;
            all.places.insert(name, n);
        }
        let mut centres = Rows::default();
        for n in 0..topics {
            let name = row(&mut rest, width, &mut centres)?;
            all.topics.push(name);
            let mut centre = vec![0.0; width];
            centres.add(n, 1.0, &mut centre);
            normalize(&mut centre);
            all.centres.extend(centre);
        }
        Ok(all)
    }
}

const CUT_SHORT: VectorsError = VectorsError("途中で切れています");

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], VectorsError> {
    let (taken, after) = rest.split_first_chunk::<N>().ok_or(CUT_SHORT)?;
    *rest = after;
    Ok(*taken)
}

fn count(rest: &mut &[u8]) -> Result<usize, VectorsError> {
    Ok(u32::from_le_bytes(take(rest)?) as usize)
}

/// Reads one row into `rows` and returns its name.
fn row(rest: &mut &[u8], width: usize, rows: &mut Rows) -> Result<String, VectorsError> {
    let length = usize::from(u16::from_le_bytes(take(rest)?));
    let (name, after) = rest.split_at_checked(length).ok_or(CUT_SHORT)?;
    *rest = after;
    rows.scales.push(f32::from_le_bytes(take(rest)?));
    let (numbers, after) = rest.split_at_checked(width).ok_or(CUT_SHORT)?;
    *rest = after;
    rows.bytes.extend(numbers.iter().map(|b| i8::from_le_bytes([*b])));
    String::from_utf8(name.to_vec()).map_err(|_| VectorsError("文字コードが違います"))
}

fn is_pair(feature: &str) -> bool {
    feature.starts_with('#')
}

/// How much a text that is so near to each topic belongs to it: shares that add up to 1 (softmax), the smaller the
/// temperature the more for the nearest.
#[must_use]
pub fn shares(nearness: &[f32], temperature: f32) -> Vec<f32> {
    // A nearness is at most 1, so that no power overflows.
    let mut powers: Vec<f32> = nearness.iter().map(|n| (n / temperature).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter_mut().for_each(|p| *p /= sum);
    powers
}

/// Brings a vector to length 1, unless it has none.
fn normalize(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let features = ["認証".to_owned(), "#認証".to_owned()];
        let topics = [learn::TopicTexts { name: "本人確認".to_owned(), asks: vec![features.to_vec()], terms: Vec::new() }];
        let vectors = Vectors::new(7, 2, &features, &[3.0, 0.5, -1.0, 2.0], &topics);
        let bytes = vectors.to_bytes();
        let read = Vectors::from_bytes(&bytes).unwrap();
        assert_eq!((read.source(), read.topics()), (7, &["本人確認".to_owned()][..]));
        for text in [&["認証"][..], &["認証", "#認証", "知らない語"], &[]] {
            let (a, b) = (vectors.encode(text.iter().copied()), read.encode(text.iter().copied()));
            assert_eq!(a, b, "{text:?}");
        }
        assert!(bytes.len() > 60 && (0..bytes.len()).all(|n| Vectors::from_bytes(&bytes[..n]).is_err()));
    }
}
