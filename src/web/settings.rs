//! `/settings`: how kaitou works for everybody.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::view::Frame;
use crate::workbook::write::Layout;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    fit: bool,
    saved: bool,
}

/// `GET /settings`
pub(super) async fn page(State(app): State<Arc<App>>, Query(asked): Query<HashMap<String, String>>) -> Result<Response, WebError> {
    let fit = app.store.layout().await? == Layout::Fit;
    html(StatusCode::OK, &SettingsPage { frame: Frame::new("設定", "settings"), fit, saved: asked.contains_key("saved") })
}

/// `POST /settings`: keeps what was chosen.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    who: Who,
    sent: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let layout = match sent.get("layout").map(String::as_str) {
        Some("keep") => Layout::Keep,
        Some("fit") => Layout::Fit,
        _ => return Err(WebError::Malformed("layout".to_owned())),
    };
    app.store.save_layout(layout, &who.by, app.clock.now()).await?;
    Ok(Redirect::to("/settings?saved=1").into_response())
}
