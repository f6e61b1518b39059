//! Company facts asked for outside of the questions: 「会社名」 with a place to write beside it, above a table or on a title page.

use super::grid::{Block, Grid};
use super::headings::Heading;
use super::profile;
use super::{Kind, Question};
use crate::workbook::CellRef;

/// The facts that are asked for in rows above `end`, in reading order. What is filled in already is not asked for.
pub(super) fn above(grid: &Grid<'_>, end: u32) -> Vec<Question> {
    let mut asked: Vec<(&Block<'_>, CellRef)> = Vec::new();
    let mut own: Option<&Block<'_>> = None;
    for (row, blocks) in grid.rows(1, end.saturating_sub(1)) {
        for (at, block) in blocks.iter().enumerate() {
            // 「弊社使用欄」: what stands under it, or beside it as far as it reaches, is the client's.
            if grid.heading(block) == Some(Heading::Internal) {
                own = Some(block);
            }
            let owned = own.is_some_and(|o| block.col() >= o.col() && (row <= o.range.last.row + OWN_ROWS || o.col() == block.col()));
            if owned || !profile::asks(block.text, true) {
                continue;
            }
            let place = CellRef::new(row, block.range.last.col + 1);
            let free = blocks.get(at + 1).is_none_or(|next| next.col() > grid.block(place).last.col);
            if free && !grid.hidden_col(place.col) && grid.empty(place) && is_place(grid, block, place) {
                asked.push((block, place));
            }
        }
    }
    // 「部署」 and 「氏名」 alone may be anybody's; beside 「会社名」 they are the company's.
    let about_company = asked.iter().any(|(block, _)| profile::asks(block.text, false));
    asked.retain(|(block, _)| profile::asks(block.text, about_company));
    asked.into_iter().map(|(block, place)| question(grid, block, place)).collect()
}

/// The heading that the facts stand under on the pages.
const SECTION: &str = "会社情報";

/// How many rows the client's own fields go on below their title.
const OWN_ROWS: u32 = 3;

/// Whether the empty cell beside a label is there to be written into.
fn is_place(grid: &Grid<'_>, label: &Block<'_>, place: CellRef) -> bool {
    let look = grid.look(place);
    grid.invites(place, look) || look.filled() || grid.block(place).width() > 1 || label.text.trim_end().ends_with(['：', ':'])
}

fn question(grid: &Grid<'_>, label: &Block<'_>, place: CellRef) -> Question {
    Question {
        sheet: grid.sheet.name.clone(),
        number: None,
        section: vec![SECTION.to_owned()],
        text: label.text.to_owned(),
        question_cell: label.range.first,
        choice_cell: None,
        choices: None,
        boxes: None,
        text_cell: Some(place),
        marks: None,
        legend: Vec::new(),
        kind: Kind::Profile,
        filled: None,
    }
}
