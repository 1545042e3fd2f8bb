//! Companions: which there are, and what one of them holds.

use std::io::Write;

use super::{selection, table, write_table};
use crate::catalogue::{Catalogue, Companion};

/// One line each.
pub(super) fn write_all(out: &mut impl Write, catalogue: &Catalogue) -> anyhow::Result<()> {
    let mut table = table(&["COMPANION", "DEFAULT", "RULES", "SUMMARY"]);
    for companion in &catalogue.companions {
        table.add_row([
            companion.id.clone(),
            default(companion).to_owned(),
            companion.rules.len().to_string(),
            companion.summary.clone(),
        ]);
    }
    write_table(out, &table)
}

/// One companion, its rules under their connections.
pub(super) fn write(
    out: &mut impl Write,
    catalogue: &Catalogue,
    companion: &Companion,
) -> anyhow::Result<()> {
    writeln!(
        out,
        "Companion {}: {}, {} rules, {} where the site file does not say\n{}\n",
        companion.id,
        companion.name,
        companion.rules.len(),
        default(companion),
        companion.summary
    )?;
    selection::write_groups(out, catalogue, &companion.rules.iter().collect::<Vec<_>>())
}

const fn default(companion: &Companion) -> &'static str {
    if companion.default { "on" } else { "off" }
}
