//! Every client's workbook in `fixtures/clients/` and `fixtures/clients-unseen/` against the truth that its author wrote beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub fn clients() -> Vec<PathBuf> {
    let files = workbooks("clients");
    assert!(files.len() >= 51, "fixtures are missing: {files:?}");
    files
}

pub fn workbooks(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "xlsx")).collect();
    files.sort();
    files
}

pub fn truth(workbook: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(workbook.with_extension("questions.json")).unwrap()).unwrap()
}

/// The first thing that differs between what is found in the workbook and its truth.
fn difference(file: &Path) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_kaitou")).arg("questions").arg(file).arg("--json").output().unwrap();
    if !output.status.success() {
        return Some(String::from_utf8(output.stderr).unwrap());
    }
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let want = truth(file);
    if found["sheets"] != want["sheets"] {
        return Some(format!("{} instead of {}", found["sheets"], want["sheets"]));
    }
    let (found, want) = (found["questions"].as_array().unwrap(), want["questions"].as_array().unwrap());
    for (found, want) in found.iter().zip(want) {
        for field in ["sheet", "row", "number", "section", "question", "question_cell", "choice_cell", "choices", "mode", "text_cell", "marks", "kind"] {
            if found[field] != want[field] {
                return Some(format!("{field} of {}: {} instead of {}", want["question"], found[field], want[field]));
            }
        }
    }
    (found.len() != want.len()).then(|| format!("{} questions instead of {}", found.len(), want.len()))
}

#[test]
fn every_question_and_cell_is_found() {
    let mut wrong = Vec::new();
    let unseen = workbooks("clients-unseen");
    assert!(unseen.len() >= 24, "fixtures are missing: {unseen:?}");
    for file in clients().into_iter().chain(unseen) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        if let Some(difference) = difference(&file) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_of_ones_own_are_used_and_a_broken_line_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let questions = |file: &str| Command::new(env!("CARGO_BIN_EXE_kaitou")).arg("questions").arg(root.join("fixtures/clients").join(file)).arg("--index").arg(folder.path()).output().unwrap();
    let words = std::fs::read_to_string(root.join("index/profile.tsv")).unwrap();
    let facts = |file: &str| String::from_utf8(questions(file).stdout).unwrap().contains("会社情報の欄");
    assert!(facts("plain-table.xlsx"));
    std::fs::write(folder.path().join("profile.tsv"), "phone\t電話番号\n").unwrap();
    assert!(!facts("plain-table.xlsx"));
    std::fs::write(folder.path().join("profile.tsv"), words).unwrap();
    for name in ["headings.tsv", "choices.tsv", "polarity.tsv", "demands.tsv", "placeholders.tsv", "not-a-questionnaire.tsv"] {
        std::fs::write(folder.path().join(name), "# 語\nこれは語ではない\n").unwrap();
        let refused = questions("plain-table.xlsx");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains(&format!("{name} の 2 行目")), "{said}");
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
}

#[test]
fn what_is_left_out_is_said() {
    let problems = |name: &str| -> Value {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients").join(name);
        let output = Command::new(env!("CARGO_BIN_EXE_kaitou")).arg("questions").arg(file).arg("--json").output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["problems"].clone()
    };
    assert_eq!(problems("plain-table.xlsx"), serde_json::json!([]));
    let hidden = problems("table-object.xlsx");
    assert!(hidden[0]["message"].as_str().unwrap().contains("非表示の行"), "{hidden}");
    let list = problems("growing-lists.xlsx");
    assert!(list[0]["message"].as_str().unwrap().contains("参照先をたどれない"), "{list}");
    assert_eq!((&list[0]["sheet"], &list[0]["cell"]), (&serde_json::json!("保全"), &serde_json::json!("C3")));
}

/// What a title page or the head of a sheet asks about the company is found beside the questions; what is filled in, or the
/// client's own, is not.
#[test]
fn company_facts_above_the_tables_are_found() {
    let facts = |name: &str| -> Vec<(String, String, String)> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients").join(name);
        let output = Command::new(env!("CARGO_BIN_EXE_kaitou")).arg("questions").arg(file).arg("--json").output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |fact: &Value, key: &str| fact[key].as_str().unwrap().to_owned();
        let facts = found["facts"].as_array().unwrap().iter();
        facts.inspect(|f| assert_eq!(f["kind"], "profile")).map(|f| (text(f, "sheet"), text(f, "question"), text(f, "text_cell"))).collect()
    };
    let want = |all: &[(&str, &str, &str)]| all.iter().map(|(s, q, c)| ((*s).to_owned(), (*q).to_owned(), (*c).to_owned())).collect::<Vec<_>>();
    assert_eq!(facts("mixed-sheets.xlsx"), want(&[("表紙", "貴社名", "C9"), ("表紙", "ご記入者", "C10"), ("表紙", "ご記入日", "C11")]));
    let above = [("御社名", "C4"), ("ご回答部署", "F4"), ("ご担当者", "C5"), ("役職", "F5"), ("ご連絡先（TEL）", "C6"), ("記入日", "F6")];
    assert_eq!(facts("preamble-two-tier.xlsx"), want(&above.map(|(q, c)| ("調査票", q, c))));
    assert_eq!(facts("two-tables.xlsx"), want(&[]));
}

/// Forms by authors who had read neither the code nor its lists of words. Not all of them are read as their authors would: how
/// far they are may only get better.
#[test]
fn of_the_forms_that_nobody_prepared_for_most_are_read_right() {
    let (mut asked, mut found, mut hit, mut cells, mut whole) = (0, 0, 0, 0, 0);
    let files = workbooks("clients-blind");
    for file in &files {
        let output = Command::new(env!("CARGO_BIN_EXE_kaitou")).arg("questions").arg(file).arg("--json").output().unwrap();
        assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
        let checks = |all: &Value| -> std::collections::HashMap<String, Value> {
            let checks = all["questions"].as_array().unwrap().iter().filter(|q| q["kind"] == "check");
            checks.map(|q| (format!("{}!{}", q["sheet"], q["question_cell"]), q.clone())).collect()
        };
        let (got, want) = (checks(&serde_json::from_slice(&output.stdout).unwrap()), checks(&truth(file)));
        let right = |want: &Value, got: &Value| {
            let also = |field: &str| field == "text_cell" && want["also"].as_array().is_some_and(|also| also.contains(&got[field]));
            ["choice_cell", "choices", "text_cell", "marks", "mode"].iter().all(|field| want[field] == got[field] || also(field))
        };
        asked += want.len();
        found += got.len();
        let both: Vec<bool> = want.iter().filter_map(|(at, want)| Some(right(want, got.get(at)?))).collect();
        hit += both.len();
        cells += both.iter().filter(|right| **right).count();
        whole += usize::from(both.len() == want.len() && both.len() == got.len() && both.iter().all(|right| *right));
    }
    let share = |part: usize, of: usize| f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(of).unwrap());
    let (f1, cells) = (share(2 * hit, asked + found), share(cells, hit));
    println!("{} forms, {asked} questions: F1 {f1:.4}, all cells and choices {cells:.4}, wholly right {whole}", files.len());
    assert!(files.len() == 138 && f1 >= FOUND && cells >= CELLS && whole >= WHOLE, "F1 {f1:.4}, cells {cells:.4}, wholly right {whole}");
}

/// How far the forms in `clients-blind` are read at least: F1 of the questions, the share of those found whose cells and choices
/// are all right, and the number of forms in which everything is.
const FOUND: f64 = 0.998;
const CELLS: f64 = 0.999;
const WHOLE: usize = 130;
