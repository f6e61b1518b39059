//! The rows of a table: questions, the titles they stand under, and the cells for their answers.

use super::boxes;
use super::grid::{Block, Grid};
use super::headings::without_brackets;
use super::table::{Columns, Table, is_number};
use super::{Kind, Mark, Question};
use crate::text::normalize;
use crate::workbook::CellRef;

/// Longest title of a section in characters.
pub(super) const MAX_TITLE: usize = 60;

/// The section titles in force, the widest first.
#[derive(Default)]
pub(super) struct Titles {
    /// Shape and text of each.
    open: Vec<(String, String)>,
    /// Whether a question came since the last title: a title right after another of a new shape stands below it.
    fresh: bool,
}

impl Titles {
    pub fn put(&mut self, block: &Block<'_>) {
        let shape = shape(block);
        match self.open.iter().position(|(s, _)| *s == shape) {
            Some(level) => self.open.truncate(level),
            None if !self.fresh => self.open.pop().map_or((), |_| ()),
            None => {}
        }
        self.open.push((shape, block.text.to_owned()));
        self.fresh = true;
    }
}

/// What titles of one level have in common: how they are numbered, and where they begin.
pub(super) fn shape(block: &Block<'_>) -> String {
    let mut numbering = String::new();
    for c in normalize(block.text).chars().take(12) {
        match c {
            '0'..='9' => {
                if !numbering.ends_with('#') {
                    numbering.push('#');
                }
            }
            'a'..='z' if numbering.is_empty() => numbering.push('a'),
            '.' | '-' | '(' | ')' | '第' | '章' | '節' | '■' | '□' | '◆' | '●' | '【' | '<' | '[' => numbering.push(c),
            _ => break,
        }
    }
    format!("{numbering}@{}", block.range.first.col)
}

/// Reads the tables of a sheet, one after the other: section titles go on from one to the next.
pub(super) struct Reader<'a, 'g> {
    pub grid: &'g Grid<'a>,
    pub titles: Titles,
    /// Choices that the sheet explains above its tables.
    pub legend: Option<Vec<String>>,
    pub questions: Vec<Question>,
}

/// A row that may be a question, before it is known what the others look like.
struct Row<'a> {
    question: Block<'a>,
    section: Vec<String>,
    number: Option<String>,
    /// Has a list, or a frame, where the answer goes.
    invited: bool,
    listed: bool,
    /// Its choice cell is closed: other rows of the table have a list there.
    closed: bool,
}

/// A text whose answer is asked for by the rows under it.
struct Parent<'a> {
    column: u32,
    text: String,
    /// The question that it is when no child follows.
    alone: Option<Row<'a>>,
}

impl<'a> Reader<'a, '_> {
    /// Reads the table's rows.
    pub fn read(&mut self, table: &Table, columns: &Columns) {
        let answer = columns.choice.or(columns.text).or(columns.marks.first().map(|(col, _)| *col)).unwrap_or(columns.question);
        let any_listed = self.grid.listed(answer, table.head_last + 1, table.last);
        let mut carried: Vec<Option<String>> = vec![None; columns.categories.len()];
        let mut parent: Option<Parent<'a>> = None;
        let mut rows: Vec<Row<'a>> = Vec::new();
        for (row, blocks) in self.grid.rows(table.head_last + 1, table.last) {
            if let Some(title) = self.title(blocks, columns, answer, any_listed) {
                self.titles.put(&title);
                carried.fill(None);
                rows.extend(parent.take().and_then(|p| p.alone));
                continue;
            }
            let at = CellRef::new(row, answer);
            let listed = self.grid.validation(at).is_some();
            let invited = self.grid.inviting(at);
            // A text left of the questions' own column asks only where it can be answered; else it is a heading of what follows.
            let asking = |b: &&Block<'a>| {
                let col = b.range.first.col;
                columns.questions.contains(&col) && !is_number(b.text) && (col >= columns.question || listed || invited && !any_listed)
            };
            let question = blocks.iter().filter(asking).max_by_key(|b| b.range.first.col).copied();
            for (level, &col) in columns.categories.iter().enumerate() {
                if let Some(block) = blocks.iter().find(|b| b.range.first.col == col) {
                    let asks = question.is_some_and(|q| q.range.first == block.range.first);
                    if asks || carried[level].as_deref() != Some(block.text) {
                        carried[level + 1..].fill(None);
                    }
                    carried[level] = (!asks && !is_number(block.text)).then(|| block.text.to_owned());
                }
            }
            let Some(question) = question else {
                let heading = |b: &&Block<'a>| columns.questions.contains(&b.range.first.col) && !is_number(b.text);
                let heading = blocks.iter().find(heading).filter(|b| !columns.categories.contains(&b.range.first.col));
                if let Some(block) = heading {
                    rows.extend(parent.take().and_then(|p| p.alone));
                    parent = Some(Parent { column: block.range.first.col, text: block.text.to_owned(), alone: None });
                }
                continue;
            };
            let column = question.range.first.col;
            let number = number(blocks, &question, columns);
            if is_example(number.as_deref(), question.text) || is_total(question.text) {
                continue;
            }
            if let Some(before) = parent.take() {
                if column > before.column || number.as_deref().is_some_and(is_child_number) {
                    parent = Some(Parent { alone: None, ..before });
                } else {
                    rows.extend(before.alone);
                }
            }
            let above = self.titles.open.iter().map(|(_, t)| t.clone());
            // 「→「はい」の場合…」 goes on from the question above it.
            let arrow = ['→', '⇒', '└', '↳'];
            let before = rows.iter().rev().find(|r| !r.question.text.starts_with(arrow)).filter(|_| question.text.starts_with(arrow));
            let asked = parent.iter().map(|p| p.text.clone()).chain(before.map(|r| r.question.text.to_owned()));
            let section = above.chain(carried.iter().flatten().cloned()).chain(asked).collect();
            self.titles.fresh = false;
            let text_open = columns.text.is_some_and(|col| self.grid.inviting(CellRef::new(row, col)));
            let closed = any_listed && !listed && (self.grid.sheet.look(at).filled || !invited);
            let read = Row { question, section, number, invited: invited || text_open, listed: listed || closed && text_open, closed };
            // A question whose choice is closed is asked by its children; without children, by its text cell.
            if closed && parent.is_none() {
                parent = Some(Parent { column, text: question.text.to_owned(), alone: Some(read) });
            } else {
                rows.push(read);
            }
        }
        rows.extend(parent.and_then(|p| p.alone));
        // What most rows have, a row must have, or be no question: a number, a list, a frame.
        let most = |has: fn(&Row<'_>) -> bool| rows.iter().filter(|r| has(r)).count() * 10 >= rows.len() * 8;
        let (numbered, listed, invited) = (most(|r| r.number.is_some()), most(|r| r.listed), most(|r| r.invited));
        for row in &rows {
            let lacks = usize::from(numbered && row.number.is_none()) + usize::from(listed && !row.listed) + usize::from(invited && !row.invited);
            let note = row.question.text.starts_with(['※', '＊', '*']) || row.question.text.starts_with("注");
            if lacks >= 2 || (lacks == 1 && note) {
                continue;
            }
            self.questions.push(self.question(row, columns));
        }
    }

    /// The section title that the row is, if it is one.
    fn title(&self, blocks: &[Block<'a>], columns: &Columns, answer: u32, any_listed: bool) -> Option<Block<'a>> {
        let (lead, rest) = blocks.split_first()?;
        // 「3 | アクセス制御」: a number and its title.
        let title = match rest {
            [] => *lead,
            [second] if is_number(lead.text) && second.range.first.col < answer => *second,
            _ => return None,
        };
        if title.text.chars().count() > MAX_TITLE || title.text.starts_with(['※', '＊', '*']) || title.text.ends_with('。') || is_total(title.text) {
            return None;
        }
        let at = CellRef::new(title.range.first.row, answer);
        let across = title.range.first.col <= columns.question && title.range.last.col >= answer;
        if across {
            return Some(title);
        }
        let answerable = if any_listed { self.grid.validation(at).is_some() } else { self.grid.inviting(at) };
        let is_question = title.range.first.col == columns.question;
        let painted = title.look.filled && self.grid.sheet.look(at).filled;
        let before = title.range.first.col < columns.question && !is_number(title.text) && !columns.categories.contains(&title.range.first.col);
        let category_alone = before && rest.is_empty();
        if category_alone || (is_question && !answerable && (painted || title.look.bold)) || (is_question && painted && title.look.bold && any_listed && !answerable) {
            return Some(title);
        }
        None
    }

    fn question(&self, row: &Row<'a>, columns: &Columns) -> Question {
        let top = row.question.range.first.row;
        // A cell that reaches down from a question above is that question's.
        let cell = |col: u32| Some(self.grid.block(CellRef::new(top, col)).first).filter(|first| first.row >= top);
        let choice_cell = columns.choice.filter(|_| !row.closed).and_then(cell);
        let listed = choice_cell.and_then(|at| self.grid.validation(at)).and_then(|v| v.choices.clone());
        let boxes = choice_cell.map(|at| self.grid.sheet.text(at).to_owned()).filter(|text| boxes::choices(text).is_some());
        let listed = listed.or_else(|| boxes.as_deref().and_then(boxes::choices));
        let choices = choice_cell.and_then(|_| listed.or_else(|| columns.heading_choices.clone()).or_else(|| self.legend.clone()));
        let marks: Vec<Mark> = columns.marks.iter().filter_map(|(col, choice)| Some(Mark { cell: cell(*col)?, choice: choice.clone() })).collect();
        Question {
            sheet: self.grid.sheet.name.clone(),
            number: row.number.clone(),
            section: row.section.clone(),
            text: row.question.text.to_owned(),
            question_cell: row.question.range.first,
            choice_cell,
            choices,
            boxes,
            text_cell: columns.text.and_then(cell),
            marks: (!marks.is_empty()).then_some(marks),
            legend: Vec::new(),
            kind: Kind::default(),
        }
    }
}

/// The question's number: beside it, else in front of its text.
fn number(blocks: &[Block<'_>], question: &Block<'_>, columns: &Columns) -> Option<String> {
    let column = question.range.first.col;
    let beside = |b: &&Block<'_>| b.range.first.col < column && columns.questions.contains(&b.range.first.col);
    let child = blocks.iter().filter(beside).find(|b| is_number(b.text)).map(|b| b.text.to_owned());
    // The number column counts the parent where the parent begins in this row.
    let parent_begins = blocks.iter().filter(beside).any(|b| !is_number(b.text) && columns.question == column && columns.questions.len() > 1);
    let own = columns.number.filter(|_| !parent_begins).and_then(|col| blocks.iter().find(|b| b.range.first.col == col));
    child.or_else(|| own.map(|b| b.text.to_owned())).or_else(|| leading_number(question.text))
}

/// 「Q1. …」 → Q1, 「１）…」 → １）, 「(1) …」 → (1), 「①…」 → ①.
fn leading_number(text: &str) -> Option<String> {
    let circled = |c: &char| matches!(c, '①'..='⑳' | '㉑'..='㉟');
    if let Some(c) = text.chars().next().filter(circled) {
        return Some(c.to_string());
    }
    let mut end = 0;
    let mut digits = false;
    for (at, c) in text.char_indices().take(10) {
        let folded = normalize(&c.to_string()).chars().next().unwrap_or(' ');
        match folded {
            '0'..='9' => digits = true,
            '(' if at == 0 => {}
            'q' | 'a'..='z' if !digits => {}
            '-' if digits => {}
            // Closing marks belong to the number, a full stop does not.
            ')' if digits => return Some(text[..at + c.len_utf8()].to_owned()),
            '.' | ':' if digits && text[at + c.len_utf8()..].starts_with(|n: char| normalize(&n.to_string()).starts_with(|d: char| d.is_ascii_digit())) => {}
            '.' | ':' | ' ' if digits && at > 0 => {
                end = at;
                break;
            }
            _ => return None,
        }
    }
    (digits && end > 0).then(|| text[..end].to_owned())
}

/// Whether a number is one below another: 「(1)」, 「①」, 「a)」.
fn is_child_number(number: &str) -> bool {
    number.starts_with(['(', '（', '①', '②', '③', '④', '⑤', '⑥', '⑦', '⑧', '⑨']) || number.ends_with([')', '）'])
}

fn is_example(number: Option<&str>, question: &str) -> bool {
    let marked = |text: &str| {
        let text = text.trim_start_matches(['(', '（', '【', '[', '<', '＜']);
        text.starts_with("記入例") || text.starts_with("記載例") || text.starts_with("回答例") || text == "例" || text.starts_with("例)") || text.starts_with("例）") || text.starts_with("例】") || text.starts_with("例：")
    };
    number.is_some_and(|n| marked(n) || n.eq_ignore_ascii_case("ex") || n.eq_ignore_ascii_case("sample")) || marked(question)
}

fn is_total(question: &str) -> bool {
    let text = normalize(&without_brackets(question));
    ["合計", "小計", "総計", "平均", "平均点", "合計点", "得点", "以上", "total"].contains(&text.as_str())
}
