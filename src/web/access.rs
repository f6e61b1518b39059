//! Who asks, and whether they may.
//!
//! While there are no accounts, whoever sits at this machine may do everything, and nobody else can reach kaitou. From the
//! first account on, everybody signs in, and [`super::routes`] says which roles may do what.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::App;
use super::error::WebError;
use super::guard;
use crate::people::{By, Role, Roles};
use crate::secret::{Token, TokenHash};

/// Who may ask for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, signed in or not.
    Anyone,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// As it is written down.
    pub by: By,
    /// The address they signed in with; empty while there are no accounts.
    pub email: String,
    /// What they may do.
    pub roles: Roles,
}

impl Who {
    /// Whether they have the role.
    pub(super) fn is(&self, role: Role) -> bool {
        self.roles.has(role)
    }

    /// Whether this is the time before the first account.
    pub(super) fn is_alone(&self) -> bool {
        self.by.id.is_none()
    }
}

tokio::task_local! {
    /// Who asks, for the frame of every page, error pages included.
    static WHO: Option<Who>;
}

/// Who asks for the page that is being made; `None` for somebody signed out.
pub(super) fn current() -> Option<Who> {
    WHO.try_with(Clone::clone).unwrap_or_default()
}

impl FromRequestParts<Arc<App>> for Who {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, WebError> {
        parts.extensions.get::<Self>().cloned().ok_or(WebError::SignedOut)
    }
}

/// Finds out who asks, and refuses what they may not do.
pub(super) async fn check(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let access = super::access_of(request.method(), path);
    let who = match find(&app, request.headers(), guard::host(&request)).await {
        Ok(who) => who,
        Err(e) => return e.into_response(),
    };
    let allowed = match (access, &who) {
        // Without a route there is nothing to allow: the answer is that there is no such page.
        (None | Some(Access::Anyone), _) | (Some(Access::SignedIn), Some(_)) => Ok(()),
        (Some(Access::SignedIn | Access::Roles(_)), None) => Err(WebError::SignedOut),
        (Some(Access::Roles(roles)), Some(who)) if who.roles.any(roles) => Ok(()),
        (Some(Access::Roles(roles)), Some(_)) => Err(WebError::MayNot(roles)),
    };
    if let Some(who) = &who {
        request.extensions_mut().insert(who.clone());
    }
    WHO.scope(who, async move {
        match allowed {
            Ok(()) => next.run(request).await,
            Err(WebError::SignedOut) if request.method() == Method::GET => to_sign_in(&request).into_response(),
            Err(e) => e.into_response(),
        }
    })
    .await
}

/// Who asks, by their session; everybody while there are no accounts.
pub(super) async fn find(app: &App, headers: &HeaderMap, host: Option<&str>) -> Result<Option<Who>, WebError> {
    if let Some(token) = session(headers, app.secure())
        && let Some(person) = app.store.session(&token, app.clock.now()).await?
    {
        let by = By::from(&person);
        return Ok(Some(Who { by, email: person.email.as_str().to_owned(), roles: person.roles }));
    }
    if app.store.has_people().await? {
        return Ok(None);
    }
    // Against DNS rebinding: without accounts, another site's name for this machine must open nothing.
    if host.is_some_and(guard::is_local) {
        Ok(Some(Who { by: By::this_machine(), email: String::new(), roles: Roles::all() }))
    } else {
        Err(WebError::Forbidden("http://127.0.0.1 か http://localhost のアドレスで開いてください。"))
    }
}

/// The page to sign in on, which leads back to the one that was asked for.
fn to_sign_in(request: &Request) -> Redirect {
    match request.uri().path_and_query().map(|p| p.as_str()) {
        None | Some("/") => Redirect::to("/sign-in"),
        Some(path) => Redirect::to(&format!("/sign-in?next={}", super::view::encoded(path))),
    }
}

fn cookie_name(secure: bool) -> &'static str {
    // The prefix binds the cookie to this very host and to HTTPS.
    if secure { "__Host-kaitou" } else { "kaitou" }
}

/// The session that a request names.
pub(super) fn session(headers: &HeaderMap, secure: bool) -> Option<TokenHash> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = cookies.flat_map(|c| c.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie_name(secure)).map(|(_, value)| TokenHash::of(value))
}

/// The cookie of a new session.
pub(super) fn cookie(token: &Token, secure: bool) -> Result<HeaderValue, WebError> {
    set_cookie(token.shown(), 7 * 24 * 3600, secure)
}

/// Takes the cookie away.
pub(super) fn no_cookie(secure: bool) -> Result<HeaderValue, WebError> {
    set_cookie("", 0, secure)
}

fn set_cookie(value: &str, seconds: u32, secure: bool) -> Result<HeaderValue, WebError> {
    let name = cookie_name(secure);
    let flag = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{flag}");
    HeaderValue::from_str(&text).map_err(|e| WebError::Internal(e.into()))
}
