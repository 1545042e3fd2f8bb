//! An edition's page, and rows of tables wherever they are shown.

use std::io::Write;

use crate::catalogue::{Catalogue, List, Page, PortRange, Rule};

/// Room for a name: most fit, so that the ports of most tables stand in one column.
const SHORT_NAME: usize = 26;

pub(super) fn write_page(out: &mut impl Write, catalogue: &Catalogue, page: &Page) -> anyhow::Result<()> {
    let rules: usize = page
        .connections
        .iter()
        .map(|connection| connection.rules.len())
        .sum();
    writeln!(
        out,
        "Edition {}: {} tables, {rules} rows\n",
        page.edition,
        page.connections.len()
    )?;
    for connection in &page.connections {
        let (from, to) = (
            catalogue.role_id(connection.from),
            catalogue.role_id(connection.to),
        );
        write!(out, "{from} {} {to}", connection.opened_by.arrow())?;
        match &connection.context {
            Some(context) => writeln!(out, " (during {context} only)")?,
            None => writeln!(out)?,
        }
        write_rules(
            out,
            &connection.rules.iter().collect::<Vec<_>>(),
            Rule::service_id,
        )?;
    }
    for list in &page.lists {
        write_list(out, list)?;
    }
    Ok(())
}

fn write_list(out: &mut impl Write, list: &List) -> anyhow::Result<()> {
    writeln!(out, "List: {}", list.name)?;
    write_rules(out, &list.rules.iter().collect::<Vec<_>>(), |rule| &rule.id)?;
    if !list.aliases.is_empty() {
        writeln!(
            out,
            "  {} rows say what tables say (--format json names them)\n",
            list.aliases.len()
        )?;
    }
    if list.rules.is_empty() && list.aliases.is_empty() {
        for remark in &list.remarks {
            writeln!(out, "  {remark}\n")?;
        }
    }
    Ok(())
}

/// Rows of one connection or list, under its heading.
pub(super) fn write_rules<'a>(
    out: &mut impl Write,
    rules: &[&'a Rule],
    name: impl Fn(&'a Rule) -> &'a str,
) -> anyhow::Result<()> {
    write_rules_with(out, rules, name, |_| None)
}

/// The same, with what else is to be said of each.
pub(super) fn write_rules_with<'a>(
    out: &mut impl Write,
    rules: &[&'a Rule],
    name: impl Fn(&'a Rule) -> &'a str,
    remark: impl Fn(&'a Rule) -> Option<String>,
) -> anyhow::Result<()> {
    let longest = rules
        .iter()
        .map(|rule| name(rule).len())
        .max()
        .unwrap_or_default();
    let width = longest.max(SHORT_NAME);
    for rule in rules {
        let mut tail = Vec::new();
        if !rule.notes.is_empty() {
            let numbers: Vec<String> = rule.notes.iter().map(u8::to_string).collect();
            tail.push(format!("note {}", numbers.join(", ")));
        }
        if !rule.delivery.groups.is_empty() {
            tail.push(format!("to {} too", rule.group_words()));
        }
        if !rule.errata.is_empty() {
            tail.push("erratum".to_owned());
        }
        tail.extend(remark(rule));
        let line = format!(
            "  {:width$} {:15} {:15} {}",
            name(rule),
            udp(rule),
            tcp(rule),
            tail.join("; ")
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if !rules.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn udp(rule: &Rule) -> String {
    match (rule.icmp_echo, rule.udp.is_empty()) {
        (true, _) => "ICMP echo".to_owned(),
        (false, true) => String::new(),
        (false, false) => format!("UDP {}", ports(&rule.udp, rule.either)),
    }
}

fn tcp(rule: &Rule) -> String {
    match (rule.dynamic, rule.tcp.is_empty()) {
        (true, _) => "TCP dynamic".to_owned(),
        (false, true) => String::new(),
        (false, false) => format!("TCP {}", ports(&rule.tcp, rule.either)),
    }
}

fn ports(ranges: &[PortRange], either: bool) -> String {
    let ranges: Vec<String> = ranges.iter().map(PortRange::to_string).collect();
    ranges.join(if either { "/" } else { ", " })
}
