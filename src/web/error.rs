//! The one mapping of errors to statuses and words.

use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::view::Frame;
use crate::accounts::AccountError;
use crate::people::Role;
use crate::pipeline::PipelineError;
use crate::store::StoreError;

/// Why a request was not answered as asked.
#[derive(Debug)]
pub(super) enum WebError {
    /// There is no such page.
    NotFound,
    /// The request makes no sense.
    Malformed(String),
    /// It may not be done from there.
    Forbidden(&'static str),
    /// Nobody is signed in.
    SignedOut,
    /// Who asks has none of the roles that may.
    MayNot(&'static [Role]),
    /// It was there once.
    Gone(String),
    /// It can't be done now.
    Conflict(String),
    /// The file that was sent is of no use; why, for the user.
    Unusable(String),
    /// The request is larger than allowed; the limit in words.
    TooLarge(String),
    /// A fault of kaitou's.
    Internal(anyhow::Error),
}

impl From<StoreError> for WebError {
    fn from(e: StoreError) -> Self {
        Self::Internal(e.into())
    }
}

impl From<AccountError> for WebError {
    fn from(e: AccountError) -> Self {
        Self::Internal(e.into())
    }
}

impl From<FormRejection> for WebError {
    fn from(e: FormRejection) -> Self {
        match e.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge("送信された内容が大きすぎます。".to_owned()),
            _ => Self::Malformed("フォームの形式".to_owned()),
        }
    }
}

impl From<MultipartRejection> for WebError {
    fn from(_: MultipartRejection) -> Self {
        Self::Malformed("フォームの形式".to_owned())
    }
}

impl From<askama::Error> for WebError {
    fn from(e: askama::Error) -> Self {
        Self::Internal(e.into())
    }
}

impl From<PipelineError> for WebError {
    fn from(e: PipelineError) -> Self {
        match e {
            PipelineError::Read(crate::workbook::read::ReadError::TooLarge { .. }) => Self::TooLarge(e.to_string()),
            PipelineError::Intake(crate::intake::IntakeError::Read(crate::workbook::read::ReadError::TooLarge { .. })) => Self::TooLarge(e.to_string()),
            PipelineError::NoStandard | PipelineError::Twice(..) => Self::Conflict(e.to_string()),
            e if e.is_input() => Self::Unusable(e.to_string()),
            e => Self::Internal(e.into()),
        }
    }
}

impl WebError {
    /// The status it is answered with.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) | Self::MayNot(_) => StatusCode::FORBIDDEN,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Gone(_) => StatusCode::GONE,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Unusable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the user is told. A fault of kaitou's is told in constant words.
    pub(super) fn message(&self) -> String {
        match self {
            Self::NotFound => "お探しのページはありません。URLが正しいか確認してください。".to_owned(),
            Self::Malformed(why) => format!("送信された内容を読み取れませんでした（{why}）。"),
            Self::Forbidden(why) => (*why).to_owned(),
            Self::SignedOut => "サインインしていないか、時間がたってサインアウトされました。サインインし直してください。".to_owned(),
            Self::MayNot(roles) => {
                let titles: Vec<&str> = roles.iter().map(|r| r.title()).collect();
                format!("この操作ができるのは、役割が「{}」の人だけです。必要な場合は管理者に依頼してください。", titles.join("」「"))
            }
            Self::Gone(why) | Self::Conflict(why) | Self::Unusable(why) | Self::TooLarge(why) => why.clone(),
            Self::Internal(_) => "内部エラーが発生しました。保存済みの内容は失われていません。".to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    message: String,
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        if let Self::Internal(e) = &self {
            tracing::error!(error = format!("{e:#}"), "a request failed");
        }
        let status = self.status();
        let title = match status {
            StatusCode::NOT_FOUND => "ページが見つかりません",
            StatusCode::INTERNAL_SERVER_ERROR => "内部エラー",
            StatusCode::UNAUTHORIZED => "サインインが必要です",
            StatusCode::FORBIDDEN => "権限がありません",
            StatusCode::GONE => "使えないリンクです",
            _ => "処理できませんでした",
        };
        let page = ErrorPage { frame: Frame::new(title, ""), message: self.message() };
        match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, page.message).into_response(),
        }
    }
}

/// A page as a response.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Result<Response, WebError> {
    Ok((status, Html(page.render()?)).into_response())
}

/// Any address without a page.
pub(super) async fn not_found() -> WebError {
    WebError::NotFound
}

/// A page that is there, but not to be asked that way.
pub(super) async fn method_not_allowed() -> Response {
    let mut response = WebError::Malformed("この操作はできません".to_owned()).into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
