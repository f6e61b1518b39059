//! The rows of a table: questions, the titles they stand under, and the cells for their answers.

use std::collections::HashMap;

use super::boxes;
use super::columns::{Columns, options};
use super::filled::is_prompt;
use super::grid::{Block, Grid};
use super::headings::{Heading, Headings};
use super::table::{Table, is_counter, is_number};
use super::wording::{asks, counts, is_continued, is_child_number, is_example, is_example_mark, is_note, is_total, leading_number, leads_up};
use super::{FoundTable, Kind, Mark, Question, Why};
use crate::text::normalize;
use crate::workbook::{CellRange, CellRef, Look, Problem};

/// Longest title of a section in characters.
pub(super) const MAX_TITLE: usize = 60;

/// Longest name of a field in characters.
const MAX_FIELD: usize = 20;

/// What a follow-up to the question above begins with.
const ARROWS: [char; 4] = ['→', '⇒', '└', '↳'];

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

    /// Whether a title of that form is in force.
    pub fn has_like(&self, block: &Block<'_>) -> bool {
        let shape = shape(block);
        self.open.iter().any(|(s, _)| *s == shape)
    }

    /// The titles in force.
    pub fn texts(&self) -> Vec<String> {
        self.open.iter().map(|(_, text)| text.clone()).collect()
    }

    /// A question stands under them.
    pub fn used(&mut self) {
        self.fresh = false;
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
            // Ⅰ and Ⅱ fold to i and ii.
            'a'..='z' if numbering.is_empty() => numbering.push('a'),
            'a'..='z' if numbering == "a" => {}
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
    /// How the place of its answer looks.
    place: Look,
    listed: bool,
    /// Its choice cell is closed: other rows of the table have a list there.
    closed: bool,
    /// It takes words where other rows of the table have a list.
    words: bool,
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
            let announces = || number.as_deref().is_none_or(|n| !is_child_number(n)) && leads_up(question.text) && self.child_follows(row, columns);
            let silent = runs_over || announces() || printed || !listed && shut(at, answer_fill) && columns.text.is_none_or(|col| col == answer || !place.contains(CellRef::new(row, col))) && !columns.text.is_some_and(|col| {
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
            let closed = !listed && !words_only && !offered && (any_listed && (grid.look(at).filled() || !invited) || shut(at, answer_fill));
            let read = Row {
                question,
                section,
                number,
                invited: invited || text_open,
                place: grid.look(at),
                listed: listed || offered || words_only || closed && text_open,
                closed,
                words: !listed && (any_listed || boxed_rows * 2 >= beside.len() && grid.empty(at)) && !offered && invited && grid.look(at).fill == answer_fill,
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
        // Where colour shows the places to answer, it invites, too.
        let coloured = most_common(rows.iter().map(|r| r.place.fill)).filter(|(_, count)| count * 10 >= rows.len() * 6).and_then(|(fill, _)| fill);
        for row in &mut rows {
            row.invited |= coloured.is_some() && row.place.fill == coloured;
        }
        // What most rows have, a row must have, or be no question: a number, a list, a frame. Notes below a short table have none.
        let notes = rows.iter().filter(|r| is_note(r.question.text)).count();
        let plain: Vec<&Row<'_>> = rows.iter().filter(|r| !is_note(r.question.text) && (r.number.is_some() || r.listed || r.invited)).collect();
        let plain = if plain.len() * 2 >= rows.len() - notes { plain } else { rows.iter().collect() };
        let most = |has: fn(&Row<'_>) -> bool| plain.iter().filter(|r| has(r)).count() * 10 >= plain.len() * 8;
        let (numbered, listed, invited) = (most(|r| r.number.is_some()), most(|r| r.listed), most(|r| r.invited));
        self.questions.reserve(rows.len());
        for row in rows {
            // 「→「はい」の場合…」 has neither number nor list.
            let goes_on = row.question.text.trim_start().starts_with(ARROWS);
            let lacks = if goes_on { 0 } else { usize::from(numbered && row.number.is_none()) + usize::from(listed && !row.listed) };
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

    /// The place to write into of a row that goes on with the question above it: both stand beside one number, and its own text
    /// only names what to write.
    fn below(&self, row: u32, label: &Block<'a>, columns: &Columns, listed: bool) -> Option<CellRef> {
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

    /// The number that stands beside several questions at once, in a cell that reaches down to this one.
    fn number_above(&self, row: u32, question: &Block<'_>, columns: &Columns) -> Option<String> {
        let at = self.grid.block(CellRef::new(row, columns.number?));
        let follows = question.text.trim_start().starts_with(ARROWS) || question.col() != columns.question || columns.questions.len() > 1;
        let text = self.grid.text(at.first);
        (at.first.row < row && !follows && counts(text)).then(|| text.to_owned())
    }

    /// Whether the row's number goes on from that of the row before, and the next one's from it: it is one of the questions, even
    /// where its answer is asked for by the rows under it.
    fn counts_on(&self, row: u32, table: &Table, columns: &Columns) -> bool {
        let Some(col) = columns.number else { return false };
        let value = |(_, blocks): (u32, &[Block<'_>])| blocks.iter().find(|b| b.col() == col).and_then(|b| normalize(b.text).parse::<u32>().ok());
        let Some(own) = value((row, self.grid.row(row))) else { return false };
        let before = self.grid.rows(table.head_last + 1, row - 1).rev().find_map(value);
        let after = self.grid.rows(row + 1, table.last).find_map(value);
        (own == 1 || before.is_some_and(|n| n + 1 == own)) && after == Some(own + 1)
    }

    /// Whether the next row's number is one below another.
    fn child_follows(&self, row: u32, columns: &Columns) -> bool {
        let next = self.grid.rows(row + 1, self.grid.last_row).next().map(|(_, blocks)| blocks).unwrap_or_default();
        let asked = next.iter().rfind(|b| columns.questions.contains(&b.col()) && !is_number(b.text));
        asked.and_then(|q| number(next, q, columns)).is_some_and(|n| is_child_number(&n))
    }

    /// The place to write into of a row that has nothing but the name of a remark beside it.
    fn remark_below(&self, row: u32) -> Option<CellRef> {
        let [label] = self.grid.row(row) else { return None };
        let place = CellRef::new(row, label.range.last.col + 1);
        let named = self.grid.heading(label) == Some(Heading::Remark) && label.text.chars().count() <= MAX_FIELD;
        (named && self.grid.empty(place) && self.grid.inviting(place)).then_some(place)
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
        Some(self.question(Row { question, section, number, invited: true, place, listed: false, closed: false, words: false, text: None }, columns))
    }

    /// The place for words in a row of its own beside a question of two rows: 「適否 ＿＿」, and under it 「内容 ＿＿」.
    fn second_row(&self, row: &Row<'a>, columns: &Columns) -> Option<CellRef> {
        let (range, choice) = (row.question.range, columns.choice?);
        (range.first.row + 1..=range.last.row).find_map(|below| {
            let at = CellRef::new(below, choice);
            let label = self.grid.row(below).iter().find(|b| b.range.last.col + 1 == choice)?;
            let words = matches!(self.grid.heading(label), Some(Heading::Remark | Heading::Question | Heading::Answer));
            (words && self.grid.block(at).first == at && self.grid.inviting(at)).then_some(at)
        })
    }

    fn question(&self, row: Row<'a>, columns: &Columns) -> Question {
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
        let choice_cell = columns.choice.filter(|_| !row.closed && !words || boxed).and_then(cell);
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
        let choices = choice_cell.and_then(|_| listed.or(named).or_else(|| columns.heading_choices.clone()).or_else(|| self.legend.clone()));
        // 「→「はい」の場合…」 takes words only, where marks have a list elsewhere.
        let listed_marks = |row: u32| columns.marks.iter().any(|(col, _)| self.grid.validation(CellRef::new(row, *col)).is_some());
        let unmarked = text_cell.is_some() && row.question.text.trim_start().starts_with(ARROWS) && !listed_marks(top) && top > 1 && listed_marks(top - 1);
        let marks: Vec<Mark> = columns.marks.iter().filter_map(|(col, choice)| Some(Mark { cell: cell(*col)?, choice: choice.clone() })).collect();
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
    list.iter().filter(|choice| !is_prompt(choice)).cloned().collect()
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

/// The question's number: beside it, else in front of its text.
fn number(blocks: &[Block<'_>], question: &Block<'_>, columns: &Columns) -> Option<String> {
    let column = question.range.first.col;
    let beside = |b: &&Block<'_>| b.range.first.col < column && columns.questions.contains(&b.range.first.col);
    let child = blocks.iter().filter(beside).find(|b| is_number(b.text)).map(|b| b.text.to_owned());
    // The number column counts the parent where the parent begins in this row.
    let parent_begins = blocks.iter().filter(beside).any(|b| !is_number(b.text) && columns.question == column && columns.questions.len() > 1);
    let own = columns.number.filter(|_| !parent_begins).and_then(|col| blocks.iter().find(|b| b.col() == col && counts(b.text)));
    let further = || blocks.iter().rfind(|b| columns.numbers.contains(&b.col()) && counts(b.text));
    child.or_else(|| own.or_else(further).map(|b| b.text.to_owned())).or_else(|| leading_number(question.text))
}
