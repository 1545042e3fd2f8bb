//! `cmflow check`: is the site file right, and what does it mean?

mod alerts;
mod conditions;
mod holders;
mod network;
mod ports;
mod rules;
mod sites;

use std::io::Write;
use std::path::Path;

use clap::Args;
use ipnet::IpNet;
use serde::Serialize;

use super::judging::{By, Judging};
use super::{Format, Outcome, write_json};
use crate::compile::Compiled;
use crate::config::Problem;
use crate::kernel::interface::{self, Mode, Report, report};
use crate::site::{FlagForeign, SiteModel};

use alerts::Alerts;
use conditions::Condition;
use holders::{Holders, Holding, shortened};
use network::Network;
use ports::PortChange;
use rules::{CompanionRules, Own, Rules};
use sites::SiteMeaning;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    by: By,
    /// Also whether this interface can be looked at, and by which hook; may be repeated. Nothing is attached
    #[arg(long = "interface", value_name = "IF")]
    interfaces: Vec<String>,
    /// The hook that `cmflow run` would be told to use
    #[arg(long, value_enum, default_value_t = Mode::Auto)]
    mode: Mode,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let Judging { file, compiled, .. } = arguments.by.read(extra)?;
    let machine = (!arguments.interfaces.is_empty()).then(|| report(&arguments.interfaces, arguments.mode));
    let refused = machine
        .as_ref()
        .is_some_and(|machine| !machine.problems.is_empty());
    let mut meaning = Meaning::new(&file.model, &compiled, &file.warnings);
    // Where the machine does not tell its interfaces, the report says so.
    if machine.is_some()
        && let Ok(all) = interface::all()
    {
        let existing: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        let unseen = interface::unseen_sides(&file.model, &existing, &arguments.interfaces);
        meaning.warnings.extend(unseen);
    }
    meaning.machine = machine;
    match arguments.format {
        Format::Json => write_json(out, &meaning)?,
        Format::Table => meaning.write(out)?,
    }
    // What `run` would refuse with 2 is 2 here too.
    Ok(if refused { Outcome::Refused } else { Outcome::Done })
}

/// What a site file means.
#[derive(Debug, Serialize)]
struct Meaning<'a> {
    files: &'a [String],
    edition: &'a str,
    companions: &'a [String],
    flag_foreign: FlagForeign,
    sites: Vec<SiteMeaning<'a>>,
    /// Whatever the site.
    roles: Vec<Holders<'a>>,
    #[serde(skip)]
    roles_without_site: Vec<Holders<'a>>,
    ports: Vec<PortChange<'a>>,
    conditions: Vec<Condition<'a>>,
    site_server_initiates: Vec<String>,
    standby: Vec<String>,
    #[serde(flatten)]
    network: Network<'a>,
    rules: Rules<'a>,
    companion_rules: Vec<CompanionRules<'a>>,
    own_rules: Vec<Own<'a>>,
    alerts: Alerts,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<Report>,
}

impl<'a> Meaning<'a> {
    fn new(site: &'a SiteModel, compiled: &'a Compiled, warnings: &[Problem]) -> Self {
        let holding = Holding::new(site, compiled);
        Self {
            files: &site.files,
            edition: &site.edition.0,
            companions: &site.companions,
            flag_foreign: site.flag_foreign,
            sites: sites::tree(site, &holding),
            roles: holding.of(|_| true),
            roles_without_site: holding.of(|site| site.is_none()),
            ports: ports::changes(site),
            conditions: conditions::stated(site, compiled),
            site_server_initiates: site.site_server_initiates.iter().map(short).collect(),
            standby: site.standby.iter().map(short).collect(),
            network: Network::of(site, compiled),
            rules: rules::documented(compiled),
            companion_rules: rules::of_companions(compiled),
            own_rules: rules::own(site, compiled),
            alerts: Alerts::of(&site.alerts),
            warnings: warnings.iter().map(Problem::to_string).collect(),
            machine: None,
        }
    }

    fn write(&self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(out, "Edition {}", self.edition)?;
        if self.files.len() > 1 {
            writeln!(out, "{} files: {}", self.files.len(), shortened(self.files))?;
        }
        match self.flag_foreign {
            FlagForeign::SiteSystems => {}
            FlagForeign::All => writeln!(out, "Every flow with one unknown end is flagged")?,
            FlagForeign::None => writeln!(out, "No flow with one unknown end is flagged")?,
        }
        for (number, site) in self.sites.iter().enumerate() {
            writeln!(out, "{}", if number == 0 { "\nSites" } else { "" })?;
            site.write(out)?;
        }
        if self.sites.is_empty() || !self.roles_without_site.is_empty() {
            let title = if self.sites.is_empty() {
                "Roles"
            } else {
                "Roles in no site"
            };
            writeln!(out, "\n{title}")?;
        }
        holders::write(out, "  ", &self.roles_without_site)?;
        ports::write(out, &self.ports)?;
        conditions::write(out, &self.conditions)?;
        if !self.site_server_initiates.is_empty() {
            let systems = shortened(&self.site_server_initiates);
            writeln!(out, "\nThe site server alone initiates toward {systems}")?;
        }
        if !self.standby.is_empty() {
            let computers = shortened(&self.standby);
            writeln!(out, "\n{computers} stand by: an audit expects their silence")?;
        }
        self.network.write(out)?;
        self.rules.write(out)?;
        rules::write_companions(out, &self.companion_rules)?;
        rules::write_own(out, &self.own_rules)?;
        self.alerts.write(out)?;
        if !self.warnings.is_empty() {
            writeln!(out, "\nWarnings")?;
        }
        for warning in &self.warnings {
            writeln!(out, "  {warning}")?;
        }
        self.machine
            .as_ref()
            .map_or(Ok(()), |machine| write_machine(machine, out))
    }
}

/// A prefix of full length as the address that it is.
fn short(prefix: &IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}

fn write_machine(machine: &Report, out: &mut impl Write) -> anyhow::Result<()> {
    if !machine.interfaces.is_empty() {
        writeln!(out, "\nInterfaces")?;
    }
    for interface in &machine.interfaces {
        let driver = interface.driver.as_deref().unwrap_or("unknown driver");
        writeln!(
            out,
            "  {}  {} ({}), {driver}, MTU {}",
            interface.name, interface.mode, interface.why, interface.mtu
        )?;
        for warning in &interface.warnings {
            writeln!(out, "    {warning}")?;
        }
    }
    if !machine.problems.is_empty() {
        writeln!(out, "\nWould be refused")?;
    }
    for problem in &machine.problems {
        writeln!(out, "  {problem}")?;
    }
    Ok(())
}
