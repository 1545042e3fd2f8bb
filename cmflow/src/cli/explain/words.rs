//! An explanation for people: what was asked, the verdict in a sentence, then each rule.

use std::collections::BTreeMap;
use std::io::Write;

use cmflow_common::address::Address;
use cmflow_common::verdict::VerdictKind;

use crate::catalogue::{Group, OpenedBy};
use crate::cli::paragraph;
use crate::explain::{Explanation, Note, Question, Reason, ReplacedBy, Side};
use crate::site::SiteModel;

/// Roles of an address that the site file does not name, before they are only counted.
const NAMED: usize = 3;

pub(super) fn write(
    out: &mut impl Write,
    question: &Question,
    explanation: &Explanation<'_>,
    site: &SiteModel,
) -> anyhow::Result<()> {
    let service = question.service.in_family(question.initiator.is_ipv6());
    let Explanation {
        initiator, responder, ..
    } = explanation;
    writeln!(
        out,
        "{} -> {} {service}: {}\n",
        question.initiator,
        question.responder,
        explanation.verdict.kind.name()
    )?;
    for (what, end) in [("opened by", initiator), ("toward", responder)] {
        writeln!(out, "  {what:9}  {}", side(end, site))?;
        for ground in grounds(end, site) {
            writeln!(out, "             {ground}")?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{}", explanation.sentence(service, site.flag_foreign))?;
    write_side_hint(out, [initiator, responder], site)?;
    if question.after.is_some() && !explanation.announced {
        paragraph::write(out, 0, "What was spoken of before announces nothing here.")?;
    }
    for reason in &explanation.reasons {
        write_reason(out, reason, site)?;
    }
    if let Some(other) = explanation.if_announced {
        let words = format!(
            "After a conversation with the endpoint mapper (--after tcp/135) it is {}, by {}.",
            other.kind.name(),
            other.rules.join(", ")
        );
        writeln!(out)?;
        paragraph::write(out, 0, &words)?;
    }
    write_notes(out, &explanation.reasons)?;
    // Of a reversed flow its rules were just told.
    let told = &explanation.verdict.rules;
    let nearest = explanation
        .nearest
        .iter()
        .filter(|near| !told.contains(&near.rule));
    let nearest: Vec<_> = nearest.collect();
    match (&nearest[..], explanation.verdict.kind) {
        (
            [],
            VerdictKind::Undocumented | VerdictKind::Foreign | VerdictKind::OutOfScope | VerdictKind::Opaque,
        ) => writeln!(out, "\nNo rule comes near it.")?,
        ([], _) => {}
        (_, VerdictKind::Baseline) => writeln!(out, "\nThe page itself nearly documents it")?,
        _ => writeln!(out, "\nNearest rules")?,
    }
    for near in nearest {
        writeln!(out, "  {}", near.rule)?;
        paragraph::write(out, 6, &near.why_not)?;
    }
    Ok(())
}

/// `10.20.0.11  mp01, management-point, site PR1`.
fn side(side: &Side, site: &SiteModel) -> String {
    let mut words: Vec<String> = side.name.clone().into_iter().collect();
    match side.group {
        Some(Group::Broadcast) => words.push("a broadcast address".to_owned()),
        Some(_) => words.push("a multicast group".to_owned()),
        None => {}
    }
    match (side.known, side.roles.as_slice()) {
        (false, []) if side.group.is_some() => {}
        (_, roles) if side.proxy.is_some() => {
            words.push("proxy server".to_owned());
            words.extend(roles_beside_proxy(side, roles));
        }
        (false, []) => words.push("holds no role".to_owned()),
        // What public addresses hold by default, or all addresses by a word of the site file.
        (false, roles) if roles.len() > NAMED => {
            words.push(format!(
                "no computer of the site file; {} roles of the internet",
                roles.len()
            ));
        }
        (_, roles) => words.extend(roles.iter().cloned()),
    }
    words.extend(side.site.map(|index| format!("site {}", site.code(index))));
    format!("{}  {}", side.address, words.join(", "))
}

/// Roles that a proxy server has by other lines than the one that makes it one.
fn roles_beside_proxy(side: &Side, roles: &[String]) -> Vec<String> {
    let by_proxy = |role: &String| {
        let mut grounds = side.grounds.iter().filter(|ground| ground.role == *role);
        grounds.any(|ground| ground.by_proxy)
    };
    roles.iter().filter(|role| !by_proxy(role)).cloned().collect()
}

/// `by 10.20.0.11 (site.toml:12)`, with the roles where not all come from one line.
fn grounds(side: &Side, site: &SiteModel) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    if let Some(place) = side.proxy {
        let line = format!("by {} ({})", side.address, site.located(place));
        lines.push((line, vec!["proxy server"]));
    }
    for ground in side.grounds.iter().filter(|ground| !ground.by_proxy) {
        let prefix = ground.prefix;
        let prefix = if prefix.prefix_len() == prefix.max_prefix_len() {
            prefix.addr().to_string()
        } else {
            prefix.to_string()
        };
        let given = match &ground.interface {
            Some(interface) => format!("[interfaces] {interface}"),
            None => prefix,
        };
        let line = format!("by {given} ({}:{})", ground.file, ground.line);
        let what = if ground.by_proxy {
            "proxy server"
        } else {
            &ground.role
        };
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, whats)) if whats.last() == Some(&what) => {}
            Some((_, whats)) => whats.push(what),
            None => lines.push((line, vec![what])),
        }
    }
    match lines.as_slice() {
        [(line, _)] => vec![line.clone()],
        several => several
            .iter()
            .map(|(line, roles)| format!("{} {line}", roles.join(", ")))
            .collect(),
    }
}

/// An address that tells nobody may be somebody all the same, at a side.
fn write_side_hint(out: &mut impl Write, ends: [&Side; 2], site: &SiteModel) -> anyhow::Result<()> {
    let tells_nobody = |end: &&Side| {
        !end.known && (end.address.is_unspecified() || Address::from(end.address).is_link_local())
    };
    if let (Some(end), Some(side)) = (ends.into_iter().find(tells_nobody), site.interfaces.first()) {
        let hint = format!(
            "{} tells nobody which computer it is; --interface {} asks for whoever is at that side.",
            end.address, side.name
        );
        paragraph::write(out, 0, &hint)?;
    }
    Ok(())
}

fn write_reason(out: &mut impl Write, reason: &Reason, site: &SiteModel) -> anyhow::Result<()> {
    writeln!(out, "\n  {}", reason.rule)?;
    let arrow = match reason.opened_by {
        OpenedBy::From => "-->",
        OpenedBy::Either => "<-->",
    };
    let numbers: Vec<_> = reason.notes.iter().map(|note| note.number.to_string()).collect();
    let notes = match numbers.len() {
        0 => String::new(),
        1 => format!(", note {}", numbers[0]),
        _ => format!(", notes {}", numbers.join(", ")),
    };
    let heading = format!(
        "{} {arrow} {}, {}, {}{notes}",
        reason.from,
        reason.to,
        reason.service,
        reason.port_words()
    );
    paragraph::write(out, 6, &heading)?;
    for counted in &reason.counted_as {
        paragraph::write(out, 6, counted)?;
    }
    let mut say = |what: &str, words: &str| paragraph::write(out, 6, &format!("{what}: {words}"));
    if let (Some((by, _)), Some(documented)) = (&reason.replaced, reason.documented_words()) {
        let by = match by {
            ReplacedBy::Setting(key) => format!("{key} in the site file replaces it"),
            ReplacedBy::Proxy => "the proxy has its own port for it".to_owned(),
            ReplacedBy::Translation => "the virtual address has its own port for it".to_owned(),
        };
        say("changed", &format!("{documented} is documented; {by}"))?;
    }
    if !reason.delivery.answered {
        say("answer", "none is expected")?;
    }
    if reason.site_server_initiates {
        say(
            "site-server-initiates",
            "the site file lets the site server alone open it",
        )?;
    }
    for condition in &reason.conditions {
        match condition.stated {
            Some(place) => say(
                &format!("the site file says so ({})", site.located(place)),
                &condition.words,
            )?,
            None => say("only sometimes", &condition.words)?,
        }
    }
    for remark in &reason.remarks {
        say("remark", remark)?;
    }
    if let Some(why) = &reason.why {
        say("why", why)?;
    }
    if let Some(until) = reason.until {
        say("until", &until.to_string())?;
    }
    match (&reason.source, reason.kind) {
        (Some(anchor), VerdictKind::Documented) => say("section of the page", &format!("#{anchor}"))?,
        (Some(source), _) => say("source", source)?,
        (None, _) => {}
    }
    Ok(())
}

/// Each note that one of the rules carries, once.
fn write_notes(out: &mut impl Write, reasons: &[Reason]) -> anyhow::Result<()> {
    let notes: BTreeMap<u8, &Note> = reasons
        .iter()
        .flat_map(|reason| &reason.notes)
        .map(|note| (note.number, note))
        .collect();
    if !notes.is_empty() {
        writeln!(out, "\nNotes of the page")?;
    }
    for (number, note) in notes {
        paragraph::write(out, 2, &format!("{number} {}: {}", note.title, note.meaning))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::compile::{Machine, compile};
    use crate::explain::Book;
    use crate::site::{InterfaceSide, Place};

    /// What is told of a DHCP question without an address, asked with and without its side.
    fn told(interface: Option<&str>) -> String {
        let catalogue = Catalogue::embedded().expect("the built-in catalogue");
        let text = "companions = []\n[roles]\ndistribution-point-pxe = [\"10.20.0.12\"]\n";
        let mut site = crate::config::parse(&catalogue, "site.toml", text)
            .expect("a sound site file")
            .model;
        site.interfaces = vec![InterfaceSide {
            name: "eth1".to_owned(),
            role: catalogue.role("client").expect("a role"),
            place: Place {
                line: 7,
                ..Place::default()
            },
        }];
        let machine = Machine {
            interfaces: vec![("eth1".to_owned(), 2)],
            ..Machine::default()
        };
        let compiled = compile(&catalogue, &site, &machine, &[]).expect("it compiles");
        let book = Book {
            catalogue: &catalogue,
            site: &site,
            compiled: &compiled,
        };
        let question = Question {
            initiator: "0.0.0.0".parse().expect("an address"),
            responder: "255.255.255.255".parse().expect("an address"),
            service: "udp/67".parse().expect("a service"),
            after: None,
        };
        let mut out = Vec::new();
        let explanation = book.explain_at(&question, interface);
        write(&mut out, &question, &explanation, &site).expect("a vector takes everything");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_side_is_told_with_its_line_and_a_group_with_who_listens() {
        let known = told(Some("eth1"));
        for words in [
            "0.0.0.0 -> 255.255.255.255 udp/67: documented",
            "opened by  0.0.0.0  client\n             by [interfaces] eth1 (site.toml:7)",
            "toward     255.255.255.255  a broadcast address\n",
            "client <--> distribution-point-pxe, DHCP, UDP 67 or 68",
            "255.255.255.255 reaches every distribution-point-pxe that listens",
        ] {
            assert!(known.contains(words), "no {words:?} in\n{known}");
        }
        assert!(!known.contains("--interface"), "{known}");
        let unknown = told(None);
        assert!(
            unknown.contains("--interface eth1 asks for whoever is at that side"),
            "{unknown}"
        );
    }
}
