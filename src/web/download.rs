//! What is released, by whom, and the files that went out.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::live::What;
use super::head::{Header, place};
use super::review::Id;
use super::view::{Frame, encoded, kind, moment};
use crate::people::Role;
use crate::pipeline::ReleaseError;
use crate::review::Kind;
use crate::store::{Line, Reading};
use crate::workbook::Change;

#[derive(Template)]
#[template(path = "download.html")]
struct DownloadPage {
    frame: Frame,
    head: Header,
    /// Settled, with whether it is in the latest release as it stands.
    settled: Vec<Row>,
    left: Vec<Line>,
    releases: Vec<Out>,
    /// How many answers changed since the latest release, or were never in one.
    changed: usize,
    alone: bool,
    may_release: bool,
    may_fetch: bool,
    wrong: String,
}

struct Row {
    line: Line,
    kind: (&'static str, &'static str),
    choice: String,
    text: String,
}

struct Out {
    id: i64,
    at: String,
    person: String,
    file_name: String,
    sha256: String,
    answers: usize,
    cells: Vec<Change>,
    /// What a person who hands it out should know: where, and what.
    notes: Vec<(String, String)>,
    downloads: Vec<(String, String)>,
}

/// `GET /questionnaires/{id}/download`: what is released, and what is not.
pub(super) async fn page(State(app): State<Arc<App>>, who: Who, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    show(&app, &who, id, String::new(), StatusCode::OK).await
}

async fn show(app: &App, who: &Who, id: i64, wrong: String, status: StatusCode) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    ready(&questionnaire.reading)?;
    let (settled, left): (Vec<Line>, Vec<Line>) = app.store.lines(id).await?.into_iter().partition(|l| l.kind.is_settled());
    let mut releases = Vec::new();
    for r in app.store.releases(id).await? {
        releases.push(Out {
            cells: app.store.released_cells(r.id).await?,
            id: r.id,
            at: moment(r.at),
            person: r.person,
            file_name: r.file_name,
            sha256: r.sha256,
            answers: r.answers,
            notes: r.notes.into_iter().map(|note| (place(&note), note.message)).collect(),
            downloads: r.downloads.into_iter().map(|(at, person)| (moment(at), person)).collect(),
        });
    }
    let head = Header::new(questionnaire, app.clock.today());
    let settled: Vec<Row> = settled
        .into_iter()
        .map(|line| {
            let answer = line.answer.clone().unwrap_or_default();
            Row { kind: kind(line.kind), choice: answer.choice.unwrap_or_default(), text: answer.text, line }
        })
        .collect();
    let page = DownloadPage {
        frame: Frame::new(format!("リリースとダウンロード — {}", head.client), "list"),
        changed: settled.iter().filter(|r| r.line.kind != Kind::Released).count(),
        settled,
        left,
        releases,
        head,
        alone: who.is_alone(),
        may_release: who.is(Role::Approver),
        may_fetch: who.roles.any(&[Role::Sales, Role::Reviewer, Role::Approver]),
        wrong,
    };
    html(status, &page)
}

/// `POST /questionnaires/{id}/releases`: releases what was chosen, each field `take` the place of a question.
pub(super) async fn release(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    sent: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    ready(&questionnaire.reading)?;
    let taken = sent.iter().filter(|(name, _)| name == "take").map(|(_, at)| at.parse::<u32>());
    let positions: Vec<u32> = taken.collect::<Result<_, _>>().map_err(|_| WebError::Malformed("take".to_owned()))?;
    if positions.is_empty() {
        return show(&app, &who, id, "リリースする回答を選んでください。".to_owned(), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    match app.pipeline.release(id, Some(&positions), &who.by).await {
        Ok(_) => {
            app.live.tell(id, What::All);
            Ok(Redirect::to(&format!("/questionnaires/{id}/download")).into_response())
        }
        Err(e @ (ReleaseError::Refused(..) | ReleaseError::Changed)) => show(&app, &who, id, e.to_string(), StatusCode::CONFLICT).await,
        Err(e) => Err(e.into()),
    }
}

impl From<ReleaseError> for WebError {
    fn from(e: ReleaseError) -> Self {
        match e {
            ReleaseError::NoQuestionnaire => Self::NotFound,
            ReleaseError::Refused(..) | ReleaseError::Changed => Self::Conflict(e.to_string()),
            ReleaseError::Pipeline(e) => e.into(),
        }
    }
}

/// `GET /questionnaires/{id}/file`: the client's file as it was last released. While there are no accounts, whoever sits at
/// this machine is the approver as well: to fetch the file is to release what is settled.
pub(super) async fn file(State(app): State<Arc<App>>, who: Who, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    ready(&questionnaire.reading)?;
    let latest = app.store.releases(id).await?.into_iter().next();
    let latest = match latest {
        Some(r) if !who.is_alone() => r.id,
        None if !who.is_alone() => {
            return Err(WebError::Conflict("まだリリースされていません。承認者がリリースすると、ダウンロードできるようになります。".to_owned()));
        }
        // Released as it stands: the same file again.
        Some(r) if questionnaire.all().of(Kind::Released) == questionnaire.all().settled() && r.answers == questionnaire.all().settled() => r.id,
        _ => {
            let release = app.pipeline.release(id, None, &who.by).await?;
            app.live.tell(id, What::All);
            release
        }
    };
    fetch(&app, &who, id, latest).await
}

/// `GET /questionnaires/{id}/releases/{release}/file`: the file of one release, the same bytes every time.
pub(super) async fn released(
    State(app): State<Arc<App>>,
    who: Who,
    Path((Id(id), Id(release))): Path<(Id, Id)>,
) -> Result<Response, WebError> {
    fetch(&app, &who, id, release).await
}

async fn fetch(app: &App, who: &Who, id: i64, release: i64) -> Result<Response, WebError> {
    let (name, bytes) = app.store.download(id, release, &who.by, app.clock.now()).await?.ok_or(WebError::NotFound)?;
    let macros = name.to_ascii_lowercase().ends_with(".xlsm");
    let kind = if macros {
        "application/vnd.ms-excel.sheet.macroEnabled.12"
    } else {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    };
    let disposition = HeaderValue::from_str(&disposition(&name)).map_err(|e| WebError::Internal(e.into()))?;
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

fn ready(reading: &Reading) -> Result<(), WebError> {
    match reading {
        Reading::Ready => Ok(()),
        Reading::Reading => Err(WebError::Conflict("この質問票はまだ読み取り中です。".to_owned())),
        Reading::Failed(why) => Err(WebError::Conflict(format!("この質問票は読み取れませんでした。{why}"))),
    }
}

/// `Content-Disposition` with the name for old programs and for all others (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.() ".contains(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encoded(name))
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn names_are_written_for_all_programs() {
        assert_eq!(disposition("回\"\r\n.xlsx"), "attachment; filename=\"____.xlsx\"; filename*=UTF-8''%E5%9B%9E%22%0D%0A.xlsx");
    }
}
