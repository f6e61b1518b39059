//! `--misses`: each question that went wrong, what was expected, what came, and each signal's part in it.

use std::io::Write;

use super::evaluate::Known;
use super::rounded;
use crate::matching::features::{self, ITEM};
use crate::matching::model::Ranked;
use crate::matching::{Band, Match, Model};
use crate::search::Found;
use crate::standard::StandardSheet;

/// So many signals are named for a miss.
const SIGNALS: usize = 6;

/// Lists the answerable questions whose best candidate is wrong, then those that nothing answers and that something was suggested
/// for, the surest first in each.
pub(super) fn misses<'a>(
    all: impl Iterator<Item = (&'a Known, &'a Found<'a>, &'a Match, &'a Model)>,
    sheet: &StandardSheet,
    output: &mut impl Write,
) -> std::io::Result<()> {
    let wrong = |known: &Known, found: &Match| match found.candidates.first() {
        Some(first) => !known.truth.accepted.contains(&first.item),
        None => !known.truth.accepted.is_empty(),
    };
    let mut all: Vec<_> = all.filter(|(k, _, m, _)| wrong(k, m) && !(k.truth.accepted.is_empty() && m.band == Band::None)).collect();
    all.sort_by(|a, b| confidence(b.2).total_cmp(&confidence(a.2)));
    let (answerable, none): (Vec<_>, Vec<_>) = all.into_iter().partition(|(k, ..)| !k.truth.accepted.is_empty());
    writeln!(output, "\n# 外れた質問: {} 件", answerable.len())?;
    for (known, found, matched, model) in answerable {
        head(known, matched, output)?;
        let features = features::of(found);
        let ranked = Ranked::new(&model.ranking, &features);
        let place = |id: u32| found.items.iter().position(|i| i.id == id);
        let rank_of = |item: usize| ranked.order.iter().position(|&i| i == item).map_or(0, |p| p + 1);
        let came = matched.candidates.first().and_then(|c| place(c.item)).unwrap_or(0);
        let expected = known.truth.accepted.iter().filter_map(|&id| place(id)).min_by_key(|&i| rank_of(i)).unwrap_or(0);
        for (label, item) in [("期待", expected), ("結果", came)] {
            writeln!(output, "  {label}: {} 位 {:.2} 点 {}", rank_of(item), ranked.scores[item], item_line(sheet, found.items[item].id))?;
        }
        let (wanted, had) = (&features.items[expected], &features.items[came]);
        let mut parts: Vec<(f64, &str)> =
            ITEM.iter().enumerate().map(|(n, name)| (model.ranking[n] * (wanted[n] - had[n]), *name)).collect();
        parts.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let parts: Vec<String> = parts.iter().take(SIGNALS).map(|(part, name)| format!("{name} {part:+.2}")).collect();
        writeln!(output, "  期待－結果: {}", parts.join(", "))?;
    }
    writeln!(output, "\n# 答えのない質問への提案: {} 件", none.len())?;
    for (known, _, matched, _) in none {
        head(known, matched, output)?;
        if let Some(first) = matched.candidates.first() {
            let why: Vec<String> = first.why.iter().map(super::say).collect();
            writeln!(output, "  結果: {}\n  理由: {}", item_line(sheet, first.item), why.join(", "))?;
        }
    }
    Ok(())
}

fn confidence(found: &Match) -> f64 {
    found.candidates.first().map_or(0.0, |c| c.confidence)
}

fn head(known: &Known, found: &Match, output: &mut impl Write) -> std::io::Result<()> {
    let (section, sure) = (known.section.join(" > "), rounded(confidence(found)));
    let answerable = rounded(found.answerable);
    writeln!(output, "\n{} [{section}] {}", known.id, known.question.replace('\n', " "))?;
    writeln!(output, "  確信度 {sure} ({}), 回答可能 {answerable}", found.band.name())
}

fn item_line(sheet: &StandardSheet, id: u32) -> String {
    let Some(item) = sheet.item(id) else { return id.to_string() };
    format!("{id} [{}] {}", item.section.join(" > "), item.question.replace('\n', " "))
}
