//! What each row of a sheet of cards is for.

use std::collections::HashMap;

use crate::questionnaire::Mark;
use crate::questionnaire::boxes;
use crate::questionnaire::filled::is_prompt;
use crate::questionnaire::grid::{Block, Grid};
use crate::questionnaire::headings::{Heading, Headings};
use crate::questionnaire::numbers::{is_counter, is_number};
use crate::questionnaire::table::is_asking;
use crate::text::normalize;
use crate::workbook::CellRef;

/// A place to answer, with what the label left of it tells.
pub(super) struct Place {
    pub at: CellRef,
    pub label: Option<Heading>,
    pub choices: Option<Vec<String>>,
    pub boxes: Option<String>,
    /// Has a list of choices, or one that cannot be read.
    pub listed: bool,
}

/// What a row is for.
pub(super) enum Row<'a> {
    /// Texts only.
    Texts(&'a [Block<'a>]),
    /// Places to answer, with labels that say so, and a number left of them.
    Places(Vec<Place>, Option<&'a str>),
    /// Places to mark, each with its choice right of it, and a number left of them.
    Marks(Vec<Mark>, Option<&'a str>),
    /// A name and its field, a heading row, anything else.
    Other,
}

/// Longest name of a place to answer, in characters.
pub(super) const MAX_LABEL: usize = 8;
/// So often a text stands beside a place to be its name, whatever it says.
pub(super) const OFTEN: usize = 4;
/// Longest choice beside a place to mark, in characters.
const MAX_CHOICE: usize = 20;
/// Longest unit behind a place, in characters: 回, 時間, か月.
const MAX_UNIT: usize = 3;

/// The rows of the sheet down to the one that ends the questions.
pub(super) fn rows<'g, 'a: 'g>(grid: &'g Grid<'a>) -> Vec<(u32, Row<'g>)> {
    let mut places: Vec<CellRef> = grid.places().collect();
    let boxed = grid.rows(1, grid.last_row).flat_map(|(_, blocks)| blocks).filter(|b| boxes::choices(b.text).is_some());
    places.extend(boxed.map(|b| b.range.first));
    // 「選択してください」 in a list's cell.
    let prompts = grid.rows(1, grid.last_row).flat_map(|(_, blocks)| blocks).filter(|b| is_place(grid, b));
    places.extend(prompts.map(|b| b.range.first));
    places.sort_unstable();
    places.dedup();
    let mut numbers: Vec<u32> = grid.rows(1, grid.last_row).map(|(row, _)| row).chain(places.iter().map(|at| at.row)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut rows: Vec<(u32, Row<'g>)> = Vec::with_capacity(numbers.len());
    // A short text that stands left of places again and again names them, whatever it says.
    let mut labels: HashMap<&str, usize> = HashMap::new();
    for at in &places {
        let left = grid.row(at.row).iter().rfind(|b| b.range.last.col < at.col);
        if let Some(label) = left.filter(|b| b.range.last.col + 1 == at.col && b.text.chars().count() <= MAX_LABEL) {
            *labels.entry(label.text).or_default() += 1;
        }
    }
    let over = grid.rows(1, grid.last_row).find(|(_, blocks)| matches!(blocks, [only] if Headings::builtin().ends_questions(only.text)));
    let end = over.map_or(u32::MAX, |(row, _)| row);
    for row in numbers.into_iter().take_while(|row| *row < end) {
        let here: Vec<CellRef> = places.iter().filter(|at| at.row == row).copied().collect();
        let blocks = grid.row(row);
        let asks = blocks.iter().any(|b| is_asking(b) && !is_label(b.text) && !is_place(grid, b));
        // An answer that stands there already: 「ご説明 …」, where other rows have a place beside that name.
        let given = match blocks {
            [name, text] if here.is_empty() && labels.get(name.text).is_some_and(|count| *count >= OFTEN) && name.range.last.col + 1 == text.col() => Some((name, text)),
            _ => None,
        };
        if let Some((name, text)) = given {
            let place = Place { at: text.range.first, label: grid.heading(name), choices: None, boxes: None, listed: false };
            rows.push((row, Row::Places(vec![place], None)));
            continue;
        }
        let number = blocks.first().map(|b| b.text).filter(|text| is_number(text) || is_counter(text));
        let kind = if let Some(marks) = marks(grid, blocks, &here) {
            Row::Marks(marks, number)
        } else if asks || here.is_empty() {
            Row::Texts(blocks)
        } else {
            let labelled = |at: &CellRef| blocks.iter().filter(|b| b.range.last.col < at.col && !is_place(grid, b)).max_by_key(|b| b.col());
            let repeated = |b: &Block<'_>| labels.get(b.text).is_some_and(|count| *count >= OFTEN);
            let known = |b: &Block<'_>| is_label(b.text) || repeated(b) || matches!(grid.heading(b), Some(Heading::Answer | Heading::Remark | Heading::Evidence | Heading::Choice));
            let place = |at: CellRef| {
                let text = grid.text(at);
                let list = grid.validation(at);
                let boxed = boxes::choices(text);
                Place {
                    at,
                    label: labelled(&at).and_then(|b| grid.heading(b)),
                    choices: list.and_then(|l| l.choices.clone()).or_else(|| boxed.clone()),
                    boxes: boxed.map(|_| text.to_owned()),
                    listed: list.is_some(),
                }
            };
            let boxed = |b: &Block<'_>| boxes::choices(b.text).is_some();
            let unit = |b: &Block<'_>| here.iter().any(|at| grid.block(*at).last.col + 1 == b.col() && has_unit(grid, *at));
            let counts = |b: &Block<'_>| number == Some(b.text);
            if blocks.iter().all(|b| known(b) || boxed(b) || is_place(grid, b) || unit(b) || counts(b)) {
                // An empty cell left of every label is the number's.
                let first = blocks.iter().filter(|b| !boxed(b) && !is_place(grid, b)).map(Block::col).min().unwrap_or(0);
                Row::Places(here.into_iter().filter(|at| at.col > first).map(place).collect(), number)
            } else {
                Row::Other
            }
        };
        rows.push((row, kind));
    }
    rows
}

/// The places of a row of choices to mark, each left of its choice: 「［ ］できている ［ ］できていない」, with at most a name or a
/// number left of the first, and notes beyond a gap.
fn marks(grid: &Grid<'_>, blocks: &[Block<'_>], here: &[CellRef]) -> Option<Vec<Mark>> {
    let behind = |at: &CellRef| blocks.iter().find(|b| b.col() == grid.block(*at).last.col + 1);
    let (first, last) = (here.first()?, here.last()?);
    let choices: Vec<&Block<'_>> = here.iter().map(behind).collect::<Option<_>>()?;
    let end = behind(last)?.range.last.col;
    let fits = |b: &Block<'_>| b.col() < first.col || b.col() > end + 1 || choices.iter().any(|c| c.col() == b.col());
    let short = |b: &&Block<'_>| b.text.chars().count() <= MAX_CHOICE && !is_label(b.text) && !is_number(b.text);
    let before = blocks.iter().filter(|b| b.col() < first.col).count();
    (here.len() >= 2 && before <= 2 && choices.iter().all(short) && blocks.iter().all(fits))
        .then(|| here.iter().zip(choices).map(|(at, b)| Mark { cell: *at, choice: b.text.to_owned(), sign: grid.sign(*at) }).collect())
}

/// Whether a unit stands right behind the place: 「［ ］回」.
pub(super) fn has_unit(grid: &Grid<'_>, at: CellRef) -> bool {
    let behind = grid.text(CellRef::new(at.row, grid.block(at).last.col + 1));
    !behind.is_empty() && behind.chars().count() <= MAX_UNIT
}

/// Whether the block's text is picked from its list, or only asks to do so.
pub(super) fn is_place(grid: &Grid<'_>, block: &Block<'_>) -> bool {
    let list = grid.validation(block.range.first);
    list.is_some_and(|list| is_prompt(block.text) || list.choices.as_ref().is_some_and(|choices| choices.iter().any(|c| c == block.text)))
}

/// Whether the text only says that a question or an answer stands beside it: 「質問1」, 「Q3.」, 「A.」, 「回答」, 「→」.
pub(super) fn is_label(text: &str) -> bool {
    if text.len() > 36 {
        return false;
    }
    let text: String = normalize(text).chars().filter(|c| c.is_alphanumeric() || matches!(c, '→' | '⇒')).collect();
    let bare = text.trim_end_matches(|c: char| c.is_ascii_digit());
    ["", "質問", "設問", "問", "問い", "q", "question", "no", "a", "ans", "answer", "答", "答え", "回答", "ご回答", "回答欄", "お返事", "ご返事", "お答え", "→", "⇒"].contains(&bare)
}
