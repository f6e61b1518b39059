//! `/questionnaires/{id}/questions/{position}/place`: the question as it stands in the client's file, among its neighbours.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::App;
use super::super::error::{WebError, html};
use super::super::review::{Id, name};
use super::super::view::Frame;
use super::sheet::SheetView;
use crate::pipeline::Mapped;

#[derive(Template)]
#[template(path = "place.html")]
struct PlacePage {
    frame: Frame,
    id: i64,
    position: u32,
    /// What the question is called.
    name: String,
    /// The sheet's place in the file, from 1.
    at: usize,
    /// The question's row.
    row: u32,
    sheet: SheetView,
}

/// `GET /questionnaires/{id}/questions/{position}/place`
pub(in crate::web) async fn page(State(app): State<Arc<App>>, Path((Id(id), position)): Path<(Id, String)>) -> Result<Response, WebError> {
    let position = position.parse().map_err(|_| WebError::NotFound)?;
    let question = app.store.question(id, position).await?.ok_or(WebError::NotFound)?;
    let asked = &question.question;
    let Mapped { workbook, found, .. } = app.pipeline.mapped(id).await?.ok_or(WebError::NotFound)?;
    let at = workbook.sheets.iter().position(|s| s.name == asked.sheet).ok_or(WebError::NotFound)?;
    let row = asked.question_cell.row;
    let name = name(&question);
    let page = PlacePage {
        frame: Frame::new(format!("{name} のファイルでの位置"), "list"),
        id,
        position,
        name,
        at: at + 1,
        row,
        sheet: SheetView::around(&workbook.sheets[at], &found, row),
    };
    html(StatusCode::OK, &page)
}
