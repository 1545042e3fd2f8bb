//! What the verbs that ask a daemon share.

use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::de::DeserializeOwned;

use super::Format;
use crate::daemon::Instance;
use crate::serve::{self, Question};

pub(super) use crate::report::figures::bytes;

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
