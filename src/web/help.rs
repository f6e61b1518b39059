//! `/help` and `/audit`: how it is used, and what was done.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::App;
use super::error::{WebError, html};
use super::view::{Frame, moment};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    frame: Frame,
}

/// `GET /help`
pub(super) async fn page() -> Result<Response, WebError> {
    html(StatusCode::OK, &HelpPage { frame: Frame::new("使い方", "help") })
}

/// So many entries of the audit log stand on a page.
const ENTRIES: u32 = 200;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    rows: Vec<Row>,
    /// Where the older ones begin.
    older: Option<i64>,
}

struct Row {
    number: i64,
    at: String,
    person: String,
    action: String,
    subject: String,
    before: String,
    after: String,
}

/// Where to begin.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    before: String,
}

/// `GET /audit`
pub(super) async fn audit(State(app): State<Arc<App>>, asked: Result<Query<Asked>, QueryRejection>) -> Result<Response, WebError> {
    let Query(asked) = asked.unwrap_or_default();
    let entries = app.store.audit(asked.before.parse().ok(), ENTRIES).await?;
    let older = entries.last().map(|e| e.number).filter(|n| *n > 1);
    let rows = entries
        .into_iter()
        .map(|e| Row { number: e.number, at: moment(e.at), person: e.person, action: e.action, subject: e.subject, before: e.before, after: e.after })
        .collect();
    html(StatusCode::OK, &AuditPage { frame: Frame::new("監査ログ", "audit"), rows, older })
}
