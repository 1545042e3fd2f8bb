//! Which requests are taken: by whom, under which name, how large, how long; and what is said to browsers with each
//! answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::session::bearer;
use super::sessions::Sessions;
use super::wrong::{Peer, Wrong};
use super::{Problem, Token, login};

/// No address of a request is longer.
const LONGEST_ADDRESS: usize = 4096;
/// How long an answer may take to be made; its body may take longer.
const ANSWER: Duration = Duration::from_secs(30);

/// Scripts, styles and data come from here and from nowhere else; nobody puts these pages into a frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                                       font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                                       frame-ancestors 'none'";

/// Who may do what.
#[derive(Debug)]
pub(super) struct Access {
    /// Whether this machine alone can reach the port.
    pub(super) loopback: bool,
    pub(super) token: Option<Token>,
    /// Who has shown it already, and may read.
    pub(super) sessions: Sessions,
    /// Who shows others.
    pub(super) wrong: Wrong,
}

/// What the sign-in page needs, and tells nobody anything.
const PUBLIC: [&str; 2] = ["/assets/style.css", "/assets/icon.svg"];
/// Where the token is shown by other means than the header, and sessions end.
const SESSIONS: [&str; 2] = ["/api/v1/session", SIGN_OUT];
/// The same for the button of a page.
pub(super) const SIGN_OUT: &str = "/sign-out";

/// By what a request was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// By what it asks for, or where it comes from: anybody may.
    Open,
    /// By a session, which may end while the answer still goes on.
    Session,
    /// By the token.
    Token,
}

impl Access {
    fn check(&self, request: &Request) -> Result<Pass, Problem> {
        let length = request.uri().path_and_query().map_or(0, |all| all.as_str().len());
        if length > LONGEST_ADDRESS {
            return Err(Problem::new(
                StatusCode::URI_TOO_LONG,
                format!("an address of {length} bytes; {LONGEST_ADDRESS} are taken"),
            ));
        }
        if self.loopback {
            own_name(request)?;
        }
        let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if !reads {
            own_page(request.headers())?;
        }
        let path = request.uri().path();
        if SESSIONS.contains(&path) || reads && (self.loopback || PUBLIC.contains(&path)) {
            return Ok(Pass::Open);
        }
        // Reading alone: what a browser sends by itself changes nothing.
        if reads && self.sessions.know(request.headers(), Instant::now()) {
            return Ok(Pass::Session);
        }
        let peer = request.extensions().get().copied().unwrap_or_default();
        self.token_of(request.headers(), peer).map(|()| Pass::Token)
    }

    /// Whether who was taken so would be taken again.
    pub(super) fn still(&self, pass: Pass, headers: &HeaderMap) -> bool {
        pass != Pass::Session || self.sessions.know(headers, Instant::now())
    }

    /// Whether the request shows the token.
    fn token_of(&self, headers: &HeaderMap, peer: Peer) -> Result<(), Problem> {
        if self.token.is_some() && !headers.contains_key(header::AUTHORIZATION) {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "a token is needed: send the header \"Authorization: Bearer TOKEN\"",
            ));
        }
        self.shown(bearer(headers).unwrap_or_default(), peer)
    }

    /// Whether that is the token. Whoever shows many others is not listened to for a while.
    pub(super) fn shown(&self, shown: &str, peer: Peer) -> Result<(), Problem> {
        let Some(token) = &self.token else {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "this daemon takes no changes over HTTP; start it with --token-file to allow them",
            ));
        };
        let now = Instant::now();
        if self.wrong.is_too_much(peer, now) {
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too many wrong tokens came from there; try again in a minute",
            ));
        }
        if token.is(shown) {
            return Ok(());
        }
        self.wrong.came(peer, now);
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "that is not this daemon's token",
        ))
    }
}

/// A page of somebody else's, open in a browser that reaches this daemon, changes nothing and tries no tokens.
fn own_page(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "a page from elsewhere asks for a change; only this daemon's own pages may",
        ));
    }
    Ok(())
}

/// A name that leads to this machine may be anybody's: pages of others could read by it what is told here without a
/// password (DNS rebinding). An address, or `localhost`, cannot be made to mean something else.
fn own_name(request: &Request) -> Result<(), Problem> {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let named = host
        .or_else(|| request.uri().authority().map(Authority::as_str))
        .unwrap_or_default();
    let name = named
        .parse::<Authority>()
        .map(|authority| authority.host().to_owned())
        .unwrap_or_default();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let address = bare
        .parse::<IpAddr>()
        .is_ok_and(|address| address.to_canonical().is_loopback());
    if address || name.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        format!("this is not {named:?}: ask for 127.0.0.1 or localhost"),
    ))
}

/// Takes a request, or says why not.
pub(super) async fn check(State(access): State<Arc<Access>>, mut request: Request, next: Next) -> Response {
    let asked = (request.method(), request.headers());
    let mut response = match access.check(&request) {
        Err(problem)
            if problem.status == StatusCode::UNAUTHORIZED
                && login::is_asked_by_a_person(asked.0, asked.1) =>
        {
            let next = request.uri().path_and_query();
            login::answer(
                StatusCode::UNAUTHORIZED,
                next.map_or("/", PathAndQuery::as_str),
                None,
            )
        }
        Err(problem) => problem.into_response(),
        Ok(pass) => {
            request.extensions_mut().insert(pass);
            match tokio::time::timeout(ANSWER, next.run(request)).await {
                Ok(response) => response,
                Err(_) => Problem::unavailable("the answer took too long").into_response(),
            }
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(method: &str, host: &str, authorization: Option<&str>) -> Request {
        let builder = Request::builder()
            .method(method)
            .uri("/api/v1/status")
            .header("host", host);
        let builder = match authorization {
            Some(shown) => builder.header("authorization", shown),
            None => builder,
        };
        builder.body(Body::empty()).expect("a request")
    }

    fn access(loopback: bool, token: Option<Token>) -> Access {
        Access {
            loopback,
            token,
            sessions: Sessions::new(8077, !loopback),
            wrong: Wrong::default(),
        }
    }

    fn status(access: &Access, request: &Request) -> u16 {
        access.check(request).err().map_or(200, |problem| problem.status)
    }

    #[test]
    fn this_machine_is_called_by_its_address_or_localhost() {
        let access = access(true, None);
        for (host, expected) in [
            ("127.0.0.1:8077", 200),
            ("127.0.0.1", 200),
            ("localhost:9000", 200),
            ("LOCALHOST", 200),
            ("[::1]:8077", 200),
            ("cmflow.example:8077", 421),
            ("127.0.0.1.example", 421),
            ("localhost.example", 421),
            ("192.0.2.1", 421),
            ("", 421),
        ] {
            assert_eq!(status(&access, &request("GET", host, None)), expected, "{host}");
        }
    }

    #[test]
    fn who_changes_something_shows_the_token_and_from_elsewhere_who_reads_too() {
        let folder = std::env::temp_dir().join(format!("cmflow-token-{}", std::process::id()));
        std::fs::write(&folder, "0123456789abcdef\n").expect("a file");
        std::os::unix::fs::chown(&folder, None, None).expect("its own");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&folder, mode).expect("its mode");
        let token = Token::read(&folder).expect("a token");
        std::fs::remove_file(&folder).expect("it was made here");
        let right = Some("Bearer 0123456789abcdef");
        for (loopback, token, method, shown, expected) in [
            (true, None, "GET", None, 200),
            (true, None, "POST", None, 403),
            (true, None, "POST", right, 403),
            (true, Some(&token), "GET", None, 200),
            (true, Some(&token), "POST", None, 401),
            (true, Some(&token), "POST", Some("Bearer 0123456789abcdee"), 401),
            (true, Some(&token), "POST", Some("Basic 0123456789abcdef"), 401),
            (true, Some(&token), "POST", Some("0123456789abcdef"), 401),
            (true, Some(&token), "POST", Some("bearer 0123456789abcdef"), 200),
            (true, Some(&token), "DELETE", None, 401),
            (false, Some(&token), "GET", None, 401),
            (false, Some(&token), "GET", right, 200),
            (false, Some(&token), "POST", right, 200),
        ] {
            let access = access(loopback, token.cloned());
            let request = request(method, "localhost", shown);
            assert_eq!(
                status(&access, &request),
                expected,
                "{loopback} {method} {shown:?}"
            );
        }
    }
}
