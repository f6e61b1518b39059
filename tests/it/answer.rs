//! `kaitou answer`: only drafts of band high are written unless asked for, and every text is an approved answer, verbatim.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use calamine::{Reader, Xlsx, open_workbook};
use serde_json::Value;

use crate::questionnaires::clients;

fn answer(file: &Path, folder: &Path, more: &[&str]) -> (Value, PathBuf, String) {
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/standard-sheet.xlsx");
    let (out, report) = (folder.join("filled.xlsx"), folder.join("report.json"));
    let output = Command::new(env!("CARGO_BIN_EXE_kaitou"))
        .args(["answer", file.to_str().unwrap(), "--standard", standard.to_str().unwrap(), "--out", out.to_str().unwrap()])
        .args(["--report", report.to_str().unwrap()])
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap(), out, String::from_utf8(output.stdout).unwrap())
}

/// The text of each cell of a filled file.
fn cells(file: &Path) -> BTreeMap<(String, String), String> {
    let mut book: Xlsx<_> = open_workbook(file).unwrap();
    let mut cells = BTreeMap::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).unwrap();
        let (top, left) = range.start().unwrap_or((0, 0));
        for (row, col, value) in range.used_cells() {
            let (row, col) = (top + u32::try_from(row).unwrap() + 1, left + u32::try_from(col).unwrap() + 1);
            cells.insert((name.clone(), kaitou::workbook::CellRef::new(row, col).to_string()), value.to_string());
        }
    }
    cells
}

/// Where the questions stand that have an answer already, by what the workbook's author wrote beside it.
fn filled(file: &Path) -> BTreeSet<(String, String)> {
    let truth: Value = serde_json::from_slice(&std::fs::read(file.with_extension("questions.json")).unwrap()).unwrap();
    let text = |q: &Value, field: &str| q[field].as_str().unwrap().to_owned();
    let questions = truth["questions"].as_array().unwrap().iter().filter(|q| q["filled"] == true);
    questions.map(|q| (text(q, "sheet"), text(q, "question_cell"))).collect()
}

#[test]
fn what_is_written_is_what_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    for (all, words) in [(false, "「高」の回答案だけ"), (true, "全ての回答案")] {
        let mut written = 0;
        for file in clients() {
            let before = cells(&file);
            let (report, out, said) = answer(&file, folder.path(), if all { &["--all"] } else { &[] });
            assert!(said.contains(words) && said.contains("未確認"), "{said}");
            let after = cells(&out);
            let filled = filled(&file);
            let mut want = before.clone();
            let mut ticked = BTreeMap::new();
            for question in report["questions"].as_array().unwrap() {
                let suggestion = &question["suggestion"];
                if suggestion.is_null() || (!all && suggestion["band"] != "high") {
                    continue;
                }
                let place = |cell: &str| (question["sheet"].as_str().unwrap().to_owned(), cell.to_owned());
                // Where an answer stands already, nothing is written beside it.
                if filled.contains(&place(question["question_cell"].as_str().unwrap())) {
                    continue;
                }
                let choice = suggestion["choice"].as_str();
                if let (Some(choice), Some(cell)) = (choice, question["choice_cell"].as_str()) {
                    assert!(question["choices"].as_array().unwrap().iter().any(|c| c == choice), "{choice} is no choice of the client");
                    if question["mode"] == "inline_boxes" {
                        ticked.insert(place(cell), kaitou::questionnaire::boxes::tick(&before[&place(cell)], choice).unwrap());
                    } else {
                        want.insert(place(cell), choice.to_owned());
                    }
                }
                if let (Some(choice), Some(marks)) = (choice, question["marks"].as_array()) {
                    let mark = marks.iter().find(|m| m["choice"] == choice).unwrap();
                    want.insert(place(mark["cell"].as_str().unwrap()), "○".to_owned());
                }
                if let (Some(text), Some(cell)) = (suggestion["text"].as_str().filter(|t| !t.is_empty()), question["text_cell"].as_str()) {
                    want.insert(place(cell), text.to_owned());
                }
            }
            written += want.len().saturating_sub(before.len());
            want.extend(ticked);
            assert_eq!(after, want, "{}", file.display());
            let changed = |c: &Value| ((c["sheet"].as_str().unwrap().to_owned(), c["cell"].as_str().unwrap().to_owned()), c["after"].as_str().unwrap().to_owned());
            let told: BTreeMap<_, _> = report["changes"].as_array().unwrap().iter().map(changed).collect();
            let changes: BTreeMap<_, _> = after.into_iter().filter(|(place, text)| before.get(place) != Some(text)).collect();
            assert_eq!(told, changes, "{}", file.display());
        }
        assert!(!all || written > 300, "{written} cells");
    }
}

#[test]
fn with_services_chosen_only_their_answers() {
    let folder = tempfile::tempdir().unwrap();
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/standard-sheet.xlsx");
    let approved = cells(&standard);
    let file = clients().into_iter().find(|f| f.ends_with("free-text.xlsx")).unwrap();
    let (report, ..) = answer(&file, folder.path(), &["--service", "ordermill"]);
    let texts: Vec<&str> = report["questions"].as_array().unwrap().iter().filter_map(|q| q["suggestion"]["text"].as_str()).collect();
    assert!(texts.len() >= 10, "{}", texts.len());
    for text in texts {
        assert!(approved.values().any(|v| v == text), "no approved answer says {text:?}");
    }
}
