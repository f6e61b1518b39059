//! Questions with their answers below them: 「質問1 …」, and under it 「回答」 with a box, or an empty box alone.

use super::grid::{Block, Grid};
use super::headings::Heading;
use super::numbers::is_number;
use super::rows::MAX_TITLE;
use super::titles::{Titles, shape};
use super::wording::{is_example, is_example_mark};
use super::{Kind, Question};
use crate::workbook::CellRef;

mod across;
mod fields;
mod rows;

use fields::Fields;
use rows::{Place, Row, has_unit, is_label, rows};

/// Fewest questions in this form that are believed.
const FEWEST: usize = 2;

/// The questions of a sheet on which the answers stand below; none where it has no such form.
pub(super) fn read(grid: &Grid<'_>) -> Vec<Question> {
    let across = across::read(grid);
    if !across.is_empty() {
        return across;
    }
    let mut questions = Vec::new();
    let own = read_rows(grid, 1, u32::MAX, &mut questions);
    questions.iter_mut().for_each(|q| q.section.retain(|title| !own.contains(title)));
    if questions.len() < FEWEST { Vec::new() } else { questions }
}

/// The questions in rows `first` to `last` that have their answers below them.
pub(super) fn between(grid: &Grid<'_>, first: u32, last: u32) -> Vec<Question> {
    let mut questions = Vec::new();
    read_rows(grid, first, last, &mut questions);
    questions
}

/// Reads the rows. Gives the titles above the first question that may be the sheet's own: none of their form comes later.
fn read_rows(grid: &Grid<'_>, first: u32, last: u32, questions: &mut Vec<Question>) -> Vec<String> {
    let mut rows = rows(grid);
    rows.retain(|(row, _)| (first..=last).contains(row));
    let mut titles = Titles::default();
    let mut open = false;
    let fields = Fields::of(grid, &rows);
    // Whether the text goes to a place whose name does not say that it takes words.
    let mut loosely = false;
    // The rows of a card that have been read with its first.
    let mut passed = 0;
    let (mut early, mut later): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    for (index, (row, kind)) in rows.iter().enumerate() {
        if index < passed {
            continue;
        }
        match kind {
            Row::Texts(blocks) => {
                open = false;
                let card = fields.card(grid, &rows[index..]);
                let next = rows.get(index + card.as_ref().map_or(1, |card| card.rows));
                // Names over a box each, with no name beside them: stamps.
                let stamps = blocks.len() >= 2 && matches!(next, Some((_, Row::Places(places, _))) if places.len() >= 2 && places.iter().all(|p| p.label.is_none() && blocks.iter().any(|b| b.col() == p.at.col)));
                let answered = card.is_some() || !stamps && matches!(next, Some((next, Row::Places(..) | Row::Marks(..))) if *next <= row + height(blocks) + 1);
                let example = blocks.iter().any(|b| is_example_mark(b.text) || is_example(b.text));
                if let Some(card) = &card {
                    passed = index + card.rows;
                    card.title.into_iter().filter(|_| !example).for_each(|title| titles.put(title));
                }
                let asked = card.as_ref().map(|card| card.asked).or_else(|| blocks.iter().filter(|b| !is_label(b.text)).max_by_key(|b| b.text.chars().count()));
                if let Some(asked) = asked.filter(|_| answered && !example) {
                    let left = |b: &&Block<'_>| b.range.first < asked.range.first && !fields.has(b);
                    let number = blocks.iter().filter(left).find(|b| is_number(b.text) || is_label(b.text));
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
                    (open, loosely) = (true, false);
                    // 「… ＿＿」 with 「補足：＿＿」 below it: the answer stands beside the question.
                    let beside = CellRef::new(*row, asked.range.last.col + 1);
                    let remark = matches!(next, Some((_, Row::Places(places, _))) if places.iter().all(|p| p.label == Some(Heading::Remark)));
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
            Row::Places(places, number) if open => {
                if let Some(question) = questions.last_mut() {
                    question.number = question.number.take().or_else(|| number.map(str::to_owned));
                    loosely = take(grid, question, places, loosely);
                }
            }
            Row::Marks(marks, number) if open => {
                if let Some(question) = questions.last_mut().filter(|q| q.choice_cell.is_none() && q.marks.is_none()) {
                    question.number = question.number.take().or_else(|| number.map(str::to_owned));
                    question.marks = Some(marks.clone());
                }
            }
            Row::Places(..) | Row::Marks(..) | Row::Other => open = false,
        }
    }
    questions.retain(|q| q.choice_cell.is_some() || q.text_cell.is_some() || q.marks.is_some());
    early.into_iter().filter(|(shape, _)| !later.contains(shape)).map(|(_, text)| text).collect()
}

fn height(blocks: &[Block<'_>]) -> u32 {
    blocks.iter().map(|b| b.range.height()).max().unwrap_or(1)
}

/// Gives the places to the question: the first list takes the choice, a place for remarks or for anything the text,
/// which an earlier place with another name gives back. Gives whether such a one has it.
fn take(grid: &Grid<'_>, question: &mut Question, places: &[Place], loosely: bool) -> bool {
    let mut loosely = loosely;
    // What has the name of a remark and more room takes the words.
    let width = |at: CellRef| grid.block(at).width();
    let gives_way = |at: CellRef, place: &Place, loosely: bool| place.label == Some(Heading::Remark) && (loosely || width(place.at) > width(at));
    // An empty cell left of the question's own column is its number's.
    for place in places.iter().filter(|p| grid.block(p.at).last.col >= question.question_cell.col) {
        let chooses = place.listed || place.boxes.is_some();
        if chooses && question.choice_cell.is_none() {
            question.choice_cell = Some(place.at);
            question.choices.clone_from(&place.choices);
            question.boxes.clone_from(&place.boxes);
        } else if !chooses && question.text_cell.is_none_or(|at| question.choice_cell.is_some() && gives_way(at, place, loosely)) && place.label != Some(Heading::Evidence) {
            question.text_cell = Some(place.at);
            loosely = place.label != Some(Heading::Remark);
        } else if !chooses && question.choice_cell.is_none() && place.label == Some(Heading::Remark) && !question.text_cell.is_some_and(|at| has_unit(grid, at)) {
            // 回答 and 補足 without a list: the first is the answer's word, the second explains it.
            question.choice_cell = question.text_cell.replace(place.at);
        }
    }
    loosely
}

