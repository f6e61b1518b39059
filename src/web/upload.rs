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
use super::form::FileForm;
use super::view::Frame;
use crate::store::NewQuestionnaire;

/// The longest name of a client.
const CLIENT_CHARS: usize = 100;

#[derive(Template)]
#[template(path = "upload.html")]
struct UploadPage {
    frame: Frame,
    has_standard: bool,
    services: Vec<Service>,
    client: String,
    due: String,
    limit_mb: usize,
    wrong: Wrong,
}

struct Service {
    name: String,
    chosen: bool,
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
    form_page(&app, &FileForm::default(), Wrong::default(), StatusCode::OK)
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
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let file = match form.file.take() {
        None => {
            wrong.file = "質問票のファイルを選んでください。".to_owned();
            None
        }
        Some(file) => match file.bytes {
            Some(bytes) => Some((file.name, bytes)),
            None => {
                status = StatusCode::PAYLOAD_TOO_LARGE;
                wrong.file = format!(
                    "ファイルが大きすぎます（上限 {} MB）。画像などの不要な内容を除いて保存し直してください。",
                    app.limits.file_bytes >> 20
                );
                None
            }
        },
    };
    if let Some((file_name, bytes)) = file
        && wrong.is_empty()
    {
        let new = NewQuestionnaire { client, services, due, file_name, bytes };
        match app.pipeline.upload(new, &who.by).await.map_err(WebError::from) {
            Ok(id) => return Ok(Redirect::to(&format!("/questionnaires/{id}/mapping")).into_response()),
            Err(e @ WebError::Internal(_)) => return Err(e),
            Err(e) => {
                status = e.status();
                wrong.file = e.message();
            }
        }
    }
    form_page(&app, &form, wrong, status)
}

fn known_services(app: &App) -> Vec<String> {
    app.pipeline.engine().map(|e| e.sheet().services.clone()).unwrap_or_default()
}

fn form_page(app: &App, form: &FileForm, wrong: Wrong, status: StatusCode) -> Result<Response, WebError> {
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
        limit_mb: app.limits.file_bytes >> 20,
        wrong,
    };
    html(status, &page)
}
