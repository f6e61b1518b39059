//! The filled file, and what is still open in it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::error::{WebError, html};
use super::review::{Header, Id};
use super::view::{Frame, encoded};
use crate::review::{Kind, Tally};
use crate::store::{Line, Reading};

#[derive(Template)]
#[template(path = "download.html")]
struct DownloadPage {
    frame: Frame,
    head: Header,
    file_name: String,
    open: Vec<Line>,
    declined: Vec<Line>,
    filled: usize,
}

/// `GET /questionnaires/{id}/download`: what the file will hold.
pub(super) async fn page(State(app): State<Arc<App>>, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    ready(&questionnaire.reading)?;
    let mut open = Vec::new();
    let mut declined = Vec::new();
    for line in app.store.lines(id).await? {
        match line.kind {
            Kind::Open => open.push(line),
            Kind::Declined => declined.push(line),
            Kind::Accepted | Kind::Edited => {}
        }
    }
    let tally = questionnaire.tally;
    let file_name = answered_name(&questionnaire.file_name, &tally);
    let head = Header::new(questionnaire, app.clock.today());
    let frame = Frame::new(format!("ダウンロード — {}", head.client), "list");
    let filled = tally.accepted + tally.edited;
    html(StatusCode::OK, &DownloadPage { frame, head, file_name, open, declined, filled })
}

/// `GET /questionnaires/{id}/file`: the client's file with the decided answers.
pub(super) async fn file(State(app): State<Arc<App>>, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    ready(&questionnaire.reading)?;
    let filled = app.pipeline.fill(id).await?.ok_or(WebError::NotFound)?;
    let name = answered_name(&questionnaire.file_name, &filled.tally);
    let macros = name.to_ascii_lowercase().ends_with(".xlsm");
    let kind = if macros {
        "application/vnd.ms-excel.sheet.macroEnabled.12"
    } else {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    };
    let disposition = HeaderValue::from_str(&disposition(&name)).map_err(|e| WebError::Internal(e.into()))?;
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, filled.bytes).into_response())
}

fn ready(reading: &Reading) -> Result<(), WebError> {
    match reading {
        Reading::Ready => Ok(()),
        Reading::Reading => Err(WebError::Conflict("この質問票はまだ読み取り中です。".to_owned())),
        Reading::Failed(why) => Err(WebError::Conflict(format!("この質問票は読み取れませんでした。{why}"))),
    }
}

/// The client's file name, telling that it is filled in, or that only a part is.
fn answered_name(original: &str, tally: &Tally) -> String {
    let (stem, extension) = match original.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (original, "xlsx"),
    };
    let state = if tally.open == 0 { "回答済" } else { "一部回答" };
    format!("{stem}（{state}）.{extension}")
}

/// `Content-Disposition` with the name for old programs and for all others (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.() ".contains(c) { c } else { '_' }).collect();
    let encoded = encoded(name);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_the_clients_words() {
        let done = Tally { accepted: 3, ..Tally::default() };
        assert_eq!(answered_name("チェックシート v2.1.xlsx", &done), "チェックシート v2.1（回答済）.xlsx");
        assert_eq!(answered_name("sheet", &Tally { open: 1, ..done }), "sheet（一部回答）.xlsx");
        assert_eq!(disposition("回\"\r\n.xlsx"), "attachment; filename=\"____.xlsx\"; filename*=UTF-8''%E5%9B%9E%22%0D%0A.xlsx");
    }
}
