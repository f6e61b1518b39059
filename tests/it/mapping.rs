//! What was found in a file is put right, stays right when the same form comes again, and nothing that was decided is lost.

use axum::http::StatusCode;
use kaitou::people::{Role as Person, Roles};
use kaitou::questionnaire::mapping::{Correction, Mapping, Role};
use kaitou::questionnaire::{self, Question};
use kaitou::review::Kind;
use kaitou::store::{Origin, Reading};
use kaitou::workbook::{Limits, read};
use rust_xlsxwriter::{DataValidation, Format, FormatBorder, Workbook};

use crate::harness::TestApp;

/// A form of two sheets: `heads` over the table of the first, and `texts` as its questions; rows below the table; a second
/// sheet that asks, too.
struct Form {
    year: u32,
    heads: Vec<&'static str>,
    texts: Vec<String>,
    below: Vec<&'static str>,
}

const HEADS: [&str; 5] = ["No.", "質問事項", "回答", "備考", "貴社記入欄"];

impl Form {
    fn new(year: u32, questions: usize) -> Self {
        let texts = (1..=questions).map(|n| format!("{year}年の調査{n}：対策{n}を実施していますか。")).collect();
        Self { year, heads: HEADS.to_vec(), texts, below: Vec::new() }
    }

    fn bytes(&self) -> Vec<u8> {
        let framed = Format::new().set_border(FormatBorder::Thin);
        let head = framed.clone().set_bold().set_background_color(0xD9_E1F2);
        let mut book = Workbook::new();
        let sheet = book.add_worksheet().set_name(format!("{}年度調査票", self.year)).unwrap();
        sheet.set_column_width(1, 60).unwrap();
        sheet.write(0, 0, format!("情報セキュリティ調査（{}年度）", self.year)).unwrap();
        for (col, text) in (0..).zip(&self.heads) {
            sheet.write_with_format(2, col, *text, &head).unwrap();
        }
        let choice = u16::try_from(self.heads.iter().position(|h| *h == "回答").unwrap()).unwrap();
        let question = choice - 1;
        let last = 2 + u32::try_from(self.texts.len()).unwrap();
        for (row, text) in (3..).zip(&self.texts) {
            for col in 0..u16::try_from(self.heads.len()).unwrap() {
                sheet.write_blank(row, col, &framed).unwrap();
            }
            sheet.write_with_format(row, 0, row - 2, &framed).unwrap();
            sheet.write_with_format(row, question, text, &framed).unwrap();
        }
        let list = DataValidation::new().allow_list_strings(&["はい", "いいえ"]).unwrap();
        sheet.add_data_validation(3, choice, last, choice, &list).unwrap();
        for (row, text) in (last + 3..).zip(&self.below) {
            sheet.write(row, question, *text).unwrap();
        }
        let other = book.add_worksheet().set_name("別紙").unwrap();
        for (col, text) in (0..).zip(["No.", "確認事項", "回答"]) {
            other.write_with_format(0, col, text, &head).unwrap();
        }
        for row in 1..4_u32 {
            other.write_with_format(row, 0, row, &framed).unwrap();
            other.write_with_format(row, 1, format!("別紙の確認{row}を行っていますか。"), &framed).unwrap();
            other.write_blank(row, 2, &framed).unwrap();
        }
        book.save_to_buffer().unwrap()
    }

    async fn given(&self, app: &TestApp, client: &str) -> i64 {
        let file_name = format!("{client}.xlsx");
        app.sent(client, &file_name, self.bytes()).await
    }
}

async fn questions(app: &TestApp, id: i64) -> Vec<Question> {
    app.store.questions(id).await.unwrap().into_iter().map(|q| q.question).collect()
}

/// Sends one correction of the first sheet.
async fn correct(app: &TestApp, id: i64, op: &str, fields: &[(&str, &str)]) {
    let fields: Vec<(&str, &str)> = [("op", op)].into_iter().chain(if fields.iter().any(|f| f.0 == "sheet") { None } else { Some(("sheet", "1")) }).chain(fields.iter().copied()).collect();
    let answer = app.post(&format!("/questionnaires/{id}/mapping"), &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{op}: {}", answer.text());
}

async fn save(app: &TestApp, id: i64) {
    let answer = app.post(&format!("/questionnaires/{id}/mapping/save"), &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, format!("/questionnaires/{id}").as_str()), "{}", answer.text());
    app.wait_until_read(id).await;
}

fn cells(question: &Question) -> (String, String, String) {
    let cell = |at: Option<kaitou::workbook::CellRef>| at.map(|at| at.to_string()).unwrap_or_default();
    (question.question_cell.to_string(), cell(question.choice_cell), cell(question.text_cell))
}

fn three(a: &str, b: &str, c: &str) -> (String, String, String) {
    (a.to_owned(), b.to_owned(), c.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_rows_sheets_and_choices_are_put_right_and_the_form_is_remembered() {
    let app = TestApp::new().await;
    let below = vec!["追加でお伺いします。データの保管国はどこですか。", "追加でお伺いします。再委託の有無はどうですか。"];
    let mut form = Form { below: below.clone(), ..Form::new(2026, 6) };
    form.texts[5] = "この行は当社が記入します。".to_owned();
    let id = form.given(&app, "甲社").await;
    let found = questions(&app, id).await;
    assert_eq!(found.len(), 9, "{found:?}");
    assert_eq!(cells(&found[0]), three("B4", "C4", "D4"));

    // The text goes elsewhere, a row is no question, the second sheet is none of ours, rows below were missed, other words.
    correct(&app, id, "column:5:text", &[]).await;
    correct(&app, id, "leave:9", &[]).await;
    correct(&app, id, "use:no", &[("sheet", "2")]).await;
    correct(&app, id, "block", &[("first", "12"), ("last", "13")]).await;
    correct(&app, id, "choices", &[("words", "対応済\r\n\r\n一部対応\r\n対応済\r\n未対応")]).await;
    let page = app.get(&format!("/questionnaires/{id}/mapping")).await.text();
    assert!(page.contains("変更はまだ反映されていません") && page.contains("<strong>7問</strong>"), "{page}");
    assert!(page.contains("画面の指定で除外") && page.contains("2026年度調査票!B9"), "{page}");
    assert_eq!(questions(&app, id).await.len(), 9, "nothing is in force before it is saved");
    save(&app, id).await;
    let put_right = questions(&app, id).await;
    let places: Vec<_> = put_right.iter().map(cells).collect();
    let mut expected: Vec<_> = (4..=8).map(|row| three(&format!("B{row}"), &format!("C{row}"), &format!("E{row}"))).collect();
    expected.extend([12, 13].map(|row| three(&format!("B{row}"), &format!("C{row}"), &format!("E{row}"))));
    assert_eq!(places, expected);
    assert!(put_right.iter().all(|q| q.choices.as_deref() == Some(&["対応済", "一部対応", "未対応"].map(str::to_owned)[..])), "{put_right:?}");
    let entry = app.store.audit(None, 10).await.unwrap().into_iter().find(|e| e.action == "読み取り方の変更").unwrap();
    assert!(entry.after.contains("E列は「記述」") && entry.after.contains("9行目を除外") && entry.before.is_empty(), "{entry:?}");

    // The next year, from another client, with more rows, other texts, and the row that is none of ours further down.
    let mut next = Form { below, ..Form::new(2027, 9) };
    next.texts[8] = "この行は当社が記入します。".to_owned();
    let id = next.given(&app, "乙社").await;
    assert_eq!(app.store.mapping(id).await.unwrap().origin, Origin::Remembered);
    let places: Vec<_> = questions(&app, id).await.iter().map(cells).collect();
    let mut expected: Vec<_> = (4..=11).map(|row| three(&format!("B{row}"), &format!("C{row}"), &format!("E{row}"))).collect();
    expected.extend([15, 16].map(|row| three(&format!("B{row}"), &format!("C{row}"), &format!("E{row}"))));
    assert_eq!(places, expected);
    let page = app.get(&format!("/questionnaires/{id}/mapping")).await.text();
    assert!(page.contains("同じ形式の質問票で指定された読み取り方を適用しました") && page.contains("甲社"), "{page}");

    // A mark is taken back, and with it what is remembered.
    correct(&app, id, "reset", &[]).await;
    correct(&app, id, "reset", &[("sheet", "2")]).await;
    save(&app, id).await;
    assert_eq!(questions(&app, id).await.len(), 12);
    let id = Form::new(2028, 5).given(&app, "丙社").await;
    assert_eq!(app.store.mapping(id).await.unwrap().origin, Origin::Found);
    assert_eq!(questions(&app, id).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_near_is_asked_about() {
    let app = TestApp::new().await;
    let id = Form::new(2026, 5).given(&app, "甲社").await;
    correct(&app, id, "column:5:text", &[]).await;
    save(&app, id).await;

    // A column more: the text's is one further to the right now.
    let wider = || Form { heads: vec!["No.", "大分類", "質問事項", "回答", "備考", "貴社記入欄"], ..Form::new(2027, 7) };
    for (op, text) in [("drop", "E4"), ("form:take", "F4")] {
        let id = wider().given(&app, "乙社").await;
        let state = app.store.mapping(id).await.unwrap();
        assert_eq!(state.origin, Origin::Near, "{state:?}");
        assert_eq!(cells(&questions(&app, id).await[0]), three("C4", "D4", "E4"), "nothing is taken over unasked");
        let page = app.get(&format!("/questionnaires/{id}/mapping")).await.text();
        assert!(page.contains("以前の質問票と近い形式です") && page.contains("甲社"), "{page}");
        assert!(app.get(&format!("/questionnaires/{id}")).await.text().contains("質問票と近い形式です"), "on the review's page, too");
        correct(&app, id, op, &[]).await;
        let page = app.get(&format!("/questionnaires/{id}/mapping")).await.text();
        assert!(!page.contains("以前の質問票と近い形式です"), "it is asked once");
        save(&app, id).await;
        assert_eq!(cells(&questions(&app, id).await[0]), three("C4", "D4", text));
    }
    // Another table altogether is not near.
    let id = app.given("plain-table.xlsx").await;
    assert_eq!(app.store.mapping(id).await.unwrap().origin, Origin::Found);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_decided_or_said_is_never_lost() {
    let app = TestApp::new().await;
    let id = Form::new(2026, 6).given(&app, "甲社").await;
    let decided = app.decide(id, 3, &[("action", "save"), ("revision", "0"), ("choice", "はい"), ("text", "三番の回答")]).await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.text());
    app.post(&format!("/questionnaires/{id}/questions/2/comments"), &[("text", "これは質問でしょうか。")]).await;

    // A decided question can neither go nor lose the cell of its answer.
    let closed: &[&str] = &["column:4:nothing", "column:5:nothing"];
    for (ops, back) in [(&["leave:6"][..], &["take:6"][..]), (closed, &["column:4:found", "column:5:found"])] {
        for op in ops {
            correct(&app, id, op, &[]).await;
        }
        let refused = app.post(&format!("/questionnaires/{id}/mapping/save"), &[]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{ops:?}: {}", refused.location());
        assert!(refused.text().contains("No. 3（シート「2026年度調査票」B6）"), "{}", refused.text());
        for op in back {
            correct(&app, id, op, &[]).await;
        }
    }
    let state = async |position: u32| app.store.question(id, position).await.unwrap().unwrap();
    assert_eq!(state(3).await.review.state.kind(), Kind::Edited);

    // The first two go: the third is the first now, with its decision; what was said about the second comes back with it.
    correct(&app, id, "leave", &[("first", "4"), ("last", "5")]).await;
    save(&app, id).await;
    assert_eq!(app.store.lines(id).await.unwrap().len(), 7);
    let first = state(1).await;
    assert_eq!((first.review.state.answer().unwrap().text.as_str(), first.question.question_cell.to_string().as_str()), ("三番の回答", "B6"));
    assert_eq!(app.store.history(id, 1).await.unwrap().len(), 1);
    let entry = app.store.audit(None, 5).await.unwrap().into_iter().find(|e| e.action == "読み取り方の変更").unwrap();
    assert!(entry.after.contains("質問3〜9は1〜7に"), "{entry:?}");
    correct(&app, id, "take:5", &[]).await;
    save(&app, id).await;
    assert_eq!(app.store.comments(id, 1).await.unwrap()[0].text, "これは質問でしょうか。");
    assert_eq!(state(2).await.review.state.answer().unwrap().text, "三番の回答");

    // Released: nothing is changed any more.
    assert_eq!(app.post(&format!("/questionnaires/{id}/releases"), &[("take", "2")]).await.status, StatusCode::SEE_OTHER);
    let page = app.get(&format!("/questionnaires/{id}/mapping")).await.text();
    assert!(page.contains("すでにリリースされているため") && !page.contains("value=\"leave:7\""), "{page}");
    let late = app.post(&format!("/questionnaires/{id}/mapping"), &[("op", "leave:7"), ("sheet", "1")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_was_found_and_who_uploads_or_decides_puts_it_right() {
    let app = TestApp::new().await;
    let id = Form::new(2026, 4).given(&app, "甲社").await;
    let _first = app.join("kanri", Roles::all()).await;
    let path = format!("/questionnaires/{id}/mapping");
    for (name, role, may) in [("eigyo", Person::Sales, true), ("kakunin", Person::Reviewer, true), ("shonin", Person::Approver, false), ("kanri2", Person::Administrator, false)] {
        let person = app.join(name, [role].into_iter().collect()).await;
        let page = person.get(&path).await;
        assert!(page.text().contains("<strong>7問</strong>"), "{name}: {}", page.text());
        assert_eq!(page.text().contains("value=\"leave:4\""), may, "{name}");
        let sent = person.post(&path, &[("op", "leave:4"), ("sheet", "1")]).await;
        assert_eq!(sent.status, if may { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN }, "{name}");
        let drop = person.post(&path, &[("op", "drop"), ("sheet", "1")]).await;
        assert_eq!(drop.status, if may { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN }, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_which_nothing_is_found_is_put_right_too() {
    let app = TestApp::new().await;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("ヒアリング").unwrap();
    for (row, text) in (2..).zip(["データの保管場所", "バックアップの頻度", "障害時の連絡先"]) {
        sheet.write(row, 1, text).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let id = app.sent("甲社", "a.xlsx", bytes).await;
    assert!(matches!(app.store.questionnaire(id).await.unwrap().unwrap().reading, Reading::Failed(_)));
    let page = app.get(&format!("/questionnaires/{id}")).await.text();
    assert!(page.contains(&format!("/questionnaires/{id}/mapping")), "{page}");
    assert_eq!(app.get(&format!("/questionnaires/{id}/mapping")).await.status, StatusCode::OK);
    correct(&app, id, "column:2:question", &[]).await;
    let far = app.post(&format!("/questionnaires/{id}/mapping"), &[("op", "column:3:text"), ("sheet", "1")]).await;
    assert_eq!(far.status, StatusCode::SEE_OTHER, "the column right of the last is where answers go");
    save(&app, id).await;
    assert_eq!(questions(&app, id).await.iter().map(cells).collect::<Vec<_>>(), [3, 4, 5].map(|row| three(&format!("B{row}"), "", &format!("C{row}"))));
}

/// What is found in the workbook with these corrections of its first sheet, each made on what the one before led to.
fn corrected(book: &mut Workbook, corrections: &[Correction]) -> Vec<(String, String, String)> {
    let workbook = read::read(&book.save_to_buffer().unwrap(), &Limits::default()).unwrap();
    let mut mapping = Mapping::default();
    for correction in corrections {
        let found = questionnaire::look(&workbook, &mapping);
        mapping = mapping.with(&workbook, &found, &workbook.sheets[0].name, correction.clone()).unwrap();
    }
    questionnaire::look(&workbook, &mapping).questions.iter().map(cells).collect()
}

#[test]
fn a_block_may_hold_rows_of_any_form() {
    let framed = Format::new().set_border(FormatBorder::Thin);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (col, text) in [(0, "No."), (1, "質問事項"), (2, "回答")] {
        sheet.write_with_format(0, col, text, &framed).unwrap();
    }
    for row in 1..4_u32 {
        sheet.write_with_format(row, 0, row, &framed).unwrap();
        sheet.write_with_format(row, 1, format!("対策{row}を実施していますか。"), &framed).unwrap();
        sheet.write_blank(row, 2, &framed).unwrap();
    }
    // Below: answers under their questions, in other columns.
    for (row, text) in [(8, "データの保管場所"), (11, "バックアップの頻度")] {
        sheet.write(row, 4, text).unwrap();
        sheet.write(row + 1, 4, "回答").unwrap();
        sheet.write_blank(row + 1, 5, &framed).unwrap();
    }
    let table = [2, 3, 4].map(|row| three(&format!("B{row}"), "", &format!("C{row}")));
    assert_eq!(corrected(&mut book, &[]), table);
    let mut all = table.to_vec();
    all.extend([three("E9", "", "F10"), three("E12", "", "F13")]);
    assert_eq!(corrected(&mut book, &[Correction::Block { first: 9, last: 13 }]), all);
    // Taken away again; and one of its rows left out.
    assert_eq!(corrected(&mut book, &[Correction::Block { first: 9, last: 13 }, Correction::Unblock(9)]), table);
    all.remove(3);
    assert_eq!(corrected(&mut book, &[Correction::Block { first: 9, last: 13 }, Correction::Leave { first: 9, last: 9 }]), all);
}

#[test]
fn columns_are_what_a_person_says() {
    let framed = Format::new().set_border(FormatBorder::Thin);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let heads = ["区分", "質問事項", "解説", "はい", "いいえ", "備考"];
    for (col, text) in (0..).zip(heads) {
        sheet.write_with_format(0, col, text, &framed).unwrap();
    }
    for row in 1..5_u32 {
        sheet.write_with_format(row, 0, format!("区分{row}"), &framed).unwrap();
        sheet.write_with_format(row, 1, format!("対策{row}を実施していますか。"), &framed).unwrap();
        sheet.write_with_format(row, 2, format!("対策{row}とは、次のことをいいます。"), &framed).unwrap();
        for col in 3..6 {
            sheet.write_blank(row, col, &framed).unwrap();
        }
    }
    let column = |col, role| Correction::Column { col, role };
    let mut first = |corrections: &[Correction]| corrected(&mut book, corrections).remove(0);
    assert_eq!(first(&[]), three("B2", "", "F2"), "one of two columns is marked");
    assert_eq!(first(&[column(3, Some(Role::Question))]), three("C2", "", "F2"));
    assert_eq!(first(&[column(4, Some(Role::Choice))]), three("B2", "D2", "F2"));
    assert_eq!(first(&[column(5, Some(Role::Text)), column(6, Some(Role::Nothing))]).2, "E2");
    // The last word counts, and none gives it back.
    assert_eq!(first(&[column(5, Some(Role::Text)), column(4, Some(Role::Text))]).2, "D2");
    assert_eq!(first(&[column(3, Some(Role::Question)), column(3, None)]), three("B2", "", "F2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_with_the_reason() {
    let app = TestApp::new().await;
    let id = Form::new(2026, 4).given(&app, "甲社").await;
    for (op, fields, why) in [
        ("leave", vec![("first", "あ")], "半角の数字"),
        ("block", vec![("first", "9"), ("last", "3")], "行の範囲が正しくありません"),
        ("block", vec![("first", "2"), ("last", "2")], "文がありません"),
        ("column:99:text", vec![], "シートの範囲の外"),
        ("choices", vec![("words", "はい")], "選択肢は2個から"),
        ("column:2:nonsense", vec![], "この操作はできません"),
        ("nonsense", vec![], "この操作はできません"),
    ] {
        let fields: Vec<(&str, &str)> = [("op", op), ("sheet", "1")].into_iter().chain(fields).collect();
        let answer = app.post(&format!("/questionnaires/{id}/mapping"), &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{op}");
        assert!(answer.text().contains(why), "{op}: {}", answer.text());
    }
    // No question may be left out of the last.
    correct(&app, id, "use:no", &[]).await;
    correct(&app, id, "use:no", &[("sheet", "2")]).await;
    let none = app.post(&format!("/questionnaires/{id}/mapping/save"), &[]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text().contains("質問が1つもなくなります"));
    assert_eq!(app.get("/questionnaires/999/mapping").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.post("/questionnaires/999/mapping", &[("op", "reset")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.post("/questionnaires/999/mapping/save", &[]).await.status, StatusCode::NOT_FOUND);
}
