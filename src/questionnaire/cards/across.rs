//! Questions side by side with their answers below them: 「設問 …｜…｜…」, and under it 「回答 ＿｜＿｜＿」.

use crate::questionnaire::grid::{Block, Grid};
use crate::questionnaire::headings::Heading;
use crate::questionnaire::rows::MAX_TITLE;
use crate::questionnaire::table::is_asking;
use crate::questionnaire::titles::Titles;
use crate::questionnaire::{Kind, Question};
use crate::workbook::CellRef;

/// Rows below the questions that may hold their answers.
const REACH: u32 = 6;

/// The questions of a sheet on which they stand in rows that begin with a name for questions; none where there is no such row.
pub(super) fn read(grid: &Grid<'_>) -> Vec<Question> {
    let mut titles = Titles::default();
    let mut questions = Vec::new();
    for (row, blocks) in grid.rows(1, grid.last_row) {
        match blocks {
            [title] if title.text.chars().count() <= MAX_TITLE && !title.text.ends_with('。') && row > 1 && !grid.inviting(CellRef::new(row, title.range.last.col + 1)) => titles.put(title),
            [name, asked @ ..] if asked.len() >= 2 && grid.heading(name) == Some(Heading::Question) && asked.iter().all(is_asking) => {
                let found = asked.iter().filter_map(|asked| question(grid, name, asked, titles.texts()));
                questions.extend(found);
                titles.used();
            }
            _ => {}
        }
    }
    questions
}

/// The question, where a place below it is named for its answer.
fn question(grid: &Grid<'_>, name: &Block<'_>, asked: &Block<'_>, section: Vec<String>) -> Option<Question> {
    let last = asked.range.last.row;
    let named = |row: u32, wanted: &[Heading]| grid.row(row).first().filter(|b| b.col() == name.col()).and_then(|b| grid.heading(b)).is_some_and(|h| wanted.contains(&h));
    let place = |wanted: &[Heading]| (last + 1..=last + REACH).filter(|row| named(*row, wanted)).map(|row| CellRef::new(row, asked.col())).find(|at| grid.empty(*at));
    let (answer, remark) = (place(&[Heading::Answer, Heading::Choice, Heading::Review]), place(&[Heading::Remark]));
    let listed = answer.and_then(|at| grid.validation(at));
    let chosen = answer.filter(|_| listed.is_some() || remark.is_some());
    let above = asked.range.first.row.checked_sub(1).filter(|row| named(*row, &[Heading::Number]));
    let number = above.and_then(|row| grid.row(row).iter().find(|b| b.col() == asked.col()));
    answer.or(remark)?;
    Some(Question {
        kind: Kind::default(),
        filled: None,
        legend: Vec::new(),
        sheet: grid.sheet.name.clone(),
        number: number.map(|b| b.text.to_owned()),
        section,
        text: asked.text.to_owned(),
        question_cell: asked.range.first,
        choice_cell: chosen,
        choices: listed.and_then(|list| list.choices.clone()),
        boxes: None,
        text_cell: remark.or(answer.filter(|_| chosen.is_none())),
        marks: None,
    })
}
