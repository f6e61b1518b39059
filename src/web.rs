//! The pages: router, the mapping of errors to statuses, a file per page.
//!
//! The pages work without JavaScript; `static/app.js` only replaces whole-page loads by swapping parts of the same pages.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};
use tokio::net::TcpListener;
use tower_http::trace::TraceLayer;

use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::people::Role;
use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::workbook::Limits;

mod access;
mod assets;
mod charts;
mod download;
mod error;
mod form;
mod guard;
mod head;
mod help;
mod list;
mod live;
mod mapping;
mod marks;
mod past;
mod people;
mod profile;
mod review;
mod settings;
mod sign_in;
mod standard;
mod upload;
mod view;

pub use access::Access;
use live::Live;

/// What every page needs.
#[derive(Clone)]
pub struct App {
    /// What is kept.
    pub store: Store,
    /// What reads and fills files.
    pub pipeline: Pipeline,
    /// Signing in.
    pub accounts: Accounts,
    /// The time.
    pub clock: Clock,
    /// How large a file may be.
    pub limits: Limits,
    /// Where people reach kaitou.
    pub url: PublicUrl,
    live: Live,
}

impl App {
    /// With nobody listening yet.
    #[must_use]
    pub fn new(store: Store, pipeline: Pipeline, accounts: Accounts, clock: Clock, limits: Limits, url: PublicUrl) -> Self {
        Self { store, pipeline, accounts, clock, limits, url, live: Live::new() }
    }

    /// Whether browsers reach kaitou by HTTPS only.
    fn secure(&self) -> bool {
        self.url.is_https()
    }

    /// The whole address of one of kaitou's pages.
    fn link(&self, path: &str) -> String {
        format!("{}{path}", self.url.as_str())
    }
}

/// A page or a deed, and who may ask for it.
struct Route {
    method: Method,
    path: &'static str,
    access: Access,
    handler: MethodRouter<Arc<App>>,
}

/// The one table of everything that can be asked for, and by whom. What is not in it is not there.
fn routes() -> Vec<Route> {
    use Access::{Anyone, SignedIn};
    const SALES: Access = Access::Roles(&[Role::Sales]);
    const REVIEWER: Access = Access::Roles(&[Role::Reviewer]);
    const RECEIVES: Access = Access::Roles(&[Role::Sales, Role::Reviewer, Role::Approver]);
    const TALKS: Access = RECEIVES;
    const APPROVER: Access = Access::Roles(&[Role::Approver]);
    const UPLOADED: Access = Access::Roles(&[Role::Sales, Role::Reviewer]);
    const ADMINISTRATOR: Access = Access::Roles(&[Role::Administrator]);
    let show = |path, access, handler| Route { method: Method::GET, path, access, handler };
    let act = |path, access, handler| Route { method: Method::POST, path, access, handler };
    // Uploads are counted where they are read, so that a page can say what was too large.
    let unlimited = DefaultBodyLimit::disable;
    vec![
        show("/sign-in", Anyone, get(sign_in::page)),
        act("/sign-in", Anyone, post(sign_in::submit)),
        act("/sign-out", Anyone, post(sign_in::sign_out)),
        show("/join/{token}", Anyone, get(sign_in::join_page)),
        act("/join/{token}", Anyone, post(sign_in::join)),
        show("/account", SignedIn, get(sign_in::account)),
        act("/account/password", SignedIn, post(sign_in::change_password)),
        act("/account/sign-out", SignedIn, post(sign_in::sign_out_everywhere)),
        show("/people", ADMINISTRATOR, get(people::page)),
        act("/people", ADMINISTRATOR, post(people::invite)),
        act("/people/{id}", ADMINISTRATOR, post(people::change)),
        act("/people/{id}/link", ADMINISTRATOR, post(people::link)),
        show("/", SignedIn, get(list::page)),
        show("/upload", SALES, get(upload::page)),
        act("/upload", SALES, post(upload::submit).layer(unlimited())),
        show("/standard", SignedIn, get(standard::page)),
        act("/standard", ADMINISTRATOR, post(standard::import).layer(unlimited())),
        show("/profile", SignedIn, get(profile::page)),
        act("/profile", ADMINISTRATOR, post(profile::save)),
        show("/settings", ADMINISTRATOR, get(settings::page)),
        act("/settings", ADMINISTRATOR, post(settings::save)),
        show("/questionnaires/{id}", SignedIn, get(review::page)),
        show("/questionnaires/{id}/questions/{position}", SignedIn, get(review::question)),
        show("/questionnaires/{id}/questions/{position}/place", SignedIn, get(mapping::place::page)),
        act("/questionnaires/{id}/questions/{position}", REVIEWER, post(review::decide::decide)),
        act("/questionnaires/{id}/questions/{position}/ask", UPLOADED, post(review::decide::ask)),
        act("/questionnaires/{id}/questions/{position}/comments", TALKS, post(review::decide::comment)),
        act("/questionnaires/{id}/questions/{position}/assignee", UPLOADED, post(review::decide::assign)),
        act("/questionnaires/{id}/owner", UPLOADED, post(review::decide::hand_over)),
        show("/questionnaires/{id}/high", REVIEWER, get(review::bulk::page)),
        act("/questionnaires/{id}/high", REVIEWER, post(review::bulk::accept)),
        act("/questionnaires/{id}/batches/{batch}/undo", REVIEWER, post(review::bulk::undo)),
        show("/questionnaires/{id}/mapping", SignedIn, get(mapping::page)),
        act("/questionnaires/{id}/mapping", UPLOADED, post(mapping::correct)),
        act("/questionnaires/{id}/mapping/save", UPLOADED, post(mapping::save)),
        show("/questionnaires/{id}/events", SignedIn, get(live::events)),
        show("/questionnaires/{id}/past", UPLOADED, get(past::page)),
        act("/questionnaires/{id}/past", UPLOADED, post(past::submit)),
        act("/questionnaires/{id}/retry", UPLOADED, post(review::retry)),
        show("/questionnaires/{id}/download", SignedIn, get(download::page)),
        act("/questionnaires/{id}/releases", APPROVER, post(download::release)),
        show("/questionnaires/{id}/file", RECEIVES, get(download::file)),
        show("/questionnaires/{id}/releases/{release}/file", RECEIVES, get(download::released)),
        show("/next", SignedIn, get(review::next)),
        show("/charts", SignedIn, get(charts::page)),
        show("/help", SignedIn, get(help::page)),
        show("/audit", ADMINISTRATOR, get(help::audit)),
        show("/static/{name}", Anyone, get(assets::file)),
    ]
}

/// Who may ask for what: every method and path there is.
#[must_use]
pub fn permissions() -> Vec<(Method, &'static str, Access)> {
    routes().into_iter().map(|r| (r.method, r.path, r.access)).collect()
}

/// Who may ask for the route that answers `method` at `path`; `None` where there is none.
fn access_of(method: &Method, path: &str) -> Option<Access> {
    static TABLE: LazyLock<Vec<(Method, &'static str, Access)>> = LazyLock::new(permissions);
    // What shows a page also tells about it.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    TABLE.iter().find(|(m, p, _)| m == method && *p == path).map(|(_, _, access)| *access)
}

/// All routes, with what guards them.
pub fn router(app: App) -> Router {
    let app = Arc::new(app);
    routes()
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(app.clone(), access::check))
        .layer(from_fn(guard::same_origin))
        .layer(from_fn(guard::headers))
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}

/// Serves `app` until `stop` is done, then lets what is being answered end.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let live = app.live.clone();
    let stop = async move {
        stop.await;
        // Pages that listen would keep it going for ever.
        live.end();
    };
    axum::serve(listener, router(app)).with_graceful_shutdown(stop).await
}
