//! Many decisions at one go: all drafts of band high after a look at them, and taking such a go back as one.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::App;
use super::super::access::Who;
use super::super::error::{WebError, html};
use super::super::live::What;
use super::super::view::Frame;
use super::Id;
use super::super::head::Header;
use crate::matching::Band;
use crate::review::{Kind, Revision};
use crate::store::{Deed, Line};

#[derive(Template)]
#[template(path = "high.html")]
struct HighPage {
    frame: Frame,
    head: Header,
    rows: Vec<Row>,
}

struct Row {
    position: u32,
    revision: u32,
    name: String,
    question: String,
    item: String,
    item_question: String,
    choice: String,
    text: String,
}

/// The open questions whose draft is of band high, and in whose cells nothing stands: what stands there is looked at one by one.
pub(super) fn high(lines: &[Line]) -> impl Iterator<Item = &Line> {
    lines.iter().filter(|l| l.kind == Kind::Open && l.drafted && l.band == Band::High && !l.filled)
}

/// `GET /questionnaires/{id}/high`: a look at what would be taken.
pub(in crate::web) async fn page(State(app): State<Arc<App>>, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let lines = app.store.lines(id).await?;
    let wanted: HashMap<u32, &Line> = high(&lines).map(|l| (l.position, l)).collect();
    let mut rows = Vec::new();
    for q in app.store.questions(id).await?.iter().filter(|q| wanted.contains_key(&q.position)) {
        let Some(draft) = q.suggestion.drafted() else { continue };
        // What could not be written is for a person to look at.
        if q.review.state.clone().accept(&q.question, draft).is_err() {
            continue;
        }
        rows.push(Row {
            position: q.position,
            revision: q.review.revision.0,
            name: super::detail::name(q),
            question: q.question.text.clone(),
            item: draft.number.clone(),
            item_question: draft.question.clone(),
            choice: draft.answer.choice.clone().unwrap_or_default(),
            text: draft.answer.text.clone(),
        });
    }
    let head = Header::new(questionnaire, app.clock.today());
    let frame = Frame::new(format!("まとめて承認 — {}", head.client), "list");
    html(StatusCode::OK, &HighPage { frame, head, rows })
}

/// `POST /questionnaires/{id}/high`: takes the drafts that were looked at, each field `take` a question and its revision.
pub(in crate::web) async fn accept(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    sent: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let questions: HashMap<u32, _> = app.store.questions(id).await?.into_iter().map(|q| (q.position, q)).collect();
    let mut deeds = Vec::new();
    for (_, value) in sent.iter().filter(|(name, _)| name == "take") {
        let parsed = value.split_once('-').and_then(|(at, seen)| Some((at.parse::<u32>().ok()?, Revision(seen.parse().ok()?))));
        let (position, seen) = parsed.ok_or_else(|| WebError::Malformed("take".to_owned()))?;
        let Some(question) = questions.get(&position).filter(|q| q.question.filled.is_none()) else { continue };
        let Some(draft) = question.suggestion.drafted().filter(|_| question.suggestion.band == Band::High) else { continue };
        if let Ok(state) = question.review.state.clone().accept(&question.question, draft) {
            deeds.push(Deed { position, seen, state });
        }
    }
    if deeds.is_empty() {
        return Ok(Redirect::to(&format!("/questionnaires/{id}")).into_response());
    }
    let batch = app.store.decide_all(id, &deeds, &who.by, app.clock.now()).await?;
    app.live.tell(id, What::All);
    Ok(Redirect::to(&format!("/questionnaires/{id}?batch={}", batch.id)).into_response())
}

/// `POST /questionnaires/{id}/batches/{batch}/undo`: takes a go back as one. What was decided anew since stays.
pub(in crate::web) async fn undo(
    State(app): State<Arc<App>>,
    who: Who,
    Path((Id(id), Id(batch))): Path<(Id, Id)>,
) -> Result<Response, WebError> {
    let deeds = app.store.undo_of(id, batch).await?;
    if deeds.is_empty() {
        return Err(WebError::NotFound);
    }
    app.store.decide_all(id, &deeds, &who.by, app.clock.now()).await?;
    app.live.tell(id, What::All);
    Ok(Redirect::to(&format!("/questionnaires/{id}")).into_response())
}
