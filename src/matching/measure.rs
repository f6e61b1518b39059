//! How good matches are, on questions whose right items are known.

use super::features::number;
use std::collections::BTreeMap;

use super::{Band, Match};

/// What is known to be right for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The items that a reviewer accepts; none where the sheet does not answer the question.
    pub accepted: Vec<u32>,
}

/// One question's outcome, as far as it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Whether the sheet answers it.
    pub answerable: bool,
    /// The place of the first right item from 1.
    pub place: Option<usize>,
    /// What was said about it.
    pub said_answerable: f64,
    /// The best candidate's confidence; 0 without one.
    pub confidence: f64,
    /// The band.
    pub band: Band,
}

impl Outcome {
    /// Compares a match with the truth.
    #[must_use]
    pub fn new(found: &Match, truth: &Truth) -> Self {
        Self {
            answerable: !truth.accepted.is_empty(),
            place: found.candidates.iter().position(|c| truth.accepted.contains(&c.item)).map(|p| p + 1),
            said_answerable: found.answerable,
            confidence: found.candidates.first().map_or(0.0, |c| c.confidence),
            band: found.band,
        }
    }

    fn right(&self) -> bool {
        self.place == Some(1)
    }
}

/// One band: what was suggested in it, and how much of it was right.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BandFigures {
    /// Questions in the band, answerable or not.
    pub questions: usize,
    /// Those whose best candidate is right.
    pub right: usize,
    /// Those that are answerable.
    pub answerable: usize,
}

/// The figures of a set of questions. `None` where there is nothing to take a mean of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Answerable questions.
    pub answerable: usize,
    /// Unanswerable ones.
    pub unanswerable: usize,
    /// The share of answerable questions whose first candidate is right.
    pub hit1: Option<f64>,
    /// … one of whose first three is.
    pub hit3: Option<f64>,
    /// The mean of 1/place of the first right one within ten.
    pub mrr10: Option<f64>,
    /// How well `answerable` tells the two kinds apart.
    pub auroc: Option<f64>,
    /// Expected calibration error of the first candidate's confidence over all questions, 10 bins of equal width.
    pub ece: Option<f64>,
    /// By [`Band::name`].
    pub bands: BTreeMap<&'static str, BandFigures>,
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / number(values.len()))
}

/// All figures of `outcomes`.
#[must_use]
pub fn figures(outcomes: &[Outcome]) -> Figures {
    let answerable = || outcomes.iter().filter(|o| o.answerable);
    let within = |most: usize| mean(answerable().map(|o| f64::from(u8::from(o.place.is_some_and(|p| p <= most)))));
    let mut bands: BTreeMap<&'static str, BandFigures> = Band::ALL.iter().map(|b| (b.name(), BandFigures::default())).collect();
    for outcome in outcomes {
        let band = bands.entry(outcome.band.name()).or_default();
        band.questions += 1;
        band.right += usize::from(outcome.right());
        band.answerable += usize::from(outcome.answerable);
    }
    Figures {
        answerable: answerable().count(),
        unanswerable: outcomes.iter().filter(|o| !o.answerable).count(),
        hit1: within(1),
        hit3: within(3),
        mrr10: mean(answerable().map(|o| o.place.filter(|p| *p <= 10).map_or(0.0, |p| 1.0 / number(p)))),
        auroc: auroc(outcomes.iter().map(|o| (o.said_answerable, o.answerable))),
        ece: ece(outcomes.iter().map(|o| (o.confidence, o.right()))),
        bands,
    }
}

/// The probability that a true one is scored above a false one; ties count half. `None` unless there are both.
#[must_use]
pub fn auroc(scored: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    let mut scored: Vec<(f64, bool)> = scored.collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won) = (0.0, 0.0);
    for tied in scored.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let trues = number(tied.iter().filter(|s| s.1).count());
        let falses = number(tied.len()) - trues;
        won += trues * (below + falses / 2.0);
        below += falses;
    }
    let trues = number(scored.len()) - below;
    (trues > 0.0 && below > 0.0).then(|| won / (trues * below))
}

/// The mean distance between what was said and what came true, in 10 bins of equal width weighted by their size.
#[must_use]
pub fn ece(said: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    let mut bins = [(0.0, 0.0, 0.0); 10];
    for (p, true_) in said {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 1
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1.0, bin.1 + p, bin.2 + f64::from(u8::from(true_)));
    }
    let all: f64 = bins.iter().map(|b| b.0).sum();
    (all > 0.0).then(|| bins.iter().map(|b| (b.1 - b.2).abs()).sum::<f64>() / all)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn figures_of_cases_worked_by_hand() {
        let rising = [(0.1, false), (0.4, true), (0.4, false), (0.9, true)];
        assert!((auroc(rising.into_iter()).unwrap() - 0.875).abs() < 1e-9);
        assert_eq!(auroc([(0.1, true)].into_iter()), None);
        let said = [(0.95, true), (0.95, false), (0.15, false)];
        // (|1.9 − 1| + |0.15 − 0|) / 3
        assert!((ece(said.into_iter()).unwrap() - 0.35).abs() < 1e-9);
    }
}
