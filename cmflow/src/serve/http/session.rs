//! Signing in and out, for people with browsers: a page cannot send a token by itself.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Extension, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::approvals::{LONGEST_BODY, body};
use super::guard::{Access, SIGN_OUT};
use super::parameters::Parameters;
use super::wrong::Peer;
use super::{Problem, Served, login, sessions};

pub(super) fn routes() -> Router<Served> {
    Router::new()
        .route("/api/v1/session", post(begin).delete(end))
        .route(SIGN_OUT, post(sign_out))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
}

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionAsked {
    /// The daemon's token.
    token: String,
}

/// A session that began; its cookie came with it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionBegun {
    /// Seconds until it ends.
    ends_in_s: u64,
}

/// How the token came.
enum Way {
    /// By the form of the sign-in page, which leads on.
    Form { next: String },
    /// By a program.
    Other,
}

/// Begins a session: whoever shows the token, in the body or in the header, may read with its cookie for 12 hours. Changes
/// take the token itself.
#[utoipa::path(post, path = "/api/v1/session", tag = "session",
    request_body(content((SessionAsked = "application/json"), (SessionAsked = "application/x-www-form-urlencoded"))),
    responses(
        (status = 201, body = SessionBegun, description = "With the cookie of the session",
            headers(("set-cookie" = String, description = "HttpOnly, SameSite=Strict, and Secure under TLS"))),
        (status = 303, description = "The same for a form, on to the page that was asked for"),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 429, body = Problem, description = "Too many wrong tokens from there")))]
pub(super) async fn begin(
    State(served): State<Served>,
    peer: Option<Extension<Peer>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    Parameters::read(query.as_deref(), &[])?;
    let (token, way) = read(&headers, &body(sent)?)?;
    let access: &Arc<Access> = &served.access;
    let peer = peer.map(|Extension(peer)| peer).unwrap_or_default();
    if let Err(problem) = access.shown(&token, peer) {
        return match way {
            Way::Form { next } => {
                let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNAUTHORIZED);
                Ok(login::answer(status, &next, Some(&problem.detail)))
            }
            Way::Other => Err(problem),
        };
    }
    let cookie = access.sessions.begin(Instant::now());
    let cookie = cookie.map_err(|why| Problem::unavailable(&why))?;
    let Peer(address) = peer;
    log::info!("a session began from {}", IpAddr::to_canonical(&address));
    let mut response = match way {
        Way::Form { next } => {
            let place = HeaderValue::try_from(login::own(&next)).unwrap_or(HeaderValue::from_static("/"));
            (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
        }
        Way::Other => {
            let ends_in_s = sessions::LENGTH.as_secs();
            (StatusCode::CREATED, Json(SessionBegun { ends_in_s })).into_response()
        }
    };
    set(&mut response, &cookie);
    Ok(response)
}

/// Ends the session of the cookie that is sent.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204, description = "It has ended, if there was one")))]
pub(super) async fn end(State(served): State<Served>, headers: HeaderMap) -> Response {
    over(&served, &headers, StatusCode::NO_CONTENT.into_response())
}

/// The same for the button of a page, which leads on to the sign-in page.
async fn sign_out(State(served): State<Served>, headers: HeaderMap) -> Response {
    let first = HeaderValue::from_static("/");
    over(
        &served,
        &headers,
        (StatusCode::SEE_OTHER, [(header::LOCATION, first)]).into_response(),
    )
}

/// Ends the session of a request, and takes its cookie away with that answer.
fn over(served: &Served, headers: &HeaderMap, mut response: Response) -> Response {
    let (cookie, _) = served.access.sessions.end(headers, Instant::now());
    set(&mut response, &cookie);
    response
}

fn set(response: &mut Response, cookie: &str) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        headers.insert(header::SET_COOKIE, cookie);
    }
}

/// The token that is shown, and how.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<(String, Way), Problem> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        let fields = || form_urlencoded::parse(body);
        let field = |wanted: &str| {
            let found = fields().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.into_owned())
        };
        // A form without JSON's strictness: what else a browser adds is nobody's concern.
        if let Some(token) = field("token") {
            let next = field("next").unwrap_or_default();
            return Ok((token.trim().to_owned(), Way::Form { next }));
        }
    }
    if body.is_empty() {
        if let Some(token) = bearer(headers) {
            return Ok((token.to_owned(), Way::Other));
        }
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "a token is needed: send {\"token\": \"TOKEN\"}, or the header \"Authorization: Bearer TOKEN\"",
        ));
    }
    let shown: Result<SessionAsked, _> = serde_json::from_slice(body);
    // What is wrong is not repeated: it may hold the token.
    let shown = shown.map_err(|_| Problem::bad("send JSON as in {\"token\": \"TOKEN\"}"))?;
    Ok((shown.token.trim().to_owned(), Way::Other))
}

/// The token of the header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = shown.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
