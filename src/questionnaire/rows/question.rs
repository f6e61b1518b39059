//! A row as the question that it is: its number, and the cells that its answer goes to.

use super::super::boxes;
use super::super::columns::{Columns, options};
use super::super::filled::{is_dash, is_prompt};
use super::super::grid::Block;
use super::super::headings::Heading;
use super::super::numbers::{is_counter, is_number};
use super::super::table::Table;
use super::super::wording::{asks, counts, is_child_number, leading_number};
use super::super::{Kind, Mark, Question};
use super::{ARROWS, MAX_FIELD, Reader, Row};
use crate::text::normalize;
use crate::workbook::{CellRange, CellRef};

impl<'a> Reader<'a, '_> {
    /// The number that stands beside several questions at once, in a cell that reaches down to this one.
    pub(super) fn number_above(&self, row: u32, question: &Block<'_>, columns: &Columns) -> Option<String> {
        let at = self.grid.block(CellRef::new(row, columns.number?));
        let follows = question.text.trim_start().starts_with(ARROWS) || question.col() != columns.question || columns.questions.len() > 1;
        let text = self.grid.text(at.first);
        (at.first.row < row && !follows && counts(text)).then(|| text.to_owned())
    }

    /// The row's cell with a list in a column that no row with a list under the answer's heading has one in. `aside` keeps those
    /// columns for the rows to come.
    pub(super) fn list_elsewhere(&self, row: u32, answer: u32, columns: &Columns, aside: &mut Option<Vec<u32>>) -> Option<CellRef> {
        let grid = self.grid;
        columns.choice.filter(|_| grid.validation(CellRef::new(row, answer)).is_none())?;
        let listed = |row: u32| (columns.question + 1..=grid.last_col).filter(move |&col| col != answer && Some(col) != columns.text && grid.validation(CellRef::new(row, col)).is_some());
        let aside = aside.get_or_insert_with(|| {
            let both = grid.rows(1, grid.last_row).filter(|(row, _)| grid.validation(CellRef::new(*row, answer)).is_some());
            let both: Vec<u32> = both.flat_map(|(row, _)| listed(row)).collect();
            let alone = grid.rows(1, grid.last_row).flat_map(|(row, _)| listed(row));
            let mut alone: Vec<u32> = alone.filter(|col| !both.contains(col) && !grid.hidden_col(*col)).collect();
            alone.sort_unstable();
            alone.dedup();
            alone
        });
        let at = aside.iter().map(|&col| CellRef::new(row, col)).find(|at| grid.validation(*at).is_some())?;
        (grid.listed(answer, 1, grid.last_row) && grid.empty(at)).then_some(at)
    }

    /// Whether the next row's number is one below another, or below this row's `own`: 「4.1」 after 「4」.
    pub(super) fn child_follows(&self, row: u32, own: Option<&str>, columns: &Columns) -> bool {
        let next = self.grid.rows(row + 1, self.grid.last_row).next().map(|(_, blocks)| blocks).unwrap_or_default();
        let asked = next.iter().rfind(|b| columns.questions.contains(&b.col()) && !is_number(b.text));
        asked.and_then(|q| number(next, q, columns)).is_some_and(|n| {
            let below = own.and_then(|own| n.strip_prefix(own)).is_some_and(|rest| rest.starts_with(['.', '-', '－', '．']));
            is_child_number(&n) || below
        })
    }

    /// Whether the row's number goes on from that of the row before, and the next one's from it: it is one of the questions, even
    /// where its answer is asked for by the rows under it.
    pub(super) fn counts_on(&self, row: u32, table: &Table, columns: &Columns) -> bool {
        let Some(col) = columns.number else { return false };
        let value = |(_, blocks): (u32, &[Block<'_>])| blocks.iter().find(|b| b.col() == col).and_then(|b| normalize(b.text).parse::<u32>().ok());
        let Some(own) = value((row, self.grid.row(row))) else { return false };
        let before = self.grid.rows(table.head_last + 1, row - 1).rev().find_map(value);
        let after = self.grid.rows(row + 1, table.last).find_map(value);
        (own == 1 || before.is_some_and(|n| n + 1 == own)) && after == Some(own + 1)
    }

    /// The place to write into of a row that goes on with the question above it: both stand beside one number, and its own text
    /// only names what to write.
    pub(super) fn below(&self, row: u32, label: &Block<'a>, columns: &Columns, listed: bool) -> Option<CellRef> {
        let number = self.grid.block(CellRef::new(row, columns.number?)).first;
        let names = label.text.chars().count() <= MAX_FIELD && !asks(label.text);
        let ticks = || self.grid.row(row).iter().any(|b| boxes::choices(b.text).is_some());
        if number.row >= row || !names || listed || columns.question != label.col() || self.grid.row(row).len() != 1 || ticks() {
            return None;
        }
        let above = self.grid.row(number.row).iter().any(|b| b.col() == label.col() && b.range.last.row < row);
        let place = CellRef::new(row, label.range.last.col + 1);
        (above && self.grid.empty(place) && self.grid.inviting(place)).then_some(place)
    }

    /// The place to write into of a row that has nothing but the name of a remark beside it.
    pub(super) fn remark_below(&self, row: u32) -> Option<CellRef> {
        let [label] = self.grid.row(row) else { return None };
        let place = CellRef::new(row, label.range.last.col + 1);
        let named = self.grid.heading(label) == Some(Heading::Remark) && label.text.chars().count() <= MAX_FIELD;
        (named && self.grid.empty(place) && self.grid.inviting(place)).then_some(place)
    }

    /// The place for words in a row of its own beside a question of two rows: 「適否 ＿＿」, and under it 「内容 ＿＿」.
    pub(super) fn second_row(&self, row: &Row<'a>, columns: &Columns) -> Option<CellRef> {
        let (range, choice) = (row.question.range, columns.choice?);
        (range.first.row + 1..=range.last.row).find_map(|below| {
            let at = CellRef::new(below, choice);
            let label = self.grid.row(below).iter().find(|b| b.range.last.col + 1 == choice)?;
            let words = matches!(self.grid.heading(label), Some(Heading::Remark | Heading::Question | Heading::Answer));
            (words && self.grid.block(at).first == at && self.grid.inviting(at)).then_some(at)
        })
    }

    pub(super) fn question(&self, row: Row<'a>, columns: &Columns) -> Question {
        let top = row.question.range.first.row;
        // A cell that reaches down from a question above is that question's.
        // Neither does a cell take anything that the question runs over, or another text.
        let covers = |range: &CellRange| range.first.col != range.last.col && (range.contains(row.question.range.first) || !self.grid.text(range.first).is_empty());
        let cell = |col: u32| {
            let range = self.grid.block(CellRef::new(top, col));
            (range.first.row >= top && (range.first.col == col || !covers(&range))).then_some(range.first)
        };
        let boxed = columns.choice.is_some_and(|col| boxes::choices(self.grid.text(CellRef::new(top, col))).is_some());
        let words = row.words && !boxed;
        let choice_cell = row.elsewhere.or_else(|| columns.choice.filter(|_| !row.closed && !words || boxed).and_then(cell));
        // 「＿＿」 and 「補足：＿＿」 below it: the first takes the choice.
        let choice_cell = choice_cell.or_else(|| columns.text.filter(|_| row.text.is_some() && columns.choice.is_none() && columns.marks.is_empty() && self.legend.is_some()).and_then(cell));
        // Where others have a list, a cell like theirs without one takes words.
        let in_choice = columns.choice.filter(|_| words).and_then(cell);
        let text_cell = row.text.or(in_choice).or_else(|| self.second_row(&row, columns)).or_else(|| columns.text.and_then(cell));
        // One block over both columns takes words, where it has neither list nor boxes.
        let only_words = |at: &CellRef| {
            let unlisted = self.grid.validation(*at).is_none() && boxes::choices(self.grid.text(*at)).is_none();
            unlisted && columns.text.is_some_and(|text| self.grid.block(*at).contains(CellRef::new(top, text)))
        };
        let (choice_cell, text_cell) = match choice_cell.filter(only_words) {
            Some(both) => (None, Some(both)),
            None => (choice_cell, text_cell),
        };
        // A list's cell that covers both columns takes no words beside it.
        let text_cell = text_cell.filter(|at| Some(*at) != choice_cell);
        let listed = choice_cell.and_then(|at| self.grid.validation(at)).and_then(|v| v.choices.as_deref()).map(answers_of);
        let boxes = choice_cell.map(|at| self.grid.text(at).to_owned()).filter(|text| boxes::choices(text).is_some());
        let listed = listed.or_else(|| boxes.as_deref().and_then(boxes::choices));
        let named = columns.options.and_then(|col| options(self.grid.text(CellRef::new(top, col))));
        let choices = choice_cell.and_then(|_| listed.or(named).or_else(|| columns.heading_choices.clone()).or_else(|| self.legend.clone()).or_else(|| row.common?.choices.as_deref().map(answers_of)));
        // 「→「はい」の場合…」 takes words only, where marks have a list elsewhere.
        let listed_marks = |row: u32| columns.marks.iter().any(|(col, _)| self.grid.validation(CellRef::new(row, *col)).is_some());
        let unmarked = text_cell.is_some() && row.question.text.trim_start().starts_with(ARROWS) && !listed_marks(top) && top > 1 && listed_marks(top - 1);
        // 「－」 on grey, or without the list that the others have: not to be marked.
        let barred = |at: CellRef| {
            let others = || columns.marks.iter().filter_map(|(col, _)| cell(*col)).filter(|other| *other != at);
            let differs = |other: CellRef| self.grid.look(other).fill != self.grid.look(at).fill || self.grid.validation(other).is_some() && self.grid.validation(at).is_none();
            is_dash(self.grid.text(at)) && others().all(differs)
        };
        let marks: Vec<Mark> = columns.marks.iter().filter_map(|(col, choice)| cell(*col).filter(|at| !barred(*at)).map(|at| Mark { cell: at, choice: choice.clone(), sign: self.grid.sign(at) })).collect();
        Question {
            sheet: self.grid.sheet.name.clone(),
            number: row.number,
            section: row.section,
            text: row.question.text.to_owned(),
            question_cell: row.question.range.first,
            choice_cell,
            choices,
            boxes,
            text_cell,
            marks: (!marks.is_empty() && !unmarked).then_some(marks),
            legend: Vec::new(),
            kind: Kind::default(),
            filled: None,
        }
    }
}

/// A list without the prompt that stands first in it: 「選択してください」.
fn answers_of(list: &[String]) -> Vec<String> {
    let prompts = list.first().is_some_and(|first| is_prompt(first));
    list.iter().skip(usize::from(prompts)).cloned().collect()
}

/// The question's number: beside it, else in front of its text.
pub(super) fn number(blocks: &[Block<'_>], question: &Block<'_>, columns: &Columns) -> Option<String> {
    let column = question.range.first.col;
    let beside = |b: &&Block<'_>| b.range.first.col < column && columns.questions.contains(&b.range.first.col);
    let counted = |text: &str| is_number(text) || is_counter(text);
    let child = blocks.iter().filter(beside).find(|b| counted(b.text)).map(|b| b.text.to_owned());
    // The number column counts the parent where the parent begins in this row.
    let parent_begins = blocks.iter().filter(beside).any(|b| !counted(b.text) && columns.question == column && columns.questions.len() > 1);
    let own = columns.number.filter(|_| !parent_begins).and_then(|col| blocks.iter().find(|b| b.col() == col && counts(b.text)));
    let further = || blocks.iter().rfind(|b| columns.numbers.contains(&b.col()) && counts(b.text));
    child.or_else(|| own.or_else(further).map(|b| b.text.to_owned())).or_else(|| leading_number(question.text))
}
