//! What people do to a question: decide, take back, ask, comment, assign.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::App;
use super::super::access::Who;
use super::super::error::WebError;
use super::super::live::What;
use super::detail::{Conflict, Entered};
use super::lines::{self, Show};
use super::{Id, Shown, complete, fact};
use crate::export::FinalAnswer;
use crate::review::{Refusal, Revision, State as Answered};
use crate::store::{Deed, ReviewQuestion, SaveError};

/// A decision as the form sends it.
#[derive(Deserialize)]
pub(in crate::web) struct Decision {
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
    /// Whether the open questions that ask the same get the same answer.
    #[serde(default)]
    together: String,
}

/// The longest comment.
const COMMENT_CHARS: usize = 2000;

fn revision(text: &str) -> Result<Revision, WebError> {
    text.parse().map(Revision).map_err(|_| WebError::Malformed("revision".to_owned()))
}

fn place(position: i64) -> Result<u32, WebError> {
    u32::try_from(position).map_err(|_| WebError::NotFound)
}

impl From<SaveError> for WebError {
    fn from(e: SaveError) -> Self {
        match e {
            SaveError::NoQuestion => Self::NotFound,
            SaveError::Stale(_) => Self::Conflict("ほかの人が先に回答を変更しました。画面を開き直して確認してください。".to_owned()),
            SaveError::Store(e) => e.into(),
        }
    }
}

/// `POST /questionnaires/{id}/questions/{position}`: stores a decision and goes on to the next open question.
pub(in crate::web) async fn decide(
    State(app): State<Arc<App>>,
    who: Who,
    Path((Id(id), Id(position))): Path<(Id, Id)>,
    headers: HeaderMap,
    sent: Result<Form<Decision>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let position = place(position)?;
    let mut question = app.store.question(id, position).await?.ok_or(WebError::NotFound)?;
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let seen = revision(&sent.revision)?;
    let item = sent.item.parse().ok();
    let known = question.suggestion.proposals.len();
    complete(&app, &questionnaire.services, &mut question, item);
    let proposal = item.and_then(|item| question.suggestion.proposal(item));
    let choice = Some(sent.choice.clone()).filter(|c| !c.is_empty());
    let answer = FinalAnswer { choice, text: sent.text.clone() };
    let now = question.review.state.clone();
    let fact = fact(&app, &question, &questionnaire.services).await?;
    let wanted = match (sent.action.as_str(), proposal) {
        ("save", None) if fact.is_some() => {
            now.edit_fact(&question.question, fact.as_ref().map_or("", |f| &f.text), answer.clone())
        }
        ("save", proposal) => now.edit(&question.question, proposal, answer.clone()),
        ("accept", Some(proposal)) => now.accept(&question.question, proposal),
        ("keep", _) => now.keep(&question.question),
        ("decline", _) => now.decline(),
        ("notapplicable", _) => now.not_applicable(&question.question, ""),
        ("reopen", _) => now.reopen(),
        ("undo", _) => Ok(before(&app, id, position, seen).await?),
        ("accept", None) => return Err(WebError::Malformed("item".to_owned())),
        _ => return Err(WebError::Malformed("action".to_owned())),
    };
    let show = Show::named(&sent.show);
    let part = headers.contains_key("x-part");
    let entered = Entered { item, answer, past: None, wrong: None, conflict: None };
    let wanted = match wanted {
        Ok(wanted) => wanted,
        // Sent twice: it stands as it should.
        Err(Refusal::Already | Refusal::StillOpen) => question.review.state.clone(),
        Err(refusal) => {
            let entered = Entered { wrong: Some(refusal.to_string()), ..entered };
            return again(&app, &who, id, show, question, entered, part, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    if question.review.state != wanted {
        if question.suggestion.proposals.len() > known
            && let Some(found) = question.suggestion.proposals.last()
        {
            app.store.add_proposal(id, position, found).await?;
        }
        match app.store.decide(id, position, seen, &wanted, &who.by, app.clock.now()).await {
            Ok(revision) => app.live.decided(id, position, revision, wanted.kind(), &who.by.name),
            Err(SaveError::Stale(now)) if now.state == wanted => {}
            Err(SaveError::Stale(now)) => {
                let conflict = Some(Conflict::new(&now.state, &wanted));
                let question = ReviewQuestion { review: *now, ..question };
                let entered = Entered { conflict, ..entered };
                return again(&app, &who, id, show, question, entered, part, StatusCode::CONFLICT).await;
            }
            Err(e) => return Err(e.into()),
        }
    }
    let batch = if sent.together == "yes" { together(&app, &who, id, &question, &wanted).await? } else { String::new() };
    let lines = app.store.lines(id).await?;
    let next = match wanted {
        Answered::Open => position,
        _ if sent.action == "undo" => position,
        _ => lines::next_open(&lines, position, show, who.by.id).filter(|_| show != Show::Decided).unwrap_or(position),
    };
    Ok(Redirect::to(&format!("/questionnaires/{id}?show={}&at={next}&saved={position}{batch}", show.name())).into_response())
}

/// Where the question stood before revision `seen`.
async fn before(app: &App, id: i64, position: u32, seen: Revision) -> Result<Answered, WebError> {
    let history = app.store.history(id, position).await?;
    let before = seen.0.checked_sub(2).and_then(|at| history.get(at as usize));
    Ok(before.map(|d| d.review.state.clone()).unwrap_or_default())
}

/// Gives the open questions that ask the same as `question` the same answer, each checked by its own choices; those that
/// can't have it are left open. What follows in the address, so that it can be taken back as one.
async fn together(app: &App, who: &Who, id: i64, question: &ReviewQuestion, wanted: &Answered) -> Result<String, WebError> {
    let mut deeds = Vec::new();
    for line in app.store.lines(id).await? {
        if line.alike.is_none() || line.alike != question.alike || line.position == question.position || line.kind.is_settled() {
            continue;
        }
        // What stands in the file there is looked at by itself.
        let Some(other) = app.store.question(id, line.position).await?.filter(|q| q.question.filled.is_none()) else { continue };
        let now = other.review.state.clone();
        let same = match wanted {
            Answered::Accepted { item, answer } => {
                now.edit(&other.question, item.and_then(|item| other.suggestion.proposal(item)), answer.clone())
            }
            Answered::Edited { answer, .. } => now.edit(&other.question, None, answer.clone()),
            Answered::Declined => now.decline(),
            Answered::NotApplicable { .. } => now.not_applicable(&other.question, ""),
            Answered::Open | Answered::Asked => continue,
        };
        if let Ok(state) = same {
            deeds.push(Deed { position: line.position, seen: other.review.revision, state });
        }
    }
    if deeds.is_empty() {
        return Ok(String::new());
    }
    let batch = app.store.decide_all(id, &deeds, &who.by, app.clock.now()).await?;
    app.live.tell(id, What::All);
    Ok(format!("&batch={}", batch.id))
}

/// A question to a colleague.
#[derive(Deserialize)]
pub(in crate::web) struct Asking {
    #[serde(default)]
    revision: String,
    #[serde(default)]
    person: String,
    text: String,
    #[serde(default)]
    show: String,
}

/// `POST /questionnaires/{id}/questions/{position}/ask`
pub(in crate::web) async fn ask(
    State(app): State<Arc<App>>,
    who: Who,
    Path((Id(id), Id(position))): Path<(Id, Id)>,
    headers: HeaderMap,
    sent: Result<Form<Asking>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let position = place(position)?;
    let question = app.store.question(id, position).await?.ok_or(WebError::NotFound)?;
    let show = Show::named(&sent.show);
    let colleague = person(&app, &sent.person).await?;
    let refused = match (comment_of(&sent.text), question.review.state.clone().ask()) {
        (Err(why), _) => why,
        (_, Err(refusal)) => refusal.to_string(),
        (Ok(text), Ok(state)) => {
            let seen = revision(&sent.revision)?;
            let asked = app.store.ask(id, position, seen, colleague, &text, &who.by, app.clock.now()).await?;
            app.live.decided(id, position, asked, state.kind(), &who.by.name);
            return Ok(back(id, position, show, Some(position)));
        }
    };
    let services = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?.services;
    let entered = Entered { wrong: Some(refused), ..Entered::stored(&question, fact(&app, &question, &services).await?.as_ref(), None) };
    again(&app, &who, id, show, question, entered, headers.contains_key("x-part"), StatusCode::UNPROCESSABLE_ENTITY).await
}

/// `POST /questionnaires/{id}/questions/{position}/comments`
pub(in crate::web) async fn comment(
    State(app): State<Arc<App>>,
    who: Who,
    Path((Id(id), Id(position))): Path<(Id, Id)>,
    sent: Result<Form<Asking>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let position = place(position)?;
    let text = comment_of(&sent.text).map_err(WebError::Unusable)?;
    app.store.comment(id, position, &text, &who.by, app.clock.now()).await?;
    app.live.tell(id, What::Talked { position, by: who.by.name });
    Ok(back(id, position, Show::named(&sent.show), None))
}

/// Who gets a question or a questionnaire.
#[derive(Deserialize)]
pub(in crate::web) struct Assignment {
    #[serde(default)]
    person: String,
    #[serde(default)]
    show: String,
}

/// `POST /questionnaires/{id}/questions/{position}/assignee`
pub(in crate::web) async fn assign(
    State(app): State<Arc<App>>,
    who: Who,
    Path((Id(id), Id(position))): Path<(Id, Id)>,
    sent: Result<Form<Assignment>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let position = place(position)?;
    let to = person(&app, &sent.person).await?;
    app.store.assign(id, position, to, &who.by, app.clock.now()).await?;
    app.live.tell(id, What::Talked { position, by: who.by.name });
    Ok(back(id, position, Show::named(&sent.show), None))
}

/// `POST /questionnaires/{id}/owner`: who has the whole questionnaire.
pub(in crate::web) async fn hand_over(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    sent: Result<Form<Assignment>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let to = person(&app, &sent.person).await?;
    app.store.hand_over(id, to, &who.by, app.clock.now()).await?;
    Ok(Redirect::to("/").into_response())
}

/// The person that a form names; nobody where it names none.
async fn person(app: &App, sent: &str) -> Result<Option<i64>, WebError> {
    if sent.is_empty() {
        return Ok(None);
    }
    let people = app.store.people().await?;
    let found = people.iter().find(|p| p.active && p.id.to_string() == sent).map(|p| p.id);
    found.map(Some).ok_or_else(|| WebError::Malformed("担当者".to_owned()))
}

fn comment_of(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    match text.chars().count() {
        0 => Err("コメントを入力してください。".to_owned()),
        n if n > COMMENT_CHARS => Err(format!("コメントは{COMMENT_CHARS}文字以内で入力してください（現在{n}文字）。")),
        _ => Ok(text),
    }
}

fn back(id: i64, position: u32, show: Show, saved: Option<u32>) -> Response {
    let saved = saved.map(|p| format!("&saved={p}")).unwrap_or_default();
    Redirect::to(&format!("/questionnaires/{id}?show={}&at={position}{saved}", show.name())).into_response()
}

/// The same question once more, because what was sent could not be stored as it is.
#[expect(clippy::too_many_arguments, reason = "the parts of one page")]
async fn again(
    app: &App,
    who: &Who,
    id: i64,
    show: Show,
    question: ReviewQuestion,
    entered: Entered,
    part: bool,
    status: StatusCode,
) -> Result<Response, WebError> {
    let lines = app.store.lines(id).await?;
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let shown = Shown { questionnaire, lines, show, question, entered, saved: None, batch: None, asked: String::new(), part };
    shown.answer(app, who, status).await
}
