//! The parts of a sheet in which tables stand side by side.

use std::collections::HashSet;

use super::grid::{Block, Grid};
use super::table::{is_asking, is_head};
use crate::workbook::CellRef;

/// Columns of a sheet and rows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub cols: (u32, u32),
    pub rows: (u32, u32),
}

/// The parts in which tables stand side by side, left to right, and what stands below all of them; one part over everything where
/// none stand side by side.
pub(super) fn parts(grid: &Grid<'_>) -> Vec<Part> {
    let whole = Part { cols: (grid.first_col, grid.last_col.max(1)), rows: (1, grid.last_row) };
    for (row, blocks) in grid.rows(1, grid.last_row) {
        let Some(period) = period(blocks).filter(|_| is_head(grid, row)) else { continue };
        // Each repetition asks questions of its own; else the columns that repeat are answers, of last time and of now.
        let starts: Vec<u32> = blocks.iter().step_by(period).map(Block::col).collect();
        let ends = starts[1..].iter().map(|next| next - 1).chain([grid.last_col]);
        let bands: Vec<(u32, u32)> = starts.iter().enumerate().map(|(i, &c)| if i == 0 { 1 } else { c }).zip(ends).collect();
        if !bands.iter().all(|&(first, last)| is_head(&grid.within(first, last), row)) {
            continue;
        }
        // A heading row of another shape over the whole width begins what stands below, with the title above it.
        let crosses = |b: &Block<'_>| starts[1..].iter().any(|&start| b.col() < start && start <= b.range.last.col);
        let titled = |row: u32| matches!(grid.rows(1, row - 1).next_back(), Some((_, [title])) if crosses(title));
        let other = |(row, blocks): &(u32, &[Block<'_>])| self::period(blocks).is_none() && blocks.len() >= 2 && (blocks.iter().any(crosses) || titled(*row)) && is_head(grid, *row);
        let below = grid.rows(row + 1, grid.last_row).find(other).map(|(row, _)| row);
        let titles = below.map(|below| grid.rows(row + 1, below - 1).rev().take_while(|(_, blocks)| matches!(blocks, [b] if crosses(b))).last().map_or(below, |(row, _)| row));
        let end = titles.map_or(grid.last_row, |below| below - 1);
        let sides = bands.into_iter().map(|cols| Part { cols, rows: (1, end) });
        return sides.chain(titles.map(|below| Part { rows: (below, grid.last_row), ..whole })).collect();
    }
    match pairs(grid) {
        Some(starts) if !grid.rows(1, grid.last_row).any(|(row, blocks)| blocks.len() >= 2 && is_head(grid, row)) => {
            let ends = starts[1..].iter().map(|next| next - 1).chain([grid.last_col]);
            let firsts = starts.iter().enumerate().map(|(i, &start)| if i == 0 { 1 } else { start });
            firsts.zip(ends).map(|cols| Part { cols, ..whole }).collect()
        }
        _ => vec![whole],
    }
}

/// The columns in which texts begin that each have a place to write into right beside them, where two or more stand side by side
/// in most such rows: 「施錠の方法 ＿＿　　回線の種類 ＿＿」.
fn pairs(grid: &Grid<'_>) -> Option<Vec<u32>> {
    let beside = |b: &Block<'_>| {
        let place = CellRef::new(b.range.first.row, b.range.last.col + 1);
        grid.text(place).is_empty() && grid.cell(place).is_some() && grid.empty(place) && (grid.inviting(place) || grid.look(place).filled())
    };
    // Few sheets have any such row: all others need no further look.
    let mut several = grid.rows(1, grid.last_row).filter(|(_, blocks)| blocks.iter().filter(|b| beside(b)).nth(1).is_some());
    several.nth(MIN_PAIRS - 1)?;
    let asked = |b: &&Block<'_>| beside(b) && is_asking(b);
    let rows: Vec<Vec<&Block<'_>>> = grid.rows(1, grid.last_row).map(|(_, blocks)| blocks.iter().filter(asked).collect::<Vec<_>>()).filter(|row| !row.is_empty()).collect();
    let columns = |row: &Vec<&Block<'_>>| row.iter().map(|b| b.col()).collect::<Vec<_>>();
    let several: Vec<&Vec<&Block<'_>>> = rows.iter().filter(|row| row.len() >= 2).collect();
    let first = columns(several.first()?);
    let alike = several.iter().all(|row| columns(row) == first) && rows.iter().all(|row| row.iter().all(|b| first.contains(&b.col())));
    // The name of a second place is the same in every row.
    let texts: HashSet<&str> = several.iter().flat_map(|row| row.iter().map(|b| b.text)).collect();
    let differ = texts.len() == several.iter().map(|row| row.len()).sum::<usize>();
    (several.len() >= MIN_PAIRS && several.len() * 2 > rows.len() && alike && differ).then_some(first)
}

/// Fewest rows in which questions stand side by side without headings.
const MIN_PAIRS: usize = 3;

/// After how many blocks the texts of a row begin again: 「No. 質問 回答 No. 質問 回答」 → 3.
fn period(blocks: &[Block<'_>]) -> Option<usize> {
    let n = blocks.len();
    (2..=n / 2).find(|p| n.is_multiple_of(*p) && (*p..n).all(|i| blocks[i].text == blocks[i - p].text))
}
