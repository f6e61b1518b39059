//! What any database must do for kaitou. Every test takes an empty [`Store`]; `contract!` runs them all on SQLite, and will
//! on whatever else there is.

use jiff::Timestamp;
use kaitou::export::FinalAnswer;
use kaitou::intake::Form;
use kaitou::matching::{Band, Reason};
use kaitou::questionnaire::{Mark, Question};
use kaitou::people::By;
use kaitou::review::{Kind, Proposal, Review, Revision, State, Suggestion, Tally};
use kaitou::store::{NewQuestionnaire, Reading, SaveError, Store};
use kaitou::workbook::{CellRef, Problem};
use tempfile::TempDir;

macro_rules! contract {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let folder = tempfile::TempDir::new().unwrap();
                super::$test(kaitou::store::Store::open(folder.path()).await.unwrap()).await;
            })*
        }
    };
}

contract!(
    an_upload_is_kept_as_it_came,
    questions_come_back_as_they_went_in,
    reading_ends_once,
    decisions_follow_one_another,
    of_twenty_decisions_at_once_one_is_stored,
    only_answers_that_stand_are_learned_from,
    every_standard_sheet_is_kept,
);

fn by() -> By {
    By::this_machine()
}

fn at(minute: i8) -> Timestamp {
    format!("2026-04-01T01:{minute:02}:00.5Z").parse().unwrap()
}

fn upload() -> NewQuestionnaire {
    NewQuestionnaire {
        client: "株式会社みなと商事".to_owned(),
        services: vec!["OrderMill".to_owned(), "甲'乙\"".to_owned()],
        due: Some("2026-04-30".parse().unwrap()),
        file_name: "チェック😀.xlsx".to_owned(),
        bytes: vec![0, 255, 80, 75, 0],
        form: Form::Workbook,
        sha256: "0".repeat(64),
    }
}

fn answer(text: &str) -> FinalAnswer {
    FinalAnswer { choice: Some("はい".to_owned()), text: text.to_owned() }
}

fn question(number: u32) -> (Question, Suggestion) {
    let question = Question {
        sheet: "回答'表".to_owned(),
        number: Some(format!("1-{number}")),
        section: vec!["組織".to_owned(), "体制".to_owned()],
        text: format!("質問{number}\n続き"),
        question_cell: CellRef::new(number, 3),
        choice_cell: Some(CellRef::new(number, 4)),
        choices: Some(vec!["はい".to_owned(), "いいえ".to_owned()]),
        boxes: None,
        text_cell: Some(CellRef::new(number, 5)),
        marks: Some(vec![Mark { cell: CellRef::new(number, 6), choice: "○".to_owned(), sign: Some("レ".to_owned()) }]),
        legend: vec![("はい".to_owned(), "実施している".to_owned())],
        kind: kaitou::questionnaire::Kind::Check,
        filled: None,
    };
    let proposal = |item: u32| Proposal {
        item,
        number: item.to_string(),
        section: vec!["認証".to_owned()],
        question: format!("項目{item}"),
        answer: answer("承認済みの文"),
        confidence: 0.1 + f64::from(item) / 7.0,
        why: vec![
            Reason::Word("認証".to_owned()),
            Reason::Synonym("Pマーク".to_owned(), "プライバシーマーク".to_owned()),
            Reason::Past("前の質問".to_owned()),
        ],
    };
    let proposals = vec![proposal(2), proposal(3)];
    (question, Suggestion { band: Band::Medium, answerable: 0.123_456_789, draft: Some(2), proposals })
}

async fn ready(store: &Store, questions: u32) -> i64 {
    let id = store.add_questionnaire(&upload(), &by(), at(0)).await.unwrap();
    let standard = store.add_standard("標準.xlsx", b"PK", 67, &by(), at(0)).await.unwrap();
    let questions: Vec<_> = (1..=questions).map(question).collect();
    store.finish(id, 0, standard, &[], &questions).await.unwrap();
    id
}

async fn an_upload_is_kept_as_it_came(store: Store) {
    let id = store.add_questionnaire(&upload(), &by(), at(0)).await.unwrap();
    assert_eq!(store.unread().await.unwrap(), [id]);
    let kept = store.questionnaire(id).await.unwrap().unwrap();
    assert_eq!(store.questionnaires().await.unwrap(), std::slice::from_ref(&kept));
    let new = upload();
    assert_eq!((kept.client, kept.services, kept.due, kept.file_name), (new.client, new.services, new.due, new.file_name));
    assert_eq!((kept.created_at, kept.reading, kept.tally), (at(0), Reading::Reading, Tally::default()));
    assert_eq!(store.original(id).await.unwrap(), Some(new.bytes));
    assert_eq!(store.questionnaire(id + 1).await.unwrap(), None);
    assert_eq!(store.original(id + 1).await.unwrap(), None);
}

async fn questions_come_back_as_they_went_in(store: Store) {
    let id = store.add_questionnaire(&upload(), &by(), at(0)).await.unwrap();
    let standard = store.add_standard("標準.xlsx", b"PK", 67, &by(), at(0)).await.unwrap();
    let bare = Question {
        number: None,
        section: vec![],
        choice_cell: None,
        choices: None,
        boxes: None,
        text_cell: None,
        marks: None,
        ..question(2).0
    };
    let nothing = Suggestion { band: Band::None, answerable: 0.0, draft: None, proposals: vec![] };
    let sent = vec![question(1), (bare, nothing)];
    let problem = Problem { sheet: Some("表紙".to_owned()), cell: Some(CellRef::new(3, 2)), message: "結合".to_owned() };
    store.finish(id, 0, standard, std::slice::from_ref(&problem), &sent).await.unwrap();

    let kept = store.questions(id).await.unwrap();
    assert_eq!(kept.iter().map(|q| q.position).collect::<Vec<_>>(), [1, 2]);
    assert!(kept.iter().all(|q| q.review == Review::default()));
    assert_eq!(store.question(id, 2).await.unwrap().as_ref(), kept.last());
    assert_eq!(store.question(id, 3).await.unwrap(), None);
    assert_eq!(kept.into_iter().map(|q| (q.question, q.suggestion)).collect::<Vec<_>>(), sent);
    let questionnaire = store.questionnaire(id).await.unwrap().unwrap();
    assert_eq!((questionnaire.reading, questionnaire.problems), (Reading::Ready, vec![problem]));
    assert_eq!((questionnaire.standard, questionnaire.tally.of(Kind::Open)), (Some(standard), 2));
    let lines = store.lines(id).await.unwrap();
    assert_eq!(lines.iter().map(|l| (l.band, l.kind)).collect::<Vec<_>>(), [(Band::Medium, Kind::Open), (Band::None, Kind::Open)]);
}

async fn reading_ends_once(store: Store) {
    let id = ready(&store, 1).await;
    let before = store.questions(id).await.unwrap();
    // A second process that read the same upload comes too late, with an answer or with a failure.
    store.finish(id, 0, 1, &[], &[question(8), question(9)]).await.unwrap();
    store.fail(id, 0, "遅い").await.unwrap();
    assert!(!store.retry(id).await.unwrap());
    assert_eq!(store.questions(id).await.unwrap(), before);
    assert_eq!(store.questionnaire(id).await.unwrap().unwrap().reading, Reading::Ready);

    let other = store.add_questionnaire(&upload(), &by(), at(1)).await.unwrap();
    store.fail(other, 0, "質問が見つかりません。").await.unwrap();
    let failed = store.questionnaire(other).await.unwrap().unwrap();
    assert_eq!(failed.reading, Reading::Failed("質問が見つかりません。".to_owned()));
    assert_eq!(store.unread().await.unwrap(), [0_i64; 0]);
    assert!(store.retry(other).await.unwrap());
    assert_eq!(store.unread().await.unwrap(), [other]);
}

async fn decisions_follow_one_another(store: Store) {
    let id = ready(&store, 2).await;
    let steps = [
        State::Accepted { item: Some(2), answer: answer("承認済みの文") },
        State::Edited { item: None, answer: FinalAnswer { choice: None, text: "別の文\n2行目'--".to_owned() } },
        State::Declined,
        State::Open,
        State::Asked,
        State::NotApplicable { answer: answer("対象外") },
        State::Edited { item: Some(3), answer: FinalAnswer { choice: Some("はい".to_owned()), text: String::new() } },
    ];
    for (n, state) in (0..).zip(&steps) {
        let minute = i8::try_from(n).unwrap();
        assert_eq!(store.decide(id, 1, Revision(n), state, &by(), at(minute)).await.unwrap(), Revision(n + 1));
        let now = store.question(id, 1).await.unwrap().unwrap().review;
        assert_eq!(now, Review { revision: Revision(n + 1), state: state.clone(), released: None });
    }
    let history = store.history(id, 1).await.unwrap();
    assert_eq!(history.iter().map(|d| d.review.state.clone()).collect::<Vec<_>>(), steps);
    assert_eq!(history.iter().map(|d| d.at).collect::<Vec<_>>(), (0..7).map(at).collect::<Vec<_>>());
    let tally = store.questionnaire(id).await.unwrap().unwrap().tally;
    let mut expected = Tally::default();
    expected.add(Kind::Open, 1);
    expected.add(Kind::Edited, 1);
    assert_eq!(tally, expected);

    for wrong in [0, 6, 8, 99] {
        match store.decide(id, 1, Revision(wrong), &State::Declined, &by(), at(9)).await {
            Err(SaveError::Stale(now)) => assert_eq!(now.revision, Revision(7)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.history(id, 1).await.unwrap().len(), 7);
    let nowhere = store.decide(id, 3, Revision(0), &State::Declined, &by(), at(9)).await;
    assert!(matches!(nowhere, Err(SaveError::NoQuestion)), "{nowhere:?}");
}

async fn of_twenty_decisions_at_once_one_is_stored(store: Store) {
    let id = ready(&store, 1).await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let state = State::Edited { item: None, answer: answer(&format!("{n}人目")) };
                (state.clone(), store.decide(id, 1, Revision(0), &state, &by(), at(0)).await)
            })
        })
        .collect();
    let mut stored = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (state, Ok(revision)) => stored.push(Review { revision, state, released: None }),
            (_, Err(SaveError::Stale(_))) => {}
            (_, Err(e)) => panic!("{e}"),
        }
    }
    assert_eq!(stored, [store.question(id, 1).await.unwrap().unwrap().review]);
}

async fn only_answers_that_stand_are_learned_from(store: Store) {
    let id = ready(&store, 4).await;
    let accepted = State::Accepted { item: Some(2), answer: answer("承認済みの文") };
    let written = State::Edited { item: None, answer: answer("手で書いた") };
    let edited = State::Edited { item: Some(3), answer: answer("直した") };
    store.decide(id, 1, Revision(0), &accepted, &by(), at(1)).await.unwrap();
    store.decide(id, 2, Revision(0), &accepted, &by(), at(2)).await.unwrap();
    store.decide(id, 2, Revision(1), &State::Open, &by(), at(3)).await.unwrap();
    store.decide(id, 3, Revision(0), &written, &by(), at(4)).await.unwrap();
    store.decide(id, 4, Revision(0), &edited, &by(), at(5)).await.unwrap();
    let past = store.past_answers().await.unwrap();
    let past: Vec<_> = past.iter().map(|p| (p.question.as_str(), p.item, p.item_question.as_str())).collect();
    assert_eq!(past, [("質問4\n続き", 3, "項目3"), ("質問1\n続き", 2, "項目2")]);
}

async fn every_standard_sheet_is_kept(store: Store) {
    assert_eq!(store.standard().await.unwrap(), None);
    let first = store.add_standard("旧.xlsx", b"PK1", 67, &by(), at(0)).await.unwrap();
    let second = store.add_standard("新.xlsx", b"PK2", 70, &by(), at(1)).await.unwrap();
    let current = store.standard().await.unwrap().unwrap();
    assert_eq!((current.id, current.name.as_str(), current.bytes.as_slice()), (second, "新.xlsx", b"PK2".as_slice()));
    let versions = store.standards().await.unwrap();
    assert_eq!(versions.iter().map(|v| (v.id, v.items, v.imported_at)).collect::<Vec<_>>(), [(second, 70, at(1)), (first, 67, at(0))]);
}

#[tokio::test]
async fn what_is_stored_is_there_after_reopening() {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let id = ready(&store, 2).await;
    store.decide(id, 2, Revision(0), &State::Declined, &by(), at(1)).await.unwrap();
    let before = (store.questionnaires().await.unwrap(), store.questions(id).await.unwrap());
    store.close().await;
    let store = Store::open(folder.path()).await.unwrap();
    assert_eq!((store.questionnaires().await.unwrap(), store.questions(id).await.unwrap()), before);
}
