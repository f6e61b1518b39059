//! What is as good as known: a question that was answered before, or one that is worded as an item of the sheet.

use super::{CANDIDATES, Candidate, Reason};
use crate::questionnaire::polarity::is_turned;
use crate::search::found::{Found, FoundItem, FoundPast};

/// From this likeness (Dice over pairs of characters) on, two questions count as nearly the same.
const NEARLY: f64 = 0.85;
/// How sure a decision about the same text is under the same heading, and under another one.
const SAME: (f64, f64) = (0.98, 0.95);
/// How sure a decision about a nearly identical text is, at [`NEARLY`] and just below identity.
const ALIKE: (f64, f64) = (0.75, 0.93);
/// From this sureness on the band is high, whatever the model's own threshold.
pub const SURE: f64 = 0.95;
/// From this likeness on a question is worded as an item is, and how sure that is.
const SAME_WORDING: (f64, f64) = (0.92, 0.97);

/// Puts what is as good as known first and returns how sure it is; `None` where nothing is.
pub fn apply(found: &Found<'_>, candidates: &mut Vec<Candidate>, answerable: &mut f64) -> Option<f64> {
    by_decision(found, candidates, answerable).or_else(|| by_wording(found, candidates, answerable))
}

/// The one item that asks in the same words: clients copy public checklists, and so do standard sheets.
fn by_wording(found: &Found<'_>, candidates: &mut Vec<Candidate>, answerable: &mut f64) -> Option<f64> {
    let (least, sure) = SAME_WORDING;
    let same = |i: &&FoundItem<'_>| i.signals.likeness >= least;
    let mut items = found.items.iter().filter(same);
    let item = items.next()?;
    // The same words twice in the sheet are about two things: only the headings tell which.
    if items.next().is_some() || found.negated {
        return None;
    }
    let mut candidate = candidates.iter().position(|c| c.item == item.id).map(|p| candidates.remove(p))?;
    candidates.iter_mut().for_each(|c| c.confidence *= 1.0 - sure);
    candidate.confidence = candidate.confidence.max(sure);
    candidates.insert(0, candidate);
    *answerable = answerable.max(sure);
    Some(sure)
}

/// Puts the items of the most alike past question first, if it is alike enough; the others follow, less sure than before.
fn by_decision(found: &Found<'_>, candidates: &mut Vec<Candidate>, answerable: &mut f64) -> Option<f64> {
    // A small change may turn a question round (していますか → していませんか): then the old answer is not this one's.
    let alike = |p: &&FoundPast<'_>| p.likeness >= NEARLY && is_turned(p.question) == found.negated;
    let past = found.past.iter().find(alike)?;
    let sure = if past.likeness >= 1.0 {
        if past.same_section { SAME.0 } else { SAME.1 }
    } else {
        ALIKE.0 + (ALIKE.1 - ALIKE.0) * (past.likeness - NEARLY) / (1.0 - NEARLY)
    };
    let known = |id: u32| found.items.iter().any(|i| i.id == id);
    let taken: Vec<u32> = past.items.iter().copied().filter(|&id| known(id)).collect();
    for candidate in candidates.iter_mut() {
        candidate.confidence *= 1.0 - sure;
    }
    if past.items.is_empty() {
        // Nothing answered it then.
        *answerable *= 1.0 - sure;
        return Some(0.0);
    }
    if taken.is_empty() {
        // Its items are no longer in the sheet: the decision says nothing about this one.
        candidates.iter_mut().for_each(|c| c.confidence /= 1.0 - sure);
        return None;
    }
    *answerable = answerable.max(sure);
    for (n, &id) in taken.iter().enumerate() {
        let old = candidates.iter().position(|c| c.item == id).map(|p| candidates.remove(p));
        let mut why = vec![Reason::Past(past.question.to_owned())];
        why.extend(old.into_iter().flat_map(|c| c.why));
        // The first of several was taken as the best; each further one is a little less so.
        #[allow(clippy::cast_precision_loss)] // a handful of items
        let confidence = sure * 0.95_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
        candidates.insert(n.min(candidates.len()), Candidate { item: id, confidence, why });
    }
    candidates.truncate(CANDIDATES);
    Some(sure)
}
