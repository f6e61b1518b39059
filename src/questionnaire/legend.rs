//! What a workbook says of the choices: 「○：実施　△：一部　×：未実施」, above a table, beside it, or on a sheet of its own.

use std::collections::BTreeMap;

use super::choices::same_code;
use super::meaning::stance_of;
use super::{Question, SheetRole};
use crate::workbook::{CellRef, Sheet, Workbook};

/// Longest code that an explanation may stand behind, in characters.
const MAX_CODE: usize = 8;
const COLONS: [char; 6] = [':', '：', '=', '＝', '…', '→'];

/// The codes that a text explains, each with its explanation, in their order.
#[must_use]
pub fn explained(text: &str) -> Vec<(String, String)> {
    let is_gap = |c: char| c.is_whitespace() || matches!(c, '、' | '，' | ',' | '／' | '/' | '；' | ';' | '(' | '（' | '「' | '【' | '】' | '[' | '。' | '|' | '｜');
    // Where each code begins and its explanation.
    let mut codes: Vec<(usize, usize, usize)> = Vec::new();
    for (colon, found) in text.char_indices().filter(|(_, c)| COLONS.contains(c)) {
        let before = text[..colon].trim_end();
        let from = before.char_indices().rev().find(|(_, c)| is_gap(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        let code = before[from..].trim_matches(['【', '】', '「', '」', '[', ']', ')', '）', '※', '・']);
        let length = code.chars().count();
        let is_code = length == 1 || length <= MAX_CODE && (stance_of(code).is_some() || code.chars().all(|c| c.is_ascii_digit()));
        let overlaps = codes.last().is_some_and(|&(_, _, begun)| begun > from);
        if is_code && !overlaps {
            codes.push((from, before.len(), colon + found.len_utf8()));
        }
    }
    let ends = codes.iter().skip(1).map(|(from, ..)| *from).chain([text.len()]);
    // 「Ｄ：該当なし　　　記入例を参考に…」: what comes after a wide gap is another matter.
    let gap = |s: &str| ["   ", "　　", "　 "].iter().filter_map(|gap| s.trim_start().find(gap)).min();
    let near = |s: &str| gap(s).map_or(s.to_owned(), |end| s.trim_start()[..end].to_owned());
    let trim = |s: &str| s.trim_matches(|c: char| is_gap(c) || matches!(c, ')' | '）' | '」' | '】' | ']' | '※')).to_owned();
    codes.iter().zip(ends).map(|(&(from, to, says), end)| (trim(&text[from..to]), trim(&near(&text[says..end])))).filter(|(code, says)| !code.is_empty() && !says.is_empty()).collect()
}

/// Puts into each question what the workbook says of its choices.
pub(super) fn explain(workbook: &Workbook, roles: &[(String, SheetRole)], questions: &mut [Question]) {
    let is_questions = |sheet: &Sheet| roles.iter().any(|(name, role)| *name == sheet.name && *role == SheetRole::Questions);
    let elsewhere: Vec<Vec<Said>> = workbook.sheets.iter().filter(|s| !is_questions(s)).map(|s| on_sheet(s, u32::MAX)).collect();
    for sheet in workbook.sheets.iter().filter(|s| is_questions(s)) {
        let first = questions.iter().filter(|q| q.sheet == sheet.name).map(|q| q.question_cell.row).min().unwrap_or(1);
        let here = on_sheet(sheet, first);
        if here.is_empty() && elsewhere.iter().all(Vec::is_empty) {
            continue;
        }
        for question in questions.iter_mut().filter(|q| q.sheet == sheet.name) {
            let codes = match (&question.choices, &question.marks) {
                (Some(choices), _) => choices.clone(),
                (None, Some(marks)) => marks.iter().map(|m| m.choice.clone()).collect(),
                (None, None) => continue,
            };
            // The question's own sheet knows best.
            let own = about(&here, &codes);
            question.legend = if own.is_empty() { elsewhere.iter().flat_map(|said| about(said, &codes)).collect() } else { own };
            question.legend.dedup();
        }
    }
}

/// A code with what is said of it.
struct Said {
    code: String,
    says: String,
    /// Where the code stands, if it has a cell of its own.
    at: Option<CellRef>,
}

/// What is said of `codes`. In cells of their own they stand below one another: one alone is an answer, as in a worked example.
fn about(said: &[Said], codes: &[String]) -> Vec<(String, String)> {
    let known: Vec<&Said> = said.iter().filter(|s| codes.iter().any(|c| same_code(&s.code, c))).collect();
    let stacked = |s: &&&Said| {
        let near = |at: CellRef, other: CellRef| other.col == at.col && other.row != at.row && other.row.abs_diff(at.row) <= 2;
        s.at.is_none_or(|at| known.iter().any(|o| o.code != s.code && o.at.is_some_and(|other| near(at, other))))
    };
    known.iter().filter(stacked).map(|s| (s.code.clone(), s.says.clone())).collect()
}

/// What a sheet explains above row `first`: in one cell, or a code in one cell and what it says in the next, with little else in
/// the row.
fn on_sheet(sheet: &Sheet, first: u32) -> Vec<Said> {
    let mut rows: BTreeMap<u32, Vec<(CellRef, &str)>> = BTreeMap::new();
    for (at, cell) in sheet.cells.range(..CellRef::new(first, 0)).filter(|(_, c)| !c.text.is_empty()) {
        rows.entry(at.row).or_default().push((*at, &cell.text));
    }
    let mut said = Vec::new();
    for row in rows.values() {
        let inside = row.iter().flat_map(|(_, text)| explained(text));
        said.extend(inside.map(|(code, says)| Said { code, says, at: None }));
        if let [.., (at, code), (_, says)] = row.as_slice()
            && row.len() <= 3
            && code.chars().count() <= MAX_CODE
            && says.chars().count() > code.chars().count()
        {
            said.push(Said { code: (*code).to_owned(), says: (*says).to_owned(), at: Some(*at) });
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_what_they_stand_for() {
        let is = |text: &str, want: &[(&str, &str)]| {
            let found = explained(text);
            let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            assert_eq!(found, want, "{text}");
        };
        is("○：実施　△：一部実施　×：未実施", &[("○", "実施"), ("△", "一部実施"), ("×", "未実施")]);
        is("回答（○：実施、×：未実施）", &[("○", "実施"), ("×", "未実施")]);
        is("5=全社で実施 / 4=ほぼ実施\n1=未実施", &[("5", "全社で実施"), ("4", "ほぼ実施"), ("1", "未実施")]);
        is("Ａ：実施　Ｂ：該当なし　　　右端の2列にご記入ください。", &[("Ａ", "実施"), ("Ｂ", "該当なし")]);
        is("提出期限：12月1日", &[]);
        is("【凡例】Ａ：実施している", &[("Ａ", "実施している")]);
    }
}
