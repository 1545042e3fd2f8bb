//! Answers as they are sent: JSON or CSV, named by the snapshot that they were made of.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Serialize;

use super::Problem;
use super::parameters::Format;

/// Named things of an answer, row by row.
pub(super) trait Table {
    /// What the file is called, without its ending.
    const NAME: &'static str;
    /// Titles of the columns.
    const COLUMNS: &'static [&'static str];
    /// The rows.
    fn rows(&self) -> impl Iterator<Item = Vec<String>>;
}

/// What of an answer is sent.
#[derive(Clone, Debug)]
pub(super) struct Written {
    body: Bytes,
    format: Format,
    name: &'static str,
}

/// Writes an answer.
pub(super) fn write<T: Table + Serialize>(answer: &T, format: Format) -> Result<Written, Problem> {
    let failed = |error: String| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the answer cannot be written: {error}"),
        )
    };
    let body = match format {
        Format::Json => serde_json::to_vec(answer).map_err(|error| failed(error.to_string()))?,
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            let written = writer.write_record(T::COLUMNS);
            written.map_err(|error| failed(error.to_string()))?;
            for row in answer.rows() {
                writer
                    .write_record(row.iter().map(|cell| harmless(cell).into_owned()))
                    .map_err(|error| failed(error.to_string()))?;
            }
            writer.into_inner().map_err(|error| failed(error.to_string()))?
        }
    };
    Ok(Written {
        body: body.into(),
        format,
        name: T::NAME,
    })
}

/// A cell that no spreadsheet takes for a formula: names come from files, but what looks like one is sent as text.
fn harmless(cell: &str) -> std::borrow::Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

/// Name of a snapshot's answers: the same address gives the same bytes for it.
pub(super) fn tag(run: &str, number: u64) -> String {
    format!("\"{run}-{number}\"")
}

/// Whether whoever asks has it already.
pub(super) fn known(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    sent.is_some_and(|sent| {
        sent.split(',')
            .any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
    })
}

/// An answer with its tag.
pub(super) fn tagged(written: Written, tag: &str) -> Response {
    let mut response = untagged(written);
    name(&mut response, tag);
    response
}

/// An answer that no snapshot names.
pub(super) fn untagged(written: Written) -> Response {
    let mut response = Response::new(Body::from(written.body));
    let headers = response.headers_mut();
    let content = match written.format {
        Format::Json => "application/json",
        Format::Csv => "text/csv; charset=utf-8; header=present",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
    if written.format == Format::Csv {
        let name = format!("attachment; filename=\"cmflow-{}.csv\"", written.name);
        if let Ok(name) = HeaderValue::try_from(name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
    }
    response
}

/// Nothing new since.
pub(super) fn unchanged(tag: &str) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    name(&mut response, tag);
    response
}

fn name(response: &mut Response, tag: &str) {
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
}
