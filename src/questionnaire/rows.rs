//! The rows of a table: questions, the titles they stand under, and the cells for their answers.

use std::collections::HashMap;

use super::boxes;
use super::columns::{Columns, is_grey, options};
use super::filled::is_dash;
use super::grid::{Block, Grid};
use super::headings::{Heading, Headings};
use super::numbers::{is_counter, is_number};
use super::table::Table;
use super::titles::Titles;
use super::wording::{asks, asks_for_words, asks_yes_or_no, is_continued, is_child_number, is_example, is_example_mark, is_note, is_total, leads_up};
use super::{FoundTable, Question, Why};
use crate::workbook::{CellRef, Look, Problem, Validation};

mod question;

use question::number;

/// Longest title of a section in characters.
pub(super) const MAX_TITLE: usize = 60;

/// Longest name of a field in characters.
const MAX_FIELD: usize = 20;

/// What a follow-up to the question above begins with.
const ARROWS: [char; 4] = ['→', '⇒', '└', '↳'];

/// Reads the tables of a sheet, one after the other: section titles go on from one to the next.
pub(super) struct Reader<'a, 'g> {
    pub grid: &'g Grid<'a>,
    pub titles: Titles,
    /// Choices that the sheet explains above its tables.
    pub legend: Option<Vec<String>>,
    pub questions: Vec<Question>,
    /// What was passed over though it could be a question.
    pub problems: Vec<Problem>,
    /// The tables that were read, each with what its columns are for.
    pub tables: Vec<(FoundTable, Columns)>,
    /// Rows of the tables that hold no question.
    pub left: Vec<(u32, Why)>,
}

/// A row that may be a question, before it is known what the others look like.
struct Row<'a> {
    question: Block<'a>,
    section: Vec<String>,
    number: Option<String>,
    /// Has a list, or a frame, where the answer goes.
    invited: bool,
    /// Only because any empty cell is a place to write into, where nothing is framed.
    plainly: bool,
    /// How the place of its answer looks.
    place: Look,
    listed: bool,
    /// Where its list stands, if in another column than those of other rows.
    elsewhere: Option<CellRef>,
    /// Its choice cell is closed: other rows of the table have a list there.
    closed: bool,
    /// It takes words where other rows of the table have a list.
    words: bool,
    /// The one list of all other rows, where the row has been forgotten.
    common: Option<&'a Validation>,
    /// The place for its text in a row of its own below: 「規程の名称 ＿＿」.
    text: Option<CellRef>,
}

/// A text whose answer is asked for by the rows under it.
struct Parent<'a> {
    column: u32,
    text: String,
    /// The question that it is when no child follows.
    alone: Option<Row<'a>>,
    /// The row it stands in.
    row: u32,
    /// Where it stands, where its answer cell is closed and no child has followed yet.
    childless: Option<CellRef>,
    /// Its answer cell is closed, so that rows without a number of their own are its children.
    closed: bool,
}

impl<'a, 'g> Reader<'a, 'g> {
    /// With nothing read yet.
    pub fn new(grid: &'g Grid<'a>, legend: Option<Vec<String>>) -> Self {
        let (titles, questions, problems, tables, left) = Default::default();
        Self { grid, titles, legend, questions, problems, tables, left }
    }

    /// Reads the table's rows.
    pub fn read(&mut self, table: &Table, columns: &Columns) {
        let grid = self.grid;
        self.tables.push((table.found(columns), columns.clone()));
        let answer = columns.choice.or(columns.text).or(columns.marks.first().map(|(col, _)| *col)).unwrap_or(columns.question);
        let any_listed = grid.listed(answer, table.head_last + 1, table.last);
        let in_column = |b: &Block<'_>| columns.questions.contains(&b.col());
        let beside = grid.rows(table.head_last + 1, table.last).filter(|(_, blocks)| blocks.iter().any(in_column));
        let beside: Vec<u32> = beside.map(|(row, _)| row).collect();
        let lists = || beside.iter().filter_map(|&row| grid.validation(CellRef::new(row, answer)));
        let varied = lists().next().is_some_and(|first| lists().any(|other| !std::ptr::eq(first, other) && first.choices != other.choices));
        let common = lists().next().filter(|_| !varied);
        // In a list without frames any empty cell takes something.
        let plain = !beside.iter().any(|&row| grid.look(CellRef::new(row, columns.question)).bordered) && table.leaves.iter().any(|l| !l.text.is_empty());
        let boxed_rows = beside.iter().filter(|&&row| columns.choice.is_some() && boxes::choices(grid.text(CellRef::new(row, answer))).is_some()).count();
        let text_end = columns.text.and_then(|col| table.leaves.iter().find(|l| (l.first..=l.last).contains(&col))).map_or(0, |l| l.last);
        let end = table.leaves.last().map_or(u32::MAX, |l| l.last);
        let guarded = grid.sheet.protected && grid.rows(table.head_last + 1, table.last).any(|(row, _)| grid.look(CellRef::new(row, answer)).unlocked);
        let mut carried: Vec<Option<&str>> = vec![None; columns.categories.len()];
        let mut parent: Option<Parent<'a>> = None;
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut example_to = 0;
        let mut aside: Option<Vec<u32>> = None;
        let paper = self.usual_fill(&beside, columns.question);
        let (answer_fill, text_fill) = (self.usual_fill(&beside, answer), columns.text.and_then(|col| self.usual_fill(&beside, col)));
        rows.reserve(beside.len());
        for (row, blocks) in grid.rows(table.head_last + 1, table.last) {
            // 「当社使用欄」 over a block of its own: what follows is the client's.
            if matches!(blocks, [only] if grid.heading(only) == Some(Heading::Internal) && Headings::builtin().is_own(only.text) || Headings::builtin().ends_questions(only.text)) {
                self.left.extend(grid.rows(row, table.last).map(|(row, _)| (row, Why::Internal)));
                break;
            }
            if let Some(mark) = blocks.iter().find(|b| is_example_mark(b.text)) {
                example_to = example_to.max(mark.range.last.row);
            }
            if row <= example_to {
                self.left.push((row, Why::Example));
                continue;
            }
            let goes_on = |title: &Block<'_>| columns.questions.contains(&title.col()) && self.counts_on(row, table, columns);
            // Notes right of the table are no part of its rows.
            let inside = blocks.iter().rposition(|b| b.col() <= end).map_or(blocks, |last| &blocks[..=last]);
            if let Some(title) = self.title(inside, columns, answer, any_listed, paper).filter(|title| !goes_on(title)) {
                self.titles.put(&title);
                self.left.push((row, Why::Title));
                carried.fill(None);
                self.leave(parent.take(), &mut rows);
                continue;
            }
            // In further rows the lists may stand in another column.
            let elsewhere = self.list_elsewhere(row, answer, columns, &mut aside);
            let answer = elsewhere.map_or(answer, |at| at.col);
            let at = CellRef::new(row, answer);
            let listed = grid.validation(at).is_some();
            // A cell that a text beside it runs over takes nothing.
            let open = |at: CellRef| grid.inviting(at) && grid.block(at).first.col == at.col;
            let invited = open(at) || plain && grid.empty(at);
            // In a protected sheet, what may not be edited takes nothing; neither does a block that runs on beyond the answer.
            let place = grid.block(at);
            let open_here = (!guarded || grid.look(at).unlocked) && columns.text.is_some_and(|text| place.last.col <= text_end.max(text).max(answer));
            // A text left of the questions' own column asks only where it can be answered; else it is a heading of what follows.
            let asking = |b: &&Block<'a>| {
                let col = b.range.first.col;
                let reaches = b.range.last.col >= columns.question && invited && open_here;
                columns.questions.contains(&col) && !is_number(b.text) && !is_counter(b.text) && (col >= columns.question || listed || invited && !any_listed || reaches)
            };
            let question = blocks.iter().filter(asking).max_by_key(|b| b.range.first.col).copied();
            for (level, &col) in columns.categories.iter().enumerate() {
                if let Some(block) = blocks.iter().find(|b| b.range.first.col == col) {
                    let asks = question.is_some_and(|q| q.range.first == block.range.first);
                    if asks || carried[level] != Some(block.text) {
                        carried[level + 1..].fill(None);
                    }
                    carried[level] = (!asks && !is_number(block.text) && !is_counter(block.text)).then_some(block.text);
                }
            }
            // 「補足：＿＿」 in the row below a question, where no column takes words.
            if columns.text.is_none()
                && let Some(place) = self.remark_below(row)
                && let Some(above) = rows.last_mut().filter(|r| r.text.is_none() && r.question.range.last.row + 1 == row)
            {
                above.text = Some(place);
                self.left.push((row, Why::Field));
                continue;
            }
            let Some(question) = question else {
                let heading = |b: &&Block<'a>| columns.questions.contains(&b.range.first.col) && !is_number(b.text);
                let heading = blocks.iter().find(heading).filter(|b| !columns.categories.contains(&b.range.first.col));
                if let Some(block) = heading {
                    self.leave(parent.take(), &mut rows);
                    self.left.push((row, Why::Parent));
                    parent = Some(Parent { column: block.range.first.col, text: block.text.to_owned(), alone: None, row, childless: None, closed: false });
                }
                continue;
            };
            let column = question.range.first.col;
            let number = number(blocks, &question, columns);
            // 「特記事項」 with a box beside it is a field, no question.
            let field = || matches!(grid.heading(&question), Some(Heading::Remark | Heading::Answer | Heading::Evidence | Heading::Internal));
            let why = match question.text {
                text if is_example(text) => Some(Why::Example),
                text if is_total(text) => Some(Why::Total),
                text if number.is_none() && field() && Headings::builtin().is_word(text) => Some(Why::Field),
                _ => None,
            };
            if let Some(why) = why {
                self.left.push((row, why));
                continue;
            }
            // Filled in before the lists begin: how it is done.
            if rows.is_empty() && any_listed && !listed && !grid.text(at).is_empty() && parent.is_none() && grid.listed(answer, row + 1, row + 3) && grid.look(at).filled() && boxes::choices(grid.text(at)).is_none() {
                self.left.push((row, Why::Example));
                continue;
            }
            // A note in a row of its own beside cells that reach down from its question.
            if number.is_none() && is_note(question.text) && place.first.row < row {
                self.left.push((row, Why::Note));
                continue;
            }
            if let Some(place) = number.is_none().then(|| self.below(row, &question, columns, listed)).flatten()
                && let Some(above) = rows.last_mut().filter(|r| r.text.is_none())
            {
                above.text = Some(place);
                self.left.push((row, Why::Field));
                continue;
            }
            let number = number.or_else(|| self.number_above(row, &question, columns));
            let shut = |at: CellRef, usual: Option<u32>| {
                let fill = grid.look(at).fill;
                fill.is_some() && fill != usual && fill != question.look.fill
            };
            // Texts that run over the place of the answer ask nothing there: they lead up to their children, or explain.
            let runs_over = (column + 1..=question.range.last.col).contains(&answer);
            let printed = !grid.text(at).is_empty() && columns.marks.get(1).is_some_and(|(next, _)| grid.block(at).contains(CellRef::new(row, *next)));
            // 「次の点をお書きください」, and the points below it.
            let announces = || number.as_deref().is_none_or(|n| !is_child_number(n)) && leads_up(question.text) && self.child_follows(row, None, columns);
            let greyed = || (!listed || !columns.marks.is_empty()) && is_grey(grid.look(at).fill) && shut(at, answer_fill) && self.child_follows(row, number.as_deref(), columns);
            let silent = runs_over || announces() || printed || greyed() || !listed && shut(at, answer_fill) && columns.text.is_none_or(|col| col == answer || !place.contains(CellRef::new(row, col))) && !columns.text.is_some_and(|col| {
                let at = CellRef::new(row, col);
                col != answer && open(at) && !shut(at, text_fill)
            });
            if silent {
                self.leave(parent.take(), &mut rows);
                let childless = Some(question.range.first);
                let note = is_note(question.text);
                self.left.push((row, if note { Why::Note } else { Why::Parent }));
                parent = (!note).then(|| Parent { column, text: question.text.to_owned(), alone: None, row, childless, closed: true });
                continue;
            }
            if let Some(before) = parent.take() {
                let unnumbered = before.closed && number.is_none() && columns.number.is_some();
                if column > before.column || unnumbered || number.as_deref().is_some_and(is_child_number) {
                    parent = Some(Parent { alone: None, childless: None, ..before });
                } else {
                    self.leave(Some(before), &mut rows);
                }
            }
            let above = self.titles.texts().into_iter();
            // 「→「はい」の場合…」 goes on from the question above it.
            let before = rows.iter().rev().find(|r| !r.question.text.starts_with(ARROWS)).filter(|_| question.text.starts_with(ARROWS));
            let asked = parent.iter().map(|p| p.text.clone()).chain(before.map(|r| r.question.text.to_owned()));
            let section = above.chain(carried.iter().flatten().map(|text| (*text).to_owned())).chain(asked).collect();
            self.titles.used();
            let text_open = columns.text.is_some_and(|col| {
                let at = CellRef::new(row, col);
                open(at) && !shut(at, text_fill)
            });
            // One place over choice and text takes words.
            let words_only = !listed && invited && columns.text.is_some_and(|col| col > answer && col <= place.last.col && place.last.col <= text_end.max(col));
            let offered = columns.options.is_some_and(|col| options(grid.text(CellRef::new(row, col))).is_some()) && invited && grid.look(at).fill == answer_fill;
            // One list for all, and a row without it: the list was forgotten there, unless the question asks for words.
            let alike = grid.look(at).fill == answer_fill;
            // Among lists of many kinds, what asks yes or no takes one of the choices that the sheet explains.
            let plainly_asked = || varied && self.legend.is_some() && columns.text.is_some() && asks_yes_or_no(question.text);
            let words_here = varied && !plainly_asked() || columns.text.is_none() || asks_for_words(question.text);
            let closed = !listed && !words_only && !offered && (any_listed && (grid.look(at).filled() && (words_here || !alike) || !invited || is_dash(grid.text(at))) || shut(at, answer_fill));
            let read = Row {
                question,
                section,
                number,
                invited: invited || text_open,
                plainly: !open(at) && !text_open,
                place: grid.look(at),
                listed: listed || offered || words_only || closed && text_open,
                closed,
                elsewhere,
                words: !listed && !offered && invited && alike && (any_listed && words_here || boxed_rows * if columns.text.is_some() { 2 } else { 3 } >= beside.len() && grid.empty(at)),
                common: common.filter(|_| !listed && alike),
                text: None,
            };
            // A question whose choice is closed is asked by its children; without children, by its text cell.
            let left = column < columns.question && !listed;
            if (closed || left) && parent.is_none() {
                parent = Some(Parent { column, text: question.text.to_owned(), alone: Some(read), row, childless: None, closed: false });
            } else {
                rows.push(read);
            }
        }
        self.leave(parent, &mut rows);
        // Where colour shows the places to answer, it invites, too: in rows with a number, where there are some.
        let numbered = rows.iter().filter(|r| r.number.is_some()).nth(1).is_some();
        let sure: Vec<&Row<'_>> = rows.iter().filter(|r| !numbered || r.number.is_some()).collect();
        let coloured = most_common(sure.iter().map(|r| r.place.fill)).filter(|(_, count)| count * 10 >= sure.len() * 6).and_then(|(fill, _)| fill);
        for row in &mut rows {
            let like = coloured.is_some() && row.place.fill == coloured;
            let plainly = row.plainly && coloured.is_some() && row.number.is_none() && !row.listed;
            row.invited = like || row.invited && !plainly;
        }
        // What most rows have, a row must have, or be no question: a number, a list, a frame. Notes below a short table have none.
        let notes = rows.iter().filter(|r| is_note(r.question.text)).count();
        let plain: Vec<&Row<'_>> = rows.iter().filter(|r| !is_note(r.question.text) && (r.number.is_some() || r.listed || r.invited)).collect();
        let plain = if plain.len() * 2 >= rows.len() - notes { plain } else { rows.iter().collect() };
        let most = |has: fn(&Row<'_>) -> bool| plain.iter().filter(|r| has(r)).count() * 10 >= plain.len() * 8;
        let (numbered, listed, invited) = (most(|r| r.number.is_some()), most(|r| r.listed), most(|r| r.invited));
        let framed = most(|r| r.question.look.bordered);
        self.questions.reserve(rows.len());
        for row in rows {
            // 「→「はい」の場合…」 has neither number nor list.
            let goes_on = row.question.text.trim_start().starts_with(ARROWS);
            let lacks = if goes_on { 0 } else { usize::from(numbered && row.number.is_none()) + usize::from(listed && !row.listed) + usize::from(framed && !row.question.look.bordered) };
            let note = is_note(row.question.text);
            let uninvited = invited && !row.invited;
            if uninvited || lacks >= 2 || (lacks == 1 && note) {
                self.left.push((row.question.range.first.row, if note { Why::Note } else { Why::Unlike }));
                if !note && asks(row.question.text) {
                    self.problem(row.question.range.first, "質問のように見えますが、ほかの質問のような番号や回答欄がないため、対象にしていません。");
                }
                continue;
            }
            self.questions.push(self.question(row, columns));
        }
    }

    /// What becomes of a parent when its children end, or none came.
    fn leave(&mut self, parent: Option<Parent<'a>>, rows: &mut Vec<Row<'a>>) {
        let Some(parent) = parent else { return };
        if parent.childless.is_some() {
            self.left.iter_mut().rev().filter(|(row, _)| *row == parent.row).for_each(|(_, why)| *why = Why::Closed);
        }
        if let Some(at) = parent.childless.filter(|_| asks(&parent.text)) {
            self.problem(at, "質問のように見えますが、回答欄が塗りつぶされているか結合されているため、対象にしていません。");
        }
        rows.extend(parent.alone);
    }

    fn problem(&mut self, cell: CellRef, message: &str) {
        self.problems.push(Problem { sheet: Some(self.grid.sheet.name.clone()), cell: Some(cell), message: message.to_owned() });
    }

    /// The colour that most cells of the column have in the rows.
    fn usual_fill(&self, rows: &[u32], col: u32) -> Option<u32> {
        most_common(rows.iter().map(|&row| self.grid.look(CellRef::new(row, col)).fill)).and_then(|(fill, _)| fill)
    }

    /// The section title that the row is, if it is one.
    fn title(&self, blocks: &[Block<'a>], columns: &Columns, answer: u32, any_listed: bool, paper: Option<u32>) -> Option<Block<'a>> {
        let (lead, rest) = blocks.split_first()?;
        // 「3 | アクセス制御」: a number and its title.
        let title = match rest {
            [] => *lead,
            [second] if is_number(lead.text) && second.range.first.col < answer => *second,
            _ => return None,
        };
        if title.text.chars().count() > MAX_TITLE || title.text.starts_with(['※', '＊', '*']) || title.text.ends_with('。') || is_total(title.text) || is_continued(title.text) {
            return None;
        }
        let at = CellRef::new(title.range.first.row, answer);
        let across = answer != columns.question && title.range.first.col <= columns.question && (title.range.first.col..=title.range.last.col).contains(&answer);
        if across {
            return Some(title);
        }
        // A bar of one colour over question and answer, where questions are on another.
        let bar = title.look.fill.filter(|fill| Some(*fill) != paper).is_some_and(|fill| self.grid.look(at).fill == Some(fill));
        if bar && self.grid.validation(at).is_none() && rest.is_empty() {
            return Some(title);
        }
        let answerable = if any_listed { self.grid.validation(at).is_some() } else { self.grid.inviting(at) };
        let is_question = title.range.first.col == columns.question;
        let painted = title.look.filled() && self.grid.look(at).filled();
        let before = title.range.first.col < columns.question && !is_number(title.text) && !columns.categories.contains(&title.range.first.col);
        let category_alone = before && rest.is_empty();
        if category_alone || (is_question && !answerable && (painted || title.look.bold)) || (is_question && painted && title.look.bold && any_listed && !answerable) {
            return Some(title);
        }
        None
    }

    /// The question in that row, whatever it looks like; `None` where the questions' columns hold no text there.
    pub fn taken(&self, row: u32, columns: &Columns, section: Vec<String>) -> Option<Question> {
        let blocks = self.grid.row(row);
        let asking = |b: &&Block<'a>| columns.questions.contains(&b.col()) && !is_number(b.text);
        let question = *blocks.iter().filter(asking).max_by_key(|b| b.col())?;
        let number = number(blocks, &question, columns);
        let place = self.grid.look(question.range.first);
        Some(self.question(Row { question, section, number, invited: true, plainly: false, place, listed: false, elsewhere: None, closed: false, words: false, common: None, text: None }, columns))
    }

}

/// The colour that comes most often, and how often.
fn most_common(fills: impl Iterator<Item = Option<u32>>) -> Option<(Option<u32>, usize)> {
    let mut counts: HashMap<Option<u32>, usize> = HashMap::new();
    // Cells below one another mostly have the same.
    let mut fills = fills.peekable();
    while let Some(fill) = fills.next() {
        let more = std::iter::from_fn(|| fills.next_if_eq(&fill)).count();
        *counts.entry(fill).or_default() += 1 + more;
    }
    counts.into_iter().max_by_key(|(fill, count)| (*count, *fill))
}

