//! `/people`: who may use kaitou, and for what.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::review::Id;
use super::view::Frame;
use crate::people::{Person, Role, Roles};
use crate::store::{PeopleError, PersonChange};

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    frame: Frame,
    people: Vec<Person>,
    roles: [Role; 4],
    email: String,
    wrong: String,
    /// A link that was just made: for whom, and the link.
    made: Option<(String, String)>,
    me: i64,
}

impl PeoplePage {
    fn is_me(&self, person: &Person) -> bool {
        person.id == self.me
    }
}

/// What the forms send; roles come as one field each.
type Fields = Vec<(String, String)>;

fn value<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
}

fn roles(fields: &Fields) -> Roles {
    Roles::named(fields.iter().filter(|(n, _)| n == "role").map(|(_, v)| v.as_str()))
}

/// `GET /people`
pub(super) async fn page(State(app): State<Arc<App>>, who: Who) -> Result<Response, WebError> {
    show(&app, &who, String::new(), String::new(), None, StatusCode::OK).await
}

/// `POST /people`: makes a link for somebody new. The link is shown once; kaitou sends no mail.
pub(super) async fn invite(State(app): State<Arc<App>>, who: Who, sent: Result<Form<Fields>, FormRejection>) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let email = value(&sent, "email").trim().to_owned();
    let roles = roles(&sent);
    if who.is_alone() {
        let wrong = "先に、起動時に表示されたリンクから最初の管理者を登録してください。".to_owned();
        return show(&app, &who, email, wrong, None, StatusCode::CONFLICT).await;
    }
    if roles.is_empty() {
        return show(&app, &who, email, "役割を1つ以上選んでください。".to_owned(), None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    match app.accounts.invite(&email, roles, &who.by).await {
        Ok(token) => {
            let made = Some((email, app.link(&format!("/join/{}", token.shown()))));
            show(&app, &who, String::new(), String::new(), made, StatusCode::OK).await
        }
        Err(e) if e.is_fault() => Err(e.into()),
        Err(e) => show(&app, &who, email, e.to_string(), None, StatusCode::UNPROCESSABLE_ENTITY).await,
    }
}

/// `POST /people/{id}`: changes roles, stops an account or lets it work again.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    sent: Result<Form<Fields>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let to = PersonChange { roles: roles(&sent), active: value(&sent, "active") == "yes" };
    match app.store.change_person(id, to, &who.by, app.clock.now()).await {
        Ok(()) => Ok(Redirect::to("/people").into_response()),
        Err(PeopleError::NoPerson) => Err(WebError::NotFound),
        Err(e @ PeopleError::LastAdministrator) => show(&app, &who, String::new(), e.to_string(), None, StatusCode::CONFLICT).await,
        Err(PeopleError::Store(e)) => Err(e.into()),
    }
}

/// `POST /people/{id}/link`: makes a link for a new password.
pub(super) async fn link(State(app): State<Arc<App>>, who: Who, Path(Id(id)): Path<Id>) -> Result<Response, WebError> {
    let people = app.store.people().await?;
    let person = people.into_iter().find(|p| p.id == id).ok_or(WebError::NotFound)?;
    match app.accounts.reset(&person.email, &who.by).await {
        Ok(token) => {
            let made = Some((person.email.as_str().to_owned(), app.link(&format!("/join/{}", token.shown()))));
            show(&app, &who, String::new(), String::new(), made, StatusCode::OK).await
        }
        Err(e) if e.is_fault() => Err(e.into()),
        Err(_) => {
            let wrong = "停止中のアカウントのパスワードは再設定できません。".to_owned();
            show(&app, &who, String::new(), wrong, None, StatusCode::CONFLICT).await
        }
    }
}

async fn show(
    app: &App,
    who: &Who,
    email: String,
    wrong: String,
    made: Option<(String, String)>,
    status: StatusCode,
) -> Result<Response, WebError> {
    let people = app.store.people().await?;
    let frame = Frame::new("利用者", "people");
    html(status, &PeoplePage { frame, people, roles: Role::ALL, email, wrong, made, me: who.by.id.unwrap_or(0) })
}
