//! The style sheet, the script and the icon: parts of the program, asked for once per version.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::error::WebError;

const CSS: &str = include_str!("static/app.css");
const SCRIPT: &str = include_str!("static/app.js");
const MAPPING_CSS: &str = include_str!("static/mapping.css");
const MAPPING_SCRIPT: &str = include_str!("static/mapping.js");
const ICON: &str = include_str!("static/icon.svg");

/// Changes with the files, so that a browser may keep them for good.
pub(super) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    (CSS, SCRIPT, MAPPING_CSS, MAPPING_SCRIPT, ICON).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
});

/// `GET /static/{name}`
pub(super) async fn file(Path(name): Path<String>) -> Result<Response, WebError> {
    let (kind, body) = match name.as_str() {
        "app.css" => ("text/css; charset=utf-8", CSS),
        "app.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "mapping.css" => ("text/css; charset=utf-8", MAPPING_CSS),
        "mapping.js" => ("text/javascript; charset=utf-8", MAPPING_SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return Err(WebError::NotFound),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, body).into_response())
}
