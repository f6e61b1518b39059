//! `/upload`: a client's questionnaire comes in.

use std::sync::Arc;

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::form::{FileForm, ROWS};
use super::view::{Frame, moment};
use crate::intake::pasted_name;
use crate::pipeline::{PipelineError, Source, Upload};

/// The longest name of a client.
pub(super) const CLIENT_CHARS: usize = 100;

#[derive(Template)]
#[template(path = "upload.html")]
struct UploadPage {
    frame: Frame,
    has_standard: bool,
    services: Vec<Service>,
    client: String,
    due: String,
    /// Pasted rows.
    rows: String,
    limit_mb: usize,
    wrong: Wrong,
    earlier: Option<Earlier>,
}

struct Service {
    name: String,
    chosen: bool,
}

/// The questionnaire that came as the same file.
struct Earlier {
    id: i64,
    client: String,
    file_name: String,
    created: String,
    sha256: String,
    /// The name of what was sent now.
    name: String,
}

/// What is wrong with each field; empty where nothing is.
#[derive(Default)]
struct Wrong {
    client: String,
    services: String,
    due: String,
    file: String,
}

impl Wrong {
    fn is_empty(&self) -> bool {
        [&self.client, &self.services, &self.due, &self.file].iter().all(|w| w.is_empty())
    }
}

/// `GET /upload`
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, WebError> {
    form_page(&app, &FileForm::default(), Wrong::default(), None, StatusCode::OK)
}

/// `POST /upload`: to what was found in it, or back to the form with what is wrong.
pub(super) async fn submit(State(app): State<Arc<App>>, who: Who, multipart: Result<Multipart, MultipartRejection>) -> Result<Response, WebError> {
    let mut form = FileForm::read(multipart?, app.limits.file_bytes).await?;
    let mut wrong = Wrong::default();
    let client = form.value("client").to_owned();
    if client.is_empty() {
        wrong.client = "クライアント名を入力してください。".to_owned();
    } else if client.chars().count() > CLIENT_CHARS {
        wrong.client = format!("クライアント名は{CLIENT_CHARS}文字以内で入力してください。");
    }
    let services = match app.pipeline.engine().map(|e| e.sheet().check_services(form.values("service"))) {
        Some(Ok(services)) => services,
        Some(Err(unknown)) => {
            wrong.services = unknown.to_string();
            Vec::new()
        }
        None => Vec::new(), // The pipeline says that there is no standard sheet.
    };
    let due: Option<Date> = match form.value("due") {
        "" => None,
        text => match text.parse() {
            Ok(date) => Some(date),
            Err(_) => {
                wrong.due = "回答期限は 2026-04-30 のように入力してください。".to_owned();
                None
            }
        },
    };
    let again = Some(form.value("again").to_owned()).filter(|sha256| !sha256.is_empty());
    let (mut status, source) = match source(&app, &mut form, again.is_some()) {
        Ok(source) => (StatusCode::UNPROCESSABLE_ENTITY, Some(source)),
        Err((status, why)) => {
            wrong.file = why;
            (status, None)
        }
    };
    let mut earlier = None;
    if let Some(source) = source.filter(|_| wrong.is_empty()) {
        let name = match &source {
            Source::File { name, .. } | Source::Known(name) => name.clone(),
            Source::Pasted(_) => pasted_name(),
        };
        match app.pipeline.upload(Upload { client, services, due, source, again }, &who.by).await {
            Ok(id) => return Ok(Redirect::to(&format!("/questionnaires/{id}/mapping")).into_response()),
            Err(PipelineError::Twice(same, sha256)) => {
                status = StatusCode::CONFLICT;
                let created = moment(same.created_at);
                earlier = Some(Earlier { id: same.id, client: same.client, file_name: same.file_name, created, sha256, name });
            }
            Err(e) => match WebError::from(e) {
                e @ WebError::Internal(_) => return Err(e),
                e => {
                    status = e.status();
                    wrong.file = e.message();
                }
            },
        }
    }
    form_page(&app, &form, wrong, earlier, status)
}

/// What the form holds of a questionnaire; else status and words.
fn source(app: &App, form: &mut FileForm, known: bool) -> Result<Source, (StatusCode, String)> {
    // Tabs at its ends are cells.
    let rows = form.values(ROWS).first().filter(|rows| !rows.trim().is_empty()).cloned().unwrap_or_default();
    match form.file.take() {
        Some(_) if !rows.is_empty() => {
            Err((StatusCode::UNPROCESSABLE_ENTITY, "ファイルと貼り付けた表の両方があります。どちらか一方にしてください。".to_owned()))
        }
        Some(file) => match file.bytes {
            Some(bytes) => Ok(Source::File { name: file.name, bytes }),
            None => Err((
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("ファイルが大きすぎます（上限 {} MB）。画像などの不要な内容を除いて保存し直してください。", app.limits.file_bytes >> 20),
            )),
        },
        None if !rows.is_empty() => Ok(Source::Pasted(rows)),
        None if known => Ok(Source::Known(form.value("name").to_owned())),
        None => Err((StatusCode::UNPROCESSABLE_ENTITY, "質問票のファイルを選ぶか、表を貼り付けてください。".to_owned())),
    }
}

fn known_services(app: &App) -> Vec<String> {
    app.pipeline.engine().map(|e| e.sheet().services.clone()).unwrap_or_default()
}

fn form_page(app: &App, form: &FileForm, wrong: Wrong, earlier: Option<Earlier>, status: StatusCode) -> Result<Response, WebError> {
    let chosen = form.values("service");
    let page = UploadPage {
        frame: Frame::new("質問票のアップロード", "upload"),
        has_standard: app.pipeline.engine().is_some(),
        services: known_services(app)
            .into_iter()
            .map(|name| Service { chosen: chosen.contains(&name), name })
            .collect(),
        client: form.value("client").to_owned(),
        due: form.value("due").to_owned(),
        rows: form.values(ROWS).first().cloned().unwrap_or_default(),
        limit_mb: app.limits.file_bytes >> 20,
        wrong,
        earlier,
    };
    html(status, &page)
}
