//! Reads a sheet as a person put it right: marked columns, added blocks, rows taken in and left out, other choices.

use std::collections::BTreeMap;

use super::cards;
use super::columns::Columns;
use super::find::Read;
use super::headings::Heading;
use super::mapping::{Block, Role, SheetMapping};
use super::rows::Reader;
use super::table::Table;
use super::{Question, Why};
use crate::workbook::{CellRef, Problem};

/// Reads the rows under a column that a person marked as the questions', on a sheet on which no table was found; false where
/// none is marked.
pub(super) fn read_marked(reader: &mut Reader<'_, '_>, roles: &BTreeMap<u32, Role>) -> bool {
    let grid = reader.grid;
    let asked = questions(roles);
    let Some(&col) = asked.last().filter(|col| (grid.first_col..=grid.last_col).contains(col)) else { return false };
    // Below the first text that only names the column.
    let names = |row: &u32| grid.row(*row).iter().any(|b| b.col() == col && matches!(grid.heading(b), Some(Heading::Question | Heading::Item)));
    let rows: Vec<u32> = grid.rows(1, grid.last_row).filter(|(_, b)| b.iter().any(|b| b.col() == col)).map(|(row, _)| row).collect();
    let Some(first) = rows.iter().find(|row| names(row)).map(|row| row + 1).or(rows.first().copied()) else { return false };
    read_rows(reader, first, grid.last_row, roles)
}

fn questions(roles: &BTreeMap<u32, Role>) -> Vec<u32> {
    roles.iter().filter(|(_, role)| **role == Role::Question).map(|(col, _)| *col).collect()
}

/// Reads rows as a table of their own; false where their columns can't be told.
pub(super) fn read_rows(reader: &mut Reader<'_, '_>, first: u32, last: u32, roles: &BTreeMap<u32, Role>) -> bool {
    let table = Table::over(reader.grid, first, last.min(reader.grid.last_row), &questions(roles));
    let Some(columns) = table.columns(reader.grid, reader.legend.is_some(), roles) else { return false };
    reader.read(&table, &columns);
    true
}

/// What is read of a sheet, whose parts `readers` have read, with everything that a person put right but for the columns.
pub(super) fn apply(mut readers: Vec<Reader<'_, '_>>, said: &SheetMapping) -> Read {
    let sheet = readers.first().map(|r| r.grid.sheet.name.clone()).unwrap_or_default();
    let mut problems = Vec::new();
    for block in &said.blocks {
        let within = |row: u32| (block.first..=block.last).contains(&row);
        // What else was read of these rows gives way.
        for reader in &mut readers {
            reader.questions.retain(|q| !within(q.question_cell.row));
            reader.problems.retain(|p| !p.cell.is_some_and(|at| within(at.row)));
            reader.left.retain(|(row, _)| !within(*row));
        }
        let texts = |r: &Reader<'_, '_>| r.grid.rows(block.first, block.last).map(|(_, blocks)| blocks.iter().map(|b| b.text.len()).sum::<usize>()).sum::<usize>();
        let Some(reader) = readers.iter_mut().max_by_key(|r| texts(r)) else { continue };
        let before = reader.questions.len();
        if !read_block(reader, block, said) {
            problems.push(unclear(&sheet, block.first));
        } else if reader.questions.len() == before
            && let Some((_, columns)) = reader.tables.last().cloned()
        {
            // Nothing there looks like a question: then every row is one.
            let rows: Vec<u32> = reader.grid.rows(block.first, block.last).map(|(row, _)| row).collect();
            let taken: Vec<Question> = rows.iter().filter_map(|&row| reader.taken(row, &columns, Vec::new())).collect();
            reader.left.retain(|(row, _)| !within(*row) || !taken.iter().any(|q| q.question_cell.row == *row));
            reader.questions.extend(taken);
        }
        reader.questions.sort_by_key(|q| q.question_cell);
    }
    for mark in said.rows.iter().filter(|m| m.asks) {
        if !take(&mut readers, mark.row) {
            problems.push(unclear(&sheet, mark.row));
        }
    }
    let mut read = Read { problems, ..Read::default() };
    for reader in readers {
        read.problems.extend(reader.problems);
        read.layout.tables.extend(reader.tables.into_iter().map(|(table, _)| table));
        read.layout.left.extend(reader.left);
        for question in reader.questions {
            match said.leaves_out(question.question_cell.row) {
                true => read.layout.left.push((question.question_cell.row, Why::Excluded)),
                false => read.questions.push(question),
            }
        }
    }
    if !said.choices.is_empty() {
        // Boxes are ticked by the words that stand behind them.
        for question in read.questions.iter_mut().filter(|q| q.choice_cell.is_some() && q.boxes.is_none()) {
            question.choices = Some(said.choices.clone());
        }
    }
    read
}

/// Reads a block: its columns are as a person marked them, or as in the table beside it, or as they look; false where that
/// can't be told.
fn read_block(reader: &mut Reader<'_, '_>, block: &Block, said: &SheetMapping) -> bool {
    let grid = reader.grid;
    let roles = said.roles();
    if questions(&roles).is_empty()
        && let Some((_, columns)) = nearest(reader, block.first)
    {
        let rows = || grid.rows(block.first, block.last);
        let asking = rows().filter(|(_, blocks)| blocks.iter().any(|b| columns.questions.contains(&b.col()))).count();
        if asking * 2 >= rows().count() {
            let columns = columns.clone();
            reader.read(&Table::over(grid, block.first, block.last, &columns.questions), &columns);
            return true;
        }
    }
    // Its answers may stand below.
    let cards = if roles.is_empty() { cards::between(grid, block.first, block.last) } else { Vec::new() };
    if !cards.is_empty() {
        reader.questions.extend(cards);
        return true;
    }
    read_rows(reader, block.first, block.last, &roles)
}

/// The table that the row is in, else the one that ends above it, else the first.
fn nearest<'r>(reader: &'r Reader<'_, '_>, row: u32) -> Option<(&'r super::FoundTable, &'r Columns)> {
    let within = reader.tables.iter().find(|(t, _)| (t.rows.0..=t.rows.1).contains(&row));
    let above = || reader.tables.iter().rev().find(|(t, _)| t.rows.0 <= row);
    within.or_else(above).or(reader.tables.first()).map(|(table, columns)| (table, columns))
}

/// Takes a row in as a question; false where it can't be told what in it asks.
fn take(readers: &mut [Reader<'_, '_>], row: u32) -> bool {
    for reader in readers {
        let Some((_, columns)) = nearest(reader, row) else { continue };
        // It stands under what the question above it stands under.
        let above = reader.questions.iter().rev().find(|q| q.question_cell.row < row).map(|q| q.section.clone());
        let Some(question) = reader.taken(row, &columns.clone(), above.unwrap_or_default()) else { continue };
        if reader.questions.iter().any(|q| q.question_cell == question.question_cell) {
            return true;
        }
        reader.left.retain(|(left, _)| *left != row);
        reader.problems.retain(|p| p.cell != Some(question.question_cell));
        let at = reader.questions.iter().position(|q| q.question_cell > question.question_cell).unwrap_or(reader.questions.len());
        reader.questions.insert(at, question);
        return true;
    }
    false
}

fn unclear(sheet: &str, row: u32) -> Problem {
    Problem {
        sheet: Some(sheet.to_owned()),
        cell: Some(CellRef::new(row, 1)),
        message: "質問として指定された行ですが、どの列が質問か分かりません。列の役割で「質問」と「回答」の列を指定してください。".to_owned(),
    }
}
