//! `/`: all questionnaires.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::App;
use super::error::{WebError, html};
use super::view::{Bar, Due, Frame, moment};
use crate::pipeline::Progress;
use crate::store::{Questionnaire, Reading};

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    has_standard: bool,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    client: String,
    file_name: String,
    services: Vec<String>,
    due: Option<Due>,
    created: String,
    bar: Bar,
    reading: Reading,
    progress: String,
}

/// `GET /`
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, WebError> {
    let rows: Vec<Row> = app.store.questionnaires().await?.into_iter().map(|q| row(&app, q)).collect();
    let mut frame = Frame::new("質問票一覧", "list");
    if rows.iter().any(|r| r.reading == Reading::Reading) {
        frame.refresh = 3;
    }
    html(StatusCode::OK, &ListPage { frame, has_standard: app.pipeline.engine().is_some(), rows })
}

fn row(app: &App, q: Questionnaire) -> Row {
    let unfinished = q.tally.open > 0 || q.reading != Reading::Ready;
    Row {
        due: q.due.map(|due| Due::new(due, app.clock.today(), unfinished)),
        created: moment(q.created_at),
        progress: progress(app.pipeline.progress(q.id)),
        id: q.id,
        client: q.client,
        file_name: q.file_name,
        services: q.services,
        bar: Bar { tally: q.tally },
        reading: q.reading,
    }
}

/// How far the reading is, in words.
pub(super) fn progress(progress: Option<Progress>) -> String {
    match progress {
        Some(Progress::Waiting) => "順番を待っています".to_owned(),
        Some(Progress::Opening) | None => "ファイルを読み取っています".to_owned(),
        Some(Progress::Matching { done, total }) => format!("回答候補を検索しています（{done}／{total}問）"),
    }
}
