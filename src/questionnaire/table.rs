//! Tables on a sheet: where their heading rows are, and what stands over each column.

use std::collections::BTreeMap;

use super::boxes;
use super::choices::stance_of;
use super::grid::{Block, Grid};
use super::headings::{Heading, Headings, without_brackets};
use super::numbers::{is_number, is_points};
use super::profile;
use crate::workbook::{CellRange, CellRef};

/// A heading over one or more columns: the lowest tier, with what the tiers above it say.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub first: u32,
    pub last: u32,
    /// The heading itself, as written.
    pub text: String,
    /// Its colour.
    pub fill: Option<u32>,
    pub heading: Option<Heading>,
    /// What the tiers above it tell, the highest first.
    pub above: Vec<Heading>,
    /// The column in which the group right above it begins, if it has one.
    pub group: Option<u32>,
}

/// A table: its heading rows and the rows under them.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub head_first: u32,
    pub head_last: u32,
    /// The last row that can belong to it.
    pub last: u32,
    pub leaves: Vec<Leaf>,
}

/// Longest heading that is told by its form, in characters, what stands in brackets apart.
const MAX_LABEL: usize = 20;
/// Shortest text that can be told for a question by its form, in characters.
const MIN_ASKING: usize = 6;
/// Columns left of the headings that may belong to the table without a name.
const UNNAMED: u32 = 3;
/// Rows under a heading row that are looked at to tell whether it is one.
const BELOW: usize = 16;

/// The tables of a sheet, from top to bottom; none where no heading row is found.
pub(super) fn tables(grid: &Grid<'_>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for (row, blocks) in grid.rows(1, grid.last_row) {
        if blocks.len() < 2 || tables.last().is_some_and(|t| row <= t.head_last || !begins_again(grid, t, row)) || !is_head(grid, row) {
            continue;
        }
        let last = head_end(grid, row);
        if let Some(previous) = tables.last_mut() {
            previous.last = row - 1;
        }
        tables.push(Table { head_first: row, head_last: last, last: grid.last_row, leaves: leaves(grid, row, last) });
    }
    tables
}

/// Whether another heading row can stand below a table's: it looks like the first, says the same, or is set off from the
/// rows above it.
fn begins_again(grid: &Grid<'_>, table: &Table, row: u32) -> bool {
    let above = grid.row(row - 1);
    let blocks = grid.row(row);
    let heads: Vec<&Block<'_>> = grid.rows(table.head_first, table.head_last).flat_map(|(_, blocks)| blocks).collect();
    let alike = |b: &Block<'_>| heads.iter().any(|h| h.text == b.text || (b.look.filled() || b.look.bold) && (h.look.fill, h.look.bold) == (b.look.fill, b.look.bold));
    above.len() <= 1 || blocks.iter().filter(|b| alike(b)).count() * 2 >= blocks.len()
}

/// A heading row, by its words or by its form.
pub(super) fn is_head(grid: &Grid<'_>, row: u32) -> bool {
    let mut blocks = grid.row(row);
    // A note right of the table, beyond a bare column, is no part of its row.
    while let [rest @ .., before, note] = blocks
        && rest.len() >= 2
        && note.col() > before.range.last.col + 1
        && !is_label(note)
        && grid.cell(CellRef::new(row, note.col() - 1)).is_none()
    {
        blocks = &blocks[..blocks.len() - 1];
    }
    // An answer that was picked from a list heads nothing.
    let picked = |b: &Block<'_>| {
        grid.validation(b.range.first).is_some_and(|v| v.choices.as_ref().is_none_or(|c| c.iter().any(|c| c == b.text)))
    };
    // A heading row has a name over the numbers, or none.
    let numbered = blocks.first().is_some_and(|b| is_number(b.text) && grid.heading(b).is_none());
    !numbered && !blocks.iter().any(picked) && (is_worded(grid, row, blocks) || is_formed(grid, row, blocks))
}

/// A heading row names a question and a place for the answer, in short texts, and little else; where the place has no name
/// that is known, its cells below must have a list.
fn is_worded(grid: &Grid<'_>, row: u32, blocks: &[Block<'_>]) -> bool {
    let count = |wanted: &[Heading]| blocks.iter().filter_map(|b| grid.heading(b)).filter(|h| wanted.contains(h)).count();
    let asks = count(&[Heading::Question, Heading::Item]) > 0;
    let takes = count(&[Heading::Answer, Heading::Remark]) > 0 || count(&[Heading::Choice]) >= 2;
    let (first, last) = (row + 1, row + 4);
    let listed = || {
        blocks.iter().any(|b| {
            !matches!(grid.heading(b), Some(Heading::Question | Heading::Item)) && b.text.chars().count() <= 24 && grid.listed(b.col(), first, last)
        })
    };
    let boxed = || grid.rows(first, last).any(|(_, blocks)| blocks.iter().any(|b| boxes::choices(b.text).is_some()));
    // 「項目｜内容」: the right one stands over places to write into.
    let below = || grid.rows(first, last).map(|(row, _)| row);
    let blank = |col: u32| {
        let places = below().filter(|row| Some(CellRef::new(*row, col)).is_some_and(|at| grid.empty(at) && grid.inviting(at)));
        places.count() * 4 >= below().count() * 3
    };
    let opens = || below().count() >= 2 && blocks[1..].iter().any(|b| grid.heading(b) != Some(Heading::Internal) && blank(b.col()));
    let known = blocks.iter().filter(|b| grid.heading(b).is_some()).count();
    let short = blocks.iter().filter(|b| is_label(b)).count();
    // Questions end in such words, too: 「アクセス権の管理状況」. A heading row has some that say nothing else.
    let exact = || blocks.iter().filter(|b| grid.heading(b).is_some() && Headings::builtin().is_word(b.text)).count() * 4 >= known;
    asks && exact() && known * 2 >= blocks.len() && short * 4 >= blocks.len() * 3 && (takes || listed() || boxed() || opens())
}

/// A row of short texts, one of them over texts that ask, another over places to answer in the same rows.
fn is_formed(grid: &Grid<'_>, row: u32, blocks: &[Block<'_>]) -> bool {
    // 「△　今後対応する予定である」 explains a mark.
    let explains = |b: &Block<'_>| b.text.starts_with(['◎', '○', '◯', '〇', '△', '×', '－']) && b.text.contains([' ', '　', '：', ':']);
    if !blocks.iter().all(is_label) || blocks.iter().any(explains) {
        return false;
    }
    let known = blocks.iter().filter(|b| grid.heading(b).is_some()).count();
    let set_off = blocks.iter().all(|b| b.look.filled() || b.look.bold);
    if known * 3 < blocks.len() && !set_off {
        return false;
    }
    // The rows below, to the first gap: what follows it may be another table.
    let mut below: Vec<(u32, &[Block<'_>])> = Vec::new();
    let mut bottom = u32::MAX;
    for (row, blocks) in grid.rows(row + 1, grid.last_row).take(BELOW) {
        if below.len() >= 3 && row > bottom.saturating_add(1) {
            break;
        }
        bottom = blocks.iter().map(|b| b.range.last.row).max().unwrap_or(row);
        below.push((row, blocks));
    }
    let names = |b: &&Block<'_>| !matches!(grid.heading(b), Some(Heading::Answer | Heading::Previous | Heading::Internal | Heading::Choice | Heading::Number));
    // A coloured or framed cell without a name heads a column, too, beside one that names the answer.
    let answered = blocks.iter().any(|b| grid.heading(b) == Some(Heading::Answer));
    let nameless = blocks.first().filter(|_| answered).map_or(0..0, |b| grid.first_col..b.col());
    let nameless = nameless.map(|col| CellRef::new(row, col)).filter(|at| (grid.look(*at).filled() || grid.look(*at).bordered) && grid.empty(*at)).map(|at| grid.block(at));
    blocks.iter().filter(names).map(|b| b.range).chain(nameless).any(|q| {
        let over = |b: &&Block<'_>| q.first.col <= b.col() && b.range.last.col <= q.last.col;
        let asked: Vec<u32> = below.iter().filter(|(_, blocks)| blocks.iter().filter(over).any(is_asking)).map(|(row, _)| *row).collect();
        let filled = below.iter().filter(|(_, blocks)| blocks.iter().filter(over).count() > 0).count();
        // A name and its field fill every row of a preamble, too, but in short words.
        if asked.len() < 2 || asked.len() * 3 < filled * 2 {
            return false;
        }
        blocks.iter().filter(|a| a.col() != q.first.col).any(|a| {
            let takes = |row: &&u32| {
                let at = CellRef::new(**row, a.col());
                let framed = grid.row(**row).iter().filter(over).any(|b| b.look.bordered);
                grid.empty(at) && (grid.inviting(at) || grid.look(at).filled() || !framed) || grid.validation(at).is_some() || boxes::choices(grid.text(at)).is_some()
            };
            let after = a.col() > q.first.col || grid.listed(a.col(), row + 1, grid.last_row);
            after && asked.iter().filter(takes).count() * 10 >= asked.len() * 6
        })
    })
}

/// A short text that is no sentence.
fn is_label(block: &Block<'_>) -> bool {
    let bare = without_brackets(block.text);
    let length = bare.chars().filter(|c| !c.is_whitespace()).count();
    let words = if bare.is_ascii() { 60 } else { MAX_LABEL };
    length <= words && !bare.trim_end().ends_with(['。', '？', '?', 'か']) && boxes::choices(block.text).is_none()
}

/// A text long enough to ask something, that is no name of a column.
pub(super) fn is_asking(block: &Block<'_>) -> bool {
    block.text.chars().filter(|c| !c.is_whitespace()).nth(MIN_ASKING - 1).is_some()
        && boxes::choices(block.text).is_none()
        && !is_number(block.text)
        && !Headings::builtin().is_word(block.text)
}

/// The last heading row: as far down as the first tier's merged cells reach, and further while groups have headings below.
fn head_end(grid: &Grid<'_>, first: u32) -> u32 {
    let head = grid.row(first);
    let look = |b: &Block<'_>| (b.look.fill, b.look.bold);
    let tall = |b: &&Block<'_>| grid.heading(b).is_some() || is_label(b);
    let mut last = head.iter().filter(tall).map(|b| b.range.last.row).max().unwrap_or(first);
    loop {
        let below = grid.row(last + 1);
        let above: Vec<Block<'_>> = grid.rows(first, last).flat_map(|(_, blocks)| blocks).copied().collect();
        let groups: Vec<&Block<'_>> = above.iter().filter(|b| b.range.last.row == last && b.range.width() > 1).collect();
        let tier = |b: &Block<'_>| {
            let group = groups.iter().find(|g| g.col() <= b.col() && b.range.last.col <= g.range.last.col);
            let alike = |g: &&Block<'_>| look(g) == look(b) && (b.look.filled() || b.look.bold);
            let ticked = || is_choice(b.text) || grid.list(b.col(), b.range.last.row + 1, b.range.last.row + 2).is_some_and(|l| l.choices.as_ref().is_some_and(|c| c.len() == 1));
            is_label(b) && group.is_some_and(|g| g.range.width() > b.range.width() && (grid.heading(b).is_some() || alike(g) || ticked()))
        };
        // Half of the names being known, in cells that are set off, the others are names, too.
        let under = |b: &Block<'_>| is_label(b) && (b.look.filled() || b.look.bold) && groups.iter().any(|g| g.col() <= b.col() && b.range.last.col <= g.range.last.col && g.range.width() > b.range.width());
        let named = below.iter().filter(|b| grid.heading(b).is_some()).count() * 2 >= below.len() && below.len() >= 3 && below.iter().all(under);
        // A title that runs over the whole table groups nothing; neither is a row of numbers a tier.
        if below.is_empty() || !named && !below.iter().all(tier) || below.iter().all(|b| is_number(b.text) && grid.heading(b).is_none()) {
            return last;
        }
        last = below.iter().map(|b| b.range.last.row).max().unwrap_or(last + 1);
    }
}

fn leaves(grid: &Grid<'_>, first: u32, last: u32) -> Vec<Leaf> {
    let mut blocks: Vec<&Block<'_>> = grid.rows(first, last).flat_map(|(_, blocks)| blocks).collect();
    // 「4点」 below 「実施している」 says what it is worth, and names nothing.
    let columns = |b: &Block<'_>| (b.col(), b.range.last.col);
    let worth: Vec<CellRef> = blocks.iter().filter(|b| is_points(b.text) && blocks.iter().any(|over| over.range.last.row < b.range.first.row && columns(over) == columns(b))).map(|b| b.range.first).collect();
    blocks.retain(|b| !worth.contains(&b.range.first));
    let covers = |outer: &CellRange, col: u32| (outer.first.col..=outer.last.col).contains(&col);
    let mut leaves: Vec<Leaf> = Vec::new();
    for block in &blocks {
        let range = block.range;
        // A group is no leaf where the tier below it divides it; what it leaves undivided is found through its parts.
        if blocks.iter().any(|b| b.range.first.row > range.last.row && covers(&range, b.col())) {
            continue;
        }
        let above: Vec<_> = blocks.iter().filter(|b| b.range.last.row < range.first.row && covers(&b.range, range.first.col)).collect();
        leaves.push(Leaf {
            first: range.first.col,
            last: range.last.col,
            text: block.text.to_owned(),
            fill: block.look.fill,
            heading: grid.heading(block),
            above: above.iter().filter_map(|b| grid.heading(b)).collect(),
            group: above.last().filter(|b| b.range.width() > range.width()).map(|b| b.col()),
        });
    }
    leaves.sort_by_key(|l| l.first);
    // What stands right of a gap and names no answer is no part of the table: a legend, a note.
    let bare = |col: u32| (first..=last).all(|row| grid.cell(CellRef::new(row, col)).is_none());
    let note = |l: &Leaf| blocks.iter().any(|b| b.col() == l.first && !is_label(b));
    while leaves.len() >= 3 && leaves.last().is_some_and(|l| note(l) && bare(l.first - 1)) {
        leaves.pop();
    }
    let gap = (1..leaves.len()).find(|&i| leaves[i].first > leaves[i - 1].last + 1 && (leaves[i - 1].last + 1..leaves[i].first).all(bare));
    let answers = |leaves: &[Leaf]| leaves.iter().any(|l| matches!(l.heading, Some(Heading::Answer | Heading::Remark)));
    // Choices over cells that say what they stand for are a legend.
    let legend = |leaves: &[Leaf]| leaves.iter().any(|l| l.heading == Some(Heading::Choice)) && leaves.iter().all(|l| matches!(l.heading, None | Some(Heading::Choice)) && grid.row(last + 1).iter().any(|b| b.col() == l.first));
    let blank = |l: &Leaf| grid.rows(last + 1, grid.last_row).filter(|(row, _)| Some(CellRef::new(*row, l.first)).is_some_and(|at| grid.empty(at) && grid.look(at).bordered)).nth(1).is_some();
    // Where the answers stand left of the gap, the questions may stand right of it.
    let asks = |leaves: &[Leaf]| leaves.iter().any(|l| matches!(l.heading, Some(Heading::Question | Heading::Item)));
    let gap = gap.filter(|&gap| asks(&leaves[..gap]) || !asks(&leaves[gap..]));
    let gap = gap.filter(|&gap| !leaves[gap..].iter().any(|l| l.heading.is_none() && blank(l)));
    if let Some(gap) = gap.filter(|&gap| answers(&leaves[..gap]) && !answers(&leaves[gap..]) || gap >= 3 && legend(&leaves[gap..])) {
        leaves.truncate(gap);
    }
    nameless(grid, last, &mut leaves);
    leaves
}

/// Adds the columns left of headings, or between them, that hold texts and have no name.
fn nameless(grid: &Grid<'_>, head_last: u32, leaves: &mut Vec<Leaf>) {
    let (Some(first), Some(end)) = (leaves.first().map(|l| l.first), leaves.last().map(|l| l.first)) else { return };
    let named = |col: u32| leaves.iter().any(|l| (l.first..=l.last).contains(&col));
    let from = first.saturating_sub(UNNAMED).max(grid.first_col);
    let mut columns: BTreeMap<u32, usize> = BTreeMap::new();
    for (_, blocks) in grid.rows(head_last + 1, grid.last_row) {
        for block in blocks.iter().filter(|b| (from..end).contains(&b.col()) && !named(b.col())) {
            // What reaches under a heading stands under it.
            if !(block.col()..=block.range.last.col).any(named) {
                *columns.entry(block.col()).or_default() += 1;
            }
        }
    }
    let added = columns.into_iter().filter(|(_, texts)| *texts >= 2).map(|(col, _)| Leaf { first: col, last: col, text: String::new(), fill: None, heading: None, above: Vec::new(), group: None });
    leaves.extend(added);
    leaves.sort_by_key(|l| l.first);
}

impl Table {
    /// Whether the other table's headings are the same.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.leaves.len() == other.leaves.len() && self.leaves.iter().zip(&other.leaves).all(|(a, b)| (a.first, &a.text) == (b.first, &b.text))
    }

    /// Whether the lone text of a row leaves no place to answer in the last column: it runs over it, or the row has one colour.
    pub fn is_bar(&self, grid: &Grid<'_>, row: u32, block: &Block<'_>) -> bool {
        let Some(last) = self.leaves.last() else { return false };
        let at = CellRef::new(row, last.first);
        let coloured = block.look.filled() && grid.look(at).fill == block.look.fill;
        block.range.last.col >= last.first || coloured || !grid.inviting(at)
    }

    /// Rows `first` to `last` as a table, whatever they look like: its columns are those in which texts or places to write into
    /// begin. `questions` are columns that hold questions: nothing begins inside those.
    pub fn over(grid: &Grid<'_>, first: u32, last: u32, questions: &[u32]) -> Self {
        let blocks = || grid.rows(first, last).flat_map(|(_, blocks)| blocks);
        let reach = |col: u32| {
            let mut ends: Vec<u32> = blocks().filter(|b| b.col() == col).map(|b| b.range.last.col).collect();
            ends.sort_unstable();
            ends.get(ends.len() / 2).copied().unwrap_or(col)
        };
        let reaches: Vec<(u32, u32)> = questions.iter().map(|&col| (col, reach(col))).collect();
        let places = grid.places().filter(|at| (first..=last).contains(&at.row)).map(|at| at.col);
        let mut starts: Vec<u32> = blocks().map(Block::col).chain(places).chain(questions.iter().copied()).collect();
        starts.retain(|col| questions.contains(col) || !reaches.iter().any(|&(from, to)| from < *col && *col <= to));
        starts.sort_unstable();
        starts.dedup();
        let head = grid.row(first.saturating_sub(1));
        let labels = head.len() >= 2 && head.iter().all(is_label);
        let leaf = |(i, &first): (usize, &u32)| {
            let over = head.iter().find(|b| labels && (b.col()..=b.range.last.col).contains(&first));
            Leaf {
                first,
                last: starts.get(i + 1).map_or(grid.last_col.max(first), |next| next - 1),
                text: over.map(|b| b.text.to_owned()).unwrap_or_default(),
                fill: over.and_then(|b| b.look.fill),
                heading: over.and_then(|b| grid.heading(b)),
                above: Vec::new(),
                group: None,
            }
        };
        let leaves = starts.iter().enumerate().map(leaf).collect();
        let head = first.saturating_sub(1);
        Self { head_first: head, head_last: head, last, leaves }
    }

    /// A table without headings, where texts that ask have places to answer beside them: its columns are those in which
    /// texts or places begin. `None` where there are fewer than two such rows.
    pub fn headless(grid: &Grid<'_>) -> Option<Self> {
        let places: Vec<CellRef> = grid.places().filter(|at| at.row <= grid.last_row).chain(grid.bare_lists()).collect();
        let answered = |row: u32, blocks: &[Block<'_>]| {
            let asking = blocks.iter().find(|b| is_asking(b));
            asking.is_some_and(|b| places.iter().any(|at| at.row == row && at.col > b.col()) || blocks.iter().any(|b| boxes::choices(b.text).is_some()))
        };
        let rows: Vec<u32> = grid.rows(1, grid.last_row).filter(|(row, blocks)| answered(*row, blocks)).map(|(row, _)| row).collect();
        // Names and fields above it stand in other columns than most questions.
        let col = |row: &u32| grid.row(*row).iter().find(|b| is_asking(b)).map(Block::col);
        let usual = rows.iter().map(col).max_by_key(|one| rows.iter().filter(|row| col(row) == *one).count())?;
        let mostly = rows.iter().filter(|row| col(row) == usual).count() * 10 >= rows.len() * 6;
        let fact = |row: &u32| grid.row(*row).iter().find(|b| is_asking(b)).is_some_and(|b| profile::asks(b.text, true));
        let (&first, &last) = (rows.iter().find(|row| !mostly || col(row) == usual || !fact(row))?, rows.last()?);
        // Short questions may follow the last one that is long enough to be told.
        let last = places.iter().map(|at| at.row).filter(|&row| row > last && row <= last + 2).max().unwrap_or(last);
        if rows.len() < 2 {
            return None;
        }
        // And come before it, in the same columns.
        let columns = |row: u32| (grid.row(row).iter().map(Block::col).collect::<Vec<_>>(), places.iter().filter(|at| at.row == row).map(|at| at.col).collect::<Vec<_>>());
        let first = (1..first).rev().take_while(|&row| columns(row) == columns(first)).last().unwrap_or(first);
        let mut starts: Vec<u32> = grid.rows(first, last).flat_map(|(_, blocks)| blocks.iter().map(Block::col)).collect();
        starts.extend(places.iter().filter(|at| (first..=last).contains(&at.row)).map(|at| at.col));
        starts.sort_unstable();
        starts.dedup();
        let leaf = |(i, &first): (usize, &u32)| Leaf {
            first,
            last: starts.get(i + 1).map_or(grid.last_col.max(first), |next| next - 1),
            text: String::new(),
            fill: None,
            heading: None,
            above: Vec::new(),
            group: None,
        };
        let leaves = starts.iter().enumerate().map(leaf).collect();
        // A title directly above belongs to the first rows.
        let title = grid.row(first.saturating_sub(1)).len() == 1 && first > 2;
        let head = first - 1 - u32::from(title);
        Some(Self { head_first: head, head_last: head, last, leaves })
    }
}

/// 「回答（○／×）」 → ○, ×.
pub(super) fn choices_in(heading: &str) -> Option<Vec<String>> {
    // 「判定\n適／否／非該当」
    if let Some((name, choices)) = heading.split_once('\n').filter(|(name, choices)| !is_choice(name.trim()) && choices.contains(['／', '/']) && !choices.contains(['(', '（'])) {
        return choices_in(&format!("{}（{}）", name.trim(), choices.replace('\n', "")));
    }
    // 「回答\nはい・いいえ・該当しない\nのいずれかを記入」
    if let Some(choices) = heading.split_once('\n').and_then(|(_, rest)| rest.lines().filter(|line| !line.contains(['(', '（'])).find_map(|line| choices_in(line.trim()))) {
        return Some(choices);
    }
    let Some(open) = heading.find(['(', '（', '[', '［', '【']) else {
        // 「○ ×」, 「はい・いいえ」: nothing but choices.
        let choices: Vec<String> = heading.split(['／', '/', '・', '、', '|', '｜', ' ', '　', '\n']).map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect();
        return (choices.len() >= 2 && choices.iter().all(|c| is_choice(c)) && !says_once(&choices)).then_some(choices);
    };
    let inner = heading[open..].chars().skip(1).take_while(|c| !matches!(c, ')' | '）' | ']' | '］' | '】')).collect::<String>();
    // The first mark that stands between them divides them: 「Yes／No／N/A」.
    let mark = ['／', '、', '，', ',', '｜', '|', '・', '/', '\n', '　'].into_iter().find(|mark| inner.contains(*mark))?;
    let mut choices: Vec<String> = inner.split(mark).map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()).collect();
    if let Some(at) = choices.windows(2).position(|pair| pair[0].eq_ignore_ascii_case("n") && pair[1].eq_ignore_ascii_case("a")) {
        let tail = choices.remove(at + 1);
        choices[at] = format!("{}/{tail}", choices[at]);
    }
    let known = choices.iter().filter(|c| is_choice(c)).count();
    let levels = choices.len() >= 3 && choices.iter().all(|c| c.chars().nth(1).is_none() && c.chars().all(char::is_alphanumeric));
    (choices.len() >= 2 && (known * 2 >= choices.len() || levels)).then_some(choices)
}

/// Whether a text is a choice by what it says: はい, 未実施, ○, or 「Yes／はい」, which says it in two languages.
pub(super) fn is_choice(text: &str) -> bool {
    let known = |text: &str| text.chars().nth(16).is_none() && Headings::builtin().is_choice(text);
    known(text) || text.split_once(['\n', '／']).is_some_and(|(one, other)| {
        let both = [one.trim().to_owned(), other.trim().to_owned()];
        both.iter().all(|c| known(c)) && says_once(&both)
    })
}

/// Whether all of the words say the same.
fn says_once(words: &[String]) -> bool {
    let stances: Vec<_> = words.iter().map(|word| stance_of(word)).collect();
    stances[0].is_some() && stances.iter().all(|stance| *stance == stances[0])
}

