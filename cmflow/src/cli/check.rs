//! `cmflow check`: is the site file right, and what does it mean?

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Format, Outcome, write_json};
use crate::catalogue::{Catalogue, RoleId};
use crate::compile::{Compiled, compile};
use crate::config::{self, Ended, Problem, Reading};
use crate::kernel::interface::{Mode, Report, report};
use crate::site::{Extent, SiteModel};

/// How many addresses of a role are named before they are only counted.
const NAMED: usize = 4;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The site file
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
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
    let catalogue = Catalogue::load(extra)?;
    let file = config::read(&catalogue, &arguments.site, &Reading::now(Ended::Refused))?;
    let compiled = compile(&catalogue, &file.model, &[], &[])?;
    let machine = (!arguments.interfaces.is_empty()).then(|| report(&arguments.interfaces, arguments.mode));
    let refused = machine
        .as_ref()
        .is_some_and(|machine| !machine.problems.is_empty());
    let mut meaning = Meaning::new(&file.model, &compiled, &file.warnings);
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
    edition: &'a str,
    companions: &'a [String],
    roles: Vec<Holders<'a>>,
    rules: Rules<'a>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<Report>,
}

/// Who holds a role.
#[derive(Debug, Default, Serialize)]
struct Holders<'a> {
    role: &'a str,
    /// Single addresses.
    addresses: Vec<String>,
    prefixes: Vec<String>,
    excluded: Vec<String>,
    /// `public` and `any-other`.
    words: Vec<&'static str>,
    /// IPv4 addresses in the prefixes, overlaps counted as often as they are named.
    #[serde(skip)]
    ipv4_addresses: u64,
}

/// Which rules have computers at both ends.
#[derive(Debug, Serialize)]
struct Rules<'a> {
    total: usize,
    possible: usize,
    connections: Vec<Connection<'a>>,
}

#[derive(Debug, Serialize)]
struct Connection<'a> {
    connection: &'a str,
    total: usize,
    possible: Vec<&'a str>,
}

impl<'a> Meaning<'a> {
    fn new(site: &'a SiteModel, compiled: &'a Compiled, warnings: &[Problem]) -> Self {
        Self {
            edition: &site.edition.0,
            companions: &site.companions,
            roles: holders(site, compiled),
            rules: rules(compiled),
            warnings: warnings.iter().map(Problem::to_string).collect(),
            machine: None,
        }
    }

    fn write(&self, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(out, "Edition {}\n\nRoles", self.edition)?;
        let width = self.roles.iter().map(|one| one.role.len()).max().unwrap_or(0);
        for holders in &self.roles {
            writeln!(out, "  {:width$}  {}", holders.role, holders.words())?;
        }
        let Rules {
            possible,
            total,
            connections,
        } = &self.rules;
        writeln!(
            out,
            "\n{possible} of {total} documented rules have computers at both ends"
        )?;
        let shown = || connections.iter().filter(|one| !one.possible.is_empty());
        let width = shown().map(|one| one.connection.len()).max().unwrap_or(0);
        for one in shown() {
            let mut services: Vec<_> = one
                .possible
                .iter()
                .map(|id| id.rsplit('/').next().unwrap_or(id))
                .collect();
            // Lists name a service once for each pair of roles.
            let mut seen = HashSet::new();
            services.retain(|service| seen.insert(*service));
            writeln!(out, "  {:width$}  {}", one.connection, services.join(", "))?;
        }
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

impl Holders<'_> {
    fn words(&self) -> String {
        let mut parts: Vec<String> = self.words.iter().map(|word| (*word).to_owned()).collect();
        let mut part = |entries: &[String], what: &str| match entries.len() {
            0 => {}
            1..=NAMED => parts.push(format!("{what}{}", entries.join(", "))),
            many => parts.push(format!(
                "{what}{} and {} more",
                entries[..NAMED - 1].join(", "),
                many + 1 - NAMED
            )),
        };
        part(&self.addresses, "");
        part(&self.prefixes, "");
        part(&self.excluded, "not ");
        let mut words = parts.join(", ");
        if self.ipv4_addresses > 0 {
            words.push_str(&format!(" ({} IPv4 addresses in prefixes)", self.ipv4_addresses));
        }
        words
    }
}

fn holders<'a>(site: &SiteModel, compiled: &'a Compiled) -> Vec<Holders<'a>> {
    let mut by_role: BTreeMap<RoleId, Holders<'a>> = BTreeMap::new();
    for statement in &site.statements {
        let holders = by_role.entry(statement.role).or_default();
        holders.role = compiled.role(statement.role);
        match statement.extent {
            Extent::Public => holders.words.push("public"),
            Extent::AnyOther => holders.words.push("any-other"),
            Extent::Prefix(prefix) if !statement.given => holders.excluded.push(prefix.to_string()),
            Extent::Prefix(prefix) if prefix.prefix_len() == prefix.max_prefix_len() => {
                holders.addresses.push(prefix.addr().to_string());
            }
            Extent::Prefix(prefix) => {
                if let ipnet::IpNet::V4(v4) = prefix {
                    holders.ipv4_addresses += 1 << (32 - v4.prefix_len());
                }
                holders.prefixes.push(prefix.to_string());
            }
        }
    }
    by_role.into_values().collect()
}

/// By connection and list, in the page's order.
fn rules(compiled: &Compiled) -> Rules<'_> {
    let mut connections: Vec<Connection<'_>> = Vec::new();
    for rule in &compiled.rules {
        let known = connections.iter().position(|one| one.connection == rule.section);
        let index = known.unwrap_or(connections.len());
        if known.is_none() {
            connections.push(Connection {
                connection: &rule.section,
                total: 0,
                possible: Vec::new(),
            });
        }
        connections[index].total += 1;
        if rule.is_possible() {
            connections[index].possible.push(&rule.id);
        }
    }
    Rules {
        total: compiled.rules.len(),
        possible: compiled.rules.iter().filter(|rule| rule.is_possible()).count(),
        connections,
    }
}
