//! What the review workspace costs: the page of a question among 400, at the server and in Chromium, beside the smallest of
//! pages there; and a decision while 20 reviewers are at work, beside its floor in the same run, a file written and synced.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a benchmark")]

#[path = "../tests/it/chrome.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod chrome;

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use kaitou::accounts::Accounts;
use kaitou::clock::Clock;
use kaitou::export::FinalAnswer;
use kaitou::matching::{Band, Reason};
use kaitou::people::By;
use kaitou::pipeline::{Library, Pipeline, Sources};
use kaitou::questionnaire::Question;
use kaitou::review::{Proposal, Suggestion};
use kaitou::store::{NewQuestionnaire, Store};
use kaitou::web::{self, App, router};
use kaitou::workbook::{CellRef, Limits};
use tokio::net::TcpListener;
use tower::ServiceExt;

use chrome::{Browser, DESK, Driver};

const QUESTIONS: u32 = 400;
const REVIEWERS: u32 = 20;
/// Each reviewer decides once in this time, which is faster than anybody reads.
const PACE: Duration = Duration::from_millis(500);

fn question(n: u32) -> (Question, Suggestion) {
    let question = Question {
        sheet: "調査票".to_owned(),
        number: Some(n.to_string()),
        section: vec![format!("区分{}", n / 20)],
        text: format!("{n}番：情報資産の取り扱いについて、手順を定めて関係者に周知し、定期的に見直していますか。"),
        question_cell: CellRef::new(n + 5, 3),
        choice_cell: Some(CellRef::new(n + 5, 4)),
        choices: Some(vec!["○".to_owned(), "×".to_owned(), "対象外".to_owned()]),
        boxes: None,
        text_cell: Some(CellRef::new(n + 5, 5)),
        marks: None,
        legend: vec![],
        kind: kaitou::questionnaire::Kind::Check,
    };
    let proposal = |item| Proposal {
        item,
        number: item.to_string(),
        section: vec!["組織".to_owned()],
        question: "情報資産の取り扱い手順を定めているか".to_owned(),
        answer: FinalAnswer { choice: Some("○".to_owned()), text: "社内規程に定め、年1回見直しています。".repeat(4) },
        confidence: 0.9,
        why: vec![Reason::Word("情報資産".to_owned()), Reason::Word("手順".to_owned())],
    };
    (question, Suggestion { band: Band::High, answerable: 0.9, draft: Some(1), proposals: (1..=10).map(proposal).collect() })
}

async fn ask(router: &Router, method: &str, path: &str, body: String) -> (u16, usize) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.unwrap().to_bytes().len())
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("{what}: median {:.2?}, 95 % within {:.2?} ({} times)", at(50), at(95), times.len());
}

/// How long the page takes in Chromium until it answers to keys: its script has run, and what it shows is painted.
async fn in_a_browser(app: App, id: i64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let service = tokio::spawn(web::serve(listener, app, async { drop(stopped.await) }));
    let driver = Driver::start();
    let browser = Browser::open(&driver, base, DESK).await;
    let review = format!("/questionnaires/{id}?at=200");
    for (what, path) in [("floor: the help page", "/help"), ("the review page", review.as_str())] {
        let mut times = Vec::new();
        for _ in 0..21 {
            browser.go(path).await;
            browser.until("performance.getEntriesByName('first-contentful-paint').length > 0").await;
            let script = "return Math.max(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,
                performance.getEntriesByName('first-contentful-paint')[0].startTime)";
            let ms = browser.client.execute(script, vec![]).await.unwrap();
            times.push(Duration::from_secs_f64(ms.as_f64().unwrap() / 1e3));
        }
        tell(&format!("interactive in Chromium, {what}"), times.split_off(1));
    }
    browser.client.clone().close().await.unwrap();
    drop(stop);
    service.await.unwrap().unwrap();
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, limits) = (Clock::system(), Limits::default());
    let store = Store::open(folder.path()).await.unwrap();
    let library = Library::open(&Sources { data: kaitou::config::default_cache_dir(), ..Sources::default() }).unwrap();
    let (pipeline, worker) = Pipeline::start(store.clone(), clock.clone(), limits, library).await.unwrap();
    let by = By::this_machine();
    let standard = store.add_standard("標準.xlsx", b"PK", 67, &by, clock.now()).await.unwrap();
    let new = NewQuestionnaire { client: "甲社".to_owned(), services: vec![], due: None, file_name: "a.xlsx".to_owned(), bytes: vec![] };
    let id = store.add_questionnaire(&new, &by, clock.now()).await.unwrap();
    store.finish(id, 0, standard, &[], &(1..=QUESTIONS).map(question).collect::<Vec<_>>()).await.unwrap();
    let accounts = Accounts::new(store.clone(), clock.clone());
    let app = || App::new(store.clone(), pipeline.clone(), accounts.clone(), clock.clone(), limits, "http://localhost".parse().unwrap());
    let router = router(app());
    in_a_browser(app(), id).await;

    let mut times = Vec::new();
    let mut size = 0;
    for n in 0..100 {
        let begin = Instant::now();
        let (status, bytes) = ask(&router, "GET", &format!("/questionnaires/{id}?at={}", n * 4 + 1), String::new()).await;
        times.push(begin.elapsed());
        assert_eq!(status, 200);
        size = bytes;
    }
    tell(&format!("the page of one question among {QUESTIONS} ({} KB)", size >> 10), times);

    let mut file = File::create(folder.path().join("floor")).unwrap();
    let mut times = Vec::new();
    for _ in 0..200 {
        let begin = Instant::now();
        file.write_all(&[b'x'; 4096]).unwrap();
        file.sync_data().unwrap();
        times.push(begin.elapsed());
    }
    tell("floor: 4 KB written and synced", times);

    let begin = Instant::now();
    let mut reviewers = Vec::new();
    for n in 0..REVIEWERS {
        let router = router.clone();
        reviewers.push(tokio::spawn(async move {
            // They do not all press at the same moment.
            tokio::time::sleep(PACE * n / REVIEWERS).await;
            let mut times = Vec::new();
            for step in 0..QUESTIONS / REVIEWERS {
                let position = step * REVIEWERS + n + 1;
                let sent = Instant::now();
                let body = "action=accept&revision=0&item=1".to_owned();
                let (status, _) = ask(&router, "POST", &format!("/questionnaires/{id}/questions/{position}"), body).await;
                times.push(sent.elapsed());
                assert_eq!(status, 303);
                tokio::time::sleep(PACE.saturating_sub(sent.elapsed())).await;
            }
            times
        }));
    }
    let mut times = Vec::new();
    for reviewer in reviewers {
        times.extend(reviewer.await.unwrap());
    }
    tell(&format!("a decision, {REVIEWERS} reviewers deciding every {PACE:?}"), times);
    println!("{QUESTIONS} decisions in {:.2?}", begin.elapsed());
    worker.shut_down().await;
}
