//! The API's description, made from the code that answers.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{Problem, Served, api, approvals, events, history, metrics, session};
use crate::snapshot::Newcomer;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cmflow",
        description = "Which documented Configuration Manager flows cross this gateway, and what crosses it that no document \
            explains. Everything is answered from one snapshot of the counters, which is no older than a second. Everything \
            is counted at ingress, before this gateway's own firewall. From this machine reading takes no password; \
            changes always take the token, and from other computers reading does too, or the cookie of a session."
    ),
    paths(
        api::status, api::interfaces, api::flows, api::rules, api::undocumented, api::rpc, api::reload, api::healthz,
        approvals::approvals, approvals::approve, events::events, history::audit, history::history, metrics::metrics, session::begin, session::end, description
    ),
    components(schemas(events::Tick, events::Reset, Newcomer, Problem)),
    modifiers(&Token),
)]
struct Description;

struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
    }
}

/// The description as JSON.
///
/// # Panics
/// Never: it holds nothing that JSON cannot.
#[must_use]
pub fn openapi() -> String {
    let mut text = Description::openapi()
        .to_pretty_json()
        .expect("a description is plain JSON");
    text.push('\n');
    text
}

pub(super) fn routes() -> Router<Served> {
    Router::new().route("/openapi.json", get(description))
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "live", responses((status = 200, content_type = "application/json")))]
async fn description() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi())
}
