//! `/questionnaires/{id}`: one question after another beside the list of all, and what is decided about each.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::App;
use super::error::{WebError, html};
use super::list;
use super::view::{Frame, kind};
use crate::export::FinalAnswer;
use crate::pipeline::Progress;
use crate::questionnaire::{Kind as QuestionKind, profile};
use crate::review::{Kind, Revision, State as Answered};
use crate::store::{Line, Questionnaire, Reading, ReviewQuestion, SaveError};

mod detail;
mod lines;

pub(super) use detail::Header;
use detail::{Conflict, Detail, Entered};
use lines::{Entry, Show};

/// An id in an address. One that is no number is unknown like any other that is not there.
#[derive(Deserialize)]
#[serde(from = "String")]
pub(super) struct Id(pub i64);

impl From<String> for Id {
    fn from(text: String) -> Self {
        Self(text.parse().unwrap_or(-1))
    }
}

/// What of the questionnaire is asked for. Texts, so that a mistyped address shows the page and no error.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    show: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    saved: String,
}

/// A decision as the form sends it.
#[derive(Deserialize)]
pub(super) struct Decision {
    action: String,
    revision: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    choice: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    show: String,
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    frame: Frame,
    head: Header,
    show: Show,
    entries: Vec<Entry>,
    detail: Detail,
    saved: Option<Saved>,
}

/// What was just saved.
struct Saved {
    position: u32,
    name: String,
    kind: (&'static str, &'static str),
    revision: u32,
}

#[derive(Template)]
#[template(path = "reading.html")]
struct ReadingPage {
    frame: Frame,
    head: Header,
    progress: String,
    /// Done, and in all.
    matching: Option<(usize, usize)>,
    failed: Option<String>,
}

/// `GET /questionnaires/{id}`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(Id(id)): Path<Id>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    if questionnaire.reading != Reading::Ready {
        return reading(&app, questionnaire);
    }
    let Query(asked) = asked.unwrap_or_default();
    let lines = app.store.lines(id).await?;
    let show = Show::named(&asked.show);
    let first = || lines.iter().find(|l| show.has(l.kind)).or(lines.first()).map_or(0, |l| l.position);
    let open = || lines.iter().find(|l| l.kind == Kind::Open && show.has(l.kind)).map(|l| l.position);
    let at = asked.at.parse().ok().or_else(open).unwrap_or_else(first);
    let question = app.store.question(id, at).await?.ok_or(WebError::NotFound)?;
    let fact = fact(&app, &question).await?;
    let entered = Entered::stored(&question, fact.as_ref(), asked.item.parse().ok());
    let saved = match asked.saved.parse() {
        Ok(position) => app.store.question(id, position).await?.map(|q| Saved {
            position,
            name: detail::name(&q),
            kind: kind(q.review.state.kind()),
            revision: q.review.revision.0,
        }),
        Err(_) => None,
    };
    show_question(&app, questionnaire, &lines, show, &question, fact, entered, saved, StatusCode::OK)
}

/// `GET /questionnaires/{id}/questions/{position}`: where a browser is after a decision was refused, when it asks again.
pub(super) async fn question(Path((Id(id), Id(position))): Path<(Id, Id)>) -> Redirect {
    Redirect::to(&format!("/questionnaires/{id}?at={position}"))
}

/// `POST /questionnaires/{id}/questions/{position}`: stores a decision and goes on to the next open question.
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Path((Id(id), Id(position))): Path<(Id, Id)>,
    sent: Result<Form<Decision>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let position = u32::try_from(position).map_err(|_| WebError::NotFound)?;
    let question = app.store.question(id, position).await?.ok_or(WebError::NotFound)?;
    let seen = Revision(sent.revision.parse().map_err(|_| WebError::Malformed("revision".to_owned()))?);
    let item = sent.item.parse().ok();
    let proposal = item.and_then(|item| question.suggestion.proposal(item));
    let choice = Some(sent.choice.clone()).filter(|c| !c.is_empty());
    let answer = FinalAnswer { choice, text: sent.text.clone() };
    let now = question.review.state.clone();
    let fact = fact(&app, &question).await?;
    let wanted = match (sent.action.as_str(), proposal) {
        ("save", None) if fact.is_some() => {
            now.edit_fact(&question.question, fact.as_ref().map_or("", |f| &f.text), answer.clone())
        }
        ("save", proposal) => now.edit(&question.question, proposal, answer.clone()),
        ("accept", Some(proposal)) => now.accept(&question.question, proposal),
        ("decline", _) => Ok(now.decline()),
        // Reopening what is open changes nothing.
        ("reopen", _) => Ok(now.reopen().unwrap_or_default()),
        ("accept", None) => return Err(WebError::Malformed("item".to_owned())),
        _ => return Err(WebError::Malformed("action".to_owned())),
    };
    let show = Show::named(&sent.show);
    let entered = Entered { item, answer, wrong: None, conflict: None };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(refusal) => {
            let entered = Entered { wrong: Some(refusal.to_string()), ..entered };
            return again(&app, id, show, question, entered, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    if question.review.state != wanted {
        match app.store.decide(id, position, seen, &wanted, app.clock.now()).await {
            Ok(_) => {}
            Err(SaveError::Stale(now)) if now.state == wanted => {}
            Err(SaveError::Stale(now)) => {
                let conflict = Some(Conflict::new(&now.state, &wanted));
                let question = ReviewQuestion { review: *now, ..question };
                let entered = Entered { conflict, ..entered };
                return again(&app, id, show, question, entered, StatusCode::CONFLICT).await;
            }
            Err(SaveError::NoQuestion) => return Err(WebError::NotFound),
            Err(SaveError::Store(e)) => return Err(e.into()),
        }
    }
    let lines = app.store.lines(id).await?;
    let next = match wanted {
        Answered::Open => position,
        _ => lines::next_open(&lines, position).filter(|_| show != Show::Decided).unwrap_or(position),
    };
    Ok(Redirect::to(&format!("/questionnaires/{id}?show={}&at={next}&saved={position}", show.name())).into_response())
}

/// `POST /questionnaires/{id}/retry`
pub(super) async fn retry(State(app): State<Arc<App>>, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    app.pipeline.retry(id).await?;
    Ok(Redirect::to(&format!("/questionnaires/{id}")).into_response())
}

/// The page of a questionnaire that has no questions yet.
fn reading(app: &App, questionnaire: Questionnaire) -> Result<Response, WebError> {
    let progress = app.pipeline.progress(questionnaire.id);
    let matching = match progress {
        Some(Progress::Matching { done, total }) => Some((done, total)),
        Some(Progress::Waiting | Progress::Opening) | None => None,
    };
    let progress = list::progress(progress);
    let failed = match &questionnaire.reading {
        Reading::Failed(why) => Some(why.clone()),
        Reading::Reading | Reading::Ready => None,
    };
    let mut frame = Frame::new(questionnaire.client.clone(), "list");
    frame.refresh = if failed.is_none() { 2 } else { 0 };
    let head = Header::new(questionnaire, app.clock.today());
    html(StatusCode::OK, &ReadingPage { frame, head, progress, matching, failed })
}

/// What the company's profile says to the question, as the profile is now.
async fn fact(app: &App, question: &ReviewQuestion) -> Result<Option<profile::Draft>, WebError> {
    match question.question.kind {
        QuestionKind::Check => Ok(None),
        QuestionKind::Profile => Ok(profile::draft(&question.question, &app.store.profile().await?)),
    }
}

/// The same question once more, because what was sent could not be stored as it is.
async fn again(
    app: &App,
    id: i64,
    show: Show,
    question: ReviewQuestion,
    entered: Entered,
    status: StatusCode,
) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let lines = app.store.lines(id).await?;
    let fact = fact(app, &question).await?;
    show_question(app, questionnaire, &lines, show, &question, fact, entered, None, status)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one page")]
fn show_question(
    app: &App,
    questionnaire: Questionnaire,
    lines: &[Line],
    show: Show,
    question: &ReviewQuestion,
    fact: Option<profile::Draft>,
    entered: Entered,
    saved: Option<Saved>,
    status: StatusCode,
) -> Result<Response, WebError> {
    let outdated = app.pipeline.engine().is_some_and(|e| Some(e.id()) != questionnaire.standard);
    let head = Header { outdated, ..Header::new(questionnaire, app.clock.today()) };
    let entries = lines::entries(lines, show, question.position);
    let detail = Detail::new(question, fact, entered, &entries);
    let frame = Frame::new(format!("{} — {}", detail.name, head.client), "list");
    html(status, &ReviewPage { frame, head, show, entries, detail, saved })
}
