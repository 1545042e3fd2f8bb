//! Counters that cannot be gone on with, into a file: nothing that was counted is thrown away unread.

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;

use crate::kernel::{Pins, salvage};

use super::instance::Instance;
use super::state::replace;

/// What the file holds.
#[derive(Serialize)]
struct Saved<'a> {
    instance: String,
    saved: Timestamp,
    why: &'a str,
    /// By map: index, packets, bytes.
    counters: serde_json::Map<String, serde_json::Value>,
    /// What the daemon that made them kept: the meaning of the numbers above, where it can be read.
    state: Option<serde_json::Value>,
}

/// Saves what can be read; nothing where there is nothing to read.
pub(super) fn save(instance: &Instance, pins: &Pins, why: &str) -> anyhow::Result<Option<PathBuf>> {
    let mut counters = serde_json::Map::new();
    for (map, rows) in salvage(pins)? {
        if !rows.is_empty() {
            counters.insert(map.to_owned(), serde_json::to_value(rows)?);
        }
    }
    if counters.is_empty() {
        return Ok(None);
    }
    let now = Timestamp::now();
    let state = std::fs::read(instance.state()).ok();
    let saved = Saved {
        instance: instance.to_string(),
        saved: now,
        why,
        counters,
        state: state.and_then(|text| serde_json::from_slice(&text).ok()),
    };
    let path = instance.saved(now);
    replace(&path, &serde_json::to_vec_pretty(&saved)?).with_context(|| {
        format!(
            "saving old counters in {}; make room, or give them up with --fresh",
            path.display()
        )
    })?;
    Ok(Some(path))
}
