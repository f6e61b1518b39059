//! Signing in and out, and one's own account.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::App;
use super::access::{Who, cookie, current, no_cookie, session};
use super::error::{WebError, html};
use super::view::Frame;
use crate::accounts::AccountError;
use crate::people::PASSWORD_CHARS;
use crate::store::Purpose;

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    frame: Frame,
    next: String,
    email: String,
    wrong: String,
}

/// Where to go afterwards.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    next: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// Only kaitou's own pages are gone on to.
fn own(next: &str) -> &str {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(|c: char| c == '\\' || c.is_control());
    if own { next } else { "/" }
}

/// `GET /sign-in`
pub(super) async fn page(asked: Result<Query<Asked>, QueryRejection>) -> Result<Response, WebError> {
    let Query(asked) = asked.unwrap_or_default();
    if current().is_some() {
        return Ok(Redirect::to(own(&asked.next)).into_response());
    }
    show(asked.next, String::new(), String::new(), StatusCode::OK)
}

/// `POST /sign-in`
pub(super) async fn submit(State(app): State<Arc<App>>, sent: Result<Form<Credentials>, FormRejection>) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    match app.accounts.sign_in(&sent.email, &sent.password).await {
        Ok(token) => Ok(([(header::SET_COOKIE, cookie(&token, app.secure())?)], Redirect::to(own(&sent.next))).into_response()),
        Err(e) if e.is_fault() => Err(e.into()),
        Err(e) => {
            let status = match e {
                AccountError::Locked(_) => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNAUTHORIZED,
            };
            show(sent.next, sent.email, e.to_string(), status)
        }
    }
}

fn show(next: String, email: String, wrong: String, status: StatusCode) -> Result<Response, WebError> {
    html(status, &SignInPage { frame: Frame::new("サインイン", "sign-in"), next, email, wrong })
}

/// `POST /sign-out`: ends this session.
pub(super) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, WebError> {
    if let Some(token) = session(&headers, app.secure()) {
        app.store.end_session(&token).await?;
    }
    Ok(([(header::SET_COOKIE, no_cookie(app.secure())?)], Redirect::to("/sign-in")).into_response())
}

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage {
    frame: Frame,
    token: String,
    purpose: Purpose,
    /// The address the link was made for.
    invited: Option<String>,
    email: String,
    name: String,
    wrong: String,
}

impl JoinPage {
    fn named(&self) -> bool {
        !matches!(self.purpose, Purpose::Password(_))
    }

    fn shortest(&self) -> usize {
        PASSWORD_CHARS
    }
}

/// What whoever follows a link sends.
#[derive(Deserialize)]
pub(super) struct Joining {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    password: String,
}

/// `GET /join/{token}`: a link that works once.
pub(super) async fn join_page(State(app): State<Arc<App>>, Path(token): Path<String>) -> Result<Response, WebError> {
    show_join(&app, token, String::new(), String::new(), String::new(), StatusCode::OK).await
}

/// `POST /join/{token}`: makes the account or sets the password, and signs in.
pub(super) async fn join(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    sent: Result<Form<Joining>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    match app.accounts.follow(&token, &sent.email, &sent.name, &sent.password).await {
        Ok(session) => Ok(([(header::SET_COOKIE, cookie(&session, app.secure())?)], Redirect::to("/")).into_response()),
        Err(e) if e.is_fault() => Err(e.into()),
        Err(e) => show_join(&app, token, sent.email, sent.name, e.to_string(), StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}

async fn show_join(app: &App, token: String, email: String, name: String, wrong: String, status: StatusCode) -> Result<Response, WebError> {
    let purpose = match app.accounts.link(&token).await {
        Ok(link) => link.purpose,
        Err(e) if e.is_fault() => return Err(e.into()),
        Err(e) => return Err(WebError::Gone(e.to_string())),
    };
    let (title, invited) = match &purpose {
        Purpose::First => ("最初の管理者の登録", None),
        Purpose::Invitation(email, _) => ("アカウントの登録", Some(email.as_str().to_owned())),
        Purpose::Password(email) => ("パスワードの再設定", Some(email.as_str().to_owned())),
    };
    html(status, &JoinPage { frame: Frame::new(title, "sign-in"), token, purpose, invited, email, name, wrong })
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    who: Who,
    wrong: String,
}

impl AccountPage {
    fn shortest(&self) -> usize {
        PASSWORD_CHARS
    }
}

/// A new password.
#[derive(Deserialize)]
pub(super) struct Change {
    old: String,
    new: String,
}

/// `GET /account`
pub(super) async fn account(who: Who) -> Result<Response, WebError> {
    html(StatusCode::OK, &AccountPage { frame: Frame::new("アカウント", "account"), who, wrong: String::new() })
}

/// `POST /account/password`
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    who: Who,
    sent: Result<Form<Change>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let email = who.email.parse().map_err(|_| WebError::NotFound)?;
    match app.accounts.change_password(&email, &sent.old, &sent.new).await {
        Ok(()) => Ok(([(header::SET_COOKIE, no_cookie(app.secure())?)], Redirect::to("/sign-in")).into_response()),
        Err(e) if e.is_fault() => Err(e.into()),
        Err(e) => {
            let wrong = if matches!(e, AccountError::Wrong) { "現在のパスワードが違います。".to_owned() } else { e.to_string() };
            let page = AccountPage { frame: Frame::new("アカウント", "account"), who, wrong };
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// `POST /account/sign-out`: ends all one's sessions, on whatever machine.
pub(super) async fn sign_out_everywhere(State(app): State<Arc<App>>, who: Who) -> Result<Response, WebError> {
    let id = who.by.id.ok_or(WebError::NotFound)?;
    app.store.end_sessions(id, &who.by, app.clock.now()).await?;
    Ok(([(header::SET_COOKIE, no_cookie(app.secure())?)], Redirect::to("/sign-in")).into_response())
}
