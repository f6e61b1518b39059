//! A file that comes in with answers: what stands in it stays until a person says otherwise, and can be taken into the library.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use kaitou::matching::Band;
use kaitou::people::{Role, Roles};
use kaitou::questionnaire::Kind;
use kaitou::review::State;

use crate::harness::{TestApp, fixture_bytes};
use crate::http::cells;

type Cells = BTreeMap<(String, String), String>;

/// What differs between two workbooks: place and new text, empty where there is none any more.
fn changed(before: &[u8], after: &[u8]) -> Cells {
    let (before, mut after) = (cells(before), cells(after));
    for place in before.keys() {
        after.entry(place.clone()).or_default();
    }
    after.retain(|place, text| before.get(place) != Some(text));
    after
}

async fn file(app: &TestApp, id: i64) -> Vec<u8> {
    app.get(&format!("/questionnaires/{id}/file")).await.body
}

async fn page(app: &TestApp, id: i64, position: u32) -> String {
    app.get(&format!("/questionnaires/{id}?at={position}")).await.text()
}

async fn decide(app: &TestApp, id: i64, position: u32, fields: &[(&str, &str)]) {
    let revision = app.store.question(id, position).await.unwrap().unwrap().review.revision.0.to_string();
    let answer = app.decide(id, position, &[&[("revision", revision.as_str())], fields].concat()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
}

fn place(sheet: &str, cell: &str) -> (String, String) {
    (sheet.to_owned(), cell.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_file_is_shown_and_stays_until_somebody_decides() {
    let app = TestApp::new().await;
    let id = app.upload("half-filled.xlsx").await;
    let original = fixture_bytes("clients/half-filled.xlsx");
    let all = page(&app, id, 1).await;
    assert!(all.contains("9問の回答欄に記入があります") && all.contains("記入途中のファイル"), "{all}");
    assert_eq!(all.matches("記入あり</span>").count(), 9);
    assert!(all.contains("ファイルにある回答") && all.contains("原本は返却し、複写は電子化後に裁断しています。") && all.contains("ファイルの回答を残す"), "{all}");
    let blank = page(&app, id, 7).await;
    assert!(!blank.contains("ファイルにある回答</h3>") && !blank.contains("data-key=\"f\"") && !blank.contains("上書き"), "{blank}");

    // Kept as it stands: settled, and not a byte of the file changes.
    decide(&app, id, 1, &[("action", "keep")]).await;
    let kept = app.store.question(id, 1).await.unwrap().unwrap().review.state;
    assert!(matches!(&kept, State::Accepted { item: None, answer } if answer.choice.as_deref() == Some("実施済")), "{kept:?}");
    assert!(page(&app, id, 1).await.contains("この内容で承認"));
    assert!(changed(&original, &file(&app, id).await).is_empty());

    // Overwritten, by one who was told so: what is left empty is emptied, so that no two answers are mixed.
    decide(&app, id, 2, &[("action", "save"), ("choice", "未実施"), ("text", "")]).await;
    decide(&app, id, 5, &[("action", "save"), ("choice", "検討中"), ("text", "2026年度に規程化します。")]).await;
    decide(&app, id, 3, &[("action", "decline")]).await;
    assert!(page(&app, id, 3).await.contains("ファイルにある回答は消えずに残ります"));
    let sheet = "年次点検票";
    let want: Cells = [(place(sheet, "C8"), "未実施".to_owned()), (place(sheet, "D8"), String::new()), (place(sheet, "D11"), "2026年度に規程化します。".to_owned())].into();
    assert_eq!(changed(&original, &file(&app, id).await), want);

    // Taken back, the file's own answer stands again.
    decide(&app, id, 2, &[("action", "reopen")]).await;
    decide(&app, id, 5, &[("action", "keep")]).await;
    assert!(changed(&original, &file(&app, id).await).is_empty());
    let refused = app.decide(id, 7, &[("action", "keep"), ("revision", "0")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("何も記入されていません"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_one_go_leave_what_stands_in_the_file() {
    let app = TestApp::new().await;
    // Two approved answers go out, a third is decided after that; and a year later that file comes back.
    let first = app.upload("plain-table.xlsx").await;
    let high: Vec<u32> = app.store.lines(first).await.unwrap().iter().filter(|l| l.drafted && !l.profile).map(|l| l.position).take(3).collect();
    let accept = async |position: u32| {
        let item = app.store.question(first, position).await.unwrap().unwrap().suggestion.draft.unwrap().to_string();
        decide(&app, first, position, &[("action", "accept"), ("item", &item)]).await;
    };
    accept(high[0]).await;
    accept(high[1]).await;
    let last_year = file(&app, first).await;
    accept(high[2]).await;
    let sent = app.post_file("/upload", &[("client", "株式会社みなと商事")], Some(("今年.xlsx", &last_year))).await;
    let id: i64 = sent.location().trim_start_matches("/questionnaires/").trim_end_matches("/mapping").parse().unwrap();
    app.wait_until_read(id).await;
    let lines = app.store.lines(id).await.unwrap();
    for position in &high {
        assert_eq!(lines[*position as usize - 1].band, Band::High, "decided before, in the same words");
    }
    let filled: Vec<u32> = lines.iter().filter(|l| l.filled).map(|l| l.position).collect();
    assert_eq!(filled, high[..2]);
    let offered = app.get(&format!("/questionnaires/{id}/high")).await.text();
    for position in &high {
        assert_eq!(offered.contains(&format!("value=\"{position}-0\"")), !filled.contains(position), "{position}");
    }
    // Asked for all the same, it is not taken.
    let all: Vec<String> = high.iter().map(|p| format!("{p}-0")).collect();
    let fields: Vec<(&str, &str)> = all.iter().map(|t| ("take", t.as_str())).collect();
    app.post(&format!("/questionnaires/{id}/high"), &fields).await;
    for position in &high {
        let open = app.store.question(id, *position).await.unwrap().unwrap().review.state == State::Open;
        assert_eq!(open, filled.contains(position), "{position}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn boxes_marks_and_prompts() {
    let app = TestApp::new().await;
    let id = app.upload("last-years-marks.xlsx").await;
    let original = fixture_bytes("clients/last-years-marks.xlsx");
    let questions = app.store.questions(id).await.unwrap();
    let stands = |at: usize| questions[at].question.filled.as_ref().map(|f| (f.choice(), f.text.clone()));
    let text = |choice: &str, text: &str| Some((choice.to_owned(), text.to_owned()));
    assert_eq!(stands(0), text("はい", "当番表で管理しています。"));
    assert_eq!((stands(1), stands(3)), (text("いいえ", ""), None));
    assert_eq!((stands(6), stands(8)), (text("はい", "運行管理者2名です。"), None));
    assert_eq!((stands(9), stands(10), stands(14)), (text("○", ""), text("×", ""), None));
    assert_eq!((stands(16), stands(18)), (None, text("実施", "")), "a prompt is no answer");

    decide(&app, id, 1, &[("action", "save"), ("choice", "いいえ"), ("text", "当番表で管理しています。")]).await;
    decide(&app, id, 7, &[("action", "save"), ("choice", "いいえ"), ("text", "")]).await;
    decide(&app, id, 11, &[("action", "save"), ("choice", "○")]).await;
    decide(&app, id, 17, &[("action", "save"), ("choice", "実施"), ("text", "毎日付けています。")]).await;
    for position in [2, 6, 8, 12] {
        decide(&app, id, position, &[("action", "keep")]).await;
    }
    let want: Cells = [
        (place("運行", "C5"), "□はい　■いいえ".to_owned()),
        (place("営業", "C3"), String::new()),
        (place("営業", "D3"), "○".to_owned()),
        (place("営業", "E3"), String::new()),
        (place("整備", "C3"), "○".to_owned()),
        (place("営業所", "C2"), "実施".to_owned()),
        (place("営業所", "D2"), "毎日付けています。".to_owned()),
    ]
    .into();
    assert_eq!(changed(&original, &file(&app, id).await), want);
    // 「選択してください」 is offered to nobody.
    let radio = page(&app, id, 17).await;
    assert!(!radio.contains("value=\"選択してください\"") && radio.contains("value=\"未実施\""), "{radio}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_file_go_into_the_library_when_somebody_asks() {
    let app = TestApp::new().await;
    let id = app.upload("half-filled.xlsx").await;
    let path = format!("/questionnaires/{id}/past");
    let form = app.get(&path).await.text();
    assert!(form.contains("value=\"株式会社みなと商事\"") && form.contains("value=\"2024-02-08\"") && form.contains("9件を取り込む"), "{form}");
    let drafts = app.store.questions(app.upload("half-filled.xlsx").await).await.unwrap();

    for (fields, why) in [
        ([("action", "take"), ("client", " "), ("date", "2024-02-08")], "クライアント名"),
        ([("action", "take"), ("client", "甲社"), ("date", "昨年")], "回答日は"),
        ([("action", "take"), ("client", "甲社"), ("date", "2031-01-01")], "未来の日付"),
    ] {
        let refused = app.post(&path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains(why), "{}", refused.text());
    }
    assert_eq!(app.store.library(0).await.unwrap().len(), 0);
    assert_eq!(app.post(&path, &[("action", "take"), ("client", "ことぶき住宅管理"), ("date", "2024-02-08")]).await.status, StatusCode::SEE_OTHER);
    assert!(app.get(&path).await.text().contains("2024年2月8日の回答として取り込み済み"));
    assert!(page(&app, id, 1).await.contains("過去の回答に取り込み済み"));
    // Twice is once.
    app.post(&path, &[("action", "take"), ("client", "ことぶき住宅管理"), ("date", "2024-02-08")]).await;
    let library = app.store.library(0).await.unwrap();
    assert_eq!(library.len(), 9);
    let first = library.iter().find(|f| f.question.starts_with("賃貸借契約者")).unwrap();
    assert_eq!((first.answer.choice.as_deref(), first.answer.text.as_str()), (Some("実施済"), "原本は返却し、複写は電子化後に裁断しています。"));

    // The next questionnaire shows it with client, file and date; what is drafted, and how surely, is as it was without.
    let next = app.upload("half-filled.xlsx").await;
    let shown = page(&app, next, 1).await;
    assert!(shown.contains("ことぶき住宅管理（2024年2月8日、half-filled.xlsx）") && shown.contains("承認済みの回答ではありません"), "{shown}");
    let again = app.store.questions(next).await.unwrap();
    for (a, b) in drafts.iter().zip(&again) {
        assert_eq!((a.suggestion.band, a.suggestion.draft), (b.suggestion.band, b.suggestion.draft));
    }
    let taken = app.get(&format!("/questionnaires/{next}?at=1&past=f{}", first.id)).await.text();
    assert!(taken.contains(">原本は返却し、複写は電子化後に裁断しています。</textarea>") && taken.contains("value=\"実施済\" checked"), "{taken}");
    assert!(app.get(&format!("/questionnaires/{next}?at=7&q=原本")).await.text().contains("half-filled.xlsx）"));

    app.post(&path, &[("action", "remove")]).await;
    assert_eq!(app.store.library(0).await.unwrap().len(), 0);
    let log = app.store.audit(None, 20).await.unwrap();
    let deeds: Vec<&str> = log.iter().filter(|e| e.action.starts_with("過去の回答")).map(|e| e.action.as_str()).collect();
    assert_eq!(deeds, ["過去の回答の取り消し", "過去の回答の取り込み", "過去の回答の取り込み"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_sales_and_reviewers_fill_the_library() {
    let app = TestApp::new().await;
    let id = app.given("half-filled.xlsx").await;
    app.join("first", Roles::default()).await;
    let path = format!("/questionnaires/{id}/past");
    for (name, role, may) in [("sales", Role::Sales, true), ("reviewer", Role::Reviewer, true), ("approver", Role::Approver, false)] {
        let session = app.join(name, [role].into_iter().collect()).await;
        let want = if may { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(session.post(&path, &[("action", "take"), ("client", "甲社"), ("date", "2024-02-08")]).await.status, want, "{name}");
    }
}

/// Rows about the company are answered, and not counted as questions about security; what is changed in the profile is logged.
#[tokio::test(flavor = "multi_thread")]
async fn company_facts_are_counted_apart_and_logged() {
    let app = TestApp::new().await;
    let id = app.upload("mixed-sheets.xlsx").await;
    let lines = app.store.lines(id).await.unwrap();
    let facts: Vec<u32> = lines.iter().filter(|l| l.profile).map(|l| l.position).collect();
    let questionnaire = app.store.questionnaire(id).await.unwrap().unwrap();
    assert_eq!((facts.len(), questionnaire.facts.total(), questionnaire.tally.total()), (9, 9, lines.len() - 9));
    let list = app.get("/").await.text();
    assert!(list.contains(&format!("0／{}問 回答済み　会社情報 0／9", lines.len() - 9)), "{list}");
    decide(&app, id, facts[0], &[("action", "save"), ("text", "株式会社あおぞら見本")]).await;
    let questionnaire = app.store.questionnaire(id).await.unwrap().unwrap();
    assert_eq!((questionnaire.facts.settled(), questionnaire.tally.settled()), (1, 0));
    let counts = app.store.counts(1).await.unwrap();
    assert_eq!((counts.settled_at.len(), counts.sections.iter().map(|(_, _, n)| n).sum::<usize>()), (0, lines.len() - 9));
    // Everything else done: the facts are still to do.
    for line in lines.iter().filter(|l| !l.profile) {
        assert_eq!(app.store.question(id, line.position).await.unwrap().unwrap().question.kind, Kind::Check);
        decide(&app, id, line.position, &[("action", "decline")]).await;
    }
    assert!(app.get("/?show=open").await.text().contains("会社情報 <strong>8</strong>件"));

    app.post("/profile", &[("company-name", "株式会社あおぞら見本"), ("capital", "1億円")]).await;
    app.post("/profile", &[("company-name", "株式会社あおぞら見本"), ("capital", "2億円")]).await;
    app.post("/profile", &[("company-name", "株式会社あおぞら見本"), ("capital", "2億円")]).await;
    let log: Vec<(String, String)> =
        app.store.audit(None, 10).await.unwrap().into_iter().filter(|e| e.action == "会社プロフィール").map(|e| (e.before, e.after)).collect();
    assert_eq!(log.len(), 2, "{log:?}");
    assert_eq!(log[0], ("資本金：1億円".to_owned(), "資本金：2億円".to_owned()));
    assert_eq!(log[1].0, "");
    assert!(log[1].1.contains("会社名：株式会社あおぞら見本") && log[1].1.contains("資本金：1億円"));
    assert!(app.store.verify_audit().await.unwrap().is_ok());
}

/// The command line writes nothing where an answer stands: nobody has reviewed whether it may go.
#[test]
fn the_command_line_leaves_what_stands() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("filled.xlsx");
    let path = |name: &str| crate::harness::fixture(name).to_str().unwrap().to_owned();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_kaitou"))
        .args(["answer", &path("clients/half-filled.xlsx"), "--standard", &path("standard-sheet.xlsx"), "--all", "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let before = cells(&fixture_bytes("clients/half-filled.xlsx"));
    let after = cells(&std::fs::read(&out).unwrap());
    for (at, text) in &before {
        assert_eq!(after.get(at), Some(text), "{at:?}");
    }
}
