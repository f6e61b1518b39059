//! What every request passes: only this machine's own pages may ask, and every answer carries the security headers.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::WebError;

/// No inline code or style, nothing from elsewhere, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Puts the security headers on every answer; pages hold clients' matters and stay in no cache.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses what another site's page could have a browser send. There are no accounts yet: whoever reaches the port may do
/// everything, so the host's name must be a local one (against DNS rebinding) and what changes something must come from
/// kaitou's own pages (against forged requests). Programs send neither `Origin` nor `Sec-Fetch-Site` and may pass.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    // HTTP/2 has the host in the URI.
    let host = text(headers, &header::HOST).or_else(|| request.uri().authority().map(|a| a.as_str()));
    let Some(host) = host.filter(|h| is_local(h)) else {
        return WebError::Forbidden("http://127.0.0.1 か http://localhost のアドレスで開いてください。").into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
        let origin = text(headers, &header::ORIGIN);
        let own = site.is_none_or(|s| matches!(s, "same-origin" | "none"))
            && origin.is_none_or(|o| o.strip_prefix("http://").is_some_and(|o| o == host));
        if !own {
            return WebError::Forbidden("ほかのサイトからの操作は受け付けません。kaitouの画面から操作し直してください。")
                .into_response();
        }
    }
    next.run(request).await
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // A header that is there but unreadable must not pass for one that is not there.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// Whether `host` (with or without port) names this machine.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "127.1.2.3"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["example.com", "127.0.0.1.example.com", "localhost.example.com:80", "192.168.0.1", "?", "", "[::2]:1"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
