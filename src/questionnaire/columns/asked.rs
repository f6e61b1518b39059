//! Which column asks, and which ones are there to be marked.

use super::super::headings::{Heading, Headings};
use super::super::table::is_choice;
use super::stats::Stats;
use crate::text::is_hiragana;

/// The column of the questions: by its heading, by how long and how many its texts are, and by how they end.
pub(super) fn question(stats: &[Stats<'_>]) -> Option<usize> {
    let most = stats.iter().map(|s| s.texts).max().unwrap_or(0);
    let japanese = stats.iter().any(|s| !s.english() && s.average() >= 6 && matches!(s.heading(), Some(Heading::Question | Heading::Item) | None));
    // Beside questions in Japanese, English ones only say them once more.
    let asks = |s: &&Stats<'_>| !s.english() && matches!(s.heading(), Some(Heading::Question | Heading::Item) | None) && !s.in_answer_group() && !s.is_closed_above();
    let japanese_asks = stats.iter().filter(asks).any(|s| s.texts * 10 >= most * 8 && s.sentences * 2 > s.texts && s.average() >= 10);
    let lists = stats.iter().position(|s| s.lists).unwrap_or(stats.len());
    let answered = stats.iter().position(|s| s.lists || s.boxes > 0 || s.heading() == Some(Heading::Answer) || s.in_answer_group()).unwrap_or(0);
    // In which another column, of whatever name, asks in sentences: beside it this one only names topics.
    let topics = |s: &Stats<'_>| {
        let asks = |o: &&Stats<'_>| o.heading().is_none() && o.role.is_none() && !o.in_answer_group() && !o.is_closed_above() && o.texts * 10 >= most * 8 && o.asking * 10 >= o.texts * 6;
        s.average() <= 14 && stats.iter().filter(asks).any(|o| o.col != s.col && o.average() >= s.average() * 2)
    };
    let score = |(i, s): (usize, &Stats<'_>)| {
        let word: i64 = match s.heading() {
            Some(Heading::Question) if topics(s) => 0,
            Some(Heading::Question) => 100,
            Some(Heading::Item) => 45,
            None if !s.in_answer_group() && !s.is_closed_above() => 0,
            Some(Heading::Category) if s.sentences * 2 > s.texts => -20,
            // 「具体的な対策」 left of the answers is what is asked for.
            Some(Heading::Remark) if i < answered && s.average() >= 12 && !s.in_answer_group() && !s.is_closed_above() && s.texts * 10 >= most * 6 => 40,
            Some(Heading::Remark) if !s.in_answer_group() && !s.is_closed_above() && s.texts * 10 >= most * 6 => -10,
            _ => return None,
        };
        let named = word >= 40;
        if s.role.is_some() || s.texts <= s.boxes || s.numbers * 2 >= s.texts || (!named && (s.average() < 6 || s.texts < 2 || i > lists && lists > 0)) {
            return None;
        }
        let share = |part: usize, of: usize, weight: usize| i64::try_from(part * weight / of.max(1)).unwrap_or(0);
        let form = share(s.average().min(40), 1, 1) + share(s.texts, most, 60) - share(s.tall, s.texts, 40) + share(s.sentences, s.texts, 30) + share(s.changes, s.texts, 20);
        let place = -3 * i64::try_from(i).unwrap_or(0) - if japanese_asks && s.english() { 200 } else if japanese && s.english() { 60 } else { 0 };
        Some((word + form + place, i))
    };
    stats.iter().enumerate().filter_map(score).max().map(|(_, i)| i)
}

/// Columns headed with choices, two or more side by side, whose cells are there to be marked.
pub(super) fn marks(stats: &[Stats<'_>], rows: usize) -> Vec<(u32, String)> {
    let label = |i: usize| stats.get(i).map_or("", |s| s.leaf.text.as_str());
    let markable = |s: &Stats<'_>| {
        let named = matches!(s.heading(), None | Some(Heading::Choice)) || s.heading() == Some(Heading::Answer) && !Headings::builtin().is_word(&s.leaf.text);
        let short = !s.leaf.text.is_empty() && s.leaf.text.chars().nth(12).is_none();
        let places = is_choice(&s.leaf.text) || s.open * 2 + s.filled * 2 >= rows;
        let marked = s.written <= s.filled * 2 && (s.marked || !s.lists && places);
        (named || is_choice(&s.leaf.text)) && short && marked && !s.is_closed_above() && s.role.is_none()
    };
    let could: Vec<bool> = stats.iter().map(markable).collect();
    // 「5」, 「4」 … are choices where each takes a mark.
    let level = |i: usize| stats[i].marked && label(i).chars().nth(1).is_none() && label(i).chars().all(char::is_alphanumeric) && !label(i).is_empty();
    let choice = |i: usize| could[i] && (is_choice(label(i)) || level(i));
    let beside = |i: usize, with: &dyn Fn(usize) -> bool| [i.checked_sub(1), Some(i + 1).filter(|n| *n < could.len())].into_iter().flatten().any(|n| could[n] && with(n));
    // 「標準機能で対応」 beside 「オプションで対応」; 「どちらともいえない」 between two choices.
    let member = |i: usize| {
        let between = i > 0 && i + 1 < could.len() && choice(i - 1) && choice(i + 1);
        let ticked = |n: usize| stats[n].marked;
        could[i] && (choice(i) || between || beside(i, &|n| kin(label(i), label(n)) || ticked(i) && ticked(n)))
    };
    let mut best: Vec<(u32, String)> = Vec::new();
    let mut run: Vec<usize> = Vec::new();
    for i in 0..=stats.len() {
        if i < stats.len() && member(i) {
            run.push(i);
            continue;
        }
        let sure = run.len() >= 2 && run.iter().any(|i| choice(*i)) || run.len() >= 3;
        if sure && run.len() > best.len() {
            // Where marks come from a list, a column without one takes none.
            if run.iter().any(|i| stats[*i].marked) {
                run.retain(|i| stats[*i].marked);
            }
            best = run.iter().map(|i| (stats[*i].col, label(*i).to_owned())).collect();
        }
        run.clear();
    }
    best
}

/// Whether two choices speak of the same: they share a word of two letters or more.
fn kin(a: &str, b: &str) -> bool {
    let letters: Vec<char> = a.chars().filter(|c| !is_hiragana(*c)).collect();
    letters.windows(2).any(|pair| b.contains(&pair.iter().collect::<String>()))
}
