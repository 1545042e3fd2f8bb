//! `cmflow explain`: which rule would explain this flow, and if none, which come nearest?

use std::io::Write;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

use super::judging::{By, is_side};
use super::{Format, Outcome, write_json};
use crate::answer::Nearest;
use crate::explain::{Book, Explanation, Ground, Question, Reason, Service, Side};
use crate::site::SiteModel;
use crate::spelling::did_you_mean;

mod words;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    by: By,
    /// Who opens the flow: an address, or the name of a [[host]] in the site file
    #[arg(value_name = "SRC")]
    source: String,
    /// Who answers: an address, or the name of a [[host]]
    #[arg(value_name = "DST")]
    destination: String,
    /// What it is opened to: tcp/443, udp/69, icmp, esp …
    #[arg(value_name = "PROTO/PORT")]
    service: Service,
    /// By which interface it comes in: whoever has no address of their own there (0.0.0.0, ::, link-local) is who the
    /// site file says is at that side, in [interfaces]
    #[arg(long, value_name = "IF")]
    interface: Option<String>,
    /// What the two spoke of right before: tcp/135 before a dynamic port, udp/69 before a TFTP server's answer
    #[arg(long, value_name = "PROTO/PORT")]
    after: Option<Service>,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(
    arguments: &Arguments,
    extra: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<Outcome> {
    let judging = arguments.by.read(extra)?;
    let site = &judging.file.model;
    let question = question(arguments, site)?;
    if let Some(interface) = &arguments.interface {
        is_side(interface, site)?;
    }
    judging.point_at_warnings(&arguments.by);
    let book = Book {
        catalogue: &judging.catalogue,
        site,
        compiled: &judging.compiled,
    };
    let explanation = book.explain_at(&question, arguments.interface.as_deref());
    match arguments.format {
        Format::Json => write_json(out, &Answer::new(&explanation, site))?,
        Format::Table => words::write(out, &question, &explanation, site)?,
    }
    Ok(Outcome::Done)
}

/// What is said of a flow, for people.
pub(super) fn write_words(out: &mut impl Write, question: &Question, book: &Book<'_>) -> anyhow::Result<()> {
    words::write(out, question, &book.explain(question), book.site)
}

fn question(arguments: &Arguments, site: &SiteModel) -> anyhow::Result<Question> {
    let [sources, destinations] = [
        addresses(&arguments.source, site).context("SRC")?,
        addresses(&arguments.destination, site).context("DST")?,
    ];
    // A named computer may have addresses of both families: the first pair that fits.
    let pairs = sources.iter().flat_map(|source| {
        destinations
            .iter()
            .map(move |destination| (*source, *destination))
    });
    let mut fitting = pairs.filter(|(source, destination)| source.is_ipv4() == destination.is_ipv4());
    let Some((initiator, responder)) = fitting.next() else {
        let (source, destination) = (&arguments.source, &arguments.destination);
        bail!("{source} and {destination} have no address family in common; a flow has one");
    };
    if initiator == responder {
        bail!("SRC and DST are both {initiator}: what a computer says to itself crosses no gateway");
    }
    Ok(Question {
        initiator,
        responder,
        service: arguments.service,
        after: arguments.after,
    })
}

/// An address as it is written, or all of a named computer.
fn addresses(text: &str, site: &SiteModel) -> anyhow::Result<Vec<IpAddr>> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(vec![address.to_canonical()]);
    }
    if let Some(host) = site
        .hosts
        .iter()
        .find(|host| host.name.eq_ignore_ascii_case(text))
    {
        return Ok(host.addresses.clone());
    }
    if text.contains('/') {
        bail!("\"{text}\" is a prefix; a flow is between two addresses, name one of them");
    }
    let hint = match did_you_mean(text, site.hosts.iter().map(|host| host.name.as_str())) {
        none if none.is_empty() => "; names are not resolved, write the address".to_owned(),
        hint => hint,
    };
    bail!("\"{text}\" is neither an address nor the name of a [[host]] in the site file{hint}");
}

/// `cmflow explain --format json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    verdict: &'static str,
    rules: &'a [String],
    basis: Option<&'static str>,
    initiator_seen: bool,
    announced: bool,
    source_roles: &'a [String],
    destination_roles: &'a [String],
    source: End<'a>,
    destination: End<'a>,
    explained_by: Vec<RuleAnswer<'a>>,
    nearest: Vec<Nearest>,
}

#[derive(Debug, Serialize)]
struct End<'a> {
    address: IpAddr,
    name: Option<&'a str>,
    site: Option<&'a str>,
    roles: &'a [String],
    known: bool,
    /// The site file calls it a proxy server.
    proxy: bool,
    because: Vec<Because<'a>>,
}

/// The line of the site file that gives a role.
#[derive(Debug, Serialize)]
struct Because<'a> {
    role: &'a str,
    prefix: String,
    interface: Option<&'a str>,
    file: &'a str,
    line: usize,
}

/// A rule of the verdict; for a reversed flow one that would explain it the other way round.
#[derive(Debug, Serialize)]
struct RuleAnswer<'a> {
    rule: &'a str,
    verdict: &'static str,
    service: &'a str,
    ports: String,
    /// The site file lets the site server alone open it.
    site_server_initiates: bool,
    replaces: Option<Replaced<'a>>,
    notes: Vec<u8>,
    conditions: Vec<&'a str>,
    /// Ids of those conditions that the site file states.
    stated_conditions: Vec<&'a str>,
    counted_as: &'a [String],
    remarks: &'a [String],
    errata: &'a [String],
    source: Option<&'a str>,
    why: Option<&'a str>,
    until: Option<String>,
}

#[derive(Debug, Serialize)]
struct Replaced<'a> {
    setting: &'a str,
    documented: String,
}

impl<'a> Answer<'a> {
    fn new(explanation: &'a Explanation<'_>, site: &'a SiteModel) -> Self {
        let Explanation {
            initiator, responder, ..
        } = explanation;
        let nearest = explanation.nearest.iter().map(|near| Nearest {
            rule: near.rule.clone(),
            why_not: near.why_not.clone(),
        });
        Self {
            verdict: explanation.verdict.kind.name(),
            rules: &explanation.verdict.rules,
            basis: explanation.verdict.basis.map(|basis| basis.name()),
            initiator_seen: explanation.initiator_seen,
            announced: explanation.announced,
            source_roles: &initiator.roles,
            destination_roles: &responder.roles,
            source: End::new(initiator, site),
            destination: End::new(responder, site),
            explained_by: explanation.reasons.iter().map(RuleAnswer::new).collect(),
            nearest: nearest.collect(),
        }
    }
}

impl<'a> End<'a> {
    fn new(side: &'a Side, site: &'a SiteModel) -> Self {
        Self {
            address: side.address,
            name: side.name.as_deref(),
            site: side.site.map(|index| site.code(index)),
            roles: &side.roles,
            known: side.known,
            proxy: side.proxy.is_some(),
            because: side.grounds.iter().map(Because::new).collect(),
        }
    }
}

impl<'a> Because<'a> {
    fn new(ground: &'a Ground) -> Self {
        Self {
            role: &ground.role,
            prefix: ground.prefix.to_string(),
            interface: ground.interface.as_deref(),
            file: &ground.file,
            line: ground.line,
        }
    }
}

impl<'a> RuleAnswer<'a> {
    fn new(reason: &'a Reason) -> Self {
        let stated = reason.conditions.iter().filter(|one| one.stated.is_some());
        Self {
            rule: &reason.rule,
            verdict: reason.kind.name(),
            service: &reason.service,
            ports: reason.port_words(),
            site_server_initiates: reason.site_server_initiates,
            replaces: reason.replaced.as_ref().map(|(by, _)| Replaced {
                setting: by.key(),
                documented: reason.documented_words().unwrap_or_default(),
            }),
            notes: reason.notes.iter().map(|note| note.number).collect(),
            conditions: reason.conditions.iter().map(|one| &*one.words).collect(),
            stated_conditions: stated.map(|one| &*one.id).collect(),
            counted_as: &reason.counted_as,
            remarks: &reason.remarks,
            errata: &reason.errata,
            source: reason.source.as_deref(),
            why: reason.why.as_deref(),
            until: reason.until.map(|date| date.to_string()),
        }
    }
}
