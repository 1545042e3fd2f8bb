//! What the history on disk says: series for charts, and the audit. Both may take long, and are made one at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{Format, Parameters};
use super::{Problem, Served, page};
use crate::answer::Audit;
use crate::catalogue::Catalogue;
use crate::store::{Point, Resolution, Series, StoreError};

pub(super) fn routes() -> Router<Served> {
    Router::new()
        .route("/api/v1/audit", get(audit))
        .route("/api/v1/history", get(history))
}

/// What a daemon knows of the past.
pub(crate) trait Past: Send + Sync {
    /// The catalogue that tables are made by, for whoever asks which rule would explain a flow.
    ///
    /// # Errors
    /// Where the user's own one cannot be read any more.
    fn catalogue(&self) -> anyhow::Result<Catalogue>;

    /// The audit of a time.
    ///
    /// # Errors
    /// Where the history does not reach into it, or cannot be read.
    fn audit(&self, since: Option<Timestamp>, until: Option<Timestamp>) -> anyhow::Result<Audit>;

    /// What happened over a time.
    ///
    /// # Errors
    /// As [`Past::audit`].
    fn series(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        resolution: Resolution,
    ) -> anyhow::Result<Series>;
}

/// A step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Step {
    /// Its begin.
    at: Timestamp,
    /// Packets.
    packets: u64,
    /// Their bytes.
    bytes: u64,
    /// Flows.
    flows: u64,
}

impl From<Point> for Step {
    fn from(point: Point) -> Self {
        Self {
            at: point.at,
            packets: point.packets,
            bytes: point.bytes,
            flows: point.flows,
        }
    }
}

/// What happened over time; steps without a packet are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Steps {
    /// Seconds of a step: as was asked for, or longer where that is all that is kept of the time.
    step_s: i64,
    /// By kind of verdict.
    verdicts: BTreeMap<String, Vec<Step>>,
    /// By rule; what several explain counts for each.
    rules: BTreeMap<String, Vec<Step>>,
}

impl From<Series> for Steps {
    fn from(series: Series) -> Self {
        let steps = |points: Vec<Point>| points.into_iter().map(Step::from).collect();
        let verdicts = series.verdicts.into_iter();
        let rules = series.rules.into_iter();
        Self {
            step_s: series.resolution.seconds(),
            verdicts: verdicts
                .map(|(kind, points)| (kind.to_owned(), steps(points)))
                .collect(),
            rules: rules.map(|(rule, points)| (rule, steps(points))).collect(),
        }
    }
}

impl page::Table for Steps {
    const NAME: &'static str = "history";
    const COLUMNS: &'static [&'static str] = &["of", "name", "at", "packets", "bytes", "flows"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let all = [("verdict", &self.verdicts), ("rule", &self.rules)];
        all.into_iter().flat_map(|(of, named)| {
            named.iter().flat_map(move |(name, steps)| {
                steps.iter().map(move |step| {
                    let [packets, bytes, flows] =
                        [step.packets, step.bytes, step.flows].map(|count| count.to_string());
                    vec![
                        of.to_owned(),
                        name.clone(),
                        step.at.to_string(),
                        packets,
                        bytes,
                        flows,
                    ]
                })
            })
        })
    }
}

impl page::Table for Audit {
    const NAME: &'static str = "audit";
    const COLUMNS: &'static [&'static str] = &[
        "rule",
        "grade",
        "packets",
        "flows",
        "answered_flows",
        "first_seen",
        "last_seen",
        "why",
    ];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.rules.iter().map(|rule| {
            let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
            vec![
                rule.rule.clone(),
                rule.grade.name().to_owned(),
                rule.packets.to_string(),
                rule.flows.to_string(),
                rule.answered_flows.to_string(),
                time(rule.first_seen),
                time(rule.last_seen),
                rule.why.clone(),
            ]
        })
    }
}

/// Grades of the rules, openings, and what is unexplained, from the history of this gateway.
#[utoipa::path(get, path = "/api/v1/audit", tag = "past",
    params(
        ("since" = Option<String>, Query, description = "Begin, RFC 3339 or a span back from now: 7d, 12h, 30m"),
        ("until" = Option<String>, Query, description = "End"),
        ("format" = Option<String>, Query, description = "`json`, or `csv` of the rules")),
    responses(
        (status = 200, body = Audit, description = "As `cmflow audit --format json`"),
        (status = 400, body = Problem), (status = 404, body = Problem, description = "The history holds nothing of it")))]
pub(super) async fn audit(
    State(served): State<Served>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["since", "until", "format"])?;
    let format = parameters.format()?;
    let (since, until) = parameters.window()?;
    let audit = read(&served, move |past| past.audit(since, until)).await?;
    written(&audit, format)
}

/// Packets, bytes and flows over time, by verdict and by rule.
#[utoipa::path(get, path = "/api/v1/history", tag = "past",
    params(
        ("since" = Option<String>, Query, description = "Begin, RFC 3339 or a span back from now: 7d, 12h, 30m"),
        ("until" = Option<String>, Query, description = "End"),
        ("resolution" = Option<String>, Query, description = "`minute`, `hour` (where it is left out) or `day`"),
        ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses(
        (status = 200, body = Steps),
        (status = 400, body = Problem), (status = 404, body = Problem, description = "The history holds nothing of it")))]
pub(super) async fn history(
    State(served): State<Served>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref(), &["since", "until", "resolution", "format"])?;
    let format = parameters.format()?;
    let (since, until) = parameters.window()?;
    let resolutions = [
        ("minute", Resolution::Minute),
        ("hour", Resolution::Hour),
        ("day", Resolution::Day),
    ];
    let resolution = parameters
        .word("resolution", &resolutions)?
        .unwrap_or(Resolution::Hour);
    let series = read(&served, move |past| past.series(since, until, resolution)).await?;
    written(&Steps::from(series), format)
}

/// Reads the history where that may take long; who asks meanwhile waits for their turn.
async fn read<T: Send + 'static>(
    served: &Served,
    what: impl FnOnce(&dyn Past) -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let turn = Arc::clone(&served.turn).acquire_owned().await;
    let desk = Arc::clone(&served.desk);
    let read = tokio::task::spawn_blocking(move || {
        let read = what(&*desk.past);
        drop(turn);
        read
    });
    let read = read
        .await
        .map_err(|error| Problem::unavailable(&error.to_string()))?;
    read.map_err(|error| Problem::new(status(&error), format!("{error:#}")))
}

/// What a history that does not tell is to a client.
fn status(error: &anyhow::Error) -> StatusCode {
    match error.downcast_ref() {
        Some(StoreError::Backwards { .. }) => StatusCode::BAD_REQUEST,
        Some(
            StoreError::Missing(_)
            | StoreError::Empty(_)
            | StoreError::Outside { .. }
            | StoreError::NoData { .. },
        ) => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn written<T: page::Table + Serialize>(answer: &T, format: Format) -> Result<Response, Problem> {
    match format {
        Format::Json => Ok(Json(answer).into_response()),
        Format::Csv => page::write(answer, format).map(page::untagged),
    }
}
