//! What is told of the counters, and what may be changed.

use axum::extract::{OriginalUri, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use std::cmp::Reverse;
use utoipa::ToSchema;

use super::page::{self, Table};
use super::parameters::{LARGEST_PAGE, PAGE, Parameters};
use super::{Problem, Served};
use crate::answer::{self, InterfaceStatus, Reloaded, Unexplained, UnexplainedGroup};
use crate::serve::FlowQuery;
use crate::snapshot::{FlowPage, Snapshot};

/// Everything that can be asked for.
pub(super) const PATHS: [&str; 15] = [
    "/api/v1/status",
    "/api/v1/interfaces",
    "/api/v1/flows",
    "/api/v1/rules",
    "/api/v1/undocumented",
    "/api/v1/rpc",
    "/api/v1/events",
    "/api/v1/audit",
    "/api/v1/history",
    "/api/v1/reload",
    "/api/v1/approvals",
    "/api/v1/session",
    "/metrics",
    "/openapi.json",
    "/healthz",
];

pub(super) fn routes() -> Router<Served> {
    Router::new()
        .route("/api/v1/status", get(status))
        .route("/api/v1/interfaces", get(interfaces))
        .route("/api/v1/flows", get(flows))
        .route("/api/v1/rules", get(rules))
        .route("/api/v1/undocumented", get(undocumented))
        .route("/api/v1/rpc", get(rpc))
        .route("/api/v1/reload", post(reload))
        .route("/healthz", get(healthz))
}

/// What is asked for, and who has what already.
pub(super) struct Question<'a> {
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) known: &'a [&'a str],
}

impl Question<'_> {
    /// Answers from a snapshot no older than a second; each answer of a snapshot is made once.
    pub(super) async fn answer<T: Table + Serialize>(
        self,
        served: &Served,
        make: impl FnOnce(&Snapshot, &Parameters) -> Result<T, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let parameters = Parameters::read(self.uri.query(), self.known)?;
        let format = parameters.format()?;
        let snapshot = served.snapshot().await?;
        let tag = page::tag(&served.desk.run, snapshot.number);
        let address = self.uri.path_and_query().map_or("", |all| all.as_str());
        let number = snapshot.number;
        let write = async {
            let write = move || page::write(&make(&snapshot, &parameters)?, format);
            served.aside(write).await.flatten()
        };
        // Also where whoever asks has it already: what is wrong with the question is said each time.
        let written = served.cache.answer(number, address, write).await?;
        if page::known(self.headers, &tag) {
            return Ok(page::unchanged(&tag));
        }
        Ok(page::tagged(written, &tag))
    }
}

/// How the daemon does.
#[utoipa::path(get, path = "/api/v1/status", tag = "live",
    params(("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, body = answer::Status), (status = 304), (status = 400, body = Problem)))]
pub(super) async fn status(
    State(served): State<Served>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question = Question {
        uri: &uri,
        headers: &headers,
        known: &["format"],
    };
    question
        .answer(&served, |snapshot, _| Ok(snapshot.status.clone()))
        .await
}

/// Interfaces that are looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Interfaces {
    /// One by one.
    pub(super) interfaces: Vec<InterfaceStatus>,
}

/// The interfaces.
#[utoipa::path(get, path = "/api/v1/interfaces", tag = "live",
    params(("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, body = Interfaces), (status = 304), (status = 400, body = Problem)))]
pub(super) async fn interfaces(
    State(served): State<Served>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question = Question {
        uri: &uri,
        headers: &headers,
        known: &["format"],
    };
    let told = |snapshot: &Snapshot, _: &Parameters| {
        Ok(Interfaces {
            interfaces: snapshot.status.interfaces.clone(),
        })
    };
    question.answer(&served, told).await
}

/// Flows that live: filtered, sorted, page by page. Parameters that may stand several times let through what any of them
/// names.
#[utoipa::path(get, path = "/api/v1/flows", tag = "live",
    params(
        ("verdict" = Vec<String>, Query, description = "Only flows with this verdict"),
        ("role" = Vec<String>, Query, description = "Only flows of which an end holds this role"),
        ("from" = Vec<String>, Query, description = "Only flows that somebody with this role opened"),
        ("to" = Vec<String>, Query, description = "Only flows that somebody with this role answers"),
        ("address" = Vec<String>, Query, description = "Only flows of which an end has this address"),
        ("rule" = Vec<String>, Query, description = "Only flows that this rule explains, or whose rule ids begin so"),
        ("state" = Vec<String>, Query, description = "Only flows of which that became: `answered`, `unanswered`, `refused`, \
            `one-sided`, `no-answer-expected`"),
        ("sort" = Option<String>, Query, description = "`bytes` (the default), `packets`, `last-seen`, `first-seen`, \
            `verdict`, `unexplained`, `address`, `rate`"),
        ("limit" = Option<usize>, Query, description = "How many, 100 where it is left out"),
        ("offset" = Option<usize>, Query, description = "How many are passed over: `next` of the page before"),
        ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, body = FlowPage), (status = 304), (status = 400, body = Problem)))]
pub(super) async fn flows(
    State(served): State<Served>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question = Question {
        uri: &uri,
        headers: &headers,
        known: &[
            "verdict", "role", "from", "to", "address", "rule", "state", "sort", "limit", "offset", "format",
        ],
    };
    let told = |snapshot: &Snapshot, parameters: &Parameters| {
        Ok(snapshot.page(&parameters.flows(&snapshot.compiled)?))
    };
    question.answer(&served, told).await
}

/// What each rule explained.
#[utoipa::path(get, path = "/api/v1/rules", tag = "live",
    params(
        ("all" = Option<bool>, Query, description = "Also rules without a packet"),
        ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, body = answer::Rules), (status = 304), (status = 400, body = Problem)))]
pub(super) async fn rules(
    State(served): State<Served>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question = Question {
        uri: &uri,
        headers: &headers,
        known: &["all", "format"],
    };
    let told = |snapshot: &Snapshot, parameters: &Parameters| {
        Ok(snapshot.findings().rules(parameters.switch("all")?))
    };
    question.answer(&served, told).await
}

/// A page of what nothing explains.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UndocumentedPage {
    /// Conversations that nothing explains, newest first.
    pub(super) undocumented: Vec<Unexplained>,
    /// The same by roles and service, most flows first; as many as conversations.
    pub(super) groups: Vec<UnexplainedGroup>,
    /// Flows of conversations beyond what is kept apart.
    pub(super) beyond: u64,
    /// How many conversations there are.
    pub(super) matching: u64,
    /// How many groups there are.
    pub(super) groups_matching: u64,
}

/// What nothing explains, and the rule that comes nearest.
#[utoipa::path(get, path = "/api/v1/undocumented", tag = "live",
    params(
        ("limit" = Option<usize>, Query, description = "How many conversations and groups, 100 where it is left out"),
        ("format" = Option<String>, Query, description = "`json`, or `csv` of the conversations")),
    responses((status = 200, body = UndocumentedPage), (status = 304), (status = 400, body = Problem)))]
pub(super) async fn undocumented(
    State(served): State<Served>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question = Question {
        uri: &uri,
        headers: &headers,
        known: &["limit", "format"],
    };
    let told = |snapshot: &Snapshot, parameters: &Parameters| {
        let limit = parameters.number("limit", LARGEST_PAGE)?.unwrap_or(PAGE);
        let (findings, query) = (snapshot.findings(), FlowQuery::default());
        let (undocumented, matching) =
            findings.unexplained(&query, limit, |_, total| Reverse(total.first_seen));
        let (groups, groups_matching) = findings.first_groups(&query, limit);
        Ok(UndocumentedPage {
            undocumented,
            groups,
            beyond: snapshot.totals.beyond,
            matching: matching as u64,
            groups_matching: groups_matching as u64,
        })
    };
    question.answer(&served, told).await
}

/// Dynamic ports that are used, by pair of computers.
#[utoipa::path(get, path = "/api/v1/rpc", tag = "live",
    params(("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, body = answer::Rpc), (status = 304), (status = 400, body = Problem)))]
pub(super) async fn rpc(
    State(served): State<Served>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question = Question {
        uri: &uri,
        headers: &headers,
        known: &["format"],
    };
    question
        .answer(&served, |snapshot, _| Ok(snapshot.findings().rpc()))
        .await
}

/// Reads the site file anew.
#[utoipa::path(post, path = "/api/v1/reload", tag = "changes", security(("token" = [])),
    responses(
        (status = 200, body = Reloaded, description = "The new tables are in use"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 422, body = Reloaded, description = "The files have problems, and what was in use goes on")))]
pub(super) async fn reload(
    State(served): State<Served>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    Parameters::read(query.as_deref(), &[])?;
    let desk = std::sync::Arc::clone(&served.desk);
    let reloaded = tokio::task::spawn_blocking(move || (desk.reload)()).await;
    let reloaded = reloaded.map_err(|error| Problem::unavailable(&format!("not reloaded: {error}")))?;
    // Whoever asks from now on is told by the new tables.
    served.desk.window.renew();
    let status = if reloaded.done {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, Json(reloaded)).into_response())
}

/// Whether the daemon answers at all.
#[utoipa::path(get, path = "/healthz", tag = "live",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 503, body = Problem)))]
pub(super) async fn healthz(
    State(served): State<Served>,
    RawQuery(query): RawQuery,
) -> Result<&'static str, Problem> {
    Parameters::read(query.as_deref(), &[])?;
    served.snapshot().await?;
    Ok("ok\n")
}
