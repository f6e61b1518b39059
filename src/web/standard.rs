//! `/standard`: the company's standard sheet.

use std::sync::Arc;

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::form::FileForm;
use super::view::{Frame, moment};
use crate::standard::Item;

#[derive(Template)]
#[template(path = "standard.html")]
struct StandardPage {
    frame: Frame,
    sheet: Option<Shown>,
    versions: Vec<Version>,
    limit_mb: usize,
    wrong: String,
}

struct Shown {
    name: String,
    services: Vec<String>,
    items: Vec<Row>,
}

struct Row {
    item: Item,
    /// The heading, where it differs from the row's above.
    heading: String,
}

struct Version {
    name: String,
    items: usize,
    imported: String,
    current: bool,
}

/// `GET /standard`
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, WebError> {
    show(&app, String::new(), StatusCode::OK).await
}

/// `POST /standard`: imports a sheet; one that can't be used is refused and the old one stays.
pub(super) async fn import(State(app): State<Arc<App>>, who: Who, multipart: Result<Multipart, MultipartRejection>) -> Result<Response, WebError> {
    let form = FileForm::read(multipart?, app.limits.file_bytes).await?;
    let outcome = match form.file {
        None => Err(WebError::Unusable("標準シートのファイルを選んでください。".to_owned())),
        Some(file) => match file.bytes {
            None => Err(WebError::TooLarge(format!("ファイルが大きすぎます（上限 {} MB）。", app.limits.file_bytes >> 20))),
            Some(bytes) => app.pipeline.import_standard(&file.name, bytes, &who.by).await.map_err(WebError::from),
        },
    };
    match outcome {
        Ok(()) => Ok(Redirect::to("/standard").into_response()),
        Err(e @ WebError::Internal(_)) => Err(e),
        Err(e) => show(&app, e.message(), e.status()).await,
    }
}

async fn show(app: &App, wrong: String, status: StatusCode) -> Result<Response, WebError> {
    let versions = app.store.standards().await?;
    let versions = versions
        .into_iter()
        .enumerate()
        .map(|(i, v)| Version { name: v.name, items: v.items, imported: moment(v.imported_at), current: i == 0 })
        .collect();
    let sheet = app.pipeline.engine().map(|engine| {
        let mut above = "";
        let headings: Vec<String> = engine.sheet().items.iter().map(|i| i.section.join(" › ")).collect();
        let mut items = Vec::new();
        for (item, heading) in engine.sheet().items.iter().zip(&headings) {
            let shown = if heading == above { String::new() } else { heading.clone() };
            items.push(Row { item: item.clone(), heading: shown });
            above = heading;
        }
        Shown { name: engine.name().to_owned(), services: engine.sheet().services.clone(), items }
    });
    let frame = Frame::new("標準シート", "standard");
    html(status, &StandardPage { frame, sheet, versions, limit_mb: app.limits.file_bytes >> 20, wrong })
}
