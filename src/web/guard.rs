//! What every request passes: only kaitou's own pages may change something, and every answer carries the security headers.

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

/// Refuses what another site's page could have a browser send: what changes something must come from kaitou's own pages.
/// Programs send neither `Origin` nor `Sec-Fetch-Site` and may pass; a browser always sends one of them with a form.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(host) = host(&request) else {
        return WebError::Forbidden("アドレスのない要求は受け付けません。").into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
        let origin = text(headers, &header::ORIGIN);
        // Behind a proxy that speaks HTTPS the origin is https and the host the same.
        let of_host = |o: &str| ["http://", "https://"].iter().any(|scheme| o.strip_prefix(scheme) == Some(host));
        let own = site.is_none_or(|s| matches!(s, "same-origin" | "none")) && origin.is_none_or(of_host);
        if !own {
            return WebError::Forbidden("ほかのサイトからの操作は受け付けません。kaitouの画面から操作し直してください。")
                .into_response();
        }
    }
    next.run(request).await
}

/// The name by which a request calls kaitou.
pub(super) fn host(request: &Request) -> Option<&str> {
    // HTTP/2 has the host in the URI.
    text(request.headers(), &header::HOST).or_else(|| request.uri().authority().map(|a| a.as_str()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // A header that is there but unreadable must not pass for one that is not there.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// Whether `host` (with or without port) names this machine.
pub(super) fn is_local(host: &str) -> bool {
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
