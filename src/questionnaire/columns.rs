//! What the columns of a table are for, by the words over them and by what stands in them, and where a person said so, by that.

use std::collections::BTreeMap;

use super::boxes;
use super::grid::Grid;
use super::choices::stance_of;
use super::headings::{Heading, Headings, without_brackets};
use super::mapping::Role;
use super::meaning::only_applies;
use super::offered;
use super::wording::is_example_mark;
use super::numbers::is_number;
use super::table::{Leaf, Table, choices_in};
use crate::workbook::{CellRef, Look};

mod asked;
mod options;
mod said;
mod stats;

pub(super) use options::options;

use asked::{marks, question};
use options::printed;
use stats::Stats;

/// What the columns of a table are for.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub number: Option<u32>,
    /// Further columns under the number's heading: 1, 1.1 and 1.1.1 may have one each.
    pub numbers: Vec<u32>,
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
    /// The column in which the client printed the choices of each question: 「検知・遮断できる／検知のみ／できない」.
    pub options: Option<u32>,
}

/// What stands in the name of a column right of the questions that groups them; others say what kind of question it is.
const GROUPS: [&str; 6] = ["分類", "カテゴリ", "領域", "分野", "ドメイン", "category"];

/// So many columns under one heading are looked at for places to write into.
const WIDEST: u32 = 64;

impl Table {
    /// What the columns are for; `None` where no column could hold questions with answers beside them. `legend`: the sheet
    /// explains choices, so that a lone answer column takes one. `roles`: what a person said of columns.
    pub fn columns(&self, grid: &Grid<'_>, legend: bool, roles: &BTreeMap<u32, Role>) -> Option<Columns> {
        let mut stats = self.physical(grid);
        stats.iter_mut().for_each(|s| s.role = roles.get(&s.col).copied());
        let said = stats.iter().rposition(|s| s.role == Some(Role::Question));
        let asked = said.or_else(|| question(&stats))?;
        let mut columns = Columns { question: stats[asked].col, ..Columns::default() };
        let same_heading = |s: &&Stats<'_>| match said {
            Some(_) => s.role == Some(Role::Question),
            None => s.leaf.first == stats[asked].leaf.first && !s.leaf.text.is_empty() && s.role.is_none(),
        };
        columns.questions = stats.iter().filter(same_heading).map(|s| s.col).collect();
        if columns.questions.is_empty() {
            columns.questions.push(columns.question);
        }
        let asks = |b: &super::grid::Block<'_>| columns.questions.contains(&b.col()) && !is_number(b.text);
        let rows = grid.rows(self.head_last + 1, self.last).filter(|(_, b)| b.iter().any(asks) && !b.iter().any(|b| is_example_mark(b.text)));
        let rows: Vec<u32> = rows.map(|(row, _)| row).collect();
        let framed = rows.iter().any(|&row| grid.look(CellRef::new(row, columns.question)).bordered);
        for s in &mut stats {
            s.measure(grid, &rows, framed);
        }
        columns.marks = marks(&stats, rows.len());
        answers(grid, &stats, asked, &rows, legend, &mut columns);
        columns.options = printed(grid, &stats, &rows, &columns);
        let end = self.leaves.last().map_or(0, |l| l.last).max(grid.last_col);
        // Answers may go right of everything on the sheet.
        let inside = |col: u32| self.leaves.first().is_some_and(|l| l.first <= col) && (col <= end || grid.sheet.cells.keys().all(|at| at.col < col));
        let said_of = |role: Role| roles.iter().filter(move |(col, r)| **r == role && inside(**col)).map(|(col, _)| *col);
        columns.answer_where_said(grid, self, &rows, said_of(Role::Choice).next_back(), said_of(Role::Text).next_back(), said_of(Role::Mark).collect());
        if said.is_none() && columns.choice.is_none() && columns.text.is_none() && columns.marks.is_empty() {
            return None;
        }
        let left = || stats[..asked].iter().filter(|s| Some(s.col) != columns.choice && Some(s.col) != columns.text && s.role.is_none());
        let counts = |s: &&Stats<'_>| s.heading() == Some(Heading::Number) || (s.numbers + s.counters) * 10 >= s.texts * 8 && s.texts > 0;
        let number = left()
            .filter(counts)
            .filter(|s| !matches!(s.heading(), Some(Heading::Previous | Heading::Internal | Heading::Answer)))
            .max_by_key(|s| (s.heading() == Some(Heading::Number), s.texts));
        columns.number = number.map(|s| s.col);
        let one_heading = |n: &Stats<'_>, s: &Stats<'_>| n.leaf.first == s.leaf.first && n.leaf.heading.is_some() || [n, s].iter().all(|s| s.leaf.above.contains(&Heading::Number));
        let beside = |s: &&Stats<'_>| number.is_some_and(|n| n.col != s.col && one_heading(n, s));
        columns.numbers = left().filter(counts).filter(beside).map(|s| s.col).collect();
        // Left of headings, what has no name groups the questions only where it is merged over several.
        let worded = self.leaves.iter().any(|l| !l.text.is_empty());
        columns.categories = left()
            .filter(|s| Some(s.col) != columns.number && s.texts > 0 && s.numbers * 2 < s.texts + 1)
            // 「◎」, 「○」: how much it matters.
            .filter(|s| s.worded)
            .filter(|s| !s.leaf.text.is_empty() || !worded || s.groups())
            .filter(|s| !(s.english() && matches!(s.heading(), Some(Heading::Question) | None)))
            // A name merged over its rows groups them, unless its heading is a known word that says otherwise.
            .filter(|s| s.groups() && !(s.heading() == Some(Heading::Internal) && Headings::builtin().is_word(&s.leaf.text)) || !matches!(s.heading(), Some(Heading::Previous | Heading::Internal | Heading::Choice)) && !s.is_closed_above())
            .map(|s| s.col)
            .collect();
        // 「確認事項｜カテゴリ｜回答」
        let grouped = stats[asked + 1..].iter().filter(|s| s.heading() == Some(Heading::Category) && GROUPS.iter().any(|w| s.leaf.text.to_lowercase().contains(w)) && s.role.is_none() && s.filled * 10 >= rows.len() * 8 && !s.lists);
        columns.categories.extend(grouped.filter(|s| Some(s.col) != columns.choice && Some(s.col) != columns.text).map(|s| s.col));
        // 「確認事項｜ID｜回答」
        let right = || stats[asked + 1..].iter().find(|s| s.heading() == Some(Heading::Number) && s.role.is_none() && s.numbers * 10 >= s.texts * 8 && s.changes * 10 >= rows.len() * 8);
        columns.number = columns.number.or_else(|| right().map(|s| s.col));
        columns.number = said_of(Role::Number).next_back().or(columns.number);
        columns.categories.extend(said_of(Role::Section));
        columns.categories.sort_unstable();
        Some(columns)
    }

    /// The columns in which texts really begin under each heading: one heading may stand over a number and a question.
    fn physical<'a>(&'a self, grid: &Grid<'a>) -> Vec<Stats<'a>> {
        let mut stats: Vec<Stats<'a>> = Vec::new();
        let heights = grid.rows(self.head_last + 1, self.last).flat_map(|(_, blocks)| blocks.iter().map(|b| b.range.height()));
        let lowest = heights.min().unwrap_or(1);
        for leaf in &self.leaves {
            if grid.hidden_col(leaf.first) && leaf.first == leaf.last {
                continue;
            }
            let from = stats.len();
            for (_, blocks) in grid.rows(self.head_last + 1, self.last) {
                for block in blocks.iter().filter(|b| (leaf.first..=leaf.last).contains(&b.col()) && b.range.last.col <= leaf.last) {
                    let col = block.col();
                    let at = match stats[from..].iter().position(|s| s.col == col) {
                        Some(i) => from + i,
                        None => {
                            stats.push(Stats::new(col, leaf));
                            stats.len() - 1
                        }
                    };
                    stats[at].add(block.text);
                    stats[at].tall += usize::from(block.range.height() > lowest);
                }
            }
            // A stray text under a wide heading makes no column of its own.
            let most = stats[from..].iter().map(|s| s.texts).max().unwrap_or(0);
            let mut kept: Vec<Stats<'a>> = stats.drain(from..).filter(|s| s.texts * 10 >= most).collect();
            kept.sort_by_key(|s| s.col);
            // Neither do texts further down, where the rows have places to write into right under the heading.
            let places = || grid.rows(self.head_last + 1, self.last).map(|(row, _)| CellRef::new(row, leaf.first)).filter(|at| grid.empty(*at) && grid.inviting(*at));
            if kept.is_empty() || most > 0 && kept.iter().all(|s| s.col != leaf.first) && places().count() > most {
                kept = vec![Stats::new(leaf.first, leaf)];
            }
            // 「回答」 over a choice and a place for words beside it, in which nothing stands yet.
            if matches!(leaf.heading, Some(Heading::Answer | Heading::Remark)) {
                for col in leaf.first + 1..=leaf.last.min(leaf.first + WIDEST) {
                    let rows = || grid.rows(self.head_last + 1, self.last);
                    let open = rows().map(|(row, _)| CellRef::new(row, col)).filter(|at| grid.empty(*at) && grid.inviting(*at)).count();
                    if open * 2 >= rows().count() && kept.iter().all(|s| s.col != col) {
                        kept.push(Stats::new(col, leaf));
                    }
                }
            }
            stats.extend(kept);
        }
        for s in &mut stats {
            let list = grid.list(s.col, self.head_last + 1, self.last);
            s.lists = list.is_some();
            s.applies = match list.and_then(|l| l.choices.as_ref()) {
                Some(choices) => only_applies(choices),
                None => only_applies(std::slice::from_ref(&s.leaf.text)),
            };
            s.marked = list.and_then(|l| l.choices.as_ref()).is_some_and(|c| match c.as_slice() {
                // 「レ」 is a letter by its form.
                [only] => only.chars().nth(1).is_none(),
                several => several.len() == 2 && several.iter().all(|c| !c.contains(char::is_alphanumeric)),
            });
        }
        stats
    }
}

/// Which columns take the choice and the text.
fn answers(grid: &Grid<'_>, stats: &[Stats<'_>], asked: usize, question_rows: &[u32], legend: bool, columns: &mut Columns) {
    let rows = question_rows.len();
    let guarded = grid.sheet.protected && stats.iter().any(|s| s.unlocked > 0);
    let inline = |s: &Stats<'_>| choices_in(&s.leaf.text).or_else(|| offered::line(&s.leaf.text));
    // How the places look that are surely to be filled in: a judgement that looks the same is asked for, too.
    let sure = |s: &&Stats<'_>| matches!(s.heading(), Some(Heading::Answer | Heading::Remark)) && s.open > 0 && !s.is_closed_above();
    let places: Vec<Look> = stats.iter().filter(sure).map(|s| s.place).filter(|look| look.filled() || grid.sheet.protected && look.unlocked).collect();
    let elsewhere = stats.iter().any(|s| (s.lists || s.boxes > 0) && s.heading() != Some(Heading::Review) && !s.is_closed_above());
    let judged = |s: &Stats<'_>| {
        let alike = |look: &Look| (look.fill, look.unlocked) == (s.place.fill, s.place.unlocked);
        // Where nothing is coloured, it stands before what explains it; the client's own stands behind.
        let before = || places.is_empty() && stats.iter().find(sure).is_some_and(|first| s.col < first.col);
        s.heading() == Some(Heading::Review) && s.lists && !elsewhere && (places.iter().any(alike) || before())
    };
    // Columns that could take something, filled ones still among them.
    let could = |s: &Stats<'_>| {
        let heading = s.heading();
        let used = columns.marks.iter().any(|(col, _)| *col == s.col) || columns.questions.contains(&s.col);
        let closed = used
            || matches!(heading, Some(Heading::Previous | Heading::Number))
            || heading == Some(Heading::Category) && (s.filled > 0 || s.col < stats[asked].col)
            || matches!(heading, Some(Heading::Internal | Heading::Review)) && !s.in_answer_group() && !judged(s)
            || heading == Some(Heading::Question) && s.filled * 5 >= rows.max(1)
            || s.explains_the_question() && s.filled > 0
            || s.is_closed_above()
            || guarded && s.unlocked == 0;
        if closed || s.role.is_some() {
            return false;
        }
        let worded = matches!(heading, Some(Heading::Answer | Heading::Remark | Heading::Evidence | Heading::Choice)) || s.in_answer_group();
        // Where answers are filled in already, words beside them are, too.
        let begun = stats.iter().any(|c| c.col < s.col && c.lists && c.filled > 0 && s.filled <= c.filled && s.open + s.filled >= rows)
            || columns.marks.last().is_some_and(|(last, _)| *last < s.col && s.filled * 2 < rows && s.open + s.filled >= rows);
        let places = s.lists || s.boxes > 0 || s.open * 2 >= rows;
        match heading {
            // 「内容」 right of the questions, and empty, is the answer's.
            Some(Heading::Question) => s.filled * 5 < rows.max(1),
            _ if worded => places || s.filled * 10 < rows * 6 || s.filled > 0,
            _ => begun || s.lists || places && s.filled * 5 < rows.max(1),
        }
    };
    let strong = |s: &Stats<'_>| s.lists || s.boxes > 0 || matches!(s.heading(), Some(Heading::Answer | Heading::Remark)) || s.in_answer_group();
    let mut open: Vec<&Stats<'_>> = stats[asked + 1..].iter().filter(|s| could(s)).collect();
    let beside_list = |s: &Stats<'_>| stats[..asked].iter().any(|c| c.lists && c.col < s.col && c.leaf.last + 1 == s.leaf.first && c.place.fill == s.place.fill);
    let left = |s: &&Stats<'_>| could(s) && (s.lists || s.filled * 5 < rows && (strong(s) || beside_list(s)));
    open.extend(stats[..asked].iter().filter(left));
    // 「令和5年度」 beside 「令和6年度」: of columns of one name, those that are filled in are of another time.
    let empty: Vec<&Leaf> = open.iter().filter(|s| s.filled == 0 && s.open > 0).map(|s| s.leaf).collect();
    open.retain(|s| s.filled == 0 || !empty.iter().any(|leaf| leaf.text == s.leaf.text && leaf.first != s.leaf.first));
    // Under a grey heading, where the others are not, grey cells are the client's own.
    let greyed = |s: &Stats<'_>| {
        is_grey(s.place.fill) && is_grey(s.leaf.fill) && !is_grey(stats[asked].leaf.fill)
    };
    if open.iter().any(|s| !greyed(s)) {
        open.retain(|s| !greyed(s));
    }
    let answering = |s: &Stats<'_>| {
        matches!(s.heading(), Some(Heading::Answer | Heading::Choice)) || s.in_answer_group() && !s.is_beside() || inline(s).is_some()
    };
    if columns.marks.is_empty() && !open.iter().any(|s| s.lists || s.boxes > 0 || answering(s)) {
        // 「判定」 is the answer where nothing else is.
        let review = |s: &&Stats<'_>| s.heading() == Some(Heading::Review) && s.role.is_none() && !s.is_closed_above() && !(guarded && s.unlocked == 0);
        let takes = |s: &&Stats<'_>| s.lists || s.boxes > 0 || inline(s).is_some() || (legend || open.is_empty()) && s.open * 2 >= rows;
        let found = || stats[asked + 1..].iter().filter(|s| review(s) && takes(s));
        open.extend(found().find(|s| s.filled == 0).or_else(|| found().next()));
    }
    // What the client printed beside every question explains it, where another column is left empty for the answer.
    let blank = open.iter().any(|s| s.filled * 5 < rows.max(1) && (strong(s) || s.open * 2 >= rows));
    open.retain(|s| !blank || s.lists || s.boxes > 0 || s.filled * 10 < rows * 6);
    let listed = open.iter().filter(|s| s.lists || s.boxes > 0);
    // 「該当有無」 only asks whether the question is one, where another column takes the answer.
    let asks_less = |s: &Stats<'_>| s.applies && listed.clone().any(|other| !other.applies && answering(other));
    let listed = listed.clone().filter(|s| !asks_less(s));
    let listed = listed.clone().find(|s| answering(s)).or_else(|| listed.clone().find(|s| !matches!(s.heading(), Some(Heading::Evidence | Heading::Internal)))).or(listed.clone().next()).copied();
    let excuses = |s: &Stats<'_>| Headings::builtin().excuses(&without_brackets(&s.leaf.text));
    let explained = |s: &Stats<'_>| open.iter().any(|o| o.col != s.col && o.heading() == Some(Heading::Remark));
    let named = open.iter().find(|s| answering(s) && !s.applies).or_else(|| open.iter().find(|s| answering(s))).or_else(|| open.iter().find(|s| legend && !s.is_beside())).copied();
    // 「ご記入欄」 asks for words whatever is explained above.
    let legend = legend && !named.is_some_and(|s| ["記入", "記述", "記載", "内容"].iter().any(|w| s.leaf.text.contains(w)));
    let shown = |s: &Stats<'_>| s.filled * 5 >= rows && written(grid, s.col, question_rows).is_some();
    // 「現在の状況」 beside 「今後の予定（未対応の場合のみ）」 takes words.
    let excused = |s: &Stats<'_>| open.iter().filter(|o| o.col != s.col && o.heading() == Some(Heading::Remark)).all(|o| s.leaf.group.is_some() && excuses(o));
    let choice = listed.or(named.filter(|s| explained(s) && !excused(s) || legend || inline(s).is_some() || shown(s)));
    let choice = choice.filter(|_| columns.marks.is_empty());
    if let Some(choice) = choice {
        columns.choice = Some(choice.col);
        // What stands there already shows less than what the sheet explains.
        columns.heading_choices = inline(choice).or_else(|| written(grid, choice.col, question_rows).filter(|_| !legend));
    }
    let mut rest: Vec<&&Stats<'_>> = open.iter().filter(|s| Some(s.col) != columns.choice && !s.lists).collect();
    // Where the headings of the answers have a colour of their own, what has another is not asked for.
    let coloured = choice.map(|c| c.leaf.fill).filter(|fill| fill.is_some() && *fill != stats[asked].leaf.fill);
    if let Some(fill) = coloured.filter(|fill| rest.iter().any(|s| s.leaf.fill == *fill && s.heading() != Some(Heading::Evidence))) {
        rest.retain(|s| s.leaf.fill == fill);
    }
    // Beside a choice in a group of its own, the words stand in that group or in none.
    let group = choice.and_then(|c| c.leaf.group);
    let with_choice = |s: &Stats<'_>| s.leaf.group == group && !matches!(s.heading(), Some(Heading::Evidence));
    if group.is_some() && rest.iter().any(|s| with_choice(s)) {
        rest.retain(|s| s.leaf.group.is_none() || s.leaf.group == group);
    }
    let best = |wanted: &dyn Fn(&Stats<'_>) -> bool| rest.iter().find(|s| wanted(s)).map(|s| s.col);
    let answered = columns.choice.is_some() || !columns.marks.is_empty();
    // A column of an unknown name takes the text where it looks like the others that are to be filled in.
    let like = |s: &Stats<'_>| choice.is_none_or(|c| (c.place.fill, c.place.unlocked) == (s.place.fill, s.place.unlocked));
    // 「内容」 beside 「備考」 is the answer where no choice is.
    columns.text = best(&|s| !answered && s.heading() == Some(Heading::Question))
        .or_else(|| best(&|s| s.heading() == Some(Heading::Remark) && !excuses(s)))
        .or_else(|| best(&|s| s.heading() == Some(Heading::Question)))
        .or_else(|| best(&|s| s.heading() == Some(Heading::Answer)))
        .or_else(|| best(&|s| s.heading() == Some(Heading::Remark)))
        .or_else(|| best(&|s| s.heading() != Some(Heading::Evidence) && s.in_answer_group()))
        .or_else(|| best(&|s| s.heading() != Some(Heading::Evidence) && like(s)))
        .or_else(|| best(&|s| s.heading().is_none() && choice.is_some_and(|c| c.leaf.last + 1 == s.leaf.first && c.leaf.fill == s.leaf.fill && !s.leaf.text.is_empty())))
        .or_else(|| best(&|_| !answered));
}

/// Whether a colour is a shade of grey.
pub(super) fn is_grey(fill: Option<u32>) -> bool {
    fill.is_some_and(|rgb| (rgb >> 16 & 0xff) == (rgb >> 8 & 0xff) && (rgb & 0xff) == (rgb >> 8 & 0xff) && rgb & 0xff != 0xff)
}

/// The choices that answers of an earlier time show, where the column has no list: a few words that repeat, all of them answers by
/// what they say. Levels (3, B) are none: the others of their scale need not have been given.
fn written(grid: &Grid<'_>, col: u32, rows: &[u32]) -> Option<Vec<String>> {
    let texts = || rows.iter().map(|&row| grid.text(CellRef::new(row, col))).filter(|t| !t.is_empty() && boxes::choices(t).is_none());
    let mut choices: Vec<String> = Vec::new();
    for text in texts() {
        if !choices.iter().any(|c| c == text) {
            choices.push(text.to_owned());
        }
    }
    let known = choices.iter().all(|c| stance_of(c).is_some());
    ((2..=6).contains(&choices.len()) && known && texts().count() > choices.len()).then_some(choices)
}

