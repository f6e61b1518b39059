//! What of a sheet holds no question, and why.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::questionnaire::{Questionnaire, SheetRole, Why};
use crate::workbook::{CellRef, Sheet, Visibility};

/// The most entries that are listed.
const LISTED: usize = 200;
/// The longest text that is shown of an entry, in characters.
const TEXT_CHARS: usize = 60;

/// Rows of a sheet that hold no question, one below the other, for one reason.
pub(super) struct Left {
    /// First row.
    pub first: u32,
    /// Last row.
    pub last: u32,
    /// The longest text of the first row: its cell.
    pub cell: String,
    /// What it says, cut.
    pub text: String,
    /// Why.
    pub why: &'static str,
}

/// Class and name of a row that holds no question; the reason in words.
pub(super) fn why_words(why: Why) -> (&'static str, &'static str) {
    match why {
        Why::Title => ("見出し", "見出しの行"),
        Why::Parent => ("親", "下の質問の親になる行"),
        Why::Note => ("説明", "説明・注記"),
        Why::Example => ("例", "記入例"),
        Why::Total => ("集計", "合計・集計"),
        Why::Field => ("欄名", "質問ではなく、欄の名前"),
        Why::Closed => ("回答欄なし", "回答欄が塗りつぶされているか、結合されている"),
        Why::Unlike => ("形が違う", "ほかの質問のような番号や回答欄がない"),
        Why::Internal => ("先方用", "クライアントの使用欄"),
        Why::Excluded => ("除外", "画面の指定で除外"),
    }
}

/// The rows of a sheet that hold a text and no question.
pub(super) fn left_out(sheet: &Sheet, found: &Questionnaire, role: SheetRole) -> Vec<Left> {
    let sheet_why = match role {
        _ if sheet.visibility != Visibility::Visible && role != SheetRole::Questions => Some("非表示のシート"),
        SheetRole::Questions => None,
        SheetRole::Instructions => Some("記入要領・凡例のシート"),
        SheetRole::Lists => Some("選択肢の元になるシート"),
        SheetRole::Cover => Some("表紙のシート"),
        SheetRole::Other => Some("質問が見つからないシート"),
    };
    let mut left: Vec<Left> = Vec::new();
    // The longest text of each row says most.
    let mut longest: BTreeMap<u32, (CellRef, &str)> = BTreeMap::new();
    for (at, cell) in sheet.cells.iter().filter(|(_, c)| !c.text.is_empty()) {
        let row = longest.entry(at.row).or_insert((*at, &cell.text));
        if cell.text.len() > row.1.len() {
            *row = (*at, &cell.text);
        }
    }
    let asked = asked(sheet, found);
    let layout = found.layout(&sheet.name);
    let reasons: HashMap<u32, Why> = layout.iter().flat_map(|l| l.left.iter().copied()).collect();
    let in_head = |row: u32| layout.is_some_and(|l| l.tables.iter().any(|t| t.head.is_some_and(|(first, last)| (first..=last).contains(&row))));
    for (at, text) in longest.into_values().filter(|(at, _)| !asked.contains(&at.row)) {
        let why = sheet_why.unwrap_or_else(|| match reasons.get(&at.row) {
            Some(why) => why_words(*why).1,
            None if sheet.hidden_rows.binary_search(&at.row).is_ok() => "非表示の行",
            None if in_head(at.row) => "表の見出し行",
            None => "質問の表の外",
        });
        let full = left.len() >= LISTED;
        match left.last_mut() {
            Some(before) if before.why == why && asked.range(before.last..at.row).next().is_none() => before.last = at.row,
            _ if full => break,
            _ => left.push(Left { first: at.row, last: at.row, cell: at.to_string(), text: cut(text), why }),
        }
    }
    left
}

/// The rows that hold a question or a place for an answer.
fn asked(sheet: &Sheet, found: &Questionnaire) -> BTreeSet<u32> {
    let here = found.asked().filter(|q| q.sheet == sheet.name);
    here.flat_map(|q| {
        let marks = q.marks.iter().flatten().map(|m| m.cell);
        [Some(q.question_cell), q.choice_cell, q.text_cell].into_iter().flatten().chain(marks).map(|at| at.row)
    })
    .collect()
}

/// The beginning of a text, in one line.
pub(super) fn cut(text: &str) -> String {
    let mut cut: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = cut.char_indices().nth(TEXT_CHARS) {
        cut.truncate(end);
        cut.push('…');
    }
    cut
}
