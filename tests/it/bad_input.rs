//! What bad input gets on the command line: one clear line on standard error, exit code 2, and no half-written output.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn kaitou(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kaitou")).args(args).output().unwrap()
}

/// Runs `answer` on the file, and gives the one line it must end with.
fn refused(file: &Path, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (out, report) = (folder.path().join("out.xlsx"), folder.path().join("report.json"));
    let standard = fixture("standard-sheet.xlsx");
    let mut args = vec!["answer", file.to_str().unwrap(), "--out", out.to_str().unwrap(), "--report", report.to_str().unwrap()];
    if !more.contains(&"--standard") {
        args.extend(["--standard", standard.to_str().unwrap()]);
    }
    args.extend(more);
    let output = kaitou(&args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "output was written");
    error
}

#[test]
fn files_that_are_no_questionnaire() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let whole = std::fs::read(fixture("clients/plain-table.xlsx")).unwrap();
    for (file, words) in [
        (made("empty.xlsx", b""), "0バイト"),
        (made("text.xlsx", "質問,回答\n".as_bytes()), "Excelブック（.xlsx）ではありません"),
        (made("rules.pdf", b"%PDF-1.4"), "PDFファイルのようです"),
        (made("letter.doc", &[&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 512]].concat()), "Excel以外"),
        (made("cut.xlsx", &whole[..whole.len() / 2]), "壊れています"),
        (fixture("bad/zip-without-workbook.xlsx"), "Excelブックが入っていません"),
        (fixture("bad/encrypted.xlsx"), "パスワード"),
        (fixture("bad/obfuscated.xls"), "パスワード"),
        (fixture("bad/ancient.xls"), "Excel 95より前の形式"),
        (fixture("bad/no-questions.xlsx"), "質問が見つかりません"),
        (folder.path().join("missing.xlsx"), "開けません"),
    ] {
        let error = refused(&file, &[]);
        assert!(error.contains(words), "{error}");
        assert!(error.contains(file.file_name().unwrap().to_str().unwrap()), "the file is not named: {error}");
    }
    assert!(refused(&fixture("bad/no-questions.xlsx"), &[]).contains("価格表"), "what was looked through is not said");
}

#[test]
fn a_file_of_100_mb_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.xlsx");
    std::fs::File::create(&path).unwrap().set_len(100 << 20).unwrap();
    assert!(refused(&path, &[]).contains("大きすぎます（上限 50 MB）"));
}

#[test]
fn a_standard_sheet_without_headings_and_an_unknown_service() {
    let client = fixture("clients/plain-table.xlsx");
    let prices = fixture("bad/no-questions.xlsx");
    let error = refused(&client, &["--standard", prices.to_str().unwrap()]);
    assert!(error.contains("no-questions.xlsx") && error.contains("見出し"), "{error}");
    let error = refused(&client, &["--service", "ないサービス"]);
    assert!(error.contains("ないサービス") && error.contains("OrderMill"), "{error}");
}

#[test]
fn the_clients_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.xlsx");
    std::fs::copy(fixture("clients/plain-table.xlsx"), &file).unwrap();
    let before = std::fs::read(&file).unwrap();
    let standard = fixture("standard-sheet.xlsx");
    let path = file.to_str().unwrap();
    let output = kaitou(&["answer", path, "--standard", standard.to_str().unwrap(), "--out", path]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}
