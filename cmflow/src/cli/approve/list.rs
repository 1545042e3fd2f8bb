//! `cmflow approve --list`: which approvals hold, end soon, or have ended.

use std::io::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::catalogue::{Catalogue, OpenedBy, PortRange, RoleId};
use crate::cli::asking::table;
use crate::cli::{Format, write_json};
use crate::config::SOON_DAYS;
use crate::site::{OwnRule, SiteModel};

/// All of them.
#[derive(Debug, Serialize)]
struct Approvals<'a> {
    /// The file; nothing where the site file names none.
    file: Option<&'a str>,
    approvals: Vec<Listed<'a>>,
}

/// An approval.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    id: &'a str,
    state: &'static str,
    by: &'a str,
    why: &'a str,
    made: Option<Date>,
    until: Option<Date>,
    from: End<'a>,
    to: End<'a>,
    opened_by: OpenedBy,
    tcp: &'a [PortRange],
    udp: &'a [PortRange],
    icmp_echo: bool,
    place: String,
}

/// A role, or addresses.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum End<'a> {
    Role(&'a str),
    Addresses(Vec<String>),
}

impl End<'_> {
    fn words(&self) -> String {
        match self {
            Self::Role(role) => (*role).to_owned(),
            Self::Addresses(addresses) => addresses.join(", "),
        }
    }
}

/// Writes those of a site file.
pub(super) fn write(
    catalogue: &Catalogue,
    site: &SiteModel,
    format: Format,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let holding = site.rules.iter().map(|rule| (rule, state(rule, today)));
    let ended = site.ended.iter().map(|rule| (rule, "ended"));
    let mut all: Vec<_> = holding.chain(ended).filter(|(rule, _)| rule.approval).collect();
    all.sort_by_key(|(rule, _)| rule.place);
    let all = Approvals {
        file: site.approvals.map(|file| site.file(file)),
        approvals: all
            .into_iter()
            .map(|(rule, state)| listed(catalogue, site, rule, state))
            .collect(),
    };
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
            one.id.to_owned(),
            one.state.replace('-', " "),
            one.until
                .map_or_else(|| "permanent".to_owned(), |until| until.to_string()),
            one.words(),
            one.by.to_owned(),
            one.why.to_owned(),
        ]);
    }
    writeln!(
        out,
        "{shown}\n{} approvals in {file}; days are UTC",
        all.approvals.len()
    )?;
    Ok(())
}

fn state(rule: &OwnRule, today: Date) -> &'static str {
    let left = rule.until.and_then(|until| until.since(today).ok());
    match left {
        Some(left) if left.get_days() <= SOON_DAYS => "ends-soon",
        _ => "holds",
    }
}

fn listed<'a>(
    catalogue: &'a Catalogue,
    site: &'a SiteModel,
    rule: &'a OwnRule,
    state: &'static str,
) -> Listed<'a> {
    Listed {
        id: &rule.id,
        state,
        by: rule.by.as_deref().unwrap_or_default(),
        why: &rule.why,
        made: rule.made,
        until: rule.until,
        from: end(catalogue, site, rule.from),
        to: end(catalogue, site, rule.to),
        opened_by: rule.opened_by,
        tcp: &rule.tcp,
        udp: &rule.udp,
        icmp_echo: rule.icmp_echo,
        place: site.located(rule.place),
    }
}

fn end<'a>(catalogue: &'a Catalogue, site: &'a SiteModel, role: RoleId) -> End<'a> {
    let count = catalogue.roles.len();
    let number = usize::from(role.0);
    if let Some(set) = site.address_set(count, role) {
        let short = |prefix: &ipnet::IpNet| match prefix.prefix_len() == prefix.max_prefix_len() {
            true => prefix.addr().to_string(),
            false => prefix.to_string(),
        };
        return End::Addresses(set.iter().map(short).collect());
    }
    End::Role(match catalogue.roles.get(number) {
        Some(role) => &role.id,
        None => &site.custom_roles[number - count].id,
    })
}

impl Listed<'_> {
    fn words(&self) -> String {
        let arrow = match self.opened_by {
            OpenedBy::From => "->",
            OpenedBy::Either => "<->",
        };
        let mut words = format!("{} {arrow} {}", self.from.words(), self.to.words());
        for (name, ports) in [("TCP", self.tcp), ("UDP", self.udp)] {
            let ports: Vec<_> = ports.iter().map(PortRange::to_string).collect();
            if !ports.is_empty() {
                words.push_str(&format!(", {name} {}", ports.join(" ")));
            }
        }
        if self.icmp_echo {
            words.push_str(", ICMP echo");
        }
        words
    }
}
