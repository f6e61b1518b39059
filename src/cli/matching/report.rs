//! The figures of `kaitou evaluate` and `kaitou fit` as tables.

use std::collections::BTreeSet;
use std::io::Write;

use super::evaluate::Known;
use crate::matching::measure::{Figures, Outcome, figures};
use crate::matching::{Band, Match};

/// A table: a line per document, one per file where there are several, and one over all; then the bands.
pub(super) fn report(known: &[Known], matches: &[Match], output: &mut impl Write) -> std::io::Result<()> {
    let outcomes: Vec<(&Known, Outcome)> = known.iter().zip(matches).map(|(k, m)| (k, Outcome::new(m, &k.truth))).collect();
    let names = |name: fn(&Known) -> &str| outcomes.iter().map(|(k, _)| name(k)).collect::<BTreeSet<&str>>();
    let of = |chosen: &dyn Fn(&Known) -> bool| {
        figures(&outcomes.iter().filter(|(k, _)| chosen(k)).map(|(_, o)| o.clone()).collect::<Vec<_>>())
    };
    let mut rows: Vec<(&str, Figures)> =
        names(|k| &k.document).into_iter().map(|d| (d, of(&|k| k.document == d))).collect();
    let files = names(|k| &k.file);
    if files.len() > 1 {
        rows.extend(files.into_iter().map(|f| (f, of(&|k| k.file == f))));
    }
    rows.push(("all", of(&|_| true)));
    writeln!(output, "document\tanswerable\tnone\thit@1\thit@3\tMRR@10\tAUROC\tECE")?;
    for (document, f) in &rows {
        let figures = [f.hit1, f.hit3, f.mrr10, f.auroc, f.ece].map(|x| x.map_or("-".to_owned(), |x| format!("{x:.3}")));
        writeln!(output, "{document}\t{}\t{}\t{}", f.answerable, f.unanswerable, figures.join("\t"))?;
    }
    writeln!(output, "\ndocument\tband\tquestions\tright\tprecision\tcoverage")?;
    for (document, f) in &rows {
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
