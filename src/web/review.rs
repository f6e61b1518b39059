//! `/questionnaires/{id}`: one question after another beside the list of all.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::list;
use super::view::{Frame, date, kind};
use crate::people::Role;
use crate::pipeline::Progress;
use crate::questionnaire::{Kind as QuestionKind, profile};
use crate::store::{Line, Origin, Questionnaire, Reading, ReviewQuestion};

pub(super) mod bulk;
pub(super) mod decide;
mod detail;
mod lines;
mod offer;
mod past;

pub(super) use detail::name;
use super::head::Header;
use detail::{Around, Detail, Entered};
use lines::{Entry, Show};
use past::Past;

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
    #[serde(default)]
    q: String,
    #[serde(default)]
    past: String,
    #[serde(default)]
    batch: String,
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
    batch: Option<(i64, usize)>,
    /// How many drafts of band high could be taken at one go.
    high: usize,
    /// Whether a form that is near was put right, and nobody said whether this is the same.
    near: bool,
    filled: Filled,
    may: May,
}

/// In how many cells answers stood as the file came in.
struct Filled {
    /// Questions with an answer.
    n: usize,
    /// What that seems to mean.
    says: &'static str,
    /// Whether these answers are in the library of past answers.
    taken: bool,
}

impl Filled {
    fn of(lines: &[Line], taken: bool) -> Self {
        let n = lines.iter().filter(|l| l.filled).count();
        let says = match n * 10 {
            tenths if tenths >= lines.len() * 8 => "前回の回答が入ったファイルのようです。",
            tenths if tenths >= lines.len() => "前回の回答が入ったファイルか、記入途中のファイルのようです。",
            _ => "",
        };
        Self { n, says, taken }
    }
}

/// What changed of the page when one question follows another: the script puts it in place.
#[derive(Template)]
#[template(path = "part.html")]
struct Part {
    frame: Frame,
    head: Header,
    show: Show,
    entries: Vec<Entry>,
    detail: Detail,
    saved: Option<Saved>,
    batch: Option<(i64, usize)>,
    may: May,
}

/// What who asks may do here.
#[derive(Clone, Copy)]
struct May {
    decide: bool,
    ask: bool,
    release: bool,
}

impl May {
    fn of(who: &Who) -> Self {
        let decide = who.is(Role::Reviewer);
        Self { decide, ask: decide || who.is(Role::Sales), release: who.is(Role::Approver) }
    }
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
    who: Who,
    Path(Id(id)): Path<Id>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    if questionnaire.reading != Reading::Ready {
        return reading(&app, questionnaire);
    }
    let Query(asked) = asked.unwrap_or_default();
    let lines = app.store.lines(id).await?;
    let show = Show::named(&asked.show);
    let me = who.by.id;
    let first = || lines.iter().find(|l| show.has(l, me)).or(lines.first()).map_or(0, |l| l.position);
    let open = || lines.iter().find(|l| !l.kind.is_settled() && show.has(l, me)).map(|l| l.position);
    let at = asked.at.parse().ok().or_else(open).unwrap_or_else(first);
    let mut question = app.store.question(id, at).await?.ok_or(WebError::NotFound)?;
    let item = asked.item.parse().ok();
    complete(&app, &questionnaire.services, &mut question, item);
    let fact = fact(&app, &question, &questionnaire.services).await?;
    let entered = match past::named(&app, id, &asked.past).await? {
        Some(past) => Entered::past(&question, past),
        None => Entered::stored(&question, fact.as_ref(), item),
    };
    let saved = match asked.saved.parse() {
        Ok(position) => app.store.question(id, position).await?.map(|q| Saved {
            position,
            name: detail::name(&q),
            kind: kind(q.review.state.kind()),
            revision: q.review.revision.0,
        }),
        Err(_) => None,
    };
    let batch = match asked.batch.parse() {
        Ok(batch) => Some((batch, app.store.undo_of(id, batch).await?.len())).filter(|(_, n)| *n > 0),
        Err(_) => None,
    };
    let part = headers.contains_key("x-part");
    let asked = asked.q.trim().chars().take(200).collect::<String>();
    Shown { questionnaire, lines, show, question, entered, saved, batch, asked, part }.answer(&app, &who, StatusCode::OK).await
}

/// Puts the item that was found by hand among the question's proposals, where it is not there yet.
fn complete(app: &App, services: &[String], question: &mut ReviewQuestion, item: Option<u32>) {
    let missing = item.filter(|item| question.suggestion.proposal(*item).is_none());
    let found = missing.and_then(|item| app.pipeline.engine()?.proposal(&question.question, item, services));
    question.suggestion.proposals.extend(found);
}

/// `GET /questionnaires/{id}/questions/{position}`: where a browser is after a decision was refused, when it asks again.
pub(super) async fn question(Path((Id(id), Id(position))): Path<(Id, Id)>) -> Redirect {
    Redirect::to(&format!("/questionnaires/{id}?at={position}"))
}

/// `POST /questionnaires/{id}/retry`
pub(super) async fn retry(State(app): State<Arc<App>>, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    app.pipeline.retry(id).await?;
    Ok(Redirect::to(&format!("/questionnaires/{id}")).into_response())
}

/// `GET /next`: the question that waits most for who asks.
pub(super) async fn next(State(app): State<Arc<App>>, who: Who) -> Result<Response, WebError> {
    let to = match app.store.waiting_for(who.by.id, who.is(Role::Reviewer)).await? {
        Some((id, position)) => format!("/questionnaires/{id}?at={position}"),
        None => "/?done=1".to_owned(),
    };
    Ok(Redirect::to(&to).into_response())
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

/// Everything that makes the page of one question.
struct Shown {
    questionnaire: Questionnaire,
    lines: Vec<Line>,
    show: Show,
    question: ReviewQuestion,
    entered: Entered,
    saved: Option<Saved>,
    batch: Option<(i64, usize)>,
    /// What was looked for by hand.
    asked: String,
    /// Whether the script asks for what changes only.
    part: bool,
}

impl Shown {
    async fn answer(self, app: &App, who: &Who, status: StatusCode) -> Result<Response, WebError> {
        let Self { questionnaire, lines, show, question, entered, saved, batch, asked, part } = self;
        let (id, position) = (questionnaire.id, question.position);
        let people = app.store.people().await?;
        let names: HashMap<i64, String> = people.iter().map(|p| (p.id, p.name.clone())).collect();
        let (alike, with_words) = app.pipeline.filed(id, &question.question, &asked).await?;
        let filed = alike.iter().map(Past::filed).collect();
        let (found, earlier) = if asked.is_empty() {
            Default::default()
        } else {
            let found = app.pipeline.search(&asked, &question.question, &questionnaire.services).await?;
            let decided = app.store.earlier(id, &asked).await?.into_iter().map(Past::decided);
            (found, decided.chain(with_words.iter().map(Past::filed)).collect())
        };
        let fact = fact(app, &question, &questionnaire.services).await?;
        let around = Around {
            people: people.into_iter().filter(|p| p.active).collect(),
            assignee: app.store.assignee(id, position).await?,
            comments: app.store.comments(id, position).await?,
            history: app.store.history(id, position).await?,
            asked,
            found,
            earlier,
            filed,
        };
        let outdated = app.pipeline.engine().is_some_and(|e| Some(e.id()) != questionnaire.standard);
        let sheet = app.store.standards().await?.into_iter().find(|s| Some(s.id) == questionnaire.standard);
        let standard = sheet.map(|s| format!("{}（{}版）", s.name, date(s.imported_at.to_zoned(crate::clock::japan()).date()))).unwrap_or_default();
        let head = Header { outdated, standard, ..Header::new(questionnaire, app.clock.today()) };
        let high = bulk::high(&lines).count();
        let entries = lines::entries(&lines, show, position, who.by.id, &names);
        let detail = Detail::new(&question, fact, entered, &entries, &lines, around);
        let frame = Frame::new(format!("{} — {}", detail.name, head.client), "list");
        let may = May::of(who);
        if part {
            // Whatever the list shows: the row of what was saved stands in it until it is asked for anew.
            let rows = lines::entries(&lines, Show::All, position, who.by.id, &names);
            let changed = |e: &Entry| e.current || saved.as_ref().is_some_and(|s| s.position == e.position);
            let entries = rows.into_iter().filter(changed).collect();
            html(status, &Part { frame, head, show, entries, detail, saved, batch, may })
        } else {
            let filled = Filled::of(&lines, app.store.taken_in(id).await?.is_some());
            let near = app.store.mapping(id).await?.origin == Origin::Near;
            html(status, &ReviewPage { frame, head, show, entries, detail, saved, batch, high, near, filled, may })
        }
    }
}

/// What the company's profile says to the question, as the profile is now, in a questionnaire about `services`.
async fn fact(app: &App, question: &ReviewQuestion, services: &[String]) -> Result<Option<profile::Draft>, WebError> {
    match question.question.kind {
        QuestionKind::Check => Ok(None),
        QuestionKind::Profile => Ok(profile::draft(&question.question, &app.store.profile().await?, services)),
    }
}
