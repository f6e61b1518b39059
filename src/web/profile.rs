//! `/profile`: what is known about the company itself, for the rows that ask for its name, address and the like.

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
use crate::questionnaire::profile::{Profile, facts};
use crate::workbook::MAX_CELL_UTF16;

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    frame: Frame,
    fields: Vec<Field>,
    saved: bool,
    wrong: String,
}

/// One fact in the form.
struct Field {
    key: &'static str,
    name: &'static str,
    value: String,
}

/// `GET /profile`
pub(super) async fn page(State(app): State<Arc<App>>, Query(asked): Query<HashMap<String, String>>) -> Result<Response, WebError> {
    let profile = app.store.profile().await?;
    show(&profile, asked.contains_key("saved"), String::new(), StatusCode::OK)
}

/// `POST /profile`: keeps what was entered; an empty field takes its fact out.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    who: Who,
    sent: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let entered = facts().filter_map(|fact| {
        let value = sent.get(&fact.key)?.replace("\r\n", "\n");
        let value: String = value.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        Some((fact.key.clone(), value.trim().to_owned())).filter(|(_, value)| !value.is_empty())
    });
    let profile = Profile(entered.collect());
    if let Some(fact) = facts().find(|f| profile.0.get(&f.key).is_some_and(|v| v.encode_utf16().count() > MAX_CELL_UTF16)) {
        let wrong = format!("「{}」が長すぎます。Excelの1セルに入るのは{MAX_CELL_UTF16}文字までです。保存していません。", fact.name);
        return show(&profile, false, wrong, StatusCode::UNPROCESSABLE_ENTITY);
    }
    app.store.save_profile(&profile, &who.by, app.clock.now()).await?;
    Ok(Redirect::to("/profile?saved=1").into_response())
}

fn show(profile: &Profile, saved: bool, wrong: String, status: StatusCode) -> Result<Response, WebError> {
    let field = |fact: &'static crate::questionnaire::profile::Fact| Field {
        key: &fact.key,
        name: &fact.name,
        value: profile.0.get(&fact.key).cloned().unwrap_or_default(),
    };
    let page = ProfilePage { frame: Frame::new("会社プロフィール", "profile"), fields: facts().map(field).collect(), saved, wrong };
    html(status, &page)
}
