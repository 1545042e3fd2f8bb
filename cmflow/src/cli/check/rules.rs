//! Which rules have computers at both ends: documented ones, those of companions, the user's own.

use std::collections::HashSet;
use std::io::{self, Write};

use cmflow_common::verdict::VerdictKind;
use serde::Serialize;

use crate::catalogue::{OpenedBy, PortRange};
use crate::compile::{Compiled, RuleInfo};
use crate::site::SiteModel;

/// The rules of the page.
#[derive(Debug, Serialize)]
pub(super) struct Rules<'a> {
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

/// The rules of a companion.
#[derive(Debug, Serialize)]
pub(super) struct CompanionRules<'a> {
    companion: &'a str,
    total: usize,
    possible: Vec<&'a str>,
}

/// A rule of the user's own.
#[derive(Debug, Serialize)]
pub(super) struct Own<'a> {
    id: &'a str,
    from: &'a str,
    to: &'a str,
    opened_by: OpenedBy,
    tcp: &'a [PortRange],
    udp: &'a [PortRange],
    icmp: bool,
    why: &'a str,
    /// Who answers for it; nothing for a rule of the site file.
    by: Option<&'a str>,
    until: Option<String>,
    /// Whether its last day has passed: it explains nothing.
    ended: bool,
    /// Whether there are computers at both ends.
    possible: bool,
}

/// By connection and list, in the page's order.
pub(super) fn documented(compiled: &Compiled) -> Rules<'_> {
    let mut connections: Vec<Connection<'_>> = Vec::new();
    for rule in of_kind(compiled, VerdictKind::Documented) {
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
        total: connections.iter().map(|one| one.total).sum(),
        possible: connections.iter().map(|one| one.possible.len()).sum(),
        connections,
    }
}

/// By companion, in the order in which they were compiled.
pub(super) fn of_companions(compiled: &Compiled) -> Vec<CompanionRules<'_>> {
    let mut companions: Vec<CompanionRules<'_>> = Vec::new();
    for rule in of_kind(compiled, VerdictKind::Baseline) {
        let companion = rule.id.split(':').next().unwrap_or_default();
        if companions.last().is_none_or(|last| last.companion != companion) {
            companions.push(CompanionRules {
                companion,
                total: 0,
                possible: Vec::new(),
            });
        }
        let last = companions.last_mut().expect("one was just pushed");
        last.total += 1;
        if rule.is_possible() {
            last.possible.push(&rule.id);
        }
    }
    companions
}

/// In the order of the files, those that have ended last.
pub(super) fn own<'a>(site: &'a SiteModel, compiled: &'a Compiled) -> Vec<Own<'a>> {
    let possible: HashSet<&str> = of_kind(compiled, VerdictKind::Approved)
        .filter(|rule| rule.is_possible())
        .map(|rule| &*rule.id)
        .collect();
    let holding = site.rules.iter().map(|rule| (rule, false));
    let all = holding.chain(site.ended.iter().map(|rule| (rule, true)));
    let own = all.map(|(rule, ended)| Own {
        id: &rule.id,
        from: compiled.role(rule.from),
        to: compiled.role(rule.to),
        opened_by: rule.opened_by,
        tcp: &rule.tcp,
        udp: &rule.udp,
        icmp: rule.icmp_echo,
        why: &rule.why,
        by: rule.by.as_deref(),
        ended,
        until: rule.until.map(|until| until.to_string()),
        possible: possible.contains(&*rule.id),
    });
    own.collect()
}

fn of_kind(compiled: &Compiled, kind: VerdictKind) -> impl Iterator<Item = &RuleInfo> {
    compiled.rules.iter().filter(move |rule| rule.kind == kind)
}

impl Rules<'_> {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self {
            possible,
            total,
            connections,
        } = self;
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
        Ok(())
    }
}

pub(super) fn write_companions(out: &mut impl Write, companions: &[CompanionRules<'_>]) -> io::Result<()> {
    if companions.is_empty() {
        return Ok(());
    }
    let total: usize = companions.iter().map(|one| one.total).sum();
    let possible: usize = companions.iter().map(|one| one.possible.len()).sum();
    writeln!(
        out,
        "\n{possible} of {total} rules of companions have computers at both ends"
    )?;
    let width = companions
        .iter()
        .map(|one| one.companion.len())
        .max()
        .unwrap_or(0);
    for one in companions {
        writeln!(
            out,
            "  {:width$}  {} of {}",
            one.companion,
            one.possible.len(),
            one.total
        )?;
    }
    Ok(())
}

pub(super) fn write_own(out: &mut impl Write, own: &[Own<'_>]) -> io::Result<()> {
    if own.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nOwn rules and approvals")?;
    let width = own.iter().map(|one| one.id.len()).max().unwrap_or(0);
    for one in own {
        writeln!(out, "  {:width$}  {}", one.id, one.words())?;
    }
    Ok(())
}

impl Own<'_> {
    fn words(&self) -> String {
        let arrow = match self.opened_by {
            OpenedBy::From => "->",
            OpenedBy::Either => "<->",
        };
        let mut parts = vec![format!("{} {arrow} {}", self.from, self.to)];
        for (name, ports) in [("TCP", self.tcp), ("UDP", self.udp)] {
            let ports: Vec<_> = ports.iter().map(PortRange::to_string).collect();
            if !ports.is_empty() {
                parts.push(format!("{name} {}", ports.join(" ")));
            }
        }
        if self.icmp {
            parts.push("ICMP echo".to_owned());
        }
        match &self.until {
            Some(until) if self.ended => parts.push(format!("ended on {until}")),
            Some(until) => parts.push(format!("until {until}")),
            None => {}
        }
        let by = self.by.map(|by| format!(", {by}")).unwrap_or_default();
        let nobody = if self.possible || self.ended {
            ""
        } else {
            " (nobody at one of its ends)"
        };
        format!("{}: {}{by}{nobody}", parts.join(", "), self.why)
    }
}
