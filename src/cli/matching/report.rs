//! The figures of `kaitou evaluate` and `kaitou fit` as tables.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::Known;
use crate::matching::measure::{Figures, Outcome, figures};
use crate::matching::{Band, Match};

/// A table: a line per document and one over all, then the bands.
pub(super) fn report(known: &[Known], matches: &[Match], output: &mut impl Write) -> std::io::Result<()> {
    let outcomes: Vec<(&str, Outcome)> =
        known.iter().zip(matches).map(|(k, m)| (k.document.as_str(), Outcome::new(m, &k.truth))).collect();
    let documents: BTreeSet<&str> = outcomes.iter().map(|(d, _)| *d).collect();
    let of = |document: Option<&str>| {
        let chosen = outcomes.iter().filter(|(d, _)| document.is_none_or(|x| x == *d));
        figures(&chosen.map(|(_, o)| o.clone()).collect::<Vec<_>>())
    };
    let all: BTreeMap<String, Figures> = documents.iter().map(|d| ((*d).to_owned(), of(Some(d)))).collect();
    let rows = all.iter().map(|(d, f)| (d.as_str(), f));
    let total = of(None);
    writeln!(output, "document\tanswerable\tnone\thit@1\thit@3\tMRR@10\tAUROC\tECE")?;
    for (document, f) in rows.clone().chain([("all", &total)]) {
        let figures = [f.hit1, f.hit3, f.mrr10, f.auroc, f.ece].map(|x| x.map_or("-".to_owned(), |x| format!("{x:.3}")));
        writeln!(output, "{document}\t{}\t{}\t{}", f.answerable, f.unanswerable, figures.join("\t"))?;
    }
    writeln!(output, "\ndocument\tband\tquestions\tright\tprecision\tcoverage")?;
    for (document, f) in rows.chain([("all", &total)]) {
        for band in Band::ALL {
            let b = f.bands.get(band.name()).copied().unwrap_or_default();
            let share = |a: usize, of: usize| match (u32::try_from(a), u32::try_from(of)) {
                (Ok(a), Ok(of)) if of > 0 => format!("{:.3}", f64::from(a) / f64::from(of)),
                _ => "-".to_owned(),
            };
            // Coverage: the answerable questions in the band among all answerable ones.
            let (precision, coverage) = (share(b.right, b.questions), share(b.answerable, f.answerable));
            writeln!(output, "{document}\t{}\t{}\t{}\t{precision}\t{coverage}", band.name(), b.questions, b.right)?;
        }
    }
    Ok(())
}
