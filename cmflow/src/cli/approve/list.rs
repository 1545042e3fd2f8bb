//! `cmflow approve --list`: which approvals hold, end soon, or have ended.

use std::io::Write;

use jiff::civil::Date;

use crate::approve::Approvals;
use crate::catalogue::Catalogue;
use crate::cli::asking::table;
use crate::cli::{Format, write_json};
use crate::site::SiteModel;

/// Writes those of a site file.
pub(super) fn write(
    catalogue: &Catalogue,
    site: &SiteModel,
    today: Date,
    format: Format,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let roles: Vec<_> = catalogue.roles.iter().map(|role| role.id.as_str()).collect();
    let all = Approvals::of(site, &roles, today);
    if format == Format::Json {
        return write_json(out, &all);
    }
    let Some(file) = all.file else {
        writeln!(
            out,
            "{} names no approvals file",
            site.files.first().map_or("the site file", String::as_str)
        )?;
        return Ok(());
    };
    if all.approvals.is_empty() {
        writeln!(out, "{file} holds no approval")?;
        return Ok(());
    }
    let mut shown = table(&["approval", "state", "until", "what", "by", "why"]);
    for one in &all.approvals {
        shown.add_row([
            one.id.clone(),
            one.state.replace('-', " "),
            one.until
                .map_or_else(|| "permanent".to_owned(), |until| until.to_string()),
            one.words(),
            one.by.clone(),
            one.why.clone(),
        ]);
    }
    writeln!(
        out,
        "{shown}\n{} approvals in {file}; days are UTC",
        all.approvals.len()
    )?;
    Ok(())
}
