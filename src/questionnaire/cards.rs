//! Questions with their answers below them: 「質問1 …」, and under it 「回答」 with a box, or an empty box alone.

use std::collections::HashMap;

use super::boxes;
use super::filled::is_prompt;
use super::grid::{Block, Grid};
use super::headings::{Heading, Headings};
use super::numbers::is_number;
use super::rows::MAX_TITLE;
use super::titles::{Titles, shape};
use super::table::is_asking;
use super::{Kind, Question};
use crate::text::normalize;
use crate::workbook::CellRef;

/// A place to answer, with what the label left of it tells.
struct Place {
    at: CellRef,
    label: Option<Heading>,
    choices: Option<Vec<String>>,
    boxes: Option<String>,
    listed: bool,
}

/// What a row is for.
enum Row<'a> {
    /// Texts only.
    Texts(&'a [Block<'a>]),
    /// Places to answer, with labels that say so.
    Places(Vec<Place>),
    /// A name and its field, a heading row, anything else.
    Other,
}

/// Longest name of a place to answer, in characters.
const MAX_LABEL: usize = 8;
/// So often a text stands beside a place to be its name, whatever it says.
const OFTEN: usize = 4;

/// Fewest questions in this form that are believed.
const FEWEST: usize = 2;

/// The questions of a sheet on which the answers stand below; none where it has no such form.
pub(super) fn read(grid: &Grid<'_>) -> Vec<Question> {
    let questions = between(grid, 1, u32::MAX);
    if questions.len() < FEWEST { Vec::new() } else { questions }
}

/// The questions in rows `first` to `last` that have their answers below them.
pub(super) fn between(grid: &Grid<'_>, first: u32, last: u32) -> Vec<Question> {
    let mut rows = rows(grid);
    rows.retain(|(row, _)| (first..=last).contains(row));
    let mut titles = Titles::default();
    let mut questions: Vec<Question> = Vec::new();
    let mut open = false;
    // Titles above the first question may be the sheet's own: they count where one of their form comes later.
    let (mut early, mut later): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    for (index, (row, kind)) in rows.iter().enumerate() {
        match kind {
            Row::Texts(blocks) => {
                open = false;
                let answered = matches!(rows.get(index + 1), Some((next, Row::Places(_))) if *next <= row + height(blocks) + 1);
                let asked = blocks.iter().filter(|b| !is_label(b.text)).max_by_key(|b| b.text.chars().count());
                if let Some(asked) = asked.filter(|_| answered) {
                    let number = blocks.iter().filter(|b| b.col() < asked.col()).find(|b| is_number(b.text) || is_label(b.text));
                    questions.push(Question {
                        kind: Kind::default(),
                        filled: None,
                        legend: Vec::new(),
                        sheet: grid.sheet.name.clone(),
                        number: number.map(|b| b.text.to_owned()).or_else(|| super::wording::leading_number(asked.text)),
                        section: titles.texts(),
                        text: asked.text.to_owned(),
                        question_cell: asked.range.first,
                        choice_cell: None,
                        choices: None,
                        boxes: None,
                        text_cell: None,
                        marks: None,
                    });
                    titles.used();
                    open = true;
                    // 「… ＿＿」 with 「補足：＿＿」 below it: the answer stands beside the question.
                    let beside = CellRef::new(*row, asked.range.last.col + 1);
                    let remark = matches!(rows.get(index + 1), Some((_, Row::Places(places))) if places.iter().all(|p| p.label == Some(Heading::Remark)));
                    if let Some(question) = questions.last_mut().filter(|_| remark && grid.empty(beside) && grid.inviting(beside)) {
                        question.text_cell = Some(beside);
                    }
                } else if let [title] = blocks
                    && index > 0
                    && title.text.chars().count() <= MAX_TITLE
                    && matches!(rows.get(index + 1), Some((_, Row::Texts(_))))
                    && !title.text.starts_with(['※', '・', '*', '（', '('])
                    && !title.text.ends_with('。')
                {
                    titles.put(title);
                    if questions.is_empty() {
                        early.push((shape(title), title.text.to_owned()));
                    } else {
                        later.push(shape(title));
                    }
                }
            }
            Row::Places(places) if open => {
                if let Some(question) = questions.last_mut() {
                    take(grid, question, places);
                }
            }
            Row::Places(_) | Row::Other => open = false,
        }
    }
    let own: Vec<String> = early.into_iter().filter(|(shape, _)| !later.contains(shape)).map(|(_, text)| text).collect();
    questions.iter_mut().for_each(|q| q.section.retain(|title| !own.contains(title)));
    questions.retain(|q| q.choice_cell.is_some() || q.text_cell.is_some());
    questions
}

fn height(blocks: &[Block<'_>]) -> u32 {
    blocks.iter().map(|b| b.range.height()).max().unwrap_or(1)
}

/// Gives the places to the question: the first list takes the choice, a place for remarks or for anything the text.
fn take(grid: &Grid<'_>, question: &mut Question, places: &[Place]) {
    // An empty cell left of the question's own column is its number's.
    for place in places.iter().filter(|p| grid.block(p.at).last.col >= question.question_cell.col) {
        let chooses = place.listed || place.boxes.is_some();
        if chooses && question.choice_cell.is_none() {
            question.choice_cell = Some(place.at);
            question.choices.clone_from(&place.choices);
            question.boxes.clone_from(&place.boxes);
        } else if !chooses && question.text_cell.is_none() && place.label != Some(Heading::Evidence) {
            question.text_cell = Some(place.at);
        } else if !chooses && question.choice_cell.is_none() && place.label == Some(Heading::Remark) {
            // 回答 and 補足 without a list: the first is the answer's word, the second explains it.
            question.choice_cell = question.text_cell.replace(place.at);
        }
    }
}

fn rows<'g, 'a: 'g>(grid: &'g Grid<'a>) -> Vec<(u32, Row<'g>)> {
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
        let kind = if asks || here.is_empty() {
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
            if blocks.iter().all(|b| known(b) || boxed(b) || is_place(grid, b)) {
                // An empty cell left of every label is the number's.
                let first = blocks.iter().filter(|b| !boxed(b) && !is_place(grid, b)).map(Block::col).min().unwrap_or(0);
                Row::Places(here.into_iter().filter(|at| at.col > first).map(place).collect())
            } else {
                Row::Other
            }
        };
        rows.push((row, kind));
    }
    rows
}

/// Whether the block's text only asks for an answer that is picked from its list.
fn is_place(grid: &Grid<'_>, block: &Block<'_>) -> bool {
    is_prompt(block.text) && grid.validation(block.range.first).is_some()
}

/// Whether the text only says that a question or an answer stands beside it: 「質問1」, 「Q3.」, 「A.」, 「回答」, 「→」.
fn is_label(text: &str) -> bool {
    if text.len() > 36 {
        return false;
    }
    let text: String = normalize(text).chars().filter(|c| c.is_alphanumeric() || matches!(c, '→' | '⇒')).collect();
    let bare = text.trim_end_matches(|c: char| c.is_ascii_digit());
    ["", "質問", "設問", "問", "問い", "q", "question", "no", "a", "ans", "answer", "答", "答え", "回答", "ご回答", "回答欄", "お返事", "ご返事", "お答え", "→", "⇒"].contains(&bare)
}
