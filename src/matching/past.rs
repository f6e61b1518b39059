//! Decisions about earlier questions: a question that was answered before is answered the same way.

use super::{CANDIDATES, Candidate, Reason};
use crate::questionnaire::choices::is_negated;
use crate::search::found::Found;

/// From this likeness (Dice over pairs of characters) on, two questions count as nearly the same.
const NEARLY: f64 = 0.85;
/// How sure a decision about the same text is under the same heading, and under another one.
const SAME: (f64, f64) = (0.98, 0.95);
/// How sure a decision about a nearly identical text is, at [`NEARLY`] and just below identity.
const ALIKE: (f64, f64) = (0.75, 0.93);

/// Puts the items of the most alike past question first, if it is alike enough; the others follow, less sure than before.
pub fn apply(found: &Found<'_>, candidates: &mut Vec<Candidate>, answerable: &mut f64) {
    // A small change may turn a question round (していますか → していませんか): then the old answer is not this one's.
    let alike = |p: &&crate::search::found::FoundPast<'_>| p.likeness >= NEARLY && is_negated(p.question) == found.negated;
    let Some(past) = found.past.iter().find(alike) else { return };
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
        return;
    }
    if taken.is_empty() {
        // Its items are no longer in the sheet: the decision says nothing about this one.
        candidates.iter_mut().for_each(|c| c.confidence /= 1.0 - sure);
        return;
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
}
