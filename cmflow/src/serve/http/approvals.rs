//! Approvals: which there are, and a new one, written into the file that the site file names and in use at once.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, OriginalUri, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

use super::api::Question;
use super::parameters::Parameters;
use super::{Problem, Served};
use crate::approve::{Approvals, Made, Refusal, Request};
use crate::snapshot::Snapshot;

/// No approval is longer.
pub(super) const LONGEST_BODY: usize = 16 * 1024;

pub(super) fn routes() -> Router<Served> {
    Router::new()
        .route("/api/v1/approvals", get(approvals).post(approve))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
}

/// An approval that is asked for. At least one port or service, and `until` or `permanent`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovalAsked {
    /// Who opens: a role, or addresses and prefixes with commas between them.
    from: String,
    /// Who answers.
    to: String,
    /// TCP ports: `[8081, "9000-9010"]`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    tcp: Value,
    /// UDP ports.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    udp: Value,
    /// The same in words, several with spaces between them: `tcp/8081 udp/9000-9010 icmp`.
    service: Option<String>,
    /// Why it is right: a change number, or a sentence.
    why: String,
    /// Who answers for it.
    by: String,
    /// The last day on which it holds, in UTC, as in `2027-06-30`.
    until: Option<String>,
    /// It has no last day.
    #[serde(default)]
    permanent: bool,
    /// What to call it; else a name is made of what it covers.
    id: Option<String>,
    /// Either end may open it.
    #[serde(default)]
    either: bool,
}

/// An approval that was written and is in use.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApprovalMade {
    /// Its id.
    id: String,
    /// The file that it was written to.
    file: String,
    /// The line on which it begins there.
    line: usize,
    /// Its last day.
    until: Option<Date>,
    /// Generation of the tables that know it.
    generation: u64,
    /// Other rules of the user's own that cover a part of it.
    approved_before: Vec<String>,
    /// What is to be known of it, in sentences.
    notes: Vec<String>,
}

impl ApprovalAsked {
    fn read(body: &[u8]) -> Result<Request, Problem> {
        let asked: Self = serde_json::from_slice(body).map_err(|error| {
            Problem::bad(format!(
                "that is no approval: {error}; send JSON as in {{\"from\": \"client\", \"to\": \"management-point\", \
                 \"tcp\": [8081], \"why\": \"CHG1\", \"by\": \"A. Admin\", \"until\": \"2027-06-30\"}}"
            ))
        })?;
        let ended = asked.until.is_some();
        if ended == asked.permanent {
            return Err(Problem::bad(
                "an approval has either \"until\", its last day as in 2027-06-30, or \"permanent\": true",
            ));
        }
        let mut services = ports("tcp", &asked.tcp)?;
        services.extend(ports("udp", &asked.udp)?);
        let words = asked.service.as_deref().unwrap_or_default();
        services.extend(words.split_whitespace().map(str::to_owned));
        Ok(Request {
            from: asked.from,
            to: asked.to,
            services,
            why: asked.why,
            by: asked.by,
            until: asked.until,
            id: asked.id,
            either: asked.either,
        })
    }
}

/// Ports as services: a number, a range in quotes, or a list of them.
fn ports(protocol: &str, value: &Value) -> Result<Vec<String>, Problem> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Number(port) => Ok(vec![format!("{protocol}/{port}")]),
        Value::String(range) => Ok(vec![format!("{protocol}/{range}")]),
        Value::Array(all) if all.iter().all(|one| one.is_number() || one.is_string()) => {
            let each = all.iter().map(|one| ports(protocol, one));
            each.collect::<Result<Vec<_>, _>>().map(|all| all.concat())
        }
        _ => Err(Problem::bad(format!(
            "\"{protocol}\" is no list of ports; write \"{protocol}\": [8081, \"9000-9010\"]"
        ))),
    }
}

/// What a body holds; it is small, or refused.
pub(super) fn body(sent: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    sent.map_err(|rejection| {
        let detail = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => format!("no more than {LONGEST_BODY} bytes are taken"),
            _ => format!("the request's body cannot be read: {rejection}"),
        };
        Problem::new(rejection.status(), detail)
    })
}

/// Approvals of the tables in use, ended ones among them.
#[utoipa::path(get, path = "/api/v1/approvals", tag = "live",
    params(("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, body = Approvals, description = "As `cmflow approve --list --format json`"), (status = 304),
        (status = 400, body = Problem)))]
pub(super) async fn approvals(
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
        let (site, all) = (&snapshot.site, &snapshot.compiled.roles);
        let own = site.custom_roles.len() + site.address_sets.len();
        let catalogue = all.iter().take(all.len().saturating_sub(own));
        let roles: Vec<_> = catalogue.map(String::as_str).collect();
        let today = snapshot.status.at.to_zoned(TimeZone::UTC).date();
        Ok(Approvals::of(site, &roles, today))
    };
    question.answer(&served, told).await
}

/// Approves traffic that no document explains: writes it to the approvals file and has it in use.
#[utoipa::path(post, path = "/api/v1/approvals", tag = "changes", security(("token" = [])), request_body = ApprovalAsked,
    responses(
        (status = 201, body = ApprovalMade, description = "It is written, and the tables know it"),
        (status = 400, body = Problem, description = "It is not written as an approval is"),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "No changes are taken, or the daemon may not write there"),
        (status = 409, body = Problem, description = "It is documented or approved already, or there is no approvals file"),
        (status = 413, body = Problem),
        (status = 422, body = Problem, description = "No such role, a day that has passed, or files with problems"),
        (status = 429, body = Problem), (status = 500, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn approve(
    State(served): State<Served>,
    RawQuery(query): RawQuery,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    Parameters::read(query.as_deref(), &[])?;
    let request = ApprovalAsked::read(&body(sent)?)?;
    // One at a time: whoever waits for files takes no thread from ticks.
    let turn = Arc::clone(&served.pen).acquire_owned().await;
    let desk = Arc::clone(&served.desk);
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let made = (desk.approve)(&request).map_err(|refusal| problem(&refusal))?;
        log::info!(
            "approved over HTTP by {:?}: \"{}\", {}:{}",
            request.by.trim(),
            made.id,
            made.file.display(),
            made.line
        );
        let reloaded = (desk.reload)();
        if reloaded.done {
            Ok(told(made, reloaded.generation))
        } else {
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!(
                    "\"{}\" is written to {}:{}, but the tables in use do not know it: {}; mend that, then cmflow reload",
                    made.id,
                    made.file.display(),
                    made.line,
                    reloaded.problems.join("; ")
                ),
            ))
        }
    });
    let done = done
        .await
        .map_err(|error| Problem::unavailable(&format!("not approved: {error}")))?;
    served.desk.window.renew();
    Ok((StatusCode::CREATED, Json(done?)).into_response())
}

fn told(made: Made, generation: u64) -> ApprovalMade {
    ApprovalMade {
        id: made.id,
        file: made.file.display().to_string(),
        line: made.line,
        until: made.until,
        generation,
        approved_before: made.approved_before.into_iter().collect(),
        notes: made.notes,
    }
}

/// What of a refusal is told with which status.
fn problem(refusal: &Refusal) -> Problem {
    let status = match refusal {
        Refusal::Wrong(_) => StatusCode::BAD_REQUEST,
        Refusal::Impossible(_) | Refusal::Files(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Already(_) | Refusal::NoFile { .. } => StatusCode::CONFLICT,
        Refusal::Unlocked { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Unwritable { .. } if refusal.is_forbidden() => StatusCode::FORBIDDEN,
        Refusal::Unwritable { .. } | Refusal::Unreadable { .. } | Refusal::Other(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let mut detail = refusal.to_string().replace('\n', "; ");
    if let Some(folder) = refusal.folder().filter(|_| refusal.is_forbidden()) {
        let folder = folder.display();
        detail.push_str(&format!(
            "; the file has to be writable for the daemon, and its folder too, because it is replaced as a whole: give \
             the daemon's user {folder}, and under systemd, where /etc is read-only, say ReadWritePaths={folder} in a \
             drop-in of its unit; or use cmflow approve as root"
        ));
    }
    Problem::new(status, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_services_are_one_list() {
        let read = |text: &str| ApprovalAsked::read(text.as_bytes());
        let with = |more: &str| format!("{{\"from\":\"a\",\"to\":\"b\",\"why\":\"c\",\"by\":\"d\",{more}}}");
        let request = read(&with(
            "\"permanent\":true,\"tcp\":[80,\"90-99\"],\"udp\":514,\"service\":\"icmp tcp/1\"",
        ));
        let services = request.expect("it is right").services;
        assert_eq!(services, ["tcp/80", "tcp/90-99", "udp/514", "icmp", "tcp/1"]);
        for (more, said) in [
            ("\"tcp\":1", "either \"until\""),
            ("\"permanent\":true,\"until\":\"2099-01-01\"", "either \"until\""),
            ("\"permanent\":true,\"tcp\":[[1]]", "no list of ports"),
            ("\"permanent\":true,\"tcp\":{}", "no list of ports"),
            ("\"permanent\":true,\"portz\":1", "unknown field `portz`"),
        ] {
            let problem = read(&with(more)).expect_err(more);
            assert_eq!(problem.status, 400, "{more}");
            assert!(problem.detail.contains(said), "{more}: {}", problem.detail);
        }
        for nonsense in ["", "[]", "{}", "from=a"] {
            let problem = read(nonsense).expect_err(nonsense);
            assert!(problem.detail.contains("send JSON as in"), "{}", problem.detail);
        }
    }
}
