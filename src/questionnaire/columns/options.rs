//! Choices that the client printed beside each question.

use super::super::grid::Grid;
use super::Columns;
use super::stats::Stats;
use crate::workbook::CellRef;

/// Rows that are looked at before all others.
const FIRST: usize = 12;

/// Longest choice in a column of choices, in characters.
const MAX_OPTION: usize = 24;

/// The choices that a cell lists, in its order: 「必須／任意／なし」, one below the other.
pub(in crate::questionnaire) fn options(text: &str) -> Option<Vec<String>> {
    let mark = ['\n', '／', '/', '｜', '|', '、', '，', ',', '・'].into_iter().find(|mark| text.contains(*mark))?;
    let choices: Vec<String> = text.split(mark).map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()).collect();
    (choices.len() >= 2 && choices.iter().all(|c| c.chars().nth(MAX_OPTION).is_none())).then_some(choices)
}

/// The column in which the choices of most questions are printed: where cells have lists, it says the same; where none has, its
/// heading says so.
pub(super) fn printed(grid: &Grid<'_>, stats: &[Stats<'_>], rows: &[u32], columns: &Columns) -> Option<u32> {
    let choice = columns.choice?;
    // As a rule no column prints any, and the first rows show it.
    let begins = |s: &&Stats<'_>| rows.iter().take(FIRST).any(|&row| options(grid.text(CellRef::new(row, s.col))).is_some());
    let list = |row: u32| grid.validation(CellRef::new(row, choice)).and_then(|v| v.choices.as_ref());
    let any_list = rows.iter().any(|&row| list(row).is_some());
    let prints = |s: &&Stats<'_>| {
        let named = || s.leaf.text.contains("選択肢") || s.leaf.text.contains("区分");
        let lines = || rows.iter().filter_map(|&row| Some((row, options(grid.text(CellRef::new(row, s.col)))?)));
        if s.col == choice || Some(s.col) == columns.text || columns.questions.contains(&s.col) || s.filled * 10 < rows.len() * 6 {
            return false;
        }
        if any_list {
            let (same, listed) = lines().filter_map(|(row, line)| Some(*list(row)? == line)).fold((0, 0), |(same, all), eq| (same + usize::from(eq), all + 1));
            // Or it lists them just where no list is.
            return listed >= 2 && same * 10 >= listed * 8 || listed == 0 && lines().filter(|(row, _)| list(*row).is_none()).count() >= 2;
        }
        named() && lines().count() * 10 >= s.filled * 8
    };
    stats.iter().filter(begins).find(prints).map(|s| s.col)
}
