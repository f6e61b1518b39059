//! Reads the rows of the tables: questions, the headings they stand under, and the cells for their answers.

use super::grid::{Block, Grid};
use super::headings::{Heading, Headings, without_brackets};
use super::table::{self, Columns, Table, is_number};
use super::{Mark, NoQuestions, Question, Questionnaire, SheetRole};
use crate::text::normalize;
use crate::workbook::{CellRef, Problem, Sheet, Visibility, Workbook};

/// Finds the questions of a client's workbook.
///
/// # Errors
/// [`NoQuestions`] when there is none; it says what was looked for.
pub fn find(workbook: &Workbook) -> Result<Questionnaire, NoQuestions> {
    let headings = Headings::builtin();
    let mut found = Questionnaire { sheets: Vec::new(), questions: Vec::new(), problems: workbook.problems.clone() };
    for sheet in &workbook.sheets {
        let named = named_role(sheet, headings);
        let questions = match named {
            Some(_) => Vec::new(),
            None => in_sheet(sheet, headings),
        };
        let role = match named {
            Some(role) => role,
            None if questions.is_empty() => SheetRole::Other,
            None => SheetRole::Questions,
        };
        if role == SheetRole::Questions && !sheet.hidden_rows.is_empty() {
            found.problems.push(Problem {
                sheet: Some(sheet.name.clone()),
                cell: None,
                message: format!("非表示の行が {} 行あります。非表示の行の質問は対象にしていません。", sheet.hidden_rows.len()),
            });
        }
        for question in questions.iter().filter(|q| q.choice_cell.is_none() && q.text_cell.is_none() && q.marks.is_none()) {
            found.problems.push(Problem {
                sheet: Some(sheet.name.clone()),
                cell: Some(question.question_cell),
                message: "回答欄が見つかりません（上の質問の回答欄と結合されている場合は、上の質問にまとめて回答してください）。".to_owned(),
            });
        }
        found.sheets.push((sheet.name.clone(), role));
        found.questions.extend(questions);
    }
    let legend = workbook.sheets.iter().find_map(|sheet| {
        let role = found.sheets.iter().find(|(name, _)| *name == sheet.name)?.1;
        legend_sheet(sheet).filter(|_| matches!(role, SheetRole::Instructions | SheetRole::Lists))
    });
    for question in found.questions.iter_mut().filter(|q| q.choice_cell.is_some() && q.choices.is_none()) {
        question.choices.clone_from(&legend);
    }
    if found.questions.is_empty() {
        let sheets: Vec<&str> = workbook.sheets.iter().map(|s| s.name.as_str()).collect();
        return Err(NoQuestions(format!(
            "質問が見つかりません。シート（{}）で、「質問・確認事項・項目」などの見出しと「回答・実施状況・備考」などの見出しが並ぶ行、または選択肢リストのある回答欄を探しました。質問票のファイルか確認してください。",
            sheets.join("、")
        )));
    }
    Ok(found)
}

/// The role that a sheet's name, its title or its being hidden gives it.
fn named_role(sheet: &Sheet, headings: &Headings) -> Option<SheetRole> {
    let role = |heading| match heading {
        Heading::SheetInstructions => Some(SheetRole::Instructions),
        Heading::SheetCover => Some(SheetRole::Cover),
        Heading::SheetLists => Some(SheetRole::Lists),
        _ => None,
    };
    let by_name = headings.sheet(&sheet.name).and_then(role);
    if sheet.visibility != Visibility::Visible {
        return Some(by_name.unwrap_or(SheetRole::Lists));
    }
    let title = sheet.cells.values().find(|c| !c.text.is_empty()).and_then(|c| headings.sheet(&c.text)).and_then(role);
    by_name.or(title.filter(|r| *r != SheetRole::Lists))
}

fn in_sheet(sheet: &Sheet, headings: &Headings) -> Vec<Question> {
    let grid = Grid::new(sheet);
    let bands = table::bands(&grid, headings);
    bands.iter().flat_map(|&(first, last)| in_band(&grid.within(first, last), headings)).collect()
}

fn in_band(grid: &Grid<'_>, headings: &Headings) -> Vec<Question> {
    let sheet = grid.sheet;
    let mut tables = table::tables(grid, headings);
    if tables.is_empty() && !sheet.validations.is_empty() {
        tables.push(Table::headless(grid));
    }
    let legend = legend(grid, tables.first().map_or(0, |t| t.head_first));
    let mut reader = Reader { grid, titles: Titles::default(), legend, questions: Vec::new() };
    for (index, table) in tables.iter().enumerate() {
        // The first table's title counts where later tables have one of the same shape over their heading rows.
        if index == 0 {
            let later: Vec<String> = tables[1..].iter().filter_map(|t| title_above(grid, t.head_first).map(|b| shape(&b))).collect();
            if let Some(title) = title_above(grid, table.head_first).filter(|b| later.contains(&shape(b)) || is_bracketed(b.text)) {
                reader.titles.put(&title);
            }
        }
        if let Some(columns) = table.columns(grid) {
            reader.read(table, &columns);
        } else if let Some(title) = tables.get(index + 1).and_then(|next| title_above(grid, next.head_first)) {
            reader.titles.put(&title);
        }
    }
    reader.questions
}

/// The lone text in the row above a heading row, or one more row up.
fn title_above<'a>(grid: &Grid<'a>, head: u32) -> Option<Block<'a>> {
    let row = [1, 2].iter().filter_map(|up| head.checked_sub(*up)).find(|&row| !grid.row(row).is_empty())?;
    match grid.row(row) {
        [title] if title.text.chars().count() <= MAX_TITLE => Some(*title),
        _ => None,
    }
}

/// 「＜店舗＞」, 「【共通】」, 「■ 開発」: a title that says by its form that it is one.
fn is_bracketed(text: &str) -> bool {
    !text.contains(['：', ':']) && text.starts_with(['＜', '<', '【', '［', '[', '〈', '《', '■', '●', '◆', '▼'])
}

/// Choices that the text above the table explains, each in its own words: 「○：実施している　△：一部」, in one cell or in
/// one below the other.
fn legend(grid: &Grid<'_>, head: u32) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for (_, blocks) in grid.rows(1, head.saturating_sub(1)) {
        for block in blocks {
            let parts = block.text.split([' ', '　', '\n', '、', '，', ',', '／']).filter(|p| !p.is_empty());
            let choices: Vec<String> = parts.filter_map(explained).fold(Vec::new(), |mut all, c| {
                if !all.contains(&c) {
                    all.push(c);
                }
                all
            });
            let known = choices.iter().any(|c| Headings::builtin().column(c) == Some(Heading::Choice));
            if choices.len() >= 2 && known {
                return Some(choices);
            }
            lines.extend(explained(block.text));
        }
    }
    (lines.len() >= 2).then_some(lines)
}

/// Choices that a sheet of their own explains: a mark in one column, what it means beside it.
fn legend_sheet(sheet: &Sheet) -> Option<Vec<String>> {
    let grid = Grid::new(sheet);
    let mut choices: Vec<String> = Vec::new();
    for (_, blocks) in grid.rows(1, grid.last_row) {
        if let [mark, meaning, ..] = blocks
            && mark.text.chars().count() <= 2
            && Headings::builtin().column(mark.text) == Some(Heading::Choice)
            && meaning.text.chars().count() > mark.text.chars().count()
            && !choices.contains(&mark.text.to_owned())
        {
            choices.push(mark.text.to_owned());
        }
    }
    (choices.len() >= 2).then_some(choices)
}

/// The choice that 「Ａ：規程等に定め、実施している」 explains: a short word before a colon.
fn explained(text: &str) -> Option<String> {
    let (choice, _) = text.split_once(['：', ':', '＝', '=', '…'])?;
    let choice = choice.trim_start_matches(['【', '（', '(']).trim();
    let short = choice.chars().count() == 1 || Headings::builtin().column(choice) == Some(Heading::Choice);
    short.then(|| choice.to_owned())
}

/// Longest title of a section in characters.
const MAX_TITLE: usize = 60;

/// The section titles in force, the widest first.
#[derive(Default)]
struct Titles {
    /// Shape and text of each.
    open: Vec<(String, String)>,
    /// Whether a question came since the last title: a title right after another of a new shape stands below it.
    fresh: bool,
}

impl Titles {
    fn put(&mut self, block: &Block<'_>) {
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
fn shape(block: &Block<'_>) -> String {
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

struct Reader<'a, 'g> {
    grid: &'g Grid<'a>,
    titles: Titles,
    legend: Option<Vec<String>>,
    questions: Vec<Question>,
}

/// A row that may be a question, before it is known what the others look like.
struct Row<'a> {
    question: Block<'a>,
    section: Vec<String>,
    number: Option<String>,
    /// Has a list, or a frame, where the answer goes.
    invited: bool,
    listed: bool,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self, table: &Table, columns: &Columns) {
        let answer = columns.choice.or(columns.text).or(columns.marks.first().map(|(col, _)| *col)).unwrap_or(columns.question);
        let any_listed = self.grid.listed(answer, table.head_last + 1, table.last);
        let mut carried: Vec<Option<String>> = vec![None; columns.categories.len()];
        let mut parent: Option<(u32, String)> = None;
        let mut rows: Vec<Row<'a>> = Vec::new();
        for (row, blocks) in self.grid.rows(table.head_last + 1, table.last) {
            if let Some(title) = self.title(blocks, columns, answer, any_listed) {
                self.titles.put(&title);
                carried.fill(None);
                parent = None;
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
                parent = heading.map(|b| (b.range.first.col, b.text.to_owned()));
                continue;
            };
            let column = question.range.first.col;
            let number = number(blocks, &question, columns);
            if is_example(number.as_deref(), question.text) || is_total(question.text) {
                continue;
            }
            let child = |p: &(u32, String)| column > p.0 || number.as_deref().is_some_and(is_child_number);
            parent = parent.take().filter(child);
            // A question whose answer cell is closed is asked by its children.
            if any_listed && !listed && (self.grid.sheet.look(at).filled || !invited) && parent.is_none() {
                parent = Some((column, question.text.to_owned()));
                continue;
            }
            let above = self.titles.open.iter().map(|(_, t)| t.clone());
            let section = above.chain(carried.iter().flatten().cloned()).chain(parent.iter().map(|(_, t)| t.clone())).collect();
            self.titles.fresh = false;
            rows.push(Row { question, section, number, invited, listed });
        }
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
        let choice_cell = columns.choice.and_then(cell);
        let listed = choice_cell.and_then(|at| self.grid.validation(at)).and_then(|v| v.choices.clone());
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
            text_cell: columns.text.and_then(cell),
            marks: (!marks.is_empty()).then_some(marks),
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
