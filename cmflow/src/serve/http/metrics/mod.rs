//! `/metrics`, for Prometheus: what the kernel counted, and how the daemon does. Labels are rules, roles, verdicts,
//! interfaces and outcomes; never addresses, of which there may be any number.

mod exposition;
mod families;

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;

use super::parameters::Parameters;
use super::{Problem, Served};

pub(super) use families::HighWater;

pub(super) fn routes() -> Router<Served> {
    Router::new().route("/metrics", get(metrics))
}

/// Everything counted, for Prometheus: OpenMetrics where it is asked for, else the text format.
#[utoipa::path(get, path = "/metrics", tag = "live",
    responses((status = 200, body = String, content_type = "text/plain; version=0.0.4")))]
pub(super) async fn metrics(
    State(served): State<Served>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Parameters::read(query.as_deref(), &[])?;
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|accepted| accepted.to_str().ok());
    let open = accepted.is_some_and(|accepted| accepted.contains("application/openmetrics-text"));
    let snapshot = served.snapshot().await?;
    let high = Arc::clone(&served.high_water);
    let written = served
        .aside(move || exposition::write(families::of(&snapshot, &high), open))
        .await?;
    let text =
        written.map_err(|error| Problem::unavailable(&format!("the metrics cannot be written: {error}")))?;
    let mut response = Response::new(text.into());
    let kind = if open {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
