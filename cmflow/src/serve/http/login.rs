//! The page on which a person shows the token: a form, and nothing that runs.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, html};

/// The page. `next` is what was asked for, `said` what was wrong with the token before.
pub(super) fn page(next: &str, said: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme="auto" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Sign in · cmflow" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/style.css";
            }
            body {
                main #main {
                    h1 { "cmflow" }
                    p { "From other computers, what this gateway counts is shown to those who have its token." }
                    @if let Some(said) = said {
                        p.refusal role="alert" { (said) }
                    }
                    form.sheet method="post" action="/api/v1/session" {
                        input type="hidden" name="next" value=(own(next));
                        label {
                            span { "Token" }
                            input type="password" name="token" required autofocus autocomplete="current-password";
                        }
                        button type="submit" { "Sign in" }
                    }
                    p.quiet {
                        "The token is what " code { "--token-file" } " of " code { "cmflow run" } " holds. Signing in lets you \
                         read for 12 hours; changes ask for the token each time."
                    }
                }
            }
        }
    }
}

/// The page as an answer.
pub(super) fn answer(status: StatusCode, next: &str, said: Option<&str>) -> Response {
    let mut response = (status, page(next, said).into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A path of this daemon; the first page where it is something else: nobody is led elsewhere.
pub(super) fn own(next: &str) -> &str {
    let strange = |letter: char| letter == '\\' || letter.is_control() || !letter.is_ascii();
    if next.starts_with('/') && !next.starts_with("//") && !next.contains(strange) {
        next
    } else {
        "/"
    }
}

/// Whether a browser asks for a page, and not a program that would show a token if it had one.
pub(super) fn is_asked_by_a_person(method: &Method, headers: &HeaderMap) -> bool {
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|accepts| accepts.to_str().ok());
    let page = accepts.is_some_and(|accepts| accepts.contains("text/html"));
    *method == Method::GET && page && !headers.contains_key(header::AUTHORIZATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        for (next, led) in [
            ("/flows?verdict=foreign", "/flows?verdict=foreign"),
            ("/", "/"),
            ("", "/"),
            ("//attacker.example/", "/"),
            ("/\\attacker.example", "/"),
            ("https://attacker.example/", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nSet-Cookie: a=b", "/"),
        ] {
            assert_eq!(own(next), led, "{next}");
        }
    }

    #[test]
    fn what_was_asked_for_is_text_and_nothing_runs() {
        let page = page("/\"><script>", Some("<b>no</b>")).into_string();
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("autocomplete=\"current-password\""));
    }
}
