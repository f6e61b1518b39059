//! Whatever clients send: old workbooks, CSV, pasted rows, macros, the same file again, and files that are no questionnaire.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::process::Command;

use axum::http::StatusCode;
use kaitou::intake::{Form, digest};
use kaitou::store::Reading;

use crate::harness::{Answer, TestApp, fixture, fixture_bytes};
use crate::http::{cells, changed};

/// Sends a questionnaire, and waits until it is read.
async fn sent(app: &TestApp, fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> i64 {
    let answer = app.post_file("/upload", &[&[("client", "株式会社みなと商事")], fields].concat(), file).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let id = answer.location().trim_start_matches("/questionnaires/").trim_end_matches("/mapping").parse().unwrap();
    app.wait_until_read(id).await;
    id
}

/// Decides the first question, downloads, and gives back the file's name as it is sent, and every cell.
async fn answered(app: &TestApp, id: i64) -> (Answer, BTreeMap<(String, String), String>) {
    let saved = app.decide(id, 1, &[("action", "save"), ("revision", "0"), ("choice", "○"), ("text", "当日に回収しています。")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let file = app.get(&format!("/questionnaires/{id}/file")).await;
    let cells = cells(&file.body);
    (file, cells)
}

fn refused(answer: &Answer, words: &[&str]) {
    let page = answer.text();
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    for word in words {
        assert!(page.contains(word), "{word}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_workbooks_and_csv_are_answered_and_come_back_as_xlsx() {
    let app = TestApp::new().await;
    for (name, form, word) in [("legacy.xls", Form::Xls, "旧形式（.xls）で届いた"), ("shift-jis.csv", Form::Csv, "CSVで届いた"), ("utf-8-bom.csv", Form::Csv, "CSVで届いた")] {
        let id = sent(&app, &[], Some((name, &fixture_bytes(&format!("other-forms/{name}"))))).await;
        let kept = app.store.questionnaire(id).await.unwrap().unwrap();
        assert_eq!((kept.reading, kept.form, kept.file_name.as_str()), (Reading::Ready, form, name), "{name}");
        let questions = app.store.questions(id).await.unwrap();
        assert_eq!(questions.len(), 10, "{name}");
        assert_eq!(questions[4].question.text, "荷札の控えを、\n鍵の掛かる棚に保管していますか。", "{name}");
        assert_eq!(questions[4].question.choices.as_deref(), Some(&["○".to_owned(), "×".to_owned()][..]), "{name}");
        for path in ["", "/download"] {
            assert!(app.get(&format!("/questionnaires/{id}{path}")).await.text().contains(word), "{name} {path}");
        }
        let before = cells(&app.store.original(id).await.unwrap().unwrap());
        let (file, after) = answered(&app, id).await;
        let stem = name.rsplit_once('.').unwrap().0;
        assert!(file.header("content-disposition").contains(&format!("filename=\"{stem}______.xlsx\"")), "{}", file.header("content-disposition"));
        let (row, sheet) = if form == Form::Xls { (5, "確認票") } else { (2, "質問票") };
        let place = |col: &str, row: u32| (sheet.to_owned(), format!("{col}{row}"));
        let mut want = before.clone();
        want.extend([(place("D", row), "○".to_owned()), (place("E", row), "当日に回収しています。".to_owned())]);
        assert_eq!(after, want, "{name}");
        assert_eq!(before[&place("C", row)], "倉庫の入館証を、退職の当日に回収していますか。");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_old_workbook_is_refused_and_the_service_goes_on() {
    let app = TestApp::new().await;
    let good = fixture_bytes("other-forms/legacy.xls");
    // The workbook stream's first record claims to be longer than the file; and every sector after the header is gone.
    let mut lying = good.clone();
    let at = good.windows(4).position(|w| w == [0x09, 0x08, 0x10, 0x00]).unwrap();
    lying[at + 2..at + 4].copy_from_slice(&[0xFF, 0xFF]);
    let cut = [&good[..512], &vec![0xFF; 4096], &"Workbook".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat();
    for bytes in [lying, cut] {
        let answer = app.post_file("/upload", &[("client", "甲社")], Some(("古い.xls", &bytes))).await;
        refused(&answer, &[".xlsx形式で保存し直してください", "value=\"甲社\""]);
    }
    assert!(app.store.questionnaires().await.unwrap().is_empty());
    sent(&app, &[], Some(("古い.xls", &good))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_rows_become_a_workbook() {
    let app = TestApp::new().await;
    // As Excel puts it on the clipboard: tabs, and quotation marks around a cell with a line break.
    let table = "No.\t質問\t回答\t備考\r\n1\t\"入館証を、\n退職の当日に回収していますか。\"\t\t\r\n2\t操作の記録を1年以上保存していますか。\t\t\r\n3\t通信を\"TLS\"で暗号化していますか。\t\t\r\n";
    let id = sent(&app, &[("rows", table)], None).await;
    let texts: Vec<String> = app.store.questions(id).await.unwrap().into_iter().map(|q| q.question.text).collect();
    assert_eq!(texts, ["入館証を、\n退職の当日に回収していますか。", "操作の記録を1年以上保存していますか。", "通信を\"TLS\"で暗号化していますか。"]);
    let (file, after) = answered(&app, id).await;
    assert!(file.header("content-disposition").contains(".xlsx"), "{}", file.header("content-disposition"));
    assert_eq!(after[&("質問票".to_owned(), "D2".to_owned())], "当日に回収しています。");
    assert!(app.get(&format!("/questionnaires/{id}")).await.text().contains("貼り付けた表から .xlsx 形式のファイルを作りました"));

    // Questions and nothing else get a place for the answer.
    let id = sent(&app, &[("rows", "入館証を退職の当日に回収していますか。\n操作の記録を1年以上保存していますか。\n")], None).await;
    let questions = app.store.questions(id).await.unwrap();
    assert_eq!(questions.len(), 2);
    assert!(questions.iter().all(|q| q.question.text_cell.is_some()), "{questions:?}");

    let open = app.post_file("/upload", &[("client", "甲社"), ("rows", "No.\t質問\n1\t\"鍵を\n2\t掛けているか\n")], None).await;
    refused(&open, &["2行目から始まる行で、引用符", "掛けているか"]);
    let both = app.post_file("/upload", &[("client", "甲社"), ("rows", table)], Some(("a.xlsx", &fixture_bytes("clients/free-text.xlsx")))).await;
    refused(&both, &["どちらか一方"]);
    let long = "長い質問\n".repeat(400_000);
    let large = app.post_file("/upload", &[("client", "甲社"), ("rows", &long)], None).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// `plain-table.xlsx` as a workbook with macros.
fn with_macros() -> Vec<u8> {
    let mut plain = zip::ZipArchive::new(Cursor::new(fixture_bytes("clients/plain-table.xlsx"))).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for index in 0..plain.len() {
        let mut part = plain.by_index(index).unwrap();
        let (name, mut bytes) = (part.name().unwrap().into_owned(), Vec::new());
        part.read_to_end(&mut bytes).unwrap();
        if name == "[Content_Types].xml" {
            let types = String::from_utf8(bytes).unwrap().replace("spreadsheetml.sheet.main+xml", "ms-excel.sheet.macroEnabled.main+xml");
            bytes = types.replace("<Override ", "<Default Extension=\"bin\" ContentType=\"application/vnd.ms-office.vbaProject\"/><Override ").into_bytes();
        }
        out.start_file(name, options).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.start_file("xl/vbaProject.bin", options).unwrap();
    out.write_all(&[0xD0, 0xCF, 0x11, 0xE0, 1, 2, 3, 4]).unwrap();
    out.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn macros_stay() {
    let app = TestApp::new().await;
    let original = with_macros();
    let id = sent(&app, &[], Some(("点検.xlsm", &original))).await;
    assert_eq!(app.store.questionnaire(id).await.unwrap().unwrap().form, Form::Workbook);
    let (file, _) = answered(&app, id).await;
    assert!(file.header("content-type").contains("macroEnabled"));
    assert!(file.header("content-disposition").contains(".xlsm"));
    assert!(!changed(&original, &file.body).is_empty());
    let part = |bytes: &[u8], name: &str| {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap();
        let mut data = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut data).unwrap();
        data
    };
    for name in ["xl/vbaProject.bin", "[Content_Types].xml"] {
        assert_eq!(part(&original, name), part(&file.body, name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_says_so_and_can_be_meant() {
    let app = TestApp::new().await;
    let file = fixture_bytes("clients/free-text.xlsx");
    let first = sent(&app, &[], Some(("甲.xlsx", &file))).await;
    let fields = [("client", "乙社"), ("due", "2026-05-01"), ("service", "OrderMill")];
    let told = app.post_file("/upload", &fields, Some(("乙.xlsx", &file))).await;
    let page = told.text();
    assert_eq!(told.status, StatusCode::CONFLICT, "{page}");
    let sha256 = digest(&file);
    for word in ["すでにアップロードされています", &format!("href=\"/questionnaires/{first}\">株式会社みなと商事"), "甲.xlsx、2026年4月1日 10:00 受付", "value=\"乙社\"", "value=\"2026-05-01\"", "value=\"OrderMill\" checked", &sha256] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert_eq!(app.store.questionnaires().await.unwrap().len(), 1);

    // Meant, without choosing the file once more.
    let second = sent(&app, &[("again", &sha256), ("name", "乙.xlsx")], None).await;
    assert_eq!(app.store.original(second).await.unwrap().unwrap(), file);
    assert_eq!(app.store.questionnaire(second).await.unwrap().unwrap().file_name, "乙.xlsx");
    assert_eq!(app.store.questions(second).await.unwrap().len(), app.store.questions(first).await.unwrap().len());

    // What was said of one file does not hold for another; and a file that never came can't be meant.
    let other = fixture_bytes("clients/plain-table.xlsx");
    sent(&app, &[], Some(("丙.xlsx", &other))).await;
    assert_eq!(app.post_file("/upload", &[("client", "丙社"), ("again", &sha256)], Some(("丙.xlsx", &other))).await.status, StatusCode::CONFLICT);
    refused(&app.post_file("/upload", &[("client", "丙社"), ("again", "0123")], None).await, &["ファイル"]);

    // An old workbook is known again by what came, not by what it became.
    let old = fixture_bytes("other-forms/legacy.xls");
    sent(&app, &[], Some(("古い.xls", &old))).await;
    assert_eq!(app.post_file("/upload", &[("client", "丁社")], Some(("別名.xls", &old))).await.status, StatusCode::CONFLICT);
    let again = sent(&app, &[("again", &digest(&old)), ("name", "別名.xls")], None).await;
    assert_eq!(app.store.questionnaire(again).await.unwrap().unwrap().form, Form::Xls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_questionnaire_says_what_it_seems_to_be() {
    let app = TestApp::new().await;
    let zip = |name: &str| {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.finish().unwrap().into_inner()
    };
    for (name, bytes, seems) in [
        ("規程.pdf", b"%PDF-1.7 ...".to_vec(), "PDFファイルのようです"),
        ("質問.docx", zip("word/document.xml"), "Word文書のようです"),
        ("画面.png", b"\x89PNG\r\n\x1a\n".to_vec(), "画像のようです"),
        ("質問.xls", b"<html><table></table></html>".to_vec(), "Webページ（HTML）のようです"),
    ] {
        let answer = app.post_file("/upload", &[("client", "甲社")], Some((name, &bytes))).await;
        refused(&answer, &[seems, "value=\"甲社\""]);
    }
    for (rows, seems) in [
        ("品名\t単価\t数量\t金額\n用紙\t500\t10\t5000\n", "請求書・見積書のようです（「品名」「単価」「数量」があります）"),
        ("氏名\tフリガナ\t部署\t電話番号\n山田\tヤマダ\t総務\t03-0000-0000\n", "名簿のようです"),
        ("店舗\t4月\t5月\t6月\n東\t100\t120\t90\n西\t80\t75\t60\n", "数値の集計表のようです"),
    ] {
        let id = sent(&app, &[("rows", rows)], None).await;
        let page = app.get(&format!("/questionnaires/{id}")).await.text();
        assert!(page.contains(seems), "{page}");
    }
    let id = sent(&app, &[], Some(("standard-sheet.xlsx", &fixture_bytes("standard-sheet.xlsx")))).await;
    let page = app.get(&format!("/questionnaires/{id}")).await.text();
    assert!(page.contains("標準シート自身のようです（67項目"), "{page}");
}

#[test]
fn the_command_line_takes_them_too() {
    let folder = tempfile::tempdir().unwrap();
    let kaitou = |args: &[&str]| Command::new(env!("CARGO_BIN_EXE_kaitou")).args(args).output().unwrap();
    for name in ["legacy.xls", "shift-jis.csv"] {
        let file = fixture(&format!("other-forms/{name}"));
        let found = kaitou(&["questions", file.to_str().unwrap(), "--json"]);
        assert!(String::from_utf8_lossy(&found.stderr).contains(".xlsx 形式に変換しました"), "{name}");
        let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
        assert_eq!(found["questions"].as_array().unwrap().len(), 10, "{name}");
        let out = folder.path().join(format!("{name}.xlsx"));
        let standard = fixture("standard-sheet.xlsx");
        let done = kaitou(&["answer", file.to_str().unwrap(), "--standard", standard.to_str().unwrap(), "--all", "--out", out.to_str().unwrap()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let filled = cells(&std::fs::read(&out).unwrap());
        assert!(filled.len() > 40 && filled.values().any(|v| v == "通信を暗号化していますか。"), "{filled:?}");
    }
    let broken = folder.path().join("開いたまま.csv");
    std::fs::write(&broken, "No.,質問\n1,\"鍵を\n").unwrap();
    let refused = kaitou(&["questions", broken.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("2行目から始まる行で、引用符"));
}
