//! `/questionnaires/{id}/past`: the answers that stood in a client's file are taken into the library of past answers.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use serde::Deserialize;

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::head::Header;
use super::review::{Id, name};
use super::upload::CLIENT_CHARS;
use super::view::{Frame, date, moment};
use crate::clock::japan;
use crate::export::FinalAnswer;
use crate::questionnaire::{Kind, Question};
use crate::review::standing;
use crate::store::ReviewQuestion;

#[derive(Template)]
#[template(path = "past.html")]
struct PastPage {
    frame: Frame,
    head: Header,
    rows: Vec<Row>,
    client: String,
    date: String,
    /// That they are in the library already.
    taken: String,
    wrong: String,
}

struct Row {
    position: u32,
    name: String,
    question: String,
    choice: String,
    text: String,
}

/// What is sent.
#[derive(Deserialize)]
pub(super) struct Sent {
    action: String,
    #[serde(default)]
    client: String,
    #[serde(default)]
    date: String,
}

/// `GET /questionnaires/{id}/past`
pub(super) async fn page(State(app): State<Arc<App>>, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let written = app.pipeline.answered_on(id).await?;
    let day = written.unwrap_or_else(|| questionnaire.created_at.to_zoned(japan()).date());
    let client = questionnaire.client;
    show(&app, id, client, day.to_string(), String::new(), StatusCode::OK).await
}

/// `POST /questionnaires/{id}/past`: takes them in, or out again.
pub(super) async fn submit(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let again = async |wrong: &str| show(&app, id, sent.client.clone(), sent.date.clone(), wrong.to_owned(), StatusCode::UNPROCESSABLE_ENTITY).await;
    match sent.action.as_str() {
        "take" => {
            let client = sent.client.trim();
            if client.is_empty() || client.chars().count() > CLIENT_CHARS {
                return again(&format!("クライアント名を{CLIENT_CHARS}文字以内で入力してください。")).await;
            }
            let Ok(day) = sent.date.trim().parse::<Date>() else {
                return again("回答日は 2026-04-30 のように入力してください。").await;
            };
            if day > app.clock.today() {
                return again("回答日が未来の日付です。").await;
            }
            let questions = app.store.questions(id).await?;
            let answers: Vec<(&Question, FinalAnswer)> = answers(&questions).map(|(q, answer)| (&q.question, answer)).collect();
            if answers.is_empty() {
                return again("この質問票のファイルには、取り込める回答がありません。").await;
            }
            app.store.take_in(id, client, day, &answers, &who.by, app.clock.now()).await?;
        }
        "remove" => app.store.take_out(id, &who.by, app.clock.now()).await?,
        _ => return Err(WebError::Malformed("action".to_owned())),
    }
    Ok(Redirect::to(&format!("/questionnaires/{id}/past")).into_response())
}

/// The questions about security in whose cells an answer stood, each with it.
fn answers(questions: &[ReviewQuestion]) -> impl Iterator<Item = (&ReviewQuestion, FinalAnswer)> {
    questions.iter().filter(|q| q.question.kind == Kind::Check).filter_map(|q| Some((q, standing(&q.question)?)))
}

async fn show(app: &App, id: i64, client: String, day: String, wrong: String, status: StatusCode) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let questions = app.store.questions(id).await?;
    let rows = answers(&questions).map(|(q, answer)| Row {
        position: q.position,
        name: name(q),
        question: q.question.text.clone(),
        choice: answer.choice.unwrap_or_default(),
        text: answer.text,
    });
    let taken = app.store.taken_in(id).await?.map(|t| {
        format!("{}の回答{}件を、{}の回答として取り込み済みです（{} {}）。", t.client, t.answers, date(t.answered_on), moment(t.at), t.person)
    });
    let head = Header::new(questionnaire, app.clock.today());
    let frame = Frame::new(format!("過去の回答として取り込む — {}", head.client), "list");
    html(status, &PastPage { frame, rows: rows.collect(), head, client, date: day, taken: taken.unwrap_or_default(), wrong })
}
