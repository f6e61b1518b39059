//! The pages: router, the mapping of errors to statuses, a file per page.
//!
//! The pages work without JavaScript; `static/app.js` only replaces whole-page loads by swapping parts of the same pages.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower_http::trace::TraceLayer;

use crate::clock::Clock;
use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::workbook::Limits;

mod assets;
mod download;
mod error;
mod form;
mod guard;
mod list;
mod marks;
mod profile;
mod review;
mod standard;
mod upload;
mod view;

/// What every page needs.
#[derive(Clone)]
pub struct App {
    /// What is kept.
    pub store: Store,
    /// What reads and fills files.
    pub pipeline: Pipeline,
    /// The time.
    pub clock: Clock,
    /// How large a file may be.
    pub limits: Limits,
}

/// All routes, with what guards them.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(list::page))
        // Uploads are counted where they are read, so that a page can say what was too large.
        .route("/upload", get(upload::page).post(upload::submit).layer(DefaultBodyLimit::disable()))
        .route("/standard", get(standard::page).post(standard::import).layer(DefaultBodyLimit::disable()))
        .route("/profile", get(profile::page).post(profile::save))
        .route("/questionnaires/{id}", get(review::page))
        .route("/questionnaires/{id}/questions/{position}", get(review::question).post(review::decide))
        .route("/questionnaires/{id}/retry", post(review::retry))
        .route("/questionnaires/{id}/download", get(download::page))
        .route("/questionnaires/{id}/file", get(download::file))
        .route("/static/{name}", get(assets::file))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(axum::middleware::from_fn(guard::same_origin))
        .layer(axum::middleware::from_fn(guard::headers))
        .layer(TraceLayer::new_for_http())
        .with_state(Arc::new(app))
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
    axum::serve(listener, router(app)).with_graceful_shutdown(stop).await
}
