//! Tables on a sheet: their heading rows, and what each column is for.

use super::boxes;
use super::grid::{Block, Grid};
use super::headings::{Heading, Headings};
use crate::workbook::{CellRange, CellRef};

/// A heading over one or more columns: the lowest tier, with what the tiers above it say.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub first: u32,
    pub last: u32,
    /// The heading itself, as written.
    pub text: String,
    pub heading: Option<Heading>,
    /// What the tiers above it tell, the highest first.
    pub above: Vec<Heading>,
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

/// What the columns of a table are for.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub number: Option<u32>,
    /// Left to right.
    pub categories: Vec<u32>,
    pub question: u32,
    /// The columns under the question's heading, left to right: a parent may stand left of its children.
    pub questions: Vec<u32>,
    pub choice: Option<u32>,
    pub text: Option<u32>,
    pub marks: Vec<(u32, String)>,
    /// Choices that the heading of the answer column names: 「回答（○／×）」.
    pub heading_choices: Option<Vec<String>>,
}

/// The tables of a sheet, from top to bottom; none where no heading row is found.
pub(super) fn tables(grid: &Grid<'_>, headings: &Headings) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut row = 1;
    while row <= grid.last_row {
        let blocks = grid.row(row);
        if blocks.len() < 2 || !is_head(grid, row, headings) {
            row += 1;
            continue;
        }
        let last = head_end(grid, row, headings);
        if let Some(previous) = tables.last_mut() {
            previous.last = row - 1;
        }
        tables.push(Table { head_first: row, head_last: last, last: grid.last_row, leaves: leaves(grid, row, last, headings) });
        row = last + 1;
    }
    tables
}

/// The columns of tables that stand side by side, left to right; one band over all where they do not.
pub(super) fn bands(grid: &Grid<'_>, headings: &Headings) -> Vec<(u32, u32)> {
    for (row, blocks) in grid.rows(1, grid.last_row) {
        if blocks.len() < 4 || !is_head(grid, row, headings) {
            continue;
        }
        let mut starts = vec![1];
        let (mut asked, mut taken) = (false, false);
        for (i, block) in blocks.iter().enumerate() {
            match headings.column(block.text) {
                Some(Heading::Answer | Heading::Remark) => taken = asked,
                Some(Heading::Question | Heading::Item) if taken => {
                    let numbered = blocks[i - 1..i].iter().find(|b| headings.column(b.text) == Some(Heading::Number));
                    starts.push(numbered.unwrap_or(block).range.first.col);
                    taken = false;
                }
                Some(Heading::Question | Heading::Item) => asked = true,
                _ => {}
            }
        }
        // The second table repeats the first one's question heading; another word there is another column of the same table.
        let asks = |b: &&Block<'_>| matches!(headings.column(b.text), Some(Heading::Question));
        let words: Vec<&str> = blocks.iter().filter(asks).map(|b| b.text).collect();
        if starts.len() > 1 && words.len() > 1 && words.iter().all(|w| *w == words[0]) {
            let ends = starts[1..].iter().map(|next| next - 1).chain([grid.last_col]);
            return starts.iter().copied().zip(ends).collect();
        }
    }
    vec![(1, grid.last_col.max(1))]
}

/// A heading row names a question and a place for the answer, in short texts, and little else; where the place has no name
/// that is known, its cells below must have a list.
fn is_head(grid: &Grid<'_>, row: u32, headings: &Headings) -> bool {
    let blocks = grid.row(row);
    let known: Vec<Option<Heading>> = blocks.iter().map(|b| headings.column(b.text)).collect();
    let count = |wanted: &[Heading]| known.iter().flatten().filter(|h| wanted.contains(h)).count();
    let asks = count(&[Heading::Question, Heading::Item]) > 0;
    let takes = count(&[Heading::Answer, Heading::Remark]) > 0 || count(&[Heading::Choice]) >= 2;
    let below = row + 1..=row + 4;
    let listed = blocks.iter().zip(&known).any(|(b, h)| {
        !matches!(h, Some(Heading::Question | Heading::Item)) && b.text.chars().count() <= 24 && grid.listed(b.range.first.col, *below.start(), *below.end())
    });
    let boxed = grid.rows(*below.start(), *below.end()).any(|(_, blocks)| blocks.iter().any(|b| boxes::choices(b.text).is_some()));
    let plain = blocks.iter().all(|b| grid.validation(b.range.first).is_none());
    plain && asks && (takes || listed || boxed) && known.iter().flatten().count() * 2 >= blocks.len()
}

/// The last heading row: as far down as the first tier's merged cells reach, and further while groups have headings below.
fn head_end(grid: &Grid<'_>, first: u32, headings: &Headings) -> u32 {
    let mut last = grid.row(first).iter().filter(|b| headings.column(b.text).is_some()).map(|b| b.range.last.row).max().unwrap_or(first);
    loop {
        let below = grid.row(last + 1);
        let groups: Vec<CellRange> =
            grid.rows(first, last).flat_map(|(_, blocks)| blocks.iter().map(|b| b.range)).filter(|r| r.last.row == last && r.width() > 1).collect();
        let tier = |b: &Block<'_>| {
            let group = groups.iter().find(|g| g.first.col <= b.range.first.col && b.range.last.col <= g.last.col);
            group.is_some_and(|g| g.width() > b.range.width()) && headings.column(b.text).is_some()
        };
        if below.is_empty() || !below.iter().all(tier) {
            return last;
        }
        last = below.iter().map(|b| b.range.last.row).max().unwrap_or(last + 1);
    }
}

fn leaves(grid: &Grid<'_>, first: u32, last: u32, headings: &Headings) -> Vec<Leaf> {
    let blocks: Vec<&Block<'_>> = grid.rows(first, last).flat_map(|(_, blocks)| blocks).collect();
    let covers = |outer: &CellRange, col: u32| (outer.first.col..=outer.last.col).contains(&col);
    let mut leaves: Vec<Leaf> = Vec::new();
    for block in &blocks {
        let range = block.range;
        // A group is no leaf where the tier below it divides it; what it leaves undivided is found through its parts.
        if blocks.iter().any(|b| b.range.first.row > range.last.row && covers(&range, b.range.first.col)) {
            continue;
        }
        let above = blocks.iter().filter(|b| b.range.last.row < range.first.row && covers(&b.range, range.first.col));
        leaves.push(Leaf {
            first: range.first.col,
            last: range.last.col,
            text: block.text.to_owned(),
            heading: headings.column(block.text),
            above: above.filter_map(|b| headings.column(b.text)).collect(),
        });
    }
    leaves.sort_by_key(|l| l.first);
    leaves
}

impl Table {
    /// A table without headings: its columns are those in which texts begin.
    pub fn headless(grid: &Grid<'_>) -> Self {
        let mut starts: Vec<u32> = grid.rows(1, grid.last_row).flat_map(|(_, blocks)| blocks.iter().map(|b| b.range.first.col)).collect();
        let lists = || grid.sheet.validations.iter().flat_map(|v| &v.ranges);
        starts.extend(lists().map(|r| r.first.col).filter(|&c| (grid.first_col..=grid.last_col).contains(&c)));
        starts.extend(grid.sheet.cells.keys().filter(|at| grid.inviting(**at) && grid.block(**at).first == **at).map(|at| at.col));
        let head_last = lists().map(|r| r.first.row).min().unwrap_or(1) - 1;
        starts.sort_unstable();
        starts.dedup();
        let leaf = |(i, &first): (usize, &u32)| Leaf {
            first,
            last: starts.get(i + 1).map_or(grid.last_col.max(first), |next| next - 1),
            text: String::new(),
            heading: None,
            above: Vec::new(),
        };
        let leaves = starts.iter().enumerate().map(leaf).collect();
        Self { head_first: head_last, head_last, last: grid.last_row, leaves }
    }

    /// What the columns are for; `None` where no column could hold questions with answers beside them.
    pub fn columns(&self, grid: &Grid<'_>) -> Option<Columns> {
        let stats: Vec<Stats> = self.physical(grid);
        let mut columns = Columns { question: question(&stats)?, ..Columns::default() };
        let asked = stats.iter().position(|s| s.col == columns.question)?;
        let same_heading = |s: &&Stats| s.leaf.first == stats[asked].leaf.first && s.leaf.heading.is_some();
        columns.questions = stats.iter().filter(same_heading).map(|s| s.col).collect();
        if columns.questions.is_empty() {
            columns.questions.push(columns.question);
        }
        columns.marks = marks(&stats);
        self.answers(&stats, asked, &mut columns);
        if columns.choice.is_none() && columns.text.is_none() && columns.marks.is_empty() {
            return None;
        }
        columns.number = stats[..asked]
            .iter()
            .filter(|s| s.heading() == Some(Heading::Number) || (s.numbers * 10 >= s.texts * 8 && s.texts > 0))
            .max_by_key(|s| (s.heading() == Some(Heading::Number), s.texts))
            .map(|s| s.col);
        columns.categories = stats[..asked]
            .iter()
            .filter(|s| Some(s.col) != columns.number && Some(s.col) != columns.choice && Some(s.col) != columns.text)
            .filter(|s| s.texts > 0 && s.numbers * 2 < s.texts + 1)
            .filter(|s| !matches!(s.heading(), Some(Heading::Previous | Heading::Internal | Heading::Question) | None if s.english()))
            .filter(|s| !matches!(s.heading(), Some(Heading::Previous | Heading::Internal)))
            .map(|s| s.col)
            .collect();
        Some(columns)
    }

    /// The columns in which texts really begin under each heading: one heading may stand over a number and a question.
    fn physical(&self, grid: &Grid<'_>) -> Vec<Stats> {
        let mut stats: Vec<Stats> = Vec::new();
        for leaf in &self.leaves {
            if grid.hidden_col(leaf.first) && leaf.first == leaf.last {
                continue;
            }
            let from = stats.len();
            for (_, blocks) in grid.rows(self.head_last + 1, self.last) {
                for block in blocks.iter().filter(|b| (leaf.first..=leaf.last).contains(&b.range.first.col) && b.range.last.col <= leaf.last) {
                    let col = block.range.first.col;
                    let at = match stats[from..].iter().position(|s| s.col == col) {
                        Some(i) => from + i,
                        None => {
                            stats.push(Stats::new(col, leaf));
                            stats.len() - 1
                        }
                    };
                    stats[at].add(block.text);
                }
            }
            // A stray text under a wide heading makes no column of its own.
            let most = stats[from..].iter().map(|s| s.texts).max().unwrap_or(0);
            let mut kept: Vec<Stats> = stats.drain(from..).filter(|s| s.texts * 10 >= most).collect();
            kept.sort_by_key(|s| s.col);
            if !kept.iter().any(|s| s.col == leaf.first) && kept.is_empty() {
                kept.push(Stats::new(leaf.first, leaf));
            }
            stats.extend(kept);
        }
        for s in &mut stats {
            s.lists = grid.listed(s.col, self.head_last + 1, self.last);
        }
        // Only cells that are there: a sheet may claim a million rows.
        let (first, last) = (CellRef::new(self.head_last + 1, 1), CellRef::new(self.last, u32::MAX));
        for (&at, cell) in grid.sheet.cells.range(first..=last.max(first)) {
            if cell.text.is_empty() && grid.inviting(at) {
                stats.iter_mut().filter(|s| s.col == at.col).for_each(|s| s.open += 1);
            }
        }
        stats
    }

    /// Which columns take the choice and the text.
    fn answers(&self, stats: &[Stats], asked: usize, columns: &mut Columns) {
        let marked = |s: &Stats| columns.marks.iter().any(|(col, _)| *col == s.col);
        let takes = |s: &&Stats| {
            let heading = s.heading();
            // 「内容」 right of the questions, and empty, is the answer's.
            let asks = heading == Some(Heading::Question) && s.texts > 0;
            let closed = asks
                || matches!(heading, Some(Heading::Previous | Heading::Number | Heading::Category))
                || heading == Some(Heading::Internal) && !s.in_answer_group()
                || s.leaf.above.iter().any(|h| matches!(h, Heading::Previous | Heading::Internal))
                || marked(s);
            !closed && (matches!(heading, Some(Heading::Answer | Heading::Remark | Heading::Choice | Heading::Question)) || s.in_answer_group() || s.lists || s.boxes > 0 || heading.is_none() && s.open > 0 && s.texts == 0)
        };
        let mut open: Vec<&Stats> = stats[asked + 1..].iter().filter(takes).collect();
        if open.is_empty() {
            open = stats[..asked].iter().filter(takes).filter(|s| s.heading().is_some() && s.texts == 0).collect();
        }
        let listed = open.iter().find(|s| s.lists || s.boxes > 0).copied();
        let named = open.iter().find(|s| s.heading() == Some(Heading::Answer) || s.in_answer_group() && s.heading() != Some(Heading::Remark)).copied();
        let inline = |s: &Stats| choices_in(&s.leaf.text);
        let choice = listed.or(named.filter(|s| open.len() > 1 || inline(s).is_some()));
        let choice = choice.filter(|_| columns.marks.is_empty());
        if let Some(choice) = choice {
            columns.choice = Some(choice.col);
            columns.heading_choices = inline(choice);
        }
        let rest: Vec<&&Stats> = open.iter().filter(|s| Some(s.col) != columns.choice && !s.lists).collect();
        let best = |wanted: fn(&Stats) -> bool| rest.iter().find(|s| wanted(s)).map(|s| s.col);
        columns.text = best(|s| s.heading() == Some(Heading::Remark))
            .or_else(|| best(|s| s.heading() == Some(Heading::Question)))
            .or_else(|| best(|s| s.heading() == Some(Heading::Answer)))
            .or_else(|| best(|_| true));
    }
}

/// One column under a heading, and what stands in it.
#[derive(Debug, Clone)]
struct Stats {
    col: u32,
    leaf: Leaf,
    texts: usize,
    chars: usize,
    numbers: usize,
    kana: usize,
    /// Has cells with a list of values.
    lists: bool,
    /// Texts with boxes to tick.
    boxes: usize,
    /// Empty cells that look like places to write into.
    open: usize,
}

impl Stats {
    fn new(col: u32, leaf: &Leaf) -> Self {
        Self { col, leaf: leaf.clone(), texts: 0, chars: 0, numbers: 0, kana: 0, lists: false, boxes: 0, open: 0 }
    }

    fn add(&mut self, text: &str) {
        self.texts += 1;
        self.chars += text.chars().count();
        self.numbers += usize::from(is_number(text));
        self.boxes += usize::from(boxes::choices(text).is_some());
        self.kana += usize::from(text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')));
    }

    fn heading(&self) -> Option<Heading> {
        self.leaf.heading
    }

    fn in_answer_group(&self) -> bool {
        self.leaf.above.contains(&Heading::Answer) && !self.leaf.above.iter().any(|h| matches!(h, Heading::Previous | Heading::Internal))
    }

    fn english(&self) -> bool {
        self.texts > 0 && self.kana * 2 < self.texts
    }

    fn average(&self) -> usize {
        self.chars / self.texts.max(1)
    }
}

/// The column of the questions: by its heading, Japanese before English, longer texts before shorter.
fn question(stats: &[Stats]) -> Option<u32> {
    let among = |wanted: &[Heading]| {
        stats
            .iter()
            .filter(|s| s.texts > s.boxes && s.numbers * 2 < s.texts && s.heading().is_some_and(|h| wanted.contains(&h)))
            .max_by_key(|s| (!s.english(), s.average()))
    };
    let nameless = || {
        let lists = stats.iter().find(|s| s.lists).map_or(u32::MAX, |s| s.col);
        stats.iter().filter(|s| s.heading().is_none() && s.col < lists && s.texts > 1 && s.average() >= 8).max_by_key(|s| (!s.english(), s.average()))
    };
    among(&[Heading::Question]).or_else(|| among(&[Heading::Item])).or_else(nameless).map(|s| s.col)
}

/// Columns headed with choices, two or more side by side.
fn marks(stats: &[Stats]) -> Vec<(u32, String)> {
    let marks: Vec<(u32, String)> =
        stats.iter().filter(|s| s.heading() == Some(Heading::Choice)).map(|s| (s.col, s.leaf.text.clone())).collect();
    if marks.len() < 2 { Vec::new() } else { marks }
}

/// 「回答（○／×）」 → ○, ×.
fn choices_in(heading: &str) -> Option<Vec<String>> {
    let open = heading.find(['(', '（', '[', '［', '【'])?;
    let inner = heading[open..].chars().skip(1).take_while(|c| !matches!(c, ')' | '）' | ']' | '］' | '】')).collect::<String>();
    let choices: Vec<String> =
        inner.split(['/', '／', '・', '、', ',', '，', '|', '｜', '\n']).map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()).collect();
    let known = choices.iter().filter(|c| Headings::builtin().column(c) == Some(Heading::Choice)).count();
    (choices.len() >= 2 && known * 2 >= choices.len()).then_some(choices)
}

/// Whether the text is a number as clients write them: `1`, `1-2`, `(3)`, `②`, `A1-1`, `IAM-01.1`, `Q12`.
pub(super) fn is_number(text: &str) -> bool {
    let text = crate::text::normalize(text);
    let short = text.chars().count() <= 12;
    let shape = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '(' | ')' | '_' | ':' | '#' | '第' | '項' | '条' | '問' | 'ー' | '－' | '‐' | ' '));
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    short && shape && text.chars().any(|c| c.is_ascii_digit()) && letters <= 6
}
