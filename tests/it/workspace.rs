//! Several people at one questionnaire: deciding together, releasing, and what is written down about it.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read, Write};
use std::time::Duration;

use axum::http::StatusCode;
use http_body_util::BodyExt;
use kaitou::export::FinalAnswer;
use kaitou::intake::{Form, digest};
use kaitou::matching::{Band, Reason};
use kaitou::people::{By, Role, Roles};
use kaitou::questionnaire::Question;
use kaitou::review::{Kind, Proposal, Revision, State, Suggestion};
use kaitou::store::NewQuestionnaire;
use kaitou::workbook::{CellRef, Problem};

use crate::harness::{TestApp, fixture_bytes};
use crate::http::changed;

fn roles(roles: &[Role]) -> Roles {
    roles.iter().copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_before_the_release_and_the_same_release_is_the_same_file() {
    let app = TestApp::new().await;
    let id = app.given("plain-table.xlsx").await;
    app.join("kanri", Roles::all()).await;
    let reviewer = app.join("kakunin", roles(&[Role::Reviewer])).await;
    let approver = app.join("shonin", roles(&[Role::Approver])).await;
    let sales = app.join("eigyo", roles(&[Role::Sales])).await;
    let file = format!("/questionnaires/{id}/file");
    let decide = async |position: u32, revision: &str, text: &str| {
        let fields = [("action", "save"), ("revision", revision), ("choice", "○"), ("text", text)];
        let answer = reviewer.post(&format!("/questionnaires/{id}/questions/{position}"), &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    };
    decide(1, "0", "一番の回答").await;
    decide(2, "0", "二番の回答").await;
    let early = sales.get(&file).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.text().contains("まだリリースされていません"), "{}", early.text());
    assert!(sales.get(&format!("/questionnaires/{id}/download")).await.text().contains("まだリリースされていません"));

    // Only an approver, and only what is settled.
    let releases = format!("/questionnaires/{id}/releases");
    assert_eq!(reviewer.post(&releases, &[("take", "1")]).await.status, StatusCode::FORBIDDEN);
    let refused = approver.post(&releases, &[("take", "1"), ("take", "3")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text().contains("3問目") && refused.text().contains("未回答または確認中"), "{}", refused.text());
    assert_eq!(approver.post(&releases, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    // A part.
    assert_eq!(approver.post(&releases, &[("take", "1")]).await.status, StatusCode::SEE_OTHER);
    let original = fixture_bytes("clients/plain-table.xlsx");
    let first = sales.get(&file).await;
    assert_eq!(first.status, StatusCode::OK);
    assert!(changed(&original, &first.body).values().all(|text| text == "○" || text == "一番の回答"));
    assert_eq!(changed(&original, &first.body).len(), 2);
    let tally = app.store.questionnaire(id).await.unwrap().unwrap().all();
    assert_eq!((tally.of(Kind::Released), tally.of(Kind::Edited)), (1, 1));

    // A change after the release is not in the file until it is released again.
    decide(1, "1", "直した回答").await;
    assert_eq!(sales.get(&file).await.body, first.body, "the same release, the same bytes");
    let page = approver.get(&format!("/questionnaires/{id}/download")).await.text();
    assert!(page.contains("もう一度リリースが必要です"), "{page}");
    assert_eq!(approver.post(&releases, &[("take", "1"), ("take", "2")]).await.status, StatusCode::SEE_OTHER);
    let second = sales.get(&file).await.body;
    let texts: Vec<String> = changed(&original, &second).into_values().filter(|t| t != "○").collect();
    assert_eq!(texts, ["直した回答", "二番の回答"]);

    // Everything is kept: the older file, exactly its cells, and who fetched it.
    let kept = app.store.releases(id).await.unwrap();
    assert_eq!(kept.iter().map(|r| (r.person.as_str(), r.answers, r.cells, r.downloads.len())).collect::<Vec<_>>(), [("shonin", 2, 4, 1), ("shonin", 1, 2, 2)]);
    let older = sales.get(&format!("/questionnaires/{id}/releases/{}/file", kept[1].id)).await;
    assert_eq!(older.body, first.body);
    let cells = app.store.released_cells(kept[0].id).await.unwrap();
    let cells: BTreeMap<(String, String), String> = cells.into_iter().map(|c| ((c.sheet, c.cell.to_string()), c.after)).collect();
    assert_eq!(cells, changed(&original, &second));
    assert_eq!(sales.get(&format!("/questionnaires/999/releases/{}/file", kept[1].id)).await.status, StatusCode::NOT_FOUND);
    let log = app.store.audit(None, 100).await.unwrap();
    for action in ["回答", "リリース", "ダウンロード", "招待", "アップロード"] {
        assert!(log.iter().any(|e| e.action == action), "{action}");
    }
    let edit = log.iter().find(|e| e.after.contains("直した回答")).unwrap();
    assert!(edit.before.contains("一番の回答") && edit.person == "kakunin", "{edit:?}");
}

/// A workbook's package with one more part.
fn with_part(bytes: &[u8], name: &str, content: &str) -> Vec<u8> {
    let mut package = zip::ZipWriter::new_append(Cursor::new(bytes.to_vec())).unwrap();
    package.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    package.write_all(content.as_bytes()).unwrap();
    package.finish().unwrap().into_inner()
}

/// A signature ends by writing into the file: whoever hands it out reads that beside the button, and it stays on record.
#[tokio::test(flavor = "multi_thread")]
async fn what_writing_ends_is_said_where_the_file_is_handed_out() {
    let app = TestApp::new().await;
    let signed = with_part(&fixture_bytes("clients/scale-protected.xlsx"), "_xmlsignatures/sig1.xml", "<Signature/>");
    let id = app.sent("株式会社みなと商事", "signed.xlsx", signed).await;
    app.join("kanri", Roles::all()).await;
    let reviewer = app.join("kakunin", roles(&[Role::Reviewer])).await;
    let approver = app.join("shonin", roles(&[Role::Approver])).await;
    let sales = app.join("eigyo", roles(&[Role::Sales])).await;
    let fields = [("action", "save"), ("revision", "0"), ("text", "実施しています。")];
    assert_eq!(reviewer.post(&format!("/questionnaires/{id}/questions/1"), &fields).await.status, StatusCode::SEE_OTHER);
    let page = format!("/questionnaires/{id}/download");
    assert!(!sales.get(&page).await.text().contains("電子署名"));
    assert_eq!(approver.post(&format!("/questionnaires/{id}/releases"), &[("take", "1")]).await.status, StatusCode::SEE_OTHER);
    for person in [&approver, &sales] {
        let shown = person.get(&page).await.text();
        let (above, below) = shown.split_once("リリースの記録").unwrap();
        assert!(above.contains("クライアントに渡す前にご確認ください") && above.contains("書き込みにより署名は無効になります"), "{shown}");
        assert!(below.contains("書き込みにより署名は無効になります"), "{shown}");
    }
    let kept = app.store.releases(id).await.unwrap();
    assert_eq!(kept[0].notes.len(), 1, "{:?}", kept[0].notes);
    let log = app.store.audit(None, 10).await.unwrap();
    assert!(log.iter().any(|e| e.action == "リリース" && e.after.contains("署名は無効")), "{log:?}");
}

/// The rows of a file that goes out stay as they are until an administrator wants them to fit the answers.
#[tokio::test(flavor = "multi_thread")]
async fn rows_grow_with_the_answers_where_an_administrator_wants_it() {
    let app = TestApp::new().await;
    let id = app.given("houganshi.xlsx").await;
    let administrator = app.join("kanri", Roles::all()).await;
    let reviewer = app.join("kakunin", roles(&[Role::Reviewer, Role::Approver])).await;
    let long = "毎年四月に実施しています。\n記録は五年間保管しています。\n対象は全従業員です。\n委託先にも求めています。";
    let fields = [("action", "save"), ("revision", "0"), ("text", long)];
    assert_eq!(reviewer.post(&format!("/questionnaires/{id}/questions/1"), &fields).await.status, StatusCode::SEE_OTHER);
    let released = async || {
        let answer = reviewer.post(&format!("/questionnaires/{id}/releases"), &[("take", "1")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        reviewer.get(&format!("/questionnaires/{id}/file")).await.body
    };
    let row = |file: &[u8]| {
        let mut sheet = String::new();
        let mut package = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        package.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
        let from = sheet.find("<row r=\"16\"").unwrap();
        sheet[from..from + sheet[from..].find('>').unwrap()].to_owned()
    };
    let original = fixture_bytes("clients/houganshi.xlsx");
    assert_eq!(row(&released().await), row(&original));

    assert_eq!(reviewer.get("/settings").await.status, StatusCode::FORBIDDEN);
    assert_eq!(reviewer.post("/settings", &[("layout", "fit")]).await.status, StatusCode::FORBIDDEN);
    assert!(administrator.get("/settings").await.text().contains("value=\"keep\" checked"));
    assert_eq!(administrator.post("/settings", &[("layout", "tall")]).await.status, StatusCode::BAD_REQUEST);
    for _ in 0..2 {
        let saved = administrator.post("/settings", &[("layout", "fit")]).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/settings?saved=1"));
    }
    assert!(administrator.get("/settings").await.text().contains("value=\"fit\" checked"));
    let file = released().await;
    assert_ne!(row(&file), row(&original));
    assert_eq!(changed(&original, &file).into_values().collect::<Vec<_>>(), [long]);
    let page = reviewer.get(&format!("/questionnaires/{id}/download")).await.text();
    assert!(page.contains("回答が収まるように、1 行の高さを広げました。"), "{page}");
    let log = app.store.audit(None, 100).await.unwrap();
    let entries: Vec<(&str, &str)> = log.iter().filter(|e| e.action == "設定").map(|e| (e.before.as_str(), e.after.as_str())).collect();
    assert_eq!(entries, [("変更しない", "回答に合わせて調整する")], "what stays the same is no change");

    administrator.post("/settings", &[("layout", "keep")]).await;
    assert_eq!(row(&released().await), row(&original));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_band_high_is_taken_at_one_go_and_back_as_one() {
    let app = TestApp::new().await;
    let new = NewQuestionnaire { client: "甲社".to_owned(), services: vec![], due: None, file_name: "a.xlsx".to_owned(), bytes: vec![], form: Form::Workbook, sha256: String::new() };
    let id = app.store.add_questionnaire(&new, &By::this_machine(), app.clock.now()).await.unwrap();
    let drafted = |row: u32| {
        let question = Question {
            sheet: "表".to_owned(),
            number: Some(row.to_string()),
            section: vec![],
            text: format!("{row}番の対策を実施していますか。"),
            question_cell: CellRef::new(row, 1),
            choice_cell: None,
            choices: None,
            boxes: None,
            text_cell: Some(CellRef::new(row, 3)),
            marks: None,
            legend: vec![],
            kind: kaitou::questionnaire::Kind::Check,
            filled: None,
        };
        let proposal = Proposal {
            item: row,
            number: row.to_string(),
            section: vec![],
            question: "対策を実施しているか".to_owned(),
            answer: FinalAnswer { choice: None, text: format!("{row}番の承認済み回答") },
            confidence: 0.95,
            why: vec![],
        };
        let band = if row == 3 { Band::Medium } else { Band::High };
        (question, Suggestion { band, answerable: 0.9, draft: Some(row), proposals: vec![proposal] })
    };
    let standard = app.pipeline.engine().unwrap().id();
    app.store.finish(id, 0, standard, &[], &(1..=7).map(drafted).collect::<Vec<_>>()).await.unwrap();
    let page = app.get(&format!("/questionnaires/{id}/high")).await.text();
    let takes: Vec<String> = page.split("name=\"take\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    assert_eq!(takes, ["1-0", "2-0", "4-0", "5-0", "6-0", "7-0"], "the third is not that sure");
    // All but the last, and one of them is decided by somebody else first.
    let other: u32 = takes[0].split('-').next().unwrap().parse().unwrap();
    app.decide(id, other, &[("action", "decline"), ("revision", "0")]).await;
    let fields: Vec<(&str, &str)> = takes[..takes.len() - 1].iter().map(|t| ("take", t.as_str())).collect();
    let done = app.post(&format!("/questionnaires/{id}/high"), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let tally = async || app.store.questionnaire(id).await.unwrap().unwrap().tally;
    assert_eq!(tally().await.of(Kind::Accepted), takes.len() - 2);
    assert_eq!(tally().await.of(Kind::Declined), 1, "what somebody else decided stands");
    let page = app.get(done.location()).await.text();
    assert!(page.contains(&format!("{}問をまとめて保存しました", takes.len() - 2)), "{page}");

    // One is changed since; the others go back as one.
    let changed: u32 = takes[1].split('-').next().unwrap().parse().unwrap();
    app.decide(id, changed, &[("action", "decline"), ("revision", "1")]).await;
    let batch = done.location().split("batch=").nth(1).unwrap().to_owned();
    let undo = format!("/questionnaires/{id}/batches/{batch}/undo");
    assert_eq!(app.post(&undo, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!((tally().await.of(Kind::Accepted), tally().await.of(Kind::Declined)), (0, 2));
    assert_eq!(app.post(&format!("/questionnaires/{id}/batches/999/undo"), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_is_undone_and_done_again() {
    let app = TestApp::new().await;
    let id = app.given("plain-table.xlsx").await;
    let state = async || app.store.question(id, 1).await.unwrap().unwrap().review.state;
    let act = async |action: &str, revision: &str| app.decide(id, 1, &[("action", action), ("revision", revision), ("choice", "×"), ("text", "文")]).await.status;
    assert_eq!(act("save", "0").await, StatusCode::SEE_OTHER);
    let edited = state().await;
    assert_eq!(act("decline", "1").await, StatusCode::SEE_OTHER);
    assert_eq!(act("undo", "2").await, StatusCode::SEE_OTHER);
    assert_eq!(state().await, edited);
    assert_eq!(act("undo", "1").await, StatusCode::CONFLICT, "somebody who saw an old state undoes nothing");
    assert_eq!(act("undo", "3").await, StatusCode::SEE_OTHER);
    assert_eq!(state().await, State::Declined, "undone twice is done again");
    assert_eq!(act("notapplicable", "4").await, StatusCode::SEE_OTHER);
    assert_eq!(state().await.kind(), Kind::NotApplicable);
    assert_eq!(app.store.history(id, 1).await.unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_ask_the_same_are_decided_together_and_contradictions_show() {
    let app = TestApp::new().await;
    let new = NewQuestionnaire { client: "甲社".to_owned(), services: vec![], due: None, file_name: "a.xlsx".to_owned(), bytes: vec![], form: Form::Workbook, sha256: String::new() };
    let by = By::this_machine();
    let id = app.store.add_questionnaire(&new, &by, app.clock.now()).await.unwrap();
    let question = |row: u32, text: &str, choices: &[&str]| Question {
        sheet: "表".to_owned(),
        number: Some(row.to_string()),
        section: vec![],
        text: text.to_owned(),
        question_cell: CellRef::new(row, 1),
        choice_cell: Some(CellRef::new(row, 2)),
        choices: Some(choices.iter().map(|c| (*c).to_owned()).collect()),
        boxes: None,
        text_cell: Some(CellRef::new(row, 3)),
        marks: None,
        legend: vec![],
        kind: kaitou::questionnaire::Kind::Check,
        filled: None,
    };
    let nothing = || Suggestion { band: Band::None, answerable: 0.0, draft: None, proposals: vec![] };
    let same = "委託先の情報セキュリティ対策を定期的に確認していますか。";
    let questions = [
        question(1, same, &["○", "×"]),
        question(2, "入退室の記録を取得していますか。", &["○", "×"]),
        question(3, "委託先の情報セキュリティ対策を、定期的に確認していますか？", &["○", "×"]),
        question(4, same, &["はい", "いいえ"]),
    ];
    let standard = app.pipeline.engine().unwrap().id();
    app.store.finish(id, 0, standard, &[], &questions.map(|q| (q, nothing()))).await.unwrap();
    let page = app.get(&format!("/questionnaires/{id}?at=1")).await.text();
    assert!(page.contains("同じ内容の質問：") && page.contains("name=\"together\""), "{page}");
    assert!(!app.get(&format!("/questionnaires/{id}?at=2")).await.text().contains("同じ内容の質問："));
    let fields = [("action", "save"), ("revision", "0"), ("choice", "○"), ("text", "年1回確認"), ("together", "yes")];
    let done = app.decide(id, 1, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let kinds = async || app.store.lines(id).await.unwrap().iter().map(|l| l.kind).collect::<Vec<_>>();
    // The fourth offers no ○: it is left to a person.
    assert_eq!(kinds().await, [Kind::Edited, Kind::Open, Kind::Edited, Kind::Open]);
    let other = [("action", "save"), ("revision", "0"), ("choice", "いいえ"), ("text", "")];
    app.decide(id, 4, &other).await;
    let page = app.get(&format!("/questionnaires/{id}?at=1")).await.text();
    assert!(page.contains("食い違う回答があります") && page.matches("state flag").count() >= 3, "{page}");
    // What was decided together goes back together.
    let batch = done.location().split("batch=").nth(1).unwrap().to_owned();
    app.post(&format!("/questionnaires/{id}/batches/{batch}/undo"), &[]).await;
    assert_eq!(kinds().await, [Kind::Edited, Kind::Open, Kind::Open, Kind::Edited]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_is_asked_and_answers() {
    let app = TestApp::new().await;
    let id = app.given("plain-table.xlsx").await;
    let first = app.join("kanri", Roles::all()).await;
    let colleague = app.join("sato", roles(&[Role::Reviewer])).await;
    let sato = app.store.people().await.unwrap().into_iter().find(|p| p.name == "sato").unwrap().id.to_string();
    let at = format!("/questionnaires/{id}/questions/5");
    let ask = [("revision", "0"), ("person", sato.as_str()), ("text", "この認証の期限は？\r\n<b>急ぎ</b>")];
    assert_eq!(first.post(&format!("{at}/ask"), &[("revision", "0"), ("text", " ")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let asked = first.post(&format!("{at}/ask"), &ask).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    assert_eq!(app.store.question(id, 5).await.unwrap().unwrap().review.state, State::Asked);
    // It waits for the colleague before anything else does, and nothing of it is exported.
    assert_eq!(colleague.get("/next").await.location(), format!("/questionnaires/{id}?at=5"));
    let page = colleague.get(&format!("/questionnaires/{id}?at=5")).await.text();
    assert!(page.contains("この認証の期限は？") && page.contains("&#60;b&#62;急ぎ") && !page.contains("<b>急ぎ"), "{page}");
    assert_eq!(first.post(&format!("{at}/ask"), &[("revision", "1"), ("text", "もう一度")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(colleague.post(&format!("{at}/comments"), &[("text", "2026年までです。")]).await.status, StatusCode::SEE_OTHER);
    let fields = [("action", "save"), ("revision", "1"), ("choice", "○"), ("text", "2026年まで有効です。")];
    assert_eq!(colleague.post(&at, &fields).await.status, StatusCode::SEE_OTHER);
    let asked_again = first.post(&format!("{at}/ask"), &[("revision", "2"), ("text", "決まったあと")]).await;
    assert_eq!(asked_again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(asked_again.text().contains("未回答に戻してから"), "{}", asked_again.text());
    assert_eq!(app.store.comments(id, 5).await.unwrap().len(), 2);
    assert_eq!(first.post(&format!("{at}/assignee"), &[("person", "999")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_found_by_hand() {
    let app = TestApp::new().await;
    let earlier = app.given("plain-table.xlsx").await;
    app.decide(earlier, 1, &[("action", "save"), ("revision", "0"), ("choice", "○"), ("text", "灯台守が毎朝点検しています。")]).await;
    let id = app.given("free-text.xlsx").await;
    let page = app.get(&format!("/questionnaires/{id}?at=1&q=%E7%81%AF%E5%8F%B0%E5%AE%88")).await.text();
    assert!(page.contains("灯台守が毎朝点検しています。") && page.contains("株式会社みなと商事"), "{page}");
    let taken = app.get(&format!("/questionnaires/{id}?at=1&past={earlier}-1")).await.text();
    assert!(taken.contains("過去の回答") && taken.contains("灯台守が毎朝点検しています。</textarea>"), "{taken}");

    // An item that was no candidate can be taken, and is learned from.
    let question = app.store.question(id, 1).await.unwrap().unwrap();
    let engine = app.pipeline.engine().unwrap();
    let other = engine.sheet().items.iter().find(|i| question.suggestion.proposal(i.id).is_none() && engine.proposal(&question.question, i.id, &[]).is_some_and(|p| !p.answer.text.is_empty())).unwrap();
    let item = other.id.to_string();
    let page = app.get(&format!("/questionnaires/{id}?at=1&item={item}")).await.text();
    assert!(page.contains(&format!("name=\"item\" value=\"{item}\"")), "{page}");
    let saved = app.decide(id, 1, &[("action", "accept"), ("revision", "0"), ("item", &item)]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let review = app.store.question(id, 1).await.unwrap().unwrap().review;
    assert_eq!(review.state.item(), Some(other.id));
    assert!(app.store.past_answers().await.unwrap().iter().any(|p| p.item == other.id && p.question == question.question.text));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_reviewers_at_once_lose_nothing() {
    let app = TestApp::new().await;
    let id = app.given("several-sheets.xlsx").await;
    let total = app.store.lines(id).await.unwrap().len();
    app.join("kanri", Roles::all()).await;
    let mut people = Vec::new();
    for n in 0..20 {
        people.push(app.join(&format!("r{n}"), roles(&[Role::Reviewer])).await);
    }
    // Everybody decides every question, in an order of their own, on what they saw at the beginning.
    let mut saved: HashMap<u32, Vec<String>> = HashMap::new();
    let all = futures(people.iter().enumerate().map(|(n, person)| async move {
        let mut mine = Vec::new();
        for step in 0..total {
            let position = u32::try_from((step * 7 + n * 5) % total + 1).unwrap();
            let text = format!("{n}人目の回答");
            let fields = [("action", "save"), ("revision", "0"), ("text", text.as_str())];
            let answer = person.post(&format!("/questionnaires/{id}/questions/{position}"), &fields).await;
            match answer.status {
                StatusCode::SEE_OTHER => mine.push((position, text)),
                StatusCode::CONFLICT => assert!(answer.text().contains(&text) && answer.text().contains("保存していません")),
                other => panic!("{other}: {}", answer.text()),
            }
        }
        mine
    }))
    .await;
    for (position, text) in all.into_iter().flatten() {
        saved.entry(position).or_default().push(text);
    }
    assert_eq!(saved.len(), total);
    for (position, texts) in saved {
        assert_eq!(texts.len(), 1, "question {position}");
        let review = app.store.question(id, position).await.unwrap().unwrap().review;
        assert_eq!((review.revision, &review.state.answer().unwrap().text), (Revision(1), &texts[0]));
    }
    assert_eq!(app.store.verify_audit().await.unwrap().map(|c| c.length >= i64::try_from(total).unwrap()), Ok(true));
}

/// All at once on this thread's own turns; the service has threads of its own.
async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in all.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_decides_the_others_see_at_once() {
    let app = TestApp::new().await;
    let id = app.given("plain-table.xlsx").await;
    let other = app.given("free-text.xlsx").await;
    let mut stream = app.stream(&format!("/questionnaires/{id}/events"), "").await;
    app.decide(other, 1, &[("action", "decline"), ("revision", "0")]).await;
    app.decide(id, 3, &[("action", "decline"), ("revision", "0")]).await;
    let frame = tokio::time::timeout(Duration::from_secs(5), stream.frame()).await.expect("within a moment").unwrap().unwrap();
    let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
    let event: serde_json::Value = serde_json::from_str(text.trim().trim_start_matches("data:").trim()).unwrap();
    let expected = serde_json::json!({
        "what": "decided", "position": 3, "revision": 1, "kind": "declined", "label": "回答なし", "by": "このマシンの利用者"
    });
    assert_eq!(event, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_signed_out_is_told_nothing_more() {
    let app = TestApp::new().await;
    let id = app.given("plain-table.xlsx").await;
    let stays = app.join("kanri", Roles::all()).await;
    let leaves = app.join("kakunin", roles(&[Role::Reviewer])).await;
    let mut stream = app.stream(&format!("/questionnaires/{id}/events"), &leaves.cookie).await;
    let decline = [("action", "decline"), ("revision", "0")];
    stays.post(&format!("/questionnaires/{id}/questions/1"), &decline).await;
    let told = tokio::time::timeout(Duration::from_secs(5), stream.frame()).await.expect("within a moment");
    assert!(told.is_some());
    leaves.post("/sign-out", &[]).await;
    stays.post(&format!("/questionnaires/{id}/questions/2"), &decline).await;
    let told = tokio::time::timeout(Duration::from_secs(5), stream.frame()).await.expect("within a moment");
    assert!(told.is_none(), "the stream ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_shown_among_its_neighbours_in_the_file() {
    let app = TestApp::new().await;
    let id = app.given("plain-table.xlsx").await;
    let questions = app.store.questions(id).await.unwrap();
    let page = app.get(&format!("/questionnaires/{id}/questions/3/place")).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    for near in &questions[1..5] {
        assert!(text.contains(&near.question.text), "{} is missing", near.question.text);
    }
    let row = questions[2].question.question_cell.row;
    assert!(text.contains(&format!("<tr id=\"r{row}\" data-row=\"{row}\" class=\"asks here\">")), "{text}");
    assert!(!text.contains(&questions[11].question.text), "only the rows around it");
    assert_eq!(app.get(&format!("/questionnaires/{id}/questions/999/place")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_a_cell_is_never_code() {
    const EVIL: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}";
    let app = TestApp::new().await;
    let new = NewQuestionnaire {
        client: EVIL.to_owned(),
        services: vec![EVIL.to_owned()],
        due: None,
        file_name: format!("{EVIL}.xlsx"),
        bytes: fixture_bytes("clients/free-text.xlsx"),
        form: Form::Workbook,
        sha256: String::new(),
    };
    let by = By { id: None, name: EVIL.to_owned() };
    let id = app.store.add_questionnaire(&new, &by, app.clock.now()).await.unwrap();
    let question = Question {
        sheet: EVIL.to_owned(),
        number: Some(EVIL.to_owned()),
        section: vec![EVIL.to_owned()],
        text: format!("{EVIL}について、手順を定めていますか。"),
        question_cell: CellRef::new(1, 1),
        choice_cell: Some(CellRef::new(1, 2)),
        choices: Some(vec![EVIL.to_owned(), "×".to_owned()]),
        boxes: None,
        text_cell: Some(CellRef::new(1, 3)),
        marks: None,
        legend: vec![],
        kind: kaitou::questionnaire::Kind::Check,
        filled: None,
    };
    let proposal = Proposal {
        item: 1,
        number: EVIL.to_owned(),
        section: vec![EVIL.to_owned()],
        question: EVIL.to_owned(),
        answer: FinalAnswer { choice: Some(EVIL.to_owned()), text: EVIL.to_owned() },
        confidence: 0.9,
        why: vec![Reason::Word(EVIL.to_owned()), Reason::Synonym(EVIL.to_owned(), EVIL.to_owned()), Reason::Past(EVIL.to_owned())],
    };
    let suggestion = Suggestion { band: Band::High, answerable: 0.9, draft: Some(1), proposals: vec![proposal] };
    let problem = Problem { sheet: Some(EVIL.to_owned()), cell: None, message: EVIL.to_owned() };
    let standard = app.pipeline.engine().unwrap().id();
    let both = vec![(question.clone(), suggestion.clone()), (question, suggestion)];
    app.store.finish(id, 0, standard, &[problem], &both).await.unwrap();
    let fields = [("action", "save"), ("revision", "0"), ("choice", EVIL), ("text", EVIL), ("item", "1")];
    assert_eq!(app.decide(id, 1, &fields).await.status, StatusCode::SEE_OTHER);
    app.store.comment(id, 1, EVIL, &by, app.clock.now()).await.unwrap();
    let q = crate::harness::urlencoded(&[("q", EVIL)]);
    for path in [
        "/".to_owned(),
        format!("/?{q}"),
        format!("/questionnaires/{id}?at=1&saved=1"),
        format!("/questionnaires/{id}?at=2&{q}"),
        format!("/questionnaires/{id}/high"),
        format!("/questionnaires/{id}/download"),
        "/audit".to_owned(),
        "/charts".to_owned(),
        "/upload".to_owned(),
        format!("/sign-in?next={EVIL}").replace(['"', '<', '>', ' ', '{', '}'], "%22"),
    ] {
        let answer = app.get(&path).await;
        let page = answer.text();
        assert!(answer.status == StatusCode::OK || path.starts_with("/sign-in"), "{path}: {}", answer.status);
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
        assert!(!answer.header("content-security-policy").contains("unsafe"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_finds_and_filters_and_puts_the_urgent_first() {
    let app = TestApp::new().await;
    for (client, due) in [("丙社", ""), ("乙社", "2026-04-20"), ("甲社", "2026-03-01")] {
        let sent = app.post_file("/upload", &[("client", client), ("due", due), ("again", &digest(&fixture_bytes("clients/free-text.xlsx")))], Some((&format!("{client}.xlsx"), &fixture_bytes("clients/free-text.xlsx")))).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    }
    for id in 1..=3 {
        app.wait_until_read(id).await;
    }
    let order = async |path: &str| -> Vec<String> {
        let page = app.get(path).await.text();
        page.split("<th scope=\"row\">").skip(1).map(|r| r.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
    };
    assert_eq!(order("/").await, ["甲社", "乙社", "丙社"]);
    assert_eq!(order("/?show=late").await, ["甲社"]);
    assert_eq!(order("/?show=done").await, [""; 0]);
    assert_eq!(order("/?q=%E4%B9%99").await, ["乙社"]);
    let text = app.store.question(1, 2).await.unwrap().unwrap().question.text;
    let word: String = text.chars().take(8).collect();
    let page = app.get(&format!("/?{}", crate::harness::urlencoded(&[("q", &word)]))).await.text();
    assert!(page.contains("?at=2"), "{page}");
    assert_eq!(app.get("/next").await.location(), "/questionnaires/3?at=1", "the late one first");
}
