//! Goes through the sheets of a workbook: what each is for, its tables, and the legends that explain the choices.

use super::grid::{Block, Grid};
use super::headings::{Heading, Headings};
use super::rows::{MAX_TITLE, Reader, Titles, shape};
use super::table::{self, Table};
use super::{legend, profile};
use super::{NoQuestions, Question, Questionnaire, SheetRole};
use crate::workbook::{Problem, Sheet, Visibility, Workbook};

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
    legend::explain(workbook, &found.sheets, &mut found.questions);
    for question in &mut found.questions {
        question.kind = profile::kind_of(question);
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
