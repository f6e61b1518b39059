//! Every client's workbook in `fixtures/clients/` against the truth that its author wrote beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

pub fn clients() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "xlsx")).collect();
    files.sort();
    assert!(files.len() >= 9, "fixtures are missing: {files:?}");
    files
}

pub fn truth(workbook: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(workbook.with_extension("questions.json")).unwrap()).unwrap()
}

#[test]
fn every_question_and_cell_is_found() {
    for file in clients() {
        let output = Command::new(env!("CARGO_BIN_EXE_kaitou")).arg("questions").arg(&file).arg("--json").output().unwrap();
        assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let want = truth(&file);
        assert_eq!(found["sheets"], want["sheets"], "{}", file.display());
        assert_eq!(found["problems"], serde_json::json!([]), "{}", file.display());
        let (found, want) = (found["questions"].as_array().unwrap(), want["questions"].as_array().unwrap());
        for (found, want) in found.iter().zip(want) {
            for field in ["sheet", "row", "number", "section", "question", "question_cell", "choice_cell", "choices", "text_cell", "marks"] {
                assert_eq!(found[field], want[field], "{}: {field} of {}", file.display(), want["question"]);
            }
        }
        assert_eq!(found.len(), want.len(), "{}", file.display());
    }
}
