//! The parts of a sheet in which tables stand side by side.

use std::collections::HashSet;

use super::cards;
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
    if let Some(parts) = apart(grid) {
        return parts;
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

/// The parts left and right of a bare column, where questions are asked on both sides of it, and what stands above and below them.
fn apart(grid: &Grid<'_>) -> Option<Vec<Part>> {
    let gap = gaps(grid).into_iter().filter(|gap| gap.both >= MIN_APART).max_by_key(|gap| (gap.both, u32::MAX - gap.col))?;
    let sides = |rows: (u32, u32)| [(1, gap.col - 1), (gap.col + 1, grid.last_col)].map(|cols| Part { cols, rows });
    let side = |rows| sides(rows).map(|part| grid.part(part.cols, part.rows));
    let heads = |grid: &Grid<'_>, last: u32| grid.rows(1, last).find(|(row, blocks)| blocks.len() >= 2 && is_head(grid, *row)).map(|(row, _)| row);
    let asked = |grid: &Grid<'_>| heads(grid, gap.last).map_or(0, |head| grid.rows(head + 1, gap.last).filter(|(_, blocks)| blocks.iter().any(is_asking)).count());
    let [left, right] = side((gap.first, gap.last)).map(|side| asked(&side));
    // Beside the questions of one side a few answers may stand on the other.
    let tables = left.min(right) >= 2 && left.min(right) * 4 >= left.max(right);
    let on_cards = || heads(grid, grid.last_row).is_none() && side((1, gap.last)).iter().all(|side| !cards::read(side).is_empty());
    if !tables && !on_cards() {
        return None;
    }
    // A table above is one of its own; titles belong to what they stand over.
    let above = gap.first > 1 && heads(grid, gap.first - 1).is_some();
    let first = if above { gap.first } else { 1 };
    let whole = (1, grid.last_col.max(1));
    let over = above.then_some(Part { cols: whole, rows: (1, first - 1) });
    let below = (gap.last < grid.last_row).then_some(Part { cols: whole, rows: (gap.last + 1, grid.last_row) });
    Some(over.into_iter().chain(sides((first, gap.last))).chain(below).collect())
}

/// Fewest rows with texts on both sides of a gap.
const MIN_APART: usize = 3;

/// So many rows show whether a column may be a gap.
const SAMPLES: usize = 16;
/// So many columns are looked at for a gap.
const WIDEST: u32 = 256;

/// A column with nothing in it, from one row to another.
#[derive(Debug, Clone, Copy)]
struct Gap {
    col: u32,
    first: u32,
    last: u32,
    /// How many of the rows have texts left and right of it.
    both: usize,
}

/// For each column the rows in which it is bare and most texts stand on both sides of it. Rows that lead over to what follows
/// are not counted: texts without a frame after an empty row.
fn gaps(grid: &Grid<'_>) -> Vec<Gap> {
    let rows: Vec<(u32, &[Block<'_>])> = grid.rows(1, grid.last_row).collect();
    let bare = |row: u32, blocks: &[Block<'_>], col: u32| {
        let look = grid.look(CellRef::new(row, col));
        !blocks.iter().any(|b| (b.col()..=b.range.last.col).contains(&col)) && !look.bordered && !look.filled()
    };
    let both = |blocks: &[Block<'_>], col: u32| blocks.first().is_some_and(|b| b.col() < col) && blocks.last().is_some_and(|b| b.col() > col);
    let mut gaps = Vec::new();
    let end = rows.iter().filter_map(|(_, blocks)| blocks.last()).map(Block::col).max().unwrap_or(0);
    let step = rows.len().div_ceil(SAMPLES).max(1);
    for col in grid.first_col + 1..end.min(grid.first_col + WIDEST) {
        // Most columns are bare nowhere.
        let sampled = || rows.iter().step_by(step).filter(|(_, blocks)| both(blocks, col));
        if !sampled().any(|(row, blocks)| bare(*row, blocks, col)) {
            continue;
        }
        for run in rows.chunk_by(|(a, above), (b, below)| bare(*a, above, col) == bare(*b, below, col)).filter(|run| bare(run[0].0, run[0].1, col)) {
            let last = run[run.len() - 1].0;
            let leading = run.windows(2).rev().take_while(|pair| !pair[1].1.iter().any(|b| b.look.bordered)).find(|pair| pair[1].0 > pair[0].0 + 1).map(|pair| pair[0].0);
            let last = leading.filter(|_| last < grid.last_row).unwrap_or(last);
            gaps.push(Gap { col, first: run[0].0, last, both: run.iter().filter(|(row, blocks)| *row <= last && both(blocks, col)).count() });
        }
    }
    gaps
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
