//! Choices that a sheet explains around its tables: in a legend above, beside or below them, or on a sheet of its own.

use super::grid::{Block, Grid};
use super::headings::Headings;
use super::table::{Table, is_choice};
use crate::workbook::Sheet;

/// Choices that the sheet explains above its first table, right of it, or in a line below it.
pub(super) fn around(grid: &Grid<'_>, table: Option<&Table>) -> Option<Vec<String>> {
    let Some(table) = table else { return above(grid, grid.last_row) };
    let right = table.leaves.last().map_or(grid.last_col, |leaf| leaf.last) + 1;
    let below = || grid.rows(table.head_last + 1, grid.last_row).filter(|(_, blocks)| blocks.len() == 1).find_map(|(_, blocks)| line(blocks[0].text));
    let beside = || above(&grid.within(right, grid.last_col.max(right)), grid.last_row);
    above(grid, table.head_first - 1).or_else(beside).or_else(below)
}

/// Choices that texts down to the row explain, each in its own words: 「○：実施している　△：一部」, in one cell, in one below
/// the other, or a mark in one cell and its meaning beside it.
pub(super) fn above(grid: &Grid<'_>, last: u32) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for (_, blocks) in grid.rows(1, last) {
        for block in blocks {
            if let Some(choices) = line(block.text) {
                return Some(choices);
            }
            lines.extend(explained(block.text));
        }
        lines.extend(paired(blocks));
    }
    let mut seen = std::collections::HashSet::new();
    lines.retain(|c| seen.insert(c.clone()));
    (lines.len() >= 2 && (lines.iter().any(|c| is_choice(c)) || lines.iter().all(|c| is_level(c)))).then_some(lines)
}

/// Two or more choices that one text explains.
pub(super) fn line(text: &str) -> Option<Vec<String>> {
    if !text.contains(['：', ':', '＝', '=', '…']) {
        return marked(text).or_else(|| quoted(text)).or_else(|| spoken(text));
    }
    let parts = text.split([' ', '　', '\n', '、', '，', ',', '／']).filter(|p| !p.is_empty());
    let mut choices: Vec<String> = Vec::new();
    for choice in parts.filter_map(explained) {
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    let levels = choices.len() >= 3 && choices.iter().all(|c| is_level(c));
    (choices.len() >= 2 && choices.iter().any(|c| is_choice(c)) || levels).then_some(choices).or_else(|| marked(text)).or_else(|| quoted(text)).or_else(|| spoken(text))
}

/// Marks with their meaning right behind them: 「◎定めて実施　○実施　△一部」, 「○（できている）、△（一部）、×（できていない）」.
fn marked(text: &str) -> Option<Vec<String>> {
    let mut choices: Vec<String> = Vec::new();
    for part in text.split([' ', '　', '\n', '、', '，', ',', '／', '：', ':']) {
        let mut letters = part.trim_start_matches(['「', '『', '・']).chars();
        let Some(mark) = letters.next().filter(|c| "◎○◯〇△▲×✕－―—".contains(*c)) else { continue };
        // 「○の場合は…」 speaks of the mark and does not explain it.
        let explains = letters.next().is_some_and(|c| !"のはをがに」』、".contains(c));
        if explains && !choices.iter().any(|c| c.starts_with(mark)) {
            choices.push(mark.to_string());
        }
    }
    (choices.len() >= 2 && choices.iter().any(|c| "○◯〇".contains(c.as_str()))).then_some(choices)
}

/// Choices in quotes within a sentence: 「要件を満たす場合は「○」、満たさない場合は「×」、代替の手段による場合は「代」を記入」.
fn quoted(text: &str) -> Option<Vec<String>> {
    let mut choices: Vec<String> = Vec::new();
    for piece in text.split('「').skip(1) {
        let Some((word, behind)) = piece.split_once('」') else { continue };
        // 「適合」欄 is a place.
        let names = ["欄", "列", "シート", "の欄", "の列"].iter().any(|w| behind.starts_with(w));
        let short = word.chars().nth(1).is_none() || is_choice(word);
        if !names && short && !word.is_empty() && !choices.iter().any(|c| c == word) {
            choices.push(word.to_owned());
        }
    }
    (choices.iter().filter(|c| is_choice(c)).count() >= 2).then_some(choices)
}

/// Marks within a sentence: 「できているものは ○ 、一部できているものは △ 、できていないものは × をお書きください」.
fn spoken(text: &str) -> Option<Vec<String>> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '「' | '」' | '『' | '』')).collect();
    let mut choices: Vec<String> = Vec::new();
    for around in letters.windows(3) {
        let [before, mark, behind] = around else { continue };
        let is_mark = "◎○◯〇△▲×✕－―—".contains(*mark);
        let said = matches!(before, 'は' | 'ら' | 'に' | 'を' | '合' | '、') && matches!(behind, '、' | 'を' | 'と' | '。' | 'で' | '，' | '印' | 'に' | '（');
        if is_mark && said && !choices.iter().any(|c| c.starts_with(*mark)) {
            choices.push(mark.to_string());
        }
    }
    (choices.len() >= 2 && choices.iter().any(|c| "○◯〇".contains(c.as_str()))).then_some(choices)
}

/// One of a scale's levels, a letter or a digit: 「Ａ」, 「5」.
fn is_level(choice: &str) -> bool {
    choice.chars().nth(1).is_none() && choice.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, 'Ａ'..='Ｚ' | '０'..='９'))
}

/// A choice in one cell, its meaning in the next; 「凡例」 may stand before them.
fn paired(blocks: &[Block<'_>]) -> Option<String> {
    let named = blocks.first().is_some_and(|b| ["凡例", "選択肢", "記号"].iter().any(|w| b.text.starts_with(w)));
    let [mark, meaning, ..] = &blocks[usize::from(named)..] else { return None };
    let longer = meaning.text.chars().count() > mark.text.chars().count();
    let plain = meaning.text.chars().nth(24).is_none() && !meaning.text.ends_with('。');
    let level = mark.text.chars().nth(1).is_none() && mark.text.chars().all(char::is_alphanumeric);
    let short = mark.text.chars().nth(8).is_none() && is_choice(mark.text);
    (longer && plain && (short || level)).then(|| mark.text.to_owned())
}

/// Choices that a sheet of their own explains: a mark in one column, what it means beside it.
pub(super) fn on_sheet(sheet: &Sheet) -> Option<Vec<String>> {
    let grid = Grid::new(sheet, Headings::builtin());
    let mut choices: Vec<String> = grid.rows(1, grid.last_row).filter_map(|(_, blocks)| paired(blocks)).collect();
    let mut seen = std::collections::HashSet::new();
    choices.retain(|c| seen.insert(c.clone()));
    (choices.len() >= 2).then_some(choices)
}

/// The choice that 「Ａ：規程等に定め、実施している」 explains: a short word before a colon.
fn explained(text: &str) -> Option<String> {
    // 「◎　標準の機能で対応している」
    let mut letters = text.chars();
    if let (Some(mark), Some(' ' | '　')) = (letters.next().filter(|c| "◎○◯〇△▲×✕－".contains(*c)), letters.next())
        && !text.contains(['：', ':', '＝', '=', '…'])
        && letters.any(char::is_alphanumeric)
    {
        return Some(mark.to_string());
    }
    let (choice, rest) = text.split_once(['：', ':', '＝', '=', '…'])?;
    // 「【凡例】○：…」
    let choice = choice.rsplit(['】', '〕', '》', '］', ']']).next().unwrap_or(choice);
    let choice = choice.trim_start_matches(['【', '（', '(']).trim();
    let choice = choice.trim_start_matches(['※', '＊', '・', '■', '●']).trim();
    if choice.chars().count() == 1 || is_choice(choice) {
        return Some(choice.to_owned());
    }
    // 「ご回答：○…できている」
    explained(rest)
}
