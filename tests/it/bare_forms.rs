//! The clients' forms without what helps to read them: their colours, their bold letters, their frames, the names that clients
//! mostly give their columns, their place at the sheet's corner. What is known of form and words may not depend on any one of them.

use std::collections::{BTreeMap, HashMap};

use kaitou::questionnaire::{Kind, Question, look, mapping::Mapping};
use kaitou::workbook::{CellRange, CellRef, Limits, Look, Workbook, read::read};
use serde_json::Value;

use crate::questionnaires::{truth, workbooks};

/// Names of columns, and others that no list of words knows.
const NAMES: [(&str, &str); 24] = [
    ("質問", "うかがいます"),
    ("質問事項", "うかがう点々"),
    ("質問内容", "うかがう点々"),
    ("設問", "うかがいます"),
    ("項目", "ことがら"),
    ("確認事項", "お確かめの点々"),
    ("確認項目", "お確かめの点々"),
    ("確認内容", "お確かめの点々"),
    ("チェック項目", "みるところ"),
    ("点検項目", "みるところ"),
    ("要求事項", "おねがいの水準"),
    ("回答", "おこたえを"),
    ("ご回答", "おこたえを"),
    ("回答欄", "おこたえを"),
    ("回答内容", "おこたえの中身"),
    ("実施状況", "いまのようす"),
    ("対応状況", "いまのようす"),
    ("自己評価", "みたて"),
    ("備考", "そえ書き"),
    ("備考欄", "そえ書き"),
    ("補足", "そえ書き"),
    ("補足説明", "そえ書き"),
    ("コメント", "そえ書き"),
    ("詳細", "こまかな中身"),
];

/// So many rows and columns a form is moved.
const DOWN: u32 = 3;
const RIGHT: u32 = 2;

/// How the forms are read after a change: F1 of the questions, and of those found the share whose cells and choices are all right.
fn measure(change: impl Fn(&mut Workbook), moved: bool) -> (f64, f64) {
    let (mut asked, mut found, mut hit, mut right) = (0, 0, 0, 0);
    for file in ["clients", "clients-unseen", "clients-blind"].into_iter().flat_map(workbooks) {
        let mut workbook = read(&std::fs::read(&file).unwrap(), &Limits::default()).unwrap();
        change(&mut workbook);
        let checks: Vec<Question> = look(&workbook, &Mapping::default()).questions.into_iter().filter(|q| q.kind == Kind::Check).collect();
        let got: HashMap<(&str, CellRef), &Question> = checks.iter().map(|q| ((q.sheet.as_str(), q.question_cell), q)).collect();
        let truth = truth(&file);
        let at = |cell: &Value| -> Option<CellRef> {
            let cell: CellRef = cell.as_str()?.parse().unwrap();
            Some(if moved { CellRef::new(cell.row + DOWN, cell.col + RIGHT) } else { cell })
        };
        found += got.len();
        for want in truth["questions"].as_array().unwrap().iter().filter(|q| q["kind"] == "check") {
            asked += 1;
            let Some(question) = got.get(&(want["sheet"].as_str().unwrap(), at(&want["question_cell"]).unwrap())) else { continue };
            hit += 1;
            let marks = |q: &Value| q.as_array().map(|all| all.iter().map(|m| (at(&m["cell"]).unwrap(), m["choice"].as_str().unwrap().to_owned())).collect::<Vec<_>>());
            let also = want["also"].as_array().is_some_and(|also| also.iter().any(|cell| at(cell) == question.text_cell));
            let choices = want["choices"].as_array().map(|all| all.iter().map(|c| c.as_str().unwrap().to_owned()).collect::<Vec<_>>());
            right += usize::from(
                question.choice_cell == at(&want["choice_cell"])
                    && (question.text_cell == at(&want["text_cell"]) || also)
                    && question.choices == choices
                    && question.marks.as_ref().map(|all| all.iter().map(|m| (m.cell, m.choice.clone())).collect::<Vec<_>>()) == marks(&want["marks"]),
            );
        }
    }
    let share = |part: usize, of: usize| f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(of).unwrap());
    (share(2 * hit, asked + found), share(right, hit))
}

fn looks(workbook: &mut Workbook, change: impl Fn(&mut Look)) {
    workbook.sheets.iter_mut().flat_map(|s| s.cells.values_mut()).for_each(|cell| change(&mut cell.look));
}

fn hold(what: &str, (f1, cells): (f64, f64), least: (f64, f64)) {
    println!("{what}: F1 {f1:.4}, all cells and choices {cells:.4}");
    assert!(f1 >= least.0 && cells >= least.1, "{what}: F1 {f1:.4}, cells {cells:.4}");
}

#[test]
fn forms_are_read_without_their_colours() {
    hold("no colours", measure(|w| looks(w, |look| look.fill = None), false), (0.998, 0.985));
    let plain = |look: &mut Look| (look.fill, look.bold) = (None, false);
    hold("no colours, no bold letters", measure(|w| looks(w, plain), false), (0.985, 0.98));
}

#[test]
fn forms_are_read_without_their_frames() {
    hold("no frames", measure(|w| looks(w, |look| look.bordered = false), false), (0.985, 0.95));
}

#[test]
fn forms_are_read_under_names_that_no_list_knows() {
    let names: BTreeMap<&str, &str> = NAMES.into_iter().collect();
    let rename = |workbook: &mut Workbook| {
        for cell in workbook.sheets.iter_mut().flat_map(|s| s.cells.values_mut()) {
            if let Some(other) = names.get(cell.text.as_str()) {
                (*other).clone_into(&mut cell.text);
            }
        }
    };
    hold("unknown names", measure(rename, false), (0.985, 0.98));
}

#[test]
fn forms_are_read_wherever_they_stand() {
    let at = |cell: CellRef| CellRef::new((cell.row + DOWN).min(1_048_576), (cell.col + RIGHT).min(16_384));
    let range = |r: CellRange| CellRange { first: at(r.first), last: at(r.last) };
    let shift = |workbook: &mut Workbook| {
        for sheet in &mut workbook.sheets {
            sheet.cells = std::mem::take(&mut sheet.cells).into_iter().map(|(cell, content)| (at(cell), content)).collect();
            sheet.merges.iter_mut().for_each(|merge| *merge = range(*merge));
            sheet.validations.iter_mut().flat_map(|v| &mut v.ranges).for_each(|r| *r = range(*r));
            sheet.hidden_rows.iter_mut().for_each(|row| *row += DOWN);
            sheet.hidden_cols.iter_mut().for_each(|(first, last)| (*first, *last) = (*first + RIGHT, *last + RIGHT));
            sheet.widths.iter_mut().for_each(|(first, last, _)| (*first, *last) = (*first + RIGHT, *last + RIGHT));
        }
    };
    hold("moved", measure(shift, true), (0.998, 0.998));
}

#[test]
fn forms_are_read_where_lists_end_a_row_early() {
    let cut = |workbook: &mut Workbook| {
        for range in workbook.sheets.iter_mut().flat_map(|s| &mut s.validations).flat_map(|v| &mut v.ranges) {
            range.last.row -= u32::from(range.last.row > range.first.row + 3);
        }
    };
    hold("lists that end early", measure(cut, false), (0.998, 0.99));
}
