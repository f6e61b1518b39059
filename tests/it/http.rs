//! The pages, asked in process: from the upload to the filled file, and everything that can go wrong on the way.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use calamine::{Data, Reader, Xlsx};
use kaitou::intake::Form as CameAs;
use kaitou::matching::Reason;
use kaitou::people::By;
use kaitou::review::{Revision, State};
use kaitou::store::{NewQuestionnaire, Reading};
use kaitou::workbook::Limits;

use crate::harness::{Answer, TestApp, fixture_bytes, multipart};

/// Every cell with a text, by sheet and place, as another library than kaitou's writer reads it.
pub fn cells(bytes: &[u8]) -> BTreeMap<(String, String), String> {
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes.to_vec())).unwrap();
    let mut cells = BTreeMap::new();
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).unwrap();
        let (top, left) = range.start().unwrap_or((0, 0));
        for (row, col, data) in range.used_cells().filter(|(_, _, d)| **d != Data::Empty) {
            let (row, col) = (u32::try_from(row).unwrap() + top + 1, u32::try_from(col).unwrap() + left + 1);
            cells.insert((name.clone(), kaitou::workbook::CellRef::new(row, col).to_string()), data.to_string());
        }
    }
    cells
}

/// What differs between two workbooks: place and new text.
pub fn changed(before: &[u8], after: &[u8]) -> BTreeMap<(String, String), String> {
    let (before, after) = (cells(before), cells(after));
    for place in before.keys() {
        assert!(after.contains_key(place), "{place:?} was emptied");
    }
    after.into_iter().filter(|(place, text)| before.get(place) != Some(text)).collect()
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

/// The form of a question as it stands on its page.
struct Form {
    revision: String,
    item: String,
    choice: String,
    text: String,
}

impl Form {
    async fn of(app: &TestApp, id: i64, position: u32) -> Self {
        let page = app.get(&format!("/questionnaires/{id}?at={position}")).await;
        assert_eq!(page.status, StatusCode::OK);
        let page = page.text();
        let form = between(&page, "<form class=\"decide\"", "</form>");
        let optional = |from: &str, to: &str| if form.contains(from) { between(form, from, to).to_owned() } else { String::new() };
        let checked = form.split("<label").find(|label| label.contains(" checked"));
        Self {
            revision: between(form, "name=\"revision\" value=\"", "\"").to_owned(),
            item: optional("name=\"item\" value=\"", "\""),
            choice: checked.map(|label| between(label, "value=\"", "\"").to_owned()).unwrap_or_default(),
            text: if form.contains("<textarea") {
                unescape(between(between(form, "<textarea", "/textarea>"), ">", "<"))
            } else {
                String::new()
            },
        }
    }

    fn fields<'a>(&'a self, action: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("action", action),
            ("revision", &self.revision),
            ("item", &self.item),
            ("choice", &self.choice),
            ("text", &self.text),
        ]
    }
}

fn unescape(html: &str) -> String {
    html.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&")
}

/// The first question with a draft of both choice and text.
async fn drafted(app: &TestApp, id: i64) -> u32 {
    let questions = app.store.questions(id).await.unwrap();
    let full = |q: &&kaitou::store::ReviewQuestion| {
        q.suggestion.drafted().is_some_and(|d| d.answer.choice.is_some() && !d.answer.text.is_empty())
    };
    questions.iter().find(full).expect("a draft with choice and text").position
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_goes_in_and_comes_back_with_the_reviewed_answers() {
    let app = TestApp::new().await;
    let id = app.upload("plain-table.xlsx").await;
    let original = fixture_bytes("clients/plain-table.xlsx");
    let questions = app.store.questions(id).await.unwrap();
    let truth: serde_json::Value = serde_json::from_slice(&fixture_bytes("clients/plain-table.questions.json")).unwrap();
    assert_eq!(questions.len(), truth["questions"].as_array().unwrap().len());

    // Nothing is decided: the file comes back as it came in.
    let untouched = app.get(&format!("/questionnaires/{id}/file")).await;
    assert_eq!(untouched.status, StatusCode::OK);
    assert_eq!(changed(&original, &untouched.body), BTreeMap::new());

    let first = drafted(&app, id).await;
    let form = Form::of(&app, id, first).await;
    let accepted = app.decide(id, first, &form.fields("save")).await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER, "{}", accepted.text());
    assert_ne!(accepted.location(), format!("/questionnaires/{id}?show=all&at={first}&saved={first}"), "goes on to another");
    let next = app.get(accepted.location()).await.text();
    assert!(next.contains("保存しました") && next.contains("承認 <strong>1</strong>"), "{next}");

    let (second, third) = (first + 1, first + 2);
    let edited = [("action", "save"), ("revision", "0"), ("choice", "×"), ("text", "個別に\r\n<b>回答</b>します。=1+1")];
    assert_eq!(app.decide(id, second, &edited).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.decide(id, third, &[("action", "decline"), ("revision", "0")]).await.status, StatusCode::SEE_OTHER);
    // One that was accepted and taken back is not exported either.
    let fourth = third + 1;
    assert_eq!(app.decide(id, fourth, &edited).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.decide(id, fourth, &[("action", "reopen"), ("revision", "1")]).await.status, StatusCode::SEE_OTHER);

    let page = app.get(&format!("/questionnaires/{id}/download")).await.text();
    let open = questions.len() - 3;
    assert!(page.contains(&format!("{open}問が未回答です")), "{page}");
    assert!(page.contains(&format!("未回答（{open}問）")) && page.contains("回答が決まった3問"), "{page}");

    let filled = app.get(&format!("/questionnaires/{id}/file")).await;
    let place = |position: u32, choice: bool| {
        let q = &questions[position as usize - 1].question;
        (q.sheet.clone(), if choice { q.choice_cell } else { q.text_cell }.unwrap().to_string())
    };
    let expected = BTreeMap::from([
        (place(first, true), form.choice.clone()),
        (place(first, false), form.text.clone()),
        (place(second, true), "×".to_owned()),
        (place(second, false), "個別に\n<b>回答</b>します。=1+1".to_owned()),
    ]);
    assert_eq!(changed(&original, &filled.body), expected);
    let name = filled.header("content-disposition");
    assert!(name.starts_with("attachment; ") && name.contains("filename*=UTF-8''plain-table%EF%BC%88%E4%B8%80"), "{name}");
    assert_eq!(filled.header("content-type"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_answering_goes_into_its_file() {
    for name in ["marking-columns.xlsx", "free-text.xlsx", "houganshi.xlsx", "hidden-list.xlsx", "several-sheets.xlsx"] {
        let app = TestApp::new().await;
        let id = app.upload(name).await;
        let mut expected = 0;
        for q in app.store.questions(id).await.unwrap() {
            let marks = q.question.marks.as_ref().map(|m| m.iter().map(|m| m.choice.clone()).collect::<Vec<_>>());
            let choices = q.question.choices.clone().or(marks).unwrap_or_default();
            let choice = choices.first().cloned().unwrap_or_default();
            let fields = [("action", "save"), ("revision", "0"), ("choice", choice.as_str()), ("text", "確認済みです。")];
            let answer = app.decide(id, q.position, &fields).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name} {}: {}", q.question.text, answer.text());
            expected += usize::from(!choice.is_empty()) + usize::from(q.question.text_cell.is_some());
        }
        let page = app.get(&format!("/questionnaires/{id}/download")).await.text();
        assert!(page.contains("の回答が決まりました"), "{name}: {page}");
        let filled = app.get(&format!("/questionnaires/{id}/file")).await;
        assert!(filled.header("content-disposition").contains("%E5%9B%9E%E7%AD%94%E6%B8%88"), "{name} says 回答済");
        assert_eq!(changed(&fixture_bytes(&format!("clients/{name}")), &filled.body).len(), expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_an_old_state_is_refused_and_both_are_shown() {
    let app = TestApp::new().await;
    let id = app.upload("plain-table.xlsx").await;
    let mine = [("action", "save"), ("revision", "0"), ("choice", "○"), ("text", "先に保存した文")];
    let yours = [("action", "save"), ("revision", "0"), ("choice", "×"), ("text", "あとから送った文")];
    assert_eq!(app.decide(id, 1, &mine).await.status, StatusCode::SEE_OTHER);
    let refused = app.decide(id, 1, &yours).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let page = refused.text();
    assert!(page.contains("先に保存した文") && page.contains("あとから送った文") && page.contains("保存していません"), "{page}");
    assert_eq!(app.store.history(id, 1).await.unwrap().len(), 1);
    // A browser without scripts is at another address then: the page's links must lead back all the same.
    assert!(!page.contains("href=\"?"), "{page}");
    let reloaded = app.get(&format!("/questionnaires/{id}/questions/1")).await;
    assert_eq!(reloaded.location(), format!("/questionnaires/{id}?at=1"));
    // The form on that page knows the new state: sending it again is a decision made with open eyes.
    assert_eq!(between(between(&page, "<form class=\"decide\"", "</form>"), "name=\"revision\" value=\"", "\""), "1");
    let again = [("action", "save"), ("revision", "1"), ("choice", "×"), ("text", "あとから送った文")];
    assert_eq!(app.decide(id, 1, &again).await.status, StatusCode::SEE_OTHER);
    // The same once more (a double click) is no conflict, and no second decision.
    assert_eq!(app.decide(id, 1, &again).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.store.history(id, 1).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_saved_comes_back_with_the_reason_and_the_text() {
    let app = TestApp::new().await;
    let id = app.upload("plain-table.xlsx").await;
    for (choice, text, why) in [
        ("", "  ", "回答が空です"),
        ("たぶん", "残る文", "「たぶん」は、この質問の選択肢にありません"),
        ("○", &"長".repeat(32_768), "長すぎます"),
    ] {
        let answer = app.decide(id, 1, &[("action", "save"), ("revision", "0"), ("choice", choice), ("text", text)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains(why) && answer.text().contains(text.trim()), "{why}");
    }
    assert_eq!(app.decide(id, 1, &[("action", "sing"), ("revision", "0")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(app.decide(id, 1, &[("action", "accept"), ("revision", "0"), ("item", "9999")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(app.decide(id, 1, &[("action", "decline"), ("revision", "x")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(app.decide(id, 1, &[("action", "decline")]).await.status, StatusCode::BAD_REQUEST);
    let endless = "長".repeat(1 << 20);
    let answer = app.decide(id, 1, &[("action", "save"), ("revision", "0"), ("text", &endless)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("大きすぎます"), "{}", answer.text());
    assert!(app.store.history(id, 1).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_candidate_can_be_taken() {
    let app = TestApp::new().await;
    let id = app.upload("plain-table.xlsx").await;
    let position = drafted(&app, id).await;
    let question = app.store.question(id, position).await.unwrap().unwrap();
    let other = question.suggestion.proposals.iter().find(|p| Some(p.item) != question.suggestion.draft).unwrap();
    let page = app.get(&format!("/questionnaires/{id}?at={position}&item={}", other.item)).await.text();
    assert!(page.contains("選んだ候補") && page.contains(&format!("name=\"item\" value=\"{}\"", other.item)), "{page}");
    let item = other.item.to_string();
    let saved = app.decide(id, position, &[("action", "accept"), ("revision", "0"), ("item", &item)]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let review = app.store.question(id, position).await.unwrap().unwrap().review;
    assert_eq!(review.state, State::Accepted { item: Some(other.item), answer: other.answer.clone() });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_questions_is_filtered() {
    let app = TestApp::new().await;
    let id = app.upload("plain-table.xlsx").await;
    app.decide(id, 1, &[("action", "decline"), ("revision", "0")]).await;
    let total = app.store.lines(id).await.unwrap().len();
    let rows = |page: &str| page.matches("class=\"entry ").count();
    let list = async |show: &str| rows(&app.get(&format!("/questionnaires/{id}?show={show}")).await.text());
    assert_eq!((list("all").await, list("open").await, list("decided").await), (total, total - 1, 1));
    assert_eq!(rows(&app.get(&format!("/questionnaires/{id}?show=open&at=1")).await.text()), total, "and the one that is shown");
    let listed = app.get("/").await.text();
    let left = app.store.lines(id).await.unwrap().iter().filter(|l| !l.profile && !l.kind.is_settled()).count();
    assert!(left < total - 1 && listed.contains(&format!("{left}</strong>問")) && listed.contains("株式会社みなと商事"), "{listed}");
    assert!(listed.contains("2026年4月10日") && listed.contains("あと9日"), "{listed}");
}

/// A zip with these parts.
fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_upload_says_why_and_keeps_the_form() {
    let app = TestApp::new().await;
    let good = fixture_bytes("clients/plain-table.xlsx");
    let ole = [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 600]].concat();
    let other_zip = package(&[("readme.txt", "hello")]);
    let client = ("client", "甲<社>");
    let due = ("due", "2026-04-10");
    let service = ("service", "OrderMill");
    type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, Option<(&'a str, &'a [u8])>);
    let cases: Vec<Case> = vec![
        ("ファイルが空です", vec![client, due, service], Some(("a.xlsx", b""))),
        ("Excelブック（.xlsx）ではありません", vec![client, due, service], Some(("a.xlsx", b"not a workbook"))),
        ("ZIP形式のファイルですが", vec![client, due, service], Some(("a.xlsx", &other_zip))),
        ("ブック", vec![client, due, service], Some(("a.xls", &ole))),
        ("壊れています", vec![client, due, service], Some(("a.xlsx", &good[..good.len() / 2]))),
        ("ファイルを選ぶか、表を貼り付けて", vec![client, due, service], None),
        ("ファイルを選ぶか、表を貼り付けて", vec![client, due, service], Some(("", b""))),
        ("クライアント名を入力してください", vec![("client", " 　"), due, service], Some(("a.xlsx", &good))),
        ("回答期限は", vec![client, ("due", "4月10日"), service], Some(("a.xlsx", &good))),
        ("謎のサービス", vec![client, due, ("service", "謎のサービス")], Some(("a.xlsx", &good))),
    ];
    for (why, fields, file) in cases {
        let answer = app.post_file("/upload", &fields, file).await;
        let page = answer.text();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}: {page}");
        assert!(page.contains(why), "{why}: {page}");
        if fields.contains(&client) {
            assert!(page.contains("value=\"甲&#60;社&#62;\""), "{page}");
        }
        if fields.contains(&due) {
            assert!(page.contains("value=\"2026-04-10\""), "{page}");
        }
        if fields.contains(&service) {
            assert!(page.contains("value=\"OrderMill\" checked"), "{page}");
        }
    }
    assert!(app.store.questionnaires().await.unwrap().is_empty());
    let request = Request::post("/upload").header(header::HOST, "localhost").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let broken = app.raw(request.body(Body::from("--x\r\nnonsense")).unwrap()).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_a_file_is_answered_with_words() {
    let app = TestApp::empty(Limits { file_bytes: 1 << 20, ..Limits::default() }).await;
    app.pipeline.import_standard("standard-sheet.xlsx", fixture_bytes("standard-sheet.xlsx"), &By::this_machine()).await.unwrap();
    let large = vec![b'P'; 100 << 20];
    let answer = app.post_file("/upload", &[("client", "甲社")], Some(("a.xlsx", &large))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().contains("上限 1 MB") && answer.text().contains("value=\"甲社\""), "{}", answer.text());
    let answer = app.post_file("/standard", &[], Some(("a.xlsx", &large))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let long = "長".repeat(100_000);
    let answer = app.post_file("/upload", &[("client", &long)], Some(("a.xlsx", b"x"))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_without_questions_says_so_on_its_page() {
    let app = TestApp::new().await;
    let sheet = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>見積書</t></is></c></row></sheetData></worksheet>";
    let bytes = package(&[
        ("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>"),
        ("_rels/.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
        ("xl/workbook.xml", "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"見積\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"),
        ("xl/worksheets/sheet1.xml", sheet),
    ]);
    let sent = app.post_file("/upload", &[("client", "甲社")], Some(("見積.xlsx", &bytes))).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    app.wait_until_read(1).await;
    let page = app.get(sent.location()).await.text();
    assert!(page.contains("この質問票は読み取れませんでした") && page.contains("質問"), "{page}");
    assert!(app.get("/").await.text().contains("読み取れませんでした"));
    assert_eq!(app.get("/questionnaires/1/file").await.status, StatusCode::CONFLICT);
    assert_eq!(app.post("/questionnaires/1/retry", &[]).await.status, StatusCode::SEE_OTHER);
    app.wait_until_read(1).await;
    assert!(matches!(app.store.questionnaire(1).await.unwrap().unwrap().reading, Reading::Failed(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_standard_sheet_one_is_asked_for_and_a_bad_one_changes_nothing() {
    let app = TestApp::empty(Limits::default()).await;
    for path in ["/", "/upload", "/standard"] {
        assert!(app.get(path).await.text().contains("標準シートがまだ取り込まれていません"), "{path}");
    }
    let client = fixture_bytes("clients/free-text.xlsx");
    let early = app.post_file("/upload", &[("client", "甲社")], Some(("a.xlsx", &client))).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.text().contains("先に標準シートを取り込んでください"), "{}", early.text());

    let sheet = fixture_bytes("standard-sheet.xlsx");
    assert_eq!(app.post_file("/standard", &[], Some(("標準.xlsx", &sheet))).await.status, StatusCode::SEE_OTHER);
    let shown = app.get("/standard").await.text();
    assert!(shown.contains("67項目") && shown.contains("ISMS認証を取得しているか") && shown.contains("OrderMill"), "{shown}");
    for (bad, why) in [(&b"x"[..], "Excelブック"), (b"", "空です")] {
        let refused = app.post_file("/standard", &[], Some(("悪い.xlsx", bad))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(why) && refused.text().contains("67項目"), "{}", refused.text());
    }
    assert_eq!(app.store.standards().await.unwrap().len(), 1);
    let app = app.restart().await;
    assert!(app.get("/standard").await.text().contains("67項目"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::new().await;
    let id = app.upload("free-text.xlsx").await;
    for path in [
        "/nothing".to_owned(),
        "/questionnaires/999".to_owned(),
        "/questionnaires/-1".to_owned(),
        "/questionnaires/x".to_owned(),
        "/questionnaires/99999999999999999999".to_owned(),
        "/questionnaires/999/file".to_owned(),
        "/questionnaires/999/download".to_owned(),
        format!("/questionnaires/{id}?at=999"),
        "/static/../Cargo.toml".to_owned(),
        "/static/nothing.css".to_owned(),
    ] {
        let answer = app.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text().contains("<html"), "{path} is a page");
    }
    for position in [0, 999] {
        let answer = app.decide(id, position, &[("action", "decline"), ("revision", "0")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(app.decide(999, 1, &[("action", "decline"), ("revision", "0")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.post("/questionnaires/999/retry", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.post("/", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    // What is mistyped beside the address shows the page.
    assert_eq!(app.get(&format!("/questionnaires/{id}?at=x&show=y&item=z&saved=w&at=1&%ff")).await.status, StatusCode::OK);
    assert_eq!(app.post("/upload", &[("client", "甲社")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::new().await;
    let id = app.upload("free-text.xlsx").await;
    for path in ["/", "/standard", "/nothing", &format!("/questionnaires/{id}/file"), "/static/app.js"] {
        let answer = app.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    let page = app.get(&format!("/questionnaires/{id}")).await.text();
    assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick"), "no inline code");
    assert!(!page.contains("https://") || !page.contains("src=\"https://"), "nothing from elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_can_neither_read_nor_do_anything() {
    let app = TestApp::new().await;
    let ask = async |method: &str, headers: &[(&str, &str)]| -> Answer {
        let mut request = Request::builder().method(method).uri("/upload");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (kind, body) = multipart(&[("client", "甲社")], Some(("a.xlsx", b"x")));
        app.raw(request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()).await
    };
    let local = ("host", "127.0.0.1:8080");
    let refused: [(&str, &[(&str, &str)]); 7] = [
        ("GET", &[("host", "evil.example")]),
        ("GET", &[]),
        ("POST", &[local, ("origin", "http://evil.example")]),
        ("POST", &[local, ("origin", "null")]),
        ("POST", &[local, ("origin", "http://127.0.0.1:9999")]),
        ("POST", &[local, ("sec-fetch-site", "cross-site")]),
        ("POST", &[local, ("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:8080")]),
    ];
    for (method, headers) in refused {
        assert_eq!(ask(method, headers).await.status, StatusCode::FORBIDDEN, "{method} {headers:?}");
    }
    assert_eq!(ask("GET", &[local]).await.status, StatusCode::OK);
    // A script without a browser may, and so may kaitou's own page: the file is what is wrong then.
    assert_eq!(ask("POST", &[local]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let own = [local, ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")];
    assert_eq!(ask("POST", &own).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_read_before_a_restart_is_read_after_it() {
    let app = TestApp::new().await;
    let done = app.upload("free-text.xlsx").await;
    app.decide(done, 1, &[("action", "save"), ("revision", "0"), ("text", "残る回答")]).await;
    // As if the process had ended between the upload's answer and its reading.
    let upload = NewQuestionnaire {
        client: "乙社".to_owned(),
        services: vec![],
        due: None,
        file_name: "plain-table.xlsx".to_owned(),
        bytes: fixture_bytes("clients/plain-table.xlsx"),
        form: CameAs::Workbook,
        sha256: String::new(),
    };
    let id = app.store.add_questionnaire(&upload, &By::this_machine(), app.clock.now()).await.unwrap();
    let page = app.get(&format!("/questionnaires/{id}")).await.text();
    assert!(page.contains("読み取っています") && page.contains("http-equiv=\"refresh\""), "{page}");
    assert_eq!(app.get(&format!("/questionnaires/{id}/file")).await.status, StatusCode::CONFLICT);
    let app = app.restart().await;
    app.wait_until_read(id).await;
    assert_eq!(app.store.questionnaire(id).await.unwrap().unwrap().reading, Reading::Ready);
    assert_eq!(app.store.questionnaires().await.unwrap().len(), 2);
    assert!(app.get(&format!("/questionnaires/{done}?at=1")).await.text().contains("残る回答"));
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_answers_teach_the_next_questionnaire() {
    let app = TestApp::new().await;
    let first = app.upload("plain-table.xlsx").await;
    // A question without a draft is answered with an item that was far from the top.
    let questions = app.store.questions(first).await.unwrap();
    let unsure = questions.iter().find(|q| q.suggestion.draft.is_none() && q.suggestion.proposals.len() > 3).unwrap();
    let item = unsure.suggestion.proposals[3].item;
    let question = app.store.question(first, unsure.position).await.unwrap().unwrap();
    let proposal = question.suggestion.proposal(item).unwrap();
    let state = State::Open.accept(&question.question, proposal).unwrap();
    app.store.decide(first, unsure.position, Revision(0), &state, &By::this_machine(), app.clock.now()).await.unwrap();

    let second = app.upload("plain-table.xlsx").await;
    let again = app.store.question(second, unsure.position).await.unwrap().unwrap();
    assert_eq!(again.suggestion.draft, Some(item));
    let why = &again.suggestion.drafted().unwrap().why;
    assert!(why.contains(&Reason::Past(question.question.text.clone())), "{why:?}");
    assert!(app.get(&format!("/questionnaires/{second}?at={}", unsure.position)).await.text().contains("過去の回答"));

    // Taken back, it is forgotten.
    app.store.decide(first, unsure.position, Revision(1), &State::Open, &By::this_machine(), app.clock.now()).await.unwrap();
    let third = app.upload("plain-table.xlsx").await;
    assert_eq!(app.store.question(third, unsure.position).await.unwrap().unwrap().suggestion, question.suggestion);
}
