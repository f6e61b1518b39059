//! Goes through the sheets of a workbook: what each is for, its tables, and the legends that explain the choices.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::grid::{Block, Grid};
use super::headings::{Heading, Headings};
use super::mapping::{Mapping, Role, SheetMapping};
use super::parts;
use super::rows::{MAX_TITLE, Reader};
use super::titles::shape;
use super::wording::{self, is_example_mark};
use super::table::{self, Leaf, Table};
use super::{NoQuestions, Question, Questionnaire, SheetLayout, SheetRole, Why};
use super::{cards, corrected, facts, filled, legend, mistaken, offered, profile};
use crate::workbook::{CellRef, Problem, Sheet, Visibility, Workbook};

/// Finds the questions of a client's workbook.
///
/// # Errors
/// [`NoQuestions`] when there is none; it says what was looked for.
pub fn find(workbook: &Workbook) -> Result<Questionnaire, NoQuestions> {
    find_with(workbook, &Mapping::default())
}

/// Finds the questions of a client's workbook in which a person put something right.
///
/// # Errors
/// [`NoQuestions`] when there is none; it says what was looked for.
pub fn find_with(workbook: &Workbook, mapping: &Mapping) -> Result<Questionnaire, NoQuestions> {
    let found = look(workbook, mapping);
    if found.questions.is_empty() {
        let sheets: Vec<&str> = workbook.sheets.iter().map(|s| s.name.as_str()).collect();
        let seems = mistaken::of_workbook(workbook).map_or_else(String::new, |m| format!("このファイルは{m}"));
        return Err(NoQuestions(format!(
            "質問が見つかりません。{seems}シート（{}）で、「質問・確認事項・項目」などの見出しと「回答・実施状況・備考」などの見出しが並ぶ行、または選択肢リストのある回答欄を探しました。質問票のファイルか確認してください。",
            sheets.join("、")
        )));
    }
    Ok(found)
}

/// What a workbook holds, whether or not there is a question in it.
#[must_use]
pub fn look(workbook: &Workbook, mapping: &Mapping) -> Questionnaire {
    let headings = Headings::builtin();
    let problems = workbook.problems.clone();
    let mut found = Questionnaire { sheets: Vec::new(), questions: Vec::new(), facts: Vec::new(), problems, layouts: Vec::new() };
    let named: Vec<Option<SheetRole>> = workbook.sheets.iter().map(|s| named_role(s, headings)).collect();
    let explains = |role: &Option<SheetRole>| *role == Some(SheetRole::Instructions);
    let legend = workbook.sheets.iter().zip(&named).filter(|(_, role)| explains(role)).find_map(|(sheet, _)| offered::on_sheet(sheet));
    let untouched = SheetMapping::default();
    for (sheet, named) in workbook.sheets.iter().zip(named) {
        let said = mapping.sheet(&sheet.name).unwrap_or(&untouched);
        let named = match said.used {
            Some(false) => Some(SheetRole::Other),
            Some(true) => None,
            None => named,
        };
        let Read { questions, facts, problems, layout } = match named {
            Some(SheetRole::Cover) => Read { facts: facts::above(&Grid::new(sheet, headings), u32::MAX), ..Read::default() },
            Some(_) => Read::default(),
            None => in_sheet(sheet, headings, legend.as_deref(), said),
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
        if role == SheetRole::Other
            && named.is_none()
            && let Some(cell) = answer_place(sheet)
        {
            found.problems.push(Problem {
                sheet: Some(sheet.name.clone()),
                cell: Some(cell),
                message: "入力欄のようなセルがありますが、質問を読み取れませんでした。このシートに質問があるか確認してください。".to_owned(),
            });
        }
        found.problems.extend(problems);
        found.sheets.push((sheet.name.clone(), role));
        found.questions.extend(questions);
        found.facts.extend(facts.into_iter().filter(|f| !said.leaves_out(f.question_cell.row)));
        found.layouts.push(layout);
    }
    legend::explain(workbook, &found.sheets, &mut found.questions);
    for question in &mut found.questions {
        question.kind = profile::kind_of(question);
    }
    profile::spread(&mut found.questions);
    found
}

/// The role that a sheet's name, its title or its being hidden gives it.
fn named_role(sheet: &Sheet, headings: &Headings) -> Option<SheetRole> {
    let role = |heading| match heading {
        Heading::SheetInstructions => Some(SheetRole::Instructions),
        Heading::SheetCover => Some(SheetRole::Cover),
        Heading::SheetLists => Some(SheetRole::Lists),
        Heading::SheetOther => Some(SheetRole::Other),
        _ => None,
    };
    let by_name = headings.sheet(&sheet.name).and_then(role);
    if sheet.visibility != Visibility::Visible {
        return Some(by_name.unwrap_or(SheetRole::Lists));
    }
    let title = sheet.cells.values().find(|c| !c.text.is_empty()).and_then(|c| headings.sheet(&c.text)).and_then(role);
    by_name.or(title.filter(|r| matches!(r, SheetRole::Instructions | SheetRole::Cover)))
}

/// The first cell of a sheet that is there to be filled in, by its list or as the only kind that may be edited.
fn answer_place(sheet: &Sheet) -> Option<CellRef> {
    let listed = sheet.validations.iter().flat_map(|v| &v.ranges).map(|r| r.first).min();
    let unlocked = || sheet.cells.iter().find(|(_, cell)| sheet.protected && cell.look.unlocked && cell.text.is_empty()).map(|(at, _)| *at);
    listed.or_else(unlocked)
}

/// What was read of a sheet.
#[derive(Default)]
pub(super) struct Read {
    pub questions: Vec<Question>,
    pub facts: Vec<Question>,
    pub problems: Vec<Problem>,
    pub layout: SheetLayout,
}

fn in_sheet(sheet: &Sheet, headings: &Headings, explained: Option<&[String]>, said: &SheetMapping) -> Read {
    let grid = Grid::new(sheet, headings);
    let roles = said.roles();
    let parts = parts::parts(&grid);
    let mut readers = Vec::with_capacity(parts.len());
    let parts: Vec<Grid<'_>> = match parts.as_slice() {
        [_] => vec![grid],
        several => several.iter().map(|part| grid.part(part.cols, part.rows)).collect(),
    };
    // What stands over the first of several tables side by side is said for all of them.
    let over = (parts.len() > 1).then(|| table::tables(&parts[0]).first().and_then(|t| offered::above(&parts[0], t.head_first - 1))).flatten();
    let explained = over.as_deref().or(explained);
    for part in &parts {
        readers.push(in_band(part, explained, &roles));
    }
    let mut read = corrected::apply(readers, said);
    if let Some(grid) = parts.first() {
        filled::note(grid, &mut read.questions);
        if let Some(first) = read.questions.iter().map(|q| q.question_cell.row).min() {
            read.facts = facts::above(grid, first);
        }
    }
    read
}

fn in_band<'a, 'g>(grid: &'g Grid<'a>, explained: Option<&[String]>, roles: &BTreeMap<u32, Role>) -> Reader<'a, 'g> {
    let tables = table::tables(grid);
    let legend = offered::around(grid, tables.first()).or_else(|| explained.map(<[String]>::to_vec));
    let mut reader = Reader::new(grid, legend);
    for (index, table) in tables.iter().enumerate() {
        let title = title_above(grid, table.head_first).filter(|b| table.leaves.first().is_none_or(|l| b.col() <= l.first + 1));
        // 「＜記入例＞」 over a table: the real one comes below.
        if tables.len() > index + 1 && title.is_some_and(|b| is_example_mark(b.text)) {
            continue;
        }
        // Only a title stands between two heading rows that say the same.
        if let Some(next) = tables.get(index + 1).filter(|next| next.says_the_same(table))
            && grid.rows(table.head_last + 1, next.head_first - 1).all(|(row, blocks)| blocks.len() == 1 && table.is_bar(grid, row, &blocks[0]))
        {
            let between = grid.rows(table.head_last + 1, next.head_first - 1).flat_map(|(_, blocks)| blocks);
            between.filter(|b| b.text.chars().count() <= MAX_TITLE).for_each(|b| reader.titles.put(b));
            continue;
        }
        // The first table's title counts where later tables have one of the same shape over their heading rows.
        if index == 0 {
            let later: Vec<String> = tables[1..].iter().filter_map(|t| title_above(grid, t.head_first).map(|b| shape(&b))).collect();
            if let Some(title) = title.filter(|b| later.contains(&shape(b)) || is_bracketed(b.text) && !b.text.ends_with('。')) {
                reader.titles.put(&title);
            }
        }
        // A later one's counts where it is of the form of those that count already.
        if let Some(title) = title.filter(|b| index > 0 && reader.titles.has_like(b)) {
            reader.titles.put(&title);
        }
        if let Some(columns) = table.columns(grid, reader.legend.is_some(), roles) {
            if let Some(title) = title_in(grid, table, &columns, &tables) {
                reader.titles.put(&title);
            }
            reader.read(table, &columns);
        } else if let Some(title) = tables.get(index + 1).and_then(|next| title_above(grid, next.head_first)) {
            reader.titles.put(&title);
        }
    }
    if roles.is_empty() {
        read_rest(&mut reader);
    }
    if reader.tables.is_empty() && corrected::read_marked(&mut reader, roles) {
        return reader;
    }
    if reader.questions.is_empty() {
        reader.questions = cards::read(grid);
        for question in reader.questions.iter_mut().filter(|q| q.choice_cell.is_some() && q.choices.is_none()) {
            question.choices.clone_from(&reader.legend);
        }
    }
    if reader.questions.is_empty()
        && let Some(table) = Table::headless(grid)
        && let Some(columns) = table.columns(grid, reader.legend.is_some(), roles)
    {
        reader.read(&table, &columns);
    }
    reader
}

/// Reads what stands below the last question in other columns, without headings of its own: texts that ask, with a place to write
/// beside each.
fn read_rest(reader: &mut Reader<'_, '_>) {
    let grid = reader.grid;
    let Some(last) = reader.questions.iter().map(|q| q.question_cell.row).max() else { return };
    // Most sheets have nothing below that asks.
    if !grid.rows(last + 1, grid.last_row).any(|(_, blocks)| blocks.iter().any(|b| wording::asks(b.text))) {
        return;
    }
    let left: Vec<u32> = reader.left.iter().map(|(row, _)| *row).collect();
    let asking = grid.rows(last + 1, grid.last_row).filter(|(row, _)| !left.contains(row)).filter_map(|(row, blocks)| {
        let asked = blocks.iter().find(|b| wording::asks(b.text))?;
        let place = CellRef::new(row, asked.range.last.col + 1);
        (grid.empty(place) && grid.inviting(place)).then_some((row, asked.col()))
    });
    let asking: Vec<(u32, u32)> = asking.collect();
    let [(first, col), .., (end, _)] = asking[..] else {
        // Or a box below each.
        let out = |row: u32| reader.left.iter().any(|(left, why)| *left == row && matches!(why, Why::Example | Why::Internal | Why::Note));
        // 「ご意見がございましたらお書きください」 asks for nothing.
        let opinion = |text: &str| ["意見", "要望", "ご質問", "感想"].iter().any(|w| text.contains(w));
        let boxed = |q: &Question| wording::asks(&q.text) && !opinion(&q.text) && !wording::is_note(&q.text) && !out(q.question_cell.row);
        let below: Vec<Question> = cards::between(grid, last + 1, grid.last_row).into_iter().filter(boxed).collect();
        reader.problems.retain(|p| !below.iter().any(|q| Some(q.question_cell) == p.cell));
        reader.questions.extend(below);
        return;
    };
    if asking.iter().all(|(_, c)| *c == col) {
        // What is explained above is for the tables.
        reader.legend = None;
        corrected::read_rows(reader, first, end, &BTreeMap::from([(col, Role::Question)]));
    }
}

/// The lone text in the row above a heading row, or one more row up.
fn title_above<'a>(grid: &Grid<'a>, head: u32) -> Option<Block<'a>> {
    let row = [1, 2].iter().filter_map(|up| head.checked_sub(*up)).find(|&row| !grid.row(row).is_empty())?;
    match grid.row(row) {
        [title] if title.text.chars().count() <= MAX_TITLE => Some(*title),
        _ => None,
    }
}

/// What stands over the questions, or over their groups, where it names them rather than their column: another name in each of the
/// sheet's tables, whose other headings are the same.
fn title_in<'a>(grid: &Grid<'a>, table: &Table, columns: &Columns, tables: &[Table]) -> Option<Block<'a>> {
    // 「おたずねする事項」 names the column.
    let names_column = |text: &str| ["こと", "事項", "内容", "項目", "点"].iter().any(|w| text.trim_end().ends_with(w));
    let named = |leaf: &&Leaf| {
        let is_over = |other: &&Leaf| other.first == leaf.first;
        let beside = |table: &Table| table.leaves.iter().filter(|l| !is_over(l)).map(|l| l.text.clone()).collect::<Vec<_>>();
        let (own, others) = (beside(table), tables.iter().filter(|t| t.head_first != table.head_first));
        let differs = |other: &Table| beside(other) == own && other.leaves.iter().find(is_over).is_some_and(|l| l.text != leaf.text);
        let over = (leaf.first..=leaf.last).contains(&columns.question) || columns.categories.contains(&leaf.first);
        let titles = is_bracketed(&leaf.text) || tables.len() > 1 && others.clone().all(differs);
        over && leaf.heading.is_none() && !leaf.text.is_empty() && !names_column(&leaf.text) && titles
    };
    let leaf = table.leaves.iter().find(named)?;
    let mut heads = grid.rows(table.head_first, table.head_last).flat_map(|(_, blocks)| blocks);
    heads.rfind(|b| b.text == leaf.text).copied()
}

/// 「＜店舗＞」, 「【共通】」, 「■ 開発」: a title that says by its form that it is one.
fn is_bracketed(text: &str) -> bool {
    !text.contains(['：', ':']) && text.starts_with(['＜', '<', '【', '［', '[', '〈', '《', '■', '●', '◆', '▼'])
}
