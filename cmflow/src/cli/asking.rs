//! What the verbs that ask a daemon share.

use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::de::DeserializeOwned;

use super::Format;
use crate::daemon::Instance;
use crate::serve::{self, Question};

/// Said under every table of counts.
pub(super) const AT_INGRESS: &str = "counted at ingress, before this gateway's own firewall";

/// Whom to ask, and how to show the answer.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// Name of the daemon to ask
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) instance: Instance,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

impl Asked {
    /// The answer, as JSON.
    pub(super) fn json(&self, question: &Question) -> anyhow::Result<serde_json::Value> {
        serve::ask(&self.instance.socket(), question)
    }

    /// The answer, as what it is.
    pub(super) fn answer<T: DeserializeOwned>(&self, question: &Question) -> anyhow::Result<T> {
        Ok(serde_json::from_value(self.json(question)?)?)
    }
}

/// An empty table in the style of all.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

/// Aligns columns of numbers to the right.
pub(super) fn numbers(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A count of bytes that people can read.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{count} B")
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// An address with its roles, the telling ones first: two at most, then how many more.
pub(super) fn with_roles(address: std::net::IpAddr, roles: &[String]) -> String {
    match roles {
        [] => address.to_string(),
        [one] => format!("{address} {one}"),
        [one, two] => format!("{address} {one}, {two}"),
        [one, two, rest @ ..] => format!("{address} {one}, {two} +{}", rest.len()),
    }
}

/// A time to the second, in UTC.
pub(super) fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_are_shown_in_their_unit() {
        for (count, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_572_864, "1.5 MiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(super::bytes(count), shown);
        }
    }
}
