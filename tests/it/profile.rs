//! The company's profile: kept once, offered for the rows that ask for it, and in the file only when a person says so.

use axum::http::StatusCode;
use kaitou::questionnaire::Kind;
use kaitou::review::State;

use crate::harness::{TestApp, fixture_bytes};
use crate::http::changed;

#[tokio::test(flavor = "multi_thread")]
async fn facts_come_from_the_profile_and_leave_when_a_person_says_so() {
    let app = TestApp::new().await;
    let id = app.upload("mixed-sheets.xlsx").await;
    let mut facts = Vec::new();
    for line in app.store.lines(id).await.unwrap() {
        let question = app.store.question(id, line.position).await.unwrap().unwrap();
        if question.question.kind == Kind::Profile {
            assert!(question.suggestion.proposals.is_empty(), "{:?} is matched with the standard sheet", question.question.text);
            facts.push(question);
        }
    }
    assert_eq!(facts.len(), 9, "six in a table, three on the title page");
    let name = facts.iter().find(|q| q.question.text.starts_with("法人名")).unwrap();
    let page = async |position: u32| app.get(&format!("/questionnaires/{id}?at={position}")).await.text();
    assert!(page(name.position).await.contains("会社プロフィール</a>に当たる内容がない"));

    let saved = app.post("/profile", &[("company-name", " 株式会社あおぞら見本\r\n"), ("capital", "1億円"), ("date", "1月1日"), ("no-such-fact", "x")]).await;
    assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/profile?saved=1"));
    let form = app.get("/profile").await.text();
    assert!(form.contains(">株式会社あおぞら見本</textarea>") && !form.contains("1月1日"), "{form}");

    // The same questionnaire, without being read again: the draft and where it comes from.
    let shown = page(name.position).await;
    assert!(shown.contains(">株式会社あおぞら見本</textarea>") && shown.contains("会社プロフィール</a>：会社名"), "{shown}");
    let file = async || app.get(&format!("/questionnaires/{id}/file")).await.body;
    assert!(changed(&fixture_bytes("clients/mixed-sheets.xlsx"), &file().await).is_empty(), "nothing leaves before a decision");

    let answer = app.decide(id, name.position, &[("action", "save"), ("revision", "0"), ("text", "株式会社あおぞら見本")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let now = app.store.question(id, name.position).await.unwrap().unwrap().review.state;
    assert!(matches!(now, State::Accepted { item: None, .. }), "{now:?}");
    let filled = changed(&fixture_bytes("clients/mixed-sheets.xlsx"), &file().await);
    assert_eq!(filled.into_values().collect::<Vec<_>>(), ["株式会社あおぞら見本"]);

    // Emptied in the profile: no draft any more, the decision stays.
    app.post("/profile", &[("company-name", "")]).await;
    assert_eq!(app.store.profile().await.unwrap().0.len(), 0);
    assert!(page(name.position).await.contains(">株式会社あおぞら見本</textarea>"));
}
