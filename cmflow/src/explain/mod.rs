//! What the tables say of a flow that somebody asks about: by the very decision that packets get.

mod counted;
mod decided;
mod reason;
mod sentence;
mod service;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use cmflow_common::address::Address;
use cmflow_common::flow::state;
use cmflow_common::gateway::{Tables, port_index};
use cmflow_common::packet::{Packet, protocol, sign};
use cmflow_common::verdict::{VerdictId, VerdictKind};
use ipnet::IpNet;

use crate::catalogue::{Catalogue, Group, RoleId};
use crate::compile::{Basis, Compiled, VerdictInfo};
use crate::nearest::{self, Nearest, near_misses, nearest_few};
use crate::site::{Extent, Place, SiteIndex, SiteModel};

use decided::Decided;

pub use reason::{Condition, Note, Reason, ReplacedBy, port_words as words_of_ports};
pub use service::Service;

/// Nearest rules that an answer names at most.
const NEAREST: usize = 5;

/// What is said of a rule that explains a dynamic port although the page prints none with it.
const WITHOUT_DYNAMIC_ROW: &str = "The page prints the endpoint mapper here without a row for the dynamic ports that it \
     announces; they are credited to it.";

/// A flow that somebody asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The end that opens it.
    pub initiator: IpAddr,
    /// The end that answers; of the same family.
    pub responder: IpAddr,
    /// What it is opened to.
    pub service: Service,
    /// What the same two computers spoke of right before, which may have announced it: the endpoint mapper (note 6),
    /// or a TFTP request that the other end sent (note 4).
    pub after: Option<Service>,
}

/// One end of the flow, as the site file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Its address.
    pub address: IpAddr,
    /// Name of the computer.
    pub name: Option<String>,
    /// Its roles, implied ones left out; for a proxy server that answers also those of the internet.
    pub roles: Vec<String>,
    /// Where the site file calls it a proxy server.
    pub proxy: Option<Place>,
    /// Whether the site file names it by its address.
    pub known: bool,
    /// The group that it is, where it is one.
    pub group: Option<Group>,
    /// Its site.
    pub site: Option<SiteIndex>,
    /// What of the site file gives it its roles, in the order of [`Side::roles`].
    pub grounds: Vec<Ground>,
}

/// An end of a flow: as it is shown, and as tables know it.
#[derive(Clone, Copy, Debug)]
struct End {
    shown: IpAddr,
    /// The same, or what stands for whoever is at an interface without an address that tells who.
    address: Address,
}

/// A line of the site file that gives an address a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The role.
    pub role: String,
    /// The prefix, or the address itself.
    pub prefix: IpNet,
    /// Name of the interface whose side has the role, where the address says nothing.
    pub interface: Option<String>,
    /// Name of the file.
    pub file: String,
    /// Line of it, from 1.
    pub line: usize,
    /// It calls the address a proxy server, which stands for the role.
    pub by_proxy: bool,
}

/// What is to be said of a flow.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// The verdict: its kind, its rules, its basis.
    pub verdict: &'a VerdictInfo,
    /// Number of the verdict.
    pub id: VerdictId,
    /// Whether the first packet of such a flow proves who opened it.
    pub initiator_seen: bool,
    /// Whether what was spoken of before announces it.
    pub announced: bool,
    /// The verdict that it would have after a conversation with the endpoint mapper, where that changes it.
    pub if_announced: Option<&'a VerdictInfo>,
    /// The end that opens it.
    pub initiator: Side,
    /// The end that answers.
    pub responder: Side,
    /// Each rule of the verdict, with what stands beside it.
    pub reasons: Vec<Reason>,
    /// Where no rule explains it: those that come nearest, and why each does not fit. Where only a companion does:
    /// rules of the page that miss by one thing.
    pub nearest: Vec<Nearest>,
}

/// Everything that an explanation draws on.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// The site file.
    pub site: &'a SiteModel,
    /// What both were compiled into.
    pub compiled: &'a Compiled,
}

impl<'a> Book<'a> {
    /// Judges the first packet of the flow, and says why.
    #[must_use]
    pub fn explain(&self, question: &Question) -> Explanation<'a> {
        self.explain_at(question, None)
    }

    /// As [`Book::explain`], of a packet that comes in by an interface: an end without an address of its own is who the
    /// site file says is at that side.
    #[must_use]
    pub fn explain_at(&self, question: &Question, interface: Option<&str>) -> Explanation<'a> {
        let Self { site, compiled, .. } = *self;
        let service = question.service.in_family(question.initiator.is_ipv6());
        let between = [question.initiator, question.responder].map(|end| self.end(end, interface));
        let Decided {
            packet,
            judged,
            bits,
            announced,
            id,
        } = self.decide(question, interface);
        let info = |id| compiled.verdict(id).expect("tables name verdicts that they have");
        let verdict = info(id);
        let if_announced = judged
            .can_be_expected()
            .then(|| info(judged.verdict(bits | state::SETTLED)))
            .filter(|other| *other != verdict);
        let asked = nearest::Question {
            initiator: packet.source,
            responder: packet.destination,
            protocol: service.protocol,
            port: service.port,
        };
        let mut reasons: Vec<_> = verdict
            .rules
            .iter()
            .filter_map(|rule| Reason::of(self, rule, between))
            .collect();
        if verdict.basis == Some(Basis::Expectation) {
            let unprinted = reasons.iter_mut().filter(|reason| !reason.dynamic);
            unprinted.for_each(|reason| reason.remarks.push(WITHOUT_DYNAMIC_ROW.to_owned()));
        }
        Explanation {
            verdict,
            id,
            initiator_seen: bits & state::INITIATOR_SEEN != 0,
            announced,
            if_announced,
            initiator: self.side(between[0], false),
            responder: self.side(between[1], true),
            reasons,
            nearest: match verdict.basis {
                // A computer that is much at once may miss its own rule and meet another's.
                Some(_) if verdict.kind == VerdictKind::Baseline => {
                    near_misses(compiled, site, &asked, NEAREST)
                }
                Some(_) if !id.is_reversed() => Vec::new(),
                _ => nearest_few(compiled, site, &asked, NEAREST),
            },
        }
    }

    fn end(&self, shown: IpAddr, interface: Option<&str>) -> End {
        let address = Address::from(shown);
        let tells_nobody = shown.is_unspecified() || address.is_link_local();
        let side = interface.and_then(|interface| self.compiled.side(interface));
        let side = side.filter(|_| tells_nobody && !self.compiled.class(address).known);
        End {
            shown,
            address: side.unwrap_or(address),
        }
    }

    fn side(&self, end: End, answers: bool) -> Side {
        let class = self.compiled.class(end.address);
        let address = end.shown;
        let roles = if answers {
            class.named.union(class.proxy_for)
        } else {
            class.named
        };
        let host = self
            .site
            .hosts
            .iter()
            .find(|host| host.addresses.contains(&address));
        Side {
            address,
            name: host.map(|host| host.name.clone()),
            roles: self
                .compiled
                .role_names(roles)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            proxy: self.proxy(address),
            known: class.known,
            group: class.group,
            site: class.site,
            grounds: roles
                .iter()
                .filter_map(|role| self.side_ground(end, role).or_else(|| self.ground(address, role)))
                .collect(),
        }
    }

    /// The line that gives the role to whoever is at an interface.
    fn side_ground(&self, end: End, role: RoleId) -> Option<Ground> {
        let interface = self.compiled.side_name(end.address)?;
        let mut said = self.site.interfaces.iter();
        let said = said.find(|side| side.name == interface && side.role == role)?;
        Some(Ground {
            role: self.compiled.role(role).to_owned(),
            prefix: end.shown.into(),
            interface: Some(interface.to_owned()),
            file: self.site.file(said.place.file).to_owned(),
            line: said.place.line,
            by_proxy: false,
        })
    }

    /// Where the site file calls an address a proxy server.
    fn proxy(&self, address: IpAddr) -> Option<Place> {
        let proxy = self.site.proxies.iter().find(|proxy| proxy.address == address)?;
        Some(proxy.place)
    }

    /// The most specific line that gives the role to the address, or calls it the proxy that stands for it; nothing where
    /// a word such as `public` does.
    fn ground(&self, address: IpAddr, role: RoleId) -> Option<Ground> {
        let given = self
            .site
            .statements
            .iter()
            .filter(|one| one.given && one.role == role);
        let containing = given.filter_map(|one| match one.extent {
            Extent::Prefix(prefix) if prefix.contains(&address) => Some((prefix, one.place)),
            _ => None,
        });
        let stands_for = self
            .compiled
            .class(Address::from(address))
            .proxy_for
            .contains(role);
        let proxy = self.proxy(address).filter(|_| stands_for);
        let (prefix, place, by_proxy) = containing
            .max_by_key(|(prefix, _)| prefix.prefix_len())
            .map(|(prefix, place)| (prefix, place, false))
            .or_else(|| proxy.map(|place| (IpNet::from(address), place, true)))?;
        Some(Ground {
            role: self.compiled.role(role).to_owned(),
            prefix,
            interface: None,
            file: self.site.file(place.file).to_owned(),
            line: place.line,
            by_proxy,
        })
    }
}

/// The first packet of the flow, from the end that opens it.
fn opening<T: Tables>(tables: &T, [initiator, responder]: [End; 2], service: Service) -> Packet {
    let signs = match service.protocol {
        protocol::TCP => sign::SYN,
        protocol::ICMP | protocol::ICMPV6 if service.port == 0 => sign::ECHO_REQUEST,
        _ => 0,
    };
    Packet {
        source: initiator.address,
        destination: responder.address,
        source_port: match service.protocol {
            protocol::TCP | protocol::UDP => asking_port(tables, service),
            _ => service.port,
        },
        destination_port: service.port,
        protocol: service.protocol,
        signs,
        tags: 0,
        detail: 0,
    }
}

/// A port that whoever asks may have: one that nothing is documented at, so that even a protocol whose packets
/// do not prove who opened takes the other end for the one that answers.
fn asking_port<T: Tables>(tables: &T, service: Service) -> u16 {
    let rank = |port| tables.port_class(port_index(service.protocol, port)).rank();
    (service.port..=u16::MAX)
        .rev()
        .find(|port| rank(*port) <= rank(service.port))
        .unwrap_or(service.port)
}
