//! A rule of a verdict, with what a reader has to know of it.

use std::net::IpAddr;

use cmflow_common::verdict::VerdictKind;
use jiff::civil::Date;

use super::counted::counted_as;
use super::{Book, End};
use crate::catalogue::{Delivery, OpenedBy, PortRange, Rule, Scope};
use crate::compile::{ClassInfo, RuleInfo, RulePorts};
use crate::site::Place;

/// A note of the page that a rule carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its number.
    pub number: u8,
    /// Its title.
    pub title: String,
    /// What it means.
    pub meaning: String,
}

/// A condition under which alone a rule is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its id, the key under `[conditions]`.
    pub id: String,
    /// What it is, in words.
    pub words: String,
    /// Where the site file states that it holds; nothing where it does not speak of it.
    pub stated: Option<Place>,
}

/// What of the site file replaces documented ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplacedBy {
    /// A key under `[ports]`, or an instance of SQL Server, which sets one.
    Setting(String),
    /// A proxy server, which answers in place of the internet.
    Proxy,
    /// A translation, at its virtual address.
    Translation,
}

impl ReplacedBy {
    /// The key that JSON names.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Setting(key) => key,
            Self::Proxy => "proxy",
            Self::Translation => "nat",
        }
    }
}

/// The note of the page about proxy servers.
const PROXY_NOTE: u8 = 1;

/// What is to be said of a row toward the internet that does not carry that note.
const WITHOUT_PROXY_NOTE: &str = "The page prints note 1 at some rows toward the internet only; a proxy takes the traffic \
                                  of this row as well.";

/// Why a flow is explained: one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Id of the rule.
    pub rule: String,
    /// Kind of verdict that it gives by itself.
    pub kind: VerdictKind,
    /// Name of the service.
    pub service: String,
    /// Who should open it: roles at both ends.
    pub from: String,
    /// See [`Reason::from`].
    pub to: String,
    /// Who may open it.
    pub opened_by: OpenedBy,
    /// Whether the site file takes the opening from the site system at one of these ends (note 5).
    pub site_server_initiates: bool,
    /// Between which sites it is documented.
    pub scope: Scope,
    /// Its ports at this responder.
    pub ports: RulePorts,
    /// The operating system picks the TCP port.
    pub dynamic: bool,
    /// Groups, and whether anybody answers.
    pub delivery: Delivery,
    /// Documented ports and what replaced them, where the site file did.
    pub replaced: Option<(ReplacedBy, RulePorts)>,
    /// Notes of the page.
    pub notes: Vec<Note>,
    /// Conditions under which alone it is used.
    pub conditions: Vec<Condition>,
    /// For each end that plays a role which the site file does not give it by its address: why it does.
    pub counted_as: Vec<String>,
    /// What a reader should know beside.
    pub remarks: Vec<String>,
    /// What stood there where the documents err.
    pub errata: Vec<String>,
    /// Where it stands: an anchor of the page, or a public source.
    pub source: Option<String>,
    /// For one of the user's own: why.
    pub why: Option<String>,
    /// Its last day.
    pub until: Option<Date>,
}

impl Reason {
    /// The rule with that id for a flow between an initiator and a responder; nothing for an id
    /// that is of other tables.
    pub(super) fn of(book: &Book<'_>, id: &str, between: [End; 2]) -> Option<Self> {
        let ends: [&ClassInfo; 2] = between.map(|end| book.compiled.class(end.address));
        let info = book.compiled.rules.iter().find(|rule| rule.id == id)?;
        let printed = printed(book, info);
        let own = book.site.rules.iter().find(|rule| rule.id == id);
        let ports = info.ports(ends[1].profile_from(ends[0])).clone();
        let by_proxy = ends[1].proxy_for.contains(info.to);
        let replaced = (ports != info.documented).then(|| match &info.setting {
            _ if by_proxy => ReplacedBy::Proxy,
            // The ports that a setting leads to are the same wherever no address is translated.
            Some(key) if !is_moved(book, between[1].shown) => ReplacedBy::Setting(key.clone()),
            _ => ReplacedBy::Translation,
        });
        let mut remarks = printed.map(|rule| rule.remarks.clone()).unwrap_or_default();
        let of_page = printed.filter(|_| by_proxy && info.kind == VerdictKind::Documented);
        if of_page.is_some_and(|rule| !rule.notes.contains(&PROXY_NOTE)) {
            remarks.push(WITHOUT_PROXY_NOTE.to_owned());
        }
        Some(Self {
            rule: info.id.clone(),
            kind: info.kind,
            service: info.service.clone(),
            from: book.compiled.role(info.from).to_owned(),
            to: book.compiled.role(info.to).to_owned(),
            opened_by: info.opened_by,
            site_server_initiates: info.site_system_end.is_some_and(|role| {
                ends.iter()
                    .any(|end| end.site_server_initiates && end.as_initiator.contains(role))
            }),
            scope: info.scope,
            ports,
            dynamic: info.dynamic,
            delivery: info.delivery.clone(),
            replaced: replaced.map(|by| (by, info.documented.clone())),
            notes: printed.map(|rule| notes(book, rule)).unwrap_or_default(),
            conditions: printed.map(|rule| conditions(book, rule)).unwrap_or_default(),
            counted_as: counted_as(book, info, between),
            remarks,
            errata: printed.map(|rule| rule.errata.clone()).unwrap_or_default(),
            source: printed.and_then(|rule| rule.anchor.clone()),
            why: own
                .filter(|_| info.kind == VerdictKind::Approved)
                .map(|rule| rule.why.clone()),
            until: own.and_then(|rule| rule.until),
        })
    }

    /// `TCP 443`, `UDP 69`, `ICMP echo`: what it is at this responder.
    #[must_use]
    pub fn port_words(&self) -> String {
        port_words(&self.ports, self.dynamic)
    }

    /// The documented ports that the site file replaced, in the same words.
    #[must_use]
    pub fn documented_words(&self) -> Option<String> {
        let (_, documented) = self.replaced.as_ref()?;
        Some(port_words(documented, self.dynamic))
    }
}

/// Whether a virtual address has other ports than its members.
fn is_moved(book: &Book<'_>, address: IpAddr) -> bool {
    let mut nats = book.site.nats.iter();
    nats.any(|nat| !nat.moved_ports(address).is_empty())
}

/// Ports in words; ICMP echo where there is none.
#[must_use]
pub fn port_words(ports: &RulePorts, dynamic: bool) -> String {
    let list = |ranges: &[PortRange]| {
        let ranges: Vec<_> = ranges.iter().map(PortRange::to_string).collect();
        ranges.join(" or ")
    };
    let mut words = Vec::new();
    if !ports.udp.is_empty() {
        words.push(format!("UDP {}", list(&ports.udp)));
    }
    if !ports.tcp.is_empty() {
        let range = if dynamic { "any of " } else { "" };
        words.push(format!("TCP {range}{}", list(&ports.tcp)));
    }
    if words.is_empty() {
        return "ICMP echo".to_owned();
    }
    words.join(" and ")
}

/// The rule as the page or a companion prints it.
fn printed<'a>(book: &Book<'a>, info: &RuleInfo) -> Option<&'a Rule> {
    let page = book.catalogue.page(&book.compiled.edition)?;
    let companions = book
        .catalogue
        .companions
        .iter()
        .flat_map(|companion| &companion.rules);
    page.rules().chain(companions).find(|rule| rule.id == info.id)
}

fn notes(book: &Book<'_>, rule: &Rule) -> Vec<Note> {
    let known = book
        .catalogue
        .notes
        .iter()
        .filter(|note| rule.notes.contains(&note.number));
    let notes = known.map(|note| Note {
        number: note.number,
        title: note.title.clone(),
        meaning: note.meaning.clone(),
    });
    notes.collect()
}

fn conditions(book: &Book<'_>, rule: &Rule) -> Vec<Condition> {
    let known = book
        .catalogue
        .conditions
        .iter()
        .filter(|one| rule.conditions.contains(&one.id));
    let stated = |id: &str| book.site.conditions.get(id).filter(|stated| stated.holds);
    let conditions = known.map(|condition| Condition {
        id: condition.id.clone(),
        words: condition.words.clone(),
        stated: stated(&condition.id).map(|stated| stated.place),
    });
    conditions.collect()
}
